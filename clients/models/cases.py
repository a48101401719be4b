"""Cases, their two partners, who looks after them, and what each partner agreed to."""

from django.db import models
from django.db.models import F, Q

from .base import PracticeRow
from .people import User


class Case(PracticeRow):
    class Phase(models.TextChoices):
        SEPARATED = "separated", "Separated"
        TRYING = "trying", "Trying together"
        TOGETHER = "together", "Together"
        ENDED = "ended", "Ended"
        PAUSED = "paused", "Paused"

    class Secrets(models.TextChoices):
        INDIVIDUAL = "individual", "Individual streams are confidential; themes may be raised, never content"
        NO_SECRETS = "no_secrets", "No secrets"
        LIMITED = "limited", "Limited: partner by partner"
        SEPARATE = "separate", "Separate clients"

    phase = models.CharField(max_length=12, choices=Phase.choices, default=Phase.SEPARATED)
    secrets_policy = models.CharField(max_length=12, choices=Secrets.choices, default=Secrets.INDIVIDUAL)
    # Custody, a divorce filed, an order (decisions 14): the words of every print and export change with it.
    litigation = models.JSONField(default=list)
    text_off = models.BooleanField(default=False)  # then the check-in asks for no free text
    moved_out = models.ForeignKey("clients.Partner", models.PROTECT, null=True, related_name="+")
    # The promise to read (decisions 22): a check-in is read within this many working days.
    promise_days = models.PositiveSmallIntegerField(default=2)
    opened_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(promise_days__gte=1, promise_days__lte=14), name="case_promise_range")
        ]


class Partner(PracticeRow):
    """One side of a case. With an account it is a client; without one it is a third party known by name only."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="partners")
    side = models.CharField(max_length=1, choices=[("A", "A"), ("B", "B")])
    name = models.CharField(max_length=60)
    # What this person calls the other one: {P} in their check-in. Their own, so B's wishes never show at A's door.
    other_name = models.CharField(max_length=60)
    user = models.OneToOneField(User, models.PROTECT, null=True, related_name="partner")
    interval_days = models.PositiveSmallIntegerField(default=7)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "case", "side"], name="partner_one_per_side"),
            models.CheckConstraint(condition=Q(side__in=["A", "B"]), name="partner_side_known"),
            models.CheckConstraint(condition=Q(interval_days__gte=3, interval_days__lte=31), name="partner_interval"),
        ]


class Assignment(PracticeRow):
    """Who holds a case, from when to when. The doorkeeper reads nothing else.

    The primary counselor opens the whole case. Cover, and whoever an alert has reached, open its safety cards, how to
    reach the people and the limits on contact, and nothing else (decisions 49)."""

    class As(models.TextChoices):
        PRIMARY = "primary", "Primary"
        COVER = "cover", "Cover"
        ALERTED = "alerted", "Alerted"

    case = models.ForeignKey(Case, models.PROTECT, related_name="assignments")
    user = models.ForeignKey(User, models.PROTECT, related_name="assignments")
    role = models.CharField(max_length=8, choices=As.choices, default=As.PRIMARY)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    moved = models.JSONField(default=list)  # cover: ids of flags that wait for the return

    class Meta:
        indexes = [models.Index(fields=["user", "case"])]
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "case"],
                condition=Q(role="primary", until__isnull=True),
                name="assignment_one_primary",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="assignment_ends_later"
            ),
        ]


class Consent(PracticeRow):
    """One answered consent screen; a change is a new row, so what was agreed at any time can be told."""

    class Kind(models.TextChoices):
        CHECKINS = "checkins", "Keeping my check-ins"
        TEXT = "text", "Software may read what I write"
        COVER = "cover", "A colleague may read when my counselor is away"
        IMPROVE = "improve", "De-identified use to improve the product"

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="consents")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    version = models.PositiveSmallIntegerField(default=1)
    given = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["partner", "kind", "at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["checkins", "text", "cover", "improve"]), name="consent_kind_known"
            )
        ]


class Screening(PracticeRow):
    """A recorded human act (decisions 10): guidance waits for it."""

    class Result(models.TextChoices):
        CLEAR = "clear", "No concern found"
        CONCERN = "concern", "Concern: guidance stays off"

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="screenings")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    alone = models.BooleanField()
    how = models.CharField(
        max_length=20, choices=[("room", "In the room"), ("phone", "By phone"), ("video", "By video")]
    )
    result = models.CharField(max_length=8, choices=Result.choices)
    next_due = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["partner", "at"])]
        constraints = [models.CheckConstraint(condition=Q(alone=True), name="screening_alone")]
