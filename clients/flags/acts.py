"""What people do with a flag: see it, close it, open it again."""

from datetime import datetime
from typing import Any

from django.db import transaction

from .. import audit, summary
from ..models import Case, Flag, FlagEvent, User
from ..rules import Severity
from .lifecycle import DUE, LIVE, REASONS, Refused, can


def _locked(case: Case, flag_id: Any) -> Flag:
    """The flag, locked after the case's summary row: the same order as in a check-in, so that neither waits for the
    other in a circle, and nobody writes over what somebody else just did."""
    summary.lock(case)
    return Flag.objects.select_related("partner").select_for_update(of=("self",)).get(pk=flag_id, case=case)


def _already(flag: Flag) -> str:
    if flag.state == Flag.State.ACKNOWLEDGED and flag.acknowledged_by:
        return f"{flag.acknowledged_by.name} has already marked this flag as seen."
    if flag.state == Flag.State.RESOLVED and flag.closed_by:
        return f"{flag.closed_by.name} has already closed this flag."
    if flag.state == Flag.State.AUTO_RESOLVED:
        return "This flag has already cleared by itself."
    return "This flag has been changed in the meantime."


def _move(case: Case, flag: Flag, to: str, *, by: User, at: datetime, kind: str, reason: str = "") -> None:
    flag.state = to
    flag.save()
    FlagEvent.objects.create(
        practice_id=flag.practice_id,
        flag=flag,
        kind=kind,
        at=at,
        by=by,
        severity=flag.severity,
        reason=reason,
    )
    side = flag.partner.side
    audit.record(f"flag.{kind}", by=by, at=at, case=case, side=side, subject=flag.pk, rule=flag.rule, reason=reason)


@transaction.atomic
def acknowledge(*, case: Case, flag_id: Any, by: User, at: datetime) -> Flag:
    """The counselor has seen it, and with it what stands on the same card. Said twice by anybody, the second is told
    who was first."""
    flag = _locked(case, flag_id)
    if not can(flag, Flag.State.ACKNOWLEDGED):
        raise Refused(_already(flag))
    under = Flag.objects.select_related("partner").filter(head=flag, state=Flag.State.OPEN).order_by("rule")
    for seen in (flag, *under):
        seen.acknowledged_at, seen.acknowledged_by, seen.snoozed_until = at, by, None
        _move(case, seen, Flag.State.ACKNOWLEDGED, by=by, at=at, kind="acknowledged")
    summary.refresh(case, at=at)
    return flag


@transaction.atomic
def resolve(*, case: Case, flag_id: Any, by: User, at: datetime, reason: str) -> Flag:
    """Close with a reason. A safety flag asks for a follow-up as its reason; nothing but a person closes it. What stood
    on the same card keeps its own end, and now stands by itself."""
    flag = _locked(case, flag_id)
    if not can(flag, Flag.State.RESOLVED):
        raise Refused(_already(flag))
    if reason not in REASONS:
        raise Refused("Please pick a reason; without one a flag stays open.")
    if flag.safety and reason not in {"followed_up", "not_accurate"}:
        raise Refused("A safety flag closes only as followed up, or as not accurate after a look.")
    flag.closed_at, flag.closed_by, flag.close_reason, flag.snoozed_until = at, by, reason, None
    _move(case, flag, Flag.State.RESOLVED, by=by, at=at, kind="resolved", reason=reason)
    Flag.objects.filter(head=flag, state__in=LIVE).update(head=None)
    summary.refresh(case, at=at)
    return flag


@transaction.atomic
def reopen(*, case: Case, flag_id: Any, by: User, at: datetime) -> Flag:
    """Put a closed flag back on the table. Its clocks start again: when it is due, and when it may clear by itself."""
    flag = _locked(case, flag_id)
    if flag.state in LIVE:
        raise Refused("This flag is open already.")
    if Flag.objects.filter(partner=flag.partner, rule=flag.rule, state__in=LIVE).exists():
        raise Refused("A newer flag of the same rule is open already.")
    flag.closed_at = flag.closed_by = flag.acknowledged_at = flag.acknowledged_by = flag.head = None
    flag.close_reason, flag.last_evidence_at = "", max(flag.last_evidence_at, at)
    wait = DUE.get(Severity(flag.severity))
    flag.due_at = at + wait if wait else None
    _move(case, flag, Flag.State.OPEN, by=by, at=at, kind="reopened")
    summary.refresh(case, at=at)
    return flag
