"""Who works here and who looks after which case: transfer, cover with dates, trainees, switching an account off."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet

from . import audit, summary
from .models import Assignment, Case, Flag, Role, User

LONGEST_COVER_DAYS = 92


class Refused(Exception):
    """An act that cannot be done; the text is for the person, `field` what it stands beside."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def staff(practice_id: UUID) -> QuerySet[User]:
    """Who works in the practice and can sign in."""
    return User.objects.filter(practice_id=practice_id, is_active=True).exclude(role=Role.CLIENT).order_by("name", "id")


def held_by(user: User, at: datetime) -> QuerySet[Case]:
    """The open cases of which this person is the primary counselor."""
    rows = Assignment.objects.filter(_running(at), user=user, role=Assignment.As.PRIMARY)
    return Case.objects.filter(practice_id=user.practice_id, closed_at__isnull=True, pk__in=rows.values("case"))


def unheld(practice_id: UUID, at: datetime) -> QuerySet[Case]:
    """Open cases without a primary counselor."""
    rows = Assignment.objects.filter(_running(at), practice_id=practice_id, role=Assignment.As.PRIMARY)
    return Case.objects.filter(practice_id=practice_id, closed_at__isnull=True).exclude(pk__in=rows.values("case"))


def person(by: User, user_id: UUID) -> User:
    """Somebody who works in the same practice, switched off or not."""
    return User.objects.exclude(role=Role.CLIENT).get(pk=user_id, practice_id=by.practice_id)


def case_of(by: User, case_id: UUID) -> Case:
    """An open case of the lead's own practice, to be handed on; it shows nothing of it."""
    return Case.objects.get(pk=case_id, practice_id=by.practice_id, closed_at__isnull=True)


def _running(at: datetime) -> Q:
    return Q(since__lte=at) & (Q(until__isnull=True) | Q(until__gt=at))


def _colleague(user: User, practice_id: UUID, field: str) -> None:
    if user.practice_id != practice_id or not user.is_active or user.role == Role.CLIENT:
        raise Refused("Please pick somebody of this practice who can sign in.", field)


# Cover


@transaction.atomic
def cover(
    *, away: User, user: User, since: datetime, until: datetime, by: User, at: datetime, cases: Iterable[UUID] | None = None
) -> list[Assignment]:  # fmt: skip
    """`user` stands in for `away` on these cases, or on all. Danger goes to both from then on; what is no danger waits until
    the return, with its due date moved. Arranged by whoever goes away, or by the practice lead."""
    if by.pk != away.pk and by.role != Role.OWNER:
        raise Refused("Cover is arranged by whoever goes away, or by the practice lead.")
    _colleague(away, by.practice_id, "away")
    _colleague(user, by.practice_id, "user")
    if user.pk == away.pk:
        raise Refused("Nobody stands in for oneself.", "user")
    since = max(since, at)
    if until <= since:
        raise Refused("The last day lies before the first, or is over.", "until")
    if (until - since).days > LONGEST_COVER_DAYS:
        raise Refused("Cover is for three months at most; after that a case is transferred.", "until")
    held = {case.pk: case for case in held_by(away, at).order_by("pk")}
    chosen = list(held) if cases is None else sorted(set(cases))
    if not chosen or set(chosen) - held.keys():
        raise Refused(f"Please pick at least one case that {away.name} holds.", "cases")
    made = []
    for case_id in chosen:
        case = held[case_id]
        summary.lock(case)
        same = Assignment.objects.filter(case=case, user=user, role=Assignment.As.COVER)
        if same.filter(since__lt=until, until__gt=since).exists():
            raise Refused(f"{user.name} stands in on one of these cases in that time already.", "since")
        row = Assignment.objects.create(
            practice_id=case.practice_id, case=case, user=user, role=Assignment.As.COVER, since=since, until=until
        )
        audit.record(
            "cover.arranged", by=by, at=at, case=case, subject=user.pk, since=since.isoformat(), until=until.isoformat()
        )
        _wait(row, at)
        made.append(row)
    return made


@transaction.atomic
def end_cover(*, assignment_id: UUID, by: User, at: datetime) -> Assignment:
    """The counselor is back early, or the cover does not come about."""
    row = Assignment.objects.select_related("case", "user").get(
        pk=assignment_id, practice_id=by.practice_id, role=Assignment.As.COVER
    )
    if by.role != Role.OWNER and not held_by(by, at).filter(pk=row.case_id).exists():
        raise Assignment.DoesNotExist
    summary.lock(row.case)
    row.refresh_from_db(fields=["until", "moved"])
    if row.until is None or row.until <= at:
        raise Refused("This cover is over already.")
    early = row.until - max(at, row.since)
    for flag in _others(row.case).filter(pk__in=row.moved, due_at__gte=row.until):
        assert flag.due_at is not None
        flag.due_at -= early
        flag.save(update_fields=["due_at"])
    if row.since >= at:
        row.delete()
    else:
        row.until = at
        row.save(update_fields=["until"])
    audit.record("cover.ended", by=by, at=at, case=row.case, subject=row.user_id)
    summary.refresh(row.case, at=at)
    return row


