"""When a client is asked to check in, and what became of each time."""

from django.db import models
from django.db.models import F, Q

from .base import PracticeRow
from .cases import Partner
from .people import User


class Plan(PracticeRow):
    """Every so many days at a local time, in the person's own zone; paused between dates, or stopped."""

    partner = models.OneToOneField(Partner, models.PROTECT, related_name="plan")
    every_days = models.PositiveSmallIntegerField(default=7)
    at_time = models.TimeField()
    weekday = models.PositiveSmallIntegerField(null=True)  # 0 is Monday; only where it is every 7 or 14 days
    starts = models.DateField()
    paused_from = models.DateField(null=True)
    paused_until = models.DateField(null=True)
    stopped_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)  # the next moment, in UTC
    mails = models.BooleanField(default=True)  # the client may stop them; the counselor is told
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=Q(stopped_at__isnull=True), name="plan_work"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(every_days__gte=3, every_days__lte=14), name="plan_interval"),
            models.CheckConstraint(condition=Q(weekday__isnull=True) | Q(weekday__lte=6), name="plan_weekday"),
            models.CheckConstraint(
                condition=Q(paused_until__isnull=True) | Q(paused_from__isnull=False), name="plan_pause_begins"
            ),
            models.CheckConstraint(
                condition=Q(paused_until__isnull=True) | Q(paused_until__gte=F("paused_from")), name="plan_pause_ends"
            ),
        ]


class Prompt(PracticeRow):
    """One time a check-in was due: when it was due, sent, opened, answered, or let go."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="prompts")
    day = models.DateField()  # in the person's own zone: one prompt a day whatever the clocks do
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    missed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["partner", "due_at"]),
            models.Index(
                fields=["due_at"],
                condition=Q(answered_at__isnull=True, missed_at__isnull=True),
                name="prompt_open",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["practice", "partner", "day"], name="prompt_once_a_day"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("due_at")), name="prompt_expires_later"),
        ]
