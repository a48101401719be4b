"""The rooms of flags, as a counselor uses them: every act without script and by htmx, the list, second looks, rules and what
the practice lead reads of them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients import accounts, flags
from clients.models import Assignment, AuditEvent, Flag, RuleMute, SteadyWindow
from clients.rules import CATALOGUE
from tests import browse, make
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.db_both]

DEADLINE: dict[str, Any] = {"c8": {"ultimatum": 1}}
HTMX = {"HX-Request": "true"}


def days_ago(count: float) -> float:
    """A day of `make` that lies so many days back from today."""
    return (timezone.now() - make.START) / timedelta(days=1) - count


def also(cast: Cast, user: Any) -> None:
    """Somebody else who holds the case as well, until its handing over is done."""
    until = timezone.now() + timedelta(days=30)
    Assignment.objects.create(
        practice=cast.practice, case=cast.couple, user=user, role="primary", since=make.START, until=until
    )


def room(row: Flag) -> str:
    return f"/desk/cases/{row.case_id}/flags/{row.pk}/"


def raised(cast: Cast, rule: str = "P03", **more: Any) -> Flag:
    make.check_in(cast.a, days_ago(1), **(more or DEADLINE))
    return Flag.objects.get(partner=cast.a, rule=rule)


def stand(row: Flag) -> str:
    return str(row.events.latest("id").pk)


ACTS: list[tuple[str, dict[str, str], str]] = [
    ("seen/", {}, "acknowledged"),
    ("resolve/", {"reason": "known"}, "resolved"),
    ("aside/", {"until": "in five days"}, "snoozed"),
    ("owner/", {"to_id": "Erik"}, "open"),
    ("mute/", {"reason": "Agreed with both.", "side": "A"}, "open"),
]


def filled(cast: Cast, row: Flag, data: dict[str, str]) -> dict[str, str]:
    known = {"in five days": (timezone.now() + timedelta(days=5)).date().isoformat(), "Erik": str(cast.erik.pk)}
    return {name: known.get(value, value) for name, value in data.items()} | {"stand": stand(row)}


@pytest.mark.parametrize(("act", "data", "state"), ACTS, ids=[a for a, _, _ in ACTS])
def test_every_act_works_without_script_and_with_it(
    cast: Cast, enter: Any, act: str, data: dict[str, str], state: str
) -> None:
    also(cast, cast.erik)
    browser = enter(cast.dana)
    row = raised(cast)
    page = browser.get(room(row))
    assert f'action="{room(row)}{act}"' in page.content.decode(), "the form is on the page"
    plainly = browser.post(room(row) + act, filled(cast, row, data))
    assert (plainly.status_code, plainly.headers["Location"]) == (302, room(row))
    row.refresh_from_db()
    assert row.state == state
    again = browser.post(room(row) + act, filled(cast, row, data), headers=HTMX)
    assert again.status_code in {409, 422}, "said twice"
    assert again.content.decode().lstrip().startswith('<div id="flag-room"'), "a part, not a page"
    part = browser.get(room(row), headers=HTMX).content.decode()
    assert "<html" not in part


def test_what_is_not_filled_in_is_asked_for_beside_the_field(cast: Cast, enter: Any) -> None:
    browser, row = enter(cast.dana), raised(cast, "S01", safety=("self_harm",))
    empty = browser.post(room(row) + "resolve/", {"reason": "followed_up", "follow_up": " "})
    assert empty.status_code == 422
    assert "what was done next" in browse.words(empty)
    assert browser.post(room(row) + "resolve/", {"reason": "known", "follow_up": "Called."}).status_code == 422
    for act in ("aside/", "owner/", "mute/", "reopen/"):
        assert browser.post(room(row) + act, {}).status_code in {409, 422}
    row.refresh_from_db()
    assert row.state == "open"


def test_danger_offers_neither_aside_nor_mute(cast: Cast, enter: Any) -> None:
    row = raised(cast, "S01", safety=("self_harm",))
    said = enter(cast.dana).get(room(row)).content.decode()
    assert "aside/" not in said
    assert "mute/" not in said
    assert "What was done next" in said


def test_who_comes_second_sees_what_the_first_did(cast: Cast, enter: Any) -> None:
    also(cast, cast.erik)
    row = raised(cast)
    seen_by_both = stand(row)
    first, second = enter(cast.dana), enter(cast.erik)
    first.post(room(row) + "seen/", {"stand": seen_by_both})
    answer = second.post(room(row) + "resolve/", {"reason": "known", "stand": seen_by_both})
    assert answer.status_code == 409
    said = browse.words(answer)
    assert "Dana has already marked this flag as seen (" in said
    assert "Seen by Dana" in said, "the room as it is now"
    assert '<option value="known" selected' in answer.content.decode(), "what was filled in stays"
    assert stand(row) in answer.content.decode(), "and the next act starts from there"
    assert second.post(room(row) + "resolve/", {"reason": "known", "stand": stand(row)}).status_code == 302


def test_a_closed_flag_opens_again_with_a_reason(cast: Cast, enter: Any) -> None:
    browser, row = enter(cast.dana), raised(cast)
    browser.post(room(row) + "resolve/", {"reason": "known"})
    assert browser.post(room(row) + "reopen/", {"reason": ""}).status_code == 422
    assert browser.post(room(row) + "reopen/", {"reason": "new", "words": "It came up again."}).status_code == 302
    said = browse.words(browser.get(room(row)))
    assert "Opened again by Dana: Something new came up" in said
    assert "It came up again." in said


def test_the_rules_of_a_flag_stand_in_plain_words_and_its_numbers_one_step_away(cast: Cast, enter: Any) -> None:
    row = raised(cast)
    html = enter(cast.dana).get(room(row)).content.decode()
    why = html[html.index('id="why"') :]
    before, after = why[: why.index("How we got this")], why[why.index("How we got this") :]
    assert "It speaks when" in before
    assert "P03" in after
    assert "P03" not in re.sub("<[^>]+>", " ", before)
    assert "version" in after


def test_what_was_set_aside_is_brought_back_and_the_history_says_so(cast: Cast, enter: Any) -> None:
    browser, row = enter(cast.dana), raised(cast)
    assert "Hand on" not in browse.words(browser.get(room(row))), "there is nobody else to hand it on to"
    browser.post(room(row) + "aside/", {"until": f"{timezone.now() + timedelta(days=5):%Y-%m-%d}"})
    assert "Bring back now" in browse.words(browser.get(room(row)))
    answer = browser.post(room(row) + "back/", {"stand": stand(row)}, headers=HTMX)
    row.refresh_from_db()
    assert (row.state, row.snoozed_until) == ("open", None)
    assert row.due_at > timezone.now()
    assert "Brought back by Dana." in browse.words(answer)
    again = browser.post(room(row) + "back/")
    assert again.status_code == 409
    assert "Dana has brought this flag back" in browse.words(again)
    also(cast, cast.erik)
    browser.post(room(row) + "mute/", {"reason": "Agreed with both.", "side": "A"})
    said = browse.words(browser.get(room(row)))
    assert "Rule muted by Dana Agreed with both." in said
    assert "Hand on" in said
    browser.post(f"/desk/cases/{cast.couple.pk}/mutes/{RuleMute.objects.get().pk}/")
    assert "Rule no longer muted, by Dana" in browse.words(browser.get(room(row)))


# The list


def test_the_list_shows_own_flags_and_filters_them(cast: Cast, enter: Any) -> None:
    raised(cast, "S01", safety=("self_harm",), **DEADLINE)
    make.check_in(cast.g, days_ago(1), **DEADLINE)
    browser = enter(cast.dana)
    everything = browser.get("/desk/flags/").content.decode()
    assert everything.index('data-rule="S01"') < everything.index('data-rule="P03"'), "danger first"
    assert "Gus" not in everything
    assert 'class="row-name"' in everything, "j and k walk it"

    def rules(query: str) -> set[str]:
        html = browser.get(f"/desk/flags/?{query}", headers=HTMX).content.decode()
        assert "<html" not in html
        return {rule for rule in ("S01", "P03") if f'data-rule="{rule}"' in html}

    assert rules("family=safety") == {"S01"}
    assert rules("severity=3") == {"P03"}
    assert rules("state=closed") == set()
    assert rules("state=nonsense&family=%00&severity=99") == {"S01", "P03"}
    assert browse.words(enter(cast.erik).get("/desk/flags/")).count("No flag here") == 1


def test_information_is_filed_from_the_list_and_from_the_case(cast: Cast, enter: Any) -> None:
    make.check_in(cast.a, days_ago(2), c11=0, c12=4)
    make.check_in(cast.c, days_ago(2), c11=0, c12=4)
    browser = enter(cast.dana)
    ids = {row.case_id: str(row.pk) for row in Flag.objects.filter(severity=1)}
    listed = browser.get("/desk/flags/").content.decode()
    assert all(f'value="{pk}"' in listed for pk in ids.values())
    path = f"/desk/cases/{cast.couple.pk}/"
    assert f'value="{ids[cast.couple.pk]}"' in browser.get(path).content.decode()
    answer = browser.post(f"{path}flags/seen/", {"flag": list(ids.values())}, follow=True)
    assert "Marked 1 as seen" in browse.words(answer), "one case at a time from a case"
    answer = browser.post("/desk/flags/seen/", {"flag": list(ids.values())}, follow=True)
    assert "Marked 1 as seen" in browse.words(answer)
    assert "seen already" in browse.words(browser.post("/desk/flags/seen/", {"flag": list(ids.values())}, follow=True))
    assert browser.post("/desk/flags/seen/", {"flag": "x"}).status_code == 404


def test_the_list_asks_as_much_for_many_as_for_few(cast: Cast, enter: Any) -> None:
    browser = enter(cast.dana)
    browser.get("/desk/flags/")
    counts = []
    for number in range(2):
        for partner in (cast.a, cast.b, cast.c)[: 1 + 2 * number]:
            make.check_in(partner, days_ago(9 - number), safety=("self_harm", "child"), **DEADLINE)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/desk/flags/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8, counts


# Second looks


def closed(cast: Cast) -> Flag:
    row = raised(cast, "S01", safety=("self_harm",))
    return flags.resolve(
        case=cast.couple, flag_id=row.pk, by=cast.dana, at=timezone.now(), reason="followed_up",
        follow_up="Called; FRIEND-THERE tonight.",
    )  # fmt: skip


def test_the_lead_takes_the_second_look_and_reads_that_one_card(cast: Cast, enter: Any) -> None:
    make.check_in(cast.a, days_ago(3), "A secret about the garden.")
    row, path = closed(cast), ""
    path = f"/desk/second-looks/{row.pk}/"
    lead = enter(cast.ruth)
    assert path in lead.get("/desk/second-looks/").content.decode()
    said = browse.words(lead.get(path))
    assert "FRIEND-THERE" in said
    assert "garden" not in said
    assert "Bruno" not in said
    assert AuditEvent.objects.filter(act="viewed", by=cast.ruth, case=cast.couple).count() == 1, (
        "looking is on the trail"
    )
    assert lead.get(f"/desk/cases/{cast.couple.pk}/").status_code == 404, "the case stays closed to her"
    assert lead.post(path, {"words": "Fine.", "stand": stand(row)}).status_code == 302
    row.refresh_from_db()
    assert row.second_look_by == cast.ruth
    assert lead.get(path).status_code == 404, "nothing waits there any more"
    assert "Second look by Ruth" in browse.words(enter(cast.dana).get(room(row)))


@pytest.mark.parametrize("who", ["erik", "fay", "alma", "bruno"])
def test_nobody_else_gets_to_a_second_look(cast: Cast, enter: Any, who: str) -> None:
    row = closed(cast)
    browser = enter(getattr(cast, who))
    for method in ("get", "post"):
        assert getattr(browser, method)(f"/desk/second-looks/{row.pk}/").status_code == 404
    assert str(row.pk) not in browser.get("/desk/second-looks/").content.decode()


def test_who_closed_it_sees_that_it_waits_for_somebody_else(cast: Cast, enter: Any) -> None:
    row = closed(cast)
    browser = enter(cast.dana)
    assert "waits for a second look" in browse.words(browser.get(f"/desk/cases/{cast.couple.pk}/"))
    assert "somebody else of the practice" in browse.words(browser.get(room(row)))
    answer = browser.post(room(row) + "second-look/", {"stand": stand(row)})
    assert answer.status_code == 409


def test_a_lead_who_does_not_agree_opens_it_again(cast: Cast, enter: Any) -> None:
    row = closed(cast)
    answer = enter(cast.ruth).post(f"/desk/second-looks/{row.pk}/", {"again": "1", "words": "Ask about the weekend."})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.state == "open"
    assert "Ask about the weekend." in browse.words(enter(cast.dana).get(room(row)))


def test_who_comes_second_and_does_not_agree_is_told_who_was_first_and_may_still_open_it(
    cast: Cast, enter: Any
) -> None:
    row = closed(cast)
    path, mine = f"/desk/second-looks/{row.pk}/", {"again": "1", "words": "Ask about the weekend.", "stand": stand(row)}
    also(cast, cast.erik)
    first, second = enter(cast.erik), enter(cast.ruth)
    assert first.post(path, {"words": "Fine.", "stand": mine["stand"]}).status_code == 302
    answer = second.post(path, mine)
    assert answer.status_code == 409
    said = browse.words(answer)
    assert "Erik has already taken the second look (" in said
    assert "Ask about the weekend." in browse.body(answer), "what was written stays"
    assert "I have looked, and agree" not in said
    assert second.post(path, mine | {"stand": stand(row)}).status_code == 302
    row.refresh_from_db()
    assert row.state == "open"
    answer = first.post(path, {"words": "As before.", "stand": mine["stand"]})
    assert answer.status_code == 409
    assert "As before." in browse.words(answer)
    assert enter(cast.fay).post(path, mine).status_code == 404, "another practice learns nothing"
    assert second.get(path).status_code == 404


# Case, rules, and the lead's page


def test_the_case_shows_what_is_muted_and_lets_it_speak_again(cast: Cast, enter: Any) -> None:
    browser, row = enter(cast.dana), raised(cast)
    browser.post(room(row) + "mute/", {"reason": "Agreed with both.", "side": ""})
    path = f"/desk/cases/{cast.couple.pk}/"
    said = browse.words(browser.get(path))
    assert "Muted by Dana" in said
    assert "Agreed with both." in said
    assert "This rule is muted for this case" in browse.words(browser.get(room(row)))
    kept = RuleMute.objects.get()
    assert browser.post(f"{path}mutes/{kept.pk}/").status_code == 302
    assert "speaks again already" in browse.words(browser.post(f"{path}mutes/{kept.pk}/", follow=True))
    assert "Muted by Dana" not in browse.words(browser.get(path))


def test_the_window_is_ended_from_the_case(cast: Cast, enter: Any) -> None:
    first = days_ago(36)
    make.warming(cast.a, first)
    window, browser, path = SteadyWindow.objects.get(), enter(cast.dana), f"/desk/cases/{cast.couple.pk}/"
    assert 'data-window="open"' in browser.get(path).content.decode()
    end = f"{path}windows/{window.pk}/end/"
    assert "say why" in browse.words(browser.post(end, {"reason": ""}, follow=True))
    browser.post(end, {"reason": "no_phase"})
    said = browser.get(path).content.decode()
    assert 'data-window="ended"' in said
    assert "ended by Dana" in said
    assert "There was no warmer phase" in said


def test_every_rule_stands_in_the_room_of_rules(cast: Cast, enter: Any) -> None:
    html = enter(cast.erik).get("/desk/rules/").content.decode()
    assert {rule for rule in CATALOGUE if f'data-rule="{rule}"' not in html} == set()
    assert "/desk/practice/rules/" not in html
    assert "/desk/practice/rules/" in enter(cast.ruth).get("/desk/rules/").content.decode()


def test_the_lead_reads_counts_and_no_names_and_mutes_for_the_practice(cast: Cast, enter: Any) -> None:
    row = raised(cast)
    flags.resolve(case=cast.couple, flag_id=row.pk, by=cast.dana, at=timezone.now(), reason="agreed")
    lead = enter(cast.ruth)
    page = lead.get("/desk/practice/rules/")
    said = browse.words(page)
    assert 'data-rule="P03"' in page.content.decode()
    assert "too few (1)" in said
    assert "Agreed boundary 1" in said
    assert "All 1 cases" in said
    for name in ("Alma", "Bruno", "Carla", "Dana"):
        assert name not in said
    assert 'value="S01"' not in page.content.decode(), "danger is not offered"
    assert lead.post("/desk/practice/rules/", {"rule": "P03", "reason": ""}).status_code == 422
    assert lead.post("/desk/practice/rules/", {"rule": "S01", "reason": "x"}).status_code == 422
    assert lead.post("/desk/practice/rules/", {"rule": "P03", "reason": "No use here."}).status_code == 302
    assert lead.post("/desk/practice/rules/", {"rule": "P03", "reason": "Again."}).status_code == 409
    kept = RuleMute.objects.get()
    assert enter(cast.dana).post(f"/desk/practice/rules/{kept.pk}/").status_code == 404
    assert lead.post(f"/desk/practice/rules/{kept.pk}/").status_code == 302
    kept.refresh_from_db()
    assert kept.ended_by == cast.ruth


def test_the_practices_checklist_stands_on_the_flags_of_its_kind(cast: Cast, enter: Any) -> None:
    make.check_in(cast.a, 1, safety=("child", "self_harm"))
    desk, lead = enter(cast.dana), enter(cast.ruth)
    child, harm = (Flag.objects.get(rule=rule) for rule in ("S04", "S01"))
    page = browse.words(desk.get(f"/desk/cases/{cast.couple.pk}/flags/{child.pk}/"))
    assert "Does the law of this place ask for a report" in page
    assert "Checklist" not in browse.words(desk.get(f"/desk/cases/{cast.couple.pk}/flags/{harm.pk}/"))
    assert (
        lead.post(
            "/desk/practice/", {"do": "checklists", "S04": "Call the youth office.\n\nNote who took it."}
        ).status_code
        == 302
    )
    page = browse.words(desk.get(f"/desk/cases/{cast.couple.pk}/flags/{child.pk}/"))
    assert "Call the youth office." in page
    assert "Does the law of this place" not in page
    refused = lead.post("/desk/practice/", {"do": "checklists", "S05": "x" * 3_001})
    assert (refused.status_code, "3,000 fit" in browse.words(refused)) == (422, True)
    assert desk.post("/desk/practice/", {"do": "checklists", "S04": ""}).status_code == 404


def test_words_that_came_with_danger_and_were_read_by_nobody_are_pointed_to(cast: Cast, enter: Any) -> None:
    accounts.answer_consent(partner=cast.a, kind="text", given=False, by=cast.alma, at=make.START)
    sent = make.check_in(cast.a, 1, "He held me by the throat.", safety=("hurt",))
    address = f"/desk/cases/{cast.couple.pk}/flags/{Flag.objects.get(rule='S02').pk}/"
    desk = enter(cast.dana)
    page = desk.get(address).content.decode()
    assert "Words came with it that nobody has read." in page
    assert f"/desk/cases/{cast.couple.pk}/#e-{sent.checkin.pk}" in page
    assert "throat" not in page
    make.read_all(cast.couple, cast.dana, make.START + timedelta(days=2))
    assert "nobody has read" not in desk.get(address).content.decode()
