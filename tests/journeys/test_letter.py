"""A whole letter goes in through the portal; the desk shows which of its words were read as what."""

from collections.abc import Callable

from playwright.sync_api import expect

from clients import history
from clients.models import CheckIn
from tests.conftest import Cast
from tests.journeys.conftest import DESKTOP, PHONE, Door
from tests.journeys.walk import LETTER, browser_test, fill, send

pytestmark = browser_test


def test_a_letter_is_marked_where_it_was_read(people: Cast, door: Callable[..., Door]) -> None:
    carla = door(PHONE).enter(people.carla)
    carla.go("/portal/check-in/")
    fill(carla.page, {"t1": LETTER}, script=True)
    expect(carla.page.locator(".counter:visible")).to_have_text(f"{2000 - len(LETTER):,} left")
    send(carla.page)
    expect(carla.page.locator("main h1")).to_have_text("Thank you, it is sent")

    made = CheckIn.objects.select_related("reading").get()
    assert made.text == LETTER
    findings = history.findings_of(made)
    assert len({f.label for f in findings}) >= 3

    page = door(DESKTOP).enter(people.dana).go(f"/desk/cases/{people.single.pk}/")
    said = page.locator(".stream .said")
    assert said.text_content() == LETTER
    pieces: dict[str, str] = {}
    labels: dict[str, str] = {}
    for mark in said.locator("mark").all():
        for name in str(mark.get_attribute("data-finding")).split():
            pieces[name] = pieces.get(name, "") + str(mark.text_content())
            labels[name] = labels.get(name, "") + " " + str(mark.get_attribute("data-label"))
        assert mark.get_attribute("title")
    assert len(pieces) == len(findings)
    for index, finding in enumerate(findings):
        name = f"{str(made.pk)[-8:]}-{index}"
        assert pieces[name] == LETTER[finding.start : finding.end]
        assert finding.label in labels[name]
