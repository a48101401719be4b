"""Celery tasks: they deliver what rows say is owed; they decide nothing (architecture 13)."""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from . import checkins, duty, flags, notices, pager, readings, reevaluation, schedule, team
from .models import Notice

_log = logging.getLogger(__name__)

REREAD_BATCH = 25
REBUILD_BATCH = 100
REEVALUATE_BATCH = 25
DAYS_BATCH = 200

# Neutral on purpose: whoever sees the mailbox learns nothing (trust.md 14).
SUBJECT = "A new note for you"
BODY = "There is something new for you. Please sign in when it suits you:\n{address}\n"
URGENT_SUBJECT = "Something urgent waits for you"
URGENT_BODY = "Something urgent waits. Please sign in now:\n{address}\n"
TEST_SUBJECT = "The weekly test"
TEST_BODY = "This is only the weekly test. Please sign in and say that it arrived:\n{address}\n"
_URGENT = (URGENT_SUBJECT, URGENT_BODY)
_WORDS = {"urgent": _URGENT, "alert": _URGENT, "test": (TEST_SUBJECT, TEST_BODY)}


@shared_task  # type: ignore[untyped-decorator]
def deliver(*, ids: list[str]) -> int:
    """Send the named notices that are still owed. Running it twice sends nothing twice."""
    sent = 0
    for pk in ids:
        # One at a time, so that no lease runs out while the ones before are being sent.
        notice = next(iter(notices.claim([UUID(pk)], timezone.now())), None)
        if notice is None:
            continue
        if notices.is_moot(notice):
            notices.drop(notice, timezone.now())
            continue
        if notice.kind not in notices.PAGERS and not notices.may_mail(notice.kind, notice.to, notice.case_id):
            notices.drop(notice, timezone.now(), notices.UNWANTED)
            continue
        try:
            _send(notice)
        except Exception as error:  # noqa: BLE001 - one bad mailbox must not stop the others
            notices.mark_failed(notice, timezone.now(), type(error).__name__)
        else:
            notices.mark_sent(notice, timezone.now())
            if notice.kind == "prompt":
                schedule.note_sent(notice, timezone.now())
            sent += 1
    return sent


@shared_task  # type: ignore[untyped-decorator]
def deliver_due() -> int:
    """The sweep: whatever nobody nudged for, or a worker left behind."""
    ids = notices.find_due(timezone.now())
    return deliver(ids=[str(pk) for pk in ids]) if ids else 0


@shared_task  # type: ignore[untyped-decorator]
def watch_clocks() -> int:
    """The clock of what is urgent: alert whoever is next, for every flag that nobody has seen in time."""
    return duty.watch(timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def tend_duty() -> int:
    """What is slower: flags that wait for somebody's return, the weekly test."""
    at = timezone.now()
    return team.hold_others(at) + duty.send_weekly_tests(at)


def _each(ids: Iterable[UUID], act: Callable[[UUID], Any]) -> int:
    """Do the act for each, and return for how many it was done: one that cannot be done must not stop the others."""
    done = 0
    for pk in ids:
        try:
            act(pk)
        except Exception:
            _log.exception("a beat's work on %s was left for the next one", pk)
        else:
            done += 1
    return done


@shared_task  # type: ignore[untyped-decorator]
def reread_outdated() -> int:
    """After an upgrade of the engine: read a batch of partners' texts again; the next tick goes on where this one ended."""
    found = readings.find_outdated(limit=REREAD_BATCH)
    return _each(found, lambda pk: readings.reread(partner_id=pk, at=timezone.now()))


@shared_task  # type: ignore[untyped-decorator]
def rebuild_courses() -> int:
    """After a change of the progress maths: rebuild a batch of read models; the next tick goes on where this one ended."""
    return _each(readings.find_outdated_courses(limit=REBUILD_BATCH), lambda pk: readings.rebuild_case(case_id=pk))


@shared_task  # type: ignore[untyped-decorator]
def keep_schedule() -> int:
    """Ask the clients whose time has come, and follow what became of the prompts before."""
    asked = _each(schedule.find_due(timezone.now()), lambda pk: schedule.ask(plan_id=pk, at=timezone.now()))
    open_ones = schedule.find_open(timezone.now())
    return asked + _each(open_ones, lambda pk: schedule.follow(prompt_id=pk, at=timezone.now()))


@shared_task  # type: ignore[untyped-decorator]
def reevaluate_outdated() -> int:
    """After an upgrade of the rules: look at a batch of cases again; the next tick goes on where this one ended."""
    cases = reevaluation.find_outdated(limit=REEVALUATE_BATCH)
    return _each(cases, lambda pk: reevaluation.reevaluate(case_id=pk, at=timezone.now()))


@shared_task  # type: ignore[untyped-decorator]
def keep_flag_days() -> int:
    """Flags set aside come back on their day, and what spoke of a day closes after it."""
    at = timezone.now()
    return _each(flags.find_due(at, limit=DAYS_BATCH), lambda pk: flags.keep_days(case_id=pk, at=at))


@shared_task  # type: ignore[untyped-decorator]
def sweep() -> int:
    """What the clock finds in a batch of cases; the next tick goes on where this one ended."""
    at = timezone.now()
    found = schedule.find_unswept(at)
    schedule.mark_swept(found, at)  # first, so that a case that cannot be swept goes behind the others, too
    return _each(found, lambda pk: schedule.sweep(case_id=pk, at=at))


@shared_task  # type: ignore[untyped-decorator]
def tidy() -> int:
    """Drop kept posts after 48 hours, and after 30 days from which device a check-in came."""
    checkins.forget_devices(before=timezone.now() - timedelta(days=30))
    return checkins.tidy_held(before=timezone.now() - timedelta(hours=48))


def _send(notice: Notice) -> None:
    if notice.kind in notices.PAGERS:
        if notice.practice.pager_url:  # taken away in the meantime: nothing to tell
            pager.call(notice.practice.pager_url)
        return
    subject, body = _WORDS.get(notice.kind, (SUBJECT, BODY))
    EmailMessage(
        subject,
        body.format(address=f"{settings.SITE_URL}/accounts/login/"),
        to=[notice.to.email],
        headers={"Message-ID": f"<{notice.pk}@{settings.DEFAULT_FROM_EMAIL.rsplit('@', 1)[-1]}>"},
    ).send()
