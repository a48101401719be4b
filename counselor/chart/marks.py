"""What stands on the time axis: lanes of acts, marks, steady windows, dates, and the places the reader can go to."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import fmean
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from .course import (
    KINDS,
    LANES,
    Act,
    CheckIn,
    Course,
    LaneName,
    Mark,
    Side,
    dates_of,
    days_in,
    middle_of,
    span_of,
    value_on,
)
from .drawing import INSET, LETTER, Glyph, Label, Lane, Place, Plan, Shade, Stop, dot, height_of, num
from .words import MONTHS, remarks_on, scores_of, titled, together, when_words

# Drawn from their middle, so that a row of them is one path. Chasing and good conduct are strokes, the rest areas.
SHAPES: Final[dict[str, str]] = {
    "asking": "m-5.5-4.5h11l-5.5 9.5z",
    "chasing": "m-5-5 5 5-5 5m5-10 5 5-5 5",
    "controlling": "m-4.5-4.5h9v9h-9z",
    "good": "m-5 0h10m-5-5v10",
    "flag": "m-5-7h1.8v14h-1.8zm1.8.6h8.4l-2.6 3.6 2.6 3.6h-8.4z",
    "note": "m-5-6.5h7l3 3v10h-10zm2.2 5.4v1.4h5.6v-1.4zm0 3.2v1.4h5.6v-1.4z",
    "sent": "m7-6.5-5.2 13-2.6-5.4-6.2-2.8z",
    "shift": "m-7 3h5.8v-8h8.2v2.4h-5.8v8h-8.2z",
    "held": "m-7 2h5.2v-8.6h8.8v2.6h-6.2v8.6h-7.8zm0 3.4h14.6v1.6h-14.6z",
}
NEAR: Final = 22.0  # how far a mark may lie from the check-in that speaks for it


@dataclass(frozen=True, slots=True)
class _Heap:
    """Marks of one row that share a place (units)."""

    x: float
    y: float
    marks: Sequence[Mark]


def axis_names(plan: Plan) -> tuple[Label, ...]:
    """What the heights mean, right-aligned at the axis."""
    lanes = [plan.lanes + plan.lane * (index + 0.5) for index in range(len(LANES))]
    ends = [height_of(points, edges) for edges in (plan.upper, plan.lower) for points in (100, 0)]
    good = "own good conduct" if plan.name == "wide" else "own good"
    words = ["warm", "cold", "pressing", "none", "flags", "notes, sent", *LANES[:-1], good]
    heights = [*ends, *plan.rows, *lanes]
    return tuple(Label(num(plan.left - 10), num(y + 5), "end", text) for y, text in zip(heights, words, strict=True))


def lane_of(kind: LaneName, index: int, acts: Iterable[Act], plan: Plan, x_of: Place) -> Lane:
    y = plan.lanes + plan.lane * (index + 0.5)
    found = [x_of(act.at) for act in acts if act.lane == kind]
    apart = 4 if len(found) <= 60 else 9  # the width of a mark is 11
    drawn: list[float] = []
    for x in found:
        if not drawn or x - drawn[-1] >= apart:
            drawn.append(x)
    return Lane(
        kind=kind,
        y=num(y),
        d="".join(f"M{num(x)} {num(y)}{SHAPES[kind]}" for x in drawn),
    )


def heaps_of(marks: Sequence[Mark], y: float, plan: Plan, x_of: Place) -> list[_Heap]:
    """The marks of a row, 26 units apart and at most `heaps` of them: the two nearest are put together first."""
    bins: dict[int, list[Mark]] = {}
    for mark in marks:
        bins.setdefault(int(x_of(mark.at) // 8), []).append(mark)
    heaps = [_Heap(fmean(x_of(mark.at) for mark in held), y, held) for _, held in sorted(bins.items())]
    while len(heaps) > 1:
        gap, index = min((two.x - one.x, index) for index, (one, two) in enumerate(pairwise(heaps)))
        if gap >= 26 and len(heaps) <= plan.heaps:
            break
        held = [*heaps[index].marks, *heaps[index + 1].marks]
        heaps[index : index + 2] = [_Heap(fmean(x_of(mark.at) for mark in held), y, held)]
    return heaps


def glyphs_of(heaps: Sequence[_Heap], plan: Plan, zone: ZoneInfo, end: datetime) -> list[Glyph]:
    shapes = [(min((mark.kind for mark in heap.marks), key=KINDS.index), heap) for heap in heaps]
    drawn = [(kind, f"M{num(heap.x)} {num(heap.y)}{SHAPES[kind]}", heap.marks) for kind, heap in shapes]
    if plan.name == "narrow":
        kinds = dict.fromkeys(kind for kind, _, _ in drawn)
        return [Glyph(kind, "".join(d for other, d, _ in drawn if other == kind), "", "") for kind in kinds]
    return [Glyph(kind, d, titled(held, zone, end), held[0].href if len(held) == 1 else "") for kind, d, held in drawn]


def shades_of(course: Course, plan: Plan, x_of: Place) -> tuple[Shade, ...]:
    start, end = span_of(course)
    found: list[Shade] = []
    for window in sorted(course.windows, key=lambda window: window.start):
        first, last = max(window.start, start), min(window.end, end)
        if first >= last:
            continue
        x, right, top = x_of(first), x_of(last), plan.upper[0]
        name = None
        if x + 11 + 13 * LETTER < plan.right:
            name = Label(num(x + 11), num(top - 5), "start", "steady window")
        elif x - 14 * LETTER > 0:
            name = Label(num(x - 11), num(top - 5), "end", "steady window")
        if found and found[-1].name and name and x - float(found[-1].x) < 15 * LETTER:
            name = None
        found.append(Shade(num(x), num(top), num(right - x), num(plan.foot - top), num(right), name))
    return tuple(found)


_Step: TypeAlias = tuple[Literal["day", "month", "year"], int]
STEPS: Final[tuple[_Step, ...]] = (
    ("day", 1), ("day", 2), ("day", 7), ("day", 14), ("month", 1), ("month", 2), ("month", 3), ("month", 6),
    ("year", 1), ("year", 2), ("year", 5), ("year", 10), ("year", 25), ("year", 50), ("year", 100),
)  # fmt: skip


def ticks_of(
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    plan: Plan,
    width: int,
    x_of: Place,
) -> tuple[Label, ...]:
    """Dates under the axis, in the closest step whose labels leave air between them."""
    y = num(plan.foot + 19)
    for step in STEPS:
        if _step_days(step) * (plan.right - plan.left) < 24 * days_in(end - start):
            continue  # not even two letters would fit
        places = [(x_of(midnight), day) for day, midnight in dates_in(start, end, zone, step)]
        words = _tick_words([day for _, day in places], step, start.astimezone(zone).year)
        labels = [(x, text, len(text) * LETTER / 2) for (x, _), text in zip(places, words, strict=True)]
        if all(two[0] - two[2] - one[0] - one[2] >= 14 for one, two in pairwise(labels)):
            return tuple(
                Label(num(x), y, "middle", text if x - half >= 0 and x + half <= width else "")
                for x, text, half in labels
            )
    return ()


def _step_days(step: _Step) -> float:
    return step[1] * {"day": 1.0, "month": 30.4, "year": 365.2}[step[0]]


def dates_in(start: datetime, end: datetime, zone: ZoneInfo, step: _Step) -> list[tuple[date, datetime]]:
    """Every date of a step that lies in the span, with its midnight in the zone. Weeks begin on Mondays."""
    unit, size = step
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    days: list[date] = []
    if unit == "day":
        base = 1 - size if size < 7 else 1  # an ordinal of 1 is a Monday
        day = date.fromordinal(first.toordinal() - (first.toordinal() - base) % size)
        while day <= last:
            days.append(day)
            day += timedelta(days=size)
    else:
        months = size if unit == "month" else size * 12
        index = (first.year * 12 + first.month - 1) // months * months
        while (day := date(max(index // 12, 1), index % 12 + 1, 1)) <= last:
            days.append(day)
            index += months
    moments = [(day, datetime(day.year, day.month, day.day, tzinfo=zone)) for day in days]
    return [(day, midnight) for day, midnight in moments if start <= midnight <= end]


def _tick_words(days: Sequence[date], step: _Step, year: int) -> list[str]:
    """A year other than `year` is named where it begins, and nowhere else."""
    words: list[str] = []
    for day in days:
        if step[0] == "year":
            words.append(str(day.year))
            continue
        plain = MONTHS[day.month - 1][:3]
        if step[0] == "day":
            plain = f"{day.day} {plain}"
        words.append(plain if day.year == year else f"{plain} {day.year}")
        year = day.year
    return words


def stops_of(
    groups: Sequence[Sequence[CheckIn]],
    acts: Sequence[Act],
    marks: Sequence[Mark],
    plan: Plan,
    zone: ZoneInfo,
    end: datetime,
    x_of: Place,
) -> tuple[Stop, ...]:
    """Check-ins, each speaking for the acts and marks of its day and near it; what lies far speaks for itself."""
    year = end.astimezone(zone).year
    places = [x_of(middle_of(group)) for group in groups]
    spans = [dates_of(group, zone) for group in groups]
    starts = [first for first, _ in spans]
    held: list[list[Act | Mark]] = [[] for _ in groups]
    alone: list[tuple[float, list[Act | Mark]]] = []
    things: list[Act | Mark] = [*acts, *marks]
    for thing in sorted(things, key=lambda thing: thing.at):
        x, day = x_of(thing.at), thing.at.astimezone(zone).date()
        same = bisect_right(starts, day) - 1
        after = bisect_left(places, x)
        near = min(range(max(after - 1, 0), min(after + 1, len(places))), key=lambda i: abs(places[i] - x), default=-1)
        if same >= 0 and day <= spans[same][1]:
            held[same].append(thing)
        elif near >= 0 and abs(places[near] - x) <= NEAR:
            held[near].append(thing)
        elif alone and x - alone[-1][0] <= NEAR:
            alone[-1][1].append(thing)
        else:
            alone.append((x, [thing]))
    ledgers: tuple[tuple[Side, tuple[float, float]], ...] = (("partner", plan.upper), ("client", plan.lower))
    found: list[tuple[float, Stop]] = []
    for x, group, days, things in zip(places, groups, spans, held, strict=True):
        title = f"{when_words(*days, year)}: {scores_of(group)}"
        words = f"{when_words(*days, year)}{together(group)}: {scores_of(group)}"
        came = remarks_on(things, days, zone, year)
        spots = [
            height_of(fmean(values), edges)
            for side, edges in ledgers
            if (values := [value for check_in in group if (value := value_on(check_in, side)) is not None])
        ] or [plan.lower[1] - INSET]
        d = "".join(dot(x, y) for y in spots)
        found.append((x, Stop(num(x), d, title, f"{words}; {came}" if came else words)))
    for x, things in alone:
        days = dates_of(things, zone)
        first = things[0]
        if isinstance(first, Act):
            y = plan.lanes + plan.lane * (LANES.index(first.lane) + 0.5)
        else:
            y = plan.rows[first.kind in ("note", "sent")]
        words = f"{when_words(*days, year)}, {remarks_on(things, days, zone, year)}"
        found.append((x, Stop(num(x), dot(x, y), words, words)))
    return tuple(stop for _, stop in sorted(found, key=lambda entry: entry[0]))
