"""Who is alerted when something is urgent, and what happens while nobody looks (rules.md S08; decisions 7, 8, 23, 49)."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail
from django.http import Http404

from clients import access, audit, checkins, duty, flags, notices, tasks, team
from clients.models import Assignment, AuditEvent, Duty, Escalation, Flag, Notice, Partner, Practice, User
from clients.portal import pages
from counselor import pages as desk
from tests import browse, make
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
SATURDAY = datetime(2026, 9, 12, 2, 30, tzinfo=UTC)


def minutes(number: float) -> datetime:
    return make.START + timedelta(minutes=number)


def told(*kinds: str) -> list[tuple[str, str]]:
    """Who is owed a mail so far, in the order in which it was owed."""
    rows = Notice.objects.filter(kind__in=kinds or ("urgent", "alert")).order_by("created_at", "to__name")
    return list(rows.values_list("kind", "to__name"))


def names(*kinds: str) -> list[str]:
    return [name for _kind, name in told(*kinds)]


def on_duty(cast: Cast, user: User, at: datetime = make.START) -> None:
    """Day and night of that day and the next, in the practice's zone."""
    days = [at.date() + timedelta(days=n) for n in (-1, 0, 1)]
    plan = {(day, half): user.pk for day in days for half in ("am", "pm")}
    duty.set_duty(practice=cast.practice, plan=plan, by=cast.ruth, at=at)


def danger(cast: Cast, day: float = 0, **more: Any) -> Flag:
    make.check_in(cast.a, day, **{"safety": ("self_harm",), **more})
    return Flag.objects.get(case=cast.couple, safety=True)


def see(cast: Cast, flag: Flag, by: User, at: datetime) -> None:
    flags.acknowledge(case=cast.couple, flag_id=flag.pk, by=by, at=at)


# The ladder


