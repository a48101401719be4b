"""What the calendar does to flags, and what an edit does: set aside comes back on its day, what spoke of a day closes
after it, and what rested only on an edited check-in goes with it (decisions 28, 30)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from .. import audit, summary
from ..models import Case, CheckIn, Flag, FlagEvent, User
from .lifecycle import LIVE, wait_again
from .raising import close_by_itself


def _due(at: datetime) -> Q:
    return Q(state=Flag.State.SNOOZED, snoozed_until__lte=at) | Q(state__in=LIVE, safety=False, ends_at__lte=at)


def find_due(at: datetime, limit: int) -> list[UUID]:
    """Cases with flags whose day has come."""
    return list(Flag.objects.filter(_due(at)).order_by().values_list("case_id", flat=True).distinct()[:limit])


@transaction.atomic
def keep_days(*, case_id: UUID, at: datetime) -> int:
    """Bring back what was set aside until today and close what spoke of a day that has passed. Said twice, it does
    nothing the second time."""
    case = Case.objects.get(pk=case_id)
    summary.lock(case)
    rows = list(Flag.objects.filter(_due(at), case=case).order_by("id"))
    for flag in rows:
        if flag.ends_at is not None and flag.ends_at <= at:
            close_by_itself(flag, at, "date_passed")
            kind = FlagEvent.Kind.AUTO_RESOLVED
            Flag.objects.filter(head=flag, state__in=LIVE).update(head=None)
        else:
            flag.state, flag.snoozed_until = Flag.State.OPEN, None
            wait_again(flag, at)
            flag.acknowledged_at = flag.acknowledged_by = None
            kind = FlagEvent.Kind.WOKEN
        flag.save()
        FlagEvent.objects.create(
            practice_id=flag.practice_id, flag=flag, kind=kind, at=at, severity=flag.severity, reason=flag.close_reason
        )
    if rows:
        summary.refresh(case, at=at)
    return len(rows)


@transaction.atomic
def edited(checkin: CheckIn, *, by: User, at: datetime) -> list[Flag]:
    """A later answer took this check-in's place: what it alone had raised goes with it, danger never. What the new answers
    raise is raised anew, without a cool-down."""
    case = checkin.case
    summary.lock(case)
    rest_on_it = Flag.objects.filter(
        case=case, partner_id=checkin.partner_id, safety=False, state__in=LIVE, events__checkin=checkin
    )
    gone = []
    for flag in rest_on_it.select_related("partner").distinct().order_by("id"):
        others = flag.events.filter(checkin__isnull=False).exclude(checkin=checkin)
        if others.exists():
            continue
        close_by_itself(flag, at, "edited")
        flag.save()
        FlagEvent.objects.create(
            practice_id=flag.practice_id, flag=flag, kind=FlagEvent.Kind.EDITED, at=at, by=by, checkin=checkin,
            severity=flag.severity, reason="edited",
        )  # fmt: skip
        Flag.objects.filter(head=flag, state__in=LIVE).update(head=None)
        audit.record("flag.edited", by=by, at=at, case=case, side=flag.partner.side, subject=flag.pk, rule=flag.rule)
        gone.append(flag)
    if gone:
        summary.refresh(case, at=at)
    return gone
