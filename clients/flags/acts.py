"""What people do with a flag: see it, set it aside, hand it on, close it, look a second time, open it again; and the end
of a steady window.

Two people may act at once. Each act looks at the row, not at what a page once showed: `stand` is the newest entry of the
flag's history that the person had before their eyes, and who comes second is told what the first one did.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from .. import audit, summary
from ..models import Assignment, Case, CaseSummary, Flag, FlagEvent, Role, SteadyWindow, User
from ..rules import Severity
from .lifecycle import LIVE, REASONS, REOPEN_REASONS, SAFETY_REASONS, Refused, can, wait_again
from .mutes import after_not_accurate

WORDS_LIMIT = 2_000
LONGEST_SNOOZE = timedelta(days=90)
STAFF = (Role.OWNER, Role.SUPERVISOR, Role.COUNSELOR)
WINDOW_REASONS = {
    "passed": "The warmer phase is over",
    "no_phase": "There was no warmer phase",
    "agreed": "The two have agreed on how to go on",
    "other": "Other",
}


def _locked(case: Case, flag_id: Any) -> Flag:
    """The flag, locked after the case's summary row: the same order as in a check-in, so that neither waits for the
    other in a circle, and nobody writes over what somebody else just did."""
    summary.lock(case)
    return Flag.objects.select_related("partner").select_for_update(of=("self",)).get(pk=flag_id, case=case)


def _when(at: datetime, by: User) -> str:
    return f"{at.astimezone(ZoneInfo(by.zone)):%-d %B, %H:%M}"


def _look(flag: Flag, stand: UUID | None, by: User) -> None:
    """Refuse where something happened to the flag since the page was made that the person acts from."""
    if stand is None:
        return
    newest = FlagEvent.objects.select_related("by").filter(flag=flag).order_by("-id").first()
    if newest is not None and newest.pk != stand:
        raise Refused(f"{_tell(newest, by)} Please look at the flag as it is now.")


def _tell(event: FlagEvent, by: User) -> str:
    who, when = event.by.name if event.by else "", _when(event.at, by)
    kinds = {
        "acknowledged": f"{who} has already marked this flag as seen ({when}).",
        "snoozed": f"{who} has set this flag aside ({when}).",
        "resolved": f"{who} has already closed this flag ({when}).",
        "reopened": f"{who} has opened this flag again ({when}).",
        "owner": f"{who} has handed this flag on ({when}).",
        "second_look": f"{who} has already taken the second look ({when}).",
        "auto_resolved": f"This flag has already cleared by itself ({when}).",
        "woken": f"{who} has brought this flag back ({when})."
        if who
        else f"This flag has come back on its day ({when}).",
    }
    if who and event.kind in kinds or event.kind in {"auto_resolved", "woken"}:
        return kinds[event.kind]
    return f"A check-in has added to this flag ({when})."


def _already(flag: Flag, by: User) -> str:
    if flag.state == Flag.State.ACKNOWLEDGED and flag.acknowledged_by and flag.acknowledged_at:
        return f"{flag.acknowledged_by.name} has already marked this flag as seen ({_when(flag.acknowledged_at, by)})."
    if flag.state == Flag.State.RESOLVED and flag.closed_by and flag.closed_at:
        return f"{flag.closed_by.name} has already closed this flag ({_when(flag.closed_at, by)})."
    if flag.state == Flag.State.AUTO_RESOLVED and flag.closed_at:
        return f"This flag has already cleared by itself ({_when(flag.closed_at, by)})."
    newest = FlagEvent.objects.select_related("by").filter(flag=flag).order_by("-id").first()
    return _tell(newest, by) if newest else "This flag has been changed in the meantime."


def _clean(words: str, what: str) -> str:
    words = words.strip()
    if len(words) > WORDS_LIMIT or "\x00" in words:
        raise Refused(f"{what} has to be plain text of at most {WORDS_LIMIT:,} characters.")
    return words


def _note(
    case: Case, flag: Flag, *, by: User, at: datetime, kind: str, reason: str = "", words: str = "", **detail: Any
) -> None:
    """The act in the flag's history and in the trail; what somebody wrote stands in the history only, sealed."""
    FlagEvent.objects.create(
        practice_id=flag.practice_id,
        flag=flag,
        kind=kind,
        at=at,
        by=by,
        severity=flag.severity,
        reason=reason,
        words=words or None,
    )
    side = flag.partner.side
    audit.record(
        f"flag.{kind}", by=by, at=at, case=case, side=side, subject=flag.pk, rule=flag.rule, reason=reason, **detail
    )


