"""Every table of the record, one file a subject."""

from .cases import Assignment, Case, Consent, Partner, Screening
from .checkins import CaseSummary, CheckIn, Correction, HeldPost, Reading
from .flags import Flag, FlagEvent, SteadyWindow
from .guidance import Resource, SentGuidance
from .people import Practice, Role, User
from .trail import AuditEvent, AuditHead, Notice

__all__ = [
    "Assignment",
    "AuditEvent",
    "AuditHead",
    "Case",
    "CaseSummary",
    "CheckIn",
    "Consent",
    "Correction",
    "Flag",
    "FlagEvent",
    "HeldPost",
    "Notice",
    "Partner",
    "Practice",
    "Reading",
    "Resource",
    "Role",
    "Screening",
    "SentGuidance",
    "SteadyWindow",
    "User",
]