def hold_others(at: datetime) -> int:
    """What was raised while somebody stands in waits, too. Saying it twice moves nothing twice."""
    rows = Assignment.objects.select_related("case").filter(_running(at), role=Assignment.As.COVER)
    moved = 0
    for row in rows:
        if _others(row.case).filter(due_at__gte=row.since, due_at__lt=row.until).exists():
            with transaction.atomic():
                summary.lock(row.case)
                moved += _wait(row, at)
    return moved


def _others(case: Case) -> QuerySet[Flag]:
    """What is no danger and waits to be seen."""
    return Flag.objects.filter(
        case=case, safety=False, severity__lt=Flag.Severity.URGENT, state__in=["open", "acknowledged"]
    )


def _wait(row: Assignment, at: datetime) -> int:
    """Time stands still for these flags while the counselor is away: what was left of it is left on the return."""
    assert row.until is not None
    moved = 0
    for flag in _others(row.case).filter(due_at__gte=row.since, due_at__lt=row.until):
        assert flag.due_at is not None
        flag.due_at = row.until + (flag.due_at - max(row.since, flag.last_evidence_at))
        flag.save(update_fields=["due_at"])
        row.moved = [*row.moved, str(flag.pk)]
        moved += 1
    if moved:
        row.save(update_fields=["moved"])
        summary.refresh(row.case, at=at)
    return moved


# Cases from hand to hand


@transaction.atomic
def transfer(*, case: Case, to: User, by: User, at: datetime) -> None:
    """Another primary counselor from now on; the one before holds nothing of it any more. Cover arranged before ends."""
    if by.role != Role.OWNER or by.practice_id != case.practice_id:
        raise Refused("A case is handed on by the practice lead.")
    _colleague(to, case.practice_id, "to")
    summary.lock(case)
    running = Assignment.objects.filter(case=case).filter(Q(until__isnull=True) | Q(until__gt=at))
    if running.filter(user=to, role=Assignment.As.PRIMARY).exists():
        raise Refused(f"{to.name} holds this case already.", "to")
    _end(running.exclude(role=Assignment.As.ALERTED), at)
    _end(running.filter(user=to), at)
    Assignment.objects.create(practice_id=case.practice_id, case=case, user=to, since=at)
    Flag.objects.filter(case=case, state__in=["open", "acknowledged", "snoozed"]).update(owner=None)
    audit.record("case.transferred", by=by, at=at, case=case, subject=to.pk)
    summary.refresh(case, at=at)


def _end(rows: QuerySet[Assignment], at: datetime) -> None:
    rows.filter(since__gte=at).delete()
    rows.filter(since__lt=at).update(until=at)


# People


@transaction.atomic
def set_trainee(*, user: User, supervisor: User | None, by: User, at: datetime) -> None:
    """With a supervisor the person is a trainee: alerts go to both (decisions 23). Without one they are not (any more)."""
    _colleague(user, by.practice_id, "user")
    if supervisor is not None:
        _colleague(supervisor, by.practice_id, "supervisor")
        if supervisor.pk == user.pk:
            raise Refused("Nobody supervises oneself.", "supervisor")
        if supervisor.trainee:
            raise Refused("A trainee does not supervise.", "supervisor")
        if User.objects.filter(supervisor=user, trainee=True, is_active=True).exists():
            raise Refused(f"{user.name} supervises somebody; hand that on first.", "supervisor")
    User.objects.filter(pk=user.pk).update(trainee=supervisor is not None, supervisor=supervisor)
    audit.record(
        "team.trainee_set" if supervisor else "team.trainee_ended", by=by, at=at, practice=by.practice_id, subject=user.pk,
        supervisor=str(supervisor.pk) if supervisor else "",
    )  # fmt: skip


@transaction.atomic
def switch_off(*, user: User, by: User, at: datetime) -> int:
    """The account opens nothing from now on, and who stood in stands in no more: what waited there gets its time back.
    Returns how many cases are left without a counselor."""
    _colleague(user, by.practice_id, "user")
    if user.pk == by.pk:
        raise Refused("You cannot switch off your own account.")
    held = list(held_by(user, at).order_by("pk"))
    stands_in = Assignment.objects.filter(user=user, role=Assignment.As.COVER, until__gt=at)
    for case in Case.objects.filter(Q(pk__in=[c.pk for c in held]) | Q(pk__in=stands_in.values("case"))).order_by("pk"):
        summary.lock(case)
    for row in list(stands_in.order_by("case", "pk")):
        end_cover(assignment_id=row.pk, by=by, at=at)
    User.objects.filter(pk=user.pk).update(is_active=False, in_session_until=None)
    _end(Assignment.objects.filter(user=user).filter(Q(until__isnull=True) | Q(until__gt=at)), at)
    Flag.objects.filter(owner=user, state__in=["open", "acknowledged", "snoozed"]).update(owner=None)
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
    audit.record("team.switched_off", by=by, at=at, practice=by.practice_id, subject=user.pk, cases=len(held))
    for case in held:
        summary.refresh(case, at=at)
    return len(held)


@transaction.atomic
def switch_on(*, user: User, by: User, at: datetime) -> None:
    """The account opens again; cases are assigned anew."""
    if user.practice_id != by.practice_id or user.role == Role.CLIENT:
        raise Refused("Please pick somebody of this practice.")
    User.objects.filter(pk=user.pk).update(is_active=True)
    audit.record("team.switched_on", by=by, at=at, practice=by.practice_id, subject=user.pk)
