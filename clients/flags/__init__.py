"""Flags: findings raised as rows, and what people do with them. One module a subject; this is the door."""

from ..models.flags import TRANSITIONS
from .acts import (
    STAFF,
    WINDOW_REASONS,
    acknowledge,
    acknowledge_info,
    bring_back,
    end_window,
    hand_on,
    holders,
    reopen,
    resolve,
    second_look,
    snooze,
    waiting_for_second_look,
    why_no_second_look,
    works_alone,
)
from .danger import help_for, look_for_danger, set_speed
from .days import edited, find_due, keep_days
from .lifecycle import (
    BY_ITSELF,
    CLEARS,
    DUE,
    DUE_TODAY,
    LIVE,
    LOOK_BACK,
    REASONS,
    REOPEN_REASONS,
    SAFETY_REASONS,
    Refused,
    can,
    lifecycle,
    safety_open,
)
from .mutes import can_mute, carry, mute, mute_for_practice, of_practice, running, unmute, unmute_for_practice
from .raising import apply, load, rests_on, said_of
from .usefulness import ENOUGH, Tally, tally, wilson

__all__ = [
    "BY_ITSELF", "CLEARS", "DUE", "DUE_TODAY", "ENOUGH", "LIVE", "LOOK_BACK", "REASONS", "REOPEN_REASONS", "SAFETY_REASONS",
    "STAFF", "TRANSITIONS", "WINDOW_REASONS", "Refused", "Tally", "acknowledge", "acknowledge_info", "apply", "bring_back", "can", "can_mute",
    "carry", "edited", "end_window", "find_due", "hand_on", "help_for", "holders", "keep_days", "lifecycle", "load",
    "look_for_danger", "mute", "mute_for_practice", "of_practice", "reopen", "resolve", "rests_on", "running",
    "safety_open", "said_of", "second_look", "set_speed", "snooze", "tally", "unmute", "unmute_for_practice",
    "waiting_for_second_look", "why_no_second_look", "wilson", "works_alone",
]  # fmt: skip
