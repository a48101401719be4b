"""The course of a case as a drawing: two ledgers on one time axis (front-end choices, 3 and 10).

Above, the partner's signs as the client reports them; below, the client's own conduct, with a lane of marks
for each family of acts. Data in, coordinates out: no framework, no clock, nothing read or written. All
coordinates are SVG user units as short strings, so that a template can print them in any locale; scores,
levels and bands are points of 0 to 100; times are aware datetimes, shown in the zone of the person who looks.

Two things keep a page small however long the history is: check-ins beyond `draw`'s room are put together by
equal stretches of time (the newest always stand alone), and marks that would cover each other become one
with a count. A silence of more than fourteen days is dashed and its band widens; it is never a plain line.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from statistics import fmean
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from clients.progress.level import SCORES, Level, band

LaneName: TypeAlias = Literal["asking", "chasing", "controlling", "good"]
MarkKind: TypeAlias = Literal["flag", "note", "sent", "shift", "held"]
Side: TypeAlias = Literal["partner", "client"]

ENOUGH: Final = 3  # check-ins before a level may be drawn
SILENCE: Final = timedelta(days=14)
LOOK_BACK: Final = timedelta(days=28)
TELLING: Final = 10.0  # points a level must have moved before words say so

SIDES: Final[tuple[Side, ...]] = ("partner", "client")
LANES: Final[tuple[LaneName, ...]] = ("asking", "chasing", "controlling", "good")
KINDS: Final[tuple[MarkKind, ...]] = ("flag", "shift", "held", "note", "sent")  # the first gives a heap its shape
WORDS: Final = {
    "flag": ("flag", "flags"),
    "shift": ("possible shift", "possible shifts"),
    "held": ("shift that has held", "shifts that have held"),
    "note": ("note", "notes"),
    "sent": ("guidance sent", "pieces of guidance sent"),
}
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
# Heights worth knowing (points): warmth from which a small step may be tried, pressing from which it is worth a look.
THRESHOLDS: Final[dict[Side, float]] = {"partner": 40.0, "client": 50.0}
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """One check-in on one index: its score (None where it could not be scored), and the filter's mean
    (points) and variance (points squared) after it, None while the series has not begun."""

    at: datetime
    value: float | None
    level: float | None
    var: float | None


@dataclass(frozen=True, slots=True)
class Act:
    """Something the client did, as a short phrase: "asked about living together"."""

    at: datetime
    lane: LaneName
    words: str


@dataclass(frozen=True, slots=True)
class Window:
    """A steady window, from its first moment to its last."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """A shift of one ledger: the blocks before (`first` to `split`) and after (`onset` to `last`) with their means in
    points; `sure` where it has held for two weeks or more."""

    side: Side
    sure: bool
    first: datetime
    split: datetime
    onset: datetime
    last: datetime
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A flag, a note, guidance sent or a shift: what it says, and the page it leads to if any."""

    at: datetime
    kind: MarkKind
    words: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """All that is drawn, oldest first or not. `zone` is the zone of the person who looks (an IANA name).

    Readings before `start` are not drawn, but the newest of them gives the line where it enters.
    """

    start: datetime
    end: datetime
    partner: tuple[Reading, ...]
    client: tuple[Reading, ...]
    acts: tuple[Act, ...]
    windows: tuple[Window, ...]
    marks: tuple[Mark, ...]
    client_name: str
    partner_name: str
    zone: str
    moved: tuple[Moved, ...] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """Words at a place. `anchor` is SVG's text-anchor, `y` the baseline."""

    x: str
    y: str
    anchor: Literal["start", "middle", "end"]
    words: str


@dataclass(frozen=True, slots=True)
class Shade:
    """A shaded stretch of time, across both ledgers, with its name above if there is room."""

    x: str
    y: str
    width: str
    height: str
    right: str
    name: Label | None


