"""The outbox: owed with the act, claimed by one worker at a time, delivered in words that tell nothing."""

from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from celery import current_app
from django.core import mail
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from clients import care, checkins, duty, notices, schedule, tasks, team
from clients.models import Case, CheckIn, HeldPost, Notice, Prompt, User
from tests import make
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
NOW = make.START


def owe(to: User, *names: str) -> list[Notice]:
    notices.owe(notices.prepare("guidance", to=to, at=NOW, dedupe=name) for name in names)
    return [Notice.objects.get(to=to, dedupe__startswith=f"guidance:{name}:") for name in names]


def test_owed_twice_is_owed_once(cast: Cast) -> None:
    owe(cast.alma, "one")
    owe(cast.alma, "one")
    owe(cast.bruno, "one")
    assert Notice.objects.count() == 2


def test_two_workers_never_get_the_same_row(cast: Cast) -> None:
    ids = [n.pk for n in owe(cast.alma, "one", "two", "three")]
    first = {n.pk for n in notices.claim(ids[:2], NOW)}
    second = {n.pk for n in notices.claim(ids, NOW)}
    assert first == set(ids[:2])
    assert second == {ids[2]}
    assert notices.claim(ids, NOW) == []
    assert notices.find_due(NOW) == []


def test_a_lease_runs_out_and_the_row_is_found_again(cast: Cast) -> None:
    (row,) = owe(cast.alma, "one")
    notices.claim([row.pk], NOW)
    assert notices.find_due(NOW + notices.LEASE) == []
    after = NOW + notices.LEASE + timedelta(seconds=1)
    assert notices.find_due(after) == [row.pk]
    assert [n.attempts for n in notices.claim([row.pk], after)] == [2]


def test_what_was_sent_is_never_claimed_again(cast: Cast) -> None:
    (row,) = owe(cast.alma, "one")
    notices.mark_sent(notices.claim([row.pk], NOW)[0], NOW)
    later = NOW + timedelta(days=1)
    assert (notices.find_due(later), notices.claim([row.pk], later)) == ([], [])


def test_failures_wait_ever_longer_and_end_as_failed(cast: Cast) -> None:
    (row,) = owe(cast.alma, "one")
    at, waits = NOW, []
    while row.failed_at is None:
        assert notices.find_due(at) == [row.pk]
        notices.mark_failed(notices.claim([row.pk], at)[0], at, "OSError")
        row.refresh_from_db()
        assert row.lease_until is not None
        waits.append(row.lease_until - at)
        at = row.lease_until + timedelta(seconds=1)
    assert waits == sorted(waits)
    assert max(waits) == notices.LONGEST_WAIT
    assert at - NOW > notices.GIVE_UP_AFTER
    assert (row.failed_at is not None, row.error, row.sent_at) == (True, "OSError", None)
    assert notices.find_due(at + timedelta(days=9)) == []


def test_an_urgent_notice_is_never_given_up_and_today_says_that_mail_is_stuck(cast: Cast, enter: Any) -> None:
    make.check_in(cast.a, 0, safety=("self_harm",))
    row, at = Notice.objects.get(kind="urgent"), make.START
    for _ in range(400):
        notices.mark_failed(notices.claim([row.pk], at)[0], at, "OSError")
        row.refresh_from_db()
        assert row.failed_at is None
        at = row.lease_until + timedelta(seconds=1)
    assert at - make.START > notices.GIVE_UP_AFTER
    assert "Mail does not go out" in enter(cast.dana).get("/desk/").content.decode()


def test_what_is_not_due_yet_waits(cast: Cast) -> None:
    (row,) = owe(cast.alma, "one")
    assert notices.find_due(NOW - timedelta(seconds=1)) == []
    assert notices.find_due(NOW) == [row.pk]


def test_the_mail_names_nobody_and_nothing(cast: Cast, settings: Any) -> None:
    """Whoever sees the mailbox learns nothing; only staff is told that something is urgent."""
    make.check_in(cast.a, 0, "I want to die. ZEBRA", safety=("self_harm",))
    make.share(cast.couple, cast.b, cast.dana, NOW, "X1", line="ZEBRA")
    assert tasks.deliver_due() == 2
    assert {m.to[0] for m in mail.outbox} == {"dana@example.org", "bruno@example.org"}
    assert {(m.to[0], m.subject) for m in mail.outbox} == {
        ("dana@example.org", "Something urgent waits for you"), ("bruno@example.org", "A new note for you"),
    }  # fmt: skip
    for message in mail.outbox:
        assert message.message().get_content_type() == "text/plain"
        told = str(message.message()).split("To:")[0] + message.subject + message.body
        for word in (
            "ZEBRA",
            "Alma",
            "Bruno",
            "Dana",
            "Linden",
            "S01",
            "safety",
            "counsel",
            "flag",
            "guidance",
            "partner",
        ):
            assert word.lower() not in told.lower(), word
        assert f"{settings.SITE_URL}/accounts/login/" in message.body, "it signs nobody in"
        assert str(cast.couple.pk) not in told


