"""The check-in: `submit` is the one door by which answers become a record, a reading, scores, flags and a trail.

Everything happens in one transaction, the reading included, because a safety flag must not depend on a queue and the
client may need the crisis screen now (architecture, "One check-in").
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.crypto import salted_hmac

from . import accounts, audit, care, course, flags, history, readings, summary
from .models import Case, CaseSummary, CheckIn, Flag, HeldPost, Partner, SteadyWindow, User
from .models.prepared import Prepared, insert
from .progress import course as maths
from .rules import CATALOGUE, evaluate

TEXT_LIMIT = 2_000
NEXT_SESSION_LIMIT = 200
HELD_FOR = timedelta(hours=48)
TELL_WITHIN = timedelta(hours=1)
MOST_AN_HOUR = 6
HELP_FOR = {
    "self_harm": "crisis",
    "hurt": "violence",
    "afraid": "violence",
    "might_hurt": "own_anger",
    "child": "child",
}


class Refused(Exception):
    """A check-in that cannot be taken; the text is for the person, `item` the field it stands beside. `shows_help`: the
    help numbers belong beside it, because somebody who writes that often may need them."""

    def __init__(self, message: str, item: str = "", *, shows_help: bool = False) -> None:
        super().__init__(message)
        self.item, self.shows_help = item, shows_help


class AlreadySent(Exception):
    """Another body under a key that was used: the first stays (decisions 47)."""


@dataclass(frozen=True, slots=True)
class Answers:
    """One filled-in form. `items` as clients/progress/scores.py stores them (without s1); `safety` are the s1 chips;
    `call_me` asks for a call, with when it is safe."""

    items: Mapping[str, Any]
    safety: tuple[str, ...] = ()
    safety_skipped: bool = False
    call_me: str = ""
    next_session: str = ""
    text: str = ""

    def is_empty(self) -> bool:
        answered = any(value != "skip" for value in self.items.values()) or not self.safety_skipped
        return not (answered or self.safety or self.call_me or self.next_session.strip() or self.text.strip())


@dataclass(frozen=True, slots=True)
class Sent:
    """What the portal shows after sending. `help_kinds` are the kinds of help to show first; `worded` says that only
    words raised them."""

    checkin: CheckIn
    help_kinds: tuple[str, ...]
    worded: bool
    call_me: bool = False
    first: bool = field(default=True)


def normalise(text: str) -> str:
    """Line ends as LF; otherwise as typed, because spans count code points of this very string (decisions 47)."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _body_hash(answers: Answers) -> str:
    body = json.dumps(
        [
            dict(answers.items),
            sorted(answers.safety),
            answers.safety_skipped,
            answers.call_me,
            answers.next_session,
            answers.text,
        ],
        sort_keys=True,
    )
    return salted_hmac("clients.checkins.body", body, algorithm="sha256").hexdigest()


def _check(answers: Answers) -> None:
    for item, text, limit in (
        ("t1", answers.text, TEXT_LIMIT),
        ("n1", answers.next_session, NEXT_SESSION_LIMIT),
    ):
        if len(text) > limit:
            raise Refused(f"This is {len(text):,} characters long; {limit:,} fit. Nothing you wrote was lost.", item)
        if "\x00" in text:
            raise Refused("The text has a character in it that cannot be kept (a NUL). Please take it out.", item)
    if answers.is_empty():
        raise Refused("Nothing is filled in yet. One answer is enough, also “none of these”.")


def promise(case: Case, at: datetime, zone: str) -> date:
    """The day by which a counselor reads it: so many working days on, in the person's own zone (decisions 22)."""
    day, left = at.astimezone(ZoneInfo(zone)).date(), case.promise_days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


_under_key = Prepared(
    lambda partner, key: CheckIn.objects.select_related("reading").filter(partner=partner, key=key)[:1]
)
_windows = Prepared(lambda partner: SteadyWindow.objects.filter(partner=partner).order_by("opened_at"))