@dataclass(frozen=True, slots=True)
class Panel:
    """One ledger. `top`, `middle`, `bottom` are the heights of 100, 50 and 0 points.

    Paths: `band` (closed), `line` (known stretches), `gaps` (stretches of silence, to be dashed), `dots`
    (one point a check-in: strokes of no length, round ends), `means` (blocks before and after a shift that has
    held), `maybe` (those of a possible one). Empty strings where there is nothing to draw. `threshold`: its height.
    """

    side: Side
    name: Label
    top: str
    middle: str
    bottom: str
    band: str
    line: str
    gaps: str
    dots: str
    end: Label | None
    note: Label | None
    threshold: str
    means: str
    maybe: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One family of acts: a level at `y` and all its marks as one path."""

    kind: LaneName
    y: str
    d: str


@dataclass(frozen=True, slots=True)
class Glyph:
    """A mark of the middle rows, or several of a row that would cover each other. In the narrow drawing all of
    a kind in one, without `words` and `href`: a fingertip is larger than a mark."""

    kind: MarkKind
    d: str
    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Stop:
    """One place the reader can go to: `d` marks it in both ledgers, `words` is the read-out line, `title` its
    beginning."""

    x: str
    d: str
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Key:
    """A shape of the legend."""

    kind: str
    d: str
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing at one width. `left`, `right`: the time axis; `top`, `foot`: the ledgers and their lanes.
    `shifts`, `held`: where the lines of possible shifts and of those that have held stand, `caps`: the shapes on top. `dense`: the points are to be
    small. `silent`: something is dashed."""

    name: Literal["wide", "narrow"]
    width: int
    height: int
    left: str
    right: str
    top: str
    foot: str
    names: tuple[Label, ...]
    dense: bool
    silent: bool
    panels: tuple[Panel, ...]
    lanes: tuple[Lane, ...]
    glyphs: tuple[Glyph, ...]
    counts: tuple[Label, ...]
    shifts: tuple[str, ...]
    held: tuple[str, ...]
    caps: str
    windows: tuple[Shade, ...]
    ticks: tuple[Label, ...]
    stops: tuple[Stop, ...]
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One check-in, or several put together, as text. Levels with their 80 % band; "" where there is none."""

    when: str
    warmth: str
    warmth_level: str
    pressing: str
    pressing_level: str
    remarks: str


# The page is laid out once for each width; letters are 14 units high in both.
LETTER: Final = 7.4  # mean width of a letter
WIDE: Final = 40  # check-ins, alone or put together, in the wide drawing and the table
NARROW: Final = 18
ALONE: Final = 8  # of the newest are never put together with others
NEAR: Final = 22.0  # how far a mark may lie from the check-in that speaks for it
INSET: Final = 7.0  # of the data from the edges of a ledger, so that no mark is cut


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where things go at one width (units)."""

    name: Literal["wide", "narrow"]
    left: float
    right: float
    upper: tuple[float, float]
    rows: tuple[float, float]
    lower: tuple[float, float]
    lanes: float
    lane: float
    groups: int
    heaps: int

    @property
    def foot(self) -> float:
        return self.lanes + self.lane * len(LANES)

    @property
    def height(self) -> int:
        return round(self.foot + 26)


def _plan(width: int) -> _Plan:
    if width >= 600:
        return _Plan("wide", 134, width - 84.0, (40, 190), (210, 234), (278, 386), 394, 23, WIDE, 10)
    return _Plan("narrow", 88, width - 6.0, (40, 172), (192, 216), (260, 356), 364, 23, NARROW, 6)


@dataclass(frozen=True, slots=True)
class _CheckIn:
    at: datetime
    partner: Reading | None
    client: Reading | None


@dataclass(frozen=True, slots=True)
class _Heap:
    """Marks of one row that share a place (units)."""

    x: float
    y: float
    marks: Sequence[Mark]


_Place: TypeAlias = Callable[[datetime], float]
_Days: TypeAlias = tuple[date, date]


