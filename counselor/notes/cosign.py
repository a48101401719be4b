"""A trainee's note waits for the supervisor, who signs it or sends it back (decisions 23, 49)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from clients import audit, summary
from clients.models import Case, User

from ..models import NoteReview, SessionNote
from .writing import Refused, check_words

SENT = Q(state__in=[SessionNote.State.WAITING, SessionNote.State.SIGNED])


def sent_to(user: User) -> QuerySet[SessionNote]:
    """What was sent to this person for co-signing, and nothing else of the case."""
    return SessionNote.objects.filter(SENT, supervisor=user, practice_id=user.practice_id)


def case_of_waiting(note_id: UUID, user: User) -> Case | None:
    """For the doorkeeper: the case of a note that was sent to this person."""
    found = sent_to(user).select_related("case", "case__practice").filter(pk=note_id, case__closed_at__isnull=True)
    note = found.first()
    return note.case if note else None


def _waiting(case: Case, note_id: UUID, by: User) -> SessionNote:
    summary.lock(case)
    note = SessionNote.objects.select_for_update().get(pk=note_id, case=case)
    if note.supervisor_id != by.pk:
        raise Refused("Only the supervisor it was sent to decides on this note.")
    if note.state != SessionNote.State.WAITING:
        raise Refused("This note does not wait for a co-signature any more.")
    return note


def _review(note: SessionNote, outcome: str, comment: str, by: User, at: datetime) -> None:
    NoteReview.objects.create(
        practice_id=note.practice_id, note=note, version=note.version, outcome=outcome, comment=comment or None, at=at, by=by
    )  # fmt: skip


@transaction.atomic
def cosign_note(*, case: Case, note_id: UUID, by: User, at: datetime, comment: str = "") -> SessionNote:
    note = _waiting(case, note_id, by)
    if comment.strip():
        comment = check_words(comment, "comment", "")
    note.state, note.cosigned_at = SessionNote.State.SIGNED, at
    note.save()
    _review(note, NoteReview.Outcome.SIGNED, comment.strip(), by, at)
    summary.stir(case, at=at)
    audit.record("note.cosigned", by=by, at=at, case=case, subject=note.pk, version=note.version)
    return note


@transaction.atomic
def send_back(*, case: Case, note_id: UUID, by: User, at: datetime, comment: str) -> SessionNote:
    """The note is a draft again, and its author reads why."""
    note = _waiting(case, note_id, by)
    comment = check_words(comment, "comment", "Please say what should be looked at again.")
    note.state = SessionNote.State.DRAFT
    note.signed_at = note.signed_by = note.supervisor = None
    note.save()
    _review(note, NoteReview.Outcome.SENT_BACK, comment, by, at)
    summary.stir(case, at=at)
    audit.record("note.sent_back", by=by, at=at, case=case, subject=note.pk, version=note.version)
    return note
