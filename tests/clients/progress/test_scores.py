import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.progress import mirrored, score
from clients.progress.scores import CHIPS, CONFIRMED, CONTACTS, UNCONFIRMED, WEIGHTS

WORKED = {
    "c1": 6,
    "c2": 2,
    "c3": 3,
    "c4": ["kind", "memory", "space"],
    "c5": 2,
    "c6": 1,
    "c8": {"reassurance": 1, "push_return": 2},
    "c11": 2,
    "c12": 2,
}
ACTS = [act for act, weight in WEIGHTS.items() if weight]


def cpi(raw_wk: float) -> float:
    return 100 * (1 - math.exp(-raw_wk / 4))


def test_the_worked_example():
    got = score(WORKED, days=7)
    assert got.w == pytest.approx(70.83, abs=5e-3)
    assert got.t == pytest.approx(32.50, abs=5e-3)
    assert got.raw == pytest.approx(4.8)
    assert got.cpi == pytest.approx(69.88, abs=5e-3)
    assert got.d == pytest.approx(50.00)


def test_the_worked_example_after_two_weeks():
    assert score(WORKED, days=14).cpi == pytest.approx(45.12, abs=5e-3)
    assert score(WORKED, days=14).raw == pytest.approx(4.8)


def test_no_contact_and_no_acts():
    got = score({"c1": 0, "c2": 0, "c3": "no_contact", "c4": "none", "c8": "none"}, days=7)
    assert (got.w, got.t, got.cpi) == (None, None, 0)
    assert (got.states["w"], got.states["t"], got.states["cpi"]) == ("no_contact", "no_contact", "value")


@pytest.mark.parametrize(("raw", "percent"), [(1, 22), (2, 39), (3, 53), (4, 63), (6, 78)])
def test_what_raw_pressure_comes_to(raw, percent):
    acts = {
        1: ["reassurance"],
        2: ["pursuit"],
        3: ["ultimatum"],
        4: ["pursuit", "forced_talk"],
        6: ["uninvited", "leverage"],
    }
    got = score({"c8": dict.fromkeys(acts[raw], 1)}, days=7)
    assert got.raw == raw
    assert got.cpi == pytest.approx(percent, abs=0.5)


def test_the_demo_case(demo_answers):
    got = [score(answers, days=7).w for _, answers in demo_answers]
    assert [round(w, 1) for w in got] == [15.6, 19.2, 12.5, 19.2, 35, 45, 41.7, 58.3, 60.8, 58.3]


def test_three_kinds_of_nothing_stay_three():
    def states(**answers: object) -> dict[str, str]:
        return dict(score(answers, days=7).states)

    assert states(c3="skip")["w"] == "skip"
    assert states(c3="practical")["w"] == states(c3="changed")["w"] == "none"
    assert states(c3="no_contact")["w"] == "no_contact"
    assert states(c3=2)["w"] == "value"
    assert states(c3=2, c6="skip")["t"] == "skip"
    assert states(c3=2, c6="no_contact")["t"] == "no_contact"
    assert states(c3="no_contact", c6=3)["t"] == "no_contact"
    assert states(c8="skip")["cpi"] == "skip"
    assert states(c8="none")["cpi"] == "value"
    assert states(c9="skip")["rs"] == "skip"
    assert states(c9="no_urge")["rs"] == "none"
    assert states(c11="skip", c12="skip")["d"] == "skip"
    assert states(c11="skip", c12=4)["d"] == "value"


def test_parts_left_out_drop_out():
    assert score({"c3": 2}, days=7).w == pytest.approx(50)
    assert score({"c3": 2, "c4": "skip", "c5": "skip"}, days=7).w == pytest.approx(50)
    assert score({"c3": 2, "c4": "none"}, days=7).w == pytest.approx(100 * 0.25 / 0.8)
    assert score({"c3": 2, "c4": ["return"], "c5": "none"}, days=7).w == pytest.approx(100 * 0.25 / 0.8)
    assert score({"c6": 4}, days=7).t == pytest.approx(100)
    assert score({"c6": 0, "c4": ["space", "over", "someone_else"]}, days=7).t == pytest.approx(30)
    assert score({"c11": 0}, days=7).d == 100
    assert score({"c12": 1, "c11": "skip"}, days=7).d == 25


def test_restraint_counts_only_where_there_was_an_urge():
    assert [score({"c9": c9}, days=7).rs for c9 in (4, 3, 1, 0)] == [100, 75, 25, 0]
    assert all(score({"c9": c9}, days=7).urge for c9 in (4, 3, 1, 0))
    assert score({"c9": "no_urge"}, days=7).rs is None
    assert not score({"c9": "no_urge"}, days=7).urge
    assert not score({"c9": "skip"}, days=7).urge


def test_the_weight_of_each_act():
    assert [score({"c8": {act: 1}}, days=7).raw for act in ACTS] == [2, 1, 2, 3, 2, 3, 3, 3]
    assert score({"c8": {"monitoring": 2}}, days=7).raw == 4.5
    assert score({"c8": {"limit_set": 2}}, days=7).cpi == 0


def test_asking_about_return_weighs_nothing_when_the_partner_began():
    assert score({"c8": {"push_return": 2, "partner_first": True}}, days=7).raw == 0
    labelled = score({"c8": {"push_return": 1, "partner_first": True}}, 7, {"push_return": CONFIRMED})
    assert labelled.raw == 0


def test_contacts_beyond_two_more_than_the_partner():
    def raw(c1: object, c2: object) -> float | None:
        return score({"c1": c1, "c2": c2, "c8": "none"}, days=7).raw

    assert raw(4, 2) == 0
    assert raw(6, 2) == pytest.approx(0.8)
    assert raw(11, 0) == pytest.approx(2)
    assert raw("skip", 0) == raw(11, "skip") == 0


