"""Cases: opened with both sides and one holder; screened alone; paused."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404

from clients import access, audit, cases
from clients.models import Assignment, AuditEvent, Case, CaseSummary, Partner, Screening
from tests import make, tables
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
LATER = make.START + timedelta(days=1)


def record(cast: Cast, **more: Any) -> Screening:
    given: dict[str, Any] = {
        "case": cast.couple, "partner": cast.a, "by": cast.dana, "at": LATER, "how": "phone", "result": "clear", "alone": True,
    }  # fmt: skip
    return cases.record_screening(**given | more)


def test_an_open_case_has_two_sides_a_summary_and_one_holder(cast: Cast) -> None:
    assert [(p.side, p.name, p.other_name, p.user) for p in cast.couple.partners.order_by("side")] == [
        ("A", "Alma", "Bruno", cast.alma), ("B", "Bruno", "Alma", cast.bruno),
    ]  # fmt: skip
    assert CaseSummary.objects.get(case=cast.couple).names == "Alma and Bruno"
    assert access.primary_counselor(cast.couple, make.START) == cast.dana
    assert AuditEvent.objects.get(act="case.opened", case=cast.couple).by == cast.dana


def test_nobody_is_a_client_of_two_cases(cast: Cast) -> None:
    before = tables.dump()
    with pytest.raises(IntegrityError), transaction.atomic():
        make.case(cast.dana, ("Alma", cast.alma), ("Nina", None))
    assert tables.dump() == before


def test_a_case_has_one_primary_counselor(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.create(practice=cast.practice, case=cast.couple, user=cast.erik, since=LATER)


def test_a_screening_is_a_dated_human_act(cast: Cast) -> None:
    row = record(cast)
    assert (row.by, row.at, row.how, row.result, row.next_due) == (
        cast.dana,
        LATER,
        "phone",
        "clear",
        date(2026, 12, 7),
    )
    link = AuditEvent.objects.filter(practice=cast.practice).latest("seq")
    assert (link.act, link.side, link.subject) == ("screening.recorded", "A", row.pk)
    assert CaseSummary.objects.get(case=cast.couple).last_staff_at == LATER


@pytest.mark.parametrize(
    ("change", "says"),
    [({"alone": False}, "only when the person was alone"), ({"partner": "c"}, "not part of this case")],
)
def test_a_screening_that_was_none_is_refused(cast: Cast, change: dict[str, Any], says: str) -> None:
    before = tables.dump()
    with pytest.raises(cases.Refused, match=says):
        record(cast, **(change if "alone" in change else {"partner": cast.c}))
    assert tables.dump() == before
    with pytest.raises(IntegrityError), transaction.atomic():
        Screening.objects.update(alone=False)


def test_pausing_is_recorded(cast: Cast) -> None:
    length = audit.verify(cast.practice.pk)
    cases.pause(case=cast.couple, by=cast.dana, at=LATER)
    row = Case.objects.get(pk=cast.couple.pk)
    assert (row.paused_at, row.phase) == (LATER, "paused")
    assert audit.verify(cast.practice.pk) == length + 1
    assert access.own_side(cast.alma) == cast.a, "a paused case still takes check-ins"


def test_the_doorkeeper_goes_by_assignment_alone(cast: Cast) -> None:
    assert set(access.visible_cases(cast.dana, LATER)) == {cast.couple, cast.single}
    for nobody in (cast.erik, cast.ruth):
        assert not access.visible_cases(nobody, LATER).exists()
    assert set(access.visible_cases(cast.fay, LATER)) == {cast.foreign}
    held = {"practice": cast.practice, "case": cast.couple, "role": "cover"}
    Assignment.objects.create(**held, user=cast.erik, since=LATER, until=LATER + timedelta(days=7))
    Assignment.objects.create(**held, user=cast.dana, since=LATER)
    Assignment.objects.create(**held, user=cast.fay, since=make.START)
    assert not access.visible_cases(cast.erik, LATER).exists(), "who stands in sees danger only"
    assert list(access.safety_cases(cast.erik, LATER)) == [cast.couple]
    assert access.open_for_safety(cast.erik, cast.couple.pk, LATER, None) == (cast.couple, True)
    assert access.open_for_safety(cast.dana, cast.couple.pk, LATER, None) == (cast.couple, False)
    for early_or_late in (make.START, LATER + timedelta(days=7)):
        with pytest.raises(Http404):
            access.open_for_safety(cast.erik, cast.couple.pk, early_or_late, None)
    assert cast.couple not in access.safety_cases(cast.fay, LATER), "an assignment across practices opens nothing"
    assert access.visible_cases(cast.dana, LATER).count() == 2, "held twice is listed once"


def test_a_closed_case_opens_for_nobody(cast: Cast) -> None:
    Case.objects.filter(pk=cast.couple.pk).update(closed_at=LATER)
    assert list(access.visible_cases(cast.dana, LATER)) == [cast.single]
    with pytest.raises(Http404):
        access.own_side(cast.alma)


def test_a_side_without_an_account_is_nobodys_door(cast: Cast) -> None:
    assert Partner.objects.get(case=cast.single, side="B").user is None
    with pytest.raises(Http404):
        access.own_side(cast.dana)
