"""The labels, in the order people read them, and the groups they are counted in."""

from __future__ import annotations

from typing import Final

PRESSURE: Final = (
    "push_return",
    "ultimatum",
    "pursuit",
    "reassurance",
    "overreading",
    "forced_talk",
    "monitoring",
    "leverage",
)
SAFETY: Final = ("self_harm", "violence", "no_contact", "child_safety")
PROGRESS: Final = (
    "initiates",
    "warm_memory",
    "affection",
    "good_time",
    "raises_return",
    "constructive_talk",
)
RESISTANCE: Final = ("withdrawal", "defensive", "wants_space", "setback")
RESTRAINT: Final = ("held_back",)

LABELS: Final = PRESSURE + SAFETY + PROGRESS + RESISTANCE + RESTRAINT
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "pressure": PRESSURE,
    "safety": SAFETY,
    "progress": PROGRESS,
    "resistance": RESISTANCE,
    "restraint": RESTRAINT,
}
GROUP_OF: Final[dict[str, str]] = {label: group for group, labels in GROUPS.items() for label in labels}
VOICES: Final = ("note", "message", "mirrored")