def test_pressure_is_scaled_over_one_to_two_weeks():
    def at(days: float) -> float | None:
        return score({"c8": {"pursuit": 1}}, days=days).cpi

    assert at(3.5) == at(7) == pytest.approx(cpi(2))
    assert at(10) == pytest.approx(cpi(1.4))
    assert at(14) == at(90) == pytest.approx(cpi(1))


def test_text_adds_only_where_its_chip_is_unticked():
    ticked, unticked = {"c8": {"leverage": 1}}, {"c8": "none"}
    for factor in (UNCONFIRMED, CONFIRMED):
        assert score(ticked, 7, {"leverage": factor}).raw == 3
        assert score(unticked, 7, {"leverage": factor}).raw == 3 * factor
    assert score({"c8": "skip"}, 7, {"leverage": CONFIRMED}).cpi is None
    assert score(unticked, 7, {"withdrawal": UNCONFIRMED, "limit_set": CONFIRMED}).raw == 0


def test_the_mirrored_form_gives_pressure_and_distress_only():
    form = {"p1": 6, "p2": 0, "p3": 4, "p4": 0, "p9": {"pursuit": 1}, "p10": 4, "p11": "skip"}
    got = score(mirrored(form), days=14)
    assert (got.w, got.t, got.rs) == (None, None, None)
    assert (got.raw, got.d) == (pytest.approx(3.6), 0)
    assert (got.states["w"], got.states["t"]) == ("none", "none")


@pytest.mark.parametrize(
    ("answers", "item"),
    [
        ({"c1": 5, "c8": "none"}, "c1"),
        ({"c3": 5}, "c3"),
        ({"c3": True}, "c3"),
        ({"c3": "3"}, "c3"),
        ({"c4": ["kin"]}, "c4"),
        ({"c4": "kind"}, "c4"),
        ({"c5": "no_urge"}, "c5"),
        ({"c6": 1.5}, "c6"),
        ({"c8": {"begging": 1}}, "c8"),
        ({"c8": {"pursuit": 3}}, "c8"),
        ({"c8": {"pursuit": True}}, "c8"),
        ({"c8": ["pursuit"]}, "c8"),
        ({"c9": 2}, "c9"),
        ({"c12": -1}, "c12"),
    ],
)
def test_an_answer_outside_the_format_is_refused_by_name(answers, item):
    with pytest.raises(ValueError, match=item):
        score(answers, days=7)


def test_impossible_days_and_factors_are_refused():
    for days in (-1, math.nan, math.inf):
        with pytest.raises(ValueError, match="days"):
            score({}, days=days)
    with pytest.raises(ValueError, match="pursuit"):
        score({"c8": "none"}, 7, {"pursuit": 0.7})


chips = st.lists(st.sampled_from(sorted(CHIPS)), unique=True)
forms = st.fixed_dictionaries(
    {},
    optional={
        "c1": st.sampled_from((*CONTACTS, "skip")),
        "c2": st.sampled_from((*CONTACTS, "skip")),
        "c3": st.sampled_from((0, 1, 2, 3, 4, "changed", "practical", "no_contact", "skip")),
        "c4": chips | st.sampled_from(("none", "skip", "no_contact")),
        "c5": st.sampled_from((0, 1, 2, 3, "none", "skip", "no_contact")),
        "c6": st.sampled_from((0, 1, 2, 3, 4, "skip", "no_contact")),
        "c8": st.dictionaries(st.sampled_from(list(WEIGHTS)), st.sampled_from((1, 2)))
        | st.sampled_from(("none", "skip")),
        "c9": st.sampled_from((0, 1, 3, 4, "no_urge", "skip")),
        "c11": st.sampled_from((0, 1, 2, 3, 4, "skip")),
        "c12": st.sampled_from((0, 1, 2, 3, 4, "skip")),
    },
)
lengths = st.floats(0, 400)
readings = st.dictionaries(st.sampled_from(ACTS), st.sampled_from((UNCONFIRMED, CONFIRMED)))


@given(forms, lengths, readings)
def test_every_index_is_a_percentage_or_missing_with_its_reason(answers, days, labels):
    got = score(answers, days, labels)
    for index, state in got.states.items():
        value = getattr(got, index)
        assert (value is not None) == (state == "value")
        assert value is None or -1e-9 <= value <= 100 + 1e-9
    assert got.urge == (got.rs is not None)
    assert (got.raw is None) == (got.cpi is None)


@given(forms, lengths, readings)
def test_text_never_lowers_pressure_and_never_doubles_a_chip(answers, days, labels):
    plain, read = score(answers, days), score(answers, days, labels)
    assert (plain.cpi is None) == (read.cpi is None)
    if plain.raw is not None and read.raw is not None:
        assert plain.raw <= read.raw <= plain.raw + sum(WEIGHTS[label] for label in labels)
    ticked = dict(answers) | {"c8": dict.fromkeys(ACTS, 1)}
    assert score(ticked, days, labels) == score(ticked, days)


@given(forms, lengths, st.sampled_from(ACTS))
def test_one_more_act_never_lowers_pressure(answers, days, act):
    acts = answers.get("c8")
    acts = acts if isinstance(acts, dict) else {}
    before, after = (score(dict(answers) | {"c8": c8}, days).cpi for c8 in (acts, {act: 1, **acts}))
    assert before <= after


@given(forms, lengths, st.randoms())
def test_the_order_of_answers_and_chips_does_not_matter(answers, days, random):
    shuffled = list(answers.items())
    random.shuffle(shuffled)
    assert score(dict(shuffled), days) == score(answers, days)