def _move(
    case: Case, flag: Flag, to: str, *, by: User, at: datetime, kind: str, reason: str = "", words: str = ""
) -> None:
    flag.state = to
    flag.save()
    _note(case, flag, by=by, at=at, kind=kind, reason=reason, words=words)


@transaction.atomic
def acknowledge(*, case: Case, flag_id: Any, by: User, at: datetime, stand: UUID | None = None) -> Flag:
    """The counselor has seen it, and with it what stands on the same card. Said twice by anybody, the second is told
    who was first."""
    flag = _locked(case, flag_id)
    if not can(flag, Flag.State.ACKNOWLEDGED):
        raise Refused(_already(flag, by))
    _look(flag, stand, by)
    _see(case, flag, by, at)
    summary.refresh(case, at=at)
    return flag


def _see(case: Case, flag: Flag, by: User, at: datetime) -> None:
    under = Flag.objects.select_related("partner").filter(head=flag, state=Flag.State.OPEN).order_by("rule")
    for seen in (flag, *under):
        seen.acknowledged_at, seen.acknowledged_by, seen.snoozed_until = at, by, None
        _move(case, seen, Flag.State.ACKNOWLEDGED, by=by, at=at, kind="acknowledged")


@transaction.atomic
def acknowledge_info(*, cases: Iterable[Case], ids: Iterable[UUID], by: User, at: datetime) -> int:
    """File the lines of information that were shown, over any number of own cases; nothing weightier goes this way.
    Returns how many were still open."""
    wanted = Flag.objects.filter(
        pk__in=list(ids), case__in=cases, severity=Severity.INFO, state=Flag.State.OPEN, safety=False
    )
    count = 0
    for case_id in sorted(set(wanted.values_list("case_id", flat=True))):
        case = Case.objects.get(pk=case_id)
        summary.lock(case)
        for flag in wanted.filter(case=case).select_related("partner").select_for_update(of=("self",)).order_by("id"):
            flag.acknowledged_at, flag.acknowledged_by = at, by
            _move(case, flag, Flag.State.ACKNOWLEDGED, by=by, at=at, kind="acknowledged")
            count += 1
        summary.refresh(case, at=at)
    return count


@transaction.atomic
def snooze(*, case: Case, flag_id: Any, by: User, at: datetime, until: date, stand: UUID | None = None) -> Flag:
    """Set aside until the morning of a day, in the person's own zone. Never what is about safety."""
    flag = _locked(case, flag_id)
    if flag.safety:
        raise Refused("A safety flag is not set aside; it stays until a named person closes it.")
    if flag.severity >= Severity.URGENT:
        raise Refused("What is urgent is not set aside; it stays until a named person closes it.")
    if not can(flag, Flag.State.SNOOZED):
        raise Refused(_already(flag, by))
    _look(flag, stand, by)
    zone = ZoneInfo(by.zone)
    today = at.astimezone(zone).date()
    if not today < until <= today + LONGEST_SNOOZE:
        raise Refused(f"Please pick a day after today and within {LONGEST_SNOOZE.days} days.", "until")
    flag.snoozed_until = datetime(until.year, until.month, until.day, tzinfo=zone)
    flag.due_at, flag.head = None, None
    _move(case, flag, Flag.State.SNOOZED, by=by, at=at, kind="snoozed", words=f"Until {until:%-d %B %Y}")
    _set_free(flag)
    summary.refresh(case, at=at)
    return flag