def draw(course: Course, width: int) -> Chart:
    """The course `width` units wide: 600 and more leaves room for labels at the right of the lines."""
    plan = _plan(width)
    start, end = _span(course)
    seconds = (end - start).total_seconds()
    reach = plan.right - plan.left - 2 * INSET

    def x_of(at: datetime) -> float:
        return plan.left + INSET + reach * (at - start).total_seconds() / seconds

    zone = ZoneInfo(course.zone)
    groups = _groups(_inside(course), plan.groups)
    acts = sorted((act for act in course.acts if start <= act.at <= end), key=lambda act: act.at)
    marks = sorted((mark for mark in course.marks if start <= mark.at <= end), key=lambda mark: mark.at)
    shifts = dict.fromkeys(_n(x_of(mark.at)) for mark in marks if mark.kind == "shift")
    held = dict.fromkeys(_n(x_of(mark.at)) for mark in marks if mark.kind == "held")
    rows = [
        _heaps([mark for mark in marks if mark.kind in kinds], y, plan, x_of)
        for kinds, y in zip((("flag",), ("note", "sent")), plan.rows, strict=True)
    ]
    panels = tuple(_panel(side, course, groups, plan, x_of) for side in SIDES)
    return Chart(
        name=plan.name,
        width=width,
        height=plan.height,
        left=_n(plan.left),
        right=_n(plan.right),
        top=_n(plan.upper[0]),
        foot=_n(plan.foot),
        names=_names(plan),
        dense=len(groups) > (30 if plan.name == "wide" else 16),
        silent=any(panel.gaps for panel in panels),
        panels=panels,
        lanes=tuple(_lane(lane, index, acts, plan, x_of) for index, lane in enumerate(LANES)),
        glyphs=tuple(glyph for row in rows for glyph in _glyphs(row, plan, zone, end)),
        counts=tuple(
            Label(_n(heap.x + 8), _n(heap.y + 5), "start", str(len(heap.marks)))
            for row in rows
            for heap in row
            if len(heap.marks) > 1
        ),
        shifts=tuple(shifts),
        held=tuple(held),
        caps="".join(
            f"M{x} {_n(plan.upper[0] - 9)}{SHAPES[kind]}"
            for kind, xs in (("shift", shifts), ("held", held))
            for x in xs
        ),
        windows=_windows(course, plan, x_of),
        ticks=_ticks(start, end, zone, plan, width, x_of),
        stops=_stops(groups, acts, marks, plan, zone, end, x_of),
        keys=tuple(
            Key(kind, "M8 8" + SHAPES[kind], WORDS[kind][0])
            for kind in KINDS
            if any(mark.kind == kind for mark in marks)
        ),
    )


def describe(course: Course) -> str:
    """What the chart shows, in a sentence or two: observed and reported, no causes and nothing to come."""
    start, end = _span(course)
    zone = ZoneInfo(course.zone)
    partner, client = _scored(course.partner, end), _scored(course.client, end)
    they = course.client_name
    if max(len(partner), len(client)) < ENOUGH:
        return f"From {they}'s check-ins: {_too_few(max(len(partner), len(client)))}."
    since, how = _warmth(course, partner, zone, end) if len(partner) >= ENOUGH else (None, "")
    count = Counter(act.lane for act in course.acts if (since or start) <= act.at <= end)
    came = [f"{lane} came up {_times(count[lane])}" for lane in LANES if count[lane] and lane != "good"]
    acts = _list(came) if came else "asking, chasing or controlling did not come up"
    if since:
        said = [f"{course.partner_name} {how}, as {they} reports it; {acts} since."]
    else:
        said = [
            f"How {course.partner_name} has been: {_too_few(len(partner))}.",
            f"{acts[0].upper()}{acts[1:]} in this time.",
        ]
    if len(client) < ENOUGH:
        said.append(f"{they}'s own conduct: {_too_few(len(client))}.")
    else:
        said.append(_conduct(they, client, zone, end))
    last = max(reading.at for reading in (*partner, *client))
    if end - last > SILENCE:
        said.append(f"No check-in since {_long(last, zone, end)}.")
    return " ".join(filter(None, said))


def table(course: Course) -> tuple[Row, ...]:
    """The numbers of the wide drawing, newest first. What came up between two check-ins stands with the first."""
    start, end = _span(course)
    zone = ZoneInfo(course.zone)
    year = end.astimezone(zone).year
    groups = _groups(_inside(course), WIDE)
    days = [_dates_of(group, zone) for group in groups]
    starts = [first for first, _ in days]
    held: list[list[Act | Mark]] = [[] for _ in groups]
    things: list[Act | Mark] = [*course.acts, *course.marks]
    for thing in sorted(things, key=lambda thing: thing.at):
        if groups and start <= thing.at <= end:
            day = thing.at.astimezone(zone).date()
            held[max(bisect_right(starts, day) - 1, 0)].append(thing)
    partner, client = (len(_scored(readings, end)) >= ENOUGH for readings in (course.partner, course.client))
    rows: list[Row] = []
    for group, span, found in zip(groups, days, held, strict=True):
        upper = [c.partner for c in group if c.partner and c.partner.value is not None]
        lower = [c.client for c in group if c.client and c.client.value is not None]
        rows.append(
            Row(
                f"{_when(*span, year)}{_together(group)}",
                _mean_words(upper),
                _level_words(upper) if partner else "",
                _mean_words(lower),
                _level_words(lower) if client else "",
                _remarks(found, span, zone, year),
            )
        )
    return tuple(reversed(rows))


