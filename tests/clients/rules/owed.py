"""What each rule owes to show (rules.md, "Tests each rule owes"): minimal histories, one kind beside the other.

A rule's row is data. `test_owed.py` runs every row; the lives of the flags (cool-down, clearing, coming back) are played
with the row's own hit against the real acts, so a row holds no expectation about them.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from clients.rules import History, Standing


@dataclass(frozen=True)
class Clock:
    """For a rule of the sweep: how somebody stands, and when."""

    standing: Standing
    at: datetime


Told = History | Clock
# Quiet, or (how it weighs all the same, the history); a string says why a rule has no such thing.
Other = Told | tuple[str, History] | str


@dataclass(frozen=True)
class Owed:
    """`fires` and how it weighs; then the same world with one thing changed: just below the threshold, somebody else's
    act, told as not done, long past. `frightened`: what becomes of it when the reporter was afraid of the other one:
    "held", or "same"."""

    weighs: str
    fires: Told
    below: Other
    swapped: Other
    negated: Other
    past: Other
    frightened: str = "same"


def afraid(history: History) -> History:
    """The same history, told by somebody who was afraid of the other one at its first check-in."""
    first, *rest = history.entries
    return replace(history, entries=(replace(first, safety=first.safety | {"afraid"}), *rest))
