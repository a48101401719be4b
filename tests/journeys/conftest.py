"""The cast in real browsers. `door(...)` opens one; whatever a page does there that it should not, fails the test."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from clients.models import User
from tests import make
from tests.conftest import Cast

DESKTOP, PHONE = (1280, 900), (390, 844)
EXPECTED = ("422", "409", "403", "404")  # Chromium's own line about an answer we meant to give
expect.set_options(timeout=6_000)


@pytest.fixture(autouse=True)
def _alone(settings: Any) -> None:
    """Many sign-ins from one address are this test's own doing."""
    settings.ACCOUNT_RATE_LIMITS = False


@dataclass
class Door:
    """One browser, one person, every page watched."""

    context: BrowserContext
    page: Page
    origin: str
    script: bool
    said: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    neutral: str = "https://www.wikipedia.org/"

    def go(self, path: str) -> Page:
        self.page.goto(self.origin + path)
        return self.page

    def enter(self, user: User) -> "Door":
        """Through the real form, from the first page on."""
        self.go("/")
        expect(self.page).to_have_url(self.origin + "/accounts/login/")
        self.sign_in(user)
        expect(self.page).to_have_url(self.origin + ("/portal/" if user.role == "client" else "/desk/"))
        self.page.wait_for_load_state()
        return self

    def sign_in(self, user: User) -> None:
        self.page.locator("[name=login]").fill(user.email)
        self.page.locator("[name=password]").fill(make.PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()

    def press(self, name: str, within: Any = None) -> None:
        (within or self.page).get_by_role("button", name=name, exact=True).click()

    def check(self) -> None:
        assert self.said == [], self.said
        assert self.strangers == [], self.strangers


@pytest.fixture
def door(browser: Browser, live_server: Any) -> Iterator[Callable[..., Door]]:
    opened: list[Door] = []

    def open_door(size: tuple[int, int] = DESKTOP, script: bool = True, **options: Any) -> Door:
        phone = size[0] < 600
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, java_script_enabled=script, has_touch=phone, is_mobile=phone,
            locale="en-GB", timezone_id="America/New_York", **options,
        )  # fmt: skip
        context.set_default_timeout(8_000)
        page = context.new_page()
        made = Door(context, page, live_server.url, script)
        own = urlsplit(live_server.url).netloc

        def watch(route: Route) -> None:
            url = route.request.url
            if urlsplit(url).netloc == own:
                route.fallback()
            elif url == made.neutral and route.request.is_navigation_request():
                route.fulfill(body="<title>Elsewhere</title>elsewhere", content_type="text/html")
            else:
                made.strangers.append(url)
                route.abort()

        def hear(message: Any) -> None:
            text = message.text
            if text.startswith("Failed to load resource") and any(f"status of {code}" in text for code in EXPECTED):
                return
            made.said.append(f"{message.type} {text} at {page.url}")

        context.route("**/*", watch)
        context.on("console", hear)
        context.on("weberror", lambda error: made.said.append(f"error {error.error} at {page.url}"))
        opened.append(made)
        return made

    yield open_door
    for made in opened:
        made.check()
        with suppress(Exception):
            made.context.close()


@pytest.fixture
def people(transactional_db: None, cast: Cast) -> Cast:
    """The cast with passwords, and screenings that are still good today."""
    for user in cast.everybody().values():
        user.set_password(make.PASSWORD)
        user.save()
    for case, partner in ((cast.couple, cast.a), (cast.couple, cast.b), (cast.single, cast.c)):
        make.screen(case, partner, cast.dana, at=timezone.now() - timedelta(days=1))
    return cast