def test_counselor_then_duty_then_lead_then_the_telephone(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    danger(cast)
    steps = []
    for minute in (0, 14, 15, 29, 30, 59, 60, 61, 600):
        duty.watch(minutes(minute))
        steps.append((minute, names(), Escalation.objects.get().rung))
    assert steps == [
        (0, ["Dana"], 0),
        (14, ["Dana"], 0),
        (15, ["Dana", "Erik"], 1),
        (29, ["Dana", "Erik"], 1),
        (30, ["Dana", "Erik", "Ruth"], 2),
        (59, ["Dana", "Erik", "Ruth"], 2),
        (60, ["Dana", "Erik", "Ruth"], 3),
        (61, ["Dana", "Erik", "Ruth"], 3),
        (600, ["Dana", "Erik", "Ruth"], 3),
    ]
    acts = AuditEvent.objects.filter(act__startswith="alert.").order_by("seq").values_list("act", "case_id", "side")
    assert list(acts) == [("alert.raised", cast.couple.pk, "A")] * 3 + [("alert.telephone", cast.couple.pk, "A")]
    assert audit.verify(cast.practice.pk) > 0


def test_missing_rungs_are_skipped_at_once(cast: Cast) -> None:
    danger(cast)
    duty.watch(minutes(0))
    duty.watch(minutes(15))
    assert names() == ["Dana", "Ruth"], "nobody is on duty: the lead is alerted instead, not fifteen minutes later"
    duty.watch(minutes(45))
    assert Escalation.objects.get().rung == duty.PHONE
    team.transfer(case=cast.single, to=cast.ruth, by=cast.ruth, at=make.START)
    make.check_in(cast.c, 1, safety=("self_harm",))
    alone = make.START + timedelta(days=1)
    for minute in (0, 15):
        duty.watch(alone + timedelta(minutes=minute))
    row = Escalation.objects.get(flag__case=cast.single)
    assert (row.rung, [entry[0] for entry in row.told]) == (duty.PHONE, [str(cast.ruth.pk)]), "she works alone"


def test_a_gap_between_two_counselors_goes_to_duty_at_once(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    Assignment.objects.filter(case=cast.couple).update(until=make.START + timedelta(seconds=1))
    danger(cast, 1 / 24)
    duty.watch(minutes(60))
    assert names() == ["Erik"]


def test_whoever_cannot_sign_in_any_more_is_not_alerted(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    team.switch_off(user=cast.dana, by=cast.ruth, at=minutes(1))
    team.switch_off(user=cast.erik, by=cast.ruth, at=minutes(1))
    make.check_in(cast.a, 1 / 24, safety=("self_harm",))
    duty.watch(minutes(60))
    assert names() == ["Ruth"]


@pytest.mark.parametrize("minute", [5, 20, 40, 90])
def test_only_a_named_person_ends_the_clock_and_then_nobody_else_is_alerted(cast: Cast, minute: int) -> None:
    on_duty(cast, cast.erik)
    flag = danger(cast)
    for passed in range(0, minute, 5):
        duty.watch(minutes(passed))
    before = told()
    see(cast, flag, cast.dana, minutes(minute))
    for passed in range(minute, 200, 5):
        duty.watch(minutes(passed))
    row = Escalation.objects.get()
    assert (told(), row.ended_at, row.next_at) == (before, minutes(minute), None)


def test_reading_the_page_or_being_mailed_ends_nothing(cast: Cast, enter: Any, time_machine: Any) -> None:
    on_duty(cast, cast.erik)
    flag = danger(cast)
    duty.watch(minutes(0))
    time_machine.move_to(minutes(1), tick=False)
    tasks.deliver_due()
    assert enter(cast.dana).get(f"/desk/cases/{cast.couple.pk}/flags/{flag.pk}/").status_code == 200
    duty.watch(minutes(15))
    assert names() == ["Dana", "Erik"]


def test_new_danger_never_puts_a_running_clock_back(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    danger(cast)
    duty.watch(minutes(0))
    danger(cast, 10 / 1440)
    duty.watch(minutes(15))
    assert names("alert") == ["Erik"], "fifteen minutes after the first word, not after the second"
    duty.watch(minutes(25))
    assert Escalation.objects.count() == 1


def test_after_somebody_has_looked_new_danger_starts_anew(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    flag = danger(cast)
    duty.watch(minutes(0))
    see(cast, flag, cast.dana, minutes(3))
    danger(cast, 5 / 1440)  # before any sweep has seen that the first clock is over
    for minute in (5, 15, 19):
        duty.watch(minutes(minute))
    assert names("alert") == []
    duty.watch(minutes(20))
    assert names("alert") == ["Erik"]
    assert [row.since for row in Escalation.objects.order_by("since")] == [minutes(0), minutes(5)]


def test_a_flag_that_is_opened_again_starts_anew(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    flag = danger(cast)
    duty.watch(minutes(0))
    see(cast, flag, cast.dana, minutes(3))
    duty.watch(minutes(4))
    close(cast, flag, minutes(5))
    flags.reopen(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=minutes(100), reason="too_soon")
    duty.watch(minutes(100))
    assert Escalation.objects.get(ended_at__isnull=True).since == minutes(100)
    duty.watch(minutes(115))
    assert names("alert") == ["Dana", "Erik"], "an opened card is mailed again, too"


def close(cast: Cast, flag: Flag, at: datetime) -> None:
    flags.resolve(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=at, reason="followed_up", follow_up="We talked.")


def test_several_dangers_in_one_check_in_are_one_mail_a_person_and_rung(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    make.check_in(cast.a, 0, safety=("self_harm", "afraid", "child"))
    for minute in (0, 15, 30):
        duty.watch(minutes(minute))
    assert Escalation.objects.count() >= 3
    assert names() == ["Dana", "Erik", "Ruth"]


# Weekends, nights, changes of the clock


@pytest.mark.parametrize(
    "at",
    [SATURDAY, datetime(2026, 10, 25, 0, 50, tzinfo=UTC), datetime(2027, 3, 28, 0, 50, tzinfo=UTC)],
    ids=["weekend night", "clocks go back", "clocks go forward"],
)
def test_the_clock_runs_day_and_night(cast: Cast, at: datetime) -> None:
    on_duty(cast, cast.erik, at)
    make.check_in(cast.a, (at - make.START) / timedelta(days=1), safety=("self_harm",))
    seen = []
    for minute in range(0, 70, 5):
        duty.watch(at + timedelta(minutes=minute))
        seen.append((minute, len(names()), Escalation.objects.get().rung))
    assert [entry for entry, before in zip(seen, [(0, 0, 0), *seen], strict=False) if entry[1:] != before[1:]] == [
        (0, 1, 0), (15, 2, 1), (30, 3, 2), (60, 3, 3),
    ]  # fmt: skip


# Sessions, trainees, several signs


def test_while_the_counselor_is_in_session_duty_is_alerted_at_once(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    duty.begin_session(by=cast.dana, at=minutes(-5))
    danger(cast)
    duty.watch(minutes(0))
    assert sorted(names()) == ["Dana", "Erik"]
    duty.watch(minutes(15))
    assert sorted(names()) == ["Dana", "Erik", "Ruth"], "duty was alerted already: its rung takes no time"


def test_the_mark_in_session_ends_by_itself_or_by_hand(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    duty.begin_session(by=cast.dana, at=minutes(0) - duty.IN_SESSION_FOR)
    danger(cast)
    duty.watch(minutes(0))
    assert names() == ["Dana"], "over by itself"
    duty.begin_session(by=cast.dana, at=minutes(60))
    duty.end_session(by=cast.dana, at=minutes(61))
    make.check_in(cast.c, 62 / 1440, safety=("self_harm",))
    duty.watch(minutes(62))
    assert Escalation.objects.get(flag__case=cast.single).told[0][0] == str(cast.dana.pk)
    assert len(Escalation.objects.get(flag__case=cast.single).told) == 1


def test_a_trainee_is_alerted_together_with_the_supervisor(cast: Cast) -> None:
    team.set_trainee(user=cast.dana, supervisor=cast.erik, by=cast.ruth, at=make.START)
    danger(cast)
    duty.watch(minutes(0))
    assert sorted(names()) == ["Dana", "Erik"]


# Today's danger


def test_what_is_for_today_is_due_by_the_end_of_the_working_day_and_then_reminded_once(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    duty.set_hours(
        practice=cast.practice, stretches=[(0, time(9), time(21))], by=cast.ruth, at=make.START
    )  # START is Monday 19:00 in Berlin
    sent = make.check_in(cast.a, 0, safety=("afraid",))
    checkins.tell_danger(
        partner=cast.a, checkin_id=sent.checkin.pk, by=cast.alma, at=minutes(1), who="to_me", safe_now="yes"
    )
    duty.watch(minutes(1))
    assert Flag.objects.get(rule="S02").due_at == minutes(120), "21:00, not eight hours later"
    for minute in (15, 60, 119):
        duty.watch(minutes(minute))
    assert names() == ["Dana"]
    duty.watch(minutes(120))
    assert sorted(names("alert")) == ["Dana", "Erik"]
    for minute in (121, 400, 1440):
        duty.watch(minutes(minute))
    assert len(names()) == 3
    assert Escalation.objects.filter(rung=duty.PHONE).count() == 0, "the ladder is for what is now"


def test_who_says_safe_for_now_slows_a_clock_that_has_begun_and_who_is_not_hurries_it(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    sent = make.check_in(cast.a, 0, safety=("afraid",))
    duty.watch(minutes(0))
    assert Escalation.objects.get().speed == "now"
    told_by = {"partner": cast.a, "checkin_id": sent.checkin.pk, "by": cast.alma, "who": "to_me"}
    checkins.tell_danger(**told_by, at=minutes(2), safe_now="yes")
    duty.watch(minutes(15))
    assert (names("alert"), Escalation.objects.get(ended_at__isnull=True).speed) == ([], "today")
    sent = make.check_in(cast.c, 0, safety=("afraid",))
    checkins.tell_danger(
        partner=cast.c, checkin_id=sent.checkin.pk, by=cast.carla, at=minutes(2), who="to_me", safe_now="not_sure"
    )
    duty.watch(minutes(15))
    assert names("alert") == ["Erik"]


# Outages


def test_two_sweeps_alert_once_and_a_sweep_after_an_outage_alerts_everybody_it_owes(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    danger(cast)
    for _ in range(3):
        duty.watch(minutes(200))
    assert sorted(names()) == ["Dana", "Erik", "Ruth"]
    assert Escalation.objects.get().rung == duty.PHONE
    assert AuditEvent.objects.filter(act="alert.raised").count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_in_the_middle_has_done_nothing(cast: Cast, monkeypatch: Any) -> None:
    """The trail is written last, so a failure there stands for a worker killed just before the commit."""
    on_duty(cast, cast.erik)
    danger(cast)
    duty.watch(minutes(0))
    with monkeypatch.context() as broken:
        broken.setattr(audit, "record", lambda *a, **k: (_ for _ in ()).throw(MemoryError))
        duty.watch(minutes(15))
    assert (names(), Escalation.objects.get().rung) == (["Dana"], 0)
    assert not Assignment.objects.filter(user=cast.erik).exists()
    duty.watch(minutes(16))
    assert (names(), Escalation.objects.get().rung) == (["Dana", "Erik"], 1)
    assert Escalation.objects.get().next_at == minutes(30), "its time runs from when it was due"


def test_one_case_that_fails_does_not_stop_the_others(cast: Cast) -> None:
    from clients.models import CaseSummary

    danger(cast)
    make.check_in(cast.c, 0, safety=("self_harm",))
    CaseSummary.objects.filter(case=cast.couple).delete()
    duty.watch(minutes(0))
    assert [row.flag.case_id for row in Escalation.objects.all()] == [cast.single.pk]


def test_an_alert_that_somebody_has_answered_is_not_sent_any_more(cast: Cast, time_machine: Any) -> None:
    on_duty(cast, cast.erik)
    flag = danger(cast)
    duty.watch(minutes(20))
    see(cast, flag, cast.dana, minutes(21))
    time_machine.move_to(minutes(22), tick=False)
    assert tasks.deliver_due() == 0
    assert mail.outbox == []
    assert not notices.stuck(cast.practice.pk, minutes(600)).exists()


def test_muting_and_a_full_budget_silence_no_danger(cast: Cast) -> None:
    from clients.models import RuleMute

    for rule in ("P03", "P05", "P09"):
        RuleMute.objects.create(
            practice=cast.practice, case=cast.couple, partner=cast.a, rule=rule, reason="Known", at=make.START
        )
    for day in (0, 1, 2, 3):
        make.check_in(cast.a, day, c8={"ultimatum": 2, "uninvited": 2, "push_return": 2, "reassurance": 2})
    make.check_in(cast.a, 4, safety=("self_harm",))
    duty.watch(make.START + timedelta(days=4))
    assert ("urgent", "Dana") in told("urgent")
    assert Escalation.objects.get().rung == 0


def test_nothing_of_one_reaches_the_other_who_is_signed_in_at_that_moment(cast: Cast, enter: Any) -> None:
    on_duty(cast, cast.erik)
    bruno = enter(cast.bruno)
    paths = ("/portal/", "/portal/check-in/", "/portal/guidance/", "/portal/help/", "/portal/consent/")
    before = [browse.steady(bruno.get(path)) for path in paths]
    danger(cast)
    for minute in (0, 15, 30, 60):
        duty.watch(minutes(minute))
    tasks.deliver_due()
    assert [browse.steady(bruno.get(path)) for path in paths] == before
    assert not Notice.objects.filter(to=cast.bruno).exists()
    assert not [m for m in mail.outbox if "bruno" in m.to[0]]


# What an alert opens


def test_an_alert_opens_the_safety_cards_of_that_case_for_a_while_and_nothing_else(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    flag = danger(cast)
    make.check_in(cast.a, 1 / 1440, c8={"ultimatum": 2})
    other = Flag.objects.filter(case=cast.couple, safety=False).first()
    assert other
    duty.watch(minutes(0))
    for who in (cast.erik, cast.ruth):
        assert not access.safety_cases(who, minutes(14)).exists()
    duty.watch(minutes(30))
    for who in (cast.erik, cast.ruth):
        assert list(access.safety_cases(who, minutes(30))) == [cast.couple]
        assert not access.visible_cases(who, minutes(30)).exists()
        assert access.open_for_safety(who, cast.couple.pk, minutes(30), flag.pk) == (cast.couple, True)
        with pytest.raises(Http404):
            access.open_for_safety(who, cast.couple.pk, minutes(30), other.pk)
        assert not access.safety_cases(who, minutes(30) + timedelta(hours=73)).exists()
    # Whoever was alerted may say that it was seen.
    see(cast, flag, cast.ruth, minutes(40))
    assert Flag.objects.get(pk=flag.pk).acknowledged_by == cast.ruth


# Cover


def test_danger_goes_to_cover_between_the_dates_and_comes_back(cast: Cast) -> None:
    team.cover(away=cast.dana, user=cast.erik, since=minutes(60), until=minutes(1440 * 7), by=cast.dana, at=minutes(1))
    danger(cast, 1)
    duty.watch(minutes(1440))
    assert sorted(names()) == ["Dana", "Erik"]
    assert access.safety_cases(cast.erik, minutes(1441)).count() == 2
    assert not access.visible_cases(cast.erik, minutes(1441)).exists()
    assert not access.safety_cases(cast.erik, minutes(59)).exists()
    assert not access.safety_cases(cast.erik, minutes(1440 * 7)).exists()


def test_an_open_danger_and_its_clock_move_to_cover(cast: Cast) -> None:
    flag = danger(cast)
    duty.watch(minutes(0))
    team.cover(away=cast.dana, user=cast.erik, since=minutes(1), until=minutes(9999), by=cast.ruth, at=minutes(1))
    assert access.open_for_safety(cast.erik, cast.couple.pk, minutes(2), flag.pk) == (cast.couple, True)
    see(cast, flag, cast.erik, minutes(3))
    duty.watch(minutes(60))
    assert Escalation.objects.get().ended_at is not None


def test_other_flags_wait_for_the_return_and_danger_does_not(cast: Cast) -> None:
    make.check_in(cast.a, 0, c8={"ultimatum": 2})
    waiting = Flag.objects.get(rule="P03")
    assert waiting.due_at == minutes(8 * 60)
    until = minutes(14 * 1440)
    rows = team.cover(away=cast.dana, user=cast.erik, since=minutes(60), until=until, by=cast.dana, at=minutes(30))
    waiting.refresh_from_db()
    assert waiting.due_at == until + timedelta(hours=7), "the seven hours that were left"
    make.check_in(cast.c, 1, c8={"ultimatum": 2})
    make.check_in(cast.c, 1.01, safety=("self_harm",))
    team.hold_others(minutes(1500))
    moved = Flag.objects.get(case=cast.single, rule="P03")
    assert moved.due_at == until + timedelta(hours=8)
    assert Flag.objects.get(case=cast.single, safety=True).due_at == minutes(1.01 * 1440 + 15)
    assert team.hold_others(minutes(1501)) == 0
    mine = next(row for row in rows if row.case_id == cast.couple.pk)
    team.end_cover(assignment_id=mine.pk, by=cast.dana, at=minutes(1440 * 4))
    waiting.refresh_from_db()
    assert waiting.due_at == minutes(1440 * 4) + timedelta(hours=7), "back early"
    assert not access.safety_cases(cast.erik, minutes(1440 * 4 + 1)).filter(pk=cast.couple.pk).exists()


def test_who_may_arrange_cover(cast: Cast) -> None:
    given: dict[str, Any] = {"since": minutes(0), "until": minutes(1440), "at": minutes(0)}
    for wrong in (
        {"away": cast.dana, "user": cast.erik, "by": cast.erik},
        {"away": cast.dana, "user": cast.fay, "by": cast.dana},
        {"away": cast.dana, "user": cast.alma, "by": cast.dana},
        {"away": cast.dana, "user": cast.dana, "by": cast.dana},
        {"away": cast.erik, "user": cast.dana, "by": cast.erik},
        {"away": cast.dana, "user": cast.erik, "by": cast.dana, "cases": [cast.foreign.pk]},
        {"away": cast.dana, "user": cast.erik, "by": cast.dana, "until": minutes(0)},
        {"away": cast.dana, "user": cast.erik, "by": cast.dana, "until": minutes(1440 * 200)},
    ):
        with pytest.raises(team.Refused):
            team.cover(**(given | wrong))
    assert not Assignment.objects.filter(role="cover").exists()


# Hours


@pytest.fixture
def week(cast: Cast) -> duty.Week:
    return duty.week_of(cast.practice)


def local(text: str) -> datetime:
    from zoneinfo import ZoneInfo

    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


def test_hours_in_words_and_in_moments(week: duty.Week) -> None:
    assert week.words() == "Monday to Friday, 9:00 to 17:00"
    assert week.staffed(local("2026-09-11 16:59"))
    for at in ("2026-09-11 17:00", "2026-09-11 08:59", "2026-09-12 12:00"):
        assert not week.staffed(local(at))
    assert week.next_open(local("2026-09-11 17:00")) == local("2026-09-14 09:00")
    assert week.closes(local("2026-09-11 08:00")) == local("2026-09-11 17:00")
    assert week.closes(local("2026-09-11 17:00")) is None
    assert week.after(local("2026-09-11 16:30"), timedelta(hours=2)) == local("2026-09-14 10:30")
    assert week.after(local("2026-10-23 16:30"), timedelta(hours=2)) == local("2026-10-26 10:30"), "clocks went back"


def test_odd_weeks_in_words(cast: Cast) -> None:
    rows = [(0, time(9), time(12)), (0, time(13), time(17)), (1, time(9), time(12)), (1, time(13), time(17)), (5, time(10), time(11))]  # fmt: skip
    duty.set_hours(practice=cast.practice, stretches=rows, by=cast.ruth, at=make.START)
    assert duty.week_of(cast.practice).words() == (
        "Monday and Tuesday, 9:00 to 12:00 and 13:00 to 17:00; Saturday, 10:00 to 11:00"
    )
    duty.set_hours(practice=cast.practice, stretches=[], by=cast.ruth, at=make.START)
    empty = duty.week_of(cast.practice)
    assert (empty.words(), empty.next_open(make.START), empty.after(make.START, timedelta(hours=1))) == (
        "no set hours", None, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    "rows",
    [[(0, time(9), time(9))], [(0, time(12), time(9))], [(0, time(9), time(12)), (0, time(11), time(13))]],
)
def test_hours_that_cannot_be_are_refused_and_the_old_ones_stay(cast: Cast, rows: Any) -> None:
    with pytest.raises(duty.Refused):
        duty.set_hours(practice=cast.practice, stretches=rows, by=cast.ruth, at=make.START)
    assert duty.week_of(cast.practice).words() == "Monday to Friday, 9:00 to 17:00"


def test_half_days_are_those_of_the_practice(cast: Cast) -> None:
    plan = {(date(2026, 9, 7), "am"): cast.erik.pk, (date(2026, 9, 7), "pm"): cast.dana.pk}
    assert duty.set_duty(practice=cast.practice, plan=plan, by=cast.ruth, at=make.START) == 2
    assert duty.set_duty(practice=cast.practice, plan=plan, by=cast.ruth, at=make.START) == 0
    assert duty.on_duty(cast.practice, local("2026-09-07 00:00")) == cast.erik
    assert duty.on_duty(cast.practice, local("2026-09-07 11:59")) == cast.erik
    assert duty.on_duty(cast.practice, local("2026-09-07 12:00")) == cast.dana
    assert duty.on_duty(cast.practice, local("2026-09-07 23:59")) == cast.dana
    assert duty.on_duty(cast.practice, local("2026-09-08 00:00")) is None
    for stranger in (cast.fay, cast.alma):
        with pytest.raises(duty.Refused):
            duty.set_duty(
                practice=cast.practice, plan={(date(2026, 9, 8), "am"): stranger.pk}, by=cast.ruth, at=make.START
            )
    duty.set_duty(practice=cast.practice, plan={(date(2026, 9, 7), "am"): None}, by=cast.ruth, at=make.START)
    assert Duty.objects.count() == 1


# The weekly test


def test_the_weekly_test_goes_out_once_a_week_in_the_practices_own_zone(cast: Cast) -> None:
    Practice.objects.exclude(pk=cast.practice.pk).update(zone="America/Los_Angeles")
    monday = local("2026-09-14 09:59")
    early = Notice.objects.filter(kind="test").count()
    assert (duty.send_weekly_tests(local("2026-09-13 23:00")), early) == (2, 0), "late for the week before"
    assert duty.send_weekly_tests(monday) == 0
    assert duty.send_weekly_tests(monday + timedelta(minutes=1)) == 1
    assert duty.send_weekly_tests(monday + timedelta(days=3)) == 1, "the other practice, in its own zone"
    assert duty.send_weekly_tests(monday + timedelta(days=6)) == 0
    here = Notice.objects.filter(practice=cast.practice, kind="test").values_list("to__name", flat=True)
    assert sorted(here) == ["Dana", "Dana", "Ruth", "Ruth"], "who can be alerted: whoever holds a case, and the lead"


def test_a_wish_to_be_called_is_due_when_the_client_was_told_it_is_met(cast: Cast) -> None:
    at = local("2026-09-08 10:00")
    checkins.submit(
        partner=cast.a, by=cast.alma, at=at, key=make.uuid4(),
        answers=checkins.Answers(make.items(), call_me="after 12"),
    )  # fmt: skip
    duty.watch(at)
    assert Flag.objects.get(rule="S07").due_at == at + duty.CALL_WITHIN


def test_a_wish_to_be_called_reaches_who_stands_in_and_then_duty(cast: Cast) -> None:
    at = local("2026-09-11 19:00")  # a Friday, after hours
    nils = make.user(cast.practice, "Nils", "counselor")
    on_duty(cast, cast.ruth, local("2026-09-14 11:00"))
    team.set_trainee(user=cast.dana, supervisor=nils, by=cast.ruth, at=make.START)
    team.cover(away=cast.dana, user=cast.erik, since=at, until=at + timedelta(days=14), by=cast.dana, at=at)
    sent = checkins.submit(
        partner=cast.a, by=cast.alma, at=at, key=make.uuid4(),
        answers=checkins.Answers(make.items(), call_me="after 12"),
    )  # fmt: skip
    duty.watch(at)
    assert sorted(names()) == ["Dana", "Erik", "Nils"]
    due = local("2026-09-14 11:00")
    said = pages.call_words(cast.a, sent.checkin, "Dana")
    assert "Monday, 14 September, 11:00" in said
    assert "Erik stands in" in said
    assert "stands in" not in pages.call_words(cast.c, make.check_in(cast.c, -1).checkin, "Dana")
    assert duty.alerted(cast.a, sent.checkin.at) == ("", None), "a wish to be called is no danger"
    for who in (cast.dana, cast.erik):
        assert [d.what for d in desk.alerts(who, at).dangers] == ["Asks to be called"]
    for moment in (at + timedelta(hours=9), due - timedelta(minutes=1)):
        duty.watch(moment)
    assert "Ruth" not in names()
    duty.watch(due)
    duty.watch(due + timedelta(hours=3))
    assert names().count("Ruth") == 1
    assert Escalation.objects.count() == 1
    see(cast, Flag.objects.get(rule="S07"), cast.erik, due + timedelta(hours=4))
    assert desk.alerts(cast.dana, due + timedelta(hours=4)).dangers == ()


def test_seeing_one_danger_calls_off_no_alert_about_another(cast: Cast, time_machine: Any) -> None:
    on_duty(cast, cast.erik)
    make.check_in(cast.a, 0, safety=("self_harm", "child"))
    duty.watch(minutes(16))
    alert = Notice.objects.select_related("flag").get(kind="alert", to=cast.erik)
    assert alert.flag
    see(cast, alert.flag, cast.dana, minutes(16))
    other = Flag.objects.get(state="open", safety=True)
    time_machine.move_to(minutes(16), tick=False)
    tasks.deliver(ids=[str(alert.pk)])
    assert [m.to for m in mail.outbox] == [[cast.erik.email]]
    duty.watch(minutes(31))
    see(cast, other, cast.dana, minutes(31))
    time_machine.move_to(minutes(31), tick=False)
    tasks.deliver_due()
    assert cast.ruth.email not in [to for m in mail.outbox for to in m.to], "now all of it was seen"


# New danger where nobody has looked


def safe_now(partner: Partner, sent: checkins.Sent, at: datetime, answer: str) -> None:
    assert partner.user is not None
    checkins.tell_danger(
        partner=partner, checkin_id=sent.checkin.pk, by=partner.user, at=at, who="by_partner", safe_now=answer
    )


def when_told(since: datetime, *kinds: str) -> list[tuple[str, float]]:
    """Who was alerted after that moment, and so many minutes after it."""
    rows = Notice.objects.filter(kind__in=kinds or ("urgent", "alert"), created_at__gte=since).order_by(
        "created_at", "to__name"
    )
    return [(row.to.name, (row.created_at - since) / timedelta(minutes=1)) for row in rows.select_related("to")]


def test_now_on_what_nobody_saw_in_a_day_climbs_the_whole_ladder(cast: Cast) -> None:
    sent = make.check_in(cast.a, 0, safety=("afraid",))
    safe_now(cast.a, sent, minutes(1), "yes")
    for minute in (1, 480, 500):
        duty.watch(minutes(minute))
    assert Escalation.objects.get().next_at is None
    day = minutes(1440)
    on_duty(cast, cast.erik, day)
    sent = make.check_in(cast.a, 1, safety=("hurt", "afraid"))
    assert duty.alerted(cast.a, day)[0] == "now"
    assert "fifteen minutes" in pages.alert_words(cast.a, sent.checkin, "Dana")
    for minute in (0, 15, 30, 60):
        duty.watch(day + timedelta(minutes=minute))
    assert when_told(day, "alert") == [("Erik", 15), ("Ruth", 30)]
    assert ("Dana", 0) in when_told(day, "urgent")
    row = Escalation.objects.get(ended_at__isnull=True)
    assert (row.speed, row.rung, row.since) == ("now", duty.PHONE, day)


def test_a_day_that_ran_out_unseen_gives_new_evidence_a_day_of_its_own(cast: Cast) -> None:
    for day in (0, 1):
        sent = make.check_in(cast.a, day, safety=("must_not_contact",), c1=3)
        duty.watch(sent.checkin.at)
    flag = Flag.objects.get(rule="S03")
    assert flag.due_at is not None
    assert flag.due_at > minutes(1440)
    assert Escalation.objects.get(ended_at__isnull=True).since == minutes(1440)


def test_new_danger_after_the_ladder_has_ended_unseen_climbs_it_again(cast: Cast) -> None:
    day = minutes(4 * 1440)
    on_duty(cast, cast.erik)
    on_duty(cast, cast.erik, day)
    danger(cast)
    for minute in (0, 15, 30, 60, 90):
        duty.watch(minutes(minute))
    make.check_in(cast.a, 4, safety=("self_harm",))
    for minute in (0, 0, 15, 30, 60, 600):
        duty.watch(day + timedelta(minutes=minute))
    assert when_told(day) == [("Dana", 0), ("Erik", 15), ("Ruth", 30)]
    assert access.safety_cases(cast.erik, day + timedelta(hours=1)).exists()
    assert Flag.objects.get(rule="S01").due_at == day + timedelta(minutes=15)


def test_an_outage_over_two_words_of_danger_still_alerts_everybody_who_is_owed(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    danger(cast)
    danger(cast, 61 / 1440)
    duty.watch(minutes(70))
    assert {name for name, _minute in when_told(minutes(0))} == {"Dana", "Erik", "Ruth"}


def test_a_later_hand_calls_off_no_alert(cast: Cast) -> None:
    on_duty(cast, cast.erik)
    safe_now(cast.a, make.check_in(cast.a, 0, safety=("afraid", "hurt")), minutes(1), "no")
    duty.watch(minutes(1))
    safe_now(cast.a, make.check_in(cast.a, 5 / 1440, safety=("afraid",)), minutes(6), "yes")
    for minute in (6, 15, 30, 60):
        duty.watch(minutes(minute))
    assert when_told(minutes(0), "alert") == [("Erik", 15), ("Ruth", 30)]
    assert Flag.objects.get(rule="S02").due_at == minutes(15)
    # What a person has looked at is over: the next one alone is said to be calm.
    see(cast, Flag.objects.get(rule="S02"), cast.dana, minutes(70))
    for minute in (80, 90):  # and so are two, each of them said to be calm
        safe_now(cast.a, make.check_in(cast.a, minute / 1440, safety=("afraid",)), minutes(minute + 1), "yes")
        flag = Flag.objects.get(rule="S02")
        assert (flag.speed, flag.due_at) == ("today", minutes(80) + flags.DUE_TODAY)


@pytest.mark.parametrize("minute", [5, 40, 200])
@pytest.mark.parametrize("how", ["transfer", "cover"])
def test_who_takes_over_while_danger_waits_is_alerted_at_once(cast: Cast, how: str, minute: int) -> None:
    nils = make.user(cast.practice, "Nils", "counselor")
    on_duty(cast, cast.erik)
    danger(cast)
    for passed in range(0, minute + 1, 5):
        duty.watch(minutes(passed))
    then = minutes(minute)
    before, row = told(), Escalation.objects.get()
    if how == "transfer":
        team.transfer(case=cast.couple, to=nils, by=cast.ruth, at=then)
    else:
        team.cover(away=cast.dana, user=nils, since=then, until=minutes(9999), by=cast.dana, at=then)
    for passed in (1, 2, 3):
        duty.watch(then + timedelta(seconds=passed))
    assert told()[len(before) :] == [("alert", "Nils")]
    after = Escalation.objects.get()
    assert (after.since, after.rung, after.next_at) == (row.since, row.rung, row.next_at), "its ladder goes on"
