"""Statements put together once give what the queryset gives, for every argument, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import TextField, functions
from django.db.transaction import TransactionManagementError

from clients import history
from clients.models import AuditEvent, AuditHead, CheckIn, Partner, Reading
from clients.models.prepared import Prepared, insert, update
from tests import make
from tests.conftest import Cast

pytestmark = pytest.mark.db_both


def of(partner: Any, since: Any) -> Any:
    return CheckIn.objects.select_related("reading").filter(partner=partner, at__gt=since).order_by("at")


def stored(row: Any) -> dict[str, Any]:
    return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}


def test_rows_are_those_of_the_queryset_with_what_belongs_to_them(cast: Cast) -> None:
    for day, partner in ((0, cast.a), (3, cast.b), (7, cast.a), (14, cast.a)):
        make.check_in(partner, day, "Robin and I laughed." if day else "", next_session="Money, please.")
    ask = Prepared(of)
    for partner, day in ((cast.a, -1), (cast.a, 3), (cast.b, -1), (cast.b, 5), (cast.c, -1)):
        since = make.START + timedelta(days=day)
        found, wanted = ask(partner.pk, since), list(of(partner.pk, since))
        assert [stored(r) for r in found] == [stored(r) for r in wanted]
        for one, other in zip(found, wanted, strict=True):
            assert (one.reading and stored(one.reading)) == (other.reading and stored(other.reading))
            assert one.get_deferred_fields() == set()
            assert not one._state.adding


def test_a_sealed_text_is_written_back_as_it_was(cast: Cast) -> None:
    sent = make.check_in(cast.a, 0, "Words that are kept.").checkin
    row = Prepared(of)(cast.a.pk, make.START - timedelta(days=1))[0]
    update([row], "text", "seconds")
    assert CheckIn.objects.get(pk=sent.pk).text == "Words that are kept."


def test_tuples_and_texts_and_numbers(cast: Cast) -> None:
    make.check_in(cast.a, 0)

    def named(act: Any, most: Any) -> Any:
        rows = AuditEvent.objects.filter(act=act, seq__lte=most).order_by("seq")
        return rows.values_list("act", functions.Cast("seq", TextField()), "by__name")

    ask, last = Prepared(named), AuditEvent.objects.filter(act="consent.given").latest("seq")
    assert ask("consent.given", last.seq)[-1] == ("consent.given", str(last.seq), last.by and last.by.name)
    assert ask("consent.given", last.seq - 1) == list(named("consent.given", last.seq - 1))
    assert ask("practice.opened", 1) == [("practice.opened", "1", None)] * 2
    assert ask.first("O'Brien; --", 7) is None


def test_an_argument_that_the_queryset_does_not_compare_with_is_refused(cast: Cast) -> None:
    for wrong in (lambda pk: Partner.objects.all(), lambda name: Partner.objects.filter(name__contains=name)):
        with pytest.raises(TypeError):
            Prepared(wrong)("Alma")
    with pytest.raises(TypeError):
        Prepared(lambda user: Partner.objects.filter(user=user))(None)


@pytest.mark.django_db(transaction=True)
def test_a_row_is_locked_inside_a_transaction_only(cast: Cast) -> None:
    lock = Prepared(lambda practice: AuditHead.objects.select_for_update().filter(practice=practice))
    with transaction.atomic():
        assert len(lock(cast.practice.pk)) == 1
    with pytest.raises(TransactionManagementError):
        lock(cast.practice.pk)


def test_what_is_inserted_and_updated_is_what_save_would_write(cast: Cast) -> None:
    sent = make.check_in(cast.a, 0, "A text of some kind.").checkin
    more = [
        Reading(practice=cast.practice, checkin=sent, version=version, at=make.START, findings={"t1": [{"a": 1.25}]})
        for version in ("x.1", "x.2")
    ]
    insert(*more)
    insert()
    for row in more:
        assert not row._state.adding
        assert stored(Reading.objects.get(pk=row.pk)) == stored(row)
    one = CheckIn.objects.get(pk=sent.pk)
    one.w, one.answers, one.text = 12.5, {"c1": 9}, "Another text."
    update([one], "w", "answers", "text")
    again = CheckIn.objects.get(pk=sent.pk)
    assert (again.w, again.answers, again.text) == (12.5, {"c1": 9}, "Another text.")
    assert stored(again) == stored(one)


def test_an_earlier_check_in_says_the_same_to_the_rules_as_on_the_day_it_was_sent(cast: Cast) -> None:
    """What is opened late, or never, is what would have been opened at once."""
    make.check_in(cast.a, 0, "I asked whether he will move back in.", safety=("afraid",), c8={"ultimatum": 2})
    make.check_in(cast.a, 7, "He hit me.", next_session="I want to end it all.", c8="none", wish="unsure")
    make.warming(cast.a, 14)
    row = CheckIn.objects.filter(partner=cast.a).earliest("at")
    found = history.findings_of(row)[0]
    CheckIn.objects.filter(pk=row.pk).update(verdicts=[[found.label, found.start, found.end, "confirmed"]])
    rows = history.recent(cast.a, make.START + timedelta(days=90))
    late = history.build(cast.a, rows, (), 0, "Alma", zone="Europe/Berlin").entries
    sent = CheckIn.objects.select_related("reading").filter(partner=cast.a).order_by("at")
    early = history.build(cast.a, list(sent), (), 0, "Alma", zone="Europe/Berlin").entries
    assert len(late) == len(early) == 8
    for one, other in zip(late, early, strict=True):
        for name in type(other).__dataclass_fields__:
            assert getattr(one, name) == getattr(other, name), name
    assert late[0].confirmed
    assert late[1].aside_findings
    assert late[0].safety == {"afraid"}
