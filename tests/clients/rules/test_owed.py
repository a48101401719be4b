"""Every rule of the catalogue against the minimal histories it owes (rules.md, "Tests each rule owes")."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from clients import flags, summary
from clients.models import Flag
from clients.rules import CATALOGUE, Hit, Severity, evaluate, sweep
from clients.rules.words import ITEMS, LIFECYCLES
from tests import make
from tests.clients.rules import (
    owed_conduct,
    owed_engagement,
    owed_interactions,
    owed_safety,
    owed_signs,
    owed_wellbeing,
)
from tests.clients.rules.owed import Clock, Owed, Told, afraid
from tests.conftest import Cast

OWED: dict[str, Owed] = {
    **owed_safety.OWED, **owed_conduct.OWED, **owed_interactions.OWED, **owed_signs.OWED, **owed_engagement.OWED,
    **owed_wellbeing.OWED,
}  # fmt: skip

by_rule = pytest.mark.parametrize("rule", OWED)


def told(rule: str, of: Told) -> Hit | None:
    hits = sweep(of.standing, of.at) if isinstance(of, Clock) else evaluate(of).hits
    return next((hit for hit in hits if hit.rule == rule), None)


def weight(rule: str, of: Told) -> str | None:
    hit = told(rule, of)
    return hit.severity.name.lower() if hit else None


def test_no_rule_is_left_out() -> None:
    assert set(OWED) == set(CATALOGUE)


def _kinds() -> Iterator[object]:
    for rule, owed in OWED.items():
        for kind in ("below", "swapped", "negated", "past"):
            other = getattr(owed, kind)
            if isinstance(other, str):
                assert len(other) > 10, "why there is no such history"
                continue
            expected, history = other if isinstance(other, tuple) else (None, other)
            yield pytest.param(rule, expected, history, id=f"{rule} {kind}")


@by_rule
def test_it_fires(rule: str) -> None:
    assert weight(rule, OWED[rule].fires) == OWED[rule].weighs


@pytest.mark.parametrize(("rule", "expected", "history"), list(_kinds()))
def test_it_keeps_still(rule: str, expected: str | None, history: Told) -> None:
    assert weight(rule, history) == expected


@by_rule
def test_a_frightened_reporter(rule: str) -> None:
    owed = OWED[rule]
    if isinstance(owed.fires, Clock):
        assert owed.frightened == "same", "the clock runs for everybody"
        return
    expected = None if owed.frightened == "held" else owed.weighs
    assert weight(rule, afraid(owed.fires)) == ("urgent" if rule == "S07" else expected)


@by_rule
def test_names_and_sides_change_the_words_and_nothing_else(rule: str) -> None:
    fires = OWED[rule].fires
    if isinstance(fires, Clock):
        twin: Told = replace(fires, standing=replace(fires.standing, name="Tariq", other="Mai {0}"))
    else:
        twin = replace(fires, name="Tariq", other="Mai {0}")
    one, two = told(rule, fires), told(rule, twin)
    assert one is not None
    assert two is not None
    assert one.sentence.replace("Ines", "#").replace("Robin", "%") == two.sentence.replace("Tariq", "#").replace(
        "Mai {0}", "%"
    )
    assert [replace(row, words="") for row in one.evidence] == [replace(row, words="") for row in two.evidence]
    assert (one.severity, one.speed) == (two.severity, two.speed)


@by_rule
def test_each_row_of_its_evidence_says_where_it_comes_from(rule: str) -> None:
    hit = told(rule, OWED[rule].fires)
    assert hit is not None
    assert hit.evidence
    assert {row.item for row in hit.evidence} <= set(ITEMS)


# The life of its flag, played with its own hit


def at(day: float) -> datetime:
    return make.START + timedelta(days=day)


class Life:
    """One client's flags of one rule, driven by the hit on given days."""

    def __init__(self, cast: Cast, rule: str) -> None:
        hit = told(rule, OWED[rule].fires)
        assert hit is not None
        self.cast, self.rule = cast, rule
        self.hit = replace(hit, ends_at=None)  # a day of its own is played by itself, below
        self.days: list[float] = []

    def check_in(self, day: float, *, holds: bool) -> None:
        self.days.append(day)
        case = self.cast.couple
        summary.lock(case)
        flags.apply(
            case, self.cast.a, [self.hit] if holds else [], (), at=at(day), checkin=None, known=flags.load(case, at(day)),
            since=[at(d) for d in self.days],
        )  # fmt: skip

    def rows(self) -> list[Flag]:
        return list(Flag.objects.filter(partner=self.cast.a, rule=self.rule).order_by("opened_at"))

    def see(self, day: float) -> None:
        flags.acknowledge(case=self.cast.couple, flag_id=self.rows()[-1].pk, by=self.cast.dana, at=at(day))

    def close(self, day: float) -> None:
        flags.resolve(
            case=self.cast.couple, flag_id=self.rows()[-1].pk, by=self.cast.dana, at=at(day), reason="followed_up", follow_up="Called."
        )  # fmt: skip


