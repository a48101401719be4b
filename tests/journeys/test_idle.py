"""Fifteen minutes without an act of the person end the session; what the page does by itself does not count."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from counselor import notes
from tests.conftest import Cast
from tests.journeys.conftest import Door
from tests.journeys.walk import browser_test

pytestmark = browser_test
POLL = {"X-Poll": "1", "HX-Request": "true"}


@pytest.mark.parametrize("who", ["dana", "alma"])
def test_a_session_ends_when_nobody_is_there(people: Cast, door: Callable[..., Door], who: str) -> None:
    start = timezone.now()
    one = door().enter(people.everybody()[who])
    home = one.page.url.removeprefix(one.origin)

    def after(minutes: float) -> time_machine.travel:
        return time_machine.travel(start + timedelta(minutes=minutes), tick=True)

    with after(10):
        one.go(home)
        expect(one.page).to_have_url(one.origin + home)
    with after(24):  # counted from the last act, not from the sign-in
        assert one.context.request.get(one.origin + home, headers=POLL).url == one.origin + home
    with after(26):  # the poll at 24 was no act
        one.go(home)
        expect(one.page).to_have_url(f"{one.origin}/accounts/login/?next={home}")
        one.sign_in(people.everybody()[who])
        expect(one.page).to_have_url(one.origin + home)


def test_a_part_never_turns_into_a_sign_in_page(people: Cast, door: Callable[..., Door]) -> None:
    desk = door().enter(people.dana)
    Session.objects.all().delete()
    desk.page.locator("[data-search]").press_sequentially("carla")
    toast = desk.page.locator("#messages .toast")
    expect(toast).to_contain_text("You have been signed out.")
    expect(toast.get_by_role("link", name="Sign in")).to_be_visible()
    expect(desk.page.locator(".row")).to_have_count(2)


def test_a_note_outlives_the_session_it_was_typed_in(people: Cast, door: Callable[..., Door]) -> None:
    row = notes.start(case=people.couple, by=people.dana, at=timezone.now())
    desk = door().enter(people.dana)
    page = desk.go(f"/desk/notes/{row.pk}/")
    page.wait_for_load_state()
    Session.objects.all().delete()
    page.locator("#id_body").fill("Typed after the session had ended.")
    expect(page.locator("#saved")).to_contain_text("What you type is kept for you")
    desk.press("Sign and lock")
    expect(page.get_by_role("heading", name="Your session has ended")).to_be_visible()
    page.get_by_role("link", name="Sign in again").click()
    desk.sign_in(people.dana)
    expect(page).to_have_url(f"{desk.origin}/desk/notes/{row.pk}/")
    desk.press("Use this text")
    expect(page.locator("#id_body")).to_have_value("Typed after the session had ended.")
    desk.press("Sign and lock")
    expect(page.locator(".page-sub")).to_contain_text("Signed by Dana")
    expect(page.locator(".prose")).to_have_text("Typed after the session had ended.")
