"""Session notes: start, save, insert guidance, sign, add to a signed one (product.md, Notes)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from clients import audit, summary
from clients.guards import Guard
from clients.models import Case, Flag, User
from clients.models.base import new_id

from . import library
from .models import Addendum, NoteInsertion, NoteVersion, SessionNote

BODY_LIMIT = 60_000

# A signed note refuses every route, form and bulk act: the database itself says no.
GUARDS = [
    Guard(
        "note_signed_stays",
        "counselor_sessionnote",
        "UPDATE",
        "OLD.state = 'signed'",
        "a signed note is locked",
    ),
    Guard("note_stays", "counselor_sessionnote", "DELETE", "OLD.state = 'signed'", "a signed note is locked"),
    Guard("note_version_stays", "counselor_noteversion", "UPDATE", "1=1", "a version is never rewritten"),
    Guard("addendum_stays", "counselor_addendum", "UPDATE", "1=1", "an addendum is never rewritten"),
    Guard("addendum_kept", "counselor_addendum", "DELETE", "1=1", "an addendum is never removed"),
]


class Refused(Exception):
    """An act that the note's state does not allow; the text is for the counselor."""


class Conflict(Exception):
    """Somebody saved in between; `theirs` is what stands there now. Nothing is overwritten."""

    def __init__(self, theirs: SessionNote) -> None:
        super().__init__("This note was changed elsewhere in the meantime.")
        self.theirs = theirs


def case_of(note_id: UUID, user: User) -> UUID | None:
    """For the doorkeeper: the case a note belongs to. A draft is its author's own."""
    found = SessionNote.objects.filter(pk=note_id).values_list("case_id", "author_id", "state").first()
    if found is None:
        return None
    case_id, author_id, state = found
    return case_id if state == SessionNote.State.SIGNED or author_id == user.pk else None


def holds(body: str, card_id: str) -> bool:
    """Whether the words of an inserted card stand in the note."""
    return f"({card_id}, version " in body


def _check(body: str) -> str:
    if "\x00" in body:
        raise Refused("The text has a character in it that cannot be kept (a NUL). Please take it out.")
    if len(body) > BODY_LIMIT:
        raise Refused(f"The note is {len(body):,} characters long; {BODY_LIMIT:,} fit.")
    return body.replace("\r\n", "\n")


@transaction.atomic
def start(
    *, case: Case, by: User, at: datetime, flag: Flag | None = None, body: str = "", key: UUID | None = None
) -> SessionNote:
    """Start a draft. `key` comes with the form: posted twice, it is one note."""
    summary.lock(case)
    earlier = SessionNote.objects.filter(pk=key, case=case, author=by).first() if key else None
    if earlier is not None:
        return earlier
    note = SessionNote.objects.create(
        id=key or new_id(),
        practice_id=case.practice_id,
        case=case,
        author=by,
        flag=flag,
        body=_check(body),
        started_at=at,
        changed_at=at,
    )
    summary.touch(case, at=at)
    audit.record("note.started", by=by, at=at, case=case, subject=note.pk)
    return note


def _draft(case: Case, note_id: UUID, by: User) -> SessionNote:
    note = SessionNote.objects.select_for_update().get(pk=note_id, case=case)
    if note.state == SessionNote.State.SIGNED:
        raise Refused("This note is signed and locked. You can add an addendum.")
    if note.author_id != by.pk:
        raise Refused("Only its author changes a draft.")
    return note


@transaction.atomic
def save(*, case: Case, note_id: UUID, by: User, at: datetime, body: str, version: int) -> SessionNote:
    """Save a draft. `version` is the one the person started from; a newer one raises Conflict."""
    note = _draft(case, note_id, by)
    body = _check(body)
    if body == note.body:
        return note
    if version != note.version:
        raise Conflict(note)
    NoteVersion.objects.create(
        practice_id=note.practice_id, note=note, number=note.version, body=note.body, at=at, by=by
    )
    note.body, note.version, note.changed_at = body, note.version + 1, at
    note.save()
    audit.record("note.saved", by=by, at=at, case=case, subject=note.pk, version=note.version)
    return note


@transaction.atomic
def insert(*, case: Case, note_id: UUID, by: User, at: datetime, card: library.Card) -> NoteInsertion:
    """Record that a card went into the note; the words themselves are saved with the note."""
    note = _draft(case, note_id, by)
    row = NoteInsertion.objects.create(
        practice_id=note.practice_id, note=note, card=card.id, card_version=card.version, at=at, by=by
    )
    audit.record("guidance.inserted", by=by, at=at, case=case, subject=note.pk, card=card.id, version=card.version)
    return row


@transaction.atomic
def sign(*, case: Case, note_id: UUID, by: User, at: datetime) -> SessionNote:
    note = _draft(case, note_id, by)
    if not note.body.strip():
        raise Refused("An empty note cannot be signed.")
    note.state, note.signed_at, note.signed_by = SessionNote.State.SIGNED, at, by
    note.save()
    summary.touch(case, at=at)
    audit.record("note.signed", by=by, at=at, case=case, subject=note.pk, version=note.version)
    return note


@transaction.atomic
def add(*, case: Case, note_id: UUID, by: User, at: datetime, body: str, key: UUID | None = None) -> Addendum:
    """An addendum to a signed note: stamped, ordered, never changed. Posted twice under a key, it is one."""
    summary.lock(case)
    earlier = Addendum.objects.filter(pk=key, note_id=note_id, by=by).first() if key else None
    if earlier is not None:
        return earlier
    note = SessionNote.objects.get(pk=note_id, case=case)
    if note.state != SessionNote.State.SIGNED:
        raise Refused("A draft needs no addendum; just write on.")
    if not body.strip():
        raise Refused("The addendum is empty.")
    row = Addendum.objects.create(
        id=key or new_id(), practice_id=note.practice_id, note=note, body=_check(body), at=at, by=by
    )
    audit.record("note.added_to", by=by, at=at, case=case, subject=note.pk)
    return row


def flag_of(case: Case, note_id: UUID) -> Flag | None:
    """The flag a note was started from."""
    return SessionNote.objects.select_related("flag").get(pk=note_id, case=case).flag
