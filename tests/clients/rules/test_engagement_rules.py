"""Family E beyond what every rule owes: words that are nearly the same, and what the clock finds."""

from typing import Any

import pytest

from clients.rules import History, Standing, sweep
from clients.rules.engagement import alike, prints
from clients.rules.record import Arranged
from tests.clients.rules.build import at, entry, hits, past

KEY = b"k" * 32
TEXT = (
    "We met at the lake on Sunday and talked for a while about the summer. It was calm, we laughed about the old boat, and "
    "then I drove home before it got dark because the children had school in the morning."
)
OTHER = (
    "Work was long this week and I hardly slept. I wrote twice about the rent and got an answer on Thursday, short but not "
    "unkind. My sister came over at the weekend and we repainted the hall together."
)


def written(text: str, days: float = 1, key: bytes = KEY, **more: Any) -> History:
    told = Arranged(prints=((at(0), prints(TEXT, KEY)),))
    return past(entry(days, **more), arranged=told, prints=prints(text, key))


@pytest.mark.parametrize(
    ("expected", "history"),
    [
        (True, written(TEXT)),
        (True, written(TEXT.upper().replace(",", " -"))),
        (True, written(TEXT.replace("Sunday", "Monday"), days=7)),
        (False, written(TEXT, days=7.1)),
        (False, written(OTHER)),
        (False, written(TEXT[:60] + OTHER)),
        (False, written(TEXT[:60])),
        (False, written("")),
        (False, written(TEXT, key=b"x" * 32)),
        (False, written(TEXT, at_desk=True)),
    ],
    ids=["the same words", "other case and signs", "one word changed", "more than a week ago", "other words", "a shared beginning",
         "too short to tell", "no words", "of another case", "entered at the desk"],
)  # fmt: skip
def test_nearly_the_same_words(expected: bool, history: History) -> None:
    hit = hits(history).get("E06")
    assert (hit is not None) == expected
    if hit is not None:
        assert (hit.severity.name, hit.from_other) == ("WATCH", True)
        assert [row.words for row in hit.evidence] == ["Nearly the same words as the other partner’s, within a week"]


def test_prints_hold_no_words_and_are_few() -> None:
    assert len(prints(TEXT * 50, KEY)) <= 32
    assert prints(TEXT, KEY) == prints(TEXT, KEY) != prints(TEXT, b"x" * 32)
    assert not alike(frozenset(), frozenset())


def still(**more: Any) -> tuple[str, ...]:
    found = sweep(Standing(today=at(20).date(), name="Ines", **more), at(20))
    return tuple(f"{hit.rule} {hit.severity.name}" for hit in found)


@pytest.mark.parametrize(
    ("expected", "more"),
    [
        ((), {"missed": (at(5),)}),
        (("E01 WATCH",), {"missed": (at(5), at(12))}),
        (("E01 ELEVATED",), {"missed": (at(5), at(12)), "elevated_open": True}),
        (("E01 ELEVATED",), {"missed": (at(5), at(12)), "d": 60.0}),
        (("E01 WATCH",), {"missed": (at(5), at(12)), "d": 59.9}),
        ((), {"missed": (at(5), at(12)), "told": {"E01": at(12)}}),
        (("E01 WATCH",), {"missed": (at(5), at(12), at(19)), "told": {"E01": at(12.1)}}),
    ],
    ids=["one", "two in a row", "while something weighs", "while distress is high", "just below", "said already", "one more since"],
)  # fmt: skip
def test_check_ins_let_go(expected: tuple[str, ...], more: dict[str, Any]) -> None:
    assert still(**more) == expected


def test_the_card_says_why_it_weighs() -> None:
    found = sweep(
        Standing(today=at(20).date(), name="Ines", missed=(at(5), at(12)), elevated_open=True, d=70.0), at(20)
    )
    assert (
        found[0].sentence == "Ines let 2 check-ins in a row go while a flag that weighs was open and distress was high."
    )
