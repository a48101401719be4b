"""Bad input gets a clear sentence beside the field and keeps what was typed; the safety answer is never shown again."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from clients.history import safety_of
from clients.models import CheckIn, HeldPost
from tests import make
from tests.conftest import Cast
from tests.journeys.conftest import DESKTOP, PHONE, Door
from tests.journeys.walk import browser_test, fill, headings, send

pytestmark = browser_test


def _nothing_of_safety(page: Page) -> None:
    assert page.locator("[name=s1]:checked, [name=s1_call]:checked").count() == 0
    assert page.locator("[name=s1_when]").input_value() == ""


def _at(page: Page, code: str) -> None:
    """The steps stand open at this one."""
    expect(page.locator(f"#step-{code}")).to_be_visible()
    expect(page.locator("fieldset.step:visible")).to_have_count(1)


def test_nothing_filled_in_is_refused_beside_the_button(people: Cast, door: Callable[..., Door]) -> None:
    for script in (True, False):
        alma = door(PHONE, script).enter(people.alma)
        alma.go("/portal/check-in/")
        fill(alma.page, {}, script)
        send(alma.page)
        summary = alma.page.locator(".error-summary")
        expect(summary).to_contain_text("Nothing is filled in yet. One answer is enough, also “none of these”.")
        expect(alma.page.get_by_role("button", name="Send", exact=True)).to_be_visible()
        if script:
            expect(summary).to_be_focused()
            _at(alma.page, "t1")
    assert not CheckIn.objects.exists()


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_text_that_is_too_long_comes_back_whole_and_the_safety_answer_does_not(
    people: Cast, door: Callable[..., Door], script: bool
) -> None:
    alma = door(PHONE, script).enter(people.alma)
    page = alma.go("/portal/check-in/")
    text = "ü" * 1_000 + "\n" + "w" * 1_000
    fill(page, {"c3": "3", "s1": ["afraid"], "s1_call": "", "s1_when": "after six", "t1": text}, script)
    send(page)
    # help does not wait for the rest
    assert headings(page)[0] == "You do not have to carry this alone"
    expect(page.locator("#crisis-head")).to_be_in_viewport()
    expect(page.locator("#step-t1 .errors")).to_have_text(
        "This is 2,001 characters long; 2,000 fit. Nothing you wrote was lost."
    )
    expect(page.locator("[name=t1]")).to_have_value(text)
    assert page.locator("[name=c3][value='3']").is_checked()
    _nothing_of_safety(page)
    if script:
        _at(page, "t1")
        expect(page.locator(".error-summary")).to_be_focused()
        expect(page.locator(".counter:visible")).to_have_text("1 too many")
        page.locator("[data-step-back]").click()
        _at(page, "n1")
        page.locator(".error-summary a").click()
        expect(page.locator("[name=t1]")).to_be_focused()
    page.locator("[name=t1]").fill(text[:-1])
    send(page)
    assert headings(page)[-1] == "Thank you, it is sent"
    made = CheckIn.objects.get()
    assert made.text == text[:-1]
    assert safety_of(made) == {"s1": ["afraid"], "call_me": "after six"}
    for _ in range(3):  # the answer, the refusal, the empty form
        page.go_back()
        if page.locator("[name=s1]").count():
            _nothing_of_safety(page)


def test_answers_that_no_page_offers(people: Cast, door: Callable[..., Door]) -> None:
    alma = door(DESKTOP).enter(people.alma)
    page = alma.go("/portal/check-in/")
    page.locator("[name=c5][value='2']").evaluate("box => { box.value = 'banana'; box.checked = true }")
    page.locator("[name=c1][value='4']").evaluate("box => { box.checked = true }")
    page.locator("form[data-steps]").evaluate("form => form.submit()")
    _at(page, "c5")
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator("#step-c5 .errors")).to_have_text(
        "This is not one of the answers. Please pick one, or skip it."
    )
    assert page.locator("[name=c1][value='4']").is_checked()
    page.locator("[data-step-next]").click()
    _at(page, "c6")
    page.locator(".error-summary a", has_text="time you spent").click()
    _at(page, "c5")
    expect(page.locator("#step-c5 input").first).to_be_focused()

    form = _form(page)
    for bad, said in (
        ({"t1": "before\x00after"}, "cannot be kept (a NUL)"),
        ({"n1": "n" * 201}, "This is 201 characters long; 200 fit."),
        ({"s1": "everything"}, "This is not one of the answers."),
        ({"key": "none"}, "Please open the check-in again."),
        ({"c3": "9"}, "This is not one of the answers."),
        ({"c8": "none", "c8_ultimatum": "1"}, "“None of these” and a tick above do not go together."),
    ):
        answer = _post(alma, form | {"c11": "2"} | bad)
        assert answer.status == 422, bad
        assert said in answer.text(), bad
    assert not CheckIn.objects.exists()


def _form(page: Page) -> dict[str, Any]:
    return {
        name: page.locator(f"form[data-steps] [name={name}]").input_value()
        for name in ("csrfmiddlewaretoken", "key", "who", "kept")
    }


def _post(door: Door, form: dict[str, Any]) -> Any:
    return door.context.request.post(f"{door.origin}/portal/check-in/", form=form)


def test_a_form_sent_twice_is_one_check_in(people: Cast, door: Callable[..., Door]) -> None:
    alma = door(DESKTOP).enter(people.alma)
    page = alma.go("/portal/check-in/")
    form = _form(page) | {"kept": "", "t1": "A quiet week.", "c11": "3"}
    assert "Thank you, it is sent" in _post(alma, form).text()
    assert "This check-in was sent already" in _post(alma, form).text()
    assert CheckIn.objects.count() == 1
    # other words under a used key are not lost, and not taken either
    other = _post(alma, form | {"t1": "Another week."})
    assert other.status == 409
    assert "A check-in was already sent from this page." in other.text()
    assert "Another week." in other.text()
    # in a hurry
    page.locator("[name=t1]").evaluate("area => { area.value = 'Twice.' }")
    page.locator("[name=key]").evaluate("(field, key) => { field.value = key }", str(uuid4()))
    page.locator("form[data-steps]").evaluate("form => { form.submit(); form.submit() }")
    expect(page.locator("main h1")).to_have_text(re.compile("sent"))
    assert sorted(CheckIn.objects.values_list("partner__user__name", flat=True)) == ["Alma", "Alma"]


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_session_that_ended_while_typing(people: Cast, door: Callable[..., Door], script: bool) -> None:
    alma = door(PHONE, script).enter(people.alma)
    page = alma.go("/portal/check-in/")
    fill(page, {"s1": ["hurt"], "t1": "Written while the session ended."}, script)
    Session.objects.all().delete()
    if not script:
        alma.context.clear_cookies(name="session")
    send(page)
    expect(page.locator("h1")).to_have_text("Your session had ended")
    assert not CheckIn.objects.exists()
    page.get_by_role("link", name="Sign in").click()
    alma.sign_in(people.alma)
    expect(page.locator("h1")).to_have_text("A check-in waits to be sent")
    assert "Written" not in page.content()
    alma.press("Send it")
    assert headings(page)[0] == "You do not have to carry this alone"
    made = CheckIn.objects.get()
    assert (made.text, safety_of(made)["s1"]) == ("Written while the session ended.", ["hurt"])
    assert not HeldPost.objects.exists()


def test_a_form_that_is_older_than_the_session(people: Cast, door: Callable[..., Door]) -> None:
    """Signed in again in another tab, or without a connection: nothing typed is lost."""
    alma = door(PHONE).enter(people.alma)
    page = alma.go("/portal/check-in/")
    fill(page, {"t1": "Written in the first tab."}, script=True)
    alma.context.set_offline(True)
    alma.press("Send")
    expect(page.locator("#messages .toast")).to_contain_text(
        "No connection. What you wrote is still here; please try again."
    )
    alma.said.clear()  # Chromium says that there is no network
    alma.context.set_offline(False)
    Session.objects.all().delete()
    other = alma.context.new_page()
    other.goto(f"{alma.origin}/accounts/login/")
    other.locator("[name=login]").fill(people.alma.email)
    other.locator("[name=password]").fill(make.PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other).to_have_url(f"{alma.origin}/portal/")
    send(page)
    expect(page.locator("main h1")).to_have_text("Thank you, it is sent")
    assert CheckIn.objects.get().text == "Written in the first tab."
