"""After danger was told, and on the form before, the client reads who is alerted and what holds outside staffed hours; it
rests on this person's own answers and on what the practice has set (decisions 1, 8)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from clients import duty, team
from clients.models import Assignment, CheckIn, User
from tests import browse, make
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


TUESDAY, NIGHT = local("2026-09-08 10:00"), local("2026-09-12 03:00")  # staffed; Saturday night


def tell(browser: Any, at: datetime, time_machine: Any, **more: Any) -> str:
    time_machine.move_to(at, tick=False)
    form = {"key": str(uuid4()), "c3": "2", "c11": "1", **more}
    assert browser.post("/portal/check-in/", form).status_code == 302
    return browse.words(browser.get("/portal/check-in/sent/")).partition('"}')[2]


def choose(cast: Cast, after_hours: str) -> None:
    duty.set_channels(practice=cast.practice, after_hours=after_hours, pager_url="", by=cast.ruth, at=make.START)


def test_in_staffed_hours_the_counselor_and_then_a_colleague(cast: Cast, enter: Any, time_machine: Any) -> None:
    said = tell(enter(cast.alma), TUESDAY, time_machine, s1="self_harm")
    assert "Dana is alerted now. Where it is not seen within fifteen minutes, a colleague is alerted, too." in said
    assert "outside staffed hours" not in said


def test_who_works_alone_promises_no_colleague(cast: Cast, enter: Any, time_machine: Any) -> None:
    User.objects.filter(pk=cast.ruth.pk).update(is_active=False)
    said = tell(enter(cast.alma), TUESDAY, time_machine, s1="self_harm")
    assert "Dana is alerted now." in said
    assert "colleague" not in said


@pytest.mark.parametrize(
    ("after_hours", "words"),
    [
        ("duty", "An alert still goes out at once; it can take longer until somebody sees it."),
        ("next_day", "Nobody has promised to look before Monday, 14 September, 09:00."),
    ],
)
def test_outside_staffed_hours_what_the_practice_chose(
    cast: Cast, enter: Any, time_machine: Any, after_hours: str, words: str
) -> None:
    choose(cast, after_hours)
    time_machine.move_to(NIGHT, tick=False)
    browser = enter(cast.alma)
    outside = f"It is outside staffed hours now (Monday to Friday, 9:00 to 17:00). {words}"
    for path in ("/portal/check-in/", "/portal/help/"):
        assert outside in browse.words(browser.get(path)), path
    said = tell(browser, NIGHT, time_machine, s1="self_harm")
    assert outside in said
    assert "Please use the numbers above if it cannot wait." in said


def test_danger_for_today_says_by_when(cast: Cast, enter: Any, time_machine: Any) -> None:
    browser = enter(cast.alma)
    assert "Dana is alerted now." in tell(browser, TUESDAY, time_machine, s1="afraid")
    assert browser.post("/portal/check-in/sent/", {"s2_who": "to_me", "s2_safe": "yes"}).status_code == 302
    said = browse.words(browser.get("/portal/check-in/sent/"))
    assert "Dana is told, and is to look at it by Tuesday, 8 September, 18:00." in said
    duty.watch(TUESDAY + timedelta(seconds=5))
    assert "by Tuesday, 8 September, 17:00." in browse.words(browser.get("/portal/check-in/sent/")), "deadline as kept"


@pytest.mark.parametrize(
    ("at", "by"),
    [(TUESDAY, "Tuesday, 8 September, 12:00"), (NIGHT, "Monday, 14 September, 11:00"),
     (local("2026-09-11 16:00"), "Monday, 14 September, 10:00")],
)  # fmt: skip
def test_a_call_is_promised_for_staffed_time(cast: Cast, enter: Any, time_machine: Any, at: datetime, by: str) -> None:
    said = tell(enter(cast.alma), at, time_machine, s1_call="on", s1_when="after noon")
    assert f"Dana sees it by {by}, and calls only when you said it is safe." in said


def test_where_no_time_was_said_none_is_spoken_of(cast: Cast, enter: Any, time_machine: Any) -> None:
    said = tell(enter(cast.alma), TUESDAY, time_machine, s1_call="on")
    assert "Dana is to call you by Tuesday, 8 September, 12:00." in said
    assert "you said" not in said


def test_the_two_short_questions_are_taken_long_after_the_screen_was_shown(
    cast: Cast, enter: Any, time_machine: Any
) -> None:
    browser = enter(cast.alma)
    tell(browser, TUESDAY, time_machine, s1="afraid")
    time_machine.move_to(TUESDAY + timedelta(minutes=4), tick=False)
    assert browser.get("/portal/check-in/sent/").status_code == 302  # it is no longer shown
    browser.post("/portal/check-in/sent/", {"s2_who": "to_me", "s2_safe": "no"})
    assert "s2" in str(CheckIn.objects.get().safety)


def test_contact_by_whom_an_order_keeps_away_shows_whom_to_call(cast: Cast, enter: Any, time_machine: Any) -> None:
    assert "0800 222" in tell(enter(cast.alma), TUESDAY, time_machine, s1="partner_must_not", c2="2")
    assert "0800 222" not in tell(enter(cast.bruno), TUESDAY, time_machine, s1="partner_must_not", c2="0")


def test_it_does_not_say_who_is_in_session_or_away_nor_what_the_other_did(
    cast: Cast, enter: Any, time_machine: Any
) -> None:
    plain = tell(enter(cast.alma), TUESDAY, time_machine, s1="self_harm")
    duty.begin_session(by=cast.dana, at=TUESDAY)
    team.cover(
        away=cast.dana, user=cast.erik, since=TUESDAY, until=TUESDAY + timedelta(days=9), by=cast.dana, at=TUESDAY
    )
    make.check_in(cast.b, (TUESDAY - make.START) / timedelta(days=1), safety=("afraid", "might_hurt"))
    duty.watch(TUESDAY + timedelta(minutes=61))
    assert Assignment.objects.exclude(role="primary").exists()
    assert tell(enter(cast.alma), TUESDAY + timedelta(hours=2), time_machine, s1="self_harm") == plain


def test_a_calm_check_in_speaks_of_no_alert(cast: Cast, enter: Any, time_machine: Any) -> None:
    assert "alerted" not in tell(enter(cast.alma), TUESDAY, time_machine, s1="none")


def test_danger_in_a_line_back_says_who_is_alerted(cast: Cast, enter: Any, time_machine: Any) -> None:
    sent = make.share(cast.couple, cast.a, cast.dana, TUESDAY - timedelta(days=1), "X4")
    time_machine.move_to(TUESDAY, tick=False)
    answer = enter(cast.alma).post(
        f"/portal/guidance/{sent.pk}/", {"answer": "tried", "line": "I do not want to live."}
    )
    said = browse.words(answer)
    assert "Dana is alerted now." in said
    assert "0800 111" in said
