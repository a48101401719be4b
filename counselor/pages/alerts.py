"""What stands above every page of the desk: danger nobody has seen yet, whether alerts go out, and who is in session.

Seen by whoever holds the case, stands in, or was alerted. Nobody else of the practice learns more than whom to phone.
"""

import hashlib
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, FilteredRelation, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from clients import access, duty, notices
from clients.models import Assignment, AuditEvent, Escalation, Flag, Notice, Practice, User
from clients.models.flags import ALARMING
from clients.models.prepared import Prepared
from clients.rules import CATALOGUE

from .clock import Clock

ALERTS_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Danger:
    """One open flag that alarms, of a case this person may open."""

    href: str
    reach: str
    names: str
    who: str
    what: str
    since: str
    next: str
    phone: bool


@dataclass(frozen=True, slots=True)
class StandIn:
    href: str
    names: str
    until: str


@dataclass(frozen=True, slots=True)
class Alerts:
    dangers: tuple[Danger, ...]
    stand_in: tuple[StandIn, ...]
    alerted: tuple[StandIn, ...]  # not arranged: danger was sent to this person, too
    in_session_until: str
    stuck: int
    silent: bool
    unseen: bool
    to_phone: tuple[str, ...]
    lead: bool
    test: bool  # a weekly test was mailed to this person, who has not said yet that it arrived

    @property
    def version(self) -> str:
        """The same while nothing on it has changed, so that a poll need not say it again."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:16]


def _ask(practice_id: Any, user_id: Any, now: datetime, late: datetime, week_ago: datetime) -> Any:
    held = Assignment.objects.filter(
        Q(until__isnull=True) | Q(until__gt=now), user=user_id, since__lte=now, case__closed_at__isnull=True
    )
    urgent = Flag.objects.filter(ALARMING, practice=practice_id, state=Flag.State.OPEN, case__closed_at__isnull=True)
    running = Escalation.objects.filter(practice=practice_id, ended_at__isnull=True, flag__state=Flag.State.OPEN)
    stuck = notices.stuck(practice_id, late).order_by().values("practice").annotate(n=Count("pk")).values("n")
    untimed = urgent.exclude(rule__in=duty.NOT_TIMED).filter(
        ~Exists(Escalation.objects.filter(flag=OuterRef("pk"), ended_at__isnull=True)), last_evidence_at__lt=late
    )
    said = AuditEvent.objects.filter(practice=practice_id, act="alert.arrived", by=user_id, at__gte=OuterRef("sent_at"))
    tested = Notice.objects.filter(~Exists(said), practice=practice_id, kind="test", to=user_id, sent_at__gte=week_ago)
    return Practice.objects.filter(pk=practice_id).values_list(
        "zone",
        Coalesce(Subquery(stuck, output_field=IntegerField()), 0),
        Exists(urgent.filter(Exists(held.filter(case=OuterRef("case"))))),
        Exists(running.filter(rung=duty.PHONE)),
        Exists(running.filter(next_at__lt=late)),
        Exists(untimed),
        Exists(held.exclude(role=Assignment.As.PRIMARY)),
        Exists(tested),
    )[:1]


_facts = Prepared(_ask)


def alerts(user: User, now: datetime) -> Alerts:
    """One query while all is calm; two more at most."""
    clock = Clock(user, now)
    zone, stuck, mine, unseen, behind, untimed, stands_in, test = _facts(
        user.practice_id, user.pk, now, now - notices.SILENT_AFTER, now - timedelta(days=7)
    )[0]
    silent = bool(stuck or behind or untimed)
    beside = _stand_in(user, clock) if stands_in else ((), ())
    return Alerts(
        dangers=_dangers(user, clock) if mine else (),
        stand_in=beside[0],
        alerted=beside[1],
        in_session_until=clock.time(user.in_session_until)
        if user.in_session_until and user.in_session_until > now
        else "",
        stuck=stuck,
        silent=silent,
        unseen=unseen,
        to_phone=_to_phone(user, zone, now) if silent or unseen else (),
        lead=user.role == "owner",
        test=test,
    )


def _dangers(user: User, clock: Clock) -> tuple[Danger, ...]:
    rows = (
        Flag.objects.filter(ALARMING, case__in=access.safety_cases(user, clock.now), state=Flag.State.OPEN)
        .annotate(clock=FilteredRelation("escalations", condition=Q(escalations__ended_at__isnull=True)))
        .order_by("due_at", "id")
        .values_list(
            "pk", "case_id", "case__summary__names", "partner__name", "rule", "last_evidence_at", "due_at",
            "clock__rung", "clock__speed", "clock__next_at",
        )
    )  # fmt: skip
    found = []
    for pk, case_id, names, who, rule, since, due, rung, speed, next_at in rows:
        phone = speed == "now" and rung == duty.PHONE
        if phone or rule in duty.NOT_TIMED:  # that nobody looked at something has no clock of its own
            said = ""
        elif speed == "today":
            said = f"To be looked at: {clock.due(due)}." if due else ""
        else:
            said = f"If nobody marks it as seen, the next person is alerted at {clock.time(next_at or due or since)}."
        found.append(
            Danger(
                reverse("desk:flag", args=[case_id, pk]), reverse("desk:safety", args=[case_id]), names, who,
                CATALOGUE[rule].name, clock.stamp(since), said, phone,
            )
        )  # fmt: skip
    return tuple(found)


def _stand_in(user: User, clock: Clock) -> tuple[tuple[StandIn, ...], tuple[StandIn, ...]]:
    """The cases of others: those this person stands in for, and those it was only alerted about."""
    rows = Assignment.objects.filter(
        Q(until__isnull=True) | Q(until__gt=clock.now), user=user, since__lte=clock.now, case__closed_at__isnull=True
    ).exclude(role=Assignment.As.PRIMARY)
    stands: list[StandIn] = []
    alerted: list[StandIn] = []
    found = rows.order_by("case__summary__names").values_list("case_id", "case__summary__names", "until", "role")
    for case_id, names, until, role in found:
        line = StandIn(reverse("desk:safety", args=[case_id]), names, clock.last(until) if until else "")
        (alerted if role == Assignment.As.ALERTED else stands).append(line)
    return tuple(stands), tuple(alerted)


def _to_phone(user: User, zone: str, now: datetime) -> tuple[str, ...]:
    """Whom a colleague phones while the site's own alerts are in doubt: duty, the lead, whoever has urgent cases."""
    people = duty.to_phone(user.practice_id, zone, now)
    return tuple(person.name for person in people if person.pk != user.pk)
