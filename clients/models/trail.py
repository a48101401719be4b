"""The trail, and the outbox: rows that are the queue."""

from django.db import models
from django.db.models import Q

from .base import PracticeRow, Row
from .cases import Case
from .flags import Flag
from .people import Practice, User


class AuditHead(Row):
    """The last link of a practice's chain; locked while the next one is forged."""

    practice = models.OneToOneField(Practice, models.PROTECT, related_name="+")
    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")


class AuditEvent(PracticeRow):
    """Who did what and when. Append-only: triggers refuse changes (clients/audit.py). Never holds what was written."""

    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    act = models.CharField(max_length=40)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+")
    side = models.CharField(max_length=1, default="")
    subject = models.UUIDField(null=True)
    detail = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["case", "at"]),
            models.Index(fields=["case", "seq"]),
            models.Index(fields=["practice", "at"]),
        ]
        constraints = [models.UniqueConstraint(fields=["practice", "seq"], name="audit_one_per_seq")]


class Notice(PracticeRow):
    """Something owed to a person. An empty `sent_at` is the work; a task claims it by update (architecture 13)."""

    kind = models.CharField(max_length=20)
    to = models.ForeignKey(User, models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+")
    flag = models.ForeignKey(Flag, models.PROTECT, null=True, related_name="+")
    dedupe = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(sent_at__isnull=True, failed_at__isnull=True),
                name="notice_work",
            )
        ]
        constraints = [models.UniqueConstraint(fields=["practice", "dedupe"], name="notice_once")]
