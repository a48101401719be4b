"""Check-ins, what was read in them, and the read model of a case."""

import secrets
from typing import Any

from django.db import models
from django.db.models import Q

from ..crypto import EncryptedText
from ..rules import VERSION as RULES
from .base import PracticeRow
from .cases import Case, Partner
from .people import User
from .prepared import update


class CheckIn(PracticeRow):
    """One sent check-in. `answers` holds item code -> stored value (clients/progress/scores.py says which);
    scores are 0 to 100 or NULL; `levels` is the filter state after this check-in."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="checkins")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="checkins")
    key = models.UUIDField()
    at = models.DateTimeField()
    answers = models.JSONField(default=dict)
    safety = EncryptedText(null=True)
    text = EncryptedText(null=True)
    next_session = EncryptedText(null=True)
    body_hash = models.CharField(max_length=64)
    text_read = models.BooleanField(default=True)
    w = models.FloatField(null=True)
    t = models.FloatField(null=True)
    cpi = models.FloatField(null=True)
    rs = models.FloatField(null=True)
    d = models.FloatField(null=True)
    levels = models.JSONField(default=dict)
    # What this check-in adds to the course (clients/progress/course.py, Point): derived, rebuilt at will.
    course = models.JSONField(default=dict)
    # What counselors said of findings here, newest last: [label, start, end, verdict]; the rows are Correction.
    verdicts = models.JSONField(default=list)
    reading = models.ForeignKey("clients.Reading", models.PROTECT, null=True, related_name="+")
    # A keyed hash of the device it came from, where there is one (rule E06); dropped after 30 days.
    device = models.CharField(max_length=64, default="")
    seconds = models.PositiveIntegerField(null=True)  # from the form being opened to its being sent (rule E03)
    entered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")  # staff, at the desk
    read_by_on = models.DateField()
    read_at = models.DateTimeField(null=True)
    read_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    superseded_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["partner", "at"]),
            models.Index(fields=["case", "at"]),
            models.Index(fields=["case"], condition=Q(read_at__isnull=True), name="checkin_unread"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["practice", "partner", "key"], name="checkin_once_per_key"),
            models.CheckConstraint(
                condition=Q(read_at__isnull=True, read_by__isnull=True)
                | Q(read_at__isnull=False, read_by__isnull=False),
                name="checkin_read_who_and_when",
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{score}__isnull": True}) | Q(**{f"{score}__gte": 0, f"{score}__lte": 100}),
                    name=f"checkin_{score}_range",
                )
                for score in ("w", "t", "cpi", "rs", "d")
            ),
        ]


class Reading(PracticeRow):
    """What one engine version read in one check-in's text. Never rewritten (decisions 29); offsets and frames only."""

    checkin = models.ForeignKey(CheckIn, models.PROTECT, related_name="readings")
    version = models.CharField(max_length=20)
    at = models.DateTimeField()
    findings = models.JSONField(default=dict)  # item code -> findings, each as Finding.as_dict

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "checkin", "version"], name="reading_once_per_version")
        ]


class Correction(PracticeRow):
    """A counselor's word on one finding: who, when, why. The reading itself stays as it was (decisions 29)."""

    class Verdict(models.TextChoices):
        NOT_ACCURATE = "not_accurate", "Not accurate"
        CONFIRMED = "confirmed", "Confirmed"

    case = models.ForeignKey(Case, models.PROTECT, related_name="corrections")
    checkin = models.ForeignKey(CheckIn, models.PROTECT, related_name="corrections")
    reading = models.ForeignKey(Reading, models.PROTECT, related_name="corrections")
    label = models.CharField(max_length=20)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    reason = EncryptedText(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["checkin", "at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=["not_accurate", "confirmed"]), name="correction_verdict_known"
            ),
            models.CheckConstraint(condition=Q(end__gt=models.F("start")), name="correction_span"),
        ]


class HeldPost(PracticeRow):
    """A check-in posted on a session that had ended: kept 48 hours for that same person (decisions 4)."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    key = models.UUIDField()
    body = EncryptedText()
    body_hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "user", "key", "body_hash"], name="heldpost_once_per_body")
        ]


def rules_version() -> int:
    return RULES


def new_stamp() -> int:
    return secrets.randbits(62)


class Stamped(models.QuerySet["CaseSummary"]):
    def update(self, **kwargs: Any) -> int:
        return super().update(**({"stamp": new_stamp()} | kwargs))


class CaseSummary(PracticeRow):
    """One row a case, written in the act's own transaction: all that Today needs (performance.md 3.1)."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="summary")
    names = models.CharField(max_length=140)
    check_ins = models.PositiveIntegerField(default=0)
    interval_days = models.PositiveSmallIntegerField(default=7)
    last_check_in_at = models.DateTimeField(null=True)
    last_staff_at = models.DateTimeField(null=True)
    unread = models.PositiveIntegerField(default=0)
    oldest_unread_at = models.DateTimeField(null=True)
    read_by_on = models.DateField(null=True)
    # Flags of the whole case: counts by what they ask of the counselor, and the words of the first of them.
    safety_open = models.PositiveSmallIntegerField(default=0)
    urgent_unseen = models.PositiveSmallIntegerField(default=0)
    watch_open = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    reason = EncryptedText(null=True)
    window_until = models.DateTimeField(null=True)
    # Own conduct (decisions 36): last levels, oldest first, as "day:level" pairs; level now and 28 days before.
    spark = models.TextField(default="")
    cpi_level = models.FloatField(null=True)
    cpi_before = models.FloatField(null=True)
    # What each side's next check-in and any page needs of the past: side -> {"state", "held"} (clients/course.py).
    course = models.JSONField(default=dict)
    course_version = models.PositiveSmallIntegerField(default=0)
    # While a fear or a hurt is recent, the leading reporter's conduct is neither judged nor drawn (decisions 3).
    held_until = models.DateTimeField(null=True)
    # When the next screening is due (decisions 10).
    screening_due = models.DateField(null=True)
    # What rules and pages need of the arrangements around the case without asking for their rows: limits, agreements,
    # phase, wishes, mutes (clients/care.py writes it; never words, only kinds, numbers and days).
    arranged = models.JSONField(default=dict)
    # When flags of a side were told by themselves in the last seven days: side -> times (clients/flags/telling.py).
    told = models.JSONField(default=dict)
    # The version of the rules that all check-ins of the case were put to.
    rules_version = models.PositiveSmallIntegerField(default=rules_version)
    # When the next thing that is owed falls due: a reach card to confirm, a limit to ask about, a review day.
    care_due = models.DateField(null=True)
    care_reason = models.CharField(max_length=120, default="")
    swept_at = models.DateTimeField(null=True)  # when the rules that speak of time that passed last ran
    # Another number after every write, so that what was made from this row can be kept until it changes.
    stamp = models.BigIntegerField(default=new_stamp)
    updated_at = models.DateTimeField()
    # The last time this case's series was computed anew, and why (decisions 29).
    recomputed_at = models.DateTimeField(null=True)
    recomputed_why = models.CharField(max_length=40, default="")

    objects = Stamped.as_manager()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.stamp = new_stamp()
        if self._state.adding or args or kwargs:
            super().save(*args, **kwargs)
        else:
            update([self])
