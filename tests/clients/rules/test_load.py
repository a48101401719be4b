"""What the rules ask of a counselor where nothing changes (rules.md, False-alarm test): by chance, with fixed seeds."""

import random

from clients.progress import score
from clients.rules import CATALOGUE, Entry, History, Severity, SteadyWindow, evaluate
from tests.clients.rules.build import entry, past

CLIENTS, CHECK_INS, COOL_DOWN = 100, 26, 4
ROWS = (0, 1, 2, 3, 4, 6, 8, 11)


def steady(seed: int) -> tuple[Entry, ...]:
    """Half a year of weekly check-ins of somebody whose weeks differ by chance only; some press a little all along."""
    by = random.Random(seed)
    usual = {"c3": by.uniform(1, 3), "c6": by.uniform(0.5, 2.5), "c11": by.uniform(1.5, 3), "c12": by.uniform(0.5, 2.5)}
    contacts = {"c1": by.uniform(1, 5), "c2": by.uniform(1, 5)}
    presses = by.choice([0, 0.05, 0.1])
    rows = []
    for n in range(CHECK_INS):
        answers: dict[str, object] = {item: min(4, max(0, round(by.gauss(m, 0.6)))) for item, m in usual.items()}
        for item, m in contacts.items():
            answers[item] = max(row for row in ROWS if row <= max(0, by.gauss(m, 1.2)))
        answers |= {
            "c4": by.choice([["kind"], ["kind"], "none"]), "c5": by.choice(["none", 1, 2]), "c9": by.choice(["no_urge", 4, 3]),
            "c8": {act: 1 for act in ("push_return", "reassurance", "forced_talk") if by.random() < presses} or "none",
        }  # fmt: skip
        scores = score(answers, 7)
        rows.append(entry(7 * n, w=scores.w, t=scores.t, cpi=scores.cpi, d=scores.d, **answers))
    return past(*rows).entries


def cards(entries: tuple[Entry, ...]) -> int:
    """Check-ins that raise something new that is told; one check-in is one card."""
    windows: tuple[SteadyWindow, ...] = ()
    last: dict[str, int] = {}
    count = 0
    for n in range(1, len(entries) + 1):
        outcome = evaluate(History(entries[:n], n - 1, windows, first_day=entries[0].day))
        windows += outcome.windows
        told = {h.rule for h in outcome.hits if h.severity >= Severity.WATCH}
        assert not any(CATALOGUE[rule].safety for rule in told), "nobody is in danger here"
        count += any(n - last.get(rule, -99) > COOL_DOWN for rule in told)
        last |= dict.fromkeys(told, n)
    return count


def test_a_steady_client_asks_for_a_look_once_a_month_at_most() -> None:
    asked = sum(cards(steady(seed)) for seed in range(CLIENTS)) / CLIENTS / CHECK_INS
    assert 0.02 < asked <= 0.25, "by client and week"