@transaction.atomic
def submit(
    *, partner: Partner, by: User, at: datetime, key: UUID, answers: Answers, held: bool = False, device: str = "",
    seconds: int | None = None,
) -> Sent:  # fmt: skip
    """Take one check-in. The same key and body again returns the first result; another body raises AlreadySent.

    `held`: it was posted on an ended session and sent afterwards. `device` (a keyed hash) and `seconds` (from opening the
    form to sending it) tell how it was filled in. Raises Refused (with `item`) for what cannot be taken. At most 14
    statements when nothing fires (decisions 45).
    """
    answers = replace(answers, text=normalise(answers.text), next_session=normalise(answers.next_session))
    _check(answers)
    case = partner.case
    row = summary.lock(case)
    body_hash = _body_hash(answers)
    earlier = _under_key.first(partner.pk, key)
    if earlier is not None:
        if earlier.body_hash != body_hash:
            raise AlreadySent
        return _result(earlier, first=False)
    may_read = accounts.consents(partner).get("text", False)
    before = history.recent(partner, at)
    state = _carried(row, partner)
    late = bool(state.count) and history.day_of(at) < state.last
    if late:
        state = readings.state_before(partner, at)
    checkin = CheckIn(
        practice_id=case.practice_id, case=case, partner=partner, key=key, at=at, answers=dict(answers.items),
        text=answers.text, next_session=answers.next_session, body_hash=body_hash,
        text_read=may_read, device=device, seconds=seconds,
        safety=_safety(answers), read_by_on=promise(case, at, by.zone),
    )  # fmt: skip
    reading = readings.read_texts(checkin, at) if may_read and (answers.text or answers.next_session) else None
    checkin.reading = reading
    if sum(r.at > at - timedelta(hours=1) for r in before) >= MOST_AN_HOUR and not _tells_danger(checkin, answers):
        raise Refused(
            "Several check-ins were sent within the hour. Please leave some time; this one is still here.",
            shows_help=True,
        )
    readings.compute_scores(checkin, state)
    windows = _windows(partner.pk)
    known = flags.load(case, at)
    last_at = datetime.fromtimestamp(state.last * 86_400, tz=UTC) if state.count else None
    spans = course.spans_now(case, known, last=last_at, at=at)
    earlier_state, state = state, course.take(checkin, state, spans)
    outcome = evaluate(
        history.build(
            partner, [*before, checkin], windows, len(before), partner.name, state=state, flags=known,
            arranged=row.arranged, zone=by.zone,
        )
    )  # fmt: skip
    if any(CATALOGUE[hit.rule].safety for hit in outcome.hits):  # the gate knows of the flag this check-in opens
        state = course.take(checkin, earlier_state, [*spans, (history.day_of(at), None)])
    insert(checkin)
    if reading is not None:
        insert(reading)
    flags.apply(
        case, partner, outcome.hits, outcome.windows, at=at, checkin=checkin, known=known,
        since=[*(r.at for r in before), at], row=row,
    )  # fmt: skip
    _summarise(row, checkin, partner, known, outcome.windows, state)
    if late:  # what came after it stands on it, too
        readings.rebuild(row, partner)
        row.save()
    detail: dict[str, Any] = {"held": True} if held else {}
    audit.record("checkin.sent", by=by, at=at, case=case, side=partner.side, subject=checkin.pk, **detail)
    return _result(checkin, first=True)


def _tells_danger(checkin: CheckIn, answers: Answers) -> bool:
    """In a chip, by asking for a call, or in words that may be read."""
    words = (*history.findings_of(checkin), *history.findings_of(checkin, "n1"))
    return bool(answers.safety or answers.call_me or flags.help_for(words))


def _safety(answers: Answers) -> str | None:
    if answers.safety_skipped and not answers.call_me:
        return None
    return json.dumps({"s1": list(answers.safety), "call_me": answers.call_me})


def _carried(row: CaseSummary, partner: Partner) -> maths.State:
    """What the partner's check-ins so far have left; what an older version wrote is rebuilt first."""
    if (row.course or row.check_ins) and row.course_version != course.VERSION:
        readings.rebuild_sides(row, partner.case)
    return course.state_of(row, partner.side) or maths.State()


def _summarise(
    row: CaseSummary, checkin: CheckIn, partner: Partner, known: list[Flag], opened: Any, state: maths.State
) -> None:
    held = course.held_until(row, partner.side)
    if course.frightens(checkin):
        held = checkin.at + course.HELD_FOR
    course.carry(row, partner.side, state, held)
    summary.add_check_in(
        row, checkin, partner_interval=partner.interval_days, leads=summary.leads(partner), held_until=held
    )
    summary.set_flags(row, [f for f in known if f.state in flags.LIVE])
    row.arranged = history.note_what_was_said(row.arranged, checkin)
    if checkin.answers.get("wish") in care.WISHED:
        wishes = dict(row.arranged.get("wish", {}))
        care.note_wish(wishes, partner.side, checkin.answers["wish"], checkin.at)
        row.arranged = row.arranged | {"wish": wishes}
    row.unread += 1
    row.oldest_unread_at = row.oldest_unread_at or checkin.at
    row.read_by_on = min(row.read_by_on or checkin.read_by_on, checkin.read_by_on)
    for window in opened:
        row.window_until = window.ends_at
    row.updated_at = checkin.at
    row.save()


