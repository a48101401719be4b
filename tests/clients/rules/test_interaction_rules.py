"""Family I: own conduct and the partner's signs, side by side; and what keeps them still."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from clients.rules import Arranged, Entry, History, Raised
from clients.rules.record import Agreement, Said
from tests.clients.rules.build import at, entry, hits, past, said, severity


def talk(day: float, ended: int = 0, **more: Any) -> Entry:
    return entry(day, c7={"talk": "yes", "began": "me", "ended": ended}, **more)


def space(*counts: int, c4: Any = ("space",), **more: Any) -> History:
    first = entry(0, c1=counts[0], c4=list(c4) if c4 != "none" else c4)
    return past(first, *(entry(7 * n, c1=count) for n, count in enumerate(counts[1:], 1)), **more)


def wishes(what: str, day: float = 0) -> Arranged:
    return Arranged(said=(Said(at(day), wants=what),))


def found_before(rule: str, day: float) -> list[Raised]:
    return [Raised(rule, 2, at(day), at(day))]


def closed_before(rule: str, day: float) -> list[Raised]:
    return [Raised(rule, 2, at(day), at(day), at(day + 1), "known")]


SHIFTED = [entry(5 * n, cpi=10 if n < 8 else 40, w=60 if n < 8 else 30) for n in range(11)]
WAIT: dict[str, Any] = {"gate": "wait"}
CASES = {
    "I01 confirmed shifts in opposite directions": ("I01", "elevated", past(*SHIFTED)),
    "I01 warmth was not told": ("I01", None, past(*(replace(e, w=None) for e in SHIFTED))),
    "I01 five check-ins": ("I01", None, past(*(entry(7 * n, cpi=10 + 30 * (n > 1), w=60 - 30 * (n > 1)) for n in range(5)))),
    "I02 two in 28 days": ("I02", "elevated", past(entry(0, **WAIT), talk(7, **WAIT), talk(35))),
    "I02 two in 29 days": ("I02", "watch", past(entry(0, **WAIT), talk(7, **WAIT), entry(20, **WAIT), talk(36))),
    "I02 warmth fell after it": ("I02", "elevated", past(entry(0, **WAIT), talk(7, w=60), entry(14, w=40))),
    "I02 warmth fell less after it": ("I02", None, past(entry(0, **WAIT), talk(7, w=60), entry(14, w=41))),
    "I02 warmth fell after a talk that was in time": ("I02", None, past(entry(0, gate="go"), talk(7, w=60), entry(14, w=40))),
    "I02 not told how it ended": ("I02", None, past(entry(0, **WAIT), entry(7, c7={"talk": "yes", "began": "me"}))),
    "I02 the very first check-in": ("I02", None, past(talk(0))),
    "I05 found a second time": ("I05", "elevated", space(8, 8, 8, flags=found_before("I05", 7))),
    "I05 the partner's word a second time": ("I05", "watch", space(8, 8, 8, c4="none", flags=closed_before("I05", 7), arranged=wishes("less", 8))),
    "I05 down by a third": ("I05", None, space(8, 5)),
    "I05 not down, but seldom": ("I05", None, space(3, 3)),
    "I05 the partner asks for less": ("I05", "watch", space(8, 8, c4="none", arranged=wishes("less"))),
    "I05 the partner asks for none": ("I05", None, space(8, 8, c4="none", arranged=wishes("none"))),
    "I05 the partner asks for more": ("I05", None, space(8, 8, c4="none", arranged=wishes("more"))),
    "I05 a rate they agreed on": ("I05", "info", space(8, 6, arranged=Arranged(agreements=(Agreement("contact_rate", date(2026, 1, 1), None, 7, True),)))),
    "I06 a safety flag in 90 days": ("I06", None, past(*(entry(7 * n, gate="go") for n in range(8)), flags=[Raised("S01", 4, at(-60), at(-60), at(-40))])),
    "I06 a safety flag of the other one": ("I06", None, past(*(entry(7 * n, gate="go") for n in range(8)), flags=[Raised("S02", 4, at(0), at(0), own=False)])),
    "I06 a safety flag long ago": ("I06", "info", past(*(entry(7 * n, gate="go") for n in range(8)), flags=[Raised("S01", 4, at(-99), at(-99), at(-98))])),
    "I06 danger now": ("I06", None, past(*(entry(7 * n, gate="go") for n in range(7)), entry(49, gate="go", safety=["child"]))),
    "I07 sure all the same": ("I07", "elevated", past(entry(0, c4=["someone_else"]), entry(7, c10=3))),
    "I07 in the same check-in": ("I07", "elevated", past(entry(0, c4=["over"], c8={"leverage": 1}))),
    "I07 the setback only read": ("I07", "watch", past(entry(0, read=[said("setback", "spouse", frame="setback.papers")], c8={"leverage": 1}))),
    "I07 the act only read": ("I07", "watch", past(entry(0, c4=["over"], read=[said("push_return")]))),
    "I07 nothing of it now": ("I07", None, past(entry(0, c4=["over"], c8={"leverage": 1}), entry(7))),
    "I07 afraid, and sure": ("I07", "elevated", past(entry(0, c4=["over"], safety=["afraid"]), entry(7, c10=4, c8={"push_return": 1}))),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "expected", "history"), CASES.values(), ids=CASES.keys())
def test_when_it_speaks(rule: str, expected: str | None, history: History) -> None:
    assert severity(history, rule) == expected


def test_the_question_comes_before_it_weighs_more() -> None:
    hit = hits(space(8, 8))["I05"]
    assert (hit.severity.name, hit.asks, hit.from_other) == ("WATCH", "Space from what?", False)


def test_the_partners_wish_is_in_no_word_and_no_row_of_the_card() -> None:
    """Its rows are the reporter's own answers; the counselor is told to speak with the other one alone."""
    one = hits(space(8, 8, c4="none", arranged=wishes("less")))["I05"]
    assert one.from_other
    assert {row.item for row in one.evidence} == {"c1"}
    assert "Robin" not in one.sentence
    assert one.asks == "Speak with Robin alone first."


def test_the_partners_word_adds_nothing_to_what_is_open_already() -> None:
    """A flag raised from the reporter's own answers stays free of it."""
    assert "I05" not in hits(space(8, 8, c4="none", arranged=wishes("less"), flags=found_before("I05", 3)))


def test_a_talk_at_a_bad_time_is_one_card_with_the_forced_talk() -> None:
    found = hits(past(entry(0, **WAIT), talk(7)))
    assert (found["P08"].severity.name, found["P08"].head, found["I02"].head) == ("ELEVATED", "", "P08")


def test_a_line_is_never_more_than_a_line() -> None:
    hit = hits(past(*(entry(7 * n, gate="go") for n in range(8))))["I06"]
    assert hit.severity.name == "INFO"


def test_no_sentence_says_that_one_thing_caused_another() -> None:
    told = [hits(history)[rule].sentence for rule, expected, history in CASES.values() if expected]
    for sentence in told:
        assert not {"because", "caused", "led", "made", "therefore", "so"} & set(sentence.lower().split()), sentence
