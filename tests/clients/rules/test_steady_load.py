"""How often steady clients make the desk look: real check-ins with real rules and flags, by chance from one seed.

A steady client has a level of its own for everything that is asked, which never changes; answers vary around it as
reports do (about ten points of a score), and about every tenth week holds one act that presses. What is raised of them is
noise: at most a quarter of a notice a client and week (rules.md, "Tests each rule owes").
"""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from clients import flags
from clients.models import CheckIn, Flag, FlagEvent
from clients.rules import CATALOGUE, Severity
from tests import make
from tests.conftest import Cast

CLIENTS, WEEKS = 300, 26
MOST = 0.25
ROWS = (0, 1, 2, 3, 4, 6, 8, 11)
ACTS = ("push_return", "reassurance", "pursuit", "uninvited", "forced_talk", "ultimatum", "monitoring", "leverage")


@dataclass(frozen=True)
class Steady:
    """One client's levels; `answers` draws one week from them."""

    warm: float
    sign: float
    tense: float
    well: float
    weighs: float
    started: float
    received: float

    @classmethod
    def drawn(cls, by: random.Random) -> "Steady":
        started = by.uniform(1, 5)
        return cls(
            by.uniform(0.8, 3.2), by.uniform(0.1, 0.5), by.uniform(0.5, 2.5), by.uniform(1.5, 3), by.uniform(0.5, 2.5), started,
            started * by.uniform(0.6, 1.4),
        )  # fmt: skip

    def answers(self, by: random.Random) -> dict[str, Any]:
        def near(level: float, most: int, spread: float = 0.55) -> int:
            return min(max(round(by.gauss(level, spread)), 0), most)

        def row(level: float) -> int:
            count = sum(by.random() < level / 12 for _ in range(12))
            return max(bound for bound in ROWS if bound <= count)

        signs = [chip for chip in ("kind", "memory", "together") if by.random() < self.sign]
        acts = {act: 1 for act in ACTS if by.random() < 0.1 / len(ACTS)}
        talk = {"talk": "yes", "began": by.choice(["me", "partner", "both"]), "ended": near(2.8, 4)}
        return {
            "c1": row(self.started), "c2": row(self.received), "c3": near(self.warm, 4), "c4": signs or "none",
            "c5": near(self.warm - 0.5, 3), "c6": near(self.tense, 4), "c7": talk if by.random() < 0.15 else {"talk": "no"},
            "c8": acts or "none", "c8g": by.choice(["none", ["kept_short"], ["own_good"]]),
            "c9": by.choice(["no_urge", "no_urge", "no_urge", 4, 4, 3]), "c10": by.choice([1, 2, "rather_not"]),
            "c11": near(self.well, 4, 0.5), "c12": near(self.weighs, 4, 0.5),
        }  # fmt: skip


def load(cast: Cast, clients: int, weeks: int, seed: int) -> Counter[str]:
    """What was raised, or rose, or came back, by rule: cards of their own that are news to somebody."""
    by = random.Random(seed)
    for number in range(clients):
        case = make.case(
            cast.dana, (f"Client {number}", make.user(cast.practice, f"Client{number}", "client")), ("Robin", None)
        )
        partner, steady = make.side(case), Steady.drawn(by)
        for week in range(weeks):
            day = 7 * week + by.uniform(-1.5, 1.5)
            make.check_in(partner, max(day, 0), **steady.answers(by))
            for row in Flag.objects.filter(
                case=case, state=Flag.State.OPEN, severity__gte=Severity.ELEVATED, head=None
            ):
                flags.acknowledge(
                    case=case, flag_id=row.pk, by=cast.dana, at=make.START + timedelta(days=max(day, 0), hours=6)
                )
    news = FlagEvent.objects.filter(
        kind__in=["raised", "rose", "reopened"], severity__gte=Severity.WATCH, flag__safety=False, flag__head=None
    ).values_list("flag__rule", flat=True)
    return Counter(rule for rule in news if not CATALOGUE[rule].line_only)


@pytest.mark.slow
@pytest.mark.django_db
def test_steady_clients_make_the_desk_look_rarely(cast: Cast) -> None:
    found = load(cast, CLIENTS, WEEKS, seed=20_261_122)
    assert CheckIn.objects.count() == CLIENTS * WEEKS
    rate = found.total() / (CLIENTS * WEEKS)
    assert 0 < rate <= MOST, found.most_common()
    assert not Flag.objects.filter(safety=True).exists()
    per_week = max(found.values()) / (CLIENTS * WEEKS)
    assert per_week <= MOST / 2, f"one rule alone makes most of the noise: {found.most_common(3)}"


@pytest.mark.django_db
def test_a_few_steady_clients(cast: Cast) -> None:
    """The same for a dozen in half a year, in every run; a wider bound for the smaller sample."""
    found = load(cast, 12, WEEKS, seed=7)
    assert found.total() / (12 * WEEKS) <= 2 * MOST, found.most_common()
