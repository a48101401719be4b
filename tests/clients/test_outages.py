"""Danger is told whatever else is the case: the channel is down, rules are muted, the budget is spent, it is Sunday night,
the partner is signed in. Each safety rule, through real check-ins and the real sweep (rules.md, "Tests each rule owes")."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from celery import current_app
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from kombu.exceptions import OperationalError

from clients import checkins, duty, flags, schedule, tasks
from clients.models import CaseSummary, CheckIn, Escalation, Flag, Notice, Partner, RuleMute, User
from clients.rules import CATALOGUE, Severity
from tests import make
from tests.clients.portal.test_leak import seen_by_alma, world_of
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
SUNDAY_NIGHT = datetime(2026, 11, 8, 2, 30, tzinfo=UTC)  # half past three in the practice
DAY = (SUNDAY_NIGHT - make.START) / timedelta(days=1)


def send(partner: Partner, *safety: str, call_me: str = "", day: float = DAY, **items: Any) -> None:
    assert partner.user is not None
    checkins.submit(
        partner=partner, by=partner.user, at=make.START + timedelta(days=day), key=uuid4(),
        answers=checkins.Answers(make.items(**items), safety=safety, call_me=call_me),
    )  # fmt: skip


def several(partner: Partner) -> None:
    send(partner, "afraid", "hurt", day=DAY - 7)
    send(partner, c4=["someone_else"])


def unseen(partner: Partner) -> None:
    """Danger that nobody looks at, and the sweep an hour later."""
    send(partner, "self_harm", day=DAY - 1 / 24)
    schedule.sweep(case_id=partner.case_id, at=SUNDAY_NIGHT)


def silent(partner: Partner) -> None:
    """Danger that was read and marked as seen, then nothing for a day: neither is reaching out."""
    send(partner, "self_harm", day=DAY - 1)
    ids = list(partner.checkins.values_list("pk", flat=True))
    checkins.mark_read(case=partner.case, ids=ids, by=_holder(partner), at=SUNDAY_NIGHT - timedelta(hours=23))
    flag = Flag.objects.get(partner=partner, rule="S01")
    flags.acknowledge(case=partner.case, flag_id=flag.pk, by=_holder(partner), at=SUNDAY_NIGHT - timedelta(hours=23))
    schedule.sweep(case_id=partner.case_id, at=SUNDAY_NIGHT)


def _holder(partner: Partner) -> User:
    return User.objects.get(email="dana@example.org")


DANGER: dict[str, Callable[[Partner], None]] = {
    "S01": lambda partner: send(partner, "self_harm"),
    "S02": lambda partner: send(partner, "afraid"),
    "S03": lambda partner: send(partner, "must_not_contact", c1=2),
    "S04": lambda partner: send(partner, "child"),
    "S05": lambda partner: send(partner, "might_hurt"),
    "S06": several,
    "S07": lambda partner: send(partner, "afraid", call_me="after six"),
    "S08": unseen,
    "E02": silent,
}
by_rule = pytest.mark.parametrize("rule", DANGER)


def raised(partner: Partner, rule: str) -> Flag:
    """Open, urgent, told to nobody's leisure: with a clock, a notice owed at once, and first on Today."""
    row = Flag.objects.get(partner=partner, rule=rule)
    assert (row.state, row.severity, row.safety, row.muted) == ("open", Severity.URGENT, True, False)
    assert row.due_at is not None
    assert row.due_at <= SUNDAY_NIGHT + flags.DUE_TODAY
    owed = Notice.objects.filter(kind="urgent", to=_holder(partner), due_at__gte=SUNDAY_NIGHT - timedelta(hours=1))
    assert owed.filter(created_at=row.last_evidence_at).exists()
    summary = CaseSummary.objects.get(case=partner.case)
    assert summary.safety_open >= 1
    assert summary.reason
    return row


class Down(BaseEmailBackend):
    """A mail server that does not answer."""

    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError("no mail server")


def test_every_safety_rule_is_here() -> None:
    assert set(DANGER) == {rule.id for rule in CATALOGUE.values() if rule.safety}


