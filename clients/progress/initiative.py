"""Who starts contact: the partner's share as a Beta distribution that forgets (progress maths, 3.3).

Contacts come in clusters, so each counts half; they fade with a half-life of three weeks.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

HALF_LIFE: Final = 21.0
CAP: Final = 10
DESIGN: Final = 0.5


@dataclass(frozen=True, slots=True)
class Share:
    """The partner's share of started contacts: Beta(a, b), and what it rests on in the last 28 days."""

    a: float
    b: float
    contacts: int
    check_ins: int

    @property
    def mean(self) -> float:
        """The share, 0 to 1."""
        return self.a / (self.a + self.b)

    @property
    def tenths(self) -> int:
        """The share as it is said: "about 4 of 10 contacts"."""
        return math.floor(10 * self.mean + 0.5)

    @property
    def enough(self) -> bool:
        """Five contacts and two check-ins in 28 days; below that, no number is shown."""
        return self.contacts >= 5 and self.check_ins >= 2

    def interval(self, width: float = 0.8) -> tuple[float, float]:
        """The central interval of this width (0 to 1): (low, high), each 0 to 1."""
        tail = (1 - width) / 2
        return beta_quantile(tail, self.a, self.b), beta_quantile(1 - tail, self.a, self.b)


def share(contacts: Iterable[tuple[float, int | None, int | None]], at: float) -> Share:
    """The share on day `at` from (day, started by the client, started by the partner) of each check-in.

    Check-ins after `at`, or with either count missing, take no part. Each count is capped at ten.
    """
    a = b = 1.0
    recent = check_ins = 0
    for day, client, partner in contacts:
        if client is None or partner is None or day > at:
            continue
        weight = DESIGN * 0.5 ** ((at - day) / HALF_LIFE)
        a += weight * min(partner, CAP)
        b += weight * min(client, CAP)
        if at - day <= 28:
            recent += min(client, CAP) + min(partner, CAP)
            check_ins += 1
    return Share(a, b, recent, check_ins)


def beta_cdf(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function I_x(a, b), for a, b > 0 and x from 0 to 1.

    Continued fraction, evaluated by Lentz's method (Press et al., Numerical Recipes, 6.4).
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_cdf(1 - x, b, a)
    tiny = 1e-300
    c, d = 1.0, 1 / ((1 - (a + b) * x / (a + 1)) or tiny)
    fraction = d
    for m in range(1, 300):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / ((1 + term * d) or tiny)
            c = (1 + term / c) or tiny
            fraction *= c * d
        if abs(c * d - 1) < 1e-12:
            break
    return math.exp(_log_density(x, a, b) + math.log(x) + math.log1p(-x)) * fraction / a


def beta_quantile(p: float, a: float, b: float) -> float:
    """The x at which `beta_cdf` is p, for 0 < p < 1, to 1e-8: Newton's steps, halved where they overshoot."""
    mean = a / (a + b)
    guess = NormalDist(mean, math.sqrt(mean * (1 - mean) / (a + b + 1))).inv_cdf(p)
    low, high, x = 0.0, 1.0, guess if 0 < guess < 1 else mean
    for _ in range(100):
        miss = beta_cdf(x, a, b) - p
        low, high = (x, high) if miss < 0 else (low, x)
        ahead = x - miss / math.exp(_log_density(x, a, b))
        if not low < ahead < high:
            ahead = (low + high) / 2
        if abs(ahead - x) < 1e-6:
            return ahead
        x = ahead
    return x


def _log_density(x: float, a: float, b: float) -> float:
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return scale + (a - 1) * math.log(x) + (b - 1) * math.log1p(-x)
