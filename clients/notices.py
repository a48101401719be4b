"""The outbox. A row with an empty `sent_at` is the work; delivery claims it by update (security.md 2.1)."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.db.models import F, Q, QuerySet

from .models import Case, Flag, Notice, Partner, ReachCard, Role, User
from .models.flags import ALARMING

LEASE = timedelta(minutes=2)
LONGEST_WAIT = timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(days=3)
NEVER_GIVEN_UP = ("urgent", "alert", "pager")
SILENT_AFTER = timedelta(minutes=3)  # an alert that nobody even tried to deliver for so long is stuck, too
BATCH = 50
# Why a notice did not have to go out any more: the alert was seen; nobody is to be mailed at that address (`may_mail`).
SEEN, UNWANTED = "seen", "unwanted"
PAGERS = ("pager", "pagertest")  # these call a practice's hook, not a person


def prepare(
    kind: str, *, to: User, at: datetime, dedupe: str, case: Case | None = None, flag: Flag | None = None
) -> Notice:
    """A row owed to `to`; the caller saves it in the act's own transaction by `owe`."""
    return Notice(
        practice_id=to.practice_id, kind=kind, to=to, case=case, flag=flag, dedupe=f"{kind}:{dedupe}:{to.pk}"[:120],
        created_at=at, due_at=at,
    )  # fmt: skip


def owe(notices: Iterable[Notice]) -> None:
    """Write the rows, and nudge a worker once they are committed. Saying it twice owes it once."""
    rows = list(notices)
    if not rows:
        return
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    ids = [str(row.pk) for row in rows]
    transaction.on_commit(lambda: _nudge(ids))


def _nudge(ids: list[str]) -> None:
    """Only a nudge: with the broker down the sweep finds the rows, and the person's act has long succeeded."""
    with suppress(Exception):  # whatever a broker raises must not reach the person
        current_app.send_task("clients.tasks.deliver", kwargs={"ids": ids}, retry=False, ignore_result=True)


def find_due(at: datetime) -> list[UUID]:
    """Ids of rows that are owed and not leased, oldest first, one batch."""
    return list(
        Notice.objects.filter(
            Q(lease_until__isnull=True) | Q(lease_until__lt=at),
            sent_at__isnull=True,
            failed_at__isnull=True,
            due_at__lte=at,
        )
        .order_by("due_at")
        .values_list("pk", flat=True)[:BATCH]
    )


def claim(ids: Iterable[UUID], at: datetime) -> list[Notice]:
    """Lease those of `ids` that nobody else works on. Two workers never get the same row in one lease."""
    mine = []
    for pk in ids:
        taken = Notice.objects.filter(
            Q(lease_until__isnull=True) | Q(lease_until__lt=at),
            pk=pk,
            sent_at__isnull=True,
            failed_at__isnull=True,
        ).update(lease_until=at + LEASE, attempts=F("attempts") + 1)
        if taken:
            mine.append(pk)
    return list(Notice.objects.select_related("to", "practice", "flag").filter(pk__in=mine).order_by("due_at"))


def mark_sent(notice: Notice, at: datetime) -> None:
    Notice.objects.filter(pk=notice.pk, sent_at__isnull=True).update(sent_at=at, lease_until=None, error="")


def mark_failed(notice: Notice, at: datetime, error: str) -> None:
    """Try again later, ever more slowly. The desk says so while mail does not go out (`stuck`)."""
    last = notice.kind not in NEVER_GIVEN_UP and at - notice.due_at > GIVE_UP_AFTER
    wait = min(timedelta(seconds=15 * 2 ** min(notice.attempts, 10)), LONGEST_WAIT)
    Notice.objects.filter(pk=notice.pk).update(
        lease_until=at + wait,
        failed_at=at if last else None,
        error=error[:200],
    )


def is_moot(notice: Notice) -> bool:
    """Somebody has looked in the meantime: nobody else is called out. One alert stands for all the danger of its case, so
    as long as nobody has looked at some of it, it goes out."""
    if notice.kind not in NEVER_GIVEN_UP or notice.flag is None:
        return False
    beside = ALARMING & ~Q(rule="S08") & Q(case=notice.flag.case_id, opened_at__lte=notice.created_at)
    return not Flag.objects.filter(Q(pk=notice.flag.pk) | beside, state=Flag.State.OPEN).exists()


def may_mail(kind: str, user: User, case_id: UUID | None) -> bool:
    """Whether a mail may go to this person now. Asked when it goes out, because much can change after it was owed: the
    account was switched off, the case closed, the client stopped the mails, somebody else can open the mailbox."""
    if not user.is_active:
        return False
    if user.role != Role.CLIENT:
        return True
    sides = Partner.objects.filter(user=user, case__closed_at__isnull=True).exclude(plan__mails=False)
    if case_id is not None:
        sides = sides.filter(case=case_id)
    if kind in {"prompt", "reminder"}:
        sides = sides.filter(case__paused_at__isnull=True, plan__stopped_at__isnull=True)
    return sides.exists() and not ReachCard.is_shared(user.pk)


def drop(notice: Notice, at: datetime, why: str = SEEN) -> None:
    Notice.objects.filter(pk=notice.pk, sent_at__isnull=True).update(failed_at=at, lease_until=None, error=why)


def stuck(practice_id: UUID, silent_since: datetime) -> QuerySet[Notice]:
    """Notices that were tried and did not go out, and alerts that wait although they are due: the channel is down.
    `silent_since` is `SILENT_AFTER` before now."""
    waits = Q(attempts__gte=2) | Q(kind__in=NEVER_GIVEN_UP, due_at__lt=silent_since)
    return Notice.objects.filter(waits, practice_id=practice_id, sent_at__isnull=True).exclude(
        error__in=[SEEN, UNWANTED]
    )
