"""Every page of both doors, at a desk and on a phone, in light and dark: nothing for axe, nothing on the console, nothing
from elsewhere, nothing cut off; by keyboard alone; in forced colours."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clients import flags
from clients.models import Flag, SentGuidance
from counselor import notes
from tests import make
from tests.conftest import Cast
from tests.journeys.conftest import DESKTOP, PHONE, Door
from tests.journeys.walk import CALM, ago, axe, browser_test, fill, send, warmed

pytestmark = browser_test
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
TEXT = "I asked Bruno to come home before Christmas. He went quiet, and I held back. On Friday he called me. I do not want to live."


def _lived_in(people: Cast) -> dict[str, str]:
    """A practice with something on every page; the addresses that need an id."""
    warmed(people.couple, people.a, people.dana)
    at = timezone.now() - timedelta(hours=2)
    make.share(people.couple, people.a, people.dana, at, line="For the coming days.")
    make.check_in(
        people.a,
        ago(0.05),
        c8={"push_return": 1, "uninvited": 2},
        text=TEXT,
        next_session="Could we talk about Christmas?",
    )
    make.check_in(people.b, ago(3), c8="none", text="A quiet week.")
    flag = Flag.objects.get(rule="P02")
    signed = notes.SessionNote.objects.get()
    draft = notes.start(case=people.couple, by=people.dana, at=at, flag=flag, body="Talked for an hour.")
    notes.save(case=people.couple, note_id=draft.pk, by=people.dana, at=at, body="We talked for an hour.", version=1)
    private = notes.private.start(case=people.couple, by=people.dana, at=at, body="My own thoughts.")
    case = f"/desk/cases/{people.couple.pk}/"
    danger = Flag.objects.get(case=people.couple, rule="S01")
    flags.mute(case=people.couple, rule="P06", by=people.dana, at=at, reason="Agreed in the room.")
    make.check_in(people.c, ago(2), safety=("child",))
    looked = Flag.objects.get(case=people.single, rule="S04")
    flags.resolve(
        case=people.single,
        flag_id=looked.pk,
        by=people.dana,
        at=at,
        reason="followed_up",
        follow_up="Spoke to the school.",
    )
    return {
        "flags": "/desk/flags/", "danger": f"{case}flags/{danger.pk}/", "closed danger": f"/desk/cases/{people.single.pk}/flags/{looked.pk}/",
        "second looks": "/desk/second-looks/", "second look": f"/desk/second-looks/{looked.pk}/", "rules": "/desk/rules/",
        "today": "/desk/", "nothing found": "/desk/?q=nobody", "case": case, "the partner's side": f"{case}?side=B",
        "empty case": f"/desk/cases/{people.single.pk}/", "flag": f"{case}flags/{flag.pk}/", "draft": f"/desk/notes/{draft.pk}/",
        "signed note": f"/desk/notes/{signed.pk}/", "versions": f"/desk/notes/{draft.pk}/versions/",
        "private note": f"/desk/private/{private.pk}/", "notes": "/desk/notes/", "notes of a case": f"{case}notes/",
        "to co-sign": "/desk/co-sign/", "share": f"/desk/notes/{signed.pk}/share/G11/?side=B",
        "arrangements": f"{case}arrangements/", "safety": f"{case}safety/",
        "screening": f"{case}screening/A/", "cover": "/desk/cover/", "library": "/desk/library/", "card": "/desk/library/G08/", "trail": "/desk/trail/",
        "no such page": "/desk/library/G99/",
    }  # fmt: skip


def _portal() -> dict[str, str]:
    sent = SentGuidance.objects.get()
    return {
        "home": "/portal/", "guidance": "/portal/guidance/", "one piece": f"/portal/guidance/{sent.pk}/", "help": "/portal/help/",
        "check-in": "/portal/check-in/",
    }  # fmt: skip


def _fits(page: Page, size: tuple[int, int], width: int) -> None:
    """Nothing to scroll sideways, no control beyond the edge."""
    page.set_viewport_size({"width": width, "height": size[1]})
    wide = page.evaluate(
        """() => [document.documentElement.scrollWidth - innerWidth, [...document.querySelectorAll("a, button, input, textarea, select, h1, h2, h3, p")]
        .filter((one) => one.checkVisibility() && !one.closest(".table-wrap, .skip, .visually-hidden, .sprite"))
        .filter((one) => { const box = one.getBoundingClientRect(); return box.width > 1 && (box.right > innerWidth + 1 || box.left < -1) })
        .map((one) => one.outerHTML.slice(0, 120))]"""
    )
    page.set_viewport_size({"width": size[0], "height": size[1]})
    assert wide[0] <= 0, f"{page.url} is wider than {width} px by {wide[0]}"
    assert wide[1] == [], f"{page.url} at {width} px: {wide[1][:3]}"


def _touchable(page: Page) -> None:
    """Every control outside a sentence is at least 24 px high and wide; those of the portal 44."""
    small = page.evaluate(
        """(least) => [...document.querySelectorAll("button, select, textarea, input:not([type=hidden], [type=radio], [type=checkbox]), .choice, summary, nav a, a.button, .tel, .plist a")]
        .filter((one) => one.checkVisibility() && !one.closest(".skip, .visually-hidden") && !one.matches(".skip, .crumbs a"))
        .filter((one) => { const box = one.getBoundingClientRect(); return box.height && (Math.round(box.height) < least || box.width < 24) })
        .map((one) => `${Math.round(one.getBoundingClientRect().width)}x${Math.round(one.getBoundingClientRect().height)} ${one.outerHTML.slice(0, 100)}`)""",
        44 if "/portal/" in page.url else 24,
    )
    assert small == [], f"{page.url}: {small}"


def _look(page: Page, size: tuple[int, int]) -> None:
    page.emulate_media(color_scheme="light")
    axe(page)
    page.emulate_media(color_scheme="dark")
    axe(page, colours_only=True)
    for width in (360, 320):  # 320 is 1280 at 400 %
        _fits(page, size, width)
    _touchable(page)


def _screens(page: Page) -> Iterator[str]:
    """Each screen of the check-in in turn."""
    while True:
        yield str(page.locator("fieldset.step:visible").get_attribute("id"))
        if not page.locator("[data-step-next]").is_visible():
            return
        page.locator("[data-step-next]").click()


@SIZES
def test_the_desk(people: Cast, door: Callable[..., Door], size: tuple[int, int]) -> None:
    pages = _lived_in(people)
    desk = door(size)
    desk.go("/accounts/login/")
    _look(desk.page, size)
    desk.enter(people.dana)
    for path in pages.values():
        desk.go(path)
        for part in desk.page.locator("main details").all():
            part.evaluate("part => { part.open = true }")
        _look(desk.page, size)
    lead = door(size)
    lead.enter(people.ruth)
    rooms = [f"/desk/practice/{room}" for room in ("", "duty/", "numbers/", "team/", "rules/")]
    for path in (pages["second look"], *rooms):
        lead.go(path)
        _look(lead.page, size)
    # forms that were refused
    desk.go(pages["screening"])
    desk.page.locator("form.panel").evaluate("form => { form.noValidate = true; form.submit() }")
    expect(desk.page.locator(".error-summary")).to_be_focused()
    _look(desk.page, size)


@SIZES
def test_the_portal(people: Cast, door: Callable[..., Door], size: tuple[int, int]) -> None:
    _lived_in(people)
    alma = door(size).enter(people.alma)
    for name, path in _portal().items():
        alma.go(path)
        if name != "check-in":
            _look(alma.page, size)
            continue
        for code in _screens(alma.page):
            if code in {"step-c7", "step-c8"}:
                alma.page.locator(
                    "fieldset.step:visible input[value='1'], fieldset.step:visible input[value=yes]"
                ).first.check()
            if code in {"None", "step-c1", "step-c3", "step-c7", "step-c8", "step-s1", "step-t1"}:
                _look(alma.page, size)
            else:
                _fits(alma.page, size, 320)
    alma.press("Send")
    expect(alma.page.locator("main h1")).to_have_text("Thank you, it is sent")
    _look(alma.page, size)
    alma.go("/portal/check-in/")
    fill(alma.page, {"s1": ["hurt"], "t1": "x" * 2001}, script=True)
    send(alma.page)
    expect(alma.page.locator(".error-summary")).to_be_focused()
    _look(alma.page, size)
    alma.page.locator("[name=t1]").fill("")
    send(alma.page)
    expect(alma.page.locator("#danger-head")).to_be_visible()
    _look(alma.page, size)
    alma.go("/portal/check-in/")
    fill(alma.page, CALM, script=True)
    alma.context.clear_cookies(name="session")
    send(alma.page)
    expect(alma.page.locator("h1")).to_have_text("Your session had ended")
    _look(alma.page, size)
    alma.page.get_by_role("link", name="Sign in").click()
    alma.sign_in(people.alma)
    expect(alma.page.locator("h1")).to_have_text("A check-in waits to be sent")
    _look(alma.page, size)


def test_by_keyboard_alone(people: Cast, door: Callable[..., Door]) -> None:
    pages = _lived_in(people)
    desk = door(DESKTOP)
    page = desk.go("/")
    keys = page.keyboard
    expect(page.locator("#leave")).to_be_visible()
    page.locator("[name=login]").focus()
    keys.type(people.dana.email)
    keys.press("Tab")
    keys.type(make.PASSWORD)
    keys.press("Enter")
    expect(page.locator("h1")).to_have_text("Today")
    page.wait_for_load_state()
    keys.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    rows = page.locator(".row-name")
    keys.press("j")
    expect(rows.first).to_be_focused()
    keys.press("j")
    expect(rows.nth(1)).to_be_focused()
    keys.press("k")
    expect(rows.first).to_be_focused()
    keys.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    keys.type("carla")
    expect(rows).to_have_count(1)
    keys.press("Escape")
    keys.press("j")
    expect(rows.filter(has_text="Carla")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("h1")).to_have_text("Carla and Max")

    desk.go(pages["case"])
    stops = page.locator("figure.chart svg:visible .pt")
    readout = page.locator("figure.chart .readout")
    page.locator("figure.chart svg:visible .pt[tabindex='0']").focus()
    newest = readout.inner_text()
    keys.press("ArrowLeft")
    expect(readout).not_to_have_text(newest)
    expect(stops.nth(stops.count() - 2)).to_be_focused()
    keys.press("Home")
    expect(stops.first).to_be_focused()
    keys.press("End")
    expect(readout).to_have_text(newest)
    # out again: no trap, and every stop of Tab can be seen
    for _ in range(12):
        keys.press("Tab")
        assert page.evaluate("document.activeElement !== document.body && document.activeElement.checkVisibility()")
    assert page.evaluate("!document.activeElement.closest('svg')")


def test_leaving_quickly(people: Cast, door: Callable[..., Door]) -> None:
    alma = door(PHONE).enter(people.alma)
    page = alma.page
    for path in ("/portal/", "/portal/check-in/", "/portal/help/"):
        alma.go(path)
        page.keyboard.press("Tab")
        expect(page.locator("#leave")).to_be_focused()
        box = page.locator("#leave").bounding_box()
        assert box
        assert box["y"] < 60
        assert box["height"] >= 44
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
    alma.go("/portal/check-in/")
    page.locator("[data-step-next]").click()
    length = page.evaluate("history.length")
    page.locator("#leave").click()
    expect(page).to_have_url(alma.neutral)
    assert page.evaluate("history.length") == length  # in the place of the page, not after it
    page.go_back()
    assert "/check-in/" not in page.url
    alma.go("/portal/")
    for _ in range(3):
        page.keyboard.press("Escape")
    expect(page).to_have_url(alma.neutral)
    plain = door(DESKTOP, script=False).enter(people.carla)
    plain.page.locator("#leave").click()
    expect(plain.page).to_have_url(plain.neutral)


def test_forced_colours_and_paper(people: Cast, door: Callable[..., Door]) -> None:
    pages = _lived_in(people)
    desk = door(DESKTOP, forced_colors="active").enter(people.dana)
    page = desk.page
    for path in (pages["today"], pages["case"]):
        desk.go(path)
        marks = page.locator("svg.mark:visible")
        assert marks.count() >= 4
        pale = marks.evaluate_all(
            """(marks) => marks.filter((mark) => { const box = mark.getBoundingClientRect(), ground = getComputedStyle(document.body).backgroundColor;
            return box.width < 8 || box.height < 8 || getComputedStyle(mark).color === ground }).map((mark) => mark.outerHTML)"""
        )
        assert pale == []
    lines = page.locator(".said mark").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one).textDecorationLine)"
    )
    assert lines
    assert set(lines) == {"underline"}
    page.emulate_media(media="print", forced_colors="none")
    expect(page.locator(".desk-header")).to_be_hidden()
    expect(page.locator("figure.chart svg.chart-wide")).to_be_visible()
    expect(page.locator(".said").first).to_be_visible()


def test_a_click_on_the_name_of_a_flag_opens_that_flag(people: Cast, door: Callable[..., Door]) -> None:
    _lived_in(people)
    for partner, case in ((people.a, people.couple), (people.b, people.couple)):
        make.check_in(partner, ago(1), safety=("child",))
        flag = Flag.objects.get(partner=partner, rule="S04")
        flags.resolve(
            case=case, flag_id=flag.pk, by=people.dana, at=timezone.now(), reason="followed_up", follow_up="Looked."
        )
    for user, place, within in (
        (people.dana, "/desk/flags/", "#flag-list"), (people.ruth, "/desk/second-looks/", "#main"),
    ):  # fmt: skip
        desk = door(DESKTOP).enter(user)
        page = desk.go(place)
        wanted = page.locator(f"{within} .row-name").first.get_attribute("href")
        last = page.locator(f"{within} .row-name").last.get_attribute("href")
        assert wanted != last, "two flags at least"
        page.locator(f"{within} .row-name").first.click()
        expect(page).to_have_url(desk.origin + str(wanted))
        desk.go(place)
        page.keyboard.press("j")
        ring = page.locator(f"{within} .row-name").first.evaluate("one => getComputedStyle(one).outlineStyle")
        assert ring == "solid", place
        page.locator("h1").click()
        expect(page).to_have_url(desk.origin + place)


def test_what_an_act_answers_is_where_the_keyboard_goes_on(people: Cast, door: Callable[..., Door]) -> None:
    make.check_in(people.a, ago(0.05), c8={"ultimatum": 1})
    flag = Flag.objects.get(partner=people.a, rule="P03")
    page = door(DESKTOP).enter(people.dana).go(f"/desk/cases/{people.couple.pk}/flags/{flag.pk}/")
    page.locator("#snooze_until").fill("2020-01-01")
    page.get_by_role("button", name="Set aside", exact=True).click()
    expect(page.locator("#errors")).to_be_focused()
    expect(page.locator("form:has(#errors) #snooze_until")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Mark as seen").click()
    expect(page.locator("[data-said][role=status]")).to_be_focused()
    expect(page.locator("[data-said]")).to_have_text("Seen by Dana.")

    page.goto(page.url.split("flags/")[0] + "arrangements/")
    page.locator("summary", has_text="Add a goal").first.click()
    form = page.locator("details:has([name=goalA-words])")
    form.get_by_role("button", name="Keep").click()
    expect(page.locator("#errors")).to_be_focused()
    form.locator("[name=goalA-words]").fill("To listen before I answer.")
    form.get_by_role("button", name="Keep").click()
    expect(page.locator("[data-said]")).to_be_focused()
