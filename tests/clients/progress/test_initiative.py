import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.progress import Share, share
from clients.progress.initiative import beta_cdf, beta_quantile

CHECK = [(0.0, 4, 0), (7.0, 3, 1), (14.0, 2, 2), (21.0, 2, 3)]


def test_the_check():
    got = share(CHECK, at=21)
    assert got.a == pytest.approx(3.6087, abs=5e-5)
    assert got.b == pytest.approx(4.7386, abs=5e-5)
    assert got.mean == pytest.approx(0.4323, abs=5e-5)
    assert got.interval() == pytest.approx((0.2217, 0.6511), abs=5e-5)
    assert (got.tenths, got.contacts, got.check_ins, got.enough) == (4, 17, 4, True)


def test_girls_among_births_with_placenta_praevia():
    """437 of 980, flat prior (Gelman et al., Bayesian Data Analysis)."""
    births = Share(a=438, b=544, contacts=980, check_ins=0)
    assert births.mean == pytest.approx(0.446, abs=5e-4)
    sd = math.sqrt(births.mean * (1 - births.mean) / (births.a + births.b + 1))
    assert sd == pytest.approx(0.016, abs=5e-4)
    assert births.interval(0.95) == pytest.approx((0.415, 0.477), abs=5e-4)


def test_enough_is_five_contacts_and_two_check_ins_in_28_days():
    assert not share([], at=0).enough
    assert not share([(0, 4, 4)], at=0).enough
    assert not share([(0, 1, 1), (7, 1, 1)], at=7).enough
    assert share([(0, 1, 1), (7, 2, 1)], at=7).enough
    assert share([(0, 1, 1), (7, 2, 1)], at=28).enough
    assert not share([(0, 1, 1), (7, 2, 1)], at=29).enough


def test_counts_are_capped_and_missing_ones_left_out():
    assert share([(0, 11, 0)], at=0) == share([(0, 10, 0)], at=0)
    assert share([(0, None, 8), (0, 8, None)], at=0) == Share(1, 1, 0, 0)


def test_what_came_later_does_not_count():
    assert share(CHECK, at=7) == share(CHECK[:2], at=7)


def test_a_contact_counts_half_and_fades_by_half_in_three_weeks():
    assert (share([(0, 0, 4)], at=0).a, share([(0, 0, 4)], at=21).a) == (3, 2)


@pytest.mark.parametrize(
    ("x", "a", "b", "expected"),
    [
        (0.3, 1, 1, 0.3),
        (0.3, 2, 3, 0.3483),
        (0.5, 7, 7, 0.5),
        (0.2, 1, 4, 1 - 0.8**4),
        (0.9, 5, 1, 0.9**5),
        (0.25, 0.5, 0.5, 1 / 3),
        (0, 2, 3, 0),
        (1, 2, 3, 1),
    ],
)
def test_the_beta_function_where_it_is_known(x, a, b, expected):
    assert beta_cdf(x, a, b) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("n", "k"), [(10, 3), (40, 11), (100, 97)])
def test_the_beta_function_is_a_binomial_tail(n, k):
    for x in (0.05, 0.3, 0.5, 0.77, 0.99):
        tail = sum(math.comb(n, j) * x**j * (1 - x) ** (n - j) for j in range(k, n + 1))
        assert beta_cdf(x, k, n - k + 1) == pytest.approx(tail, abs=1e-10)


shapes = st.floats(1, 500)


@given(st.floats(0.001, 0.999), shapes, shapes)
def test_the_quantile_is_the_inverse(p, a, b):
    x = beta_quantile(p, a, b)
    assert 0 < x < 1
    assert beta_cdf(max(x - 1e-6, 0), a, b) <= p <= beta_cdf(min(x + 1e-6, 1), a, b)


rows = st.lists(st.tuples(st.floats(0, 100), st.integers(0, 11), st.integers(0, 11)), max_size=20)


@given(rows)
def test_the_two_sides_are_mirrored(contacts):
    got = share(contacts, at=100)
    other = share([(day, theirs, mine) for day, mine, theirs in contacts], at=100)
    assert (got.a, got.b) == (other.b, other.a)
    low, high = got.interval()
    assert 0 <= low < got.mean < high <= 1
    assert other.interval() == pytest.approx((1 - high, 1 - low), abs=1e-6)
    assert 0 <= got.tenths <= 10
