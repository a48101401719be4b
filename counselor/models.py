"""The desk's own papers. No client may ever see a row of these tables; what is shared is copied into the record."""

from django.db import models
from django.db.models import Q

from clients.crypto import EncryptedText
from clients.models import Case, Flag, User
from clients.models.base import PracticeRow


class SessionNote(PracticeRow):
    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SIGNED = "signed", "Signed"

    class Kind(models.TextChoices):
        PROGRESS = "progress", "Progress note"
        CONTACT = "contact", "Contact note"

    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PROGRESS)
    state = models.CharField(max_length=6, choices=State.choices, default=State.DRAFT)
    flag = models.ForeignKey(Flag, models.PROTECT, null=True, related_name="+")
    body = EncryptedText()
    version = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["case", "started_at"])]
        constraints = [
            models.CheckConstraint(
                condition=(Q(state="draft") & Q(signed_at__isnull=True, signed_by__isnull=True))
                | (Q(state="signed") & Q(signed_at__isnull=False, signed_by__isnull=False)),
                name="note_signed_who_and_when",
            )
        ]


class NoteVersion(PracticeRow):
    """What the note said before a save; never rewritten."""

    note = models.ForeignKey(SessionNote, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    body = EncryptedText()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "note", "number"], name="noteversion_once")]


class Addendum(PracticeRow):
    """Added after signing: stamped, ordered, never changed."""

    note = models.ForeignKey(SessionNote, models.PROTECT, related_name="addenda")
    body = EncryptedText()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")


class NoteInsertion(PracticeRow):
    """A guidance card put into a note: which version, from which flag (its source stays known)."""

    note = models.ForeignKey(SessionNote, models.PROTECT, related_name="insertions")
    card = models.CharField(max_length=12)
    card_version = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
