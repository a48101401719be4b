"""What somebody who stands in, or was alerted, sees of a case: danger, how to reach the people, and who keeps away."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from clients import access, flags
from clients.models import Assignment, Case, CaseSummary, Limit, Partner, User

from .care import LimitLine, Reach, limits, reach
from .clock import Clock
from .flags import FlagCard, flag_card


@dataclass(frozen=True, slots=True)
class SafetySide:
    side: str
    name: str
    reach: Reach | None
    limits: tuple[LimitLine, ...]


@dataclass(frozen=True, slots=True)
class SafetyPage:
    case_id: UUID
    names: str
    counselor: str
    until: str
    flags: tuple[FlagCard, ...]
    sides: tuple[SafetySide, ...]


def safety(case: Case, user: User, now: datetime) -> SafetyPage:
    clock = Clock(user, now)
    partners = list(Partner.objects.filter(case=case).order_by("side"))
    by_id = {p.pk: p for p in partners}
    shown = list(
        access.danger_of(case)
        .filter(state__in=flags.LIVE)
        .select_related("acknowledged_by", "closed_by")
        .order_by("due_at")
    )
    running = list(Limit.objects.filter(case=case, ended_at__isnull=True).order_by("at"))
    mine = Assignment.objects.filter(case=case, user=user, since__lte=now, until__gt=now).order_by("-until").first()
    primary = access.primary_counselor(case, now)
    summary = CaseSummary.objects.get(case=case)
    return SafetyPage(
        case_id=case.pk,
        names=summary.names,
        counselor=primary.name if primary else "",
        until=clock.last(mine.until) if mine and mine.until else "",
        flags=tuple(flag_card(f, by_id[f.partner_id], [], clock, summary) for f in shown),
        sides=tuple(SafetySide(p.side, p.name, reach(p, clock), limits(p, partners, running, clock)) for p in partners),
    )