def test_each_mail_goes_out_once_whoever_asks_again(cast: Cast) -> None:
    ids = [str(n.pk) for n in owe(cast.alma, "one", "two")]
    assert tasks.deliver(ids=ids) == 2
    assert tasks.deliver(ids=ids) == 0
    assert tasks.deliver_due() == 0
    assert len(mail.outbox) == 2
    assert len({m.extra_headers["Message-ID"] for m in mail.outbox}) == 2


def test_one_bad_mailbox_does_not_stop_the_others(cast: Cast) -> None:
    User.objects.filter(pk=cast.alma.pk).update(email="al\nma@example.org")
    bad, good = owe(cast.alma, "one")[0], owe(cast.bruno, "two")[0]
    assert tasks.deliver(ids=[str(bad.pk), str(good.pk)]) == 1
    bad.refresh_from_db()
    assert (bad.sent_at, bad.error, bad.attempts) == (None, "BadHeaderError", 1)
    assert bad.lease_until is not None
    assert bad.lease_until > timezone.now()
    assert [m.to for m in mail.outbox] == [["bruno@example.org"]]


@pytest.mark.django_db(transaction=True)
def test_with_the_broker_down_the_act_stands_and_the_sweep_delivers(cast: Cast, settings: Any) -> None:
    folder = settings.QUEUE_DIR / "messages"
    folder.rename(folder.with_suffix(".away"))
    folder.write_text("not a folder")
    try:
        with pytest.raises((NotADirectoryError, OperationalError)):
            current_app.send_task("clients.tasks.deliver", kwargs={"ids": []}, retry=False)
        make.check_in(cast.a, 0, safety=("self_harm",))
    finally:
        folder.unlink()
        folder.with_suffix(".away").rename(folder)
    assert CheckIn.objects.count() == 1
    assert tasks.deliver_due() == 1
    assert [m.to for m in mail.outbox] == [["dana@example.org"]]


@pytest.mark.django_db(transaction=True)
def test_an_act_that_is_undone_owes_nothing(cast: Cast) -> None:
    @transaction.atomic
    def send_and_fail() -> None:
        make.check_in(cast.a, 0, safety=("self_harm",))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        send_and_fail()
    assert not Notice.objects.exists()


def test_tidy_drops_kept_posts_after_48_hours(cast: Cast) -> None:
    now = timezone.now()
    for hours in (47, 49):
        checkins.hold(user_id=cast.alma.pk, key=uuid4(), body="t1=x", at=now - timedelta(hours=hours))
    assert tasks.tidy() == 1
    assert HeldPost.objects.get().at == now - timedelta(hours=47)


def _marked(cast: Cast) -> None:
    care.write_reach_card(case=cast.couple, partner=cast.a, by=cast.dana, at=NOW, phone="1", shared_device=True)
    # Written again with the question left open: the answer stays.
    care.write_reach_card(case=cast.couple, partner=cast.a, by=cast.dana, at=NOW + timedelta(minutes=1), phone="2")


def _stopped(cast: Cast) -> None:
    schedule.choose_mails(partner=cast.a, mails=False, by=cast.alma, at=NOW)


def _closed(cast: Cast) -> None:
    Case.objects.filter(pk=cast.couple.pk).update(closed_at=NOW)


def _switched_off(cast: Cast) -> None:
    User.objects.filter(pk=cast.alma.pk).update(is_active=False)


def _nothing(cast: Cast) -> None:
    pass


@pytest.mark.parametrize("kind", ["guidance", "prompt"])
@pytest.mark.parametrize("change", [_marked, _stopped, _closed, _switched_off, _nothing])
def test_who_is_not_to_be_mailed_any_more_is_not_although_it_was_owed(cast: Cast, change: Any, kind: str) -> None:
    plan = schedule.set_plan(partner=cast.a, every_days=7, at_time=time(18), weekday=None, by=cast.dana, at=NOW)
    if kind == "guidance":
        make.share(cast.couple, cast.a, cast.dana, NOW)
    else:
        assert plan.next_at is not None
        schedule.ask(plan_id=plan.pk, at=plan.next_at)
    (row,) = Notice.objects.filter(to=cast.alma, kind=kind)
    change(cast)
    tasks.deliver(ids=[str(row.pk)])
    assert [m.to for m in mail.outbox] == ([["alma@example.org"]] if change is _nothing else [])
    row.refresh_from_db()
    assert (row.failed_at is None) == (change is _nothing)
    assert not notices.stuck(cast.practice.pk, timezone.now()).exists()
    if kind == "prompt":
        assert plan.next_at is not None
        schedule.follow(prompt_id=Prompt.objects.get().pk, at=plan.next_at + timedelta(days=1, hours=1))
        assert Notice.objects.filter(kind="reminder").exists() == (change is _nothing)


def test_an_alert_to_somebody_switched_off_is_not_mailed_and_the_others_are(cast: Cast) -> None:
    make.check_in(cast.a, 0, safety=("self_harm",))
    duty.watch(NOW)
    team.transfer(case=cast.couple, to=cast.erik, by=cast.ruth, at=NOW)
    team.switch_off(user=cast.dana, by=cast.ruth, at=NOW)
    duty.watch(NOW + timedelta(minutes=16))
    tasks.deliver(ids=[str(pk) for pk in Notice.objects.filter(sent_at=None).values_list("pk", flat=True)])
    told = {m.to[0] for m in mail.outbox}
    assert "dana@example.org" not in told
    assert told
