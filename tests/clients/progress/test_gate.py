import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.progress import Entry, Talk, readiness


def weeks(*rows, every=7.0):
    """(w, t, talk, space) a week; talk is (began, ended)."""
    found = []
    for i, row in enumerate(rows):
        w, t, talk, space = (*row, *(None, None, None, None)[len(row) :])
        found.append(Entry(every * i, w, t, talk and Talk(*talk), bool(space)))
    return found


CALM = (60, 10)
TENSE = (60, 90)
WELL, BADLY = ("both", 4), ("me", 0)


def codes(reasons):
    return {reason.code for reason in reasons}


def test_too_little_is_known_below_three_contact_check_ins():
    got = readiness(weeks(CALM, CALM), at=7)
    assert got.state == "no_data"
    assert [(r.code, r.value, r.bar) for r in got.because] == [("few_contacts", 2, 3)]
    assert readiness(weeks(CALM, (60, None), CALM), at=14).state == "no_data"
    assert readiness([], at=0).state == "no_data"


def test_the_first_known_state_applies_at_once():
    got = readiness(weeks(CALM, CALM, CALM), at=14)
    assert (got.state, got.since) == ("try_small", 14)
    assert codes(got.because) == {"tension_low", "warmth_enough"}
    assert codes(got.lacking) == {"two_talks"}
    assert got.states == ((0, "no_data"), (7, "no_data"), (14, "try_small"))
    assert readiness(weeks(TENSE, TENSE, TENSE), at=14).state == "wait"


def test_silence_of_more_than_three_weeks():
    entries = weeks(CALM, CALM, CALM, every=2)
    assert readiness(entries, at=25).state == "try_small"
    got = readiness(entries, at=26)
    assert got.state == "no_data"
    assert [(r.code, r.day) for r in got.because] == [("silent", 4)]


def test_an_open_safety_flag_overrides_everything():
    calm = weeks(*[CALM] * 6)
    got = readiness(calm, at=35, safety=[(30, None)])
    assert (got.state, got.since) == ("wait", 30)
    assert codes(got.because) == {"safety_open"}
    assert readiness([], at=5, safety=[(1, None)]).state == "wait"
    assert readiness(calm, at=35, safety=[(36, None)]).state == "try_small"


def test_a_closed_safety_flag_still_asks_for_two_check_ins():
    calm = weeks(*[CALM] * 7)
    at = {day: readiness(calm, at=day, safety=[(29, 31)]).state for day in (28, 30, 32, 35, 42)}
    assert at == {28: "try_small", 30: "wait", 32: "wait", 35: "wait", 42: "try_small"}


@pytest.mark.parametrize(
    ("row", "code", "until"),
    [
        ((60, 10, ("me", 0)), "talk_ended_badly", 49),
        ((60, 10, ("partner", 1)), "talk_ended_badly", 49),
        ((60, 10, None, True), "space_asked", 49),
    ],
)
def test_what_one_check_in_can_close(row, code, until):
    got = readiness(weeks(*[CALM] * 5, row), at=35)
    assert (got.state, got.since) == ("wait", 35)
    assert [(r.code, r.day, r.until) for r in got.because] == [(code, 35, until)]
    assert codes(got.lacking) == {code, "second_check_in"}


def test_a_bad_end_is_forgotten_after_a_good_one():
    got = readiness(weeks(*[CALM] * 4, (60, 10, BADLY), (60, 10, ("me", 3))), at=35)
    assert got.state == "try_small"


def test_high_tension_closes():
    got = readiness(weeks(*[CALM] * 4, TENSE, TENSE), at=35)
    assert got.state == "wait"
    assert codes(got.because) == {"tension_high"}
    assert {"tension_high", "tension_low", "second_check_in"} == codes(got.lacking)
    assert got.because[0].value >= 50


def test_between_low_and_high_it_is_wait():
    got = readiness(weeks(*[(60, 45)] * 4), at=21)
    assert got.state == "wait"
    assert codes(got.because) == {"tension_low"}
    assert not got.because[0].holds


def test_a_small_step_asks_for_some_warmth():
    assert codes(readiness(weeks(*[(20, 10)] * 4), at=21).because) == {"warmth_enough"}
    assert codes(readiness(weeks(*[(None, 10)] * 4), at=21).because) == {"warmth_enough"}


def test_a_confirmed_fall_of_warmth_closes_for_four_weeks():
    entries = weeks(*[(90, 10)] * 5, *[(50, 10)] * 10)
    states = dict(readiness(entries, at=98).states)
    closed = [day for day, state in states.items() if state == "wait"]
    assert (min(closed), max(closed)) == (49, 84)
    assert codes(readiness(entries, at=49).because) == {"warmth_fell"}


