"""The clock of what is urgent (rules.md S08; decisions 7, 8). It runs day and night, and only a named person ends it.

An open urgent flag is the work: it says since when somebody waits and when it is due. A sweep finds flags that have no
clock yet, or one that no longer fits (seen, asked anew, hurried), and climbs where time is up, under the case's lock and
in one transaction a case. So a worker that dies in the middle has done nothing, two of them do it once, and after an hour
without any the next sweep alerts everybody it owes.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from .. import audit, notices, summary
from ..models import Assignment, Case, Duty, Escalation, Flag, Notice, Partner, Practice, Role, User
from ..models.flags import ALARMING
from .hours import CALL_WITHIN, week_of
from .people import came_since, holders, leads, on_rung

Speed = Literal["now", "today"]

NOW = timedelta(minutes=15)
# How long each rung has before the next is alerted: counselor, then cover and duty, then the practice lead, then the
# instruction to telephone. A rung with nobody on it takes no time.
WAITS = (NOW, timedelta(minutes=15), timedelta(minutes=30))
PHONE = len(WAITS)
LADDER = sum(WAITS, timedelta())
ALERTED_FOR = timedelta(hours=72)  # how long an alert opens the safety cards of one case
NOT_TIMED = ("S08",)  # says that a clock ran out; it has none of its own
OWN_WORDS = ("S01", "S02", "S04", "S05", "S07")
CASES_A_SWEEP = 100
TEST_HOUR = 10

_log = logging.getLogger(__name__)


def watch(at: datetime) -> int:
    """Bring the clocks of all practices up to date. Returns how many cases were attended to."""
    done = 0
    for case_id in _find(at):
        try:
            _attend(case_id, at)
        except Exception:  # one case must not stop the others; the next sweep tries again
            _log.exception("the clock of a case could not be brought up to date")
        else:
            done += 1
    return done


def _find(at: datetime) -> list[UUID]:
    fitting = Escalation.objects.filter(
        flag=OuterRef("pk"), ended_at__isnull=True, due_at=OuterRef("due_at"), speed=OuterRef("speed")
    )
    untimed = _open_alarming().filter(~Exists(fitting)).order_by("due_at").values_list("case_id", flat=True)
    over = Q(next_at__isnull=True, speed="now", flag__last_evidence_at__gte=F("since") + LADDER)
    running = Escalation.objects.filter(ended_at__isnull=True).filter(
        Q(next_at__lte=at) | ~Q(flag__state=Flag.State.OPEN) | ~Q(flag__due_at=F("due_at")) | ~Q(flag__speed=F("speed"))
        | over
    )  # fmt: skip
    late = running.order_by("next_at").values_list("flag__case_id", flat=True)
    return list(dict.fromkeys([*untimed[:CASES_A_SWEEP], *late[:CASES_A_SWEEP], *_taken_over(at)]))


def _taken_over(at: datetime) -> list[UUID]:
    """Cases that came into other hands while a clock ran, where these were not told yet."""
    held = "flag__case__assignments__"
    rows = Escalation.objects.filter(
        Q(**{f"{held}until__isnull": True}) | Q(**{f"{held}until__gt": at}),
        ended_at__isnull=True,
        **{
            f"{held}since__gt": F("since"), f"{held}since__lte": at, f"{held}user__is_active": True,
            f"{held}role__in": [Assignment.As.PRIMARY, Assignment.As.COVER],
        },
    ).values_list("flag__case_id", f"{held}user", "told")  # fmt: skip
    return [case_id for case_id, user_id, told in rows if str(user_id) not in {entry[0] for entry in told}]


def _open_alarming() -> QuerySet[Flag]:
    return Flag.objects.filter(
        ALARMING, state=Flag.State.OPEN, due_at__isnull=False, case__closed_at__isnull=True
    ).exclude(rule__in=NOT_TIMED)


@transaction.atomic
def _attend(case_id: UUID, at: datetime) -> None:
    case = Case.objects.select_related("practice").get(pk=case_id)
    summary.lock(case)
    flags = {flag.pk: flag for flag in _open_alarming().select_related("partner").filter(case=case)}
    running = {row.flag_id: row for row in Escalation.objects.filter(flag__case=case, ended_at__isnull=True)}
    changed, unseen = False, {}
    for flag_id, row in list(running.items()):
        flag = flags.get(flag_id)
        if flag is not None and _ended_unseen(flag, row):
            flag.due_at, changed = flag.last_evidence_at + NOW, True
            flag.save(update_fields=["due_at"])
            unseen[flag_id] = row.unseen_since
        if flag is None or (flag.due_at, flag.speed) != (row.due_at, row.speed):
            # Seen, closed, hurried, or asked anew. New danger on a card nobody has seen yet leaves the time of a clock
            # that still runs, which goes on and is never put back.
            row.ended_at, row.next_at = at, None
            row.save(update_fields=["ended_at", "next_at"])
            del running[flag_id]
    for flag in flags.values():
        current = running.get(flag.pk)
        if current is None:
            changed |= _start(case, flag, at, unseen.get(flag.pk))
        else:
            _climb(case, flag, current, at)
            _tell_new_hands(case, flag, current, at)
    if changed:
        summary.refresh(case, at=at)


def _ended_unseen(flag: Flag, row: Escalation) -> bool:
    """The ladder went up to the telephone, nobody has looked, and then there was new danger: everybody is alerted anew."""
    return row.next_at is None and row.speed == flag.speed == "now" and flag.last_evidence_at >= row.since + LADDER


def _start(case: Case, flag: Flag, at: datetime, unseen: datetime | None) -> bool:
    """Begin a clock; `unseen` is since when nobody has looked, where one ended so before. Returns whether the flag is due at
    another time than it said."""
    assert flag.due_at is not None
    since = min(flag.last_evidence_at, at)
    tightened = False
    if flag.speed == "now":
        since = min(since, flag.due_at - NOW)  # from the first word nobody has looked at
    else:
        due = _due_today(case.practice, flag, since)
        if due != flag.due_at:
            flag.due_at, tightened = due, True
            flag.save(update_fields=["due_at"])
    row = Escalation(
        practice_id=case.practice_id, flag=flag, since=since, unseen_since=unseen or since, speed=flag.speed,
        due_at=flag.due_at,
    )  # fmt: skip
    _reach(case, flag, row, 0, since, at)
    row.save(force_insert=True)
    _climb(case, flag, row, at)
    return tightened


def _due_today(practice: Practice, flag: Flag, since: datetime) -> datetime:
    """By the end of the working day; a call that was asked for, when the client was told it would come."""
    assert flag.due_at is not None
    week = week_of(practice)
    if flag.severity < Flag.Severity.URGENT:
        return week.after(since, CALL_WITHIN) or flag.due_at
    closes = week.closes(since)
    return closes if closes is not None and since + NOW < closes < flag.due_at else flag.due_at


def _climb(case: Case, flag: Flag, row: Escalation, at: datetime) -> None:
    """As far up as the time says: after an outage several rungs at once."""
    climbed = False
    while row.next_at is not None and row.next_at <= at:
        _reach(case, flag, row, row.rung + 1, row.next_at, at)
        climbed = True
    if climbed:
        row.save(update_fields=["rung", "next_at", "told"])


def _tell_new_hands(case: Case, flag: Flag, row: Escalation, at: datetime) -> None:
    """Who took the case over, or stands in, since the clock began is alerted at once, on whatever rung it is."""
    known = {UUID(entry[0]) for entry in row.told}
    people = [user for user in came_since(case, row.since, at) if user.pk not in known]
    if people:
        _alert(case, flag, row, people, at)
        row.save(update_fields=["told"])


def _reach(case: Case, flag: Flag, row: Escalation, rung: int, when: datetime, at: datetime) -> None:
    """Alert who stands on this rung; where nobody does who was not alerted yet, the next one at once."""
    if row.speed == "today":
        # Told once, and once more when it is due.
        people = on_rung(0, case, flag, at) + (on_rung(1, case, flag, at) or leads(case.practice) if rung else [])
        row.rung, row.next_at = min(rung, 1), row.due_at if rung == 0 else None
        _alert(case, flag, row, people or leads(case.practice), at)
        return
    known = {UUID(entry[0]) for entry in row.told}
    people = []
    while rung < PHONE:
        people = [user for user in on_rung(rung, case, flag, at) if user.pk not in known]
        if people:
            break
        rung += 1
    row.rung = rung
    row.next_at = when + WAITS[rung] if rung < PHONE else None
    _alert(case, flag, row, people, at)


def _alert(case: Case, flag: Flag, row: Escalation, people: Iterable[User], at: datetime) -> None:
    """Mail, pager, access to the safety cards of this case, and the trail."""
    users = {user.pk: user for user in people}
    row.told = [*row.told, *([str(pk), at.isoformat(), row.rung] for pk in users)]
    turn = f"{case.pk}:{row.since.timestamp():.0f}:{row.rung}"  # all that one check-in raised is one mail
    mailed = set(
        Notice.objects.filter(case=case, kind="urgent", created_at__gte=row.since).values_list("to_id", flat=True)
        if row.rung == 0
        else ()
    )
    owed = [
        notices.prepare("alert", to=user, at=at, case=case, flag=flag, dedupe=turn)
        for user in users.values()
        if user.pk not in mailed
    ]
    if case.practice.pager_url and users and row.speed == "now":
        page = notices.prepare("pager", to=next(iter(users.values())), at=at, case=case, flag=flag, dedupe="")
        page.dedupe = f"pager:{turn}"
        owed.append(page)
    notices.owe(owed)
    _open_cards(case, users.values(), at)
    audit.record(
        "alert.telephone" if row.rung == PHONE and not users else "alert.raised", by=None, at=at, case=case, side=flag.partner.side,
        subject=flag.pk, rule=flag.rule, rung=row.rung, people=[str(pk) for pk in users],
    )  # fmt: skip


def _open_cards(case: Case, users: Iterable[User], at: datetime) -> None:
    """Who is alerted and does not hold the case sees its safety cards for a while, and nothing else (decisions 49)."""
    held = {h.user_id: h for h in holders(case, at)}
    for user in users:
        mine = held.get(user.pk)
        if mine is None:
            Assignment.objects.create(
                practice_id=case.practice_id, case=case, user=user, role=Assignment.As.ALERTED, since=at,
                until=at + ALERTED_FOR,
            )  # fmt: skip
        elif mine.role == Assignment.As.ALERTED:
            Assignment.objects.filter(pk=mine.pk).update(until=at + ALERTED_FOR)


def alerted(partner: Partner, since: datetime) -> tuple[Speed | Literal[""], datetime | None]:
    """How fast, and by when, what this person reported at that time is looked at; empty where it raised nothing urgent.
    Only rules that rest on the person's own words are asked, since it is shown to them (decisions 1). One query."""
    rows = Flag.objects.filter(
        partner=partner, severity=Flag.Severity.URGENT, last_evidence_at=since, rule__in=OWN_WORDS
    )
    told = [(speed, due) for speed, due in rows.values_list("speed", "due_at") if due is not None]
    if not told:
        return "", None
    return ("now" if any(speed == "now" for speed, _due in told) else "today"), min(due for _speed, due in told)


