import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.progress import Level, Noise, band, levels, step

R, Q = 15099.0, 1469.1
NILE = Noise(r=R, q=Q)


def weekly(nile, missing=()):
    """A year counts as one week, so that q is the variance gained from one flow to the next."""
    return [(7.0 * year, None if year in missing else flow) for year, flow in nile.items()]


def from_first_flow(points, noise=NILE):
    """Diffuse start: the first flow is the level, with the noise as its variance."""
    day, y = points[0]
    found = [Level(y, noise.r, day)]
    for day, y in points[1:]:
        found.append(step(found[-1], day, y, noise))
    return found


def loglik(points, noise, start=None):
    """Log density of the flows, from the level's own predictions (Durbin & Koopman 2012, 2.9)."""
    total = 0.0
    level = start
    for day, y in points:
        if level is None:
            mean, var = noise.mean, noise.var
        else:
            ahead = step(level, day, None, noise)
            mean, var = ahead.mean, ahead.var
        total -= 0.5 * (math.log(2 * math.pi * (var + noise.r)) + (y - mean) ** 2 / (var + noise.r))
        level = step(level, day, y, noise)
    return total


def diffuse_loglik(points, noise):
    """Of all flows but the first, given the first: what KFAS reports for an exact diffuse start."""
    day, y = points[0]
    return loglik(points[1:], noise, Level(y, noise.r, day))


def test_nile_log_density_with_a_wide_start(nile):
    got = loglik(weekly(nile), Noise(r=R, q=Q, mean=0, var=1e7))
    assert got == pytest.approx(-641.5856, abs=1e-3)


def test_nile_log_density_with_a_diffuse_start(nile):
    assert diffuse_loglik(weekly(nile), Noise(15098.53, 1469.18)) == pytest.approx(-632.5456, abs=1e-3)


def test_nile_constants_of_best_fit(nile):
    """Found by halving steps in log r and log q."""
    points = weekly(nile)
    at, pace = (math.log(10000.0), math.log(1000.0)), 0.5
    best = diffuse_loglik(points, Noise(*map(math.exp, at)))
    while pace > 1e-5:
        moves = [(at[0] + a * pace, at[1] + b * pace) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b]
        tried = [(diffuse_loglik(points, Noise(*map(math.exp, move))), move) for move in moves]
        if max(tried)[0] > best:
            best, at = max(tried)
        else:
            pace /= 2
    assert math.exp(at[0]) == pytest.approx(15098.53, rel=1e-3)
    assert math.exp(at[1]) == pytest.approx(1469.18, rel=1e-3)


def test_nile_filtered_level(nile):
    last = from_first_flow(weekly(nile))[-1]
    assert last.mean == pytest.approx(798.370, abs=1e-3)
    assert last.var == pytest.approx(4032.158, abs=1e-3)
    assert last.var / R == pytest.approx(0.26705, abs=1e-5)


def test_nile_with_two_gaps(nile):
    missing = {*range(1891, 1911), *range(1931, 1951)}
    gapped = [(day, y) for day, y in weekly(nile, missing) if y is not None]
    got = {round(level.day / 7): level for level in from_first_flow(gapped)}
    for year, mean, var in [
        (1890, 1026.142, 4032.196),
        (1911, 889.950, 10537.789),
        (1930, 834.261, 4032.187),
        (1951, 771.267, 10537.788),
        (1970, 798.315, 4032.187),
    ]:
        assert got[year].mean == pytest.approx(mean, abs=1e-3)
        assert got[year].var == pytest.approx(var, abs=1e-3)
    for level in from_first_flow(weekly(nile, missing)):
        year = round(level.day / 7)
        if year not in missing:
            assert level.mean == pytest.approx(got[year].mean, abs=1e-9)
            assert level.var == pytest.approx(got[year].var, abs=1e-9)


def test_the_warming_fixture(warming):
    got = levels(warming)
    assert [round(level.mean, 2) for level in got] == [
        22.00, 21.06, 17.18, 18.04, 22.67, 28.63, 31.49, 37.49, 42.99, 46.01,
    ]  # fmt: skip
    assert math.sqrt(got[-1].var) == pytest.approx(5.02, abs=5e-3)


def test_steady_gain_and_half_life_of_weekly_check_ins():
    last = levels([(7.0 * i, 50.0) for i in range(60)])[-1]
    gain = last.var / 100
    assert gain == pytest.approx(0.33, abs=5e-3)
    assert math.log(0.5) / math.log(1 - gain) == pytest.approx(1.74, abs=5e-3)


def test_a_gap_of_28_days_widens_the_band_by_64():
    level = Level(40, 25, 100)
    ahead = step(level, 128, None)
    assert ahead == Level(40, 25 + 64, 128)
    assert band(ahead)[0] < band(level)[0]


def test_a_series_begins_with_its_first_score():
    assert levels([(0, None), (7, None), (14, 15.0)]) == [None, None, step(None, 14, 15.0)]
    assert step(None, 14, 15.0).mean == pytest.approx(22)


def test_time_does_not_run_backwards():
    with pytest.raises(ValueError, match="before"):
        step(Level(40, 25, 100), 99, 50.0)


def test_the_drawn_band_stays_on_the_page():
    assert band(Level(50, 25, 0)) == pytest.approx((43.6, 56.4))
    assert band(Level(2, 25, 0))[0] == 0
    assert band(Level(98, 25, 0))[1] == 100


series = st.lists(st.tuples(st.floats(0.01, 60), st.none() | st.floats(0, 100)), min_size=1, max_size=40).map(
    lambda rows: [(sum(gap for gap, _ in rows[: i + 1]), y) for i, (_, y) in enumerate(rows)]
)


@given(series)
def test_missing_scores_are_gaps(points):
    whole = [level for level, (_, y) in zip(levels(points), points, strict=True) if y is not None]
    gapped = levels([(day, y) for day, y in points if y is not None])
    assert [(a.mean, a.var) for a in whole] == [pytest.approx((b.mean, b.var), abs=1e-9) for b in gapped]


@given(series)
def test_silence_widens_and_an_answer_narrows(points):
    found = levels(points)
    for earlier, later, (_, y) in zip(found, found[1:], points[1:], strict=False):
        if earlier is None or later is None:
            continue
        ahead = step(earlier, later.day, None)
        assert ahead.mean == earlier.mean
        assert ahead.var > earlier.var
        assert later.var == ahead.var if y is None else later.var < min(ahead.var, 100)
    assert all(-1e-9 <= level.mean <= 100 + 1e-9 for level in found if level)


@given(series)
def test_step_by_step_is_the_whole_series(points):
    level, found = None, []
    for day, y in points:
        level = step(level, day, y)
        found.append(level)
    assert found == levels(points)
    assert all(a.day < b.day for a, b in pairwise(level for level in found if level))
