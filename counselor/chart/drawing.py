"""The drawing as a template prints it, the plan of a page, and paths in SVG's words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from clients.progress.level import Level, band

from .course import LANES, LaneName, MarkKind, Side


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


# The page is laid out once for each width; letters are 14 units high in both.
LETTER: Final = 7.4  # mean width of a letter
WIDE: Final = 40  # check-ins, alone or put together, in the wide drawing and the table
NARROW: Final = 18
INSET: Final = 7.0  # of the data from the edges of a ledger, so that no mark is cut


@dataclass(frozen=True, slots=True)
class Plan:
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


def plan_for(width: int) -> Plan:
    if width >= 600:
        return Plan("wide", 134, width - 84.0, (40, 190), (210, 234), (278, 386), 394, 23, WIDE, 10)
    return Plan("narrow", 88, width - 6.0, (40, 172), (192, 216), (260, 356), 364, 23, NARROW, 6)


Place: TypeAlias = Callable[[datetime], float]


def height_of(points: float, edges: tuple[float, float]) -> float:
    """Points of 0 to 100 as a height within the edges of a ledger."""
    return edges[1] - INSET - (edges[1] - edges[0] - 2 * INSET) * clip(points) / 100


def clip(points: float) -> float:
    return min(max(points, 0.0), 100.0)


def band_edges(mean: float, var: float) -> tuple[float, float]:
    """The 80 % band as it is drawn, around the level as it is drawn."""
    low, high = band(Level(clip(mean), var, 0.0))
    return low, high


def clear_height(heights: Sequence[float], top: float, bottom: float) -> float:
    """A height for a line of words, away from what is drawn."""
    places = [top + (bottom - top) * share for share in (0.5, 0.3, 0.7)]
    return max(places, key=lambda place: min((abs(place - height) for height in heights), default=0.0))


def num(number: float) -> str:
    """A coordinate, to one decimal."""
    return f"{round(number, 1) + 0.0:.7g}"


def dot(x: float, y: float) -> str:
    """A stroke of no length: with round ends, a point."""
    return f"M{num(x)} {num(y)}h0"


def path(places: Sequence[tuple[float, float]]) -> str:
    """Straight lines through the places, each given from the one before, as short as SVG allows; "" below two."""
    if len(places) < 2:
        return ""
    tenths = [(round(x * 10), round(y * 10)) for x, y in places]
    said = [f"M{num(tenths[0][0] / 10)} {num(tenths[0][1] / 10)}l"]
    for one, two in pairwise(tenths):
        for step in (two[0] - one[0], two[1] - one[1]):
            text = _tenth(step)
            said.append(text if said[-1][-1] == "l" or text[0] == "-" else f" {text}")
    return "".join(said)


def _tenth(step: int) -> str:
    whole, part = divmod(abs(step), 10)
    digits = f"{whole or ''}.{part}" if part else str(whole)
    return f"-{digits}" if step < 0 else digits
