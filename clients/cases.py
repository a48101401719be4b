"""Cases: open one, assign it, record the screening that guidance waits for, pause."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from . import audit, flags, summary
from .models import Assignment, Case, CaseSummary, Partner, Practice, Screening, User

RESCREEN_AFTER = timedelta(days=90)
SCREENED_BY = [("room", "In the room"), ("phone", "By phone"), ("video", "By video")]
SCREENING_RESULTS = Screening.Result.choices


class Refused(Exception):
    """An act that cannot be done; the text is for the person."""


@transaction.atomic
def open_case(
    *, practice: Practice, by: User, counselor: User, at: datetime,
    a: tuple[str, User | None], b: tuple[str, User | None],
    secrets_policy: str = Case.Secrets.INDIVIDUAL, promise_days: int = 2,
) -> Case:  # fmt: skip
    """A case with both partners, its read model and its primary counselor. `a` and `b` are (name, account or None)."""
    case = Case.objects.create(
        practice=practice, opened_at=at, secrets_policy=secrets_policy, promise_days=promise_days
    )
    for side, (name, user), other in (("A", a, b), ("B", b, a)):
        Partner.objects.create(practice=practice, case=case, side=side, name=name, user=user, other_name=other[0])
    row = CaseSummary.objects.create(
        practice=practice, case=case, names=f"{a[0]} and {b[0]}", last_staff_at=at, updated_at=at
    )
    Assignment.objects.create(practice=practice, case=case, user=counselor, since=at)
    flags.carry(case, row, at)
    audit.record("case.opened", by=by, at=at, case=case, subject=case.pk, counselor=str(counselor.pk))
    return case


@transaction.atomic
def record_screening(
    *, case: Case, partner: Partner, by: User, at: datetime, how: str, result: str, alone: bool
) -> Screening:
    """A human act: this partner was seen alone and asked. Guidance waits for it (decisions 10)."""
    if not alone:
        raise Refused("A screening counts only when the person was alone. Please record it after you saw them alone.")
    if partner.case_id != case.pk:
        raise Refused("This person is not part of this case.")
    summary.lock(case)
    due: date = (at.astimezone(ZoneInfo(case.practice.zone)) + RESCREEN_AFTER).date()
    row = Screening.objects.create(
        practice_id=case.practice_id,
        partner=partner,
        at=at,
        by=by,
        alone=alone,
        how=how,
        result=result,
        next_due=due,
    )
    audit.record("screening.recorded", by=by, at=at, case=case, side=partner.side, subject=row.pk, result=result)
    summary.touch(case, at=at, sides=[partner.side])
    summary.due_screening(case, due)
    return row


@transaction.atomic
def pause(*, case: Case, by: User, at: datetime) -> None:
    summary.lock(case)
    Case.objects.filter(pk=case.pk).update(paused_at=at, phase=Case.Phase.PAUSED)
    audit.record("case.paused", by=by, at=at, case=case, subject=case.pk)
    summary.refresh(case, at=at)