SOON = "as soon as possible"  # a call was asked for, without a time


def said_when(checkin: CheckIn) -> bool:
    """Whether somebody who asked to be called said when it is safe."""
    return history.safety_of(checkin).get("call_me") not in {None, "", SOON}


def result(partner: Partner, checkin_id: UUID) -> Sent:
    """What is shown after sending, once more."""
    return _result(CheckIn.objects.select_related("reading").get(partner=partner, pk=checkin_id), first=True)


def _result(checkin: CheckIn, *, first: bool) -> Sent:
    safety = history.safety_of(checkin)
    chips = safety.get("s1") or []
    kinds = [HELP_FOR[c] for c in chips if c in HELP_FOR] if isinstance(chips, list) else []
    read_kinds = flags.help_for((*history.findings_of(checkin), *history.findings_of(checkin, "n1")))
    met = checkin.answers.get("c2")
    if isinstance(chips, list) and "partner_must_not" in chips and isinstance(met, int) and met > 0:
        kinds.append("violence")  # who is to keep away made contact: the reporter is the one to be helped
    every = tuple(dict.fromkeys([*kinds, *read_kinds]))
    return Sent(checkin, every, worded=bool(every) and not kinds, call_me=bool(safety.get("call_me")), first=first)


@transaction.atomic
def tell_danger(*, partner: Partner, checkin_id: UUID, by: User, at: datetime, who: str, safe_now: str) -> Sent:
    """s2, answered after the help screen: it sets how fast the alert is (decisions 7)."""
    row = summary.lock(partner.case)
    checkin = CheckIn.objects.select_related("reading").get(partner=partner, pk=checkin_id)
    sent, safety = _result(checkin, first=False), history.safety_of(checkin)
    if not sent.help_kinds or at - checkin.at > TELL_WITHIN or ("s2" in safety and safe_now == "yes"):
        return sent  # Said where it was asked, and soon; after the first answer a later hand can only hurry the alert.
    checkin.safety = json.dumps(safety | {"s2": {"who": who, "safe_now": safe_now}})
    checkin.save(update_fields=["safety"])
    readings.rebuild(row, partner)
    row.save()
    flags.set_speed(checkin, calm=safe_now == "yes", at=at)
    audit.record("checkin.danger_told", by=by, at=at, case=partner.case, side=partner.side, subject=checkin.pk)
    return sent


@transaction.atomic
def mark_read(*, case: Case, by: User, at: datetime, ids: Iterable[UUID]) -> int:
    """The promise to read, kept for the check-ins that were shown, and for no other. Returns how many were unread."""
    summary.lock(case)
    unread = CheckIn.objects.filter(case=case, read_at__isnull=True, pk__in=list(ids))
    sides = list(unread.values_list("pk", "partner__side"))
    count = CheckIn.objects.filter(pk__in=[pk for pk, _ in sides]).update(read_at=at, read_by=by)
    for pk, side in sides:
        audit.record("checkin.read", by=by, at=at, case=case, side=side, subject=pk)
    if count:
        summary.refresh(case, at=at)
    return count


# Posts whose session had ended


@transaction.atomic
def hold(*, user_id: UUID, key: UUID, body: str, at: datetime) -> bool:
    """Keep a post for this same person, each body once. False where nobody signs in under that id."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return False
    body_hash = salted_hmac("clients.checkins.held", body, algorithm="sha256").hexdigest()
    row = HeldPost(practice_id=user.practice_id, user=user, key=key, body=body, body_hash=body_hash, at=at)
    HeldPost.objects.bulk_create([row], ignore_conflicts=True)
    return True


_held = Prepared(lambda user, since: HeldPost.objects.filter(user=user, at__gt=since).order_by("at")[:1])


def held(user: User, at: datetime) -> HeldPost | None:
    return _held.first(user.pk, at - HELD_FOR)


def drop_held(post: HeldPost) -> None:
    """Sent after all, or thrown away."""
    HeldPost.objects.filter(pk=post.pk).delete()


def tidy_held(*, before: datetime) -> int:
    return HeldPost.objects.filter(at__lt=before).delete()[0]


def forget_devices(*, before: datetime) -> int:
    return CheckIn.objects.filter(at__lt=before).exclude(device="").update(device="")