def test_the_partner_is_not_ready():
    calm = weeks(*[CALM] * 6)
    assert codes(readiness(calm, at=35, partner_ready=[(33, "not_now")]).because) == {"partner_not_now"}
    assert readiness(calm, at=35, partner_ready=[(1, "not_now"), (20, "yes")]).state == "try_small"
    assert readiness(calm, at=35).state == "try_small"


def test_room_to_talk():
    got = readiness(weeks(*[CALM] * 4, (60, 10, WELL), (60, 10, ("me", 3))), at=35)
    assert got.state == "go"
    assert got.lacking == ()
    assert [(r.day, r.value) for r in got.because if r.code == "talk_ended_well"] == [(28, 4), (35, 3)]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([CALM, CALM, CALM, CALM, (60, 10, WELL)], "two_talks"),
        ([CALM, CALM, CALM, (60, 10, WELL), (60, 10, ("me", 2))], "talk_ended_well"),
        ([CALM, CALM, CALM, (60, 10, WELL), (60, 10, ("me", None))], "talk_ended_well"),
        ([CALM, CALM, (60, 10, WELL), (60, 10, WELL), (40, 10)], "warmth_held_after_talk"),
        ([(60, 40), (60, 40), (60, 40), (60, 40, WELL), (60, 35, WELL)], "tension_surely_low"),
    ],
)
def test_what_keeps_a_small_step_from_more(rows, code):
    got = readiness(weeks(*rows), at=28)
    assert got.state == "try_small"
    assert codes(got.lacking) == {code}


def test_talks_older_than_six_weeks_do_not_count():
    entries = weeks(CALM, CALM, (60, 10, WELL), (60, 10, WELL), *[CALM] * 6)
    assert readiness(entries, at=56).state == "go"
    assert readiness(entries, at=57).state == "try_small"


def test_leaving_wait_takes_two_contact_check_ins():
    entries = weeks(*[CALM] * 4, (60, 10, None, True), CALM, CALM, (None, None), CALM, CALM)
    states = dict(readiness(entries, at=63).states)
    assert states[28] == states[35] == states[42] == "wait"
    assert states[49] == "wait"  # the space asked for has lapsed; this one had no contact
    assert states[56] == "wait"
    assert states[63] == "try_small"
    pending = readiness(entries, at=56)
    assert [(r.code, r.value, r.bar) for r in pending.because] == [("second_check_in", 1, 2)]


@pytest.mark.parametrize("talk", [("partner", 2), ("me", 3)])
def test_a_talk_the_partner_began_or_that_ended_well_loosens_wait(talk):
    entries = weeks(*[CALM] * 4, (60, 10, None, True), CALM, CALM, (60, 10, talk))
    assert readiness(entries, at=42).state == "wait"
    assert readiness(entries, at=49).state == "try_small"
    own = weeks(*[CALM] * 4, (60, 10, None, True), CALM, CALM, (60, 10, ("me", 2)))
    assert readiness(own, at=49).state == "wait"


def test_what_comes_later_does_not_count():
    entries = weeks(*[CALM] * 4, TENSE, TENSE)
    assert readiness(entries, at=21) == readiness(entries[:4], at=21)


percent = st.none() | st.sampled_from((0, 20, 40, 60, 80, 100))
rows = st.lists(
    st.tuples(
        percent,
        percent,
        st.none() | st.tuples(st.sampled_from(("me", "partner", "both")), st.none() | st.integers(0, 4)),
        st.booleans(),
    ),
    max_size=14,
)
flags = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda f: (f[0], f[0] + f[1])), max_size=2)


@given(rows, flags, st.integers(0, 120))
def test_the_gate_is_never_more_open_than_its_rules(history, safety, at):
    entries = weeks(*history)
    got = readiness(entries, at=at, safety=safety)
    seen = [entry for entry in entries if entry.day <= at]
    assert got.because or got.state == "go"
    assert (got.state == "go") == (not got.lacking)
    assert got.states[-1] == (at, got.state)
    assert got.since <= at
    if any(opened <= at < closed for opened, closed in safety):
        assert got.state == "wait"
    if got.state in ("try_small", "go"):
        assert sum(entry.t is not None and entry.day >= at - 28 for entry in seen) >= 3
        assert any(entry.t is not None and entry.day >= at - 21 for entry in seen)
        assert not any(entry.space and entry.day >= at - 14 for entry in seen)
        assert all(reason.holds for reason in got.because)


@given(rows, st.integers(0, 120))
def test_the_partners_answer_only_ever_closes(history, at):
    entries = weeks(*history)
    with_it = readiness(entries, at=at, partner_ready=[(at, "not_now")])
    assert with_it.state == ("no_data" if readiness(entries, at=at).state == "no_data" else "wait")
