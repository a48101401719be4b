"""The check-in form: what each answer is stored as, what is refused and kept, and how a late post is kept."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import pytest
import time_machine
from django.conf import settings
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from clients import care, checkins, history
from clients.instrument import ACTS, CHIPS, QUESTIONS, SCALES
from clients.models import CaseSummary, CheckIn, Flag, HeldPost
from clients.portal.forms import CheckInForm
from clients.progress import score
from tests import browse, make, tables
from tests.conftest import Cast

KEY = "01920000-0000-7000-8000-000000000001"
CHECK_IN = "/portal/check-in/"
START_AT = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


def form(data: str = "", key: str = KEY, **more: Any) -> CheckInForm:
    words: dict[str, Any] = {"other": "Bruno", "since": "Monday", "monthly": ("wish", "c10")} | more
    return CheckInForm(QueryDict(f"key={key}&{data}"), **words)


def answers(data: str) -> checkins.Answers:
    filled = form(data)
    assert filled.is_valid(), filled.errors
    return filled.answers()


def stored(data: str, item: str) -> Any:
    return answers(data).items.get(item, "absent")


# Every answer of every item


@pytest.mark.parametrize("item", [c for c in SCALES if "_" not in c and c not in {"c3", "c7"}])
def test_each_point_of_a_scale_is_stored(item: str) -> None:
    for value, _words in SCALES[item]:
        assert stored(f"{item}={value}", item) == (int(value) if value.isdigit() else value)
    assert stored(f"{item}=skip", item) == "skip"
    assert stored("", item) == "skip", "untouched and skipped are the same answer"


@pytest.mark.parametrize("item", ["c4", "c8g"])
def test_ticks_none_and_skip_are_three_answers(item: str) -> None:
    for chip, _words in CHIPS[item]:
        assert stored(f"{item}={chip}", item) == [chip]
    every = [chip for chip, _words in CHIPS[item]]
    assert stored("&".join(f"{item}={chip}" for chip in every), item) == every
    assert stored(f"{item}=none", item) == "none"
    assert stored("", item) == "skip"


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("", "skip"),
        ("c7=skip", "skip"),
        ("c7=no", {"talk": "no"}),
        ("c7=no&c7_began=me&c7_ended=0", {"talk": "no"}),
        ("c7=yes", {"talk": "yes"}),
        ("c7=yes&c7_began=skip&c7_ended=skip", {"talk": "yes"}),
        ("c7=yes&c7_began=partner&c7_ended=0", {"talk": "yes", "began": "partner", "ended": 0}),
        ("c7=yes&c7_began=both&c7_ended=4", {"talk": "yes", "began": "both", "ended": 4}),
    ],
)
def test_the_talk_keeps_who_began_and_how_it_ended(data: str, value: Any) -> None:
    assert stored(data, "c7") == value


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("", "skip"),
        ("c8=none", "none"),
        ("c8_ultimatum=no", "none"),
        ("c8_ultimatum=1&c8_pursuit=2&c8_leverage=no", {"ultimatum": 1, "pursuit": 2}),
        ("c8_push_return=1&c8_partner_first=on", {"push_return": 1, "partner_first": True}),
        ("c8_ultimatum=1&c8_partner_first=on", {"ultimatum": 1}),
        ("c8_limit_set=2", {"limit_set": 2}),
    ],
)
def test_own_acts_keep_how_often(data: str, value: Any) -> None:
    assert stored(data, "c8") == value


def test_every_act_can_be_ticked() -> None:
    data = "&".join(f"c8_{act}=1" for act, _words in ACTS)
    assert stored(data, "c8") == {act: 1 for act, _words in ACTS}


def test_no_contact_drops_what_cannot_be_answered_and_stays_its_own_answer() -> None:
    items = answers("c3=no_contact&c4=kind&c4n=heard_over&c5=3&c6=4&c7=yes&c7_began=me&c1=0").items
    assert items["c3"] == items["c6"] == "no_contact"
    assert items["c4"] == ["heard_over"]
    assert items["c1"] == 0
    assert not {"c5", "c7"} & items.keys()
    assert stored("c3=no_contact&c4n=none", "c4") == "none"
    assert stored("c3=2&c4n=heard_over", "c4") == "skip", "only the no-contact route asks what was heard"


def test_monthly_items_are_stored_only_when_they_were_asked() -> None:
    quiet = form("wish=together&c10=4", monthly=())
    assert quiet.is_valid()
    assert not {"wish", "c10"} & quiet.answers().items.keys()


def test_safety_ticks_none_skip_and_a_call() -> None:
    for chip, _words in CHIPS["s1"]:
        assert answers(f"s1={chip}").safety == (chip,)
    for data, safety, skipped, call in (
        ("", (), True, ""),
        ("s1=none", (), False, ""),
        ("s1_call=on", (), True, "as soon as possible"),
        ("s1_call=on&s1_when=after+six", (), True, "after six"),
        ("s1_when=after+six", (), True, "after six"),
        ("s1=child&s1=afraid", ("afraid", "child"), False, ""),
    ):
        found = answers(data)
        assert (found.safety, found.safety_skipped, found.call_me) == (safety, skipped, call), data
        assert "s1" not in found.items


def test_text_stays_as_it_was_typed() -> None:
    found = answers("t1=++two%0D%0Alines++&n1=+a+line+")
    assert (found.text, found.next_session) == ("  two\r\nlines  ", " a line ")


def test_what_is_stored_is_what_the_scores_read() -> None:
    full = answers(
        "c1=3&c2=4&c3=4&c4=kind&c4=memory&c5=3&c6=0&c7=yes&c7_began=both&c7_ended=4&c8_reassurance=1&c8g=listened&c9=3"
        "&wish=together&c10=4&c11=1&c12=3"
    )
    scores = score(full.items, 7.0, {})
    assert None not in {scores.w, scores.t, scores.cpi, scores.d}
    assert score(answers("").items, 7.0, {}).w is None


# What is refused


@pytest.mark.parametrize("field", [*(c for c in SCALES), *CHIPS, "c4n", *(f"c8_{a}" for a, _words in ACTS), "c8"])
def test_an_impossible_value_is_named_beside_its_field(field: str) -> None:
    bad = form(f"{field}=99")
    assert not bad.is_valid()
    assert list(bad.errors) == [field]
    assert "Please pick one, or skip it" in str(bad.errors) or "99" in str(bad.errors)
    shown = [item for item in bad.items() if item.errors]
    assert [item.code for item in shown] == [field.split("_")[0]], "it stands beside its question"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ("c4=none&c4=kind", "c4"), ("c8g=none&c8g=listened", "c8g"), ("s1=none&s1=afraid", "s1"),
        ("c8=none&c8_ultimatum=1", "c8"), ("t1=a%00b", "t1"), ("n1=%00", "n1"), (f"s1_when={'x' * 121}", "s1_when"),
    ],
)  # fmt: skip
def test_answers_that_do_not_go_together_are_refused(data: str, field: str) -> None:
    bad = form(data)
    assert not bad.is_valid()
    assert list(bad.errors) == [field]


def test_every_item_is_asked_in_the_partners_name() -> None:
    shown = form().items()
    assert [item.code for item in shown] == [
        "c1", "c2", "c3", "c4", "c4n", "c5", "c6", "c7", "c8", "c8g", "c9", "wish", "c10", "c11", "c12", "s1", "n1", "t1",
    ]  # fmt: skip
    assert {item.code for item in shown} | {"c7_began", "c7_ended", "s1_first"} == set(QUESTIONS)
    said = " ".join(f"{item.question} {item.hint} {' '.join(map(str, item.fields))}" for item in shown)
    assert "Bruno" in said
    assert "{P}" not in said
    assert "{since}" not in said


def test_chips_are_turned_the_same_way_each_time_and_none_is_lost() -> None:
    turns = {turn: [c for c, _w in form(turn=turn)["c4"].field.choices] for turn in (0, 3, 12)}
    assert turns[3] == turns[12]
    assert turns[0] != turns[3]
    assert all(set(chips) == set(turns[0]) and chips[-1] == "none" for chips in turns.values())
    safety = {tuple(c for c, _w in form(turn=turn)["s1"].field.choices) for turn in range(9)}
    assert len(safety) == 1


# In the portal


def test_the_safety_answer_of_a_refused_post_is_kept_sealed_and_never_shown(cast: Cast, enter: Any) -> None:
    browser = enter(cast.alma)
    safety = {"s1": ["afraid", "child"], "s1_call": "on", "s1_when": "AFTERSIX"}
    refused = browser.post(CHECK_IN, {"key": KEY, "c3": "99", "t1": "typed", **safety}, follow=True)
    assert refused.status_code == 422
    page = browse.body(refused)
    question = page[page.index('id="step-s1"') : page.index('id="step-n1"')]
    assert "checked" not in question
    assert "AFTERSIX" not in page
    assert "typed" in page, "what else was typed stays"
    assert "is kept, and not shown again" in page
    assert "0800 222" in page, "help does not wait for the rest of the form"
    again = browser.post(
        CHECK_IN, {"key": KEY, "c3": "2", "t1": "typed", "kept": browse.hidden(refused, "kept")}, follow=True
    )
    assert again.status_code == 200
    stored = history.safety_of(CheckIn.objects.get())
    assert stored == {"s1": ["afraid", "child"], "call_me": "AFTERSIX"}
    assert Flag.objects.filter(rule="S02").exists()


def test_none_of_these_survives_a_refusal_too(cast: Cast, enter: Any) -> None:
    browser = enter(cast.alma)
    refused = browser.post(CHECK_IN, {"key": KEY, "c3": "99", "s1": "none"}, follow=True)
    browser.post(CHECK_IN, {"key": KEY, "c3": "2", "kept": browse.hidden(refused, "kept")}, follow=True)
    assert history.safety_of(CheckIn.objects.get()) == {"s1": [], "call_me": ""}


@pytest.mark.parametrize("change", ["other key", "garbage", "cut"])
def test_a_sealed_answer_opens_only_with_its_own_form(cast: Cast, enter: Any, change: str) -> None:
    browser = enter(cast.alma)
    kept = browse.hidden(browser.post(CHECK_IN, {"key": KEY, "c3": "99", "s1": "afraid"}, follow=True), "kept")
    data = {"key": KEY, "c3": "2", "kept": kept}
    data |= {"other key": {"key": str(uuid4())}, "garbage": {"kept": "é!"}, "cut": {"kept": kept[:8]}}[change]
    assert browser.post(CHECK_IN, data, follow=True).status_code == 200
    assert history.safety_of(CheckIn.objects.get()) == {}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"t1": "x" * 2_001}, "2,001 characters long; 2,000 fit"),
        ({"n1": "x" * 201}, "201 characters long; 200 fit"),
        ({"c1": "skip", "c3": "skip"}, "Nothing is filled in yet"),
        ({"t1": "a\x00b"}, "cannot be kept (a NUL)"),
        ({"c3": "99", "t1": "typed"}, "This is not one of the answers"),
    ],
)
def test_a_refused_post_keeps_what_was_typed_and_stores_nothing(
    cast: Cast, enter: Any, data: dict[str, str], says: str
) -> None:
    browser = enter(cast.alma)
    before = tables.dump(tables.LOOKING)
    refused = browser.post(CHECK_IN, {"key": KEY, "c11": "skip", **data}, follow=True)
    assert refused.status_code == 422
    assert says in browse.words(refused)
    assert data.get("t1", "").replace("\x00", "") in browse.body(refused).replace("\x00", "")
    assert browse.hidden(refused, "key") == KEY, "the key stays, so sending again is still one row"
    assert tables.dump(tables.LOOKING) == before


def test_two_thousand_characters_with_line_ends_of_a_browser_fit(cast: Cast, enter: Any) -> None:
    assert enter(cast.alma).post(CHECK_IN, {"key": KEY, "t1": "\U0001f331\r\n" * 1_000}, follow=True).status_code == 200
    assert len(CheckIn.objects.get().text) == 2_000


def test_posted_twice_is_one_row_and_the_first_result(cast: Cast, enter: Any) -> None:
    browser = enter(cast.alma)
    data = {"key": KEY, "c3": "2", "t1": "once", "s1": "none"}
    first, again = browser.post(CHECK_IN, data, follow=True), browser.post(CHECK_IN, data, follow=True)
    assert (first.status_code, again.status_code) == (200, 200)
    assert "Thank you, it is sent" in browse.words(first)
    assert "was sent already" in browse.words(again)
    other = browser.post(CHECK_IN, data | {"t1": "another text"}, follow=True)
    assert other.status_code == 409
    assert "already sent from this page" in browse.words(other)
    assert "another text" in browse.body(other)
    assert [row.text for row in CheckIn.objects.all()] == ["once"]


@pytest.mark.parametrize("key", ["", "garbage", KEY[:-1]])
def test_without_a_good_key_nothing_is_taken(cast: Cast, enter: Any, key: str) -> None:
    assert enter(cast.alma).post(CHECK_IN, {"key": key, "c3": "2"}, follow=True).status_code == 422
    assert not CheckIn.objects.exists()


def test_after_sending_one_is_told_who_reads_it_by_when_and_later_that_it_was_read(cast: Cast, enter: Any) -> None:
    browser = enter(cast.alma)
    sent = browser.post(CHECK_IN, {"key": KEY, "c3": "2"}, follow=True)
    row = CheckIn.objects.get()
    day = f"{row.read_by_on:%A}, {row.read_by_on.day} {row.read_by_on:%B}"
    assert f"Dana reads it by {day}" in browse.words(sent)
    assert f"Dana reads it by {day}" in browse.words(browser.get("/portal/"))
    make.read_all(cast.couple, cast.dana, timezone.now())
    assert "Dana read it on" in browse.words(browser.get("/portal/"))


def test_nothing_sent_is_shown_or_filled_in_again(cast: Cast, enter: Any) -> None:
    browser = enter(cast.alma)
    data = {"key": KEY, "c3": "2", "t1": "ZEBRATEXT", "n1": "ZEBRALINE", "s1": "afraid", "s1_when": "ZEBRACALL"}
    pages = [browser.post(CHECK_IN, data, follow=True)]
    pages += [browser.get(path) for path in ("/portal/", CHECK_IN, "/portal/guidance/", "/portal/help/")]
    for page in pages:
        assert "ZEBRA" not in browse.body(page)
        assert " checked" not in browse.body(page)


def test_consent_refused_is_said_after_sending(cast: Cast, enter: Any) -> None:
    case = make.case(cast.dana, ("Hugo", make.user(cast.practice, "Hugo", "client")), ("Nina", None), text=False)
    browser = enter(make.side(case).user)
    assert "waits for a person to read it" in browse.words(
        browser.post(CHECK_IN, {"key": KEY, "t1": "words"}, follow=True)
    )
    assert "did not agree" not in browse.words(
        enter(cast.alma).post(CHECK_IN, {"key": KEY, "t1": "words"}, follow=True)
    )


# A session that ended while typing


def late_post(cast: Cast, enter: Any, **data: Any) -> tuple[Client, Any]:
    browser = enter(cast.alma)
    page = browser.get(CHECK_IN)
    browser.logout()
    fields = {"key": browse.hidden(page, "key"), "who": browse.hidden(page, "who")}
    return browser, browser.post(CHECK_IN, fields | {"c3": "2", "s1": "afraid", "t1": "ZEBRA"} | data)


def test_a_late_post_is_kept_and_sent_after_signing_in(cast: Cast, enter: Any) -> None:
    _browser, answered = late_post(cast, enter)
    assert answered.status_code == 200
    assert "What you wrote is kept for 48 hours" in browse.words(answered)
    assert not CheckIn.objects.exists()
    post = HeldPost.objects.get()
    assert post.user == cast.alma
    assert parse_qs(post.body)["t1"] == ["ZEBRA"]
    assert not {"who", "csrfmiddlewaretoken"} & parse_qs(post.body).keys()
    browser = enter(cast.alma)
    for path in ("/portal/", "/portal/check-in/kept/"):
        page = browse.body(browser.get(path))
        assert "A check-in waits to be sent" in page
        assert "ZEBRA" not in page, "it is never rendered before it is sent"
    assert "Thank you" in browse.words(browser.post("/portal/check-in/kept/", {"do": "send"}, follow=True))
    assert CheckIn.objects.get().text == "ZEBRA"
    assert history.safety_of(CheckIn.objects.get())["s1"] == ["afraid"]
    assert not HeldPost.objects.exists()
    assert browser.get("/portal/check-in/kept/").status_code == 302


def test_a_late_post_is_offered_to_nobody_else(cast: Cast, enter: Any) -> None:
    late_post(cast, enter)
    for other in (cast.bruno, cast.carla):
        browser = enter(other)
        assert "waits to be sent" not in browse.body(browser.get("/portal/"))
        assert browser.get("/portal/check-in/kept/").status_code == 302
        assert browser.post("/portal/check-in/kept/", {"do": "send"}).status_code == 302
        assert browser.post("/portal/check-in/kept/", {"do": "drop"}).status_code == 302
    assert not CheckIn.objects.exists()
    assert HeldPost.objects.count() == 1


def test_a_late_post_can_be_thrown_away_and_is_gone_after_48_hours(cast: Cast, enter: Any, time_machine: Any) -> None:
    late_post(cast, enter)
    assert enter(cast.alma).post("/portal/check-in/kept/", {"do": "drop"}).status_code == 302
    assert not HeldPost.objects.exists()
    late_post(cast, enter)
    time_machine.move_to(timezone.now() + timedelta(hours=49))
    browser = enter(cast.alma)
    assert "waits to be sent" not in browse.body(browser.get("/portal/"))
    assert browser.post("/portal/check-in/kept/", {"do": "send"}).status_code == 302
    assert not CheckIn.objects.exists()


@pytest.mark.parametrize("change", [{"who": "forged"}, {"who": ""}, {"key": KEY}])
def test_a_late_post_without_its_mark_is_not_kept(cast: Cast, enter: Any, change: dict[str, str]) -> None:
    _browser, answered = late_post(cast, enter, **change)
    assert answered.status_code == 302
    assert answered.headers["Location"].startswith("/accounts/login/")
    assert not HeldPost.objects.exists()


def test_a_late_post_under_a_key_that_is_none_is_answered(cast: Cast, enter: Any) -> None:
    browser = enter(cast.alma)
    who = browse.hidden(browser.post(CHECK_IN, {"key": "garbage"}, follow=True), "who")
    browser.logout()
    assert browser.post(CHECK_IN, {"key": "garbage", "who": who}).status_code == 302


def test_a_kept_post_that_is_refused_can_be_mended_and_is_then_gone(cast: Cast, enter: Any) -> None:
    late_post(cast, enter, t1="x" * 2_001)
    browser = enter(cast.alma)
    refused = browser.post("/portal/check-in/kept/", {"do": "send"})
    assert refused.status_code == 422
    mended = {"key": browse.hidden(refused, "key"), "kept": browse.hidden(refused, "kept"), "c3": "2", "t1": "shorter"}
    assert browser.post(CHECK_IN, mended, follow=True).status_code == 200
    assert history.safety_of(CheckIn.objects.get())["s1"] == ["afraid"]
    assert "waits to be sent" not in browse.body(browser.get("/portal/"))


@pytest.mark.django_db(databases="__all__")
def test_a_form_left_open_is_never_sent_in_another_persons_name(cast: Cast) -> None:
    """Alma leaves her form open, Bruno signs in on the same device, then her form is sent."""
    for user in (cast.alma, cast.bruno):
        user.set_password(make.PASSWORD)
        user.save()
    browser = Client(enforce_csrf_checks=True)

    def sign_in(name: str) -> None:
        token = browse.hidden(browser.get("/accounts/login/"), "csrfmiddlewaretoken")
        data = {"login": f"{name}@example.org", "password": make.PASSWORD, "csrfmiddlewaretoken": token}
        assert browser.post("/accounts/login/", data).status_code == 302

    sign_in("alma")
    page = browser.get(CHECK_IN)
    names = ("key", "who", "csrfmiddlewaretoken")
    open_form = {name: browse.hidden(page, name) for name in names} | {"c3": "2", "t1": "ZEBRA"}
    token = browse.hidden(browser.get("/portal/"), "csrfmiddlewaretoken")
    assert browser.post("/accounts/logout/", {"csrfmiddlewaretoken": token}).status_code == 302
    sign_in("bruno")
    answered = browser.post(CHECK_IN, open_form, follow=True)
    assert answered.status_code == 403
    assert b"ZEBRA" not in answered.content
    assert not CheckIn.objects.exists()
    del browser.cookies[settings.SESSION_COOKIE_NAME]
    assert "kept for 48 hours" in browse.words(browser.post(CHECK_IN, open_form, follow=True))
    assert HeldPost.objects.get().user == cast.alma
    assert HeldPost.objects.get().key == UUID(open_form["key"])


# What is arranged around the case shows only where it was told


def arrange_limit(cast: Any, **more: Any) -> None:
    given: dict[str, Any] = {
        "case": cast.couple, "keeps_away": cast.a, "source": "order", "scope": ["children"], "since": make.START.date(),
        "until": None, "told": ["A"], "note": "", "by": cast.dana, "at": make.START,
    }  # fmt: skip
    care.record_limit(**(given | more))


def test_contact_that_an_order_allows_can_be_ticked_by_whom_it_keeps_away(cast: Any, enter: Any) -> None:
    alma, bruno = enter(cast.alma), enter(cast.bruno)
    address = CHECK_IN
    before = browse.steady(bruno.get(address))
    assert "c1_allowed" not in alma.get(address).content.decode()
    arrange_limit(cast)
    page = alma.get(address)
    assert "c1_allowed" in page.content.decode()
    assert browse.steady(bruno.get(address)) == before
    data = {"key": str(uuid4()), "c1": "2", "c1_allowed": "on", "c3": "2"}
    assert alma.post(address, data).status_code == 302
    assert CheckIn.objects.get(partner=cast.a).answers["c1_allowed"] is True


@pytest.mark.parametrize("more", [{"told": ["B"]}, {"scope": []}, {"until": make.START.date()}, {"told": []}])
def test_without_being_told_or_without_a_scope_nothing_is_asked(cast: Any, enter: Any, more: dict[str, Any]) -> None:
    alma, address = enter(cast.alma), CHECK_IN
    before = browse.steady(alma.get(address))
    arrange_limit(cast, **more)
    assert browse.steady(alma.get(address)) == before
    alma.post(address, {"key": str(uuid4()), "c1": "2", "c1_allowed": "on", "c3": "2"})
    assert "c1_allowed" not in CheckIn.objects.get(partner=cast.a).answers


def test_where_litigation_switched_texts_off_none_is_asked_and_none_that_was_typed_is_lost(
    cast: Any, enter: Any
) -> None:
    alma, address = enter(cast.alma), CHECK_IN
    care.mark_litigation(case=cast.couple, kinds=["divorce"], text_off=True, by=cast.dana, at=make.START)
    page = alma.get(address).content.decode()
    assert 'name="t1"' not in page
    assert 'name="n1"' not in page
    assert "no free text" in page
    alma.post(address, {"key": str(uuid4()), "c3": "2", "t1": "Typed before it was switched off."})
    assert CheckIn.objects.get(partner=cast.a).text == "Typed before it was switched off."


def test_a_wish_told_in_a_check_in_is_known_at_the_desk(cast: Any) -> None:
    make.check_in(cast.a, 1, wish="together")
    assert CaseSummary.objects.get(case=cast.couple).arranged["wish"]["A"][0] == "together"


# How a form was filled in


def test_a_form_tells_how_long_it_was_open_and_from_which_device(cast: Any, enter: Any) -> None:
    alma, bruno = enter(cast.alma), enter(cast.bruno)
    for browser, partner in ((alma, cast.a), (bruno, cast.b)):
        with time_machine.travel(START_AT, tick=False):
            page = browser.get(CHECK_IN).content.decode()
        who, key = (re.search(rf'name="{name}" value="([^"]*)"', page).group(1) for name in ("who", "key"))
        with time_machine.travel(START_AT + timedelta(seconds=95), tick=False):
            assert browser.post(CHECK_IN, {"key": key, "who": who, "c1": "x"}).status_code == 422
        with time_machine.travel(START_AT + timedelta(seconds=140), tick=False):
            browser.post(CHECK_IN, {"key": key, "who": who, "c3": "2"})
        row = CheckIn.objects.get(partner=partner)
        assert (row.seconds, len(row.device)) == (140, 64)
    assert CheckIn.objects.values("device").distinct().count() == 2


def test_two_people_on_one_device_are_seen_unless_it_is_the_practices_own(cast: Any, enter: Any) -> None:
    alma, bruno = enter(cast.alma), enter(cast.bruno)
    alma.get(CHECK_IN)
    bruno.cookies[settings.DEVICE_COOKIE] = alma.cookies[settings.DEVICE_COOKIE].value
    for browser in (alma, bruno):
        browser.post(CHECK_IN, {"key": str(uuid4()), "c3": "2"})
    assert CheckIn.objects.values("device").distinct().count() == 1
    desk = enter(cast.dana)
    desk.get("/desk/")
    alma.cookies[settings.CLINIC_COOKIE] = desk.cookies[settings.CLINIC_COOKIE].value
    alma.post(CHECK_IN, {"key": str(uuid4()), "c3": "2"})
    bruno.cookies[settings.CLINIC_COOKIE] = "made-up"
    bruno.post(CHECK_IN, {"key": str(uuid4()), "c3": "1"})
    assert CheckIn.objects.filter(partner=cast.a).order_by("at").last().device == ""
    assert CheckIn.objects.filter(partner=cast.b).order_by("at").last().device != ""


@pytest.mark.parametrize(
    ("who", "days", "own"), [("dana", 0, True), ("dana", 29, True), ("dana", 31, False), ("fay", 0, False)]
)
def test_a_device_is_the_practices_own_for_thirty_days_and_no_other_practices(
    cast: Any, enter: Any, who: str, days: int, own: bool
) -> None:
    desk, alma = enter(getattr(cast, who)), enter(cast.alma)
    with time_machine.travel(START_AT - timedelta(days=days), tick=False):
        desk.get("/desk/")
    with time_machine.travel(START_AT, tick=False):
        alma.get(CHECK_IN)
        alma.cookies[settings.CLINIC_COOKIE] = desk.cookies[settings.CLINIC_COOKIE].value
        alma.post(CHECK_IN, {"key": str(uuid4()), "c3": "2"})
        assert (CheckIn.objects.get().device == "") is own
        again = enter(cast.dana)
        again.cookies[settings.CLINIC_COOKIE] = desk.cookies[settings.CLINIC_COOKIE].value
        assert (settings.CLINIC_COOKIE in again.get("/desk/").cookies) is not own, (
            "a mark that does not hold is made anew"
        )


def test_the_device_is_forgotten_after_thirty_days(cast: Any) -> None:
    old, new = make.check_in(cast.a, 0), make.check_in(cast.a, 7)
    CheckIn.objects.update(device="d" * 64)
    checkins.forget_devices(before=make.START + timedelta(days=3))
    assert CheckIn.objects.get(pk=old.checkin.pk).device == ""
    assert CheckIn.objects.get(pk=new.checkin.pk).device
