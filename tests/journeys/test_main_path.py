"""The main job from end to end: a check-in becomes a flag, a session note and shared guidance."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from clients.models import CheckIn, SentGuidance
from counselor import library
from tests import make
from tests.conftest import Cast
from tests.journeys.conftest import DESKTOP, PHONE, Door
from tests.journeys.walk import CALM, SCREENS, browser_test, fill, headings, send, stamp, warmed

pytestmark = browser_test
TEXT = "It was a lovely evening. I asked Bruno to come home before Christmas. He went quiet. On Friday he called me."
CARD = library.cards()["G08"]
WHY, LAST = 0, 2  # a row's paragraphs, told by their order


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_from_a_check_in_to_shared_guidance(
    people: Cast, door: Callable[..., Door], size: tuple[int, int], script: bool
) -> None:
    warmed(people.couple, people.a, people.dana)

    # 1 the counselor's day
    desk = door(size, script).enter(people.dana)
    page = desk.page
    assert [g.get_attribute("data-group") for g in page.locator("[data-group]").all()] == [
        "needs_you",
        "watch",
        "gone_quiet",
        "steady",
    ]
    row = page.locator("[data-group=watch] .row", has_text="Alma and Bruno")
    expect(row.locator("p").nth(WHY)).to_have_text("A steady window is open after the first warmer weeks.")
    expect(row.locator("svg.spark")).to_be_visible()
    if size == DESKTOP:  # the cells stand beside each other, under their heads
        left = [box["x"] for cell in row.locator("p").all() if (box := cell.bounding_box())]
        assert left == sorted(set(left))
    expect(row.locator("p").nth(LAST)).to_contain_text("You, yesterday")
    expect(page.locator("[data-group=gone_quiet] .row", has_text="Carla and Max")).to_be_visible()

    # 2 a client answers every item
    alma = door(size, script).enter(people.alma)
    alma.page.get_by_role("link", name="Start a check-in").click()
    acts = {k: v for k, v in CALM.items() if k != "c8"} | {
        "c8_push_return": "1",
        "c8_reassurance": "2",
        "c8_monitoring": "no",
    }
    seen = fill(alma.page, acts | {"n1": "Could we talk about Christmas?", "t1": TEXT}, script)
    assert [code for code in seen if code != "c4n"] == SCREENS
    send(alma.page)
    made = CheckIn.objects.order_by("at").last()
    assert made is not None
    expect(alma.page.locator("main h1")).to_have_text("Thank you, it is sent")
    day = f"{made.read_by_on:%A}, {made.read_by_on.day} {made.read_by_on:%B}"
    expect(alma.page.locator("main")).to_contain_text(f"Dana reads it by {day}.")
    assert (made.text, made.next_session) == (TEXT, "Could we talk about Christmas?")
    assert made.answers["c8"] == {"push_return": 1, "reassurance": 2}
    assert made.answers["c7"] == {"talk": "yes", "began": "partner", "ended": 4}
    assert "skip" not in made.answers.values()

    # another one skips all but the safety question: help comes before thanks
    carla = door(size, script).enter(people.carla)
    carla.go("/portal/check-in/")
    fill(carla.page, {"s1": ["self_harm"]}, script)
    send(carla.page)
    assert headings(carla.page)[0] == "You do not have to carry this alone"
    assert headings(carla.page)[-1] == "Thank you, it is sent"
    expect(carla.page.locator(".crisis a[href='tel:112']")).to_be_visible()
    expect(carla.page.locator(".crisis a[href='tel:0800111']")).to_be_visible()
    carla.page.locator("[name=s2_who][value=rather_not]").check()
    carla.page.locator("[name=s2_safe][value=not_sure]").check()
    carla.press("Tell my counselor")
    assert headings(carla.page)[0] == "You do not have to carry this alone"
    assert headings(carla.page)[-1] == "Thank you, that was passed on"

    # 3 and 4 what she sees of it
    desk.go("/desk/")
    names = page.locator("[data-group=needs_you] .row-name")
    assert names.all_inner_texts() == ["Carla and Max", "Alma and Bruno"]
    expect(page.locator(".row", has_text="Carla and Max").locator("p").nth(WHY)).to_contain_text("self-harm")
    names.filter(has_text="Alma and Bruno").click()
    expect(page.locator("h1")).to_have_text("Alma and Bruno")
    expect(page.locator("figure.chart svg:visible")).to_have_count(
        1 + page.locator("figure.chart .legend svg:visible").count()
    )
    said = page.locator(".stream .said").first
    assert said.inner_text() == TEXT
    marks = said.locator("mark[data-label][data-finding]")
    assert {"push_return", "initiates"} <= {str(m.get_attribute("data-label")) for m in marks.all()}
    assert all(m.inner_text() in TEXT for m in marks.all())
    flag = page.locator(".aside article[data-rule=P02]")
    expect(flag).to_have_attribute("data-state", "open")
    expect(flag.locator(".evidence").first).to_contain_text("asked or hinted about living together again")
    expect(flag.locator(".against li").first).not_to_be_empty()
    expect(flag.locator(".maps")).to_contain_text(CARD.title)
    flag.locator(".flag-title a").click()
    expect(page.locator("h1")).to_have_text("Pushed soon after the first warmer weeks (own report)")
    desk.press("Mark as seen")
    expect(page.locator("article[data-rule=P02]")).to_have_attribute("data-state", "acknowledged")

    # 5 from the flag to a note, a card, a signature and a share
    desk.press("Start a note")
    expect(page.locator("h1")).to_have_text("Progress note")
    page.locator("#id_body").fill("Alma told me about the evening.")
    desk.press(f"Insert {CARD.title}", page.locator("[aria-labelledby=cards] > .guidance-list"))
    expect(page.locator("#share-list")).to_contain_text(CARD.title)
    expect(page.locator("#id_body")).to_have_value(
        re.compile(re.escape(f"Alma told me about the evening.\n\n{library.as_note_text(CARD).strip()}") + r"\s*$")
    )
    desk.press("Sign and lock")
    expect(page.locator(".page-sub")).to_contain_text("Signed by Dana")
    expect(page.locator("#id_body")).not_to_have_class("editor")
    expect(page.locator(".prose")).to_contain_text(CARD.citation)
    page.get_by_role("link", name="Share with Alma").click()
    text = library.for_client(CARD, "Bruno")
    expect(page.get_by_label("Preview")).to_contain_text(text.title)
    page.locator("[name=line]").fill("For the coming days.")
    desk.press("Share")
    expect(page.locator("#messages")).to_contain_text("Shared with Alma.")
    expect(page.locator("#share-list")).to_contain_text("with Alma")

    # 6 read and answered
    alma.go("/portal/")
    expect(alma.page.locator("main")).to_contain_text("There is one thing you have not opened yet.")
    alma.page.get_by_role("link", name="Open guidance").click()
    expect(alma.page.locator(".plist")).to_contain_text("New")
    alma.page.get_by_role("link", name=text.title).click()
    expect(alma.page.locator("h1")).to_have_text(text.title)
    expect(alma.page.locator(".prose")).to_contain_text(text.body[:40])
    expect(alma.page.locator("main")).to_contain_text("For the coming days.")
    alma.page.get_by_label("Tried it").check()
    alma.page.locator("[name=line]").fill("It helped on Sunday.")
    alma.press("Send my answer")
    expect(alma.page.locator("#answer-head")).to_have_text("Your answer")
    expect(alma.page.locator("main")).to_contain_text("It helped on Sunday.")
    sent = SentGuidance.objects.get()
    assert sent.first_opened_at
    assert sent.answered_at
    desk.go(f"/desk/cases/{people.couple.pk}/")
    entry = page.locator(".entry[data-kind=guidance]")
    expect(entry).to_contain_text(f"Opened {stamp(sent.first_opened_at, 'Europe/Berlin')}")
    expect(entry).to_contain_text(f"Answered “Tried” {stamp(sent.answered_at, 'Europe/Berlin')}")
    expect(entry).to_contain_text("It helped on Sunday.")
    make.read_all(people.couple, people.dana, made.at)
    alma.go("/portal/")
    expect(alma.page.locator("main")).to_contain_text("Dana read it on")

    # 7 the trail
    desk.go("/desk/trail/")
    lines = [" ".join(line.split()) for line in page.locator("tbody tr").all_inner_texts()]
    for who, act in (
        ("Alma", "sent a check-in"), ("Dana", "looked at the case"), ("Dana", "marked a flag as seen"), ("Dana", "started a note"),
        ("Dana", "inserted guidance into a note"), ("Dana", "signed a note"), ("Dana", "shared guidance"), ("Alma", "opened guidance"),
        ("Alma", "answered guidance"), ("Carla", "sent a check-in"), ("Carla", "answered who and whether safe"),
    ):  # fmt: skip
        assert any(f"{who} {act}" in line for line in lines), (who, act, lines[:12])
    assert stamp(sent.sent_at, "Europe/Berlin") in " ".join(lines)
