"""How often a client whose life does not change is announced as changed, against the rates stated.

2,000 simulated clients, weekly scores around 50 with a spread of 10, rounded to 5, either independent or
resembling the week before (autocorrelation .3). Alarms of one direction count, once per client.
"""

import random

import pytest

from clients.progress import Level, block_change, confirmed, direction, possible, scan

pytestmark = pytest.mark.slow

CLIENTS = 2000
POINTS = 2.0
KINDS = pytest.mark.parametrize("likeness", [0.0, 0.3], ids=["independent", "alike"])


def client(rng, likeness, check_ins=26, shift=0.0, mean=50.0):
    """One weekly series; `shift` is added from the fifth check-in."""
    noise, found = rng.gauss(0, 10), []
    for i in range(check_ins):
        y = mean + noise + (shift if i >= 4 else 0)
        found.append((7.0 * i, 5.0 * round(min(max(y, 0), 100) / 5)))
        noise = likeness * noise + rng.gauss(0, 10 * (1 - likeness**2) ** 0.5)
    return found


def rate(alarms):
    """Percent of clients with an alarm."""
    return 100 * sum(alarms) / CLIENTS


def clients(likeness, seed, **kind):
    rng = random.Random(seed)
    return [client(rng, likeness, **kind) for _ in range(CLIENTS)]


def rises(series, tier="confirmed"):
    return any(shift.tier == tier and shift.delta > 0 for shift in scan(series))


def blocks(series):
    return [block_change(series[:n]) for n in range(6, len(series) + 1)]


@KINDS
def test_possible(likeness):
    steady = clients(likeness, seed=1)
    alarms = (
        any(shift and shift.delta > 0 for shift in (possible(series[:n]) for n in range(4, 27))) for series in steady
    )
    assert rate(alarms) == pytest.approx({0.0: 18, 0.3: 29}[likeness], abs=POINTS)


@KINDS
def test_confirmed(likeness):
    steady = clients(likeness, seed=2)
    assert rate(map(rises, steady)) == pytest.approx({0.0: 1.4, 0.3: 6.6}[likeness], abs=POINTS)


@KINDS
def test_confirmed_over_a_year(likeness):
    steady = clients(likeness, seed=3, check_ins=52)
    assert rate(map(rises, steady)) == pytest.approx({0.0: 3.5, 0.3: 15}[likeness], abs=POINTS)


@KINDS
@pytest.mark.parametrize("check_ins", [26, 52])
def test_confirmed_at_close_check_ins(likeness, check_ins):
    """Below five days between check-ins the bar is 3.8."""
    expected = {(0.0, 26): 0.5, (0.3, 26): 3.5, (0.0, 52): 1.4, (0.3, 52): 8}[likeness, check_ins]
    close = [[(0.7 * day, y) for day, y in series] for series in clients(likeness, 4, check_ins=check_ins)]
    assert rate(map(rises, close)) == pytest.approx(expected, abs=POINTS)


@KINDS
def test_block_change(likeness):
    steady = [max(blocks(series)) for series in clients(likeness, seed=5)]
    assert rate(top >= 22 for top in steady) == pytest.approx({0.0: 6, 0.3: 12.5}[likeness], abs=POINTS)
    assert rate(top >= 16 for top in steady) == pytest.approx({0.0: 40, 0.3: 52}[likeness], abs=POINTS)


@KINDS
def test_two_indices_moving_apart(likeness):
    pairs = zip(clients(likeness, seed=6), clients(likeness, seed=7), strict=True)
    alarms = (
        any(up >= 12 and down <= -12 for up, down in zip(blocks(one), blocks(other), strict=True))
        for one, other in pairs
    )
    assert rate(alarms) == pytest.approx({0.0: 8, 0.3: 13}[likeness], abs=POINTS)


@KINDS
def test_false_direction(likeness):
    level = Level(50, 33, 0)
    seen = [
        [direction(series[:n], series[n - 1][0], level).label for n in range(5, 27)]
        for series in clients(likeness, seed=8)
    ]
    rising = 100 * sum(labels.count("rising") for labels in seen) / (22 * CLIENTS)
    assert rising == pytest.approx({0.0: 2, 0.3: 4.5}[likeness], abs=POINTS)
    at_least_once = rate("rising" in labels for labels in seen)
    assert at_least_once == pytest.approx({0.0: 43, 0.3: 62}[likeness], abs=1.5 * POINTS)


@KINDS
@pytest.mark.parametrize("shift", [25, 30])
def test_a_true_shift_is_found(likeness, shift):
    changed = clients(likeness, seed=9, check_ins=10, shift=float(shift), mean=35)
    found = {(0.0, 25): 72, (0.3, 25): 67, (0.0, 30): 91, (0.3, 30): 86}[likeness, shift]
    assert rate(map(rises, changed)) == pytest.approx(found, abs=2 * POINTS)
    assert rate(max(blocks(series)) >= 22 for series in changed) == pytest.approx(
        {25: 69, 30: 84}[shift], abs=2 * POINTS
    )


@KINDS
def test_a_true_shift_is_possible_within_three_check_ins(likeness):
    changed = clients(likeness, seed=10, check_ins=7, shift=25.0, mean=35)
    alarms = (
        any(shift and shift.delta > 0 for n in range(4, 8) for shift in (possible(s[:n]), confirmed(s[:n])))
        for s in changed
    )
    assert rate(alarms) == pytest.approx({0.0: 81, 0.3: 78}[likeness], abs=2 * POINTS)