@by_rule
def test_with_the_alert_channel_down(cast: Cast, settings: Any, monkeypatch: Any, enter: Any, rule: str) -> None:
    """Broker and mail server are down: the check-in stands, the flag is on Today, Today says that mail does not go out,
    after an hour it asks for a call, and the notices go out when the channel is back."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(current_app, "send_task", refuse)
    channel, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.Down"
    DANGER[rule](cast.a)
    raised(cast.a, rule)
    for _ in range(3):
        Notice.objects.update(lease_until=None)
        assert tasks.deliver_due() == 0
    assert Notice.objects.filter(kind="urgent", sent_at__isnull=True, failed_at__isnull=True).exists()
    duty.watch(SUNDAY_NIGHT + timedelta(hours=1))
    page = enter(cast.dana).get("/desk/").content.decode()
    assert "Mail does not go out." in page
    assert "Alma" in page
    if rule not in {"S03", "S06", "S08"}:
        assert Escalation.objects.get(flag__rule=rule, ended_at__isnull=True).rung == 3
        assert "Please telephone now" in page
    settings.EMAIL_BACKEND = channel
    Notice.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert tasks.deliver_due() >= 1
    told = {to for m in mail.outbox for to in m.to}
    assert {"dana@example.org"} <= told <= {"dana@example.org", "ruth@example.org"}, "staff alone, the lead last"


@by_rule
def test_with_every_rule_muted_that_can_be(cast: Cast, rule: str) -> None:
    for other in CATALOGUE:
        if flags.can_mute(other):
            flags.mute(case=cast.couple, rule=other, by=cast.dana, at=make.START, reason="Known here.")
    with pytest.raises(flags.Refused):
        flags.mute(case=cast.couple, rule=rule, by=cast.dana, at=make.START, reason="Too loud.")
    assert RuleMute.objects.count() > 20
    cast.a.case.refresh_from_db()
    DANGER[rule](cast.a)
    raised(cast.a, rule)


@by_rule
def test_with_the_budget_spent(cast: Cast, rule: str) -> None:
    """Two other cards in the same week, told by themselves; danger is told all the same, and costs nothing."""
    for day in (DAY - 40, DAY - 33, DAY - 26):
        make.check_in(cast.a, day)
    make.check_in(cast.a, DAY - 3, c8={"ultimatum": 1})
    make.check_in(cast.a, DAY - 2, c8={"uninvited": 1})
    told = CaseSummary.objects.get(case=cast.couple).told
    assert len(told["A"]) == 2
    DANGER[rule](cast.a)
    raised(cast.a, rule)
    assert CaseSummary.objects.get(case=cast.couple).told["A"] == told["A"]


@by_rule
def test_in_the_night_to_sunday(cast: Cast, rule: str) -> None:
    """Nobody works then. The clock runs all the same, and the notice is owed at once."""
    DANGER[rule](cast.a)
    row = raised(cast.a, rule)
    assert row.due_at is not None
    today = rule in {"S03", "S06"}
    assert row.due_at - row.last_evidence_at == (flags.DUE_TODAY if today else flags.DUE[Severity.URGENT])
    assert not Notice.objects.filter(kind="urgent", due_at__gt=row.last_evidence_at).exists()


@by_rule
@pytest.mark.parametrize("policy", ["separate", "no_secrets"])
def test_while_the_partner_is_signed_in(cast: Cast, enter: Any, monkeypatch: Any, rule: str, policy: str) -> None:
    """Bruno tells of danger; every byte that Alma can fetch, and every mail she gets, stays as it was."""
    world_of(cast, policy)
    seen_by_alma(cast, enter)  # what opening her guidance changes is her own doing
    before = seen_by_alma(cast, enter)
    counted = CheckIn.objects.filter(partner=cast.a).count()
    DANGER[rule](cast.b)
    raised(cast.b, rule)
    assert seen_by_alma(cast, enter) == before
    assert CheckIn.objects.filter(partner=cast.a).count() == counted
    assert not Flag.objects.filter(partner=cast.a, safety=True).exists()
