"""The rule catalogue: a history in, hits and windows out (rules.md as amended by decisions.md).

A rule is one frozen `Rule` and one function over a frozen `History`; one file a family. Pure: no framework, no clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from clients.rules import conduct, engagement, interactions, safety, signs, wellbeing
from clients.rules.record import (
    Act,
    Arranged,
    Entry,
    Evidence,
    History,
    Hit,
    Raised,
    Rule,
    Severity,
    Standing,
    SteadyWindow,
    Urgent,
)

VERSION = 2  # raised with any rule's version: then every case is looked at again (clients/reevaluation.py)
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
    others = tuple(w for w in seen.windows if not any(w.opened_at == o.opened_at for o in opened))
    inside = replace(seen, windows=others + opened) if opened else seen
    rest = _run(_AFTER_SIGNS, inside)
    hits = {hit.rule: hit for hit in (*danger, *signs_found, *rest)}
    if "P11" in hits and ("P01" in hits or "P06" in hits):
        del hits["P11"]  # it rests on the same acts (decisions 25)
    for head, absorbed in ABSORBS:
        for rule in absorbed:
            # A card is headed by its highest: what weighs more than the head stands by itself.
            if head in hits and rule in hits and not hits[rule].head and hits[rule].severity <= hits[head].severity:
                hits[rule] = replace(hits[rule], head=head)
    order = sorted(hits.values(), key=lambda h: (not CATALOGUE[h.rule].safety, -h.severity, bool(h.head), h.rule))
    return Outcome(tuple(order), opened)


# What these cards take in of the same check-in (decisions 24, 25). All else that one check-in raises comes as one card,
# too, headed by what weighs most: the flags see to that, because it depends on what was seen already.
ABSORBS = (
    ("P02", ("P01", "P03", "P05", "P06", "P07", "P08", "P10", "P11", "I02")),
    ("P08", ("I02",)),
)


def sweep(standing: Standing, at: datetime) -> tuple[Hit, ...]:
    """Run the rules that speak of time that passed, for one reporter who has sent nothing; most severe first.
    `Standing.told` keeps each from saying the same thing twice."""
    found = [hit for rule in CATALOGUE.values() if rule.swept and (hit := rule.swept(standing, at)) is not None]
    return tuple(sorted(found, key=lambda h: (not CATALOGUE[h.rule].safety, -h.severity, h.rule)))


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
    "Standing",
    "SteadyWindow",
    "Urgent",
    "evaluate",
    "sweep",
]
