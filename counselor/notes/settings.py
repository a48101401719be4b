"""How one practice wants its notes: how long a signed one may be opened again, and the order of the fields in a copy."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from clients import audit
from clients.models import Practice, User

from ..models import NoteSettings
from .fields import COPIED, ordered
from .writing import Refused

LONGEST_HOURS = 168


def copy_order(practice: Practice) -> tuple[str, ...]:
    found = NoteSettings.objects.filter(practice=practice).first()
    return ordered(found.copy_order if found else ())


@transaction.atomic
def set_up(*, practice: Practice, unlock_hours: int, order: Sequence[str], by: User, at: datetime) -> None:
    if not 0 <= unlock_hours <= LONGEST_HOURS:
        raise Refused(f"Please give a number of hours from 0 to {LONGEST_HOURS}.", "unlock_hours")
    if set(order) - set(COPIED) or not order:
        raise Refused("Please keep at least one field.", "order")
    Practice.objects.filter(pk=practice.pk).update(unlock_hours=unlock_hours)
    NoteSettings.objects.update_or_create(
        practice=practice, defaults={"copy_order": list(ordered(order)), "at": at, "by": by}
    )
    audit.record("notes.set_up", by=by, at=at, practice=practice.pk, hours=unlock_hours)
