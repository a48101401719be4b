"""Writing a note in a browser: saved by itself, left in a hurry, in two windows, guidance put in at the cursor once."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from counselor import notes
from counselor.models import NoteInsertion
from tests import make
from tests.conftest import Cast
from tests.journeys.conftest import DESKTOP, PHONE, Door
from tests.journeys.walk import ago, axe, browser_test

pytestmark = browser_test
ONCE = re.compile(r"^- (?:(?!evidence).)*\[evidence\]\(\S+\)\s+First\.$", re.DOTALL)


@pytest.fixture
def note(people: Cast) -> notes.SessionNote:
    make.check_in(people.a, ago(2), c8={"ultimatum": 1}, text="I asked Bruno to come home.")
    return notes.start(case=people.couple, by=people.dana, at=timezone.now(), body="First.")


def body_of(row: Any) -> str:
    row.refresh_from_db()
    return str(row.body)


def wait_for(page: Page, row: Any, words: str) -> None:
    for _ in range(60):
        if words in body_of(row):
            return
        page.wait_for_timeout(100)
    assert words in body_of(row)


def test_what_is_typed_is_saved_by_itself_and_on_the_way_out(
    people: Cast, note: Any, door: Callable[..., Door]
) -> None:
    desk = door().enter(people.dana)
    page = desk.go(f"/desk/notes/{note.pk}/")
    page.locator("#id_body").press_sequentially(" Typed.")
    expect(page.locator("#saved [name=version]")).to_have_value("2")
    wait_for(page, note, "Typed.")
    page.locator("#id_body").press_sequentially(" In a hurry.")
    desk.go("/desk/")
    wait_for(page, note, "In a hurry.")
    page = desk.go(f"/desk/notes/{note.pk}/")
    page.locator("#id_plan").fill("Speak on Friday.")
    desk.press("Sign out")
    expect(page).to_have_url(f"{desk.origin}/accounts/login/")
    desk.said = [
        line for line in desk.said if "Clear-Site-Data" not in line
    ]  # Chromium says that it did as it was told
    desk.sign_in(people.dana)
    page = desk.go(f"/desk/notes/{note.pk}/")
    if page.locator("#id_plan").input_value() == "":  # the sign-out was faster than the page
        desk.press("Use this text")
    expect(page.locator("#id_plan")).to_have_value("Speak on Friday.")


def test_leaving_an_old_window_loses_nothing(people: Cast, note: Any, door: Callable[..., Door]) -> None:
    desk = door().enter(people.dana)
    page = desk.go(f"/desk/notes/{note.pk}/")
    notes.save(case=people.couple, note_id=note.pk, by=people.dana, at=timezone.now(), body="Elsewhere.", version=1)
    page.locator("#id_body").fill("From the old window.")
    desk.go("/desk/")
    page = desk.go(f"/desk/notes/{note.pk}/")
    expect(page.locator(".difference").first).to_contain_text("From the old window.")
    desk.press("Put it after what stands")
    expect(page.locator("#id_body")).to_have_value("Elsewhere.\n\n---\n\nFrom the old window.")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_two_windows_see_both_texts(people: Cast, note: Any, door: Callable[..., Door], size: tuple[int, int]) -> None:
    desk = door(size).enter(people.dana)
    page = desk.go(f"/desk/notes/{note.pk}/")
    notes.save(case=people.couple, note_id=note.pk, by=people.dana, at=timezone.now(), body="Elsewhere.", version=1)
    page.locator("#id_body").fill("Here.")
    expect(page.get_by_role("heading", name="This note was changed elsewhere")).to_be_visible()
    expect(page.locator("#id_body")).to_have_value("Here.")
    axe(page)
    desk.press("Keep both, one after the other")
    expect(page.locator("#id_body")).to_have_value("Elsewhere.\n\n---\n\nHere.")


def test_a_double_click_puts_it_in_once_and_undo_takes_it_back(
    people: Cast, note: Any, door: Callable[..., Door]
) -> None:
    desk = door().enter(people.dana)
    page = desk.go(f"/desk/notes/{note.pk}/")
    area = page.locator("#id_body")
    area.focus()
    page.keyboard.press("Control+Home")
    page.locator("button[name=fact]").first.dblclick()
    expect(area).to_have_value(ONCE)
    wait_for(page, note, "evidence")
    expect(area).to_have_value(ONCE)
    assert NoteInsertion.objects.count() == 1
    area.focus()
    page.keyboard.press("Control+z")
    expect(area).to_have_value("First.")
    page.locator("button[name=fact]").first.click()
    expect(area).to_have_value(re.compile(r"evidence"))
