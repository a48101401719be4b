"""The life of a flag: its states, its clocks, its reasons (rules.md, Lifecycle; decisions 28)."""

from datetime import datetime, timedelta

from ..models import Case, Flag
from ..models.flags import NEVER_FOR_SAFETY, TRANSITIONS
from ..rules import CATALOGUE, Severity

LIVE = (Flag.State.OPEN, Flag.State.ACKNOWLEDGED, Flag.State.SNOOZED)
REASONS = {
    "not_accurate": "Not accurate",
    "known": "Known, working on it",
    "agreed": "Agreed boundary",
    "welcome": "The partner welcomes it",
    "followed_up": "Followed up",
    "other": "Other",
}
SAFETY_REASONS = {reason: REASONS[reason] for reason in ("followed_up", "not_accurate")}
REOPEN_REASONS = {
    "new": "Something new came up",
    "too_soon": "It was closed too soon",
    "mistake": "It was closed by mistake",
    "other": "Other",
}
# How a flag ends that no person closed.
BY_ITSELF = {"edited": "the check-in it rested on was edited", "date_passed": "its date has passed"}
# Lifecycle code -> (days without a trigger before it clears by itself, check-ins without, cool-down days, must be seen
# first). Info gathers nothing after it was raised, so L1 closes 28 days after that.
CLEARS = {"L1": (28, 0, 28, False), "L2": (14, 2, 14, False), "L3": (28, 2, 14, True)}
REOPEN_WITHIN = timedelta(days=56)
LOOK_BACK = timedelta(days=90)  # how far rules look back for flags
DUE = {
    Severity.URGENT: timedelta(minutes=15),
    Severity.ELEVATED: timedelta(hours=8),
    Severity.WATCH: timedelta(days=7),
}
DUE_TODAY = timedelta(hours=8)

NOW, TODAY = "now", "today"  # how fast urgent flags are answered (decisions 7)


class Refused(Exception):
    """An act that does not fit the flag's state; the text is for the person, `field` what it stands beside."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def lifecycle(rule: str, severity: int) -> str:
    """The code in force: "L2>L3" is L2 while watch, L3 once elevated; "L3>L4" is L4 once urgent; info always closes
    like L1."""
    codes = CATALOGUE[rule].lifecycle.split(">")
    if codes == ["L4"]:
        return "L4"
    if severity <= Severity.INFO:
        return "L1"
    if codes[-1] == "L4":
        return codes[-1] if severity >= Severity.URGENT else codes[0]
    return codes[-1] if severity >= Severity.ELEVATED else codes[0]


def wait_again(flag: Flag, at: datetime) -> None:
    """A person or a day has put it back on the table: its time begins now, and what is urgent is looked at now."""
    wait = DUE.get(Severity(flag.severity))
    flag.due_at = at + wait if wait and not flag.muted else None
    flag.speed = speed_by_itself(flag.rule, flag.severity)


def speed_by_itself(rule: str, severity: int) -> str:
    """How fast it is answered where nothing else was said; a wish to be called has a clock, too."""
    if severity >= Severity.URGENT:
        return NOW
    return TODAY if rule == "S07" else ""


def can(flag: Flag, to: str) -> bool:
    """Whether the table lets the flag go there."""
    alarms = flag.safety or flag.severity >= Severity.URGENT
    return to in TRANSITIONS[flag.state] and not (alarms and to in NEVER_FOR_SAFETY)


def safety_open(case: Case) -> bool:
    """While one is open, low-pressure guidance is withheld on the whole case (guidance.md, decision 4)."""
    return Flag.objects.filter(case=case, safety=True, state__in=LIVE).exists()
