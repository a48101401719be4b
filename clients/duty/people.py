"""Who stands on which rung when something is urgent (rules.md S08; decisions 8, 23)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from .. import audit
from ..models import Assignment, Case, Duty, Flag, Practice, Role, User

IN_SESSION_FOR = timedelta(minutes=75)
NOON = 12
AT_ONCE_TO_THE_LEAD = ("S06",)  # several danger signs together (rules.md)


def holders(case: Case, at: datetime) -> list[Assignment]:
    """Who looks after the case now and can sign in: the primary counselor, cover within its dates, whoever was alerted."""
    running = Assignment.objects.select_related("user").filter(
        Q(until__isnull=True) | Q(until__gt=at), case=case, since__lte=at, user__is_active=True
    )
    return list(running.order_by("since", "id"))


def came_since(case: Case, since: datetime, at: datetime) -> list[User]:
    """Who took the case over, or stands in, only after that moment; a trainee with the supervisor."""
    new = [h.user for h in holders(case, at) if h.role != Assignment.As.ALERTED and h.since > since]
    return list({user.pk: user for user in (*new, *_supervisors(new))}.values())


def on_duty(practice: Practice, at: datetime) -> User | None:
    """The duty person of this half-day; nights belong to the half-day they lie in."""
    found = Duty.objects.select_related("user").filter(_this_half_day(practice.zone, at), practice=practice).first()
    return found.user if found and found.user.is_active else None


def _this_half_day(zone: str, at: datetime, prefix: str = "") -> Q:
    local = at.astimezone(ZoneInfo(zone))
    half = Duty.Half.MORNING if local.hour < NOON else Duty.Half.AFTERNOON
    return Q(**{f"{prefix}day": local.date(), f"{prefix}half": half})


def leads(practice: Practice) -> list[User]:
    return list(User.objects.filter(practice=practice, role=Role.OWNER, is_active=True).order_by("created_at", "id"))


def on_rung(rung: int, case: Case, flag: Flag, at: datetime) -> list[User]:
    """0: who holds the case, cover included, with a trainee's supervisor; duty too while one of them is in session.
    1: duty. 2: the practice lead. Each person once; an empty list is a missing rung."""
    if rung == 0:
        held = [h.user for h in holders(case, at) if h.role != Assignment.As.ALERTED]
        found = [*held, *_supervisors(held)]
        if any(user.in_session_until and user.in_session_until > at for user in held):
            found += _duty(case, at)
        if flag.rule in AT_ONCE_TO_THE_LEAD and found:
            found += leads(case.practice)
    elif rung == 1:
        found = _duty(case, at)
    else:
        found = leads(case.practice)
    return list({user.pk: user for user in found}.values())


def _duty(case: Case, at: datetime) -> list[User]:
    found = on_duty(case.practice, at)
    return [found, *_supervisors([found])] if found else []


def to_phone(practice_id: UUID, zone: str, at: datetime) -> list[User]:
    """Whom a colleague phones while alerts are in doubt: duty, and the lead. One query."""
    wanted = _this_half_day(zone, at, "duties__") | Q(role=Role.OWNER)
    people = User.objects.filter(wanted, practice_id=practice_id, is_active=True)
    return list(people.distinct().order_by("role", "name"))


def _supervisors(users: Iterable[User]) -> list[User]:
    """A trainee is alerted together with the supervisor (decisions 23)."""
    ids = [user.supervisor_id for user in users if user.trainee and user.supervisor_id]
    return list(User.objects.filter(pk__in=ids, is_active=True)) if ids else []


@transaction.atomic
def begin_session(*, by: User, at: datetime) -> None:
    """In session for a while: what is urgent goes to duty at once. It ends by itself."""
    User.objects.filter(pk=by.pk).update(in_session_until=at + IN_SESSION_FOR)
    audit.record("duty.in_session", by=by, at=at, subject=by.pk)


@transaction.atomic
def end_session(*, by: User, at: datetime) -> None:
    if User.objects.filter(pk=by.pk, in_session_until__gt=at).update(in_session_until=None):
        audit.record("duty.back", by=by, at=at, subject=by.pk)
