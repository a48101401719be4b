"""The course of a case as a drawing: two ledgers on one time axis (front-end choices, 3 and 10).

Above, the partner's signs as the client reports them; below, the client's own conduct, with a lane of marks
for each family of acts. Data in, coordinates out: no framework, no clock, nothing read or written. All
coordinates are SVG user units as short strings, so that a template can print them in any locale; scores,
levels and bands are points of 0 to 100; times are aware datetimes, shown in the zone of the person who looks.

Two things keep a page small however long the history is: check-ins beyond `draw`'s room are put together by
equal stretches of time (the newest always stand alone), and marks that would cover each other become one
with a count. A silence of more than fourteen days is dashed and its band widens; it is never a plain line.

`course` holds what is drawn, `drawing` what comes of it and the plan of a page; `ledger` and `marks` put the
parts where they belong; `words` says the same in sentences and numbers.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from .course import (
    KINDS,
    LANES,
    SIDES,
    Act,
    Course,
    Mark,
    Moved,
    Reading,
    Side,
    Window,
    check_ins_in,
    put_together,
    span_of,
)
from .drawing import INSET, Chart, Key, Label, num, plan_for
from .ledger import panel_of
from .marks import SHAPES, axis_names, glyphs_of, heaps_of, lane_of, shades_of, stops_of, ticks_of
from .words import WORDS, describe, table

__all__ = ["Act", "Chart", "Course", "Mark", "Moved", "Reading", "Side", "Window", "describe", "draw", "table"]


def draw(course: Course, width: int) -> Chart:
    """The course `width` units wide: 600 and more leaves room for labels at the right of the lines."""
    plan = plan_for(width)
    start, end = span_of(course)
    seconds = (end - start).total_seconds()
    reach = plan.right - plan.left - 2 * INSET

    def x_of(at: datetime) -> float:
        return plan.left + INSET + reach * (at - start).total_seconds() / seconds

    zone = ZoneInfo(course.zone)
    groups = put_together(check_ins_in(course), plan.groups)
    acts = sorted((act for act in course.acts if start <= act.at <= end), key=lambda act: act.at)
    marks = sorted((mark for mark in course.marks if start <= mark.at <= end), key=lambda mark: mark.at)
    shifts = dict.fromkeys(num(x_of(mark.at)) for mark in marks if mark.kind == "shift")
    held = dict.fromkeys(num(x_of(mark.at)) for mark in marks if mark.kind == "held")
    rows = [
        heaps_of([mark for mark in marks if mark.kind in kinds], y, plan, x_of)
        for kinds, y in zip((("flag",), ("note", "sent")), plan.rows, strict=True)
    ]
    panels = tuple(panel_of(side, course, groups, plan, x_of) for side in SIDES)
    return Chart(
        name=plan.name,
        width=width,
        height=plan.height,
        left=num(plan.left),
        right=num(plan.right),
        top=num(plan.upper[0]),
        foot=num(plan.foot),
        names=axis_names(plan),
        dense=len(groups) > (30 if plan.name == "wide" else 16),
        silent=any(panel.gaps for panel in panels),
        panels=panels,
        lanes=tuple(lane_of(lane, index, acts, plan, x_of) for index, lane in enumerate(LANES)),
        glyphs=tuple(glyph for row in rows for glyph in glyphs_of(row, plan, zone, end)),
        counts=tuple(
            Label(num(heap.x + 8), num(heap.y + 5), "start", str(len(heap.marks)))
            for row in rows
            for heap in row
            if len(heap.marks) > 1
        ),
        shifts=tuple(shifts),
        held=tuple(held),
        caps="".join(
            f"M{x} {num(plan.upper[0] - 9)}{SHAPES[kind]}"
            for kind, xs in (("shift", shifts), ("held", held))
            for x in xs
        ),
        windows=shades_of(course, plan, x_of),
        ticks=ticks_of(start, end, zone, plan, width, x_of),
        stops=stops_of(groups, acts, marks, plan, zone, end, x_of),
        keys=tuple(
            Key(kind, "M8 8" + SHAPES[kind], WORDS[kind][0])
            for kind in KINDS
            if any(mark.kind == kind for mark in marks)
        ),
    )
