"""The course of one reporter, check-in by check-in: what each one adds, and what has to be carried to the next.

`advance` is the only step. Folding it over a whole history and taking it once from what was stored give the same
bits, so the read model can be updated in the time of one check-in and rebuilt at will. The carried `State` does not
grow: scores of the last twelve check-ins or 42 days, whichever reach further, and check-ins of 42 days.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from clients.progress.gate import Gate, Memory, Talk, resume
from clients.progress.initiative import CAP, DESIGN, HALF_LIFE, Share
from clients.progress.level import Level
from clients.progress.shift import WINDOW, Shift, block_change, look

Index = Literal["w", "t", "cpi", "d"]
INDICES: Final[tuple[Index, ...]] = ("w", "t", "cpi", "d")
VERSION: Final = 1
REACH: Final = 42.0  # days that the gate and the direction look back
MOST: Final = 60  # check-ins kept within that reach


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What the course takes from one check-in. `scores` and `levels` (after it) by index; contacts as in `share`."""

    day: float
    scores: Mapping[str, float | None]
    levels: Mapping[str, Level]
    started: int | None = None
    received: int | None = None
    talk: Talk | None = None
    space: bool = False

    @property
    def w(self) -> float | None:
        return self.scores.get("w")

    @property
    def t(self) -> float | None:
        return self.scores.get("t")


@dataclass(frozen=True, slots=True)
class Series:
    """One index: its newest scores, how many there have ever been and since when, how many of them lie after the last
    confirmed shift, and that shift."""

    points: tuple[tuple[float, float], ...] = ()
    count: int = 0
    first: float = 0.0
    fresh: int = 0
    confirmed: Shift | None = None

    @property
    def span(self) -> float:
        return self.points[-1][0] - self.first if self.points else 0.0


@dataclass(frozen=True, slots=True)
class State:
    """All that the next check-in, or a page on any later day, needs of the past."""

    count: int = 0
    first: float = 0.0
    last: float = 0.0
    levels: Mapping[str, Level] = field(default_factory=dict)
    series: Mapping[str, Series] = field(default_factory=dict)
    a: float = 1.0
    b: float = 1.0
    recent: tuple[CheckIn, ...] = ()
    gate: Memory | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """What one check-in adds to the course: the share after it, the gate on that day, the tier that held and the block
    change of each index that has them."""

    share: Share
    gate: str
    shifts: Mapping[str, Shift]
    blocks: Mapping[str, float]


def advance(state: State, checkin: CheckIn, safety: Sequence[tuple[float, float | None]] = ()) -> tuple[State, Point]:
    """Take one check-in, no earlier than the last. `safety`: (opened, closed or None) of every safety flag that was
    open at any time since the last check-in, as known on this day."""
    day = checkin.day
    series = dict(state.series)
    shifts: dict[str, Shift] = {}
    blocks: dict[str, float] = {}
    for index in INDICES:
        value = checkin.scores.get(index)
        if value is None:
            continue
        series[index], shift = _add(series.get(index, Series()), day, value)
        if shift is not None:
            shifts[index] = shift
        change = block_change(series[index].points[-6:])
        if change is not None:
            blocks[index] = change
    kept = [c for c in state.recent if c.day > day - REACH][-MOST:]
    fade = 0.5 ** ((day - state.last) / HALF_LIFE) if state.count else 1.0
    a, b = 1 + (state.a - 1) * fade, 1 + (state.b - 1) * fade
    if checkin.started is not None and checkin.received is not None:
        a += DESIGN * min(checkin.received, CAP)
        b += DESIGN * min(checkin.started, CAP)
    recent = (*kept, checkin)
    gate = _gate(state.gate, recent, series, day, safety, after=state.last if state.count else -math.inf)
    # Since which check-in: a flag that came and went in between is in the state, not in the date.
    since = state.gate.since if state.gate and state.gate.state == gate.state else day
    moved = State(
        state.count + 1, state.first if state.count else day, day, dict(checkin.levels), series, a, b, recent,
        Memory(gate.state, since, gate.met),
    )  # fmt: skip
    return moved, Point(share_at(moved, day), gate.state, shifts, blocks)


def gate_at(
    state: State, day: float, safety: Iterable[tuple[float, float | None]] = (), *, after: float | None = None
) -> Gate:
    """The gate on a day after the last check-in, with its reasons; the state stays as it is."""
    after = state.last if after is None else after
    return _gate(state.gate, state.recent, state.series, max(day, state.last), safety, after=after)


