"""The trail: one link an act, in the act's own transaction, and nobody changes it unseen."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from clients import accounts, audit, checkins, flags, guards, guidance
from clients.models import AuditEvent, AuditHead, Flag, SentGuidance
from counselor import notes
from counselor.models import SessionNote
from tests import make, tables
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
LATER = make.START + timedelta(days=1)


def newest(cast: Cast) -> AuditEvent:
    return AuditEvent.objects.filter(practice=cast.practice).latest("seq")


def tampered(change: Callable[[], object]) -> None:
    """Change rows behind the guards' back, as somebody with the database's password could."""
    connection.check_constraints()
    with guards.lifted(connection):
        change()


def test_an_act_adds_one_link_that_says_who_what_and_when(cast: Cast) -> None:
    before = audit.verify(cast.practice.pk)
    sent = make.check_in(cast.a, 1)
    assert audit.verify(cast.practice.pk) == before + 1
    link = newest(cast)
    assert (link.act, link.by, link.case, link.side, link.subject, link.at) == (
        "checkin.sent", cast.alma, cast.couple, "A", sent.checkin.pk, LATER,
    )  # fmt: skip


def test_each_practice_has_a_chain_of_its_own(cast: Cast) -> None:
    elsewhere = audit.verify(cast.elsewhere.pk)
    make.check_in(cast.a, 1)
    assert audit.verify(cast.elsewhere.pk) == elsewhere
    make.check_in(cast.g, 1)
    assert audit.verify(cast.elsewhere.pk) == elsewhere + 1


def test_the_trail_never_holds_what_was_written(cast: Cast) -> None:
    sent = make.check_in(cast.a, 1, "ZEBRA in the text", next_session="ZEBRA for you", safety=("self_harm",))
    checkins.tell_danger(partner=cast.a, checkin_id=sent.checkin.pk, by=cast.alma, at=LATER, who="by_me", safe_now="no")
    shared = make.share(cast.couple, cast.a, cast.dana, LATER, "X1", line="ZEBRA line")
    guidance.answer(partner=cast.a, sent_id=shared.pk, by=cast.alma, at=LATER, answer="tried", line="ZEBRA back")
    note = notes.start(case=cast.couple, by=cast.dana, at=LATER, body="ZEBRA note")
    notes.sign(case=cast.couple, note_id=note.pk, by=cast.dana, at=LATER)
    notes.add(case=cast.couple, note_id=note.pk, by=cast.dana, at=LATER, body="ZEBRA addendum")
    written = json.dumps([[e.act, e.detail] for e in AuditEvent.objects.all()])
    assert "ZEBRA" not in written
    assert "self_harm" not in written
    assert "by_me" not in written


def test_a_link_cannot_be_changed_or_removed(cast: Cast) -> None:
    rows = AuditEvent.objects.filter(pk=newest(cast).pk)
    for change in (
        lambda: rows.update(act="nothing"),
        rows.delete,
        lambda: connection.cursor().execute("UPDATE clients_auditevent SET at = at"),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
    audit.verify(cast.practice.pk)


@pytest.mark.parametrize(("step", "previous"), [(1, "0" * 64), (2, None), (0, None)], ids=["wrong", "gap", "again"])
def test_a_link_that_does_not_continue_the_chain_is_refused(cast: Cast, step: int, previous: str | None) -> None:
    last = newest(cast)
    link = AuditEvent(
        practice=cast.practice, seq=last.seq + step, at=LATER, by=None, act="forged",
        previous=last.hash if previous is None else previous, hash="f" * 64,
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        link.save(force_insert=True)
    assert not AuditEvent.objects.filter(act="forged").exists()


def test_the_head_neither_shrinks_nor_goes(cast: Cast) -> None:
    head = AuditHead.objects.filter(practice=cast.practice)
    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
        head.update(seq=1)
    with pytest.raises(IntegrityError, match="keeps its head"), transaction.atomic():
        head.delete()


@pytest.mark.parametrize(
    "change",
    [{"act": "note.signed"}, {"detail": {"x": 1}}, {"at": LATER}, {"side": "B"}, {"by": None}, {"hash": "0" * 64}],
    ids=lambda c: next(iter(c)),
)
def test_verify_names_an_edited_link(cast: Cast, change: dict[str, object]) -> None:
    link = AuditEvent.objects.filter(practice=cast.practice, act="consent.given").earliest("seq")
    tampered(lambda: AuditEvent.objects.filter(pk=link.pk).update(**change))
    with pytest.raises(audit.TrailBroken) as broken:
        audit.verify(cast.practice.pk)
    assert broken.value.seq == link.seq


def test_verify_finds_a_removed_link(cast: Cast) -> None:
    middle = newest(cast).seq // 2
    tampered(lambda: AuditEvent.objects.filter(practice=cast.practice, seq=middle).delete())
    with pytest.raises(audit.TrailBroken) as broken:
        audit.verify(cast.practice.pk)
    assert broken.value.seq == middle


@pytest.mark.parametrize("cut", [1, 1_000], ids=["the last link", "every link"])
def test_verify_finds_a_cut_off_end(cast: Cast, cut: int) -> None:
    end = max(newest(cast).seq - cut, 0)
    tampered(lambda: AuditEvent.objects.filter(practice=cast.practice, seq__gt=end).delete())
    with pytest.raises(audit.TrailBroken) as broken:
        audit.verify(cast.practice.pk)
    assert broken.value.seq == end + 1


def test_looking_at_a_case_is_one_link_in_half_an_hour(cast: Cast) -> None:
    before = audit.verify(cast.practice.pk)
    for minutes in (0, 5, 29, 31, 40):
        at = LATER + timedelta(minutes=minutes)
        audit.record_view(by=cast.dana, at=at, case=cast.couple, what="case")
    audit.record_view(by=cast.erik, at=LATER, case=cast.couple, what="case")
    audit.record_view(by=cast.dana, at=LATER, case=cast.single, what="case")
    assert audit.verify(cast.practice.pk) == before + 4


@pytest.mark.django_db(transaction=True)
def test_nothing_is_recorded_outside_a_transaction(cast: Cast) -> None:
    before = audit.verify(cast.practice.pk)
    with pytest.raises(RuntimeError):
        audit.record("note.signed", by=cast.dana, at=LATER, case=cast.couple)
    assert audit.verify(cast.practice.pk) == before


def _send(cast: Cast) -> None:
    make.check_in(cast.a, 20, "I asked her to come home.", safety=("afraid",), c8={"push_return": 1})


def _see(cast: Cast) -> None:
    flags.acknowledge(case=cast.couple, flag_id=Flag.objects.get().pk, by=cast.dana, at=LATER)


def _sign(cast: Cast) -> None:
    note = SessionNote.objects.get(state="draft")
    notes.sign(case=cast.couple, note_id=note.pk, by=cast.dana, at=LATER)


def _answer(cast: Cast) -> None:
    sent = SentGuidance.objects.get()
    guidance.answer(partner=cast.a, sent_id=sent.pk, by=cast.alma, at=LATER, answer="tried", line="I want to die")


def _send_guidance(cast: Cast) -> None:
    text = guidance.Text("G22", 1, "self", "Title", "Body", "")
    guidance.send(case=cast.couple, partner=cast.a, text=text, by=cast.dana, at=LATER)


def _read(cast: Cast) -> None:
    make.read_all(cast.couple, cast.dana, LATER)


def _consent(cast: Cast) -> None:
    accounts.answer_consent(partner=cast.a, kind="text", given=False, by=cast.alma, at=LATER)


def _enrol(cast: Cast) -> None:
    make.user(cast.practice, "Hugo", "client")


ACTS = [_send, _see, _sign, _answer, _send_guidance, _read, _consent, _enrol]


@pytest.mark.django_db(transaction=True)
def test_no_act_stands_when_its_trail_fails(cast: Cast) -> None:
    make.check_in(cast.a, 0, safety=("self_harm",))
    make.share(cast.couple, cast.a, cast.dana, make.START, "X1")
    notes.start(case=cast.couple, by=cast.dana, at=make.START, body="A draft.")
    tampered(lambda: AuditHead.objects.filter(practice=cast.practice).update(hash="0" * 64))
    before = tables.dump()
    for act in ACTS:
        with pytest.raises(DatabaseError):
            act(cast)
        assert tables.dump() == before, act.__name__