# One ledger ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Vertex:
    """A point of the level line: `silence` is the longest silence (days) since the vertex before, 0 if none."""

    at: datetime
    mean: float
    var: float
    silence: float


def _panel(
    side: Side,
    course: Course,
    groups: Sequence[Sequence[_CheckIn]],
    plan: _Plan,
    x_of: _Place,
) -> Panel:
    top, bottom = plan.upper if side == "partner" else plan.lower
    start, end = _span(course)
    scored = _scored(course.partner if side == "partner" else course.client, end)

    def y_of(points: float) -> float:
        return _height(points, (top, bottom))

    dots = [
        (x_of(_middle(group)), y_of(fmean(values)))
        for group in groups
        if (values := [value for check_in in group if (value := _value(check_in, side)) is not None])
    ]
    lasts = [group[-1].at for group in groups]
    vertices = _vertices(scored, lasts, start, end) if len(scored) >= ENOUGH else []
    line, gaps = _line(vertices, x_of, y_of)
    note = None
    if not vertices:
        known = len(scored) >= ENOUGH and any(reading.level is not None for reading in scored)
        words = "nothing reported in this time" if known else _too_few(len(scored))
        y = _clear([height for _, height in dots], top, bottom)
        note = Label(_n((plan.left + plan.right) / 2), _n(y + 5), "middle", words)
    if side == "partner":
        fit = _cut(course.partner_name, 24 if plan.name == "wide" else 10)
        name = f"How {fit} was"
        if plan.name == "wide":
            name = f"{name}, as {_cut(course.client_name, 24)} reports it"
        else:
            name = f"{name}, says {_cut(course.client_name, 10)}"
    else:
        name = f"{_cut(course.client_name, 24)}'s own conduct"
    return Panel(
        side=side,
        name=Label("0", _n(top - (22 if side == "partner" else 13)), "start", name),
        top=_n(y_of(100)),
        middle=_n(y_of(50)),
        bottom=_n(y_of(0)),
        band=_band(vertices, x_of, y_of),
        line=line,
        gaps=gaps,
        dots="".join(_dot(x, y) for x, y in dots),
        end=_end("warmth" if side == "partner" else "pressing", vertices, dots, plan, x_of, y_of, (top, bottom)),
        note=note,
        threshold=_n(y_of(THRESHOLDS[side])) if vertices else "",
        means=_means(side, True, course, start, end, x_of, y_of),
        maybe=_means(side, False, course, start, end, x_of, y_of),
    )


def _means(
    side: Side, sure: bool, course: Course, start: datetime, end: datetime, x_of: _Place, y_of: Callable[[float], float]
) -> str:
    """The blocks before and after each shift as level strokes, as far as they lie in the span."""
    said = []
    for moved in course.moved:
        if moved.side == side and moved.sure == sure:
            for first, last, mean in ((moved.first, moved.split, moved.before), (moved.onset, moved.last, moved.after)):
                left, right = x_of(min(max(first, start), end)), x_of(min(max(last, start), end))
                if right > left:
                    said.append(f"M{_n(left)} {_n(y_of(mean))}H{_n(right)}")
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
        here = _grown(var, _days(start - at)) if quiet else var + share * (noise - var)
        found.append(_Vertex(start, mean + share * (level - mean), here, 0.0))
        silence = _days(then - start) if quiet else 0.0
    before: datetime | None = None
    for index, (at, mean, var) in enumerate(inside):
        if before is not None and at - before > SILENCE:
            silence = max(silence, _days(at - before))
        before = at
        follows = inside[index + 1][0] if index + 1 < len(inside) else None
        if index and follows is not None and bisect_left(lasts, at) == bisect_left(lasts, follows):
            continue  # a later check-in of the same group speaks for it
        found.append(_Vertex(at, mean, var, silence))
        silence = 0.0
    last = found[-1]
    if end - last.at > SILENCE:
        quiet_days = _days(end - last.at)
        found.append(_Vertex(end, last.mean, _grown(last.var, quiet_days), quiet_days))
    return found


