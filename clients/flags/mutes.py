"""Rules that are silent, for one side of a case, for a case, or for the practice (rules.md, Generic).

A muted rule still leaves its rows, told to nobody. What danger says cannot be muted: not here, and not in the database.
Which rules are silent for a side stands on the case's row, where a check-in reads it without asking (`arranged`).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from .. import audit, notices, summary
from ..models import Case, CaseSummary, Flag, FlagEvent, Partner, Practice, Role, RuleMute, User
from ..rules import CATALOGUE, Severity
from .lifecycle import DUE, LIVE, Refused

TOO_OFTEN, IN_DAYS = 3, timedelta(days=60)
REASON_LIMIT = 200
BY_ITSELF = "called not accurate three times in 60 days"


def can_mute(rule: str) -> bool:
    return rule in CATALOGUE and not CATALOGUE[rule].safety and "L4" not in CATALOGUE[rule].lifecycle


def muted_for(row: CaseSummary, side: str) -> frozenset[str]:
    return frozenset(row.arranged.get("mutes", {}).get(side, ()))


def running(case: Case) -> list[RuleMute]:
    """The mutes in force on a case, the practice's among them."""
    rows = RuleMute.objects.select_related("by", "partner").filter(
        Q(case=case) | Q(case__isnull=True), practice_id=case.practice_id, ended_at__isnull=True
    )
    return list(rows.order_by("at", "id"))


def _check(rule: str, reason: str) -> str:
    if not can_mute(rule):
        raise Refused("A rule about safety cannot be muted." if rule in CATALOGUE else "There is no such rule.")
    reason = reason.strip()
    if not reason:
        raise Refused("Please say why; without a reason a rule is not muted.")
    if len(reason) > REASON_LIMIT or "\x00" in reason:
        raise Refused(f"The reason has to be plain text of at most {REASON_LIMIT} characters.")
    return reason


@transaction.atomic
def mute(*, case: Case, rule: str, by: User, at: datetime, reason: str, side: str = "") -> RuleMute:
    """Mute a rule on a case, or for one side of it. The practice lead is told of it."""
    reason = _check(rule, reason)
    row = summary.lock(case)
    partner = Partner.objects.filter(case=case, side=side).first() if side else None
    if any(m.rule == rule and m.partner_id in (None, partner.pk if partner else None) for m in running(case)):
        raise Refused("This rule is muted here already.")
    return _mute(case, row, rule, reason, by, at, partner)


def _mute(
    case: Case, row: CaseSummary, rule: str, reason: str, by: User | None, at: datetime, partner: Partner | None
) -> RuleMute:
    kept = RuleMute.objects.create(
        practice_id=case.practice_id, case=case, partner=partner, rule=rule, reason=reason, by=by, at=at
    )
    side = partner.side if partner else ""
    audit.record("rule.muted", by=by, at=at, case=case, side=side, subject=kept.pk, rule=rule)
    _write(case, row, at)
    leads = User.objects.filter(practice_id=case.practice_id, role=Role.OWNER, is_active=True)
    notices.owe(notices.prepare("muted", to=lead, at=at, case=case, dedupe=str(kept.pk)) for lead in leads)
    return kept


@transaction.atomic
def mute_for_practice(*, rule: str, by: User, at: datetime, reason: str) -> RuleMute:
    """Mute a rule on every case of the practice: the practice lead's decision."""
    reason = _check(rule, reason)
    _check_lead(by)
    practice, cases = _lock_practice(by)
    if RuleMute.objects.filter(practice=practice, case__isnull=True, rule=rule, ended_at__isnull=True).exists():
        raise Refused("This rule is muted for the practice already.")
    kept = RuleMute.objects.create(practice=practice, rule=rule, reason=reason, by=by, at=at)
    audit.record("rule.muted", by=by, at=at, practice=practice.pk, subject=kept.pk, rule=rule)
    for case, row in cases:
        _write(case, row, at)
    return kept


@transaction.atomic
def unmute(*, case: Case, mute_id: Any, by: User, at: datetime) -> RuleMute:
    """Let a rule speak again on a case. What it left since and is still open is shown again."""
    row = summary.lock(case)
    kept = RuleMute.objects.select_for_update().get(pk=mute_id, case=case)
    _end(kept, by, at)
    audit.record("rule.unmuted", by=by, at=at, case=case, subject=kept.pk, rule=kept.rule)
    _write(case, row, at)
    return kept


