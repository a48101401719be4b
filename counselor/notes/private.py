"""Private process notes: their author's alone, in tables of their own. Nothing else reads them: no search of others, no
export, no cover, no supervision, no print of the case. The trail names them under no case.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from clients import audit, summary
from clients.models import Case, User
from clients.models.base import new_id

from ..models import PrivateNote, PrivateVersion
from .difference import only_adds
from .writing import check_body, joined


class Conflict(Exception):
    """Saved in between from another window; `theirs` is what stands there now."""

    def __init__(self, theirs: PrivateNote) -> None:
        super().__init__("This note was changed elsewhere in the meantime.")
        self.theirs = theirs


def case_of_private(note_id: UUID, user: User) -> UUID | None:
    """For the doorkeeper: its case, to its author; to anybody else there is no such note."""
    return PrivateNote.objects.filter(pk=note_id, author=user).values_list("case_id", flat=True).first()


@transaction.atomic
def start(*, case: Case, by: User, at: datetime, body: str = "", key: UUID | None = None) -> PrivateNote:
    summary.lock(case)
    earlier = PrivateNote.objects.filter(pk=key, case=case, author=by).first() if key else None
    if earlier is not None:
        return earlier
    note = PrivateNote.objects.create(
        id=key or new_id(), practice_id=case.practice_id, case=case, author=by, body=check_body(body), started_at=at, changed_at=at
    )  # fmt: skip
    summary.stir(case, at=at)
    audit.record("private.started", by=by, at=at, practice=case.practice_id, subject=note.pk)
    return note


@transaction.atomic
def save(
    *, case: Case, note_id: UUID, by: User, at: datetime, body: str, version: int, both: bool = False
) -> PrivateNote:
    """As `writing.save`: a version that is not the newest raises Conflict, and what is replaced stays."""
    summary.lock(case)
    note = PrivateNote.objects.select_for_update().get(pk=note_id, case=case, author=by)
    body = check_body(joined(note.body, body) if both and version == note.version else body)
    if body == note.body:
        return note
    if version != note.version:
        raise Conflict(note)
    if not only_adds(note.body, body):
        PrivateVersion.objects.create(
            practice_id=note.practice_id, note=note, number=note.version, body=note.body, at=at
        )
    note.body, note.version, note.changed_at = body, note.version + 1, at
    note.save()
    audit.record("private.saved", by=by, at=at, practice=case.practice_id, subject=note.pk)
    return note
