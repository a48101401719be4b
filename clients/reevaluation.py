"""After an upgrade of the rules: put what clients reported to the rules of today, case by case.

Idempotent and resumable: a case that was done says so on its row and is not done again. Check-ins of the last 14 days may
raise anything the older rules did not; older ones only danger, all of it as one card (decisions 29).
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from . import audit, flags, history, readings, summary
from .models import Case, CaseSummary, CheckIn, Partner
from .rules import CATALOGUE, VERSION, Hit
from .rules.record import History


def _with_check_ins() -> Any:
    return CaseSummary.objects.filter(Exists(CheckIn.objects.filter(case=OuterRef("case"))))


def outdated() -> Any:
    """Cases that older rules looked at."""
    return _with_check_ins().exclude(rules_version=VERSION)


def outdate() -> int:
    """Have every case looked at again."""
    return int(_with_check_ins().update(rules_version=0))


def progress(practice_id: Any) -> tuple[int, int]:
    """How many cases of a practice were put to the rules of today, of how many."""
    every = _with_check_ins().filter(practice_id=practice_id)
    return every.filter(rules_version=VERSION).count(), every.count()


def find_outdated(limit: int) -> list[UUID]:
    return list(outdated().order_by("case_id").values_list("case_id", flat=True)[:limit])


@transaction.atomic
def reevaluate(*, case_id: UUID, at: datetime) -> int:
    """Look at one case again; returns how many check-ins were put to the rules."""
    case = Case.objects.get(pk=case_id)
    row = summary.lock(case)
    if row.rules_version == VERSION:
        return 0
    count = 0
    for partner in Partner.objects.select_related("case", "user").filter(case=case, checkins__isnull=False).distinct():
        found = CheckIn.objects.select_related("reading").filter(partner=partner, superseded_by__isnull=True)
        rows = list(found.order_by("at", "id"))
        recent = [row for row in rows if at - row.at <= readings.RAISES_WITHIN]
        _raise_overlooked_danger(case, partner, rows, len(rows) - len(recent), at)
        for checkin in recent:
            hits, windows = readings.put_to_rules(partner, checkin, at)
            readings.raise_more(case, partner, checkin, hits, windows, at)
        count += len(rows)
    CaseSummary.objects.filter(case=case).update(rules_version=VERSION)
    audit.record("rules.renewed", by=None, at=at, case=case, version=VERSION, count=count)
    return count


def _raise_overlooked_danger(case: Case, partner: Partner, rows: list[CheckIn], older: int, at: datetime) -> None:
    """Put the first `older` check-ins to the safety rules alone; what none of the person's safety flags names is raised
    now, under one card."""
    if not older:
        return
    rules = [rule for rule in CATALOGUE.values() if rule.family == "safety"]
    held, said = CaseSummary.objects.get(case=case), flags.rests_on(partner)
    whole = history.build(
        partner, rows, (), 0, partner.name, flags=flags.load(case, at), arranged=held.arranged,
        zone=partner.user.zone if partner.user else "UTC",
    )  # fmt: skip
    merged: dict[str, Hit] = {}
    for place in range(older):
        then = _as_of(whole, place)
        for hit in (found for rule in rules if (found := rule.check(then))):
            if any(e.entry and (hit.rule, e.entry) not in said for e in hit.evidence):
                said |= {(hit.rule, e.entry) for e in hit.evidence}
                merged[hit.rule] = merged[hit.rule].joined(hit) if hit.rule in merged else hit
    hits = sorted(merged.values(), key=lambda hit: (-hit.severity, hit.rule))
    card = [replace(hit, head=hits[0].rule if hit is not hits[0] else "") for hit in hits]
    readings.raise_more(case, partner, rows[older - 1], card, (), at)


def _as_of(whole: History, place: int) -> History:
    """The history as it stood with the check-in at `place` just sent."""
    entries = whole.entries[max(0, place + 1 - history.LOOK_BACK_ROWS) : place + 1]
    flags_then = tuple(flag for flag in whole.flags if flag.opened_at <= entries[-1].at)
    return replace(whole, entries=entries, before=place, flags=flags_then)
