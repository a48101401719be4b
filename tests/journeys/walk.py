"""How a person walks the pages: fill in a check-in, read what is marked, run the accessibility checks."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import formats, timezone
from playwright.sync_api import Locator, Page, expect

from clients.models import Case, Partner, User
from tests import make

browser_test = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "cache"])]

CALM: dict[str, Any] = {
    "c1": "2", "c2": "2", "c3": "3", "c4": ["kind", "memory"], "c5": "2", "c6": "1", "c7": "yes", "c7_began": "partner", "c7_ended": "4",
    "c8": ["none"], "c8g": ["listened"], "c9": "3", "wish": "unsure", "c11": "3", "c12": "1", "s1": ["none"],
}  # fmt: skip
# Every screen of a check-in in which the two were in touch, in order.
SCREENS = ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c8g", "c9", "wish", "c11", "c12", "s1", "n1", "t1"]
LETTER = """\
For weeks now things have been cool between us. Max moved into the flat over the bakery in April, and whenever I ask him \
if he still misses me he shrugs and goes quiet, or he says he is busy and hangs up. I know I should stop, but on the bad \
evenings I asked again. He pulled away every time, and once he said he needs some space.

Then last Sunday something changed. He called me, just like that, to tell me that the pear tree in the yard is in flower. \
We talked for half an hour. He remembered the night we missed the last ferry and slept in the car, and he laughed about it \
and said it was one of the best nights of his life. On Tuesday he sent me a sweet message, and yesterday he told me that I \
looked lovely on the photo with the dog. He even said he misses our Sunday breakfasts.

I did not know what to say. I wanted to ask whether that means he is coming home, and I held back. We did not quarrel once \
this week. But what does it mean? Does he miss me, or is he only lonely over there?"""


def ago(days: float) -> float:
    """For make.check_in: so many days before now."""
    return (timezone.now() - make.START) / timedelta(days=1) - days


def warmed(case: Case, partner: Partner, by: User) -> None:
    """Four cool weeks and a warmer fortnight up to five days ago, all read: a steady window is open."""
    make.warming(partner, ago(40))
    make.read_all(case, by, timezone.now() - timedelta(days=4))


def stamp(at: datetime, zone: str) -> str:
    """As the desk writes a time."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{formats.date_format(local, 'j M')}, {local:%H:%M}"


def _belongs(name: str, code: str) -> bool:
    return name == code or name.startswith(f"{code}_")


def _answer(step: Locator, code: str, answers: Mapping[str, Any]) -> bool:
    mine = {name: value for name, value in answers.items() if _belongs(name, code)}
    for name, value in mine.items():
        if code in {"n1", "t1"} or name == "s1_when":
            step.locator(f"[name={name}]").fill(value)
            continue
        for one in value if isinstance(value, list) else [value]:
            step.locator(f"[name={name}][value={one!r}]" if one else f"[name={name}]").check()
    return bool(mine)


def fill(page: Page, answers: Mapping[str, Any], script: bool) -> list[str]:
    """Answer a check-in up to its Send button; what has no answer is skipped. Returns the screens in order."""
    if not script:
        steps = page.locator("fieldset.step[id]")
        codes = [str(step.get_attribute("id")).removeprefix("step-") for step in steps.all()]
        for code in codes:
            _answer(page.locator(f"#step-{code}"), code, answers)
        return codes
    seen = []
    page.locator("[data-step-next]").click()
    while True:
        step = page.locator("fieldset.step:not([hidden])")
        code = str(step.get_attribute("id")).removeprefix("step-")
        seen.append(code)
        expect(page.locator("[data-step-skip]")).to_be_visible()
        answered = _answer(step, code, answers)
        if not page.locator("[data-step-next]").is_visible():
            return seen
        page.locator("[data-step-next]" if answered else "[data-step-skip]").click()


def send(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Send", exact=True).click()


def axe(page: Page, *, colours_only: bool = False) -> None:
    """No violation, by any rule axe has, or by those about colours."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if colours_only:
        options["runOnly"] = ["cat.color"]
    found = Axe().run(page, options=options).response["violations"]
    told = [
        f"{v['id']} ({v['impact']}): {[n['target'] for n in v['nodes']][:4]} {v['nodes'][0].get('failureSummary', '')[:300]}"
        for v in found
    ]
    assert not told, f"{page.url}\n" + "\n".join(told)


def headings(page: Page) -> list[str]:
    return page.locator("main h1, main h2").all_inner_texts()
