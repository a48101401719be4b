"""When a client is asked, across clock changes and journeys, once; and what became of each time."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from clients import care, cases, duty, flags, schedule, tasks
from clients.models import CaseSummary, Flag, Notice, Partner, Plan, Prompt
from counselor import notes
from tests import make
from tests.make import START

ZONES = sorted(z for z in available_timezones() if "/" in z and not z.startswith(("posix", "right", "Etc", "System")))


def plan(cast: Any, **more: Any) -> Plan:
    given: dict[str, Any] = {
        "partner": cast.a, "every_days": 7, "at_time": time(18, 0), "weekday": 1, "by": cast.dana, "at": START,
    }  # fmt: skip
    return schedule.set_plan(**(given | more))


def tick(at: datetime) -> list[Prompt]:
    made = [schedule.ask(plan_id=pk, at=at) for pk in schedule.find_due(at)]
    for pk in schedule.find_open(at):
        schedule.follow(prompt_id=pk, at=at)
    return [prompt for prompt in made if prompt is not None]


def mails(who: Any) -> list[str]:
    return list(Notice.objects.filter(to=who, kind__in=["prompt", "reminder"]).values_list("kind", flat=True))


# Days and moments: pure


@pytest.mark.parametrize(
    ("more", "days"),
    [
        ({"every_days": 7, "weekday": 1}, ["2026-09-08", "2026-09-15", "2026-09-22"]),
        ({"every_days": 3}, ["2026-09-07", "2026-09-10", "2026-09-13"]),
        ({"every_days": 14, "weekday": 0}, ["2026-09-07", "2026-09-21", "2026-10-05"]),
        ({"every_days": 7, "paused_from": date(2026, 9, 14), "paused_until": date(2026, 9, 21)},
         ["2026-09-07", "2026-09-28", "2026-10-05"]),
        ({"every_days": 7, "paused_from": date(2026, 9, 14)}, ["2026-09-07"]),
    ],
)  # fmt: skip
def test_the_days_of_a_plan(more: dict[str, Any], days: list[str]) -> None:
    row = Plan(starts=date(2026, 9, 7), at_time=time(18, 0), **more)
    assert [d.isoformat() for d in islice(schedule.due_days(row, date(2026, 9, 5)), 3)] == days


@settings(max_examples=300, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    at_time=st.times(),
    every=st.integers(3, 14),
)
def test_one_moment_a_due_day_in_order_wherever_the_clocks_change(
    zone: str, day: date, at_time: time, every: int
) -> None:
    row = Plan(starts=day, every_days=every, at_time=at_time)
    days = list(islice(schedule.due_days(row, day), 6))
    moments = [schedule.moment(d, at_time, zone) for d in days]
    assert moments == sorted(set(moments))
    for due, when in zip(days, moments, strict=True):
        local = when.astimezone(ZoneInfo(zone))
        assert timedelta(0) <= local.replace(tzinfo=None) - datetime.combine(due, at_time) <= timedelta(hours=24)


def test_an_hour_left_out_comes_later_and_one_repeated_counts_once() -> None:
    spring = schedule.moment(date(2026, 3, 29), time(2, 30), "Europe/Berlin")
    assert spring == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    autumn = schedule.moment(date(2026, 10, 25), time(2, 30), "Europe/Berlin")
    assert autumn == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


# Asking


@pytest.mark.db_both
def test_a_client_is_asked_once_at_the_local_time(cast: Any) -> None:
    row = plan(cast)
    due = datetime(2026, 9, 8, 16, 0, tzinfo=UTC)  # Tuesday 18:00 in Berlin
    assert row.next_at == due
    assert tick(due - timedelta(minutes=1)) == []
    (prompt,) = tick(due)
    assert (prompt.day, prompt.due_at, prompt.expires_at) == (date(2026, 9, 8), due, due + timedelta(days=7))
    assert tick(due) == []
    assert tick(due + timedelta(minutes=5)) == []
    assert mails(cast.alma) == ["prompt"]
    assert mails(cast.bruno) == []


@pytest.mark.db_both
def test_over_a_year_with_both_clock_changes_each_week_is_asked_once(cast: Any) -> None:
    plan(cast, at_time=time(2, 30), weekday=6)
    at = START
    for _ in range(370):
        at += timedelta(days=1)
        tick(at)
    days = list(Prompt.objects.filter(partner=cast.a).order_by("day").values_list("day", flat=True))
    assert len(days) == len(set(days)) == 53
    assert {(b - a).days for a, b in zip(days, days[1:], strict=False)} == {7}


@pytest.mark.db_both
def test_after_the_beat_was_away_only_the_newest_is_asked(cast: Any) -> None:
    plan(cast)
    tick(START + timedelta(days=30))
    assert Prompt.objects.count() == 1
    assert Prompt.objects.get().day == date(2026, 10, 6)


@pytest.mark.db_both
def test_who_has_just_checked_in_is_not_asked_again(cast: Any) -> None:
    plan(cast)
    sent = make.check_in(cast.a, 0.5)
    (prompt,) = tick(START + timedelta(days=1))
    assert prompt.answered_at == sent.checkin.at
    assert mails(cast.alma) == []


@pytest.mark.db_both
def test_an_answer_a_reminder_and_a_miss(cast: Any) -> None:
    plan(cast)
    due = datetime(2026, 9, 8, 16, 0, tzinfo=UTC)
    tick(due)
    tick(due + timedelta(hours=25))
    tick(due + timedelta(hours=30))
    assert mails(cast.alma) == ["prompt", "reminder"]
    schedule.mark_opened(partner=cast.a, at=due + timedelta(hours=31))
    tick(due + timedelta(days=7))
    first = Prompt.objects.order_by("due_at").first()
    assert first is not None
    assert (first.missed_at, first.opened_at) == (due + timedelta(days=7), due + timedelta(hours=31))
    make.check_in(cast.a, 9)
    tick(due + timedelta(days=10))
    second = Prompt.objects.order_by("due_at").last()
    assert second is not None
    assert (second.answered_at, second.reminded_at) == (START + timedelta(days=9), None)
    assert schedule.missed_since(cast.a, None) == (due,)
    assert schedule.missed_since(cast.a, START + timedelta(days=9)) == ()


@pytest.mark.db_both
@pytest.mark.parametrize("how", ["stopped", "paused", "case", "off"])
def test_nobody_is_asked_while_it_is_stopped_or_paused(cast: Any, how: str) -> None:
    plan(cast)
    if how == "stopped":
        schedule.stop(partner=cast.a, by=cast.alma, at=START)
    elif how == "paused":
        schedule.pause(partner=cast.a, first=START.date(), last=None, by=cast.dana, at=START)
    elif how == "case":
        cases.pause(case=cast.couple, by=cast.dana, at=START)
    else:
        cast.alma.is_active = False
        cast.alma.save()
    assert tick(START + timedelta(days=9)) == []
    assert Prompt.objects.count() == 0


@pytest.mark.db_both
def test_a_pause_with_an_end_goes_on_by_itself_and_a_stop_can_be_taken_back(cast: Any) -> None:
    plan(cast)
    schedule.pause(partner=cast.a, first=date(2026, 9, 7), last=date(2026, 9, 20), by=cast.alma, at=START)
    assert Plan.objects.get().next_at == datetime(2026, 9, 22, 16, 0, tzinfo=UTC)
    schedule.stop(partner=cast.a, by=cast.alma, at=START)
    assert Plan.objects.get().next_at is None
    schedule.resume(partner=cast.a, by=cast.alma, at=START)
    assert Plan.objects.get().next_at == datetime(2026, 9, 8, 16, 0, tzinfo=UTC)


@pytest.mark.db_both
def test_mails_stop_where_the_client_says_so_or_somebody_else_can_open_the_mailbox(cast: Any) -> None:
    plan(cast)
    schedule.choose_mails(partner=cast.a, mails=False, by=cast.alma, at=START)
    plan(cast, partner=cast.b, by=cast.dana)
    care.write_reach_card(case=cast.couple, partner=cast.b, shared_device=True, by=cast.dana, at=START)
    tick(START + timedelta(days=1))
    tick(START + timedelta(days=3))
    assert Prompt.objects.count() == 2
    assert mails(cast.alma) == mails(cast.bruno) == []


@pytest.mark.db_both
@pytest.mark.parametrize(
    ("more", "field"),
    [({"every_days": 2}, "every_days"), ({"every_days": 15}, "every_days"), ({"every_days": 5}, "weekday")],
)
def test_a_plan_that_cannot_be_is_refused(cast: Any, more: dict[str, Any], field: str) -> None:
    with pytest.raises(schedule.Refused) as refusal:
        plan(cast, **more)
    assert refusal.value.field == field


@pytest.mark.db_both
def test_a_third_party_has_no_plan_and_nothing_to_pause(cast: Any) -> None:
    third = Partner.objects.get(case=cast.single, side="B")
    with pytest.raises(schedule.Refused, match="no account"):
        plan(cast, partner=third)
    with pytest.raises(schedule.Refused, match="no check-in plan"):
        schedule.stop(partner=cast.a, by=cast.alma, at=START)


@pytest.mark.db_both
def test_the_times_of_one_partner_do_not_hang_on_the_other(cast: Any) -> None:
    plan(cast)
    plan(cast, partner=cast.b)
    alone = Plan.objects.get(partner=cast.a).next_at
    make.check_in(cast.b, 0.9)
    tick(START + timedelta(days=1))
    schedule.stop(partner=cast.b, by=cast.bruno, at=START + timedelta(days=1))
    tick(START + timedelta(days=3))
    assert Prompt.objects.get(partner=cast.a).due_at == alone
    assert mails(cast.alma) == ["prompt", "reminder"]


# What nobody sends and the clock finds


def sweep(cast: Any, day: float) -> list[Flag]:
    return schedule.sweep(case_id=cast.couple.pk, at=START + timedelta(days=day))


def told(rule: str) -> list[tuple[str, int]]:
    return list(Flag.objects.filter(rule=rule).values_list("state", "severity"))


@pytest.mark.db_both
def test_two_check_ins_let_go_in_a_row_are_told_once(cast: Any) -> None:
    plan(cast)
    make.check_in(cast.a, 0.1)
    for day in (8, 15, 15.1, 16):
        tick(START + timedelta(days=day))
        sweep(cast, day)
    assert told("E01") == []
    tick(START + timedelta(days=22))
    (flag,) = sweep(cast, 22)
    assert (flag.rule, flag.severity) == ("E01", Flag.Severity.WATCH)
    assert sweep(cast, 22.1) == []
    assert told("E01") == [("open", Flag.Severity.WATCH)]
    tick(START + timedelta(days=29))
    sweep(cast, 29)
    assert told("E01") == [("open", Flag.Severity.WATCH)]


@pytest.mark.db_both
def test_a_pause_declared_afterwards_is_no_miss(cast: Any) -> None:
    plan(cast)
    for day in (8, 15, 22):
        tick(START + timedelta(days=day))
    schedule.pause(partner=cast.a, first=START.date(), last=None, by=cast.dana, at=START + timedelta(days=22))
    sweep(cast, 22)
    assert told("E01") == []


@pytest.mark.db_both
def test_silence_after_an_urgent_flag_is_told_after_a_day_and_a_sign_of_life_ends_it(cast: Any) -> None:
    make.check_in(cast.a, 0.5, safety=("self_harm",))
    assert sweep(cast, 1.4) == list(Flag.objects.filter(rule="S08"))
    sweep(cast, 1.6)
    assert told("E02") == [("open", Flag.Severity.URGENT)]
    flag = Flag.objects.get(rule="E02")
    assert (flag.partner, flag.due_at - flag.last_evidence_at) == (cast.a, timedelta(minutes=15))


@pytest.mark.db_both
def test_a_word_of_staff_is_no_silence(cast: Any) -> None:
    make.check_in(cast.a, 0.5, safety=("self_harm",))
    urgent = Flag.objects.get(rule="S01")
    flags.acknowledge(case=cast.couple, flag_id=urgent.pk, by=cast.dana, at=START + timedelta(days=0.51))
    notes.start(case=cast.couple, by=cast.dana, at=START + timedelta(days=0.6), flag=urgent)
    sweep(cast, 3)
    assert told("E02") == told("S08") == []


@pytest.mark.db_both
def test_a_long_wait_is_told_after_ninety_days_and_again_after_sixty(cast: Any) -> None:
    for week in range(0, 26, 2):
        make.check_in(cast.a, 7 * week, wish="together" if week % 4 == 0 else "skip")
    sweep(cast, 80)
    assert told("O08") == []
    sweep(cast, 91)
    assert told("O08") == [("open", Flag.Severity.WATCH)]
    sweep(cast, 120)
    assert Flag.objects.filter(rule="O08").count() == 1
    said = Flag.objects.get(rule="O08").last_evidence_at
    sweep(cast, 155)
    assert Flag.objects.filter(rule="O08").latest("last_evidence_at").last_evidence_at > said


@pytest.mark.db_both
def test_another_wish_between_ends_the_waiting(cast: Any) -> None:
    for day, wish in ((0, "together"), (30, "unsure"), (60, "together"), (90, "rather_not")):
        make.check_in(cast.a, day, wish=wish)
    sweep(cast, 100)
    assert told("O08") == []


@pytest.mark.db_both
def test_an_hourly_sweep_of_quiet_cases_leaves_what_is_kept_of_them(cast: Any) -> None:
    at = START + timedelta(days=1)
    stamps = dict(CaseSummary.objects.values_list("case_id", "stamp"))
    assert set(schedule.find_unswept(at)) == set(stamps)
    schedule.mark_swept(schedule.find_unswept(at), at)
    for pk in stamps:
        schedule.sweep(case_id=pk, at=at)
    assert schedule.find_unswept(at + timedelta(minutes=50)) == []
    assert dict(CaseSummary.objects.values_list("case_id", "stamp")) == stamps
    assert len(schedule.find_unswept(at + timedelta(minutes=61))) == len(stamps)


@pytest.mark.db_both
def test_what_has_been_quiet_for_long_enough_clears_without_a_check_in(cast: Any) -> None:
    make.check_in(cast.a, 0)
    make.check_in(cast.a, 7)
    make.warming(cast.a, 8)
    assert Flag.objects.filter(rule="O01", state="open").exists()
    sweep(cast, 8 + 35 + 29)
    assert not Flag.objects.filter(rule="O01", state="open").exists()


@pytest.mark.db_both
def test_one_case_that_cannot_be_swept_does_not_stop_the_others(cast: Any) -> None:
    make.check_in(cast.a, (timezone.now() - START) / timedelta(days=1) - 2, safety=("self_harm",))
    broken = CaseSummary.objects.get(case=cast.single)
    broken.arranged = {"agreements": "not a table"}
    broken.save()
    CaseSummary.objects.filter(case=cast.couple).update(swept_at=START)  # the broken one comes first
    assert tasks.sweep() == 2
    assert Flag.objects.filter(rule="S08", case=cast.couple).exists()
    assert schedule.find_unswept(timezone.now()) == []


@pytest.mark.db_both
def test_check_ins_in_between_do_not_put_the_last_rung_back(cast: Any) -> None:
    for minutes in (0, 50, 100):
        make.check_in(cast.a, minutes / 1440, safety=("self_harm",))
        duty.watch(START + timedelta(minutes=minutes))
    sweep(cast, 130 / 1440)
    assert told("S08") == [("open", Flag.Severity.URGENT)]


@pytest.mark.db_both
def test_a_prompts_mail_leaves_its_time(cast: Any) -> None:
    plan(cast)
    tick(START + timedelta(days=1))
    notice = Notice.objects.get(kind="prompt")
    tasks.deliver(ids=[str(notice.pk)])
    assert Prompt.objects.get().sent_at is not None


def _goal(cast: Any, at: datetime) -> None:
    care.set_goal(case=cast.couple, partner=cast.a, words="Sleep", by=cast.dana, at=at)


def _litigation(cast: Any, at: datetime) -> None:
    care.mark_litigation(case=cast.couple, kinds=["custody"], text_off=False, by=cast.dana, at=at)


def _private(cast: Any, at: datetime) -> None:
    notes.private.start(case=cast.couple, by=cast.dana, at=at, body="A thought")


def _screened(side: str) -> Any:
    return lambda cast, at: make.screen(cast.couple, make.side(cast.couple, side), cast.dana, at)


def _reached(side: str) -> Any:
    def ask(cast: Any, at: datetime) -> None:
        partner = make.side(cast.couple, side)
        care.write_reach_card(case=cast.couple, partner=partner, by=cast.dana, at=at, phone="1")
        care.set_goal(case=cast.couple, partner=partner, words="Sleep", by=cast.dana, at=at)  # it stays known

    return ask


def _signed(cast: Any, at: datetime) -> None:
    make.signed_note(cast.couple, cast.dana, at)


@pytest.mark.db_both
@pytest.mark.parametrize(
    ("act", "spoken_to"),
    [
        (_goal, False), (_litigation, False), (_private, False), (_screened("B"), False), (_reached("B"), False),
        (_screened("A"), True), (_reached("A"), True), (_signed, True),
    ],
)  # fmt: skip
def test_silence_after_danger_is_broken_by_contact_with_that_person_only(cast: Any, act: Any, spoken_to: bool) -> None:
    make.check_in(cast.a, 0, safety=("self_harm",))
    flag = Flag.objects.get(rule="S01")
    flags.acknowledge(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=START + timedelta(minutes=5))
    act(cast, START + timedelta(minutes=10))
    schedule.sweep(case_id=cast.couple.pk, at=START + timedelta(hours=25))
    assert Flag.objects.filter(rule="E02").exists() is not spoken_to
