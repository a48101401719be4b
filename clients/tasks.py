"""Celery tasks: they deliver what rows say is owed; they decide nothing (architecture 13)."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from . import checkins, duty, flags, notices, pager, readings, reevaluation, schedule, team
from .models import Notice

REREAD_BATCH = 25
REBUILD_BATCH = 100
REEVALUATE_BATCH = 25
DAYS_BATCH = 200

# Neutral on purpose: whoever sees the mailbox learns nothing (trust.md 14).
SUBJECT = "A new note for you"
BODY = "There is something new for you. Please sign in when it suits you:\n{address}\n"
TEST_SUBJECT = "The weekly test"
TEST_BODY = "This is only the weekly test. Please sign in and say that it arrived:\n{address}\n"


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
        try:
            _send(notice)
        except Exception as error:  # noqa: BLE001 - one bad mailbox must not stop the others
            notices.mark_failed(notice, timezone.now(), type(error).__name__)
        else:
            notices.mark_sent(notice, timezone.now())
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
    """What is slower: calls that were asked for, flags that wait for somebody's return, the weekly test."""
    at = timezone.now()
    return duty.hasten_calls(at) + team.hold_others(at) + duty.send_weekly_tests(at)


@shared_task  # type: ignore[untyped-decorator]
def reread_outdated() -> int:
    """After an upgrade of the engine: read a batch of partners' texts again; the next tick goes on where this one ended."""
    return sum(readings.reread(partner_id=pk, at=timezone.now()) for pk in readings.find_outdated(limit=REREAD_BATCH))


@shared_task  # type: ignore[untyped-decorator]
def rebuild_courses() -> int:
    """After a change of the progress maths: rebuild a batch of read models; the next tick goes on where this one ended."""
    return sum(readings.rebuild_case(case_id=pk) for pk in readings.find_outdated_courses(limit=REBUILD_BATCH))


@shared_task  # type: ignore[untyped-decorator]
def keep_schedule() -> int:
    """Ask the clients whose time has come, and follow what became of the prompts before."""
    asked = [schedule.ask(plan_id=pk, at=timezone.now()) for pk in schedule.find_due(timezone.now())]
    return len(asked) + schedule.follow(at=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def reevaluate_outdated() -> int:
    """After an upgrade of the rules: look at a batch of cases again; the next tick goes on where this one ended."""
    cases = reevaluation.find_outdated(limit=REEVALUATE_BATCH)
    return sum(reevaluation.reevaluate(case_id=pk, at=timezone.now()) for pk in cases)


@shared_task  # type: ignore[untyped-decorator]
def keep_flag_days() -> int:
    """Flags set aside come back on their day, and what spoke of a day closes after it."""
    at = timezone.now()
    return sum(flags.keep_days(case_id=pk, at=at) for pk in flags.find_due(at, limit=DAYS_BATCH))


@shared_task  # type: ignore[untyped-decorator]
def sweep() -> int:
    """What the clock finds in a batch of cases; the next tick goes on where this one ended."""
    found = schedule.find_unswept(timezone.now())
    for pk in found:
        schedule.sweep(case_id=pk, at=timezone.now())
    return len(found)


@shared_task  # type: ignore[untyped-decorator]
def tidy() -> int:
    """Drop kept posts after 48 hours, and after 30 days from which device a check-in came."""
    checkins.forget_devices(before=timezone.now() - timedelta(days=30))
    return checkins.tidy_held(before=timezone.now() - timedelta(hours=48))


def _send(notice: Notice) -> None:
    if notice.kind in {"pager", "pagertest"}:
        if notice.practice.pager_url:  # taken away in the meantime: nothing to tell
            pager.call(notice.practice.pager_url)
        return
    subject, body = (TEST_SUBJECT, TEST_BODY) if notice.kind == "test" else (SUBJECT, BODY)
    EmailMessage(
        subject,
        body.format(address=f"{settings.SITE_URL}/accounts/login/"),
        to=[notice.to.email],
        headers={"Message-ID": f"<{notice.pk}@{settings.DEFAULT_FROM_EMAIL.rsplit('@', 1)[-1]}>"},
    ).send()
