"""The text engine: from a client's words to labelled spans. Pure Python; it knows no framework and no clock."""

from clients.pressure.findings import Finding, Off, Reading
from clients.pressure.labels import GROUPS, LABELS, PRESSURE, PROGRESS, RESISTANCE, RESTRAINT, SAFETY
from clients.pressure.reading import VERSION, read

__all__ = [
    "GROUPS",
    "LABELS",
    "PRESSURE",
    "PROGRESS",
    "RESISTANCE",
    "RESTRAINT",
    "SAFETY",
    "VERSION",
    "Finding",
    "Off",
    "Reading",
    "read",
]
