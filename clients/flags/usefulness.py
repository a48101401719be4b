"""What became of each rule's flags, per rule and version: how often the people who looked found it right.

A flag counts where a person closed it. *Right* is "known, working on it" and "followed up"; *not right* is "not
accurate", "agreed boundary" and "the partner welcomes it"; "other" counts for neither. The interval is Wilson's at 95 %.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any

from django.db.models import Count

from ..models import Flag

ENOUGH = 10  # judged flags before a share is shown
Z = 1.959964
RIGHT = frozenset({"known", "followed_up"})
NOT_RIGHT = frozenset({"not_accurate", "agreed", "welcome"})
RETIRE_UNDER, RETIRE_AFTER = 0.2, 100  # rules.md, human evaluation


@dataclass(frozen=True, slots=True)
class Tally:
    """One version of a rule in one practice: counts only, nobody's name."""

    rule: str
    version: int
    raised: int
    live: int
    by_itself: int
    right: int
    not_right: int
    reasons: dict[str, int]

    @property
    def judged(self) -> int:
        return self.right + self.not_right

    @property
    def enough(self) -> bool:
        return self.judged >= ENOUGH

    @property
    def share(self) -> float:
        return self.right / self.judged if self.judged else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.right, self.judged)

    @property
    def doubtful(self) -> bool:
        """Raised often and hardly ever found right: worth asking whether it should go."""
        return self.raised >= RETIRE_AFTER and self.enough and self.share < RETIRE_UNDER


def wilson(right: int, of: int) -> tuple[float, float]:
    """The interval of a share, which keeps inside 0 and 1 and is honest with few."""
    if not of:
        return 0.0, 1.0
    share, square = right / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z / (1 + square / of) * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def tally(practice_id: Any) -> list[Tally]:
    """Every rule and version that left a row in the practice; one query."""
    rows = (
        Flag.objects.filter(practice_id=practice_id).order_by().values("rule", "rule_version", "state", "close_reason")
    )
    found: dict[tuple[str, int], dict[str, int]] = {}
    for row in rows.annotate(count=Count("pk")):
        counts = found.setdefault((row["rule"], row["rule_version"]), {})
        key = {"resolved": row["close_reason"], "auto_resolved": "_by_itself"}.get(row["state"], "_live")
        counts[key] = counts.get(key, 0) + row["count"]
    return [
        Tally(
            rule, version, sum(counts.values()), counts.get("_live", 0), counts.get("_by_itself", 0),
            sum(n for reason, n in counts.items() if reason in RIGHT),
            sum(n for reason, n in counts.items() if reason in NOT_RIGHT),
            {reason: n for reason, n in counts.items() if not reason.startswith("_")},
        )
        for (rule, version), counts in sorted(found.items())
    ]  # fmt: skip
