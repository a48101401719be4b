"""Flags: what a rule found, what people did about it, and the steady window."""

from django.db import models
from django.db.models import F, Q

from ..crypto import EncryptedText
from .base import PracticeRow
from .cases import Case, Partner
from .checkins import CheckIn
from .people import User

# The life of a flag, as one table: state -> the states it may move to. The acts ask it, and the guards of the database
# are made from it (clients/guards.py). Opening again is `open`, with an event that says who and why.
TRANSITIONS: dict[str, frozenset[str]] = {
    "open": frozenset({"acknowledged", "snoozed", "resolved", "auto_resolved"}),
    "acknowledged": frozenset({"open", "snoozed", "resolved", "auto_resolved"}),
    "snoozed": frozenset({"open", "acknowledged", "resolved", "auto_resolved"}),
    "resolved": frozenset({"open"}),
    "auto_resolved": frozenset({"open"}),
}
NEVER_FOR_SAFETY = frozenset({"snoozed", "auto_resolved"})
# What has a clock while nobody has looked, and stands above every page: what is urgent, and a wish to be called.
ALARMING = Q(severity=4) | Q(rule="S07")


class Flag(PracticeRow):
    """A raised rule. `card` is what was shown, word for word (JSON, sealed): sentence, evidence, what speaks against
    it, what clears it. New evidence is a FlagEvent with a card of its own; nothing raised is rewritten."""

    class Severity(models.IntegerChoices):
        INFO = 1, "Info"
        WATCH = 2, "Watch"
        ELEVATED = 3, "Elevated"
        URGENT = 4, "Urgent"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACKNOWLEDGED = "acknowledged", "Seen"
        SNOOZED = "snoozed", "Set aside until a date"
        RESOLVED = "resolved", "Resolved"
        AUTO_RESOLVED = "auto_resolved", "Cleared by itself"

    case = models.ForeignKey(Case, models.PROTECT, related_name="flags")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="flags")
    rule = models.CharField(max_length=4)
    rule_version = models.PositiveSmallIntegerField()
    severity = models.PositiveSmallIntegerField(choices=Severity.choices)
    state = models.CharField(max_length=14, choices=State.choices, default=State.OPEN)
    safety = models.BooleanField(default=False)
    checkin = models.ForeignKey(CheckIn, models.PROTECT, null=True, related_name="flags")
    head = models.ForeignKey("self", models.PROTECT, null=True, related_name="absorbed")
    card = EncryptedText()
    newest = EncryptedText(null=True)  # the last event's card, where evidence came after the raising
    opened_at = models.DateTimeField()
    last_evidence_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    # How fast what has a clock is answered (decisions 7); "" for what has none.
    speed = models.CharField(max_length=5, choices=[("now", "Now"), ("today", "Today")], default="")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    snoozed_until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    close_reason = models.CharField(max_length=20, default="")
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")  # None: whoever holds the case
    # A safety flag closes with what was done next, and is done when a second person has looked (decisions 8).
    follow_up = EncryptedText(null=True)
    second_look_at = models.DateTimeField(null=True)
    second_look_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # Its rule is muted for this side: kept as a row, told to nobody.
    muted = models.BooleanField(default=False)
    # What speaks of a day closes by itself soon after it.
    ends_at = models.DateTimeField(null=True)
    # When it was told by itself (a badge, and a mail from elevated up); empty where it went into the digest.
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["case", "state"]),
            models.Index(fields=["partner", "rule", "opened_at"]),
            models.Index(fields=["due_at"], condition=Q(state="open", severity=4), name="flag_urgent_waits"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "partner", "rule"],
                condition=Q(state__in=["open", "acknowledged", "snoozed"]),
                name="flag_one_live_per_rule",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="flag_acknowledged_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["resolved", "auto_resolved"], closed_at__isnull=False)
                | Q(state__in=["open", "acknowledged", "snoozed"], closed_at__isnull=True),
                name="flag_closed_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="resolved") | (Q(closed_by__isnull=False) & ~Q(close_reason="")),
                name="flag_resolved_who_and_why",
            ),
            models.CheckConstraint(
                condition=Q(safety=False) | ~Q(state__in=["auto_resolved", "snoozed"]),
                name="flag_safety_only_by_a_human",
            ),
            models.CheckConstraint(
                condition=(Q(state="snoozed") & Q(snoozed_until__isnull=False))
                | (~Q(state="snoozed") & Q(snoozed_until__isnull=True)),
                name="flag_snoozed_until",
            ),
            models.CheckConstraint(
                condition=Q(second_look_at__isnull=True, second_look_by__isnull=True)
                | Q(second_look_at__isnull=False, second_look_by__isnull=False),
                name="flag_second_look_who_and_when",
            ),
            models.CheckConstraint(condition=Q(safety=False) | Q(muted=False), name="flag_safety_never_muted"),
            models.CheckConstraint(
                condition=Q(second_look_at__isnull=True) | Q(safety=True, state="resolved"),
                name="flag_second_look_after_closing",
            ),
        ]


