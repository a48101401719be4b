"""The flags of one's own cases in one list, and the second looks that wait."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, OuterRef, Q
from django.http import Http404
from django.urls import reverse

from clients import access, flags
from clients.models import Assignment, Flag, FlagEvent, User
from clients.models.prepared import Prepared
from clients.rules import CATALOGUE
from clients.rules.words import FAMILIES

from .clock import Clock
from .flags import FlagCard, HistoryLine, flag_card, history_line

LIST_LENGTH = 100
SEVERITIES = {"4": "Urgent", "3": "Elevated", "2": "Watch", "1": "Info"}
STATES = {
    "live": "Not closed",
    "open": "Open",
    "acknowledged": "Seen",
    "snoozed": "Set aside",
    "muted": "Muted",
    "closed": "Closed",
}
LEADS = ("owner", "supervisor")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; anything else in it counts as not asked."""

    family: str = ""
    severity: str = ""
    state: str = "live"

    @classmethod
    def of(cls, asked: Any) -> "Wanted":
        def chosen(name: str, known: Any, usual: str) -> str:
            return asked.get(name, "") if asked.get(name, "") in known else usual

        return cls(chosen("family", FAMILIES, ""), chosen("severity", SEVERITIES, ""), chosen("state", STATES, "live"))

    @property
    def query(self) -> str:
        parts = {"family": self.family, "severity": self.severity, "state": self.state if self.state != "live" else ""}
        return urlencode({name: value for name, value in parts.items() if value})


@dataclass(frozen=True, slots=True)
class Row:
    href: str
    name: str
    sentence: str
    who: str
    names: str
    mark: str
    severity_word: str
    rule: str
    state: str
    state_word: str
    badge: str
    raised: str
    due: str
    owner: str


@dataclass(frozen=True, slots=True)
class FlagList:
    rows: tuple[Row, ...]
    info: tuple[UUID, ...]
    more: bool
    wanted: Wanted
    families: tuple[tuple[str, str], ...]
    severities: tuple[tuple[str, str], ...]
    states: tuple[tuple[str, str], ...]
    looks: int


def flag_list(user: User, now: datetime, wanted: Wanted) -> FlagList:
    """The flags of the cases this person holds: danger first, then what waits to be seen, then by weight and age."""
    clock = Clock(user, now)
    rows = Flag.objects.filter(case__in=access.visible_cases(user, now)).select_related(
        "partner", "case__summary", "owner"
    )
    if wanted.family:
        rows = rows.filter(rule__in=[rule.id for rule in CATALOGUE.values() if rule.family == wanted.family])
    if wanted.severity:
        rows = rows.filter(severity=int(wanted.severity))
    if wanted.state == "closed":
        rows = rows.exclude(state__in=flags.LIVE)
    elif wanted.state == "muted":
        rows = rows.filter(muted=True, state__in=flags.LIVE)
    else:
        states = flags.LIVE if wanted.state == "live" else [wanted.state]
        rows = rows.filter(state__in=states, muted=False)
    found = list(
        rows.order_by(
            F("closed_at").desc(nulls_first=True), "-safety", F("acknowledged_at").asc(nulls_first=True), "-severity",
            "-opened_at", "id",
        )[: LIST_LENGTH + 1]
    )  # fmt: skip
    shown = found[:LIST_LENGTH]
    return FlagList(
        rows=tuple(_row(flag, clock) for flag in shown),
        info=tuple(
            f.pk for f in shown if f.severity == Flag.Severity.INFO and f.state == Flag.State.OPEN and not f.muted
        ),
        more=len(found) > LIST_LENGTH,
        wanted=wanted,
        families=tuple(FAMILIES.items()),
        severities=tuple(SEVERITIES.items()),
        states=tuple(STATES.items()),
        looks=_looks(user, now, flags.waiting_for_second_look(user.practice_id)).count(),
    )


def _row(flag: Flag, clock: Clock) -> Row:
    card = flag_card(flag, flag.partner, [], clock, flag.case.summary)
    return Row(
        href=card.href, name=card.name, sentence=card.sentence, who=card.who, names=flag.case.summary.names,
        mark=card.mark, severity_word=card.severity_word, rule=card.rule, state=card.state,
        state_word=f"{card.state_word} {card.aside}".strip(), badge=card.badge, raised=card.opened, due=card.due,
        owner=card.owner,
    )  # fmt: skip


