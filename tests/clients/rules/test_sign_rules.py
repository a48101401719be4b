"""Family O and the steady window: what opens it, and what does not."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from clients.rules import CATALOGUE, Entry, History, Standing, SteadyWindow, evaluate, sweep
from clients.rules.record import Arranged
from tests.clients.rules.build import at, entry, hits, past, said, severity, window

COOL, WARM = 15.0, 40.0


def series(*scores: float | None, start: float = 0, step: float = 7) -> list[Entry]:
    return [entry(start + step * n, w=w) for n, w in enumerate(scores)]


def opened(*entries: Entry, windows: Iterable[SteadyWindow] = ()) -> str | None:
    found = evaluate(past(*entries, windows=windows)).windows
    assert len(found) <= 1
    return found[0].opened_by if found else None


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        pytest.param(past(*series(15, 15, 40, 40)), "info", id="a rise"),
        pytest.param(past(*series(*[15] * 4, *[34.9] * 4)), None, id="a rise just too small"),
        pytest.param(past(*series(*[15] * 4, *[35] * 4)), "info", id="a rise just large enough"),
        pytest.param(past(*series(15, 15, 15, 40)), None, id="one warm week"),
        pytest.param(past(*series(15, 40, 40)), None, id="three check-ins"),
        pytest.param(past(*series(40, 40, 15, 15)), None, id="a fall"),
        pytest.param(past(*series(15, 15, 40, 40, None)), None, id="no contact now"),
        pytest.param(past(*series(15, 15, None, 40, 40)), "info", id="a gap bridged"),
        pytest.param(past(*series(15, 15, *[40] * 11)), None, id="long past: one cool week in the last twelve"),
        pytest.param(past(*series(15, 15, *[40] * 10)), "info", id="two cool weeks in the last twelve"),
        pytest.param(past(*series(15, 15, 40, 40), before=3), "info", id="a new client"),
    ],
)
def test_early_warming(history: History, expected: str | None) -> None:
    assert severity(history, "O01") == expected


def test_it_says_that_it_is_early_and_whose_view_it_is() -> None:
    hit = hits(past(*series(15, 15, 40, 44)))["O01"]
    assert hit.sentence == (
        "Robin has been warmer lately, as Ines reports it: about 15 before, 42 since. Too early to say that it will hold."
    )
    assert [row.entry for row in hit.evidence] == ["at-14.0", "at-21.0"] or [row.at for row in hit.evidence] == [
        at(14),
        at(21),
    ]


def test_warming_opens_the_window_for_28_days() -> None:
    found = evaluate(past(*series(15, 15, 40, 40))).windows
    assert found == (SteadyWindow(at(21), "O01", at(49)),)


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([], "O01"),
        ([window(20)], None),
        ([window(-60)], "O01"),
        ([window(-60), window(-120, "SIGN")], None),
        ([window(-60), window(-182, "SIGN")], "O01"),
        ([window(-60, "O02"), window(-120)], "O01"),
        ([window(-60, ended=-50)], None),
        ([window(-170, ended=-160)], "O01"),
        ([window(30)], None),
    ],
    ids=["none before", "one is open", "one before", "two in half a year", "one of two long past", "one confirmed",
         "a person ended one", "a person ended one long ago", "a later one stands: a check-in for an older time"],
)  # fmt: skip
def test_how_often_it_opens(windows: list[SteadyWindow], expected: str | None) -> None:
    assert opened(*series(15, 15, 40, 40), windows=windows) == expected


def test_one_warmer_phase_opens_one_window() -> None:
    """The same shift is seen for many check-ins; after its window is over it opens no second one."""
    scores = [15.0, 15.0] + [40.0] * 8
    windows: list[SteadyWindow] = []
    for count in range(1, len(scores) + 1):
        outcome = evaluate(past(*series(*scores)[:count], windows=windows))
        windows += outcome.windows
    assert [(w.opened_at, w.opened_by) for w in windows] == [(at(21), "O01")]
    assert any(hit.rule == "O01" for hit in outcome.hits)


def test_a_further_warming_after_it_opens_another() -> None:
    later = series(15, 15, 40, 40, 40, 40, 40, 40, 75, 75, step=4.6)
    assert opened(*later, windows=[window(11)]) == "O01"
    assert opened(*later, windows=[window(14)]) is None, "still open"


RISEN = series(15, 15, 15, 15, 45, 45, 45)


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([], SteadyWindow(at(42), "O02", at(70))),
        ([window(35)], SteadyWindow(at(35), "O01", at(70), moved=True)),
        ([window(14, "SIGN")], SteadyWindow(at(14), "SIGN", at(70), moved=True)),
        ([window(13.9)], SteadyWindow(at(42), "O02", at(70))),
        ([window(35, ended=36)], SteadyWindow(at(42), "O02", at(70))),
        ([window(35, ended=42)], None),
        ([window(-60), window(-30, "SIGN")], SteadyWindow(at(42), "O02", at(70))),
        ([window(50)], None),
    ],
    ids=["none before: opens one", "an open one gets a later end", "on its last day", "one that is over", "a person ended one",
         "a person ended one after this check-in was sent", "the soft tier has spent its two", "a later one stands"],
)  # fmt: skip
def test_a_confirmed_warming_moves_or_opens_the_window(
    windows: list[SteadyWindow], expected: SteadyWindow | None
) -> None:
    assert evaluate(past(*RISEN, windows=windows)).windows == ((expected,) if expected else ())


def test_it_speaks_once_and_hides_the_possible_one() -> None:
    spoke = [set(hits(past(*series(15, 15, 15, 15, *[45] * n)))) & {"O01", "O02"} for n in range(1, 7)]
    assert spoke == [set(), {"O01"}, {"O02"}, set(), set(), set()]


def test_a_push_in_the_check_in_that_confirms_falls_in_the_moved_window() -> None:
    risen = [*RISEN[:-1], entry(42, w=45, c8={"push_return": 1})]
    assert severity(past(*risen, windows=[window(14.5)]), "P02") == "elevated"


def test_good_news_first_then_what_to_go_on_with_then_patience() -> None:
    risen = [*RISEN[:4], entry(28, w=45, c8g=["listened"]), *RISEN[5:6], entry(42, w=45, c8g=["left_next_step"])]
    hit = hits(past(*risen))["O02"]
    assert hit.sentence == (
        "Robin has been warmer, and it has held for two weeks or more, as Ines reports it: about 15 before, 45 since. Time to "
        "enjoy it; to go on as in these weeks (listened without arguing, left the next step to Robin); and to leave it to "
        "Robin to raise what comes next."
    )
    assert CATALOGUE["O02"].guidance[:3] == ("G09", "G10", "G07")
    assert [row.words for row in hit.evidence if row.item == "c8g"] == [
        "Ticked: listened without arguing",
        "Ticked: left the next step to Robin",
    ]


def test_warmth_after_danger_is_called_by_its_name() -> None:
    for told in (RISEN, series(15, 15, 40, 40)):
        first, *rest = told
        found = hits(past(replace(first, safety=frozenset({"afraid"})), *rest))
        card = found.get("O02") or found["O01"]
        assert "Safety comes first." in card.against[-1]


@pytest.mark.parametrize(
    ("expected", "entries"),
    [
        ("watch", [entry(0, c4=["return"]), entry(28.1, c4=["return"])]),
        (None, [entry(0, c4=["return"]), entry(28, c4=["return"])]),
        ("watch", [entry(0, read=[said("raises_return", "spouse")])]),
        ("watch", [entry(0, c8={"push_return": 1, "partner_first": True})]),
        (None, [entry(0, c8={"push_return": 1})]),
    ],
    ids=["the first in 28 days", "once more within 28 days", "in the words", "by the tick beside an answer", "asked, not told"],
)  # fmt: skip
def test_the_return_is_brought_up(expected: str | None, entries: list[Entry]) -> None:
    assert severity(past(*entries), "O04") == expected


def test_the_card_of_a_decision_point_shows_what_to_look_at() -> None:
    talk = {"talk": "yes", "began": "me", "ended": 1}
    told = past(entry(0, c7=talk), entry(7, c4=["return"], gate="wait", safety=["afraid"]))
    hit = hits(told)["O04"]
    assert [row.words for row in hit.evidence] == [
        "Ticked: talk of living together again",
        "Talk about problems: not now",
        "The last talk about problems ended tense",
    ]
    assert "look at safety before anything else" in hit.against[0]
    assert "words read by software" in hits(past(entry(0, read=[said("raises_return", "spouse")])))["O04"].against[-1]


def test_what_was_told_between_a_rise_and_its_reversal_is_shown_but_no_act_of_a_frightened_person() -> None:
    rows = [
        *series(15, 15, 15, 15, 45, 45, 45, 45),
        entry(56, w=10, c4=["space"], c8={"ultimatum": 1}),
        *series(10, 10, start=63),
    ]
    words = [row.words for row in hits(past(*rows))["O07"].evidence if row.item != "c3"]
    assert words == ["Ticked: asking for space or time", "Ticked: gave a deadline or condition"]
    held = past(*rows[:-1], replace(rows[-1], safety=frozenset({"afraid"})))
    assert [row.words for row in hits(held)["O07"].evidence if row.item != "c3"] == ["Ticked: asking for space or time"]


@pytest.mark.parametrize(
    ("expected", "more"),
    [
        (True, {"leaning_since": at(-90).date()}),
        (False, {"leaning_since": at(-89).date()}),
        (True, {"leaning_since": at(-300).date(), "warmed_on": at(-90).date()}),
        (False, {"leaning_since": at(-300).date(), "warmed_on": at(-89).date()}),
        (False, {"leaning_since": at(-300).date(), "review_on": at(0).date()}),
        (True, {"leaning_since": at(-300).date(), "review_on": at(-1).date()}),
        (True, {"review_on": at(-1).date()}),
        (True, {"review_on": at(-1).date(), "phase": "trying"}),
        (False, {"review_on": at(-1).date(), "phase": "ended"}),
        (False, {"leaning_since": at(-300).date(), "phase": "together"}),
        (False, {"leaning_since": at(-300).date(), "told": {"O08": at(-59)}}),
        (False, {"leaning_since": at(-300).date(), "told": {"O08": at(-60)}}),
        (True, {"leaning_since": at(-300).date(), "told": {"O08": at(-60.1)}}),
    ],
    ids=["90 days", "89 days", "90 days after a warming", "a warming since", "the agreed day is today", "it was yesterday",
         "an agreed day alone", "an agreed day while they try", "nothing is waited for any more",
         "together again", "said 59 days ago", "said 60 days ago", "time to say it again"],
)  # fmt: skip
def test_a_long_wait(expected: bool, more: dict[str, Any]) -> None:
    found = sweep(Standing(**({"today": at(0).date()} | more)), at(0))
    assert [hit.rule for hit in found] == (["O08"] if expected else [])


SIGN = {"c4": ["kind"]}


def weeks(*told: object, step: float = 7) -> list[Entry]:
    return [entry(step * n, c4=c4) for n, c4 in enumerate(told)]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param(weeks("none", "none", "none", ["kind"], ["memory"]), "SIGN", id="two after 21 days without"),
        pytest.param(weeks("none", "none", ["kind"], ["memory"]), None, id="two after 14 days without"),
        pytest.param(weeks("none", "none", "none", ["kind"]), None, id="one sign"),
        pytest.param(weeks("none", "none", "none", ["kind"], "none", ["kind"]), None, id="not in succession"),
        pytest.param(weeks("none", "none", "none", ["kind"], "skip", ["kind"]), None, id="one skipped between"),
        pytest.param(weeks(["kind"], "none", "none", ["kind"], ["kind"]), None, id="a sign 14 days before"),
        pytest.param(weeks(["kind"], "none", "none", "none", ["kind"], ["kind"]), "SIGN", id="a sign 21 days before"),
        pytest.param(weeks("skip", "skip", "skip", ["kind"], ["kind"]), None, id="skipped is not observed"),
        pytest.param(weeks("skip", "none", "skip", "none", "none", ["kind"], ["kind"]), "SIGN", id="skipped between"),
        pytest.param(weeks(["space"], ["over"], "none", ["kind"], ["together"]), "SIGN", id="other chips are no signs"),
        pytest.param(weeks("none", "none", "none", ["return"], ["return"]), None, id="talk of return is no sign"),
        pytest.param(
            [*(entry(7 * n, c3="no_contact", c4="no_contact") for n in range(3)), entry(21, c4=["kind"]), entry(28, c4=["kind"])],
            "SIGN", id="no contact before",
        ),
        pytest.param(
            [entry(0), entry(3), entry(24, c4=["kind"]), entry(28, c4=["kind"])], None, id="a long gap that ended with a sign"
        ),
        pytest.param(
            [entry(0, c4=["kind"]), entry(21), entry(24, c4=["kind"]), entry(28, c4=["kind"])], "SIGN", id="one long quiet period"
        ),
        pytest.param(
            [entry(0, c4=["kind"]), entry(20.9), entry(24, c4=["kind"]), entry(28, c4=["kind"])], None, id="just too short"
        ),
    ],
)  # fmt: skip
def test_two_signs(entries: list[Entry], expected: str | None) -> None:
    assert opened(*entries) == expected


def test_an_act_in_the_check_in_that_opens_the_window_counts() -> None:
    entries = series(15, 15, 40)
    found = evaluate(past(*entries, entry(21, w=40, c8={"push_return": 1})))
    by_rule = {hit.rule: hit for hit in found.hits}
    assert found.windows[0].opened_by == "O01"
    assert by_rule["P02"].sentence == (
        "In the steady window, on the day the first warmer weeks were noticed: asked or hinted about living together again."
    )
    assert by_rule["P01"].head == "P02"
    assert by_rule["O01"].head == ""


def test_signs_of_an_older_time_open_nothing_before_a_later_window() -> None:
    told = weeks("none", "none", "none", ["kind"], ["memory"])
    assert opened(*told, windows=[window(-60)]) == "SIGN"
    assert opened(*told, windows=[window(40)]) is None


@pytest.mark.parametrize(
    ("phase", "opens", "raised"),
    [
        ("separated", True, True),
        ("paused", True, True),
        ("trying", True, False),
        ("together", False, False),
        ("ended", False, True),
    ],
)
def test_the_phase_of_the_case_is_followed(phase: str, opens: bool, raised: bool) -> None:
    """Where two live together again there is nothing left to hurry, and no return to be brought up."""
    where = Arranged(phase=phase)
    assert bool(evaluate(past(*RISEN, arranged=where)).windows) == opens
    assert ("O04" in hits(past(entry(0, c4=["return"]), arranged=where))) == raised
