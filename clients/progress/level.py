"""The level of an index and its band: a local-level Kalman filter in continuous time (progress maths, 3.1).

An observation is the level plus noise of variance r; the level is a random walk whose variance grows by q
every seven days. Irregular gaps and missing items need no rule of their own: time only widens the band. In
steady state this is an average weighted by age (gain .33, half-life 1.74 weekly check-ins at the constants
below). After Durbin & Koopman, Time Series Analysis by State Space Methods (2012), chapter 2.

W and T are coarse and bounded and CPI has many zeros, so for them the band is an aid to the eye.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias, overload

Points: TypeAlias = Iterable[tuple[float, float | None]]
"""A series: (day, score) in order of time. Day: days as a float since any one origin. Score None: missing."""

Z80: Final = 1.28


@dataclass(frozen=True, slots=True)
class Noise:
    """The two constants, and where a series starts. Provisional for W, T, CPI and D, never fitted per client.

    `r`: variance of one check-in (points squared). `q`: variance the level gains in seven days.
    `mean`, `var`: what is believed of the level at the first observation, before it is seen.
    """

    r: float = 100.0
    q: float = 16.0
    mean: float = 50.0
    var: float = 400.0


SCORES: Final = Noise()


@dataclass(frozen=True, slots=True)
class Level:
    """What is known of the level on one day: mean and variance (points, points squared)."""

    mean: float
    var: float
    day: float

    @property
    def half(self) -> float:
        """Half the width of the 80 % band, in points: 1.28 standard deviations."""
        return Z80 * math.sqrt(self.var)


@overload
def step(level: Level | None, day: float, y: float, noise: Noise = ...) -> Level: ...
@overload
def step(level: Level, day: float, y: float | None, noise: Noise = ...) -> Level: ...
@overload
def step(level: Level | None, day: float, y: float | None, noise: Noise = ...) -> Level | None: ...
def step(level: Level | None, day: float, y: float | None, noise: Noise = SCORES) -> Level | None:
    """Carry a level on to `day` and, unless `y` is None, let it learn from that score.

    `level` None is a series not yet begun: it begins with its first score, and stays None without one.
    Raises ValueError when `day` lies before the level's own.
    """
    if level is None:
        if y is None:
            return None
        mean, var = noise.mean, noise.var
    elif day < level.day:
        raise ValueError(f"day {day} lies before day {level.day}")
    else:
        mean, var = level.mean, level.var + noise.q * (day - level.day) / 7
    if y is None:
        return Level(mean, var, day)
    gain = var / (var + noise.r)
    return Level(mean + gain * (y - mean), (1 - gain) * var, day)


def levels(points: Points, noise: Noise = SCORES) -> list[Level | None]:
    """The level after each point, one for one; None before the first score."""
    found: list[Level | None] = []
    level: Level | None = None
    for day, y in points:
        level = step(level, day, y, noise)
        found.append(level)
    return found


def band(level: Level) -> tuple[float, float]:
    """The 80 % band as it is drawn: (low, high) within 0 to 100 points."""
    return max(level.mean - level.half, 0.0), min(level.mean + level.half, 100.0)
