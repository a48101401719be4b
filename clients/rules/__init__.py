"""The rule catalogue: a history in, hits and windows out (rules.md as amended by decisions.md).

A rule is one frozen `Rule` and one function over a frozen `History`; one file a family. Pure: no framework, no clock.
"""

from dataclasses import dataclass, replace

from clients.rules import conduct, safety, signs, wellbeing
from clients.rules.record import Act, Entry, Evidence, History, Hit, Rule, Severity, SteadyWindow

VERSION = 1
CATALOGUE: dict[str, Rule] = {rule.id: rule for rule in (*safety.RULES, *conduct.RULES, *signs.RULES, *wellbeing.RULES)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hits, most severe first (safety before all), and steady windows to open."""

    hits: tuple[Hit, ...]
    windows: tuple[SteadyWindow, ...]


def evaluate(history: History) -> Outcome:
    """Run the whole catalogue on the check-in just sent. Two passes: signs first, because an act in the very
    check-in that opens the steady window counts (decisions 24)."""
    signs_found = tuple(hit for rule in signs.RULES if (hit := rule.check(history)))
    opened = signs.open_windows(history, signs_found)
    inside = replace(history, windows=history.windows + opened)
    rest = tuple(
        hit for rule in CATALOGUE.values() if rule.family != "signs" and (hit := rule.check(inside)) is not None
    )
    hits = {hit.rule: hit for hit in (*rest, *signs_found)}
    for head, absorbed in conduct.ABSORBS.items():
        for rule in absorbed:
            # A card is headed by its highest: what weighs more than the head stands by itself.
            if head in hits and rule in hits and hits[rule].severity <= hits[head].severity:
                hits[rule] = replace(hits[rule], head=head)
    order = sorted(hits.values(), key=lambda h: (not CATALOGUE[h.rule].safety, -h.severity, bool(h.head), h.rule))
    return Outcome(tuple(order), opened)


__all__ = [
    "CATALOGUE",
    "VERSION",
    "Act",
    "Entry",
    "Evidence",
    "Hit",
    "History",
    "Outcome",
    "Rule",
    "Severity",
    "SteadyWindow",
    "evaluate",
]
