"""Danger stands above every page of the desk until a named person has looked; when alerts fail, the desk says so."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clients import duty, flags, tasks, team
from clients.models import AuditEvent, Flag, Notice
from tests import browse, make
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]


def minutes(number: float) -> datetime:
    return make.START + timedelta(minutes=number)


def on_duty(cast: Cast, user: Any) -> None:
    plan = {(minutes(1440 * n).date(), half): user.pk for n in (-1, 0, 1) for half in ("am", "pm")}
    duty.set_duty(practice=cast.practice, plan=plan, by=cast.ruth, at=make.START)


def danger(cast: Cast) -> Flag:
    make.check_in(cast.a, 0, safety=("self_harm",))
    return Flag.objects.get(rule="S01")


def banner(response: Any) -> str:
    return browse.body(response).split('<section id="alerts"')[1].split("<main")[0]


ROOMS = ("/desk/", "/desk/library/", "/desk/trail/", "/desk/library/G11/")


def test_it_stands_above_every_page_until_somebody_has_looked(cast: Cast, enter: Any, time_machine: Any) -> None:
    time_machine.move_to(minutes(1), tick=False)
    dana, erik = enter(cast.dana), enter(cast.erik)
    assert "data-danger" not in banner(dana.get("/desk/"))
    flag = danger(cast)
    duty.watch(minutes(1))
    rooms = (*ROOMS, f"/desk/cases/{cast.couple.pk}/", f"/desk/cases/{cast.single.pk}/")
    for room in rooms:
        said = banner(dana.get(room))
        assert "Alma and Bruno" in said, room
        assert f"/desk/cases/{cast.couple.pk}/flags/{flag.pk}/" in said
        assert 'role="alert"' in said
    for room in ROOMS:
        assert "Alma" not in browse.body(erik.get(room)), "it is nobody else's to know"
    flags.acknowledge(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=minutes(1))
    for room in rooms:
        assert "data-danger" not in banner(dana.get(room))


def test_the_poll_says_nothing_twice(cast: Cast, enter: Any, time_machine: Any) -> None:
    time_machine.move_to(minutes(1), tick=False)
    browser = enter(cast.dana)
    page = banner(browser.get("/desk/"))
    address = page.split('hx-get="')[1].split('"')[0]
    assert browser.get(address, headers={"HX-Request": "true", "X-Poll": "1"}).status_code == 204
    danger(cast)
    fresh = browser.get(address, headers={"HX-Request": "true", "X-Poll": "1"})
    assert fresh.status_code == 200
    assert "Alma and Bruno" in browse.body(fresh)
    assert "<html" not in browse.body(fresh)


def test_after_an_hour_the_page_says_to_telephone(cast: Cast, enter: Any, time_machine: Any) -> None:
    on_duty(cast, cast.erik)
    danger(cast)
    for minute in (0, 15, 30, 59):
        duty.watch(minutes(minute))
    time_machine.move_to(minutes(59), tick=False)
    tasks.deliver_due()
    assert "telephone" not in banner(enter(cast.dana).get("/desk/"))
    duty.watch(minutes(60))
    time_machine.move_to(minutes(60), tick=False)
    for who in (cast.dana, cast.erik, cast.ruth):
        assert "Please telephone now" in banner(enter(who).get("/desk/")), who
    make.user(cast.practice, "Nils", "counselor")
    said = banner(enter(cast.everybody()["erik"].__class__.objects.get(name="Nils")).get("/desk/"))
    assert "seen by nobody" in said
    assert "Ruth" in said
    assert "Alma" not in said
    assert "seen by nobody" not in banner(enter(cast.fay).get("/desk/")), "another practice"


@pytest.mark.parametrize("broken", ["mail", "worker"])
def test_when_alerts_do_not_go_out_every_page_says_so(
    cast: Cast, enter: Any, time_machine: Any, settings: Any, broken: str
) -> None:
    danger(cast)
    time_machine.move_to(minutes(1), tick=False)
    browser = enter(cast.erik)
    assert "passed on by telephone" not in banner(browser.get("/desk/"))
    if broken == "mail":
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        duty.watch(minutes(1))
        for minute in (1, 3):
            time_machine.move_to(minutes(minute), tick=False)
            assert tasks.deliver_due() == 0
    else:  # nobody sweeps and nobody delivers
        time_machine.move_to(minutes(5), tick=False)
    for room in ROOMS:
        said = banner(browser.get(room))
        assert "passed on by telephone: Ruth" in said, room
        assert "Alma" not in said
    if broken == "mail":
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        time_machine.move_to(minutes(12), tick=False)
        assert tasks.deliver_due() == 1
        assert Notice.objects.get(kind="urgent").attempts == 3
        assert "Mail does not go out" not in banner(browser.get("/desk/"))


def test_in_session_is_a_button_that_ends_by_itself(cast: Cast, enter: Any, time_machine: Any) -> None:
    on_duty(cast, cast.erik)
    time_machine.move_to(minutes(0), tick=False)
    browser = enter(cast.dana)
    assert browser.post("/desk/in-session/", headers={"Referer": "http://testserver/desk/trail/"}).headers[
        "Location"
    ] == "http://testserver/desk/trail/"  # fmt: skip
    assert (
        browser.post("/desk/in-session/", headers={"Referer": "https://evil.example/"}).headers["Location"] == "/desk/"
    )
    assert "In session until" in banner(browser.get("/desk/"))
    danger(cast)
    duty.watch(minutes(1))
    assert set(Notice.objects.values_list("to__name", flat=True)) == {"Dana", "Erik"}
    browser.post("/desk/in-session/", {"do": "back"})
    assert "In session until" not in banner(browser.get("/desk/"))
    browser.post("/desk/in-session/")
    time_machine.move_to(minutes(0) + duty.IN_SESSION_FOR, tick=False)
    assert "In session until" not in banner(enter(cast.dana).get("/desk/"))
    assert AuditEvent.objects.filter(act="duty.in_session", by=cast.dana).count() == 3


def test_who_is_alerted_sees_danger_reach_and_limits_and_says_that_it_was_seen(
    cast: Cast, enter: Any, time_machine: Any
) -> None:
    on_duty(cast, cast.erik)
    make.check_in(cast.a, 0, "ZEBRA I want to die.", safety=("self_harm",), c8={"ultimatum": 2})
    flag, other = Flag.objects.get(rule="S01"), Flag.objects.get(rule="P03")
    duty.watch(minutes(15))
    time_machine.move_to(minutes(16), tick=False)
    browser = enter(cast.erik)
    said = banner(browser.get("/desk/"))
    assert "Alma and Bruno" in said
    room = browser.get(f"/desk/cases/{cast.couple.pk}/safety/")
    assert "I want to die" in browse.words(room)
    assert "No reach card yet" in browse.words(room)
    assert json_name(other) not in browse.words(room)
    place = f"/desk/cases/{cast.couple.pk}/"
    for closed in (
        place, f"{place}flags/{other.pk}/", f"{place}arrangements/", f"{place}screening/A/", "/desk/?q=alma",
    ):  # fmt: skip
        answer = browser.get(closed)
        assert answer.status_code == 404 or "row-name" not in browse.body(answer), closed
    assert browser.post(f"{place}notes/").status_code == 404
    assert browser.post(f"{place}flags/{other.pk}/seen/").status_code == 404
    room = browser.get(f"{place}flags/{flag.pk}/")
    assert room.status_code == 200
    above = banner(enter(cast.erik).get("/desk/"))
    assert "You were alerted about 1 case" in above
    assert "You stand in" not in above
    assert "7 Sep, 19:15 Erik was alerted" in browse.words(room), "who was told when stands in its history"
    assert browser.post(f"{place}flags/{flag.pk}/seen/").status_code == 302
    flag.refresh_from_db()
    assert flag.acknowledged_by == cast.erik
    assert AuditEvent.objects.filter(act="viewed", by=cast.erik, case=cast.couple).exists(), "looking is noted"
    time_machine.move_to(minutes(16) + timedelta(hours=73), tick=False)
    assert enter(cast.erik).get(f"{place}safety/").status_code == 404


def json_name(flag: Flag) -> str:
    import json

    return str(json.loads(flag.card)["name"])


def test_cover_finds_its_cases_above_every_page(cast: Cast, enter: Any, time_machine: Any) -> None:
    team.cover(away=cast.dana, user=cast.erik, since=minutes(1), until=minutes(1440), by=cast.dana, at=minutes(1))
    time_machine.move_to(minutes(2), tick=False)
    said = banner(enter(cast.erik).get("/desk/"))
    assert "You stand in for 2 cases" in said
    assert f"/desk/cases/{cast.couple.pk}/safety/" in said
    time_machine.move_to(minutes(1440), tick=False)
    assert "You stand in" not in banner(enter(cast.erik).get("/desk/"))


def test_cover_until_a_day_is_told_with_that_day(cast: Cast, enter: Any, time_machine: Any) -> None:
    until = datetime(2026, 9, 25, tzinfo=ZoneInfo("Europe/Berlin"))
    team.cover(away=cast.dana, user=cast.erik, since=minutes(1), until=until, by=cast.dana, at=minutes(1))
    time_machine.move_to(minutes(2), tick=False)
    erik = enter(cast.erik)
    for path in ("/desk/", f"/desk/cases/{cast.couple.pk}/safety/"):
        assert "until the end of 24 Sep" in browse.words(erik.get(path))
    assert "until the end of 24 Sep" in browse.words(enter(cast.dana).get("/desk/cover/"))
    assert "You hold no open case yourself." in browse.words(erik.get("/desk/"))
