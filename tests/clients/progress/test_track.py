import pytest

from clients.progress import (
    Lack,
    block_change,
    cutoff,
    direction,
    lack,
    levels,
    off_track,
    overlap,
    reliable_change,
    stale,
)


def weekly(*ys):
    return [(7.0 * i, float(y)) for i, y in enumerate(ys)]


def test_the_example_of_jacobson_and_truax():
    got = reliable_change(32.5, 47.5, sd=7.5, reliability=0.8)
    assert got.se == pytest.approx(3.354, abs=1e-3)
    assert got.se_difference == pytest.approx(4.743, abs=1e-3)
    assert got.rc == pytest.approx(3.16, abs=5e-3)
    assert got.reliable
    assert cutoff(40, 7.5, 60, 7.5) == 50


def test_our_provisional_figures():
    got = reliable_change(0, 27.7)
    assert got.se == pytest.approx(10)
    assert 1.96 * got.se_difference == pytest.approx(27.7, abs=0.05)
    assert 1.645 * got.se_difference == pytest.approx(23.3, abs=0.05)
    assert not got.reliable
    assert reliable_change(28, 0).reliable
    assert 1.96 * got.se * (2 / 3) ** 0.5 == pytest.approx(16, abs=0.05)


def test_a_spread_or_reliability_that_cannot_be():
    for sd, reliability in ((0, 0.5), (10, 1), (10, -0.1)):
        with pytest.raises(ValueError, match="reliability"):
            reliable_change(0, 1, sd, reliability)


@pytest.mark.parametrize(
    ("statement", "need", "span"),
    [
        ("level", 3, 10),
        ("direction", 5, 21),
        ("possible", 4, 0),
        ("confirmed", 6, 0),
        ("gate", 3, 0),
        ("block", 6, 0),
        ("off_track", 6, 35),
    ],
)
def test_minimum_data(statement, need, span):
    pace = max(span / (need - 1), 1)
    days = [pace * i for i in range(need)]
    assert lack(statement, days) is None
    assert lack(statement, days[1:]) == Lack(need - 1, need, days[-1] - days[1], span)
    assert lack(statement, []) == Lack(0, need, 0, span)
    if span:
        assert lack(statement, [0.9 * day for day in days]).have == need


def test_the_functions_agree_with_the_minimum():
    points = weekly(10, 20, 30, 40, 50, 60)
    for n in range(1, 7):
        days = [day for day, _ in points[:n]]
        assert (block_change(points[:n]) is None) == (lack("block", days) is not None)
        shown = direction(points[:n], at=days[-1], level=levels(points)[n - 1])
        assert (shown is None) == (lack("direction", days) is not None)


def test_windows_in_which_both_report():
    assert overlap([1, 20], [2, 21], at=28) == 2
    assert overlap([1, 2, 3], [2, 21], at=28) == 1
    assert overlap([1, 20], [], at=28) == 0
    assert overlap([1, 20, 30], [2, 21, 31], at=28) == 2


def test_stale_is_twice_the_interval_and_a_week():
    assert not stale(last=0, interval=7, at=21)
    assert stale(last=0, interval=7, at=21.1)
    assert stale(last=0, interval=3.5, at=14.1)


FLAT = weekly(*[20] * 10)
DAYS = [day for day, _ in FLAT]


def why(w=FLAT, cpi=FLAT, d=FLAT, at=63):
    return [reason.code for reason in off_track(w, cpi, d, days=DAYS, at=at)]


def test_steady_is_on_track():
    assert why() == []
    assert why(w=weekly(*[0] * 10)) == []


def test_each_ground_alone():
    assert why(d=weekly(*[20] * 7, *[42] * 3)) == ["distress_up"]
    assert why(d=weekly(*[20] * 7, *[41.9] * 3)) == []
    assert why(cpi=weekly(*[20] * 7, *[42] * 3)) == ["pressure_up"]
    assert why(cpi=weekly(*[55] * 10)) == ["pressure_high"]
    assert why(w=weekly(*[60] * 6, *[20] * 4)) == ["warmth_fell"]


def test_warmth_that_fell_while_pressure_falls_too():
    assert why(w=weekly(*[60] * 6, *[20] * 4), cpi=weekly(*[40] * 7, *[28] * 3)) == []
    assert why(w=weekly(*[60] * 6, *[20] * 4), cpi=[]) == []


def test_a_fall_found_long_ago_no_longer_counts():
    warmth = weekly(*[60] * 4, *[20] * 3, *[20] * 3)
    assert why(w=warmth, at=63) == ["warmth_fell"]
    assert why(w=warmth, at=71) == []


def test_off_track_needs_six_check_ins_over_five_weeks():
    assert off_track(FLAT, FLAT, FLAT, days=DAYS, at=34) == Lack(5, 6, 28, 35)
    assert off_track(FLAT, FLAT, FLAT, days=DAYS, at=35) == []
    assert off_track([], [], [], days=[], at=0) == Lack(0, 6, 0, 35)