@transaction.atomic
def bring_back(*, case: Case, flag_id: Any, by: User, at: datetime, stand: UUID | None = None) -> Flag:
    """Put what was set aside back on the table before its day."""
    flag = _locked(case, flag_id)
    if flag.state != Flag.State.SNOOZED:
        raise Refused(_already(flag, by))
    _look(flag, stand, by)
    flag.snoozed_until = flag.acknowledged_at = flag.acknowledged_by = None
    wait_again(flag, at)
    _move(case, flag, Flag.State.OPEN, by=by, at=at, kind="woken")
    summary.refresh(case, at=at)
    return flag


@transaction.atomic
def hand_on(*, case: Case, flag_id: Any, to_id: Any, by: User, at: datetime, stand: UUID | None = None) -> Flag:
    """Give the flag to another person who holds the case. What it asks for next reaches that person."""
    flag = _locked(case, flag_id)
    if flag.state not in LIVE:
        raise Refused(_already(flag, by))
    _look(flag, stand, by)
    to = next((user for user in holders(case, flag, at) if str(user.pk) == str(to_id)), None)
    if to is None:
        raise Refused("A flag is handed on to somebody who holds this case.")
    if flag.owner_id == to.pk:
        raise Refused(f"This flag is with {to.name} already.")
    flag.owner = to
    flag.save(update_fields=["owner"])
    _note(case, flag, by=by, at=at, kind="owner", words=f"To {to.name}", to=str(to.pk))
    summary.refresh(case, at=at)
    return flag


def holders(case: Case, flag: Flag, at: datetime) -> list[User]:
    """Who holds the case now and can open this flag: cover is shown danger only (decisions 49)."""
    held = Assignment.objects.select_related("user").filter(
        Q(until__isnull=True) | Q(until__gt=at), case=case, since__lte=at, user__is_active=True
    )
    if not flag.safety:
        held = held.filter(role=Assignment.As.PRIMARY)
    return list({a.user_id: a.user for a in held.order_by("-role", "since")}.values())


@transaction.atomic
def resolve(
    *, case: Case, flag_id: Any, by: User, at: datetime, reason: str, follow_up: str = "", stand: UUID | None = None
) -> Flag:
    """Close with a reason. Danger is closed by a person only, who says what was done next, and is done when a second one
    has looked. What stood on the same card keeps its own end, and now stands by itself."""
    flag = _locked(case, flag_id)
    if not can(flag, Flag.State.RESOLVED):
        raise Refused(_already(flag, by))
    _look(flag, stand, by)
    if reason not in REASONS:
        raise Refused("Please pick a reason; without one a flag stays open.")
    if flag.safety and reason not in SAFETY_REASONS:
        raise Refused("A safety flag closes only as followed up, or as not accurate after a look.", "reason")
    follow_up = _clean(follow_up, "What was done next")
    if flag.safety and not follow_up:
        raise Refused("Please say what was done next; a safety flag is not closed without it.", "follow_up")
    flag.closed_at, flag.closed_by, flag.close_reason, flag.snoozed_until = at, by, reason, None
    flag.follow_up, flag.head = follow_up or None, None
    _move(case, flag, Flag.State.RESOLVED, by=by, at=at, kind="resolved", reason=reason, words=follow_up)
    _set_free(flag)
    summary.refresh(case, at=at)
    if reason == "not_accurate":
        after_not_accurate(case, flag, at)
    return flag


def _set_free(flag: Flag) -> None:
    """What stood under this card stands by itself."""
    Flag.objects.filter(head=flag, state__in=LIVE).update(head=None)


