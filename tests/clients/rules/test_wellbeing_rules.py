"""Family W: one line at the start, later only what stands out."""

import pytest

from clients.rules import Entry, History
from tests.clients.rules.build import entry, hits, past, said, severity


def low(day: float, d: float = 40, level: float = 40) -> Entry:
    return entry(day, d=d, levels={"d": level})


KNOWN = [low(0), low(7), low(14)]
HIGH = [low(n, 60, 60) for n in (0, 7, 14)]


@pytest.mark.parametrize(
    ("expected", "history"),
    [
        pytest.param(None, past(*HIGH, entry(21, d=59.9)), id="just below"),
        pytest.param("watch", past(*HIGH, entry(21, d=60)), id="at 60"),
        pytest.param("watch", past(*HIGH, entry(21, d=75)), id="75 is no step any more"),
        pytest.param(None, past(*HIGH, entry(21)), id="not answered"),
        pytest.param(None, past(entry(0, d=80), entry(7, d=20)), id="long past"),
        pytest.param("info", past(entry(0, d=100), before=0), id="the first check-in"),
        pytest.param("info", past(*KNOWN, entry(21, d=100), before=3), id="the fourth check-in"),
        pytest.param("watch", past(*HIGH, entry(21, d=75), before=4), id="the fifth check-in"),
        pytest.param("elevated", past(*KNOWN, entry(21, d=62)), id="22 over the own level"),
        pytest.param("watch", past(*[low(n, 40, 40.1) for n in (0, 7, 14)], entry(21, d=62)), id="less than 22 over"),
        pytest.param("watch", past(low(0), low(7), entry(21, d=62)), id="too little known of the own level"),
        pytest.param("watch", past(low(0), low(3), low(6), entry(21, d=62)), id="known for too short a time"),
        pytest.param("elevated", past(entry(0, d=87.5), entry(7, d=87.5)), id="very high twice"),
        pytest.param("watch", past(entry(0, d=87.4), entry(7, d=100)), id="very high once"),
        pytest.param("elevated", past(entry(0, d=87.5), entry(7), entry(14, d=87.5)), id="twice, one not answered between"),
        pytest.param("watch", past(entry(0, d=90), entry(7, d=60), entry(14, d=90)), id="not in a row"),
        pytest.param("elevated", past(entry(0, d=60, c4=["over"])), id="it is over"),
        pytest.param("elevated", past(entry(0, d=60, c4=["someone_else"])), id="somebody else"),
        pytest.param("elevated", past(entry(0, d=60, c3="no_contact", c4=["heard_over"])), id="heard that it is over"),
        pytest.param("watch", past(entry(0, d=60, c4=["space"])), id="asking for space is no setback"),
        pytest.param("watch", past(entry(0, d=60, read=[said("setback", "spouse")])), id="a setback only read"),
        pytest.param(None, past(entry(0, d=59, c4=["over"])), id="a setback without distress"),
        pytest.param("watch", past(entry(0, d=60, safety=["afraid"])), id="frightened as well"),
    ],
)  # fmt: skip
def test_when_it_speaks(expected: str | None, history: History) -> None:
    assert severity(history, "W01") == expected


def test_the_card_says_what_raised_it() -> None:
    over = hits(past(entry(0, d=60, c4=["over"], read=[said("setback", "spouse", end=5)])))["W01"]
    assert over.sentence == "High distress together with a setback."
    assert [row.words for row in over.evidence] == ["Distress 60 of 100", "Ticked: Robin said it is over", "those"]
    twice = hits(past(entry(0, d=90), entry(7, d=95)))["W01"]
    assert [row.words for row in twice.evidence] == ["Distress 90 of 100", "Distress 95 of 100"]
    assert hits(past(entry(0, d=60)))["W01"].sentence == "High distress, as Ines reports it."


RISING = [20, 20, 20, 42, 42]
OVER = {"c4": ["over"]}
READ = {"read": [said("setback", "spouse", frame="setback.papers")]}


@pytest.mark.parametrize(
    ("rule", "expected", "history"),
    [
        pytest.param("W02", "elevated", past(*(entry(7 * n, d=d) for n, d in enumerate(RISING)), entry(35, d=42, **OVER)), id="rising, with a setback"),
        pytest.param("W02", "watch", past(*(entry(7 * n, d=d) for n, d in enumerate(RISING)), entry(35, d=42, **READ)), id="rising, the setback only read"),
        pytest.param("W02", "watch", past(entry(0, d=20, **OVER), *(entry(7 * n, d=d) for n, d in enumerate([*RISING[1:], 42], 1))), id="rising, the setback long past"),
        pytest.param("W02", None, past(*(entry(7 * n, d=d) for n, d in enumerate([20, 20, 42, 42, 42]))), id="rising, five check-ins"),
        pytest.param("W03", "elevated", past(entry(0, c4=["someone_else"], c12=3)), id="much in the way of daily life"),
        pytest.param("W03", "elevated", past(entry(0, c3="no_contact", c4=["heard_over"], c11=0)), id="heard that it is over"),
        pytest.param("W03", "watch", past(entry(0, c11=1, **READ)), id="the setback only read"),
        pytest.param("W03", None, past(entry(0, c4=["space"], c11=0)), id="space is no setback"),
        pytest.param("W03", None, past(entry(0, c4=["over"], c11="skip", c12="skip")), id="not answered"),
        pytest.param("W03", "elevated", past(entry(0, c11=0, **OVER), before=0), id="in the very first check-in"),
        pytest.param("W03", "elevated", past(entry(0, c11=0, safety=["afraid"], **OVER)), id="also where somebody is afraid"),
    ],
)  # fmt: skip
def test_getting_worse_and_setbacks(rule: str, expected: str | None, history: History) -> None:
    assert severity(history, rule) == expected
