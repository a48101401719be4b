"""The course in words: the sentences above the drawing, the table, and what is read out at each stop."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import fmean
from typing import Final
from zoneinfo import ZoneInfo

from clients.progress.level import Level

from .course import (
    ENOUGH,
    KINDS,
    LANES,
    SILENCE,
    Act,
    CheckIn,
    Course,
    Days,
    LaneName,
    Mark,
    Reading,
    Side,
    check_ins_in,
    dates_of,
    put_together,
    scored_until,
    span_of,
    value_on,
)
from .drawing import WIDE, band_edges, clip

LOOK_BACK: Final = timedelta(days=28)
TELLING: Final = 10.0  # points a level must have moved before words say so
WORDS: Final = {
    "flag": ("flag", "flags"),
    "shift": ("possible shift", "possible shifts"),
    "held": ("shift that has held", "shifts that have held"),
    "note": ("note", "notes"),
    "sent": ("guidance sent", "pieces of guidance sent"),
}
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One check-in, or several put together, as text. Levels with their 80 % band; "" where there is none."""

    when: str
    warmth: str
    warmth_level: str
    pressing: str
    pressing_level: str
    remarks: str


def describe(course: Course) -> str:
    """What the chart shows, in a sentence or two: observed and reported, no causes and nothing to come."""
    start, end = span_of(course)
    zone = ZoneInfo(course.zone)
    partner, client = scored_until(course.partner, end), scored_until(course.client, end)
    they = course.client_name
    if max(len(partner), len(client)) < ENOUGH:
        return f"From {they}'s check-ins: {too_few(max(len(partner), len(client)))}."
    since, how = _warmth(course, partner, zone, end) if len(partner) >= ENOUGH else (None, "")
    count = Counter(act.lane for act in course.acts if (since or start) <= act.at <= end)
    came = [f"{lane} came up {_times(count[lane])}" for lane in LANES if count[lane] and lane != "good"]
    acts = _list(came) if came else "asking, chasing or controlling did not come up"
    if since:
        said = [f"{course.partner_name} {how}, as {they} reports it; {acts} since."]
    else:
        said = [
            f"How {course.partner_name} has been: {too_few(len(partner))}.",
            f"{acts[0].upper()}{acts[1:]} in this time.",
        ]
    if len(client) < ENOUGH:
        said.append(f"{they}'s own conduct: {too_few(len(client))}.")
    else:
        said.append(_conduct(they, client, zone, end))
    last = max(reading.at for reading in (*partner, *client))
    if end - last > SILENCE:
        said.append(f"No check-in since {_long(last, zone, end)}.")
    return " ".join(filter(None, said))


def table(course: Course) -> tuple[Row, ...]:
    """The numbers of the wide drawing, newest first. What came up between two check-ins stands with the first."""
    start, end = span_of(course)
    zone = ZoneInfo(course.zone)
    year = end.astimezone(zone).year
    groups = put_together(check_ins_in(course), WIDE)
    days = [dates_of(group, zone) for group in groups]
    starts = [first for first, _ in days]
    held: list[list[Act | Mark]] = [[] for _ in groups]
    things: list[Act | Mark] = [*course.acts, *course.marks]
    for thing in sorted(things, key=lambda thing: thing.at):
        if groups and start <= thing.at <= end:
            day = thing.at.astimezone(zone).date()
            held[max(bisect_right(starts, day) - 1, 0)].append(thing)
    partner, client = (len(scored_until(readings, end)) >= ENOUGH for readings in (course.partner, course.client))
    rows: list[Row] = []
    for group, span, found in zip(groups, days, held, strict=True):
        upper = [c.partner for c in group if c.partner and c.partner.value is not None]
        lower = [c.client for c in group if c.client and c.client.value is not None]
        rows.append(
            Row(
                f"{when_words(*span, year)}{together(group)}",
                _mean_words(upper),
                _level_words(upper) if partner else "",
                _mean_words(lower),
                _level_words(lower) if client else "",
                remarks_on(found, span, zone, year),
            )
        )
    return tuple(reversed(rows))


def _warmth(course: Course, partner: Sequence[Reading], zone: ZoneInfo, end: datetime) -> tuple[datetime, str]:
    """Since when, and how the partner has been: at the newest shift that shows in the scores, else by level."""
    shifts = [mark for mark in course.marks if mark.kind in ("shift", "held") and mark.at <= end]
    for mark in sorted(shifts, key=lambda mark: mark.at, reverse=True):
        before = [r.value for r in partner if r.value is not None and r.at < mark.at][-6:]
        after = [r.value for r in partner if r.value is not None and r.at >= mark.at]
        if len(before) < 2 or len(after) < 2:
            continue
        change = fmean(after) - fmean(before)
        if abs(change) >= TELLING:
            how = "warmer" if change > 0 else "cooler"
            return mark.at, f"has been {how} since about {_long(mark.at, zone, end)}"
    base, change = _change(partner)
    when = _long(base, zone, end)
    if not change:
        return base, f"has stayed about as warm since around {when}"
    return base, f"has been {'warmer' if change > 0 else 'cooler'} than around {when}"