def _gate(
    memory: Memory | None, recent: Sequence[CheckIn], series: Mapping[str, Series], at: float,
    safety: Iterable[tuple[float, float | None]], *, after: float,
) -> Gate:  # fmt: skip
    last = series["w"].confirmed if "w" in series else None
    return resume(
        memory,
        recent,
        [c.levels.get("w") for c in recent],
        [c.levels.get("t") for c in recent],
        shifts=[last] if last else [],
        after=after,
        at=at,
        safety=safety,
    )


def share_at(state: State, day: float) -> Share:
    """The partner's share of started contacts on a day after the last check-in."""
    fade = 0.5 ** (max(day - state.last, 0.0) / HALF_LIFE)
    contacts = check_ins = 0
    for c in state.recent:
        if c.started is not None and c.received is not None and day - c.day <= 28:
            contacts += min(c.started, CAP) + min(c.received, CAP)
            check_ins += 1
    return Share(1 + (state.a - 1) * fade, 1 + (state.b - 1) * fade, contacts, check_ins)


def _add(series: Series, day: float, value: float) -> tuple[Series, Shift | None]:
    points = (*series.points, (day, value))
    fresh = series.fresh + 1
    shift = look(points[-min(fresh, WINDOW) :]) if fresh >= 4 else None
    sure = shift if shift is not None and shift.tier == "confirmed" else None
    if sure is not None:
        fresh = sure.n_after
    cut = max(len(points) - MOST, 0)
    while len(points) - cut > WINDOW and points[cut][0] <= day - REACH:
        cut += 1
    kept = points[cut:]
    moved = Series(kept, series.count + 1, series.first if series.count else day, fresh, sure or series.confirmed)
    return moved, shift


# As stored: plain JSON, floats to the last bit --------------------------------------------------------------


def shift_to_json(shift: Shift) -> list[Any]:
    return [
        shift.tier, shift.found, shift.split, shift.onset, shift.before, shift.after, shift.n_before, shift.n_after, shift.g,
    ]  # fmt: skip


def shift_from_json(stored: Sequence[Any]) -> Shift:
    return Shift(*stored)


def point_to_json(point: Point) -> dict[str, Any]:
    share = point.share
    return {
        "r": [share.a, share.b, share.contacts, share.check_ins],
        "g": point.gate,
        "s": {index: shift_to_json(shift) for index, shift in point.shifts.items()},
        "b": dict(point.blocks),
    }


def to_json(state: State) -> dict[str, Any]:
    return {
        "v": VERSION,
        "n": [state.count, state.first, state.last],
        "l": {index: [level.mean, level.var, level.day] for index, level in state.levels.items()},
        "y": {
            index: [
                [list(point) for point in s.points], s.count, s.first, s.fresh, shift_to_json(s.confirmed) if s.confirmed else None,
            ]
            for index, s in state.series.items()
        },
        "s": [state.a, state.b],
        "e": [
            [
                c.day, [c.scores.get(index) for index in INDICES],
                {index: [c.levels[index].mean, c.levels[index].var, c.levels[index].day] for index in ("w", "t") if index in c.levels},
                c.started, c.received, [c.talk.began, c.talk.ended] if c.talk else None, c.space,
            ]
            for c in state.recent
        ],
        "g": [state.gate.state, state.gate.since, state.gate.met] if state.gate else None,
    }  # fmt: skip


def from_json(stored: Mapping[str, Any]) -> State:
    """Raises ValueError where another version wrote it: it has to be rebuilt."""
    if stored.get("v") != VERSION:
        raise ValueError(f"course version {stored.get('v')!r}")
    recent = tuple(
        CheckIn(
            day,
            dict(zip(INDICES, scores, strict=True)),
            {index: Level(*level) for index, level in levels.items()},
            started,
            received,
            Talk(*talk) if talk else None,
            space,
        )
        for day, scores, levels, started, received, talk, space in stored["e"]
    )
    count, first, last = stored["n"]
    return State(
        count,
        first,
        last,
        {index: Level(*level) for index, level in stored["l"].items()},
        {
            index: Series(
                tuple((day, y) for day, y in points), count, first, fresh, shift_from_json(sure) if sure else None
            )
            for index, (points, count, first, fresh, sure) in stored["y"].items()
        },
        stored["s"][0],
        stored["s"][1],
        recent,
        Memory(*stored["g"]) if stored["g"] else None,
    )
