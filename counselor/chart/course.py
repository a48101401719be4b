"""What is drawn: the readings, acts and marks of a case, and its check-ins put together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from clients.progress.level import SCORES

LaneName: TypeAlias = Literal["asking", "chasing", "controlling", "good"]
MarkKind: TypeAlias = Literal["flag", "note", "sent", "shift", "held"]
Side: TypeAlias = Literal["partner", "client"]
ENOUGH: Final = 3  # check-ins before a level may be drawn
SILENCE: Final = timedelta(days=14)
SIDES: Final[tuple[Side, ...]] = ("partner", "client")
LANES: Final[tuple[LaneName, ...]] = ("asking", "chasing", "controlling", "good")
KINDS: Final[tuple[MarkKind, ...]] = ("flag", "shift", "held", "note", "sent")  # the first gives a heap its shape


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


ALONE: Final = 8  # of the newest are never put together with others


@dataclass(frozen=True, slots=True)
class CheckIn:
    at: datetime
    partner: Reading | None
    client: Reading | None


Days: TypeAlias = tuple[date, date]


def span_of(course: Course) -> tuple[datetime, datetime]:
    """The time drawn, never empty."""
    return course.start, max(course.end, course.start + timedelta(days=1))


def scored_until(readings: Iterable[Reading], end: datetime) -> list[Reading]:
    """Readings with a score up to `end`, oldest first."""
    found = [reading for reading in readings if reading.value is not None and reading.at <= end]
    return sorted(found, key=lambda reading: reading.at)


def check_ins_in(course: Course) -> list[CheckIn]:
    """The two series side by side, in order of time, within the span."""
    start, end = span_of(course)
    partner = {reading.at: reading for reading in course.partner}
    client = {reading.at: reading for reading in course.client}
    times = sorted(at for at in partner.keys() | client.keys() if start <= at <= end)
    return [CheckIn(at, partner.get(at), client.get(at)) for at in times]


def put_together(check_ins: Sequence[CheckIn], most: int) -> list[Sequence[CheckIn]]:
    """At most `most` groups: the newest eight check-ins alone, those before them by equal stretches of time."""
    if len(check_ins) <= most:
        return [[check_in] for check_in in check_ins]
    older, newest = check_ins[:-ALONE], check_ins[-ALONE:]
    first = older[0].at
    stretch = (older[-1].at - first) / (most - ALONE) + timedelta(microseconds=1)
    found = [list(group) for _, group in groupby(older, key=lambda check_in: (check_in.at - first) // stretch)]
    return [*found, *([check_in] for check_in in newest)]


def dates_of(things: Sequence[CheckIn] | Sequence[Act | Mark] | Sequence[Mark], zone: ZoneInfo) -> Days:
    """The days, in the zone, of the first and the last of things in order of time."""
    return things[0].at.astimezone(zone).date(), things[-1].at.astimezone(zone).date()


def value_on(check_in: CheckIn, side: Side) -> float | None:
    reading = check_in.partner if side == "partner" else check_in.client
    return None if reading is None else reading.value


def middle_of(group: Sequence[CheckIn]) -> datetime:
    """The mean of a group's times."""
    first = group[0].at
    return first + sum((check_in.at - first for check_in in group), timedelta()) / len(group)


def grown(var: float, days: float) -> float:
    """What the variance has become after days without a word."""
    return var + SCORES.q * days / 7


def days_in(span: timedelta) -> float:
    return span / timedelta(days=1)