def _line(vertices: Sequence[_Vertex], x_of: _Place, y_of: Callable[[float], float]) -> tuple[str, str]:
    """The stretches that are known and those over silence, as two paths."""
    places = [(x_of(vertex.at), y_of(vertex.mean)) for vertex in vertices]
    line = gaps = ""
    run: list[tuple[float, float]] = []
    for index, vertex in enumerate(vertices):
        if vertex.silence and index:
            gaps += _path(places[index - 1 : index + 1])
            line, run = line + _path(run), []
        run.append(places[index])
    return line + _path(run), gaps


def _band(vertices: Sequence[_Vertex], x_of: _Place, y_of: Callable[[float], float]) -> str:
    """The 80 % band as one closed path: over a silence it opens like a trumpet, and closes with what came."""
    if len(vertices) < 2:
        return ""
    edge: list[tuple[float, float, float]] = []
    for one, two in pairwise(vertices):
        if not edge:
            edge.append((x_of(one.at), *_edges(one.mean, one.var)))
        if two.silence:
            for share in (0.1, 0.25, 0.5, 0.75, 1.0):
                mean = one.mean + share * (two.mean - one.mean)
                x = x_of(one.at) + share * (x_of(two.at) - x_of(one.at))
                edge.append((x, *_edges(mean, _grown(one.var, share * two.silence))))
        edge.append((x_of(two.at), *_edges(two.mean, two.var)))
    over = [(x, y_of(high)) for x, _, high in edge]
    under = [(x, y_of(low)) for x, low, _ in reversed(edge)]
    return _path(over + under) + "z"


def _end(
    words: str,
    vertices: Sequence[_Vertex],
    dots: Sequence[tuple[float, float]],
    plan: _Plan,
    x_of: _Place,
    y_of: Callable[[float], float],
    edges: tuple[float, float],
) -> Label | None:
    """The name of a line where it ends: beside it, or above its band where there is no room at the right."""
    if not vertices:
        return None
    last = vertices[-1]
    x, y = x_of(last.at), y_of(_clip(last.mean))
    if plan.name == "wide":
        beside = plan.right + 6 if plan.right - x < 40 else x + 11
        return Label(_n(beside), _n(min(max(y + 5, edges[0] + 12), edges[1] - 2)), "start", words)
    left = x - len(words) * LETTER - 10
    bands = [_edges(vertex.mean, vertex.var) for vertex in vertices if x_of(vertex.at) >= left]
    near = [height for place, height in dots if place >= left]
    above = min([y_of(high) for _, high in bands] + near) - 8
    below = max([y_of(low) for low, _ in bands] + near) + 18
    baseline = above if above - 12 > edges[0] else min(below, edges[1] - 3)
    return Label(_n(min(x + 5, plan.right)), _n(baseline), "end", words)


# Lanes, marks, windows, dates ------------------------------------------------------------------------------


def _names(plan: _Plan) -> tuple[Label, ...]:
    """What the heights mean, right-aligned at the axis."""
    lanes = [plan.lanes + plan.lane * (index + 0.5) for index in range(len(LANES))]
    ends = [_height(points, edges) for edges in (plan.upper, plan.lower) for points in (100, 0)]
    good = "own good conduct" if plan.name == "wide" else "own good"
    words = ["warm", "cold", "pressing", "none", "flags", "notes, sent", *LANES[:-1], good]
    heights = [*ends, *plan.rows, *lanes]
    return tuple(Label(_n(plan.left - 10), _n(y + 5), "end", text) for y, text in zip(heights, words, strict=True))


def _lane(kind: LaneName, index: int, acts: Iterable[Act], plan: _Plan, x_of: _Place) -> Lane:
    y = plan.lanes + plan.lane * (index + 0.5)
    found = [x_of(act.at) for act in acts if act.lane == kind]
    apart = 4 if len(found) <= 60 else 9  # the width of a mark is 11
    drawn: list[float] = []
    for x in found:
        if not drawn or x - drawn[-1] >= apart:
            drawn.append(x)
    return Lane(
        kind=kind,
        y=_n(y),
        d="".join(f"M{_n(x)} {_n(y)}{SHAPES[kind]}" for x in drawn),
    )


