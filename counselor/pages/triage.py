"""Today: all open cases of one counselor in four groups."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import formats
from django.utils.safestring import SafeString

from clients import access, summary
from clients.markup import join_rows, no_sparkline, sparkline, triage_row
from clients.models import (
    Case,
    CaseSummary,
    User,
)

from ..kept import Kept, eyes
from .clock import Clock, is_held

# group -> the state whose shape and colour it carries (templates/_mark.html)
STATE_OF_GROUP = {"needs_you": "needs", "watch": "watch", "gone_quiet": "quiet", "steady": "steady"}
CHANGE_THAT_COUNTS = 8.0  # points of level; less is "about the same"


@dataclass(frozen=True, slots=True)
class Row:
    """One case: where it stands, its place within the group, its names, and itself as HTML."""

    group: str
    order: tuple[Any, ...]
    names: str
    html: SafeString
    until: datetime


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    word: str
    state: str
    rows: tuple[Row, ...]
    html: SafeString


@dataclass(frozen=True, slots=True)
class Today:
    day: str
    groups: tuple[Group, ...]
    cases: int
    query: str
    until: datetime


_rows: Kept[Row] = Kept(10_000)


def forget_kept() -> None:
    _rows.clear()


def today(user: User, now: datetime, query: str = "", stamps: tuple[int, ...] | None = None) -> Today:
    """All open cases of one counselor in the four groups; one query, and one more for rows that changed."""
    clock, mine = Clock(user, now), eyes(user)
    found: list[Row] = []
    changed: list[int] = []
    for stamp in access.visible_stamps(user, now) if stamps is None else stamps:
        row = _rows.get((stamp, mine), now)
        if row is None:
            changed.append(stamp)
        else:
            found.append(row)
    if changed:
        cases = access.visible_cases(user, now).select_related("summary").defer(*access.NOT_ON_TODAY)
        if len(changed) == 1:
            few = access.visible_by_stamp(user, now, changed[0])
        elif len(changed) < 500:
            few = list(cases.filter(summary__stamp__in=changed))
        else:
            few = [case for case in cases if case.summary.stamp in changed]
        if len(few) == len(changed):
            found += [_keep_row(case, clock, now, mine) for case in few]
        else:  # somebody wrote in between
            found = [_keep_row(case, clock, now, mine) for case in cases]
    wanted = query.lower()
    shown = [row for row in found if not wanted or wanted in row.names.lower()]
    groups = []
    for key, word in summary.GROUPS.items():
        rows = sorted((row for row in shown if row.group == key), key=lambda row: row.order)
        groups.append(Group(key, word, STATE_OF_GROUP[key], tuple(rows), join_rows([row.html for row in rows])))
    until = min((row.until for row in found), default=clock.midnight())
    return Today(formats.date_format(clock.today, "l, j F"), tuple(groups), len(shown), query, until)


def _keep_row(case: Case, clock: Clock, now: datetime, mine: tuple[Any, ...]) -> Row:
    held = case.summary
    promised_now = bool(held.unread and held.read_by_on and held.read_by_on <= clock.today)
    standing = summary.group(
        held, at=now, today_overdue=promised_now, paused=case.paused_at is not None,
        screening_overdue=bool(held.screening_due and held.screening_due <= clock.today),
        care_overdue=bool(held.care_due and held.care_due <= clock.today),
    )  # fmt: skip
    until = min(clock.midnight(), summary.changes_at(held, at=now))
    row = Row(standing.group, _order(held), held.names, _row(case, held, standing, clock), until)
    _rows.put((held.stamp, mine), now, until, row)
    return row


def _order(held: CaseSummary) -> tuple[Any, ...]:
    return (-held.safety_open, -held.urgent_unseen, -held.watch_open, held.names)


def _row(case: Case, held: CaseSummary, standing: summary.Standing, clock: Clock) -> SafeString:
    change, than = _change(held, clock)
    check_in, staff = held.last_check_in_at, held.last_staff_at
    if check_in and (staff is None or check_in >= staff):
        last = f"Check-in, {clock.ago(check_in)}"
    else:
        last = f"You, {clock.ago(staff)}" if staff else "Nothing yet"
    to_read = (
        f"{held.unread} to read by {clock.weekday(held.read_by_on)}, oldest {clock.ago(held.oldest_unread_at)}"
        if held.unread and held.read_by_on and held.oldest_unread_at
        else ""
    )
    spark = no_sparkline() if is_held(held, clock) else sparkline(held.spark, "Own conduct")
    return triage_row(
        href=f"/desk/cases/{case.pk}/", names=held.names, state=STATE_OF_GROUP[standing.group], reason=standing.reason,
        few=standing.few, spark=spark, change=change, than=than, last=last, due=clock.due(held.due_at) if held.due_at else "",
        to_read=to_read, late=standing.due,
    )  # fmt: skip


def _change(held: CaseSummary, clock: Clock) -> tuple[str, str]:
    """The client's own conduct against 28 days before, in words (decisions 35, 36)."""
    if is_held(held, clock):
        return "Held, safety first", ""
    if held.cpi_level is None or held.check_ins < summary.ENOUGH:
        return "No comparison yet", ""
    if held.cpi_before is None:
        return "No comparison yet", "(needs four weeks)"
    difference = held.cpi_level - held.cpi_before
    if abs(difference) < CHANGE_THAT_COUNTS:
        return "About the same", "as four weeks ago"
    return (
        ("Pressing less", "than four weeks ago (better)")
        if difference < 0
        else ("Pressing more", "than four weeks ago (worse)")
    )
