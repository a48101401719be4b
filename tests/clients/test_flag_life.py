"""The table of a flag's life, in the acts and in the database; one card a check-in; what is told, and what waits for the
digest; days, edits, and words that a person confirmed."""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from clients import checkins, flags, readings
from clients.models import Assignment, CaseSummary, Flag, FlagEvent, Notice, Partner
from clients.models.flags import TRANSITIONS
from clients.rules import Hit, Severity
from clients.rules.record import Evidence
from tests import make
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]

DEADLINE: dict[str, Any] = {"c8": {"ultimatum": 1}}
ASKED: dict[str, Any] = {"c8": {"push_return": 1}}
REASSURED: dict[str, Any] = {"c8": {"reassurance": 1}}


def at(day: float) -> datetime:
    return make.START + timedelta(days=day)


def settle(partner: Partner) -> None:
    for day in (0, 7, 14, 21):
        make.check_in(partner, day)


def flag(partner: Partner, rule: str) -> Flag:
    return Flag.objects.select_related("case", "partner").get(partner=partner, rule=rule)


def raise_now(partner: Partner, day: float, *hits: tuple[str, int], ends: float | None = None) -> dict[str, Flag]:
    """Raise rules for a real check-in of that day, whatever it says: (rule, severity). `ends`: the day of the first."""
    checkin = make.check_in(partner, day).checkin
    found = [
        Hit(rule, Severity(severity), f"{rule} holds.", (Evidence(str(checkin.pk), at(day), "c8", "Ticked."),),
            ends_at=at(ends) if ends is not None and rule == hits[0][0] else None)
        for rule, severity in hits
    ]  # fmt: skip
    with transaction.atomic():
        known = flags.load(partner.case, at(day))
        flags.apply(partner.case, partner, found, (), at=at(day), checkin=checkin, known=known, since=())
    return {rule: flag(partner, rule) for rule, _ in hits}


def mails(kind: str) -> list[str]:
    return list(Notice.objects.filter(kind=kind).order_by("due_at", "to__name").values_list("to__name", flat=True))


# One table


FIELDS: dict[str, dict[str, Any]] = {
    "open": {"snoozed_until": None, "closed_at": None},
    "acknowledged": {"snoozed_until": None, "closed_at": None},
    "snoozed": {"snoozed_until": at(60), "closed_at": None},
    "resolved": {"snoozed_until": None, "closed_at": at(40), "close_reason": "known"},
    "auto_resolved": {"snoozed_until": None, "closed_at": at(40)},
}
WAY = {"open": (), "acknowledged": ("acknowledged",), "snoozed": ("snoozed",), "resolved": ("resolved",),
       "auto_resolved": ("auto_resolved",)}  # fmt: skip


def put(row: Flag, state: str, cast: Cast) -> None:
    more = {"closed_by": cast.dana} if state == "resolved" else {}
    Flag.objects.filter(pk=row.pk).update(state=state, **FIELDS[state], **more)


@pytest.mark.parametrize(("before", "to"), [p for p in product(TRANSITIONS, TRANSITIONS) if p[0] != p[1]])
def test_the_database_keeps_to_the_table(cast: Cast, before: str, to: str) -> None:
    row = raise_now(cast.a, 0, ("P03", 3))["P03"]
    if before != "open":
        put(row, before, cast)
    row.refresh_from_db()
    assert flags.can(row, to) == (to in TRANSITIONS[before])
    if to in TRANSITIONS[before]:
        put(row, to, cast)
        return
    with pytest.raises(IntegrityError, match="does not go from that state"), transaction.atomic():
        put(row, to, cast)