@pytest.fixture
def life(cast: Cast, rule: str) -> Life:
    return Life(cast, rule)


def code(life: Life) -> str:
    return flags.lifecycle(life.rule, life.hit.severity)


@by_rule
@pytest.mark.django_db
@pytest.mark.db_both
def test_its_flag_in_the_cool_down(rule: str, life: Life) -> None:
    """Closed by a person, the same again within the cool-down raises nothing; danger always does."""
    life.check_in(0, holds=True)
    life.close(1)
    life.check_in(8, holds=True)
    live = [row for row in life.rows() if row.state in flags.LIVE]
    assert len(live) == (1 if code(life) == "L4" else 0)


@by_rule
@pytest.mark.django_db
@pytest.mark.db_both
def test_its_flag_clears_by_itself(rule: str, life: Life) -> None:
    """After the days and check-ins of its lifecycle, once it was seen where that is asked; danger never."""
    life.check_in(0, holds=True)
    seen = code(life) != "L1" and CATALOGUE[rule].lifecycle != "L1"
    if seen:
        life.see(1)
    days = {"L1": 28, "L2": 14, "L3": 28, "L4": 400}[code(life)]
    life.check_in(days - 7, holds=False)
    life.check_in(days - 0.1, holds=False)
    assert life.rows()[-1].state in flags.LIVE, "not yet"
    life.check_in(days, holds=False)
    assert (life.rows()[-1].state in flags.LIVE) == (code(life) == "L4")


@by_rule
@pytest.mark.django_db
@pytest.mark.db_both
def test_its_flag_comes_back(rule: str, life: Life) -> None:
    """After the cool-down: an elevated one opens again with its history, every other one is a new flag."""
    life.check_in(0, holds=True)
    life.close(1)
    life.check_in(40, holds=True)
    rows = life.rows()
    assert rows[-1].state == Flag.State.OPEN
    assert len(rows) == (1 if code(life) == "L3" else 2)
    events = list(rows[-1].events.order_by("at", "id").values_list("kind", flat=True))
    assert events == (["raised", "resolved", "reopened"] if code(life) == "L3" else ["raised"])


@pytest.mark.django_db
def test_a_plan_closes_when_its_day_is_over_also_where_it_was_not_seen(cast: Cast) -> None:
    life = Life(cast, "P14")
    life.hit = replace(life.hit, ends_at=at(9), severity=Severity.ELEVATED)
    life.check_in(0, holds=True)
    life.check_in(8.9, holds=False)
    assert life.rows()[-1].state == Flag.State.OPEN
    life.check_in(9, holds=False)
    assert (life.rows()[-1].state, life.rows()[-1].close_reason) == (Flag.State.AUTO_RESOLVED, "date_passed")


def test_each_code_has_its_words() -> None:
    assert {code for rule in CATALOGUE.values() for code in rule.lifecycle.split(">")} <= set(LIFECYCLES)
    assert Severity.INFO < Severity.WATCH < Severity.ELEVATED < Severity.URGENT