@transaction.atomic
def unmute_for_practice(*, mute_id: Any, by: User, at: datetime) -> RuleMute:
    _check_lead(by)
    practice, cases = _lock_practice(by)
    kept = RuleMute.objects.select_for_update().get(pk=mute_id, practice=practice, case__isnull=True)
    _end(kept, by, at)
    audit.record("rule.unmuted", by=by, at=at, practice=practice.pk, subject=kept.pk, rule=kept.rule)
    for case, row in cases:
        _write(case, row, at)
    return kept


def _check_lead(by: User) -> None:
    if by.role != Role.OWNER:
        raise Refused("Only the practice lead decides this for the whole practice.")


def _lock_practice(by: User) -> tuple[Practice, list[tuple[Case, CaseSummary]]]:
    """The practice and its open cases, locked in one order, before the head of the trail."""
    practice = Practice.objects.select_for_update().get(pk=by.practice_id)
    rows = CaseSummary.objects.select_for_update(of=("self",)).select_related("case")
    return practice, [(row.case, row) for row in rows.filter(practice=practice, case__closed_at=None).order_by("pk")]


def _end(kept: RuleMute, by: User, at: datetime) -> None:
    if kept.ended_at is not None:
        raise Refused("This rule speaks again already.")
    kept.ended_at, kept.ended_by = at, by
    kept.save(update_fields=["ended_at", "ended_by"])


def carry(case: Case, row: CaseSummary, at: datetime) -> None:
    """Put what is muted for the practice on the row of a case that was just opened."""
    if running(case):
        _write(case, row, at)


def _write(case: Case, row: CaseSummary, at: datetime) -> None:
    """Say on the case's row which rules are silent for which side, and take their open flags along."""
    mutes = running(case)
    silent = {
        side: sorted({m.rule for m in mutes if m.partner is None or m.partner.side == side}) for side in ("A", "B")
    }
    row.arranged = row.arranged | {"mutes": silent}
    CaseSummary.objects.filter(pk=row.pk).update(arranged=row.arranged)
    for flag in Flag.objects.select_related("partner").filter(case=case, safety=False, state__in=LIVE):
        muted = flag.rule in silent[flag.partner.side]
        if muted != flag.muted:
            wait = DUE.get(Severity(flag.severity))
            flag.muted, flag.head = muted, None
            flag.due_at = None if muted or wait is None else at + wait
            flag.save(update_fields=["muted", "head", "due_at"])
            if muted:
                Flag.objects.filter(head=flag).update(head=None)
    summary.refresh(case, at=at)


def after_not_accurate(case: Case, flag: Flag, at: datetime) -> RuleMute | None:
    """Called "not accurate" for the third time in 60 days, a rule falls silent on that case, and says so. Counting begins
    anew when somebody lets it speak again."""
    if not can_mute(flag.rule) or any(m.rule == flag.rule and m.partner_id is None for m in running(case)):
        return None
    since = at - IN_DAYS
    ended = RuleMute.objects.filter(
        Q(case=case) | Q(case__isnull=True), practice_id=case.practice_id, rule=flag.rule, ended_at__gt=since
    )
    since = max([since, *(m.ended_at for m in ended if m.ended_at)])
    said = FlagEvent.objects.filter(
        flag__case=case, flag__rule=flag.rule, kind=FlagEvent.Kind.RESOLVED, reason="not_accurate", at__gt=since
    )
    if len({(flag_id, day.date()) for flag_id, day in said.values_list("flag_id", "at")}) < TOO_OFTEN:
        return None  # closed, opened and closed again within a day is one word
    return _mute(case, summary.lock(case), flag.rule, BY_ITSELF, None, at, None)


def of_practice(practice_id: Any) -> Iterable[RuleMute]:
    """Every mute in force in a practice, newest first: for its lead, who hears of each."""
    rows = RuleMute.objects.select_related("by").filter(practice_id=practice_id, ended_at__isnull=True)
    return rows.order_by("-at", "-id")