def _heaps(marks: Sequence[Mark], y: float, plan: _Plan, x_of: _Place) -> list[_Heap]:
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


def _glyphs(heaps: Sequence[_Heap], plan: _Plan, zone: ZoneInfo, end: datetime) -> list[Glyph]:
    shapes = [(min((mark.kind for mark in heap.marks), key=KINDS.index), heap) for heap in heaps]
    drawn = [(kind, f"M{_n(heap.x)} {_n(heap.y)}{SHAPES[kind]}", heap.marks) for kind, heap in shapes]
    if plan.name == "narrow":
        kinds = dict.fromkeys(kind for kind, _, _ in drawn)
        return [Glyph(kind, "".join(d for other, d, _ in drawn if other == kind), "", "") for kind in kinds]
    return [Glyph(kind, d, _titled(held, zone, end), held[0].href if len(held) == 1 else "") for kind, d, held in drawn]


def _windows(course: Course, plan: _Plan, x_of: _Place) -> tuple[Shade, ...]:
    start, end = _span(course)
    found: list[Shade] = []
    for window in sorted(course.windows, key=lambda window: window.start):
        first, last = max(window.start, start), min(window.end, end)
        if first >= last:
            continue
        x, right, top = x_of(first), x_of(last), plan.upper[0]
        name = None
        if x + 11 + 13 * LETTER < plan.right:
            name = Label(_n(x + 11), _n(top - 5), "start", "steady window")
        elif x - 14 * LETTER > 0:
            name = Label(_n(x - 11), _n(top - 5), "end", "steady window")
        if found and found[-1].name and name and x - float(found[-1].x) < 15 * LETTER:
            name = None
        found.append(Shade(_n(x), _n(top), _n(right - x), _n(plan.foot - top), _n(right), name))
    return tuple(found)


_Step: TypeAlias = tuple[Literal["day", "month", "year"], int]
STEPS: Final[tuple[_Step, ...]] = (
    ("day", 1), ("day", 2), ("day", 7), ("day", 14), ("month", 1), ("month", 2), ("month", 3), ("month", 6),
    ("year", 1), ("year", 2), ("year", 5), ("year", 10), ("year", 25), ("year", 50), ("year", 100),
)  # fmt: skip


def _ticks(
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    plan: _Plan,
    width: int,
    x_of: _Place,
) -> tuple[Label, ...]:
    """Dates under the axis, in the closest step whose labels leave air between them."""
    y = _n(plan.foot + 19)
    for step in STEPS:
        if _step_days(step) * (plan.right - plan.left) < 24 * _days(end - start):
            continue  # not even two letters would fit
        places = [(x_of(midnight), day) for day, midnight in _dates(start, end, zone, step)]
        words = _tick_words([day for _, day in places], step, start.astimezone(zone).year)
        labels = [(x, text, len(text) * LETTER / 2) for (x, _), text in zip(places, words, strict=True)]
        if all(two[0] - two[2] - one[0] - one[2] >= 14 for one, two in pairwise(labels)):
            return tuple(
                Label(_n(x), y, "middle", text if x - half >= 0 and x + half <= width else "")
                for x, text, half in labels
            )
    return ()


def _step_days(step: _Step) -> float:
    return step[1] * {"day": 1.0, "month": 30.4, "year": 365.2}[step[0]]


def _dates(start: datetime, end: datetime, zone: ZoneInfo, step: _Step) -> list[tuple[date, datetime]]:
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


# Where the reader can go -----------------------------------------------------------------------------------


