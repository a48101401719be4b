"""Today: one counselor's open cases in four groups, one query whatever their number, none while rendering."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.template import loader
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients import cases, flags, summary
from clients.markup import sparkline
from clients.models import Case, CaseSummary, Flag, User
from counselor import pages
from tests import browse, make
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]


def groups(cast: Cast, at: Any, query: str = "") -> dict[str, list[str]]:
    return {g.key: [row.names for row in g.rows] for g in pages.today(cast.dana, at, query).groups}


def many_cases(dana: User, numbers: range) -> None:
    for number in numbers:
        case = make.case(
            dana, (f"Client{number}", make.user(dana.practice, f"client{number}", "client")), ("Max", None)
        )
        make.check_in(make.side(case), 0, safety=("afraid",) if number % 3 else (), c8={"ultimatum": 1})


def test_a_case_moves_through_the_groups_as_its_story_goes_on(cast: Cast) -> None:
    at = make.START
    assert groups(cast, at)["gone_quiet"] == ["Alma and Bruno", "Carla and Max"]
    for day in (0, 7, 14):
        sent = make.check_in(cast.a, day)
        make.read_all(cast.couple, cast.dana, sent.checkin.at)
    at = make.START + timedelta(days=15)
    assert groups(cast, at)["steady"] == ["Alma and Bruno"]
    sent = make.check_in(cast.a, 16, c8={"ultimatum": 1})
    at = make.START + timedelta(days=16, hours=1)
    assert groups(cast, at)["needs_you"] == ["Alma and Bruno"]
    flag = Flag.objects.get(rule="P03")
    flags.acknowledge(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=at)
    assert groups(cast, at)["watch"] == ["Alma and Bruno"]
    overdue = make.START + timedelta(days=18)
    assert groups(cast, overdue)["needs_you"] == ["Alma and Bruno"], "the promised day has come"
    make.read_all(cast.couple, cast.dana, overdue)
    flags.resolve(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=overdue, reason="agreed")
    assert groups(cast, overdue)["steady"] == ["Alma and Bruno"]
    assert groups(cast, make.START + timedelta(days=16 + 14, hours=2))["gone_quiet"] == [
        "Alma and Bruno",
        "Carla and Max",
    ]
    cases.pause(case=cast.couple, by=cast.dana, at=overdue)
    assert groups(cast, overdue)["gone_quiet"] == ["Alma and Bruno", "Carla and Max"]


def test_safety_stands_first_and_each_case_stands_once(cast: Cast) -> None:
    make.check_in(cast.a, 0, c8={"ultimatum": 1})
    make.check_in(cast.c, 0, safety=("self_harm",))
    found = groups(cast, make.START + timedelta(hours=1))
    assert found["needs_you"] == ["Carla and Max", "Alma and Bruno"]
    assert sum(found.values(), []) == found["needs_you"]


def test_everybody_sees_their_own_cases_only(cast: Cast) -> None:
    shown = {user.name: pages.today(user, timezone.now()).cases for user in (cast.dana, cast.erik, cast.ruth, cast.fay)}
    assert shown == {"Dana": 2, "Erik": 0, "Ruth": 0, "Fay": 1}
    Case.objects.filter(pk=cast.single.pk).update(closed_at=timezone.now())
    assert pages.today(cast.dana, timezone.now()).cases == 1


@pytest.mark.parametrize(
    ("query", "found"), [("bru", 1), ("BRUNO", 1), ("and", 2), ("Gus", 0), ("%", 0), ("' OR 1=1", 0), ("\x00", 0)]
)
def test_searching_is_by_name_among_ones_own(cast: Cast, query: str, found: int) -> None:
    assert sum(len(names) for names in groups(cast, timezone.now(), query).values()) == found


def test_a_row_says_who_why_change_last_contact_and_what_is_due(cast: Cast, enter: Any, time_machine: Any) -> None:
    for week in range(6):
        make.check_in(cast.a, 7 * week, c8="none" if week > 2 else {"push_return": 2, "reassurance": 1})
    time_machine.move_to(make.START + timedelta(days=36), tick=False)
    response = enter(cast.dana).get("/desk/")
    said = browse.words(response)
    assert "Alma and Bruno" in said
    assert "Pressing less than four weeks ago (better)" in said
    assert "Check-in, yesterday" in said
    assert "6 to read by" in said
    assert 'data-group="needs_you"' in browse.body(response)
    assert 'role="img"' in browse.body(response)
    assert "%" not in said, "no percent-like number"


def test_the_query_count_does_not_grow_with_the_caseload(cast: Cast, enter: Any) -> None:
    browser = enter(cast.dana)
    browser.get("/desk/")
    counts = []
    for numbers in (range(1, 2), range(2, 29)):  # one case with danger, or many
        many_cases(cast.dana, numbers)
        with CaptureQueriesContext(connection) as queries:
            page = browser.get("/desk/")
        counts.append(len(queries))
    assert browse.body(page).count('class="row"') == 30
    assert counts[0] == counts[1] <= 8, counts  # two of them for danger nobody has seen, one for second looks


def test_rendering_asks_the_database_nothing(cast: Cast) -> None:
    many_cases(cast.dana, range(4))
    page = pages.today(cast.dana, timezone.now())
    with CaptureQueriesContext(connection) as queries:
        html = loader.render_to_string("desk/_today.html", {"page": page})
    assert "Client0 and Max" in html
    assert list(queries) == []


def test_the_live_part_is_the_same_part_of_the_page(cast: Cast, enter: Any) -> None:
    make.check_in(cast.a, 0)
    browser = enter(cast.dana)
    whole, part = browser.get("/desk/"), browser.get("/desk/", headers={"HX-Request": "true", "X-Poll": "1"})
    assert "<html" not in browse.body(part)
    squeeze = [re.sub(r"\s+", " ", browse.body(r)).strip() for r in (part, whole)]
    assert squeeze[0] in squeeze[1]
    boosted = browser.get("/desk/", headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert "<html" in browse.body(boosted)


def test_whatever_a_case_is_called_is_text(cast: Cast, enter: Any) -> None:
    """Rows are put together by hand: each word in them is escaped."""
    names, reason = '<b>"Al\'ma"</b> & Bruno', "</p><script>alert(1)</script>"
    row = CaseSummary.objects.get(case=cast.couple)
    row.names, row.reason, row.watch_open = names, reason, 1
    row.save()
    page = browse.body(enter(cast.dana).get("/desk/"))
    assert names not in page
    assert "<script>alert" not in page
    assert "&lt;b&gt;&quot;Al&#x27;ma&quot;&lt;/b&gt; &amp; Bruno" in page
    assert "&lt;/p&gt;&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("levels", [(0, 0, 0), (10, 90, 10), (12.34, 12.36, 12.4, 55, 54.9), tuple(range(0, 100, 4))])
def test_the_line_goes_through_its_points(levels: tuple[float, ...]) -> None:
    """Told step by step, it ends where the dot stands, and no rounding adds up."""
    line = sparkline(" ".join(f"{20_000 + 7 * n}:{level}" for n, level in enumerate(levels)), "Own conduct")
    told = re.search(r'd="m([^l]+)l([^"]+)"', line)
    assert told is not None
    numbers = [[float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", part)] for part in told.groups()]
    assert len(numbers[1]) == 2 * (len(levels) - 1)
    x, y = numbers[0]
    for dx, dy in zip(numbers[1][::2], numbers[1][1::2], strict=True):
        assert dx >= 0
        x, y = x + dx, y + dy
        assert 0 <= y <= 28
    end = re.search(r'cx="([\d.]+)" cy="([\d.]+)"', line)
    assert end is not None
    assert (x, round(y, 1)) == (100, float(end[2])) == (float(end[1]), float(end[2]))


def test_a_quiet_case_still_says_what_is_set_aside_silenced_or_unread(cast: Cast) -> None:
    """ "Nothing asks" is said only where it is so."""

    def reason() -> str:
        return summary.group(CaseSummary.objects.get(case=cast.couple), at=at, today_overdue=False, paused=False).reason

    for day in (0, 7, 14):
        make.check_in(cast.a, day)
    at = make.START + timedelta(days=14, hours=1)
    assert reason() == "3 check-ins to read."
    make.read_all(cast.couple, cast.dana, at)
    assert reason() == "Nothing asks for you now."
    make.check_in(cast.a, 14.02, c8={"ultimatum": 2})
    make.read_all(cast.couple, cast.dana, at)
    flag = Flag.objects.get(case=cast.couple, rule="P03")
    assert reason() != "Nothing asks for you now."
    flags.snooze(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=at, until=at.date() + timedelta(days=5))
    assert reason().startswith("Set aside until 26 Sep: ")
    flags.acknowledge(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=at)
    flags.mute(case=cast.couple, rule="P03", by=cast.dana, at=at, reason="Agreed in the room.")
    assert reason().startswith("Muted: ")


def test_a_waiting_second_look_stands_on_today_of_those_who_can_take_it(cast: Cast, enter: Any) -> None:
    people = {name: enter(getattr(cast, name)) for name in ("dana", "ruth", "erik", "fay")}

    def line(name: str) -> bool:
        page = people[name].get("/desk/")
        shown = "1 second look at how danger was closed waits for you" in browse.words(page)
        assert shown == ('id="looks"' in browse.body(page))
        return shown

    now = timezone.now()
    make.check_in(cast.a, (now - make.START) / timedelta(days=1) - 1, safety=("child",))
    row = Flag.objects.get(rule="S04")
    assert [name for name in people if line(name)] == []
    flags.resolve(
        case=cast.couple, flag_id=row.pk, by=cast.dana, at=now, reason="followed_up", follow_up="Spoke to the school."
    )
    assert [name for name in people if line(name)] == ["ruth"], "not who closed it, nor who does not hold the case"
    flags.second_look(case=cast.couple, flag_id=row.pk, by=cast.ruth, at=timezone.now())
    assert [name for name in people if line(name)] == [], "and is gone at once when it was taken"
    flags.reopen(case=cast.couple, flag_id=row.pk, by=cast.ruth, at=timezone.now(), reason="too_soon")
    flags.resolve(
        case=cast.couple, flag_id=row.pk, by=cast.ruth, at=timezone.now(), reason="followed_up", follow_up="Called."
    )
    assert [name for name in people if line(name)] == ["dana"]
    User.objects.filter(practice=cast.practice).exclude(pk=cast.dana.pk).exclude(role="client").update(is_active=False)
    Flag.objects.filter(pk=row.pk).update(closed_by=cast.dana)
    assert not line("dana"), "alone, on another day"
    Flag.objects.filter(pk=row.pk).update(closed_at=now - timedelta(days=2))
    assert line("dana")