# The weekly test


def send_weekly_tests(at: datetime) -> int:
    """Owe each practice its weekly test, from Monday 10:00 in its own zone. Returns how many practices."""
    return sum(_test_if_due(practice, at) for practice in Practice.objects.all())


def _test_if_due(practice: Practice, at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(practice.zone))
    if local.weekday() == 0 and local.hour < TEST_HOUR:
        return False
    week = f"{local.isocalendar().year}-{local.isocalendar().week:02}"
    if Notice.objects.filter(practice=practice, kind="test", dedupe__startswith=f"test:{week}:").exists():
        return False
    with transaction.atomic():
        return _owe_test(practice, week, at) > 0


@transaction.atomic
def send_test(*, practice: Practice, by: User, at: datetime) -> int:
    """The same test on a lead's word."""
    count = _owe_test(practice, f"{at.timestamp():.0f}", at)
    audit.record("alert.tested", by=by, at=at, practice=practice.pk, subject=practice.pk)
    return count


def _owe_test(practice: Practice, turn: str, at: datetime) -> int:
    """To whoever can be alerted: counselors with a case, the lead, who is on the rota of these seven days; and the pager."""
    day = at.astimezone(ZoneInfo(practice.zone)).date()
    rota = Duty.objects.filter(practice=practice, day__gte=day, day__lt=day + timedelta(days=7)).values("user")
    held = Assignment.objects.filter(Q(until__isnull=True) | Q(until__gt=at), practice=practice, since__lte=at)
    people = User.objects.filter(practice=practice, is_active=True).exclude(role=Role.CLIENT)
    reached = list(people.filter(Q(role=Role.OWNER) | Q(pk__in=rota) | Q(pk__in=held.values("user"))))
    rows = [notices.prepare("test", to=user, at=at, dedupe=turn) for user in reached]
    if practice.pager_url and reached:
        rows.append(notices.prepare("pagertest", to=reached[0], at=at, dedupe=turn))
    notices.owe(rows)
    return len(rows)


@transaction.atomic
def confirm_test(*, by: User, at: datetime) -> None:
    """A person says that the test reached them: the only proof that mail arrives."""
    audit.record("alert.arrived", by=by, at=at, practice=by.practice_id, subject=by.pk)