@transaction.atomic
def reopen(
    *, case: Case, flag_id: Any, by: User, at: datetime, reason: str, words: str = "", stand: UUID | None = None
) -> Flag:
    """Put a closed flag back on the table, with a reason. Its clocks start again: when it is due, and when it may clear by
    itself; and so does the second look at a safety flag."""
    flag = _locked(case, flag_id)
    if flag.state in LIVE:
        raise Refused("This flag is open already.")
    _look(flag, stand, by)
    if reason not in REOPEN_REASONS:
        raise Refused("Please say why it is opened again.")
    if Flag.objects.filter(partner=flag.partner, rule=flag.rule, state__in=LIVE).exists():
        raise Refused("A newer flag of the same rule is open already.")
    words = _clean(words, "The reason")
    flag.closed_at = flag.closed_by = flag.acknowledged_at = flag.acknowledged_by = flag.head = flag.ends_at = None
    flag.second_look_at = flag.second_look_by = flag.follow_up = None
    flag.close_reason, flag.last_evidence_at, flag.muted = "", max(flag.last_evidence_at, at), False
    wait_again(flag, at)
    _move(case, flag, Flag.State.OPEN, by=by, at=at, kind="reopened", reason=reason, words=words)
    summary.refresh(case, at=at)
    return flag


# The second look (decisions 8)


def waiting_for_second_look(practice_id: Any) -> Any:
    return Flag.objects.filter(
        practice_id=practice_id, safety=True, state=Flag.State.RESOLVED, second_look_at__isnull=True
    )


def works_alone(user: User) -> bool:
    """Whether the practice has no other member of staff."""
    staff = User.objects.filter(practice_id=user.practice_id, role__in=STAFF, is_active=True)
    return not staff.exclude(pk=user.pk).exists()


def why_no_second_look(flag: Flag, by: User, at: datetime, *, alone: bool) -> str:
    """The sentence that stands in the way, or "": somebody else looks; in a one-person practice the same person, on a
    later day. The same check decides whether the button is offered."""
    if by.role not in STAFF or by.practice_id != flag.practice_id:
        return "The second look is taken by a member of the practice."
    if flag.closed_by_id != by.pk:
        return ""
    if not alone:
        return "You closed this flag; somebody else of the practice takes the second look."
    zone = ZoneInfo(by.zone)
    if flag.closed_at and at.astimezone(zone).date() <= flag.closed_at.astimezone(zone).date():
        return "You closed this flag today; the second look is taken on another day."
    return ""


@transaction.atomic
def second_look(
    *, case: Case, flag_id: Any, by: User, at: datetime, words: str = "", stand: UUID | None = None
) -> Flag:
    """Somebody else of the practice has looked at how a safety flag was closed, and agrees. Who does not opens it again."""
    flag = _locked(case, flag_id)
    if not flag.safety or flag.state != Flag.State.RESOLVED:
        raise Refused("Only a safety flag that was closed gets a second look.")
    if flag.second_look_at is not None and flag.second_look_by:
        raise Refused(
            f"{flag.second_look_by.name} has already taken the second look ({_when(flag.second_look_at, by)})."
        )
    _look(flag, stand, by)
    refusal = why_no_second_look(flag, by, at, alone=works_alone(by))
    if refusal:
        raise Refused(refusal)
    flag.second_look_at, flag.second_look_by = at, by
    flag.save(update_fields=["second_look_at", "second_look_by"])
    _note(case, flag, by=by, at=at, kind="second_look", words=_clean(words, "The note"))
    summary.refresh(case, at=at)
    return flag


# The steady window


@transaction.atomic
def end_window(*, case: Case, window_id: Any, by: User, at: datetime, reason: str) -> SteadyWindow:
    """A person ends a steady window before its day, and says why. It opens again only on a confirmed shift."""
    summary.lock(case)
    window = (
        SteadyWindow.objects.select_related("partner", "ended_by")
        .select_for_update(of=("self",))
        .get(pk=window_id, case=case)
    )
    if window.ended_at is not None and window.ended_by:
        raise Refused(f"{window.ended_by.name} has already ended this window ({_when(window.ended_at, by)}).")
    if window.ends_at <= at:
        raise Refused("This window has ended by its date already.")
    if reason not in WINDOW_REASONS:
        raise Refused("Please say why the window ends.")
    window.ended_at, window.ended_by, window.reason = at, by, reason
    window.save(update_fields=["ended_at", "ended_by", "reason"])
    audit.record("window.ended", by=by, at=at, case=case, side=window.partner.side, subject=window.pk, reason=reason)
    CaseSummary.objects.filter(case=case).update(window_until=None)
    summary.refresh(case, at=at)
    return window
