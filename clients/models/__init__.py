"""Every table of the record, one file a subject."""

from .care import Agreement, Goal, Limit, PhaseChange, ReachCard, Wish
from .cases import Assignment, Case, Consent, Partner, Screening
from .checkins import CaseSummary, CheckIn, Correction, HeldPost, Reading
from .duty import Duty, Escalation, PracticeHours
from .flags import Flag, FlagEvent, RuleMute, SteadyWindow
from .guidance import Resource, SentGuidance
from .people import Practice, Role, User
from .plans import Plan, Prompt
from .trail import AuditEvent, AuditHead, Notice

__all__ = [
    "Agreement",
    "Assignment",
    "AuditEvent",
    "AuditHead",
    "Case",
    "CaseSummary",
    "CheckIn",
    "Consent",
    "Correction",
    "Duty",
    "Escalation",
    "Flag",
    "FlagEvent",
    "Goal",
    "HeldPost",
    "Limit",
    "Notice",
    "Partner",
    "PhaseChange",
    "Plan",
    "Practice",
    "PracticeHours",
    "Prompt",
    "ReachCard",
    "Reading",
    "Resource",
    "Role",
    "RuleMute",
    "Screening",
    "SentGuidance",
    "SteadyWindow",
    "User",
    "Wish",
]
