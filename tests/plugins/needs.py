"""What a test needs from this machine: an installed Chromium, PostgreSQL, Redis, RabbitMQ.

What is missing skips its tests by name; with REQUIRE_BROWSER=1 or REQUIRE_SERVICES=1 they fail instead.
A test says `browser`, or `needs("postgresql" | "redis" | "rabbitmq")`; `db_both` tests of the PostgreSQL pass
need that server.
"""

import functools
import os
import shutil
import socket
import subprocess
from urllib.parse import urlsplit

import pytest

REDIS_URL = os.environ.get("TEST_REDIS_URL") or os.environ.get("TEST_BROKER_URL") or "redis://127.0.0.1:6379/9"
AMQP_URL = os.environ.get("TEST_AMQP_URL") or "amqp://guest:guest@127.0.0.1:5672//"
# The names of a Debian, a Fedora, a vendor's package and a Mac.
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# Nothing of its own over the network: only the pages under test.
BROWSER_ARGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

refusal = pytest.StashKey[str]()


@functools.cache
def find_browser() -> str:
    for name in (os.environ.get("CHROMIUM"), *BROWSERS):
        path = shutil.which(name) if name else None
        if path and subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0:
            return path
    return ""


@functools.cache
def listens(url: str, port: int) -> bool:
    place = urlsplit(url)
    try:
        socket.create_connection((place.hostname or "127.0.0.1", place.port or port), timeout=3).close()
    except OSError:
        return False
    return True


def missing(what: str) -> str:
    """A sentence naming what is not here, or nothing."""
    if what == "chromium":
        return "" if find_browser() else "Chromium is not installed (CHROMIUM names it elsewhere)"
    if what == "postgresql":
        return os.environ.get("TEST_POSTGRESQL_MISSING", "")
    if what == "redis":
        return "" if listens(REDIS_URL, 6379) else "Redis does not answer (TEST_REDIS_URL)"
    if what == "rabbitmq":
        return "" if listens(AMQP_URL, 5672) else "RabbitMQ does not answer (TEST_AMQP_URL)"
    raise ValueError(what)


def needs(item: pytest.Item) -> list[str]:
    found = [str(mark.args[0]) for mark in item.iter_markers("needs")]
    if item.get_closest_marker("browser"):
        found.append("chromium")
    if item.get_closest_marker("db_both"):
        found.append("postgresql")
    return found


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(service): postgresql, redis or rabbitmq has to answer")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if any(item.get_closest_marker("browser") for item in items):
        # Playwright runs a loop in this thread, and Django then refuses the database without this.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    for item in session.items:
        for what in needs(item):
            if reason := missing(what):
                strict = "REQUIRE_BROWSER" if what == "chromium" else "REQUIRE_SERVICES"
                if os.environ.get(strict) == "1":
                    item.stash[refusal] = f"{reason}, and {strict}=1 demands it"
                else:
                    item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if refusal in item.stash:
        pytest.fail(item.stash[refusal], pytrace=False)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    return {**browser_type_launch_args, "executable_path": find_browser(), "args": BROWSER_ARGS}
