"""The rule catalogue: a history in, hits and windows out (rules.md as amended by decisions.md).

A rule is one frozen `Rule` and one function over a frozen `History`; one file a family. Pure: no framework, no clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from clients.rules import conduct, engagement, interactions, safety, signs, wellbeing
from clients.rules.record import Act, Arranged, Entry, Evidence, History, Hit, Raised, Rule, Severity, SteadyWindow

VERSION = 1
_AFTER_SIGNS = (*conduct.RULES, *interactions.RULES, *engagement.RULES, *wellbeing.RULES)
CATALOGUE: dict[str, Rule] = {rule.id: rule for rule in (*safety.RULES, *signs.RULES, *_AFTER_SIGNS)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hits, most severe first (safety before all), and steady windows to open."""

    hits: tuple[Hit, ...]
    windows: tuple[SteadyWindow, ...]


def evaluate(history: History) -> Outcome:
    """Run the whole catalogue on the check-in just sent. Danger first, because other rules keep still beside it; then
    signs, because an act in the very check-in that opens the steady window counts (decisions 24); then the rest."""
    danger = _run(safety.RULES, history)
    seen = replace(history, danger=frozenset(hit.rule for hit in danger))
    signs_found = _run(signs.RULES, seen)
    opened = signs.open_windows(seen, signs_found)
    inside = replace(seen, windows=seen.windows + opened) if opened else seen
    rest = _run(_AFTER_SIGNS, inside)
    hits = {hit.rule: hit for hit in (*danger, *signs_found, *rest)}
    for head, absorbed in conduct.ABSORBS.items():
        for rule in absorbed:
            # A card is headed by its highest: what weighs more than the head stands by itself.
            if head in hits and rule in hits and hits[rule].severity <= hits[head].severity:
                hits[rule] = replace(hits[rule], head=head)
    order = sorted(hits.values(), key=lambda h: (not CATALOGUE[h.rule].safety, -h.severity, bool(h.head), h.rule))
    return Outcome(tuple(order), opened)


def _run(rules: Iterable[Rule], history: History) -> tuple[Hit, ...]:
    found = []
    for rule in rules:
        hit = rule.check(history)
        if hit is not None:
            found.append(replace(hit, severity=Severity.INFO) if rule.line_only else hit)
    return tuple(found)


__all__ = [
    "CATALOGUE",
    "VERSION",
    "Act",
    "Arranged",
    "Entry",
    "Evidence",
    "Hit",
    "History",
    "Outcome",
    "Raised",
    "Rule",
    "Severity",
    "SteadyWindow",
    "evaluate",
]