class FlagEvent(PracticeRow):
    class Kind(models.TextChoices):
        RAISED = "raised", "Raised"
        EVIDENCE = "evidence", "New evidence"
        ROSE = "rose", "Severity rose"
        ACKNOWLEDGED = "acknowledged", "Seen"
        SNOOZED = "snoozed", "Set aside"
        RESOLVED = "resolved", "Resolved"
        AUTO_RESOLVED = "auto_resolved", "Cleared by itself"
        REOPENED = "reopened", "Opened again"
        SECOND_LOOK = "second_look", "Second look"
        OWNER = "owner", "Handed on"
        EDITED = "edited", "Resolved: the check-in was edited"
        WOKEN = "woken", "Back on its day"

    flag = models.ForeignKey(Flag, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=14, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    checkin = models.ForeignKey(CheckIn, models.PROTECT, null=True, related_name="+")
    severity = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=20, default="")
    card = EncryptedText(null=True)
    words = EncryptedText(null=True)  # what the person said with it: the follow-up, why it opened again

    class Meta:
        indexes = [models.Index(fields=["flag", "at"])]


class SteadyWindow(PracticeRow):
    """28 days after a first warming in which pushing does most harm (decisions 24)."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="windows")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="windows")
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=4)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [models.Index(fields=["partner", "opened_at"])]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("opened_at")), name="window_ends_later"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(reason="")),
                name="window_ended_who_when_why",
            ),
        ]


class RuleMute(PracticeRow):
    """A rule that is silent, for one case or, with `case` empty, for the practice (rules.md, Generic). Never a safety
    rule. `by` is empty where three "not accurate" in 60 days muted it."""

    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="mutes")
    partner = models.ForeignKey(Partner, models.PROTECT, null=True, related_name="+")
    rule = models.CharField(max_length=4)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["practice", "rule"])]
        constraints = [
            models.CheckConstraint(
                condition=~Q(rule__startswith="S") & ~Q(rule__in=["E02", "D04"]), name="mute_never_safety"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="mute_says_why"),
            models.CheckConstraint(
                condition=Q(partner__isnull=True) | Q(case__isnull=False), name="mute_side_of_a_case"
            ),
            models.CheckConstraint(
                condition=Q(case__isnull=False) | Q(by__isnull=False), name="mute_practice_by_a_person"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="mute_ended_who_and_when",
            ),
            models.UniqueConstraint(
                fields=["practice", "rule"],
                condition=Q(ended_at__isnull=True, case__isnull=True),
                name="mute_once_per_practice",
            ),
            models.UniqueConstraint(
                fields=["practice", "case", "rule"],
                condition=Q(ended_at__isnull=True, case__isnull=False, partner__isnull=True),
                name="mute_once_per_case",
            ),
            models.UniqueConstraint(
                fields=["practice", "partner", "rule"],
                condition=Q(ended_at__isnull=True, partner__isnull=False),
                name="mute_once_per_side",
            ),
        ]
