"""Flags: findings raised as rows, and what people do with them. One module a subject; this is the door."""

from .acts import acknowledge, reopen, resolve
from .danger import help_for, look_for_danger, set_speed
from .lifecycle import CLEARS, DUE, DUE_TODAY, LIVE, REASONS, TRANSITIONS, Refused, can, lifecycle, safety_open
from .raising import apply, load

__all__ = [
    "CLEARS",
    "DUE",
    "DUE_TODAY",
    "LIVE",
    "REASONS",
    "TRANSITIONS",
    "Refused",
    "acknowledge",
    "apply",
    "can",
    "help_for",
    "lifecycle",
    "load",
    "look_for_danger",
    "reopen",
    "resolve",
    "safety_open",
    "set_speed",
]
