"""The lead's rooms (hours, channels and test, rota, numbers, team) and cover: what is typed is kept, and holds at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from clients import access, duty, tasks, team
from clients.models import Assignment, AuditEvent, Duty, Flag, Notice, Practice, Resource, User
from tests import browse, make
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
HOURS = {"do": "hours", **{f"day_{n}": "9:00-17:00" for n in range(5)}, "day_5": "", "day_6": ""}
NUMBER = {"kind": "crisis", "label": "Night line", "phone": "0800 999", "about": "", "position": "9"}


def minutes(number: float) -> datetime:
    return make.START + timedelta(minutes=number)


@pytest.fixture(autouse=True)
def monday_evening(time_machine: Any) -> None:
    time_machine.move_to(make.START, tick=False)


@pytest.mark.parametrize("path", ["/desk/practice/", "/desk/practice/duty/", "/desk/practice/numbers/", "/desk/practice/team/"])  # fmt: skip
def test_the_rooms_open_for_the_lead_only(cast: Cast, enter: Any, path: str) -> None:
    assert enter(cast.ruth).get(path).status_code == 200
    for who in (cast.dana, cast.erik, cast.alma, cast.fay):
        for method in ("get", "post"):
            assert getattr(enter(who), method)(path).status_code == 404, who
    supervisor = make.user(cast.practice, "Sam", "supervisor")
    assert enter(supervisor).get(path).status_code == 404


def test_hours_are_typed_a_line_a_day(cast: Cast, enter: Any) -> None:
    browser = enter(cast.ruth)
    assert 'value="9:00-17:00"' in browse.body(browser.get("/desk/practice/"))
    done = browser.post("/desk/practice/", HOURS | {"day_0": "8-12, 13:30 to 18", "day_4": "", "day_6": "10:00–11:00"})
    assert done.status_code == 302
    words = "Monday, 8:00 to 12:00 and 13:30 to 18:00; Tuesday to Thursday, 9:00 to 17:00; Sunday, 10:00 to 11:00"
    assert duty.week_of(cast.practice).words() == words
    assert words in browse.words(enter(cast.alma).get("/portal/help/"))
    assert AuditEvent.objects.get(act="practice.hours_set").by == cast.ruth


@pytest.mark.parametrize("typed", ["nine to five", "9:00-8:00", "9-12, 11-13", "25:00-26:00", "9:00", "9-24"])
def test_hours_that_cannot_be_stay_in_the_form_and_change_nothing(cast: Cast, enter: Any, typed: str) -> None:
    answer = enter(cast.ruth).post("/desk/practice/", HOURS | {"day_1": typed})
    assert answer.status_code == 422
    assert f'value="{typed}"' in browse.body(answer)
    assert "Tuesday: " in browse.words(answer)
    assert duty.week_of(cast.practice).words() == "Monday to Friday, 9:00 to 17:00"


@pytest.mark.parametrize(
    "url",
    [
        "http://pager.example/x", "https://127.0.0.1/", "https://10.0.0.8/x", "https://[::1]/", "https://169.254.169.254/",
        "ftp://pager.example", "https://me:secret@pager.example/", "https://pager.example:22/", "https://", "not an address",
        "https://pager.example/\r\nX: y",
    ],
)  # fmt: skip
def test_a_pager_that_may_not_be_called_is_refused(cast: Cast, enter: Any, url: str) -> None:
    answer = enter(cast.ruth).post("/desk/practice/", {"do": "channels", "after_hours": "next_day", "pager_url": url})
    assert answer.status_code == 422
    place = Practice.objects.get(pk=cast.practice.pk)
    assert (place.pager_url, place.after_hours) == ("", "duty")


def test_what_happens_outside_staffed_hours_is_the_practices_choice_and_clients_read_it(cast: Cast, enter: Any) -> None:
    browser = enter(cast.ruth)
    alma = enter(cast.alma)
    assert "an alert still goes out" in browse.words(alma.get("/portal/help/")).lower()
    assert browser.post(
        "/desk/practice/", {"do": "channels", "after_hours": "next_day", "pager_url": "https://pager.example/t/1"}
    ).status_code == 302  # fmt: skip
    for path in ("/portal/help/", "/portal/check-in/"):
        assert "Nobody has promised to look before Tuesday, 8 September, 09:00" in browse.words(alma.get(path)), path
    assert Practice.objects.get(pk=cast.practice.pk).pager_url == "https://pager.example/t/1"
    assert "pager.example" not in repr(list(AuditEvent.objects.values_list("detail", flat=True))), (
        "it may hold a secret"
    )


def test_the_test_of_the_alerts_is_sent_and_said_to_have_arrived(cast: Cast, enter: Any, time_machine: Any) -> None:
    ruth, dana = enter(cast.ruth), enter(cast.dana)
    ruth.post("/desk/practice/", {"do": "test"})
    assert "Waits to be sent" in browse.words(ruth.get("/desk/practice/"))
    time_machine.move_to(minutes(1), tick=False)
    assert tasks.deliver_due() == 2
    said = browse.words(ruth.get("/desk/practice/"))
    assert "Sent 7 Sep, 19:01" in said
    assert said.count("Not said yet") == 2
    assert "It arrived" in browse.words(dana.get("/desk/"))
    assert "It arrived" not in browse.words(enter(cast.erik).get("/desk/"))
    time_machine.move_to(minutes(2), tick=False)
    dana.post("/desk/alerts/arrived/")
    assert "It arrived" not in browse.words(dana.get("/desk/"))
    assert "Dana said so, 7 Sep, 19:02" in browse.words(ruth.get("/desk/practice/"))


def test_the_rota_is_kept_by_half_days(cast: Cast, enter: Any) -> None:
    browser = enter(cast.ruth)
    assert "Nobody is on duty now" in browse.words(browser.get("/desk/practice/duty/"))
    form = {"start": "2026-09-07", "2026-09-07_pm": str(cast.erik.pk), "2026-09-08_am": str(cast.dana.pk)}
    assert browser.post("/desk/practice/duty/", form).status_code == 302
    assert duty.on_duty(cast.practice, make.START) == cast.erik
    assert "On duty now: Erik" in browse.words(browser.get("/desk/practice/duty/"))
    assert Duty.objects.count() == 2
    stranger = form | {"2026-09-08_am": str(cast.fay.pk), "2026-09-09_am": str(cast.dana.pk)}
    answer = browser.post("/desk/practice/duty/", stranger)
    assert answer.status_code == 422
    assert browse.body(answer).count("selected") == 2, "what was picked stays, where it can be picked"
    assert Duty.objects.count() == 2
    assert browser.post("/desk/practice/duty/", {"start": "2026-09-07"}).status_code == 302
    assert Duty.objects.count() == 0
    for odd in ("x", "9999-99-99", "0001-01-01", "9999-12-31"):
        assert browser.get("/desk/practice/duty/", {"from": odd}).status_code == 200


def test_help_numbers_are_changed_in_place_and_clients_see_them(cast: Cast, enter: Any) -> None:
    browser, alma = enter(cast.ruth), enter(cast.alma)
    row = Resource.objects.get(practice=cast.practice, kind="crisis")
    change = NUMBER | {"do": "change", "id": str(row.pk)}
    assert browser.post("/desk/practice/numbers/", change).status_code == 302
    assert "0800 999" in browse.body(alma.get("/portal/help/"))
    wrong = browser.post("/desk/practice/numbers/", change | {"phone": "call me"})
    assert wrong.status_code == 422
    assert 'value="call me"' in browse.body(wrong)
    added = NUMBER | {"do": "add", "label": "Chat", "phone": "", "about": "chat.example", "locale": "en"}
    assert browser.post("/desk/practice/numbers/", added).status_code == 302
    assert "chat.example" in browse.body(alma.get("/portal/help/"))
    assert browser.post("/desk/practice/numbers/", {"do": "drop", "id": str(row.pk)}).status_code == 302
    assert "0800 999" not in browse.body(alma.get("/portal/help/"))
    emergency = Resource.objects.get(practice=cast.practice, kind="emergency")
    kept = browser.post("/desk/practice/numbers/", {"do": "drop", "id": str(emergency.pk)})
    assert kept.status_code == 422
    assert "One emergency number has to stay" in browse.words(kept)
    elsewhere = Resource.objects.filter(practice=cast.elsewhere).first()
    assert elsewhere
    for do in ("change", "drop"):
        answer = browser.post("/desk/practice/numbers/", NUMBER | {"do": do, "id": str(elsewhere.pk)})
        assert answer.status_code == 404
    acts = AuditEvent.objects.filter(act__startswith="practice.number").order_by("seq").values_list("act", flat=True)
    assert list(acts) == ["practice.number_changed", "practice.number_added", "practice.number_dropped"]


def test_the_team_room_names_no_client(cast: Cast, enter: Any) -> None:
    said = browse.words(enter(cast.ruth).get("/desk/practice/team/"))
    assert "Dana" in said
    assert "2 cases" in said
    for name in ("Alma", "Bruno", "Carla", "Fay"):
        assert name not in said


def test_switching_off_ends_every_session_at_once_and_leaves_the_cases_to_be_handed_on(cast: Cast, enter: Any) -> None:
    ruth, dana = enter(cast.ruth), enter(cast.dana)
    assert dana.get("/desk/").status_code == 200
    assert ruth.post("/desk/practice/team/", {"do": "off", "id": str(cast.dana.pk), "sure": "on"}).status_code == 302
    assert dana.get("/desk/").status_code == 302
    assert "2 cases without a counselor" in browse.words(ruth.get("/desk/practice/team/"))
    given = {"do": "transfer", "case": str(cast.couple.pk), "to": str(cast.erik.pk)}
    assert ruth.post("/desk/practice/team/", given).status_code == 302
    assert enter(cast.erik).get(f"/desk/cases/{cast.couple.pk}/").status_code == 200
    assert ruth.post("/desk/practice/team/", given).status_code == 422, "held already"
    assert ruth.post("/desk/practice/team/", {"do": "on", "id": str(cast.dana.pk)}).status_code == 302
    again = enter(User.objects.get(pk=cast.dana.pk))
    assert again.get("/desk/").status_code == 200
    assert again.get(f"/desk/cases/{cast.couple.pk}/").status_code == 404
    for wrong in (cast.ruth.pk, cast.fay.pk, cast.alma.pk):
        assert ruth.post("/desk/practice/team/", {"do": "off", "id": str(wrong), "sure": "on"}).status_code in {
            404,
            422,
        }
    assert User.objects.filter(is_active=False).count() == 0
    foreign = given | {"case": str(cast.foreign.pk)}
    assert ruth.post("/desk/practice/team/", foreign).status_code == 404


def test_a_trainee_has_a_supervisor_who_is_none(cast: Cast, enter: Any) -> None:
    ruth = enter(cast.ruth)
    given = {"do": "trainee", "id": str(cast.erik.pk), "supervisor": str(cast.dana.pk)}
    assert ruth.post("/desk/practice/team/", given).status_code == 302
    assert User.objects.get(pk=cast.erik.pk).supervisor == cast.dana
    turned = {"do": "trainee", "id": str(cast.dana.pk), "supervisor": str(cast.erik.pk)}
    assert ruth.post("/desk/practice/team/", turned).status_code == 422
    assert ruth.post("/desk/practice/team/", given | {"supervisor": str(cast.erik.pk)}).status_code == 422
    assert ruth.post("/desk/practice/team/", given | {"supervisor": ""}).status_code == 302
    assert not User.objects.get(pk=cast.erik.pk).trainee


def test_a_counselor_arranges_cover_and_ends_it(cast: Cast, enter: Any, time_machine: Any) -> None:
    dana = enter(cast.dana)
    form = {"do": "cover", "user": str(cast.erik.pk), "since": "2026-09-10", "until": "2026-09-20"}
    assert dana.post("/desk/cover/", form | {"until": "2026-09-01"}).status_code == 422
    assert dana.post("/desk/cover/", form | {"cases": [str(cast.couple.pk)]}).status_code == 302
    row = Assignment.objects.get(role="cover")
    assert (row.case, row.user) == (cast.couple, cast.erik)
    assert (row.since.isoformat(), row.until and row.until.isoformat()) == (
        "2026-09-09T22:00:00+00:00", "2026-09-20T22:00:00+00:00",
    )  # fmt: skip
    place = f"/desk/cases/{cast.couple.pk}/safety/"
    assert enter(cast.erik).get(place).status_code == 404, "not before the first day"
    time_machine.move_to(row.since, tick=False)
    assert enter(cast.erik).get(place).status_code == 200
    assert enter(cast.erik).post("/desk/cover/", {"do": "end", "id": str(row.pk)}).status_code == 404
    assert "Erik" in browse.words(enter(cast.dana).get("/desk/cover/"))
    time_machine.move_to(row.since + timedelta(days=1), tick=False)
    assert enter(cast.dana).post("/desk/cover/", {"do": "end", "id": str(row.pk)}).status_code == 302
    assert enter(cast.erik).get(place).status_code == 404


def test_the_lead_arranges_cover_for_somebody_who_fell_ill(cast: Cast, enter: Any) -> None:
    form = {
        "do": "cover", "away": str(cast.dana.pk), "user": str(cast.erik.pk), "since": "2026-09-07", "until": "2026-09-09",
    }  # fmt: skip
    answer = enter(cast.ruth).post("/desk/practice/team/", form)
    assert answer.status_code == 302
    assert access.safety_cases(cast.erik, minutes(1)).count() == 2
    assert "stands in" in browse.words(enter(cast.ruth).get("/desk/practice/team/"))
    assert team.held_by(cast.dana, minutes(1)).count() == 2


@pytest.mark.parametrize("path", ["/desk/practice/", "/desk/practice/duty/", "/desk/practice/numbers/", "/desk/practice/team/", "/desk/cover/"])  # fmt: skip
def test_nonsense_gets_an_answer_and_changes_nothing(cast: Cast, enter: Any, path: str) -> None:
    browser = enter(cast.ruth)
    count = AuditEvent.objects.count()
    for data in (
        {}, {"do": "x"}, {"do": "hours", "day_0": "\x00"}, {"do": "channels"}, {"do": "change", "id": "x"}, {"do": "drop"},
        {"do": "add", "label": "x" * 500}, {"do": "off", "id": "x"}, {"do": "transfer"}, {"do": "cover", "since": "x"},
        {"do": "cover", "user": "x", "since": "0001-01-01", "until": "9999-12-31"}, {"do": "end", "id": "x"},
        {"start": "2026-09-07", "2026-09-07_am": "x"}, {"do": "trainee", "id": str(cast.dana.pk), "supervisor": "x"},
    ):  # fmt: skip
        assert browser.post(path, data).status_code in {200, 302, 404, 422}, data
    assert not Notice.objects.exists()
    left = AuditEvent.objects.exclude(act__in=["practice.hours_set", "practice.duty_set"]).count()
    assert left <= count


def test_switching_off_is_asked_once_and_ends_cover_with_its_waiting_time_given_back(
    cast: Cast, enter: Any, time_machine: Any
) -> None:
    at, later = make.START, make.START + timedelta(hours=6)
    make.check_in(cast.a, 0, c8={"ultimatum": 1})
    flag = Flag.objects.get(case=cast.couple, rule="P03")
    assert flag.due_at
    was = flag.due_at
    team.cover(away=cast.dana, user=cast.erik, since=at, until=at + timedelta(days=20), by=cast.ruth, at=at)
    flag.refresh_from_db()
    assert flag.due_at > was
    time_machine.move_to(later, tick=False)
    ruth = enter(cast.ruth)
    room, off = "/desk/practice/team/", {"do": "off", "id": str(cast.erik.pk)}
    assert "This cover ends:" in browse.words(ruth.get(room))
    asked = ruth.post(room, off)
    assert asked.status_code == 422
    assert "Please tick that Erik is to be switched off." in browse.words(asked)
    assert User.objects.get(pk=cast.erik.pk).is_active
    done = ruth.post(room, off | {"sure": "on"}, follow=True)
    assert "This cover has ended: " in browse.words(done)
    assert not User.objects.get(pk=cast.erik.pk).is_active
    flag.refresh_from_db()
    assert flag.due_at == was + (later - at), "what was left is left"
    assert AuditEvent.objects.filter(act="cover.ended").count() == 2