# Second looks (decisions 8)


def _looks(user: User, now: datetime, waiting: Any) -> Any:
    """Closed safety flags that wait for a second look, as far as this person is one to take it: leads and supervisors of
    the practice, and who holds the case."""
    return waiting if user.role in LEADS else waiting.filter(case__in=access.safety_cases(user, now))


def _ask_waiting(user: Any, practice: Any, morning: Any) -> Any:
    """Those this person can take today: `flags.why_no_second_look` has nothing against them."""
    others = User.objects.filter(practice=practice, role__in=flags.STAFF, is_active=True).exclude(pk=user)
    can_look = ~Q(closed_by=user) | Q(closed_at__lt=morning) & ~Exists(others)
    return flags.waiting_for_second_look(practice).filter(can_look)


def _counted(rows: Any) -> Any:
    return rows.order_by().values("practice").annotate(n=Count("pk")).values_list("n")


_for_leads: Prepared[tuple[int]] = Prepared(lambda user, practice, day: _counted(_ask_waiting(user, practice, day)))
_for_holders: Prepared[tuple[int]] = Prepared(
    lambda user, practice, day, at: _counted(
        _ask_waiting(user, practice, day).filter(
            Exists(
                Assignment.objects.filter(
                    Q(until__isnull=True) | Q(until__gt=at), user=user, since__lte=at, case=OuterRef("case")
                )
            ),
            case__closed_at__isnull=True,
        )
    )
)


def looks_to_take(user: User, now: datetime) -> int:
    """How many second looks wait for this person; one statement."""
    morning = now.astimezone(ZoneInfo(user.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    found = (
        _for_leads.first(user.pk, user.practice_id, morning)
        if user.role in LEADS
        else _for_holders.first(user.pk, user.practice_id, morning, now)
    )
    return found[0] if found else 0


@dataclass(frozen=True, slots=True)
class LookLine:
    href: str
    name: str
    who: str
    closed: str
    refusal: str


def second_looks(user: User, now: datetime) -> tuple[LookLine, ...]:
    clock, alone = Clock(user, now), flags.works_alone(user)
    waiting = _looks(user, now, flags.waiting_for_second_look(user.practice_id))
    rows = waiting.select_related("closed_by", "partner").order_by("closed_at", "id")
    return tuple(
        LookLine(
            reverse("desk:second_look", args=[flag.pk]), json.loads(flag.card)["name"], flag.partner.name,
            f"Closed by {flag.closed_by.name} on {clock.stamp(flag.closed_at)}",
            flags.why_no_second_look(flag, user, now, alone=alone),
        )
        for flag in rows
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LookPage:
    """What a person needs who looks a second time: the card of this one flag, how it was closed and what was done next.
    Nothing else of the case."""

    id: UUID
    case: Any
    card: FlagCard
    history: tuple[HistoryLine, ...]
    stand: UUID | None
    refusal: str
    waits: bool  # nobody has taken the second look yet
    closed: bool


LOOK_ANSWERED = timedelta(days=1)


def second_look(user: User, flag_id: UUID, now: datetime, had: UUID | None = None) -> LookPage:
    """The card while it waits. Who had it before their eyes (`had`: the newest entry of its history then) is still
    answered for a day after somebody else was first."""
    clock = Clock(user, now)
    waiting = _looks(user, now, flags.waiting_for_second_look(user.practice_id))
    found = waiting.filter(pk=flag_id)
    if had is not None and not found.exists():
        found = _looks(user, now, Flag.objects.filter(practice=user.practice_id, safety=True, events=had)).filter(
            pk=flag_id
        )
    row = found.select_related("case", "partner", "closed_by", "acknowledged_by", "owner", "second_look_by").first()
    events = list(FlagEvent.objects.select_related("by").filter(flag=row).order_by("id")) if row else []
    waits = row is not None and row.state == Flag.State.RESOLVED and row.second_look_at is None
    if row is None or not (waits or events and events[-1].at > now - LOOK_ANSWERED):
        raise Http404
    return LookPage(
        row.pk, row.case, flag_card(row, row.partner, [], clock, None), tuple(history_line(e, clock) for e in events),
        events[-1].pk if events else None, flags.why_no_second_look(row, user, now, alone=flags.works_alone(user)),
        waits, row.state not in flags.LIVE,
    )  # fmt: skip
