"""One ledger: scores as dots, the level with its band, silences, and the means around a shift."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import fmean
from typing import Final

from .course import (
    ENOUGH,
    SILENCE,
    CheckIn,
    Course,
    Reading,
    Side,
    days_in,
    grown,
    middle_of,
    scored_until,
    span_of,
    value_on,
)
from .drawing import LETTER, Label, Panel, Place, Plan, band_edges, clear_height, clip, dot, height_of, num, path
from .words import cut, too_few

# Heights worth knowing (points): warmth from which a small step may be tried, pressing from which it is worth a look.
THRESHOLDS: Final[dict[Side, float]] = {"partner": 40.0, "client": 50.0}


@dataclass(frozen=True, slots=True)
class _Vertex:
    """A point of the level line: `silence` is the longest silence (days) since the vertex before, 0 if none."""

    at: datetime
    mean: float
    var: float
    silence: float


def panel_of(
    side: Side,
    course: Course,
    groups: Sequence[Sequence[CheckIn]],
    plan: Plan,
    x_of: Place,
) -> Panel:
    top, bottom = plan.upper if side == "partner" else plan.lower
    start, end = span_of(course)
    scored = scored_until(course.partner if side == "partner" else course.client, end)

    def y_of(points: float) -> float:
        return height_of(points, (top, bottom))

    dots = [
        (x_of(middle_of(group)), y_of(fmean(values)))
        for group in groups
        if (values := [value for check_in in group if (value := value_on(check_in, side)) is not None])
    ]
    lasts = [group[-1].at for group in groups]
    vertices = _vertices(scored, lasts, start, end) if len(scored) >= ENOUGH else []
    line, gaps = _line(vertices, x_of, y_of)
    note = None
    if not vertices:
        known = len(scored) >= ENOUGH and any(reading.level is not None for reading in scored)
        words = "nothing reported in this time" if known else too_few(len(scored))
        y = clear_height([height for _, height in dots], top, bottom)
        note = Label(num((plan.left + plan.right) / 2), num(y + 5), "middle", words)
    if side == "partner":
        fit = cut(course.partner_name, 24 if plan.name == "wide" else 10)
        name = f"How {fit} was"
        if plan.name == "wide":
            name = f"{name}, as {cut(course.client_name, 24)} reports it"
        else:
            name = f"{name}, says {cut(course.client_name, 10)}"
    else:
        name = f"{cut(course.client_name, 24)}'s own conduct"
    return Panel(
        side=side,
        name=Label("0", num(top - (22 if side == "partner" else 13)), "start", name),
        top=num(y_of(100)),
        middle=num(y_of(50)),
        bottom=num(y_of(0)),
        band=_band(vertices, x_of, y_of),
        line=line,
        gaps=gaps,
        dots="".join(dot(x, y) for x, y in dots),
        end=_end("warmth" if side == "partner" else "pressing", vertices, dots, plan, x_of, y_of, (top, bottom)),
        note=note,
        threshold=num(y_of(THRESHOLDS[side])) if vertices else "",
        means=_means(side, True, course, start, end, x_of, y_of),
        maybe=_means(side, False, course, start, end, x_of, y_of),
    )


def _means(
    side: Side, sure: bool, course: Course, start: datetime, end: datetime, x_of: Place, y_of: Callable[[float], float]
) -> str:
    """The blocks before and after each shift as level strokes, as far as they lie in the span."""
    said = []
    for moved in course.moved:
        if moved.side == side and moved.sure == sure:
            for first, last, mean in ((moved.first, moved.split, moved.before), (moved.onset, moved.last, moved.after)):
                left, right = x_of(min(max(first, start), end)), x_of(min(max(last, start), end))
                if right > left:
                    said.append(f"M{num(left)} {num(y_of(mean))}H{num(right)}")
    return "".join(said)


def _vertices(scored: Sequence[Reading], lasts: Sequence[datetime], start: datetime, end: datetime) -> list[_Vertex]:
    """The level where it is drawn: at the last scored check-in of each group, where it enters at the left
    edge, and, after a silence, at the right edge with all that is unknown by then."""
    known = [(r.at, r.level, r.var) for r in scored if r.level is not None and r.var is not None]
    inside = [k for k in known if k[0] >= start]
    if not inside:
        return []
    found: list[_Vertex] = []
    silence = 0.0
    first = len(known) - len(inside)
    if first:
        (at, mean, var), (then, level, noise) = known[first - 1], known[first]
        share = (start - at) / (then - at)
        quiet = then - at > SILENCE
        here = grown(var, days_in(start - at)) if quiet else var + share * (noise - var)
        found.append(_Vertex(start, mean + share * (level - mean), here, 0.0))
        silence = days_in(then - start) if quiet else 0.0
    before: datetime | None = None
    for index, (at, mean, var) in enumerate(inside):
        if before is not None and at - before > SILENCE:
            silence = max(silence, days_in(at - before))
        before = at
        follows = inside[index + 1][0] if index + 1 < len(inside) else None
        if index and follows is not None and bisect_left(lasts, at) == bisect_left(lasts, follows):
            continue  # a later check-in of the same group speaks for it
        found.append(_Vertex(at, mean, var, silence))
        silence = 0.0
    last = found[-1]
    if end - last.at > SILENCE:
        quiet_days = days_in(end - last.at)
        found.append(_Vertex(end, last.mean, grown(last.var, quiet_days), quiet_days))
    return found


def _line(vertices: Sequence[_Vertex], x_of: Place, y_of: Callable[[float], float]) -> tuple[str, str]:
    """The stretches that are known and those over silence, as two paths."""
    places = [(x_of(vertex.at), y_of(vertex.mean)) for vertex in vertices]
    line = gaps = ""
    run: list[tuple[float, float]] = []
    for index, vertex in enumerate(vertices):
        if vertex.silence and index:
            gaps += path(places[index - 1 : index + 1])
            line, run = line + path(run), []
        run.append(places[index])
    return line + path(run), gaps


def _band(vertices: Sequence[_Vertex], x_of: Place, y_of: Callable[[float], float]) -> str:
    """The 80 % band as one closed path: over a silence it opens like a trumpet, and closes with what came."""
    if len(vertices) < 2:
        return ""
    edge: list[tuple[float, float, float]] = []
    for one, two in pairwise(vertices):
        if not edge:
            edge.append((x_of(one.at), *band_edges(one.mean, one.var)))
        if two.silence:
            for share in (0.1, 0.25, 0.5, 0.75, 1.0):
                mean = one.mean + share * (two.mean - one.mean)
                x = x_of(one.at) + share * (x_of(two.at) - x_of(one.at))
                edge.append((x, *band_edges(mean, grown(one.var, share * two.silence))))
        edge.append((x_of(two.at), *band_edges(two.mean, two.var)))
    over = [(x, y_of(high)) for x, _, high in edge]
    under = [(x, y_of(low)) for x, low, _ in reversed(edge)]
    return path(over + under) + "z"


def _end(
    words: str,
    vertices: Sequence[_Vertex],
    dots: Sequence[tuple[float, float]],
    plan: Plan,
    x_of: Place,
    y_of: Callable[[float], float],
    edges: tuple[float, float],
) -> Label | None:
    """The name of a line where it ends: beside it, or above its band where there is no room at the right."""
    if not vertices:
        return None
    last = vertices[-1]
    x, y = x_of(last.at), y_of(clip(last.mean))
    if plan.name == "wide":
        beside = plan.right + 6 if plan.right - x < 40 else x + 11
        return Label(num(beside), num(min(max(y + 5, edges[0] + 12), edges[1] - 2)), "start", words)
    left = x - len(words) * LETTER - 10
    bands = [band_edges(vertex.mean, vertex.var) for vertex in vertices if x_of(vertex.at) >= left]
    near = [height for place, height in dots if place >= left]
    above = min([y_of(high) for _, high in bands] + near) - 8
    below = max([y_of(low) for low, _ in bands] + near) + 18
    baseline = above if above - 12 > edges[0] else min(below, edges[1] - 3)
    return Label(num(min(x + 5, plan.right)), num(baseline), "end", words)
