import math
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.progress import block_change, confirmed, possible, scan, score
from clients.progress.shift import best_split


def test_the_warming_fixture(warming):
    first = next(filter(None, (possible(warming[:n]) for n in range(1, 11))))
    assert (first.found, first.split, first.onset) == (21, 14, 17)
    assert first.g == pytest.approx(2.742, abs=1e-3)
    assert first.delta == pytest.approx(23.75)

    first = next(filter(None, (confirmed(warming[:n]) for n in range(1, 11))))
    assert (first.found, first.split, first.n_before, first.n_after) == (28, 14, 4, 4)
    assert first.g == pytest.approx(3.889, abs=1e-3)
    assert first.delta == pytest.approx(27.5)

    last = confirmed(warming)
    assert last.g == pytest.approx(4.970, abs=1e-3)
    assert last.delta == pytest.approx(32.08, abs=5e-3)


def test_the_warming_fixture_with_restart(warming):
    assert [(shift.tier, shift.found) for shift in scan(warming)] == [
        ("possible", 21),
        ("possible", 24),
        ("confirmed", 28),
    ]
    after = [y for day, y in warming if day > 14]
    cuts = [best_split(after[:n], side) for n in range(4, 7) for side in (2, 3) if n >= 2 * side]
    assert max(abs(cut.g) for cut in cuts) == pytest.approx(2.04, abs=5e-3)


@pytest.mark.parametrize("rounded", [False, True])
def test_the_demo_case(demo_answers, rounded):
    warmth = [(day, score(answers, 7).w) for day, answers in demo_answers]
    if rounded:
        warmth = [(day, round(w, 1)) for day, w in warmth]
    found = scan(warmth)
    first, last = found[0], found[-1]
    assert (first.tier, first.found) == ("possible", 21)
    assert first.g == pytest.approx(2.70, abs=5e-3)
    assert (last.tier, last.found) == ("confirmed", 28)
    assert last.g == pytest.approx(4.01, abs=5e-3)


def test_nile_change_of_mean(nile):
    years, flows = list(nile), list(nile.values())
    cut = best_split(flows)
    assert (cut.k, years[cut.k - 1]) == (28, 1898)
    assert cut.before == pytest.approx(1097.75, abs=1e-3)
    assert cut.after == pytest.approx(849.972, abs=1e-3)
    whole = sum((y - fmean(flows)) ** 2 for y in flows)
    parts = sum((y - (cut.before if i < cut.k else cut.after)) ** 2 for i, y in enumerate(flows))
    assert whole == pytest.approx(2_835_156.75, abs=1e-2)
    assert parts == pytest.approx(1_597_457.19, abs=1e-2)
    pooled = best_split(flows, sigma=math.sqrt(parts / 98))
    assert abs(pooled.g) == pytest.approx(8.7138, abs=1e-3)


def test_nile_change_seen_by_two_other_methods(nile):
    """Pettitt's rank statistic and the extreme of the cumulative sum put it in the same year."""
    years, flows = list(nile), list(nile.values())
    n = len(flows)
    ranks = [abs(sum((a > b) - (a < b) for a in flows[:k] for b in flows[k:])) for k in range(1, n)]
    assert max(ranks) == 1617
    assert years[ranks.index(max(ranks))] == 1898
    sums = [abs(sum(y - fmean(flows) for y in flows[:k])) for k in range(1, n)]
    assert years[sums.index(max(sums))] == 1898 == years[best_split(flows).k - 1]


def weekly(*ys, every=7.0):
    return [(every * i, None if y is None else float(y)) for i, y in enumerate(ys)]


def test_where_possible_begins():
    assert possible(weekly(20, 20, 45, 45)).g == pytest.approx(2.5)
    assert possible(weekly(20, 20, 44.9, 44.9)) is None
    assert possible(weekly(20, 45, 45)) is None
    assert possible(weekly(20, 20, 20, 20, 20, 20, 39.9, 39.9, 39.9, 39.9)) is None
    assert possible(weekly(20, 20, 20, 20, 20, 20, 40, 40, 40, 40)).delta == pytest.approx(20)
    assert possible(weekly(45, 45, 20, 20)).delta == pytest.approx(-25)


def test_where_confirmed_begins():
    assert confirmed(weekly(20, 20, 20, 50, 50)) is None
    assert confirmed(weekly(20, 20, 20, 50, 50, 50)).g == pytest.approx(3.674, abs=1e-3)
    assert confirmed(weekly(20, 20, 20, 48, 48, 48)) is None


def test_confirmed_waits_two_weeks_from_the_last_score_before():
    assert confirmed(weekly(20, 20, 20, 60, 60, 60, every=5)) is not None
    assert confirmed(weekly(20, 20, 20, 60, 60, 60, every=4.5)) is None
    assert confirmed(weekly(20, 20, 20, 60, 60, 60, 60, every=4.5)) is not None


def test_confirmed_asks_more_of_close_check_ins():
    values = (20, 20, 20, 20, 45.5, 45.5, 45.5, 45.5)
    assert confirmed(weekly(*values)).g == pytest.approx(3.606, abs=1e-3)
    assert confirmed(weekly(*values, every=4)) is None


def test_only_the_last_twelve_scores_count():
    assert possible(weekly(*[20] * 4, *[60] * 12)) is None
    assert possible(weekly(*[20] * 4, *[60] * 10)).n_before == 2


def test_missing_scores_take_no_part():
    points = weekly(20, None, 20, None, 20, 50, None, 50, 50)
    assert confirmed(points) == confirmed([p for p in points if p[1] is not None])
    assert scan(points) == scan([p for p in points if p[1] is not None])


def test_a_reversal_is_found_after_the_restart():
    found = [s for s in scan(weekly(*[20] * 5, *[60] * 6, *[20] * 5)) if s.tier == "confirmed"]
    assert [shift.delta > 0 for shift in found] == [True, False]


def test_block_change():
    assert block_change(weekly(0, 0, 90, 10, 20, 30, 40, 50, 60)) == 30
    assert block_change(weekly(10, 20, 30, None, 40, 50)) is None
    assert block_change(weekly(10, 20, 30, None, 10, 20, 30)) == 0


values = st.lists(st.integers(0, 20).map(lambda v: 5.0 * v), min_size=0, max_size=30)


@given(values)
def test_falling_is_rising_upside_down(ys):
    rising = scan(weekly(*ys))
    falling = scan(weekly(*[100 - y for y in ys]))
    assert [(s.tier, s.found, s.split) for s in rising] == [(s.tier, s.found, s.split) for s in falling]
    assert [s.delta for s in rising] == pytest.approx([-s.delta for s in falling])


@given(values)
def test_a_shift_says_what_it_rests_on(ys):
    points = weekly(*ys)
    for shift in scan(points):
        block = dict(points)
        before = [y for day, y in points if day <= shift.split][-shift.n_before :]
        after = [y for day, y in points if shift.onset <= day <= shift.found]
        assert shift.before == pytest.approx(fmean(before))
        assert shift.after == pytest.approx(fmean(after))
        assert len(after) == shift.n_after
        assert shift.split < shift.onset <= shift.found in block
        assert abs(shift.delta) > 14.9


@given(values)
def test_a_series_scanned_check_in_by_check_in(ys):
    """As the read model does it: the two tiers on what follows the last confirmed split."""
    points, since, found = weekly(*ys), -1.0, []
    for n in range(1, len(points) + 1):
        window = [point for point in points[:n] if point[0] > since]
        shift = confirmed(window) or possible(window)
        if shift:
            found.append(shift)
            since = shift.split if shift.tier == "confirmed" else since
    assert found == scan(points)