def _conduct(name: str, client: Sequence[Reading], zone: ZoneInfo, end: datetime) -> str:
    base, change = _change(client)
    if not change:
        return ""
    return f"{name} is pressing {'more' if change > 0 else 'less'} than around {_long(base, zone, end)}."


def _change(scored: Sequence[Reading]) -> tuple[datetime, float]:
    """The day to compare with, four weeks before the last check-in or the first one; and the change of the
    level since (points), 0 where it is smaller than what is uncertain."""
    last = scored[-1]
    base = next((r for r in reversed(scored) if last.at - r.at >= LOOK_BACK), scored[0])
    if last.level is None or base.level is None:
        return base.at, 0.0
    change = last.level - base.level
    half = Level(last.level, last.var or 0.0, 0.0).half
    return base.at, change if abs(change) >= max(TELLING, half) else 0.0


def scores_of(group: Sequence[CheckIn]) -> str:
    said: list[str] = []
    about = "about " if len(group) > 1 else ""
    sides: tuple[tuple[str, Side], ...] = (("warmth", "partner"), ("pressing", "client"))
    for name, side in sides:
        values = [value for check_in in group if (value := value_on(check_in, side)) is not None]
        said.append(f"{name} {about}{fmean(values):.0f}" if values else f"{name} not known")
    return ", ".join(said)


def _mean_words(readings: Sequence[Reading]) -> str:
    values = [reading.value for reading in readings if reading.value is not None]
    return f"{fmean(values):.0f}" if values else "–"


def _level_words(readings: Sequence[Reading]) -> str:
    known = [(r.level, r.var) for r in readings if r.level is not None and r.var is not None]
    if not known:
        return ""
    low, high = band_edges(*known[-1])
    return f"{clip(known[-1][0]):.0f} ({low:.0f}–{high:.0f})"


def together(group: Sequence[CheckIn]) -> str:
    return f", {len(group)} check-ins" if len(group) > 1 else ""


def remarks_on(things: Sequence[Act | Mark], days: Days, zone: ZoneInfo, year: int) -> str:
    """What came up: on one day up to two acts and two marks in their own words, otherwise counted."""
    said: list[str] = []
    for kind in (Act, Mark):
        found = [thing for thing in things if isinstance(thing, kind)]
        if len(found) > 2 or (found and days[0] != days[1]):
            said.append(_counted(found))
        else:
            said.extend(_dated(thing, days, zone, year) for thing in found)
    return "; ".join(said)


def _dated(thing: Act | Mark, days: Days, zone: ZoneInfo, year: int) -> str:
    """A thing in its own words, with its day where that is not one of `days`."""
    day = thing.at.astimezone(zone).date()
    return _phrase(thing) if days[0] <= day <= days[1] else f"{_short_day(day, year)} {_phrase(thing)}"


def titled(marks: Sequence[Mark], zone: ZoneInfo, end: datetime) -> str:
    said = "; ".join(map(_phrase, marks)) if len(marks) <= 2 else _counted(marks)
    return f"{when_words(*dates_of(marks, zone), end.astimezone(zone).year)}, {said}"


def _counted(things: Sequence[Act | Mark]) -> str:
    lanes = Counter(thing.lane for thing in things if isinstance(thing, Act))
    kinds = Counter(thing.kind for thing in things if isinstance(thing, Mark))
    said = [f"{_family(lane)} {_times(lanes[lane])}" for lane in LANES if lanes[lane]]
    said += [f"{kinds[kind]} {WORDS[kind][kinds[kind] > 1]}" for kind in KINDS if kinds[kind]]
    return ", ".join(said)


def _phrase(thing: Act | Mark) -> str:
    words = cut(thing.words, 60)
    return words if isinstance(thing, Act) else f"{WORDS[thing.kind][0]}: {words}"


def _family(lane: LaneName) -> str:
    return "own good conduct" if lane == "good" else lane


def too_few(count: int) -> str:
    return f"not enough data yet ({min(count, ENOUGH - 1)} of {ENOUGH})"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _list(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def when_words(first: date, last: date, year: int) -> str:
    """A day or a stretch of days, short; the year only where it is not the one the chart ends in."""
    if first == last:
        return _short_day(first, year)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{_short_day(last, year)}"
    return f"{_short_day(first, last.year)} – {_short_day(last, year)}"


def _short_day(day: date, year: int) -> str:
    plain = f"{day.day} {MONTHS[day.month - 1][:3]}"
    return plain if day.year == year else f"{plain} {day.year}"


def _long(at: datetime, zone: ZoneInfo, end: datetime) -> str:
    day = at.astimezone(zone).date()
    plain = f"{day.day} {MONTHS[day.month - 1]}"
    return plain if day.year == end.astimezone(zone).year else f"{plain} {day.year}"
