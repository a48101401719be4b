"""What was typed, and came too late: on a session that had ended, or by a page that was being left while another window
had saved. It is kept for 48 hours for that same person and offered when the note is opened again.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from django.db import transaction

from clients.checkins import HELD_FOR
from clients.models import HeldPost, User

MOST = 20  # windows of one person


@dataclass(frozen=True, slots=True)
class Late:
    id: UUID
    at: datetime
    body: str
    version: int


@transaction.atomic
def hold(*, user_id: UUID, note_id: UUID, window: UUID, body: str, version: int, at: datetime) -> bool:
    """Keep the newest text of one window. False where nobody signs in under that id."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return False
    text = urlencode({"note": str(note_id), "version": version, "body": body.replace("\r\n", "\n")})
    HeldPost.objects.update_or_create(
        practice_id=user.practice_id, user=user, key=window, body_hash="", defaults={"body": text, "at": at}
    )
    return True


def held(user: User, note_id: UUID, at: datetime) -> list[Late]:
    """What is kept for this person of this note, oldest first."""
    found = []
    for post in HeldPost.objects.filter(user=user, body_hash="", at__gt=at - HELD_FOR).order_by("at", "id")[:MOST]:
        told = {name: values[0] for name, values in parse_qs(post.body, keep_blank_values=True).items()}
        if told.get("note") == str(note_id):
            found.append(Late(post.pk, post.at, told.get("body", ""), int(told.get("version", 0))))
    return found


def drop(user: User, note_id: UUID, late_id: str, at: datetime) -> None:
    """Put in, or thrown away."""
    for late in held(user, note_id, at) if late_id else ():
        if str(late.id) == late_id:
            HeldPost.objects.filter(pk=late.id, user=user).delete()
