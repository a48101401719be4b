"""Who answers when: staffed hours, duty by half-days, who is in session, and the clock of an urgent flag."""

from django.db import models
from django.db.models import F, Q

from .base import PracticeRow
from .flags import Flag
from .people import User


class PracticeHours(PracticeRow):
    """One staffed stretch of a weekday (0 is Monday), in the practice's zone."""

    weekday = models.PositiveSmallIntegerField()
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_weekday"),
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="hours_close_later"),
            models.UniqueConstraint(fields=["practice", "weekday", "opens"], name="hours_once"),
        ]


class Duty(PracticeRow):
    """The duty person of one half-day (decisions 8)."""

    class Half(models.TextChoices):
        MORNING = "am", "Morning"
        AFTERNOON = "pm", "Afternoon"

    day = models.DateField()
    half = models.CharField(max_length=2, choices=Half.choices)
    user = models.ForeignKey(User, models.PROTECT, related_name="duties")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "day", "half"], name="duty_one_per_half_day")]


class Escalation(PracticeRow):
    """The clock of one urgent flag, so that a restart changes nothing (rules.md, S08).

    `rung` counts who was alerted: 0 counselor and cover, 1 duty, 2 practice lead, 3 phone instruction on screen. It runs
    from `since` until a named person has seen the flag; `due_at` is the flag's own when the clock began.
    """

    flag = models.ForeignKey(Flag, models.PROTECT, related_name="escalations")
    since = models.DateTimeField()
    # Since when nobody has looked: where the ladder ended unseen and began anew, since the first of them.
    unseen_since = models.DateTimeField()
    due_at = models.DateTimeField()
    speed = models.CharField(max_length=5, choices=[("now", "Now"), ("today", "Today")], default="now")
    told = models.JSONField(default=list)  # [user id, when, rung], in order
    rung = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=Q(ended_at__isnull=True), name="escalation_work"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "flag"], condition=Q(ended_at__isnull=True), name="escalation_one_running"
            ),
            models.CheckConstraint(condition=Q(rung__lte=3), name="escalation_rung"),
        ]
