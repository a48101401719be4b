"""What the database itself refuses, whoever asks; and that a missing guard is noticed and put back."""

from datetime import timedelta

import pytest
from django.core import checks
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from clients import guards
from clients.models import AuditEvent
from counselor import notes
from tests import make
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
LATER = make.START + timedelta(days=1)

# Guard -> a statement it must refuse. The world of `full` has rows for each.
FORBIDDEN = {
    "trail_no_update": "UPDATE clients_auditevent SET act = 'nothing'",
    "trail_no_delete": "DELETE FROM clients_auditevent",
    "trail_head_stays": "DELETE FROM clients_audithead",
    "trail_head_grows": "UPDATE clients_audithead SET seq = seq",
    "reading_kept": "DELETE FROM clients_reading",
    "flag_event_kept": "DELETE FROM clients_flagevent",
    "sent_kept": "DELETE FROM clients_sentguidance",
    "reading_stays": "UPDATE clients_reading SET version = 'new'",
    "flag_card_stays": "UPDATE clients_flag SET card = text FROM clients_checkin WHERE checkin_id = clients_checkin.id",
    "flag_keeps_its_rule": "UPDATE clients_flag SET rule = 'S02'",
    "flag_safety_followed_up": "UPDATE clients_flag SET state = 'resolved', closed_at = opened_at, close_reason = 'known',"
    " closed_by_id = (SELECT id FROM clients_user LIMIT 1)",
    "flag_event_stays": "UPDATE clients_flagevent SET severity = 1",
    "sent_stays": "UPDATE clients_sentguidance SET body = title",
    "note_signed_stays": "UPDATE counselor_sessionnote SET version = 9 WHERE state = 'signed'",
    "note_stays": "DELETE FROM counselor_sessionnote WHERE state <> 'draft'",
    "note_version_stays": "UPDATE counselor_noteversion SET number = 9",
    "note_waiting_stays": "UPDATE counselor_sessionnote SET version = 9 WHERE state = 'waiting'",
    "note_version_kept": "DELETE FROM counselor_noteversion",
    "note_unlock_stays": "UPDATE counselor_noteunlock SET version = 9",
    "note_unlock_kept": "DELETE FROM counselor_noteunlock",
    "note_review_stays": "UPDATE counselor_notereview SET outcome = 'signed'",
    "note_review_kept": "DELETE FROM counselor_notereview",
    "private_version_stays": "UPDATE counselor_privateversion SET number = 9",
    "private_version_kept": "DELETE FROM counselor_privateversion",
    "addendum_stays": "UPDATE counselor_addendum SET at = at",
    "addendum_kept": "DELETE FROM counselor_addendum",
}


@pytest.fixture
def full(cast: Cast) -> Cast:
    make.check_in(cast.a, 0, "I want to die.", safety=("self_harm",))
    note = make.signed_note(cast.couple, cast.dana, LATER)
    notes.add(case=cast.couple, note_id=note.pk, by=cast.dana, at=LATER, body="One more thing.")
    make.share(cast.couple, cast.a, cast.dana, LATER, "X1", line="For you.")
    opened = make.signed_note(cast.couple, cast.dana, LATER)
    notes.unlock(case=cast.couple, note_id=opened.pk, by=cast.dana, at=LATER, reason="A name was wrong.")
    tess = make.trainee(cast.practice, "Tess", cast.ruth)
    waiting = make.signed_note(cast.couple, tess, LATER)
    notes.send_back(case=cast.couple, note_id=waiting.pk, by=cast.ruth, at=LATER, comment="Please say more.")
    notes.sign(case=cast.couple, note_id=waiting.pk, by=tess, at=LATER)
    private = notes.private.start(case=cast.couple, by=cast.dana, at=LATER, body="First.")
    notes.private.save(case=cast.couple, note_id=private.pk, by=cast.dana, at=LATER, body="Second.", version=1)
    connection.check_constraints()
    return cast


def uninstall(name: str) -> None:
    guard = next(g for g in guards.GUARDS if g.name == name)
    with connection.cursor() as cursor:
        cursor.execute(guards._statements(guard, connection.vendor)[0])


@pytest.mark.parametrize("name", FORBIDDEN)
def test_the_guard_refuses_and_is_what_refuses(full: Cast, name: str) -> None:
    guard = next(g for g in guards.GUARDS if g.name == name)
    with pytest.raises(IntegrityError, match=guard.message), transaction.atomic():
        connection.cursor().execute(FORBIDDEN[name])
    uninstall(name)
    with transaction.atomic():
        connection.cursor().execute(FORBIDDEN[name])
        transaction.set_rollback(True)


def test_every_guard_is_tried() -> None:
    # test_audit.py forges links, test_flag_life.py tries every move, test_readings.py rewrites a correction
    elsewhere = {"trail_in_order", "flag_moves", "flag_begins_open", "correction_stays"}
    assert {g.name for g in guards.GUARDS} == FORBIDDEN.keys() | elsewhere


def test_a_sent_line_and_source_stay_as_they_were_sent(full: Cast) -> None:
    for change in ("line = title", "line = NULL", "source = 'elsewhere'"):
        with pytest.raises(IntegrityError, match="as it was sent"), transaction.atomic():
            connection.cursor().execute(f"UPDATE clients_sentguidance SET {change}")


def test_what_may_change_still_changes(full: Cast) -> None:
    """A draft, a flag's state and a guidance's answer are no business of the guards."""
    draft = notes.start(case=full.couple, by=full.dana, at=LATER, body="First.")
    notes.save(case=full.couple, note_id=draft.pk, by=full.dana, at=LATER, body="Second.", version=1)
    draft.refresh_from_db()
    assert draft.body == "Second."
    connection.cursor().execute("UPDATE clients_flag SET due_at = NULL")


def _problems() -> list[str]:
    return [
        e.msg for e in checks.run_checks(tags=[checks.Tags.database], databases=["default"]) if e.id == "clients.W001"
    ]


@pytest.mark.parametrize("name", ["trail_no_update", "note_signed_stays"], ids=["of the record", "of the desk"])
def test_a_missing_guard_is_reported_and_comes_back_with_migrate(full: Cast, name: str) -> None:
    assert guards.missing(connection) == []
    assert _problems() == []
    uninstall(name)
    assert guards.missing(connection) == [name]
    assert len(_problems()) == 1
    assert name in _problems()[0]
    call_command("migrate", verbosity=0)
    assert guards.missing(connection) == []
    assert _problems() == []


def test_guards_are_back_after_a_lift_that_failed(full: Cast) -> None:
    def lift_and_fail() -> None:
        with guards.lifted(connection):
            assert len(guards.missing(connection)) == len(guards.GUARDS)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lift_and_fail()
    assert guards.missing(connection) == []
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.update(act="nothing")
