"""Who is told of a flag, and how: danger at once and without a budget; the rest at most twice in seven days a client,
what is over goes into a digest (rules.md, Budget; decisions 28)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from .. import notices
from ..models import Assignment, Case, CaseSummary, Flag, Notice, Partner, User
from ..models.prepared import Prepared
from ..rules import CATALOGUE, Severity

BUDGET, IN_DAYS = 2, timedelta(days=7)
DIGEST_HOUR = 16  # in the reader's own zone: late enough to gather a day, early enough to act on it


def spend(row: CaseSummary, partner: Partner, raised: Sequence[Flag], at: datetime) -> tuple[list[Flag], list[Flag]]:
    """Which of the cards just raised or risen are told by themselves, and which go into the digest. Information is filed
    and told to nobody. What was told is kept on the case's locked row, so that two check-ins at the same moment cannot
    both have the last place."""
    cards = [f for f in raised if f.head_id is None and _is_news(f)]
    kept = [t for t in row.told.get(partner.side, []) if datetime.fromisoformat(t) > at - IN_DAYS]
    told, rest = [], []
    for flag in sorted(cards, key=lambda f: -f.severity):
        if len(kept) < BUDGET:
            kept.append(at.isoformat())
            flag.told_at = at
            told.append(flag)
        else:
            flag.told_at = None
            rest.append(flag)
    if told:
        row.told = row.told | {partner.side: kept}
    return told, rest


def _is_news(flag: Flag) -> bool:
    return not (
        flag.safety
        or flag.severity == Severity.URGENT
        or flag.muted
        or flag.severity <= Severity.INFO
        or CATALOGUE[flag.rule].line_only
    )


def tell(case: Case, danger: Sequence[Flag], told: Sequence[Flag], rest: Sequence[Flag], at: datetime) -> None:
    """Owe the mails, all without content: danger to whoever holds the case, an elevated card to its owner or the primary
    counselor, and one digest a day for what waits until then. One mail for all that one check-in raised."""
    loud = [f for f in (*danger, *told) if f.severity >= Severity.ELEVATED and f.head_id is None]
    quiet = [f for f in (*told, *rest) if f not in loud]
    if not loud and not quiet:
        return
    urgent = any(f.safety or f.severity == Severity.URGENT for f in loud)
    holders = _holders(case.pk, at)
    rows: list[Notice] = []
    for to in _readers(holders, loud, everybody=urgent) if loud else ():
        kind, dedupe = "urgent" if urgent else "elevated", f"{loud[0].pk}:{at.isoformat()}"
        rows.append(notices.prepare(kind, to=to, at=at, case=case, flag=loud[0], dedupe=dedupe))
    for to in _readers(holders, quiet) if quiet else ():
        rows.append(_digest(to, at))
    notices.owe(rows)


_holders = Prepared(
    lambda case, at: Assignment.objects.select_related("user").filter(
        Q(until__isnull=True) | Q(until__gt=at), case=case, since__lte=at
    )
)


def _readers(holders: Sequence[Assignment], flags: Sequence[Flag], *, everybody: bool = False) -> list[User]:
    """The owners of these flags while they hold the case, otherwise its primary counselor; `everybody`: all who hold it."""
    by_id = {held.user_id: held.user for held in holders}
    if everybody:
        return list(by_id.values())
    primary = [held.user for held in holders if held.role == Assignment.As.PRIMARY]
    found = []
    for flag in flags:
        found += [by_id[flag.owner_id]] if flag.owner_id in by_id else primary
    return list({user.pk: user for user in found}.values())


def _digest(to: User, at: datetime) -> Notice:
    """At most one a person and day: what is told before the hour is in it, what comes later in the next one."""
    zone = ZoneInfo(to.zone)
    local = at.astimezone(zone)
    day = local.date() + timedelta(days=local.hour >= DIGEST_HOUR)
    due = datetime(day.year, day.month, day.day, DIGEST_HOUR, tzinfo=zone)
    row = notices.prepare("digest", to=to, at=at, dedupe=day.isoformat())
    row.due_at = due
    return row
