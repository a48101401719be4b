"""What a counselor arranges around a case: limits on contact, agreements, goals, wishes, how to reach a person safely."""

from uuid import UUID

from django.db import models
from django.db.models import F, Q

from ..crypto import EncryptedText
from .base import PracticeRow
from .cases import Case, Partner
from .people import User

_ENDED_WHO_AND_WHEN = Q(ended_at__isnull=True, ended_by__isnull=True) | Q(
    ended_at__isnull=False, ended_by__isnull=False
)


class Limit(PracticeRow):
    """No contact, with its direction (decisions 2): who must keep away, who says so, what is allowed all the same, from
    when to when. A change is a new row; the old one is ended."""

    class Source(models.TextChoices):
        ORDER = "order", "A court order"
        OWN_WISH = "own_wish", "The other person's own wish"
        TOLD = "told", "Told by the person who keeps away"

    case = models.ForeignKey(Case, models.PROTECT, related_name="limits")
    keeps_away = models.ForeignKey(Partner, models.PROTECT, related_name="limits")
    source = models.CharField(max_length=8, choices=Source.choices)
    # What contact is allowed for: a list out of "children", "money".
    scope = models.JSONField(default=list)
    since = models.DateField()
    until = models.DateField(null=True)
    # Only a limit told to a person may show at that person's door (decisions 1).
    told_a = models.BooleanField(default=False)
    told_b = models.BooleanField(default=False)
    note = EncryptedText(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    # Recorded once, then asked "still so?" when it is old.
    confirmed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["case", "since"])]
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "keeps_away"], condition=Q(ended_at__isnull=True), name="limit_one_per_person"
            ),
            models.CheckConstraint(condition=Q(source__in=["order", "own_wish", "told"]), name="limit_source_known"),
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="limit_ends_later"),
            models.CheckConstraint(condition=_ENDED_WHO_AND_WHEN, name="limit_ended_who_and_when"),
        ]


class Agreement(PracticeRow):
    """What was agreed with one person (decisions 20): dated, by whom it is welcome, also the homework list."""

    class Kind(models.TextChoices):
        CONTACT_RATE = "contact_rate", "How often to write or call"
        VISITS = "visits", "Visits and handovers"
        LOCATION = "location", "Sharing a location"
        MESSENGER = "messenger", "Who may carry messages"
        TALKS = "talks", "Talks about problems"
        REVIEW = "review", "A day to look at the waiting again"
        HOMEWORK = "homework", "Something to try"

    case = models.ForeignKey(Case, models.PROTECT, related_name="agreements")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="agreements")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    words = EncryptedText()
    per_week = models.PositiveSmallIntegerField(null=True)  # contact_rate: at most so many
    welcome_to_other = models.BooleanField(default=False)  # the other partner said so to the counselor
    since = models.DateField()
    until = models.DateField(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(
        max_length=8, choices=[("kept", "Kept"), ("partly", "Partly kept"), ("not_kept", "Not kept")], default=""
    )

    class Meta:
        indexes = [models.Index(fields=["case", "since"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="agreement_ends_later"
            ),
            models.CheckConstraint(
                condition=Q(per_week__isnull=True) | Q(kind="contact_rate"), name="agreement_rate_only_for_contact"
            ),
            models.CheckConstraint(condition=_ENDED_WHO_AND_WHEN, name="agreement_ended_who_and_when"),
        ]


class Goal(PracticeRow):
    """Up to three goals at a time, in the client's words (decisions 21)."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="goals")
    words = EncryptedText()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["partner", "at"])]
        constraints = [models.CheckConstraint(condition=_ENDED_WHO_AND_WHEN, name="goal_ended_who_and_when")]


class Wish(PracticeRow):
    """What one person wants at present, asked once a month; their own answer only (checkin.md, wish)."""

    class Choice(models.TextChoices):
        TOGETHER = "together", "Together again"
        UNSURE = "unsure", "Not sure"
        APART = "apart", "Apart"
        RATHER_NOT = "rather_not", "Rather not say"

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="wishes")
    wish = models.CharField(max_length=10, choices=Choice.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["partner", "at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(wish__in=["together", "unsure", "apart", "rather_not"]), name="wish_known"
            )
        ]


class ReachCard(PracticeRow):
    """How to reach one person safely (decisions 9). A change is a new row, so that what was known when can be told."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="reach_cards")
    phone = EncryptedText(null=True)
    hours = EncryptedText(null=True)
    voicemail = models.BooleanField(default=False)
    address = EncryptedText(null=True)  # for a welfare check
    contact = EncryptedText(null=True)  # an emergency contact who is not the other partner
    safety_plan = EncryptedText(null=True)
    # Whether somebody else can open the mailbox or the phone: then no mails (decisions 5).
    shared_device = models.BooleanField(null=True)
    at = models.DateTimeField()  # written or confirmed
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["partner", "at"])]

    @classmethod
    def is_shared(cls, user_id: UUID) -> bool:
        """Whether somebody else can open this person's mailbox or phone: the newest answer to the question."""
        asked = cls.objects.filter(partner__user=user_id, shared_device__isnull=False).order_by("-at", "-id")
        return bool(asked.values_list("shared_device", flat=True).first())


class PhaseChange(PracticeRow):
    """Where the two stand, and since when (decisions 21)."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="phases")
    phase = models.CharField(max_length=12, choices=Case.Phase.choices)
    moved_out = models.ForeignKey(Partner, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["case", "at"])]
