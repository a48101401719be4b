import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.progress import Level, direction, levels, mann_kendall, theil_sen

NARROW = Level(50, 36, 0)
WIDE = Level(50, 64, 0)


def weekly(*ys):
    return [(7.0 * i, float(y)) for i, y in enumerate(ys)]


def test_nile_slope(nile):
    got = theil_sen(list(nile.items()))
    assert got.slope == pytest.approx(-2.6, abs=1e-3)
    assert got.low == pytest.approx(-3.628, abs=1e-3)
    assert got.high == pytest.approx(-1.429, abs=1e-3)
    assert got.intercept == pytest.approx(5886.8, abs=1e-3)


def test_the_warming_fixture(warming):
    got = direction(warming, at=35, level=levels(warming)[-1])
    assert got.label == "rising"
    assert got.slope == pytest.approx(11.67, abs=5e-3)
    assert (got.s, got.n, got.n * (got.n - 1) // 2, got.span) == (35, 10, 45, 32)


@pytest.mark.parametrize(
    ("n", "s", "tail"),
    [
        (5, 8, 0.042),
        (6, 11, 0.028),
        (7, 13, 0.035),
        (8, 16, 0.031),
        (9, 18, 0.038),
        (10, 21, 0.036),
        (11, 23, 0.043),
        (12, 26, 0.043),
    ],
)
def test_smallest_sum_of_signs_that_counts(n, s, tail):
    def order(discordant):
        """n values with that many pairs out of order."""
        values = []
        for value in range(n):
            swaps = min(discordant, len(values))
            values.insert(len(values) - swaps, value)
            discordant -= swaps
        return values

    pairs = n * (n - 1) // 2
    got, p = mann_kendall(order((pairs - s) // 2))
    assert got == s
    assert p == pytest.approx(tail, abs=5e-4)
    weaker, p = mann_kendall(order((pairs - s) // 2 + 1))
    assert weaker == s - 2
    assert p > 0.05


@pytest.mark.parametrize("n", [2, 3, 5, 6])
def test_the_tail_is_the_share_of_all_orders(n):
    sums = [mann_kendall(order)[0] for order in permutations(range(n))]
    for order in permutations(range(n)):
        s, p = mann_kendall(order)
        if s > 0:
            assert p == pytest.approx(sum(other >= s for other in sums) / math.factorial(n))


def test_ties_take_the_normal_form():
    s, p = mann_kendall([20, 20, 25, 25, 30])
    assert s == 8
    variance = (5 * 4 * 15 - 2 * (2 * 1 * 9)) / 18
    assert p == pytest.approx(0.5 * math.erfc(7 / math.sqrt(2 * variance)))
    assert mann_kendall([30, 30, 30]) == (0, 1.0)


def test_direction_needs_five_scores_over_three_weeks():
    assert direction(weekly(10, 20, 30, 40), at=21, level=NARROW) is None
    assert direction([(5.0 * i, 10.0 * i) for i in range(5)], at=20, level=NARROW) is None
    assert direction(weekly(10, 20, 30, 40, 50), at=28, level=NARROW).label == "rising"
    assert direction(weekly(10, 20, 30, 40, 50), at=57, level=NARROW) is None


def test_direction_needs_fifteen_points():
    assert direction(weekly(10, 13, 17, 21, 25.1), at=28, level=NARROW).label == "rising"
    assert direction(weekly(10, 13, 16, 19, 22), at=28, level=NARROW).label == "steady"
    assert direction(weekly(90, 80, 70, 60, 50), at=28, level=NARROW).label == "falling"


def test_steady_needs_a_narrow_band():
    assert direction(weekly(50, 45, 55, 50, 52), at=28, level=NARROW).label == "steady"
    assert direction(weekly(50, 45, 55, 50, 52), at=28, level=WIDE).label == "unclear"


def test_only_the_last_42_days_count():
    old = [(-7.0 * i, 0.0) for i in range(5, 0, -1)]
    assert direction(old + weekly(50, 50, 50, 50, 50, 50, 50), at=42, level=NARROW).n == 6


def test_a_slope_needs_two_days():
    with pytest.raises(ValueError, match="different"):
        theil_sen([(1, 2), (1, 3)])


points = st.lists(st.integers(0, 20), min_size=5, max_size=12).map(lambda ys: weekly(*(5 * y for y in ys)))


@given(points)
def test_upside_down_and_backwards(series):
    s, p = mann_kendall([y for _, y in series])
    assert mann_kendall([-y for _, y in series]) == (-s, p)
    assert mann_kendall([y for _, y in reversed(series)]) == (-s, p)
    assert 0 <= p <= 1
    up, down = theil_sen(series), theil_sen([(x, -y) for x, y in series])
    assert up.slope == -down.slope
    assert up.low <= up.slope <= up.high


@given(points, st.integers(-3, 3), st.randoms())
def test_a_line_added_is_added_to_the_slope(series, slope, random):
    tilted = [(x, y + slope * x) for x, y in series]
    random.shuffle(tilted)
    assert theil_sen(tilted).slope == pytest.approx(theil_sen(series).slope + slope)
