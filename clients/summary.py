"""The case's read model: one row, written in every act's own transaction, and the four groups of Today."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Min

from .models import Case, CaseSummary, CheckIn, Flag, Partner, Screening, SteadyWindow
from .models.prepared import Prepared

SPARK_POINTS = 26
LIVE_STATES = ("open", "acknowledged", "snoozed")
GROUPS = {
    "needs_you": "Needs you today",
    "watch": "Watch",
    "gone_quiet": "Gone quiet",
    "steady": "Steady",
}
ENOUGH = 3  # check-ins before a level is shown (progress.md 3.7)


_locked = Prepared(lambda case: CaseSummary.objects.select_for_update().filter(case=case))


def lock(case: Case) -> CaseSummary:
    """The case's row, locked: one act at a time changes a case. Always the first lock an act takes, before the head of
    the trail, so that no two acts wait for each other."""
    row = _locked.first(case.pk)
    if row is None:
        raise CaseSummary.DoesNotExist(f"case {case.pk} has no summary")
    return row


@transaction.atomic
def touch(case: Case, *, at: datetime, sides: Sequence[str] = ()) -> None:
    """Staff had contact with a client of the case, or wrote about it; reading a check-in is neither, nor is arranging
    something at the desk. `sides`: with whom; nobody named is both."""
    row = lock(case)
    note_contact(row, at, sides)
    row.save()


def note_contact(row: CaseSummary, at: datetime, sides: Sequence[str] = ()) -> None:
    """Bring the locked row up to date; the caller saves it. Kept for each person too: who was heard of is not who was
    spoken to."""
    row.last_staff_at = max(at, row.last_staff_at or at)
    met = dict(row.arranged.get("met", {}))
    for side in sides or ("A", "B"):
        met[side] = max(at.timestamp(), met.get(side, 0.0))
    row.arranged = row.arranged | {"met": met}


def last_contact(row: CaseSummary, side: str) -> datetime | None:
    """When staff last had contact with this person, as far as it was entered."""
    if "met" not in row.arranged:
        return row.last_staff_at
    met = row.arranged["met"].get(side)
    return datetime.fromtimestamp(met, tz=UTC) if met is not None else None


def stir(case: Case, *, at: datetime) -> None:
    """Something about the case was written that is no contact; what is kept of its pages is made anew."""
    CaseSummary.objects.filter(case=case).update(updated_at=at)


def due_screening(case: Case, day: date) -> None:
    """The earliest day on which a partner with an account is to be screened (again); `day` was just recorded."""
    newest = (
        Screening.objects.filter(partner__case=case).order_by("partner_id", "-at").values_list("partner_id", "next_due")
    )
    days: dict[object, date] = {}
    for partner_id, due in newest:
        days.setdefault(partner_id, due)
    CaseSummary.objects.filter(case=case).update(screening_due=min(days.values(), default=day))


def refresh(case: Case, *, at: datetime) -> None:
    """Bring flags, unread marks, window and waiting guidance up to date after an act at the desk or in the portal."""
    row = lock(case)
    set_flags(row, list(Flag.objects.filter(case=case, state__in=LIVE_STATES)))
    unread = CheckIn.objects.filter(case=case, read_at__isnull=True, superseded_by__isnull=True).aggregate(
        count=Count("pk"), oldest=Min("at"), by=Min("read_by_on")
    )
    row.unread, row.oldest_unread_at, row.read_by_on = unread["count"], unread["oldest"], unread["by"]
    window = SteadyWindow.objects.filter(case=case, ended_at__isnull=True, ends_at__gt=at).order_by("-ends_at").first()
    row.window_until = window.ends_at if window else None
    row.updated_at = at
    row.save()


def set_flags(row: CaseSummary, live: Sequence[Flag]) -> None:
    """Counts and the words of the first flag, from the case's live flags. What is muted asks for nothing, and what was set
    aside asks for nothing before its day."""
    heads = [f for f in live if f.head_id is None and not f.muted and f.state != Flag.State.SNOOZED]
    asking = [f for f in heads if f.state == Flag.State.OPEN and f.severity >= Flag.Severity.ELEVATED]
    row.safety_open = sum(1 for f in live if f.safety)
    row.urgent_unseen = len(asking)
    row.watch_open = sum(1 for f in heads if f.severity >= Flag.Severity.WATCH)
    row.due_at = min((f.due_at for f in live if f.due_at and f.state == Flag.State.OPEN), default=None)
    worth = [f for f in heads if f.severity >= Flag.Severity.WATCH]
    first = max(
        worth, key=lambda f: (f.safety, f.state == Flag.State.OPEN, f.severity, f.last_evidence_at), default=None
    )
    row.reason = _tell(first) if first else _waiting(live)


def _waiting(live: Sequence[Flag]) -> str | None:
    """What is there although nothing asks: set aside until its day, or silenced."""
    heads = [f for f in live if f.head_id is None]
    aside = [
        f for f in heads if f.state == Flag.State.SNOOZED and f.snoozed_until and f.severity >= Flag.Severity.WATCH
    ]
    if aside:
        soon = min(aside, key=lambda f: (f.snoozed_until, -f.severity))
        assert soon.snoozed_until is not None
        day = soon.snoozed_until.astimezone(ZoneInfo(soon.practice.zone))
        return f"Set aside until {day:%-d %b}: {_tell(soon)}"
    silent = [f for f in heads if f.muted and f.severity >= Flag.Severity.ELEVATED]
    return f"Muted: {_tell(max(silent, key=lambda f: f.last_evidence_at))}" if silent else None


def _tell(flag: Flag) -> str:
    """The newest sentence; danger names whose report it is."""
    card = json.loads(flag.newest or flag.card)
    return f"{card['who']}: {card['sentence']}" if flag.safety else str(card["sentence"])


def leads(partner: Partner) -> bool:
    """Whose own conduct the case's row on Today draws: side A, or B where A has no account."""
    return partner.side == "A" or not partner.case.partners.filter(side="A", user__isnull=False).exists()


