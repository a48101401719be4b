"""The room of arrangements: every act by its form, plainly and by htmx; what is refused keeps what was typed."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clients import care
from clients.models import Agreement, CaseSummary, Flag, Goal, Limit, ReachCard, Wish
from tests import browse, make
from tests.make import START

pytestmark = pytest.mark.db_both


def room(case: Any) -> str:
    return reverse("desk:arrangements", args=[case.pk])


def post(browser: Any, case: Any, what: str, htmx: bool = False, **data: Any) -> Any:
    path = reverse("desk:arrange", args=[case.pk, what])
    return browser.post(path, data, headers={"HX-Request": "true"} if htmx else {})


def test_a_monday_of_arrangements_without_script(cast: Any, enter: Any) -> None:
    desk, case = enter(cast.dana), cast.couple
    sent = [
        ("limit", {"side": "B", "limitB-source": "order", "limitB-scope": ["children"], "limitB-since": "2026-09-01",
                   "limitB-told": ["A"], "limitB-note": "Asked at court"}),
        ("agree", {"side": "A", "agreeA-kind": "contact_rate", "agreeA-words": "Texts at most twice a week",
                   "agreeA-per_week": "2", "agreeA-since": "2026-09-01"}),
        ("goal", {"side": "A", "goalA-words": "Sleep through the night"}),
        ("wish", {"side": "A", "wishA-wish": "unsure"}),
        ("reach", {"side": "A", "reachA-phone": "0151 000", "reachA-shared_device": "yes"}),
        ("phase", {"phase-phase": "trying", "phase-moved_out": "B"}),
        ("litigation", {"litigation-kinds": ["custody"], "litigation-text_off": "on"}),
    ]  # fmt: skip
    for what, data in sent:
        answer = post(desk, case, what, **data)
        assert answer.status_code == 302, (what, answer.content.decode()[:2000])
    page = desk.get(room(case)).content.decode()
    for words in ("Bruno is not to contact Alma: a court order.", "Allowed for the children.", "Told to Alma.",
                  "Asked at court", "Texts at most twice a week (at most 2 a week)", "Sleep through the night",
                  "Not sure, told", "0151 000", "never leave one", "Trying together since", "Bruno moved out.",
                  "Custody is in dispute"):  # fmt: skip
        assert words in page, words
    case_page = desk.get(reverse("desk:case", args=[case.pk])).content.decode()
    assert "Bruno is not to contact Alma, but for the children: a court order." in case_page
    assert "not a custody evaluation" in case_page


def test_ending_and_asking_again(cast: Any, enter: Any) -> None:
    desk, case = enter(cast.dana), cast.couple
    common: dict[str, Any] = {"case": case, "by": cast.dana, "at": START}
    day = START.date()
    limit = care.record_limit(
        keeps_away=cast.b, source="told", scope=[], since=day, until=None, told=[], note="", **common
    )
    agreed = care.agree(partner=cast.a, kind="homework", words="A walk", since=day, **common)
    goal = care.set_goal(partner=cast.a, words="Sleep", **common)
    care.write_reach_card(partner=cast.a, phone="0151", **common)
    assert post(desk, case, "limit-asked", id=limit.pk).status_code == 302
    limit.refresh_from_db()
    assert limit.confirmed_at > START
    assert post(desk, case, "reach-asked", side="A").status_code == 302
    assert ReachCard.objects.count() == 2
    for what, row in (("limit-ended", limit), ("goal-ended", goal)):
        assert post(desk, case, what, id=row.pk).status_code == 302
        again = post(desk, case, what, id=row.pk)
        assert (again.status_code, "ended already" in again.content.decode()) == (409, True)
    assert post(desk, case, "agreement-ended", id=agreed.pk, outcome="kept").status_code == 302
    assert Agreement.objects.get().outcome == "kept"
    assert not Limit.objects.filter(ended_at=None).exists()
    assert Goal.objects.get().ended_by == cast.dana


@pytest.mark.parametrize("htmx", [False, True])
def test_what_is_refused_keeps_what_was_typed(cast: Any, enter: Any, htmx: bool) -> None:
    answer = post(
        enter(cast.dana), cast.couple, "agree", htmx, side="A",
        **{"agreeA-kind": "talks", "agreeA-words": "No talks after nine", "agreeA-per_week": "3", "agreeA-since": "2026-09-01"},
    )  # fmt: skip
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "A number a week fits only how often to write or call." in page
    assert "No talks after nine" in page
    assert ("<html" in page) != htmx
    assert not Agreement.objects.exists()


def test_each_person_has_their_own(cast: Any, enter: Any) -> None:
    desk = enter(cast.dana)
    post(desk, cast.couple, "wish", side="B", **{"wishB-wish": "apart"})
    assert Wish.objects.get().partner == cast.b
    assert CaseSummary.objects.get(case=cast.couple).arranged["wish"].keys() == {"B"}
    assert post(desk, cast.couple, "wish", **{"wishB-wish": "apart"}).status_code == 404
    assert post(desk, cast.couple, "no-such-act").status_code == 404
    assert post(desk, cast.couple, "limit-ended", id="x").status_code == 404
    assert post(desk, cast.single, "goal-ended", id=Wish.objects.get().pk).status_code == 404


def test_the_room_asks_for_the_same_number_of_rows_however_much_is_arranged(cast: Any, enter: Any) -> None:
    desk = enter(cast.dana)
    desk.get(room(cast.couple))
    with CaptureQueriesContext(
        connection,
    ) as few:
        desk.get(room(cast.couple))
    for number in range(3):
        care.set_goal(case=cast.couple, partner=cast.a, words=f"Goal {number}", by=cast.dana, at=START)
        care.agree(
            case=cast.couple, partner=cast.b, kind="homework", words="x", since=START.date(), by=cast.dana, at=START
        )
    desk.get(room(cast.couple))
    with CaptureQueriesContext(connection) as many:
        desk.get(room(cast.couple))
    assert len(many) == len(few) <= 18


def test_the_reach_card_is_the_first_thing_on_a_safety_flag(cast: Any, enter: Any) -> None:
    care.write_reach_card(case=cast.couple, partner=cast.a, phone="0151 000", by=cast.dana, at=START)
    make.check_in(cast.a, 1, safety=("afraid",))
    flag = Flag.objects.get(rule="S02")
    page = enter(cast.dana).get(reverse("desk:flag", args=[cast.couple.pk, flag.pk])).content.decode()
    assert page.index("0151 000") < page.index('data-rule="S02"')
    make.check_in(cast.b, 2, safety=("afraid",))
    other = Flag.objects.get(rule="S02", partner=cast.b)
    page = enter(cast.dana).get(reverse("desk:flag", args=[cast.couple.pk, other.pk])).content.decode()
    assert "No reach card yet" in page
    assert "0151 000" not in page


def test_a_limit_shows_nothing_at_the_portal(cast: Any, enter: Any) -> None:
    """What is arranged is the desk's: neither client's pages change by a byte."""
    doors = {who: enter(getattr(cast, who)) for who in ("alma", "bruno")}
    paths = [reverse(f"portal:{name}") for name in ("home", "guidance", "help", "check_in")]
    before = {(who, path): browse.steady(door.get(path)) for who, door in doors.items() for path in paths}
    common: dict[str, Any] = {"case": cast.couple, "by": cast.dana, "at": START}
    care.record_limit(
        keeps_away=cast.b, source="own_wish", scope=["children"], since=START.date(), until=None, told=[], note="x",
        **common,
    )  # fmt: skip
    care.agree(partner=cast.a, kind="homework", words="A walk", since=START.date(), **common)
    care.change_phase(phase="trying", moved_out=cast.b, **common)
    care.write_reach_card(partner=cast.a, phone="0151", **common)
    after = {(who, path): browse.steady(door.get(path)) for who, door in doors.items() for path in paths}
    assert after == before


def test_a_check_in_plan_is_set_paused_stopped_and_set_going_again(cast: Any, enter: Any) -> None:
    desk, case = enter(cast.dana), cast.couple
    data = {"side": "A", "planA-every_days": "7", "planA-at_time": "18:00", "planA-weekday": "1"}
    assert post(desk, case, "plan", **data).status_code == 302
    page = desk.get(room(case)).content.decode()
    assert "Every week, Tuesday at 18:00 (the client’s time). Next " in page
    assert (
        post(desk, case, "pause", side="A", **{"pauseA-first": "2030-01-01", "pauseA-last": "2029-01-01"}).status_code
        == 422
    )
    assert post(desk, case, "pause", side="A", **{"pauseA-first": "2020-01-01"}).status_code == 302
    assert "Paused from 1 Jan 2020." in desk.get(room(case)).content.decode()
    assert post(desk, case, "plan-resumed", side="A").status_code == 302
    assert post(desk, case, "plan-stopped", side="A").status_code == 302
    assert "Stopped today." in desk.get(room(case)).content.decode()
    refused = post(desk, case, "plan", side="A", **{"planA-every_days": "2", "planA-at_time": "18:00"})
    assert (refused.status_code, "every 3 to 14 days" in refused.content.decode()) == (422, True)
    assert post(desk, case, "plan-stopped", side="B").status_code == 409


def test_a_limit_that_was_ticked_and_not_recorded_is_asked_for_until_it_is(cast: Any, enter: Any) -> None:
    make.check_in(cast.b, (timezone.now() - START) / timedelta(days=1), safety=("partner_must_not",))
    desk, address = enter(cast.dana), reverse("desk:case", args=[cast.couple.pk])
    asks = "Bruno reported that Alma is not to contact Bruno. Please record it once."
    assert asks in desk.get(address).content.decode()
    care.record_limit(
        case=cast.couple, keeps_away=cast.a, source="own_wish", scope=[], since=START.date(), until=None, told=[],
        note="", by=cast.dana, at=START,
    )  # fmt: skip
    assert asks not in desk.get(address).content.decode()


def test_a_wish_told_in_a_check_in_stands_in_the_room_and_nothing_is_chosen_beforehand(cast: Any, enter: Any) -> None:
    desk, case = enter(cast.dana), cast.couple
    make.check_in(cast.a, 3, wish="together")
    assert "Wants at present: Together again, told in a check-in on 10 Sep" in browse.words(desk.get(room(case)))
    post(desk, case, "wish", side="A", **{"wishA-wish": "unsure"})
    assert "Wants at present: Not sure, told today" in browse.words(desk.get(room(case)))
    day = START.date()
    care.agree(case=case, partner=cast.a, kind="visits", words="Sundays", since=day, by=cast.dana, at=START)
    html = desk.get(room(case)).content.decode()
    assert html.split('name="outcome"')[1].split("<option")[1].startswith(' value="">')
