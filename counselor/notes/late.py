"""What was typed, and came too late: on a session that had ended, or by a page that was being left while another window
had saved. It is kept for 48 hours for that same person and offered when the note is opened again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from django.db import transaction

from clients.checkins import HELD_FOR
from clients.models import HeldPost, User

from .fields import Details, Unfit

MOST = 20  # windows of one person


@dataclass(frozen=True, slots=True)
class Late:
    id: UUID
    at: datetime
    body: str
    version: int
    beside: Mapping[str, Sequence[str]]  # the fields beside the text as they were posted; none of a private note

    def details(self) -> str | None:
        """The same as a note stores them; None where there are none, or one that no note takes."""
        told: dict[str, Any] = {f.name: self.beside[f.name][0] for f in fields(Details) if self.beside.get(f.name)}
        told["present"] = tuple(self.beside.get("present", ()))
        try:
            return Details(**told).check().stored()
        except Unfit:
            return None


@transaction.atomic
def hold(
    *, user_id: UUID, note_id: UUID, window: UUID, body: str, version: int, at: datetime, beside: Mapping[str, Sequence[str]] | None = None
) -> UUID | None:  # fmt: skip
    """Keep the newest text of one window. None where nobody signs in under that id."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return None
    told = {"note": [str(note_id)], "version": [str(version)], "body": [body.replace("\r\n", "\n")]}
    text = urlencode(dict(beside or {}) | told, doseq=True)
    row, _ = HeldPost.objects.update_or_create(
        practice_id=user.practice_id, user=user, key=window, body_hash="", defaults={"body": text, "at": at}
    )
    return row.pk


def held(user: User, note_id: UUID, at: datetime) -> list[Late]:
    """What is kept for this person of this note, oldest first."""
    found = []
    for post in HeldPost.objects.filter(user=user, body_hash="", at__gt=at - HELD_FOR).order_by("at", "id")[:MOST]:
        told = parse_qs(post.body, keep_blank_values=True)
        if told.pop("note", None) == [str(note_id)]:
            (body,), (version,) = told.pop("body"), told.pop("version")
            found.append(Late(post.pk, post.at, body, int(version), told))
    return found


def drop(user: User, note_id: UUID, late_id: str, at: datetime) -> None:
    """Put in, or thrown away."""
    for late in held(user, note_id, at) if late_id else ():
        if str(late.id) == late_id:
            HeldPost.objects.filter(pk=late.id, user=user).delete()
