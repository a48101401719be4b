"""Family S: looked at whatever else is the case, and how fast."""

from typing import Any

import pytest

from clients.rules import History
from clients.rules.safety import read_danger
from tests.clients.rules.build import DAY_0, entry, hits, past, said

TABLE = {
    "S01 ticked": ("S01", True, past(entry(0, safety=["self_harm"]))),
    "S01 read": ("S01", True, past(entry(0, read=[said("self_harm")]))),
    "S01 read with a very low score": ("S01", True, past(entry(0, read=[said("self_harm", score=0.01)]))),
    "S01 an urge": ("S01", True, past(entry(0, read=[said("self_harm", status="urge")]))),
    "S01 the partner's words": ("S01", True, past(entry(0, read=[said("self_harm", "spouse")]))),
    "S01 somebody else's": ("S01", False, past(entry(0, read=[said("self_harm", "other")]))),
    "S01 in the line for the session": ("S01", True, past(entry(0, aside=[said("self_harm")]))),
    "S01 an earlier check-in": ("S01", False, past(entry(0, safety=["self_harm"]), entry(7))),
    "S01 the first check-in of all": ("S01", True, past(entry(0, safety=["self_harm"]), before=0)),
    "S01 asked, none": ("S01", False, past(entry(0))),
    "S02 hurt": ("S02", True, past(entry(0, safety=["hurt"]))),
    "S02 afraid": ("S02", True, past(entry(0, safety=["afraid"]))),
    "S02 by the partner": ("S02", True, past(entry(0, read=[said("violence", "spouse")]))),
    "S02 by the client": ("S02", True, past(entry(0, read=[said("violence", "client")]))),
    "S02 in the line for the session": ("S02", True, past(entry(0, aside=[said("violence", "spouse")]))),
    "S02 self-harm alone": ("S02", False, past(entry(0, safety=["self_harm"]))),
    "S02 an earlier check-in": ("S02", False, past(entry(0, safety=["hurt"]), entry(7))),
}


@pytest.mark.parametrize(("rule", "expected", "history"), [pytest.param(*row, id=name) for name, row in TABLE.items()])
def test_when_it_speaks(rule: str, expected: bool, history: History) -> None:
    hit = hits(history).get(rule)
    assert (hit is not None) == expected
    assert hit is None or hit.severity.name == "URGENT"


@pytest.mark.parametrize(
    ("rule", "safety", "danger", "speed"),
    [
        ("S01", "self_harm", {}, "now"),
        ("S01", "self_harm", {"who": "", "safe_now": "yes"}, "now"),
        ("S02", "afraid", {}, "now"),
        ("S02", "afraid", {"who": "to_me", "safe_now": "yes"}, "today"),
        ("S02", "afraid", {"who": "to_me", "safe_now": "unsure"}, "now"),
        ("S02", "afraid", {"who": "to_me", "safe_now": "no"}, "now"),
        ("S02", "hurt", {"who": "by_me", "safe_now": ""}, "now"),
    ],
)
def test_how_fast(rule: str, safety: str, danger: dict[str, str], speed: str) -> None:
    assert hits(past(entry(0, safety=[safety], danger=danger)))[rule].speed == speed


def test_words_alone_are_called_possible_and_still_looked_at() -> None:
    read = hits(past(entry(0, read=[said("violence", "spouse")])))["S02"]
    assert read.sentence == "Possible: violence, threats or fear."
    assert "It is still looked at." in read.against[0]
    ticked = hits(past(entry(0, read=[said("violence", "spouse")], safety=["afraid"])))["S02"]
    assert ticked.sentence == "Violence, threats or fear."
    assert ticked.against == ()
    assert [row.words for row in ticked.evidence] == ["Ticked: I am afraid of Robin", "those wor"[:9]]


def test_each_item_is_quoted_from_its_own_text() -> None:
    rows = hits(past(entry(0, read=[said("self_harm", end=5)], aside=[said("self_harm", end=4)])))["S01"].evidence
    assert [(row.item, row.words) for row in rows] == [("t1", "those"), ("n1", "this")]


def test_both_stand_side_by_side() -> None:
    found = hits(past(entry(0, safety=["self_harm", "afraid"], c8={"ultimatum": 1})))
    assert list(found) == ["S01", "S02"]


@pytest.mark.parametrize(
    ("findings", "rules"),
    [
        ([said("self_harm")], ["S01"]),
        ([said("self_harm", "other")], []),
        ([said("violence", "spouse"), said("self_harm")], ["S01", "S02"]),
        ([said("ultimatum")], []),
    ],
)
def test_a_text_outside_a_check_in(findings: list[Any], rules: list[str]) -> None:
    found = read_danger("one line back", tuple(findings), DAY_0)
    assert [hit.rule for hit in found] == rules
    assert all(hit.speed == "now" and hit.sentence.startswith("Possible: ") for hit in found)