def _stops(
    groups: Sequence[Sequence[_CheckIn]],
    acts: Sequence[Act],
    marks: Sequence[Mark],
    plan: _Plan,
    zone: ZoneInfo,
    end: datetime,
    x_of: _Place,
) -> tuple[Stop, ...]:
    """Check-ins, each speaking for the acts and marks of its day and near it; what lies far speaks for itself."""
    year = end.astimezone(zone).year
    places = [x_of(_middle(group)) for group in groups]
    spans = [_dates_of(group, zone) for group in groups]
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
        title = f"{_when(*days, year)}: {_scores(group)}"
        words = f"{_when(*days, year)}{_together(group)}: {_scores(group)}"
        came = _remarks(things, days, zone, year)
        spots = [
            _height(fmean(values), edges)
            for side, edges in ledgers
            if (values := [value for check_in in group if (value := _value(check_in, side)) is not None])
        ] or [plan.lower[1] - INSET]
        d = "".join(_dot(x, y) for y in spots)
        found.append((x, Stop(_n(x), d, title, f"{words}; {came}" if came else words)))
    for x, things in alone:
        days = _dates_of(things, zone)
        first = things[0]
        if isinstance(first, Act):
            y = plan.lanes + plan.lane * (LANES.index(first.lane) + 0.5)
        else:
            y = plan.rows[first.kind in ("note", "sent")]
        words = f"{_when(*days, year)}, {_remarks(things, days, zone, year)}"
        found.append((x, Stop(_n(x), _dot(x, y), words, words)))
    return tuple(stop for _, stop in sorted(found, key=lambda entry: entry[0]))


# Check-ins and their groups ---------------------------------------------------------------------------------


def _span(course: Course) -> tuple[datetime, datetime]:
    """The time drawn, never empty."""
    return course.start, max(course.end, course.start + timedelta(days=1))


def _scored(readings: Iterable[Reading], end: datetime) -> list[Reading]:
    """Readings with a score up to `end`, oldest first."""
    found = [reading for reading in readings if reading.value is not None and reading.at <= end]
    return sorted(found, key=lambda reading: reading.at)


def _inside(course: Course) -> list[_CheckIn]:
    """The two series side by side, in order of time, within the span."""
    start, end = _span(course)
    partner = {reading.at: reading for reading in course.partner}
    client = {reading.at: reading for reading in course.client}
    times = sorted(at for at in partner.keys() | client.keys() if start <= at <= end)
    return [_CheckIn(at, partner.get(at), client.get(at)) for at in times]