@pytest.mark.parametrize("to", ["snoozed", "auto_resolved"])
def test_the_database_never_lets_go_of_danger(cast: Cast, to: str) -> None:
    make.check_in(cast.a, 0, safety=("self_harm",))
    row = flag(cast.a, "S01")
    assert not flags.can(row, to)
    with pytest.raises(IntegrityError), transaction.atomic():
        put(row, to, cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Flag.objects.filter(pk=row.pk).update(muted=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Flag.objects.filter(pk=row.pk).update(safety=False)


def test_a_flag_begins_open(cast: Cast) -> None:
    row = raise_now(cast.a, 0, ("P03", 3))["P03"]
    assert row.card
    row.pk, row.rule, row.state, row.acknowledged_at, row.acknowledged_by = (
        uuid4(),
        "P05",
        "acknowledged",
        at(1),
        cast.dana,
    )
    with pytest.raises(IntegrityError, match="begins open"), transaction.atomic():
        row.save(force_insert=True)


# One card a check-in


def test_what_one_check_in_raises_is_one_card_headed_by_the_highest(cast: Cast) -> None:
    raised = raise_now(cast.a, 0, ("P08", 2), ("W01", 3), ("P01", 2), ("O01", 1))
    assert raised["W01"].head_id is None
    assert {raised[rule].head_id for rule in ("P08", "P01")} == {raised["W01"].pk}
    assert raised["O01"].head_id is None, "information is filed by itself"
    assert CaseSummary.objects.get(case=cast.couple).watch_open == 0, "apply leaves the row to its caller"


def test_no_card_holds_two_people_or_danger_under_something_else(cast: Cast) -> None:
    raise_now(cast.a, 0, ("P03", 3))
    raise_now(cast.b, 0, ("P03", 3), ("P01", 2))
    make.check_in(cast.a, 1, safety=("self_harm", "afraid"), c8={"ultimatum": 1}, c11=0, c12=4)
    assert {f.head_id for f in Flag.objects.filter(safety=True)} == {None}
    for row in Flag.objects.exclude(head=None).select_related("head"):
        assert row.head is not None
        assert (row.head.partner_id, row.head.safety) == (row.partner_id, False)


def test_a_card_that_closes_by_itself_frees_what_stands_under_it(cast: Cast) -> None:
    raised = raise_now(cast.a, 0, ("P06", 3), ("P01", 2), ends=3)
    assert raised["P01"].head_id == raised["P06"].pk
    make.check_in(cast.a, 4)
    assert (flag(cast.a, "P06").state, flag(cast.a, "P06").close_reason) == ("auto_resolved", "date_passed")
    assert (flag(cast.a, "P01").state, flag(cast.a, "P01").head_id) == ("open", None)


# What is told


def test_two_cards_in_seven_days_are_told_and_the_rest_waits_for_the_digest(cast: Cast) -> None:
    raised = {}
    for day, rule in enumerate(("P03", "P08", "P06", "P01")):
        raised |= raise_now(cast.a, day, (rule, 3))
    assert [raised[rule].told_at for rule in ("P03", "P08", "P06", "P01")] == [at(0), at(1), None, None]
    assert mails("elevated") == ["Dana", "Dana"]
    assert mails("digest") == ["Dana", "Dana"], "one a day"
    assert Flag.objects.filter(partner=cast.a, state="open").count() == 4, "no row is held back"
    assert raise_now(cast.b, 3, ("P03", 3))["P03"].told_at == at(3), "each client has a budget of their own"
    assert raise_now(cast.a, 7.1, ("W01", 3))["W01"].told_at == at(7.1), "seven days on, the first place is free again"
    assert raise_now(cast.a, 7.2, ("P02", 3))["P02"].told_at is None


def test_a_rise_counts_and_information_does_not(cast: Cast) -> None:
    raise_now(cast.a, 0, ("O01", 1))
    assert CaseSummary.objects.get(case=cast.couple).told == {}
    raise_now(cast.a, 1, ("P01", 2))
    risen = raise_now(cast.a, 2, ("P01", 3))["P01"]
    assert risen.told_at == at(2)
    assert raise_now(cast.a, 3, ("P03", 3))["P03"].told_at is None


def test_danger_knows_no_budget(cast: Cast) -> None:
    for day, rule in enumerate(("P03", "P08", "P06")):
        raise_now(cast.a, day, (rule, 3))
    make.check_in(cast.a, 3, safety=("self_harm",))
    assert mails("urgent") == ["Dana"]


def test_at_most_one_digest_a_day_and_nothing_falls_between_two(cast: Cast) -> None:
    """Dana reads in Berlin, where START is seven in the evening: the first digest goes out at four the next day."""
    for day, rule in enumerate(("P01", "P08", "P06", "P03", "W01")):
        raise_now(cast.a, day / 10, (rule, 2))
    due = list(Notice.objects.filter(kind="digest").values_list("due_at", flat=True))
    assert due == [datetime(2026, 9, 8, 14, 0, tzinfo=make.START.tzinfo)]
    raise_now(cast.b, 0.9, ("P01", 2))  # 16:36 in Berlin, after it went out
    assert Notice.objects.filter(kind="digest").count() == 2
    assert Notice.objects.filter(kind="digest").latest("due_at").due_at == due[0] + timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_two_check_ins_at_once_share_the_last_place(cast: Cast) -> None:
    settle(cast.a)
    raise_now(cast.a, 27, ("W01", 3))
    start, errors = threading.Barrier(2), []

    def send(day: float, **more: Any) -> None:
        try:
            if connection.vendor != "sqlite":
                start.wait(20)
            make.check_in(make.side(cast.couple, "A"), day, **more)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must say so
            errors.append(repr(error))
        finally:
            if connection.vendor != "sqlite":
                connection.close()

    work: list[Callable[[], None]] = [
        lambda: send(28, **DEADLINE),
        lambda: send(28.001, c8={"uninvited": 1}),
    ]
    if connection.vendor == "sqlite":
        for each in work:
            each()
    else:
        threads = [threading.Thread(target=each) for each in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert not errors
    rows = Flag.objects.filter(partner=cast.a, head=None, severity=3, state="open")
    assert rows.count() >= 2
    assert len(CaseSummary.objects.get(case=cast.couple).told["A"]) == 2


def test_what_was_handed_on_is_told_to_its_owner(cast: Cast) -> None:
    Assignment.objects.create(
        practice=cast.practice, case=cast.couple, user=cast.erik, role="primary", since=at(-1), until=at(100)
    )
    raise_now(cast.a, 0, ("P01", 2))
    flags.hand_on(case=cast.couple, flag_id=flag(cast.a, "P01").pk, to_id=cast.erik.pk, by=cast.dana, at=at(0.1))
    raise_now(cast.a, 1, ("P01", 3))
    assert mails("elevated") == ["Erik"]
    Assignment.objects.filter(user=cast.erik).update(until=at(2))
    close = flags.resolve(case=cast.couple, flag_id=flag(cast.a, "P01").pk, by=cast.dana, at=at(3), reason="known")
    assert close.owner == cast.erik
    raise_now(cast.a, 30, ("P01", 3))
    assert mails("elevated") == ["Erik", "Dana"], "who gave the case back is not told"


# Days


def test_what_speaks_of_a_day_closes_after_it_and_not_before(cast: Cast) -> None:
    raise_now(cast.a, 0, ("P06", 2), ends=20)
    for day in (7, 14, 19):
        make.check_in(cast.a, day)
    assert flag(cast.a, "P06").state == "open", "two quiet check-ins and 14 days, but its day is to come"
    assert flags.find_due(at(19), 10) == []
    assert flags.find_due(at(20), 10) == [cast.couple.pk]
    assert flags.keep_days(case_id=cast.couple.pk, at=at(20)) == 1
    assert flags.keep_days(case_id=cast.couple.pk, at=at(20)) == 0
    row = flag(cast.a, "P06")
    assert (row.state, row.close_reason, row.closed_by) == ("auto_resolved", "date_passed", None)
    assert FlagEvent.objects.filter(flag=row).latest("id").kind == "auto_resolved"


def test_set_aside_asks_for_nothing_until_its_day(cast: Cast) -> None:
    row = raise_now(cast.a, 0, ("P03", 3))["P03"]
    day = at(5).date()
    flags.snooze(case=cast.couple, flag_id=row.pk, by=cast.dana, at=at(0.1), until=day)
    row.refresh_from_db()
    # Midnight in Berlin
    assert (row.state, row.snoozed_until, row.due_at) == (
        "snoozed",
        datetime(2026, 9, 11, 22, tzinfo=at(0).tzinfo),
        None,
    )
    held = CaseSummary.objects.get(case=cast.couple)
    assert (held.urgent_unseen, held.watch_open, held.due_at) == (0, 0, None)
    assert flags.keep_days(case_id=cast.couple.pk, at=at(4)) == 0
    assert flags.keep_days(case_id=cast.couple.pk, at=at(5)) == 1
    row.refresh_from_db()
    assert (row.state, row.due_at) == ("open", at(5) + timedelta(hours=8))
    assert CaseSummary.objects.get(case=cast.couple).urgent_unseen == 1
    assert [e.kind for e in row.events.order_by("id")] == ["raised", "snoozed", "woken"]


def test_a_rise_brings_back_what_was_set_aside(cast: Cast) -> None:
    row = raise_now(cast.a, 0, ("P01", 2))["P01"]
    flags.snooze(case=cast.couple, flag_id=row.pk, by=cast.dana, at=at(0.1), until=at(20).date())
    raise_now(cast.a, 1, ("P01", 2))
    assert flag(cast.a, "P01").state == "snoozed", "more of the same waits with it"
    raise_now(cast.a, 2, ("P01", 3))
    assert (flag(cast.a, "P01").state, flag(cast.a, "P01").snoozed_until) == ("open", None)


# Edits


def test_an_edit_takes_along_what_rested_on_it_alone(cast: Cast) -> None:
    settle(cast.a)
    make.check_in(cast.a, 28, **ASKED)
    sent = make.check_in(cast.a, 29, **ASKED, safety=("self_harm",)).checkin
    made = make.check_in(cast.a, 30, **DEADLINE).checkin
    with transaction.atomic():
        gone = flags.edited(made, by=cast.alma, at=at(30.1))
        assert flags.edited(made, by=cast.alma, at=at(30.1)) == [], "said twice"
        flags.edited(sent, by=cast.alma, at=at(30.2))
    assert [row.rule for row in gone] == ["P03"]
    row = flag(cast.a, "P03")
    assert (row.state, row.close_reason, row.events.latest("id").kind) == ("auto_resolved", "edited", "edited")
    assert flag(cast.a, "P01").state == "open", "an earlier check-in asked as well"
    assert flag(cast.a, "S01").state == "open", "danger stays"
    make.check_in(cast.a, 30.2, **DEADLINE)
    assert flag(cast.a, "P03").state == "open", "what the new answers raise knows no cool-down"


# Words that were confirmed


def test_words_alone_weigh_little_until_a_person_confirms_them(cast: Cast) -> None:
    settle(cast.a)
    sent = make.check_in(cast.a, 28, "I gave Bruno an ultimatum.").checkin
    row = flag(cast.a, "P03")
    assert (row.severity, mails("elevated")) == (2, [])
    found = sent.reading.findings["t1"][0]
    readings.judge(
        case=cast.couple, checkin_id=sent.pk, label=found["label"], start=found["start"], verdict="confirmed",
        by=cast.dana, at=at(29),
    )  # fmt: skip
    row.refresh_from_db()
    assert (row.severity, row.state, mails("elevated")) == (3, "open", ["Dana"])
    assert [e.kind for e in row.events.order_by("id")] == ["raised", "rose"]
    assert json.loads(row.card)["sentence"] == json.loads(row.newest or "")["sentence"]


def test_what_is_confirmed_late_raises_nothing(cast: Cast) -> None:
    settle(cast.a)
    sent = make.check_in(cast.a, 28, "I gave Bruno an ultimatum.", safety=("self_harm",)).checkin
    see = flags.acknowledge(case=cast.couple, flag_id=flag(cast.a, "S01").pk, by=cast.dana, at=at(28.1))
    found = sent.reading.findings["t1"][0]
    readings.judge(
        case=cast.couple, checkin_id=sent.pk, label=found["label"], start=found["start"], verdict="confirmed",
        by=cast.dana, at=at(43),
    )  # fmt: skip
    assert flag(cast.a, "P03").severity == 2
    see.refresh_from_db()
    assert see.state == "acknowledged", "danger that was seen is not opened by it"


def test_confirming_does_not_open_danger_again(cast: Cast) -> None:
    settle(cast.a)
    sent = make.check_in(cast.a, 28, "I gave Bruno an ultimatum.", safety=("child",)).checkin
    row = flag(cast.a, "S04")
    flags.resolve(
        case=cast.couple,
        flag_id=row.pk,
        by=cast.dana,
        at=at(28.1),
        reason="followed_up",
        follow_up="Spoke to the school.",
    )
    found = sent.reading.findings["t1"][0]
    readings.judge(
        case=cast.couple, checkin_id=sent.pk, label=found["label"], start=found["start"], verdict="confirmed",
        by=cast.dana, at=at(29),
    )  # fmt: skip
    assert [f.state for f in Flag.objects.filter(rule="S04")] == ["resolved"]
    assert checkins.flags is flags


TRACKER = "I put a tracker on his car and I read his messages every night."


def test_urgent_conduct_is_treated_like_danger(cast: Cast) -> None:
    """Told at once and without a budget, never set aside, asked anew with new evidence; and what is not urgent neither
    hides under it nor is seen with it."""
    acts = {"c8": {"monitoring": 2, "ultimatum": 1, "leverage": 1, "reassurance": 2}}
    make.check_in(cast.a, 0, TRACKER, **acts)
    urgent, other = flag(cast.a, "P09"), flag(cast.a, "P03")
    assert (urgent.severity, urgent.safety, mails("urgent")) == (Severity.URGENT, False, ["Dana"])
    assert not Flag.objects.filter(head=urgent).exists()
    with pytest.raises(flags.Refused, match="What is urgent is not set aside"):
        flags.snooze(case=cast.couple, flag_id=urgent.pk, by=cast.dana, at=at(0.1), until=at(5).date())
    flags.acknowledge(case=cast.couple, flag_id=urgent.pk, by=cast.dana, at=at(0.1))
    assert flag(cast.a, "P03").state == other.state == "open"
    with pytest.raises(flags.Refused, match="What is urgent is not set aside"):
        flags.snooze(case=cast.couple, flag_id=urgent.pk, by=cast.dana, at=at(0.2), until=at(5).date())
    make.check_in(cast.a, 3, TRACKER, c8={"monitoring": 1})
    again = flag(cast.a, "P09")
    assert again.due_at is not None
    assert (again.state, again.due_at > at(3)) == ("open", True)
    assert mails("urgent") == ["Dana", "Dana"]
