"""Family O and the steady window: what opens it, and what does not."""

from collections.abc import Iterable

import pytest

from clients.rules import Entry, History, SteadyWindow, evaluate
from tests.clients.rules.build import at, entry, hits, past, severity, window

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
    later = series(15, 15, 40, 40, 40, 40, 40, 40, 75, 75)
    assert opened(*later, windows=[window(21)]) == "O01"


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
