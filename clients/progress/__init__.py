"""Progress maths: answers to scores, scores to levels and shifts, and what may be said about them.

Pure: no framework, no clock, no storage. Times are days as floats since any one origin; scores are 0 to 100.
Nothing here states how likely a return is, and nothing may be made to.
"""

from clients.progress.gate import Entry, Gate, Reason, Talk, readiness
from clients.progress.initiative import Share, share
from clients.progress.level import Level, Noise, band, levels, step
from clients.progress.scores import Scores, mirrored, score
from clients.progress.shift import BLOCK_CHANGE, Shift, block_change, confirmed, possible, recent_fall, scan
from clients.progress.track import (
    Lack,
    ReliableChange,
    cutoff,
    lack,
    off_track,
    overlap,
    reliable_change,
    stale,
)
from clients.progress.trend import Direction, direction, mann_kendall, theil_sen

__all__ = [
    "BLOCK_CHANGE",
    "Direction",
    "Entry",
    "Gate",
    "Lack",
    "Level",
    "Noise",
    "Reason",
    "ReliableChange",
    "Scores",
    "Share",
    "Shift",
    "Talk",
    "band",
    "block_change",
    "confirmed",
    "cutoff",
    "direction",
    "lack",
    "levels",
    "mann_kendall",
    "mirrored",
    "off_track",
    "overlap",
    "possible",
    "readiness",
    "recent_fall",
    "reliable_change",
    "scan",
    "score",
    "share",
    "stale",
    "step",
    "theil_sen",
]