def _groups(check_ins: Sequence[_CheckIn], most: int) -> list[Sequence[_CheckIn]]:
    """At most `most` groups: the newest eight check-ins alone, those before them by equal stretches of time."""
    if len(check_ins) <= most:
        return [[check_in] for check_in in check_ins]
    older, newest = check_ins[:-ALONE], check_ins[-ALONE:]
    first = older[0].at
    stretch = (older[-1].at - first) / (most - ALONE) + timedelta(microseconds=1)
    found = [list(group) for _, group in groupby(older, key=lambda check_in: (check_in.at - first) // stretch)]
    return [*found, *([check_in] for check_in in newest)]


def _dates_of(things: Sequence[_CheckIn] | Sequence[Act | Mark] | Sequence[Mark], zone: ZoneInfo) -> _Days:
    """The days, in the zone, of the first and the last of things in order of time."""
    return things[0].at.astimezone(zone).date(), things[-1].at.astimezone(zone).date()


def _value(check_in: _CheckIn, side: Side) -> float | None:
    reading = check_in.partner if side == "partner" else check_in.client
    return None if reading is None else reading.value


def _middle(group: Sequence[_CheckIn]) -> datetime:
    """The mean of a group's times."""
    first = group[0].at
    return first + sum((check_in.at - first for check_in in group), timedelta()) / len(group)


def _height(points: float, edges: tuple[float, float]) -> float:
    """Points of 0 to 100 as a height within the edges of a ledger."""
    return edges[1] - INSET - (edges[1] - edges[0] - 2 * INSET) * _clip(points) / 100


def _clip(points: float) -> float:
    return min(max(points, 0.0), 100.0)


def _edges(mean: float, var: float) -> tuple[float, float]:
    """The 80 % band as it is drawn, around the level as it is drawn."""
    low, high = band(Level(_clip(mean), var, 0.0))
    return low, high


def _grown(var: float, days: float) -> float:
    """What the variance has become after days without a word."""
    return var + SCORES.q * days / 7


def _days(span: timedelta) -> float:
    return span / timedelta(days=1)


def _clear(heights: Sequence[float], top: float, bottom: float) -> float:
    """A height for a line of words, away from what is drawn."""
    places = [top + (bottom - top) * share for share in (0.5, 0.3, 0.7)]
    return max(places, key=lambda place: min((abs(place - height) for height in heights), default=0.0))


# Words ------------------------------------------------------------------------------------------------------


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
    return f"{name} has pressed {'more' if change > 0 else 'less'} than around {_long(base, zone, end)}."


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


def _scores(group: Sequence[_CheckIn]) -> str:
    said: list[str] = []
    about = "about " if len(group) > 1 else ""
    sides: tuple[tuple[str, Side], ...] = (("warmth", "partner"), ("pressing", "client"))
    for name, side in sides:
        values = [value for check_in in group if (value := _value(check_in, side)) is not None]
        said.append(f"{name} {about}{fmean(values):.0f}" if values else f"{name} not known")
    return ", ".join(said)


def _mean_words(readings: Sequence[Reading]) -> str:
    values = [reading.value for reading in readings if reading.value is not None]
    return f"{fmean(values):.0f}" if values else "–"


def _level_words(readings: Sequence[Reading]) -> str:
    known = [(r.level, r.var) for r in readings if r.level is not None and r.var is not None]
    if not known:
        return ""
    low, high = _edges(*known[-1])
    return f"{_clip(known[-1][0]):.0f} ({low:.0f}–{high:.0f})"


def _together(group: Sequence[_CheckIn]) -> str:
    return f", {len(group)} check-ins" if len(group) > 1 else ""


def _remarks(things: Sequence[Act | Mark], days: _Days, zone: ZoneInfo, year: int) -> str:
    """What came up: on one day up to two acts and two marks in their own words, otherwise counted."""
    said: list[str] = []
    for kind in (Act, Mark):
        found = [thing for thing in things if isinstance(thing, kind)]
        if len(found) > 2 or (found and days[0] != days[1]):
            said.append(_counted(found))
        else:
            said.extend(_dated(thing, days, zone, year) for thing in found)
    return "; ".join(said)


def _dated(thing: Act | Mark, days: _Days, zone: ZoneInfo, year: int) -> str:
    """A thing in its own words, with its day where that is not one of `days`."""
    day = thing.at.astimezone(zone).date()
    return _phrase(thing) if days[0] <= day <= days[1] else f"{_short_day(day, year)} {_phrase(thing)}"


def _titled(marks: Sequence[Mark], zone: ZoneInfo, end: datetime) -> str:
    said = "; ".join(map(_phrase, marks)) if len(marks) <= 2 else _counted(marks)
    return f"{_when(*_dates_of(marks, zone), end.astimezone(zone).year)}, {said}"


def _counted(things: Sequence[Act | Mark]) -> str:
    lanes = Counter(thing.lane for thing in things if isinstance(thing, Act))
    kinds = Counter(thing.kind for thing in things if isinstance(thing, Mark))
    said = [f"{_family(lane)} {_times(lanes[lane])}" for lane in LANES if lanes[lane]]
    said += [f"{kinds[kind]} {WORDS[kind][kinds[kind] > 1]}" for kind in KINDS if kinds[kind]]
    return ", ".join(said)


def _phrase(thing: Act | Mark) -> str:
    words = _cut(thing.words, 60)
    return words if isinstance(thing, Act) else f"{WORDS[thing.kind][0]}: {words}"


def _family(lane: LaneName) -> str:
    return "own good conduct" if lane == "good" else lane


def _too_few(count: int) -> str:
    return f"not enough data yet ({min(count, ENOUGH - 1)} of {ENOUGH})"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _list(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def _when(first: date, last: date, year: int) -> str:
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


def _n(number: float) -> str:
    """A coordinate, to one decimal."""
    return f"{round(number, 1) + 0.0:.7g}"


def _dot(x: float, y: float) -> str:
    """A stroke of no length: with round ends, a point."""
    return f"M{_n(x)} {_n(y)}h0"


def _path(places: Sequence[tuple[float, float]]) -> str:
    """Straight lines through the places, each given from the one before, as short as SVG allows; "" below two."""
    if len(places) < 2:
        return ""
    tenths = [(round(x * 10), round(y * 10)) for x, y in places]
    said = [f"M{_n(tenths[0][0] / 10)} {_n(tenths[0][1] / 10)}l"]
    for one, two in pairwise(tenths):
        for step in (two[0] - one[0], two[1] - one[1]):
            text = _tenth(step)
            said.append(text if said[-1][-1] == "l" or text[0] == "-" else f" {text}")
    return "".join(said)


def _tenth(step: int) -> str:
    whole, part = divmod(abs(step), 10)
    digits = f"{whole or ''}.{part}" if part else str(whole)
    return f"-{digits}" if step < 0 else digits
