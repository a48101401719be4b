"""Is there enough to say anything, has something truly changed, and is the client off track? (3.6, 3.7)

There are no norms for check-ins of separated couples. The figures are provisional and the off-track rule is a
rational one; neither warmth that does not grow nor a partner who does not return is ever off track.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from clients.progress.gate import Reason
from clients.progress.level import Level, Points, levels
from clients.progress.shift import BLOCK_CHANGE, Shift, block_change, recent_fall, scan

Statement = Literal["level", "direction", "possible", "confirmed", "gate", "block", "off_track"]
MINIMUM: Final[Mapping[Statement, tuple[int, float]]] = MappingProxyType(
    {
        "level": (3, 10),
        "direction": (5, 21),
        "possible": (4, 0),
        "confirmed": (6, 0),
        "gate": (3, 0),
        "block": (6, 0),
        "off_track": (6, 35),
    }
)
"""Check-ins that hold the index (for the gate: contact), and the days they must span."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Not enough data yet: `have` of `need` check-ins over `span` of `need_span` days. No number is shown."""

    have: int
    need: int
    span: float
    need_span: float


def lack(statement: Statement, days: Sequence[float]) -> Lack | None:
    """What is missing before this may be stated, or None. `days`: of the check-ins that hold it, in order."""
    return short(statement, len(days), days[-1] - days[0] if days else 0.0)


def short(statement: Statement, have: int, span: float) -> Lack | None:
    """The same from a count of check-ins and the days they span."""
    need, need_span = MINIMUM[statement]
    return None if have >= need and span >= need_span else Lack(have, need, span, need_span)


def overlap(mine: Iterable[float], theirs: Iterable[float], at: float) -> int:
    """How many 14-day windows, counted back from day `at`, hold check-ins of both partners.

    Two are needed before the partners' reports are compared.
    """
    ours, others = ({(at - day) // 14 for day in days if day <= at} for days in (mine, theirs))
    return len(ours & others)


def stale(last: float, interval: float, at: float) -> bool:
    """Whether the last check-in is older than twice the agreed interval (days) and a week."""
    return at - last > 2 * interval + 7


@dataclass(frozen=True, slots=True)
class ReliableChange:
    """Jacobson & Truax (1991): the standard errors of one score and of a difference (points), and `rc`, the
    difference in units of the second."""

    se: float
    se_difference: float
    rc: float

    @property
    def reliable(self) -> bool:
        """Beyond what measurement error alone would show in 5 of 100 pairs."""
        return abs(self.rc) > 1.96


def reliable_change(before: float, after: float, sd: float = 20.0, reliability: float = 0.75) -> ReliableChange:
    """Whether two single scores differ reliably. The defaults are ours, and provisional: 27.7 points.

    Raises ValueError unless sd > 0 and 0 <= reliability < 1.
    """
    if not (sd > 0 and 0 <= reliability < 1):
        raise ValueError(f"sd {sd}, reliability {reliability}")
    se = sd * math.sqrt(1 - reliability)
    return ReliableChange(se, se * math.sqrt(2), (after - before) / (se * math.sqrt(2)))


def cutoff(mean_a: float, sd_a: float, mean_b: float, sd_b: float) -> float:
    """The score that parts two groups, each weighted by the other's spread (Jacobson & Truax's c)."""
    return (sd_a * mean_b + sd_b * mean_a) / (sd_a + sd_b)


def off_track(w: Points, cpi: Points, d: Points, *, days: Sequence[float], at: float) -> list[Reason] | Lack:
    """Why this client is worth a look on day `at`; an empty list means on track.

    `days`: of all check-ins. Grounds: distress_up (D up 22 points by blocks of three), pressure_high (CPI
    level at least 50), pressure_up (CPI up 22), warmth_fell (a confirmed fall of W within 28 days while CPI
    is not falling, that is not down 12 points by blocks). Below six check-ins over 35 days a `Lack`. Hand
    over an empty `cpi` where pressure must not be scored.
    """
    days = [day for day in days if day <= at]
    w, cpi, d = ([point for point in points if point[0] <= at] for points in (w, cpi, d))
    missing = lack("off_track", days)
    if missing:
        return missing
    level = levels(cpi)[-1] if cpi else None
    return grounds(block_change(d), block_change(cpi), level, recent_fall(scan(w), at))


def grounds(distress: float | None, pressure: float | None, level: Level | None, fall: Shift | None) -> list[Reason]:
    """The grounds of `off_track`, from block changes of D and CPI, the level of CPI and the fall of W that stands."""
    found = []
    if distress is not None and distress >= BLOCK_CHANGE:
        found.append(Reason("distress_up", value=distress, bar=BLOCK_CHANGE))
    if level and level.mean >= 50:
        found.append(Reason("pressure_high", level.day, level.mean, 50))
    if pressure is not None and pressure >= BLOCK_CHANGE:
        found.append(Reason("pressure_up", value=pressure, bar=BLOCK_CHANGE))
    if fall and pressure is not None and pressure > -12:
        found.append(Reason("warmth_fell", fall.found, fall.delta, until=fall.found + 28))
    return found