def add_check_in(
    row: CaseSummary, checkin: CheckIn, *, partner_interval: int, leads: bool, held_until: datetime | None
) -> None:
    """Count a check-in in. Only the leading reporter's own conduct is drawn on Today (decisions 36)."""
    if leads:
        row.check_ins += 1
        row.interval_days = partner_interval
        row.last_check_in_at = max(checkin.at, row.last_check_in_at or checkin.at)
        row.held_until = held_until
    if leads and checkin.cpi is not None:
        _draw(row, [*[p for p in row.spark.split(" ") if p], _point(checkin)], checkin.levels["cpi"][0])


def redraw(row: CaseSummary, checkins: Sequence[CheckIn], *, leads: bool, held_until: datetime | None) -> None:
    """Draw the line anew from the leading reporter's whole series."""
    told = [c for c in checkins if c.cpi is not None]
    if leads:
        row.held_until = held_until
        _draw(row, [_point(c) for c in told], told[-1].levels["cpi"][0] if told else None)


def _point(checkin: CheckIn) -> str:
    return f"{checkin.at.timestamp() / 86_400:.2f}:{checkin.levels['cpi'][0]:.1f}"


def _draw(row: CaseSummary, points: list[str], level: float | None) -> None:
    points = points[-SPARK_POINTS:]
    row.spark = " ".join(points)
    pairs = [(float(day), float(level)) for day, level in (p.split(":") for p in points)]
    row.cpi_level = level
    earlier = [level for day, level in pairs if day <= round(pairs[-1][0] - 28, 2)]
    row.cpi_before = earlier[-1] if earlier else None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands on Today and why, in words."""

    group: str
    reason: str
    due: bool
    few: bool = False  # not enough data yet: its own look


def group(
    row: CaseSummary, *, at: datetime, today_overdue: bool, paused: bool, screening_overdue: bool = False,
    care_overdue: bool = False,
) -> Standing:  # fmt: skip
    """First match wins (decisions 37). Pure: the row and the time decide."""
    due = bool(row.due_at and row.due_at <= at) or today_overdue or screening_overdue or care_overdue
    if row.safety_open:
        return Standing("needs_you", row.reason or "A safety flag is open.", due)
    if row.urgent_unseen:
        return Standing("needs_you", row.reason or "A flag waits to be seen.", due)
    if today_overdue:
        return Standing("needs_you", "The promised day for reading a check-in has come.", True)
    if screening_overdue:
        return Standing("needs_you", "A screening is due: seen alone, and asked.", True)
    if care_overdue:
        return Standing("needs_you", row.care_reason, True)
    if due:
        return Standing(
            "needs_you", row.reason if row.watch_open and row.reason else "A flag has waited for its day.", True
        )
    if row.watch_open:
        return Standing("watch", row.reason or "Worth a look by the next session.", False)
    if row.window_until and row.window_until > at:
        return Standing("watch", "A steady window is open after the first warmer weeks.", False)
    if paused:
        return Standing("gone_quiet", "Paused.", False)
    if row.check_ins < ENOUGH:
        return Standing("gone_quiet", f"Not enough data yet ({row.check_ins} of {ENOUGH}).", False, few=True)
    last = row.last_check_in_at
    if last is None or at - last > timedelta(days=row.interval_days + 7):
        days = (at - last).days if last else 0
        return Standing("gone_quiet", f"No check-in for {days} days.", False)
    to_read = f"{row.unread} check-in{'' if row.unread == 1 else 's'} to read." if row.unread else ""
    return Standing("steady", row.reason or to_read or "Nothing asks for you now.", False)


def changes_at(row: CaseSummary, *, at: datetime) -> datetime:
    """The first moment after `at` at which `group` may say something else, were nothing written until then; days as dates
    are not counted here."""
    last = row.last_check_in_at
    moments = [row.due_at, row.window_until, row.held_until]
    if last is not None:
        moments += [last + timedelta(days=row.interval_days + 7), last + timedelta(days=(at - last).days + 1)]
    return min((m for m in moments if m is not None and m > at), default=at + timedelta(days=1))
