"""The desk's own papers. No client may ever see a row of these tables; what is shared is copied into the record."""

from django.db import models
from django.db.models import Q

from clients.crypto import EncryptedText
from clients.models import Case, Flag, Partner, User
from clients.models.base import PracticeRow


class Paper(PracticeRow):
    """What one counselor writes, saved under a number: whoever saves says which one they started from, so that a later
    save never overwrites unseen."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    body = EncryptedText()
    version = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        abstract = True


class SessionNote(Paper):
    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        WAITING = "waiting", "Waiting for the co-signature"
        SIGNED = "signed", "Signed"

    class Kind(models.TextChoices):
        PROGRESS = "progress", "Progress note"
        CONTACT = "contact", "Contact note"
        JOINT = "joint", "Joint session note"

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PROGRESS)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    flag = models.ForeignKey(Flag, models.PROTECT, null=True, related_name="+")
    # The fields beside the text (notes/fields.py, Details) as JSON.
    details = EncryptedText(null=True)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # Whose co-signature a trainee's note waits for, or has.
    supervisor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    cosigned_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["case", "started_at"]),
            models.Index(fields=["author", "started_at"], name="note_by_author"),
            models.Index(fields=["supervisor"], condition=Q(state="waiting"), name="note_waiting"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(Q(state="draft") & Q(signed_at__isnull=True, signed_by__isnull=True))
                | (Q(state__in=["waiting", "signed"]) & Q(signed_at__isnull=False, signed_by__isnull=False)),
                name="note_signed_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", supervisor__isnull=True, cosigned_at__isnull=True)
                | Q(state="waiting", supervisor__isnull=False, cosigned_at__isnull=True)
                | Q(state="signed", supervisor__isnull=True, cosigned_at__isnull=True)
                | Q(state="signed", supervisor__isnull=False, cosigned_at__isnull=False),
                name="note_cosigned_who_and_when",
            ),
        ]


class NoteVersion(PracticeRow):
    """What the note said before; never rewritten. With `signed_at` it was what had been signed under that number."""

    note = models.ForeignKey(SessionNote, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    body = EncryptedText()
    details = EncryptedText(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(null=True)
    cosigned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "note", "number"], name="noteversion_once")]


class NoteUnlock(PracticeRow):
    """A signed note was opened again: by whom, when and why. The database opens no note without one."""

    note = models.ForeignKey(SessionNote, models.PROTECT, related_name="unlocks")
    version = models.PositiveIntegerField()
    reason = EncryptedText()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "note", "version"], name="noteunlock_once")]


class NoteReview(PracticeRow):
    """What a supervisor did with a trainee's note."""

    class Outcome(models.TextChoices):
        SIGNED = "signed", "Co-signed"
        SENT_BACK = "sent_back", "Sent back"

    note = models.ForeignKey(SessionNote, models.PROTECT, related_name="reviews")
    version = models.PositiveIntegerField()
    outcome = models.CharField(max_length=9, choices=Outcome.choices)
    comment = EncryptedText(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")


class Addendum(PracticeRow):
    """Added after signing: stamped, ordered, never changed."""

    note = models.ForeignKey(SessionNote, models.PROTECT, related_name="addenda")
    body = EncryptedText()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")


class NoteInsertion(PracticeRow):
    """A block put into a note: a guidance card in its version, or a fact of the record. A fact of one person (`partner`)
    stays theirs, so that the share guard knows its source."""

    note = models.ForeignKey(SessionNote, models.PROTECT, related_name="insertions")
    card = models.CharField(max_length=12, default="")
    card_version = models.PositiveSmallIntegerField(default=0)
    evidence = models.CharField(max_length=60, default="")
    partner = models.ForeignKey(Partner, models.PROTECT, null=True, related_name="+")
    words = EncryptedText(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")


class PrivateNote(Paper):
    """A private process note: its author's alone, apart from the record (trust.md 4)."""

    class Meta:
        indexes = [models.Index(fields=["author", "started_at"])]


class PrivateVersion(PracticeRow):
    """What a private note said before; never rewritten."""

    note = models.ForeignKey(PrivateNote, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    body = EncryptedText()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "note", "number"], name="privateversion_once")]


class NoteSettings(PracticeRow):
    """How one practice wants its notes."""

    copy_order = models.JSONField(default=list)  # the fields of a note as plain text, in their order
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice"], name="notesettings_one")]
