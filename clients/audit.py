"""The trail: who did what and when, in the same transaction as the act, chained per practice (decisions 44).

`detail` holds codes and ids, never what somebody wrote.
"""

import hashlib
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from .models import AuditEvent, AuditHead, Case, Practice, User
from .models.prepared import Prepared, insert, update

VIEWED_ONCE_IN = timedelta(minutes=30)


class TrailBroken(Exception):
    """A link of the chain does not fit; `seq` says which."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"the trail does not hold at entry {seq}")
        self.seq = seq


def _digest(event: AuditEvent) -> str:
    body = json.dumps(
        [
            str(event.practice_id), event.seq, event.at.astimezone(UTC).isoformat(), str(event.by_id or ""), event.act,
            str(event.case_id or ""), event.side, str(event.subject or ""), event.detail,
        ],
        separators=(",", ":"), sort_keys=True, ensure_ascii=False,
    )  # fmt: skip
    return hashlib.sha256((event.previous + body).encode()).hexdigest()


def open_chain(practice: Practice) -> None:
    AuditHead.objects.create(practice=practice)


_locked = Prepared(lambda practice: AuditHead.objects.select_for_update().filter(practice=practice))


def _head(practice_id: UUID) -> AuditHead:
    head = _locked.first(practice_id)
    if head is None:
        raise AuditHead.DoesNotExist(f"practice {practice_id} has no trail")
    return head


def record(
    act: str,
    *,
    by: User | None,
    at: datetime,
    practice: UUID | None = None,
    case: Case | None = None,
    side: str = "",
    subject: UUID | None = None,
    **detail: Any,
) -> None:
    """Add one link. Refuses to run outside a transaction: an act without its trail must not exist."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("audit.record runs inside the act's own transaction")
    practice_id = practice or (case.practice_id if case else None) or (by.practice_id if by else None)
    if practice_id is None:
        raise ValueError("an entry of the trail belongs to a practice")
    head = _head(practice_id)
    event = AuditEvent(
        practice_id=practice_id, seq=head.seq + 1, at=at, by=by, act=act, case=case, side=side, subject=subject,
        detail=detail, previous=head.hash,
    )  # fmt: skip
    event.hash = _digest(event)
    insert(event)
    head.seq, head.hash = event.seq, event.hash
    update([head], "seq", "hash")


_viewed = Prepared(
    lambda case, by, since: AuditEvent.objects.filter(case=case, act="viewed", by=by, at__gt=since).values_list("pk")[
        :1
    ]
)


def record_view(*, by: User, at: datetime, case: Case, what: str) -> None:
    """One `viewed` row per person, case and 30 minutes (decisions 44)."""
    since = at - VIEWED_ONCE_IN
    if _viewed(case.pk, by.pk, since):
        return
    with transaction.atomic():
        _head(case.practice_id)
        if not _viewed(case.pk, by.pk, since):  # nobody slipped in between
            record("viewed", by=by, at=at, case=case, what=what)


def verify(practice_id: UUID) -> int:
    """Walk the whole chain and return its length. Raises TrailBroken at the first link that does not fit, also when
    entries are missing at the end."""
    previous, seq = "", 0
    with closing(AuditEvent.objects.filter(practice_id=practice_id).order_by("seq").iterator(2000)) as events:  # type: ignore[type-var]
        for event in events:
            seq += 1
            if event.seq != seq or event.previous != previous or event.hash != _digest(event):
                raise TrailBroken(seq)
            previous = event.hash
    head = AuditHead.objects.get(practice_id=practice_id)
    if head.seq != seq or head.hash != previous:
        raise TrailBroken(seq + 1)
    return seq
