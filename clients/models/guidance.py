"""What a client was sent, word for word, and the help numbers a practice shows."""

from django.db import models
from django.db.models import Q

from ..crypto import EncryptedText
from .base import PracticeRow
from .cases import Case, Partner
from .flags import Flag
from .people import User


class SentGuidance(PracticeRow):
    """A frozen copy of a card for one partner. `note` is the desk's note id: the record keeps it, never reads it."""

    class Answer(models.TextChoices):
        TRIED = "tried", "Tried"
        NOT_FOR_ME = "not_for_me", "Not for me"

    case = models.ForeignKey(Case, models.PROTECT, related_name="sent")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="sent")
    flag = models.ForeignKey(Flag, models.PROTECT, null=True, related_name="sent")
    note = models.UUIDField(null=True)
    card = models.CharField(max_length=12)
    card_version = models.PositiveSmallIntegerField()
    family = models.CharField(max_length=8)
    title = EncryptedText()
    body = EncryptedText()
    line = EncryptedText(null=True)
    source = models.CharField(max_length=200, default="")
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    first_opened_at = models.DateTimeField(null=True)
    last_opened_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=10, choices=Answer.choices, default="")
    answer_line = EncryptedText(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["partner", "sent_at"]), models.Index(fields=["case", "sent_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="sent_withdrawn_who_and_when",
            ),
            models.CheckConstraint(
                condition=(Q(answer="") & Q(answered_at__isnull=True))
                | (Q(answer__in=["tried", "not_for_me"]) & Q(answered_at__isnull=False)),
                name="sent_answered_when",
            ),
        ]


class Resource(PracticeRow):
    """A number or address under Help now, per practice and locale. Which screen shows it first follows `kind`."""

    class Kind(models.TextChoices):
        EMERGENCY = "emergency", "Emergency"
        CRISIS = "crisis", "Someone to talk to, day and night"
        VIOLENCE = "violence", "Violence, threats or fear at home"
        CHILD = "child", "A child in danger"
        OWN_ANGER = "own_anger", "Worried about what you might do"

    locale = models.CharField(max_length=12, default="en")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    label = models.CharField(max_length=80)
    phone = models.CharField(max_length=30, default="")
    about = models.CharField(max_length=160, default="")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["practice", "locale", "position"])]
