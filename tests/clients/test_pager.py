"""The pager hook: told without content, over addresses that may be called, tried again until it answers."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any

import pytest

from clients import duty, notices, pager, tasks
from clients.models import Notice, Practice
from tests import make
from tests.conftest import Cast


class Hook(ThreadingTCPServer):
    """A pager on loopback that answers what it is told to."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status, self.heard = 200, list[tuple[str, dict[str, str], bytes]]()


class Answer(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        if self.server.status in {301, 302, 307}:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def hook(settings: Any) -> Iterator[Hook]:
    with Hook() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        settings.PAGER_HOSTS = ["127.0.0.1"]
        yield server
        server.shutdown()


def url(hook: Hook) -> str:
    return f"http://127.0.0.1:{hook.server_address[1]}/t/abc?x=1"


def test_it_is_told_that_something_waits_and_nothing_else(hook: Hook) -> None:
    pager.call(url(hook))
    ((path, headers, body),) = hook.heard
    assert (path, body) == ("/t/abc?x=1", pager.BODY)
    assert {"Cookie", "Referer", "Authorization"}.isdisjoint(headers)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
def test_any_other_answer_is_a_failure_and_no_redirect_is_followed(hook: Hook, status: int) -> None:
    hook.status = status
    with pytest.raises(ConnectionError):
        pager.call(url(hook))
    assert [path for path, _h, _b in hook.heard] == ["/t/abc?x=1"]


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"])
def test_private_networks_are_never_called_whatever_the_name_says(settings: Any, name: str) -> None:
    settings.PAGER_HOSTS = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        for scheme in ("http", "https"):
            with pytest.raises(pager.Unfit):
                pager.call(f"{scheme}://{name}/")
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "host",
    ["[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "224.0.0.1", "[ff0e::1]", "[::ffff:127.0.0.1]"],
)
def test_no_address_leads_round_the_corner_to_a_private_network(settings: Any, host: str) -> None:
    settings.PAGER_HOSTS = []
    with pytest.raises(pager.Unfit):
        pager.check(f"https://{host}/")
    pager.check("https://[2606:4700::1]/")


def test_a_pager_that_answers_a_byte_at_a_time_is_hung_up_on(settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(pager, "SECONDS", 0.5)
    settings.PAGER_HOSTS = ["127.0.0.1"]
    gone = threading.Event()

    def drip(server: socket.socket) -> None:
        line, _address = server.accept()
        with line, suppress(OSError):
            line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not gone.wait(0.1):
                line.sendall(b"a")

    with socket.create_server(("127.0.0.1", 0)) as server:
        slow = threading.Thread(target=drip, args=(server,), daemon=True)
        slow.start()
        ended = threading.Timer(4, gone.set)
        ended.start()
        with pytest.raises((OSError, HTTPException)):
            pager.call(f"http://127.0.0.1:{server.getsockname()[1]}/")
        assert not gone.is_set(), "it was not waited for"
        ended.cancel()
        gone.set()
        slow.join()


@pytest.mark.django_db
@pytest.mark.db_both
def test_an_alert_pages_once_a_rung_and_goes_on_trying(cast: Cast, hook: Hook, time_machine: Any) -> None:
    Practice.objects.filter(pk=cast.practice.pk).update(pager_url=url(hook))
    hook.status = 503
    make.check_in(cast.a, 0, "I want to die. ZEBRA", safety=("self_harm", "afraid"))
    at = make.START
    time_machine.move_to(at, tick=False)
    for _ in range(3):
        duty.watch(at)
    assert Notice.objects.filter(kind="pager").count() == 1, "one page for all that one check-in raised"
    for minute in (0, 1, 3):
        time_machine.move_to(at + timedelta(minutes=minute), tick=False)
        tasks.deliver_due()
    assert len(hook.heard) == 3
    assert notices.stuck(cast.practice.pk, at).count() == 1, "the desk says so"
    hook.status = 200
    time_machine.move_to(at + timedelta(minutes=9), tick=False)
    tasks.deliver_due()
    assert Notice.objects.get(kind="pager").sent_at is not None
    tasks.deliver_due()
    duty.watch(at + timedelta(minutes=15))
    time_machine.move_to(at + timedelta(minutes=15), tick=False)
    tasks.deliver_due()
    assert len(hook.heard) == 5, "once more for the next rung"
    assert {body for _p, _h, body in hook.heard} == {pager.BODY}
    assert not any(b"ZEBRA" in body or b"Alma" in body for _p, _h, body in hook.heard)


@pytest.mark.django_db
def test_a_hanging_pager_holds_up_no_mail(cast: Cast, settings: Any, time_machine: Any, monkeypatch: Any) -> None:
    """It accepts and says nothing: after the time-out the mails still go out in the same sweep."""
    monkeypatch.setattr(pager, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.PAGER_HOSTS = ["127.0.0.1"]
        Practice.objects.filter(pk=cast.practice.pk).update(pager_url=f"http://127.0.0.1:{silent.getsockname()[1]}/")
        make.check_in(cast.a, 0, safety=("self_harm",))
        duty.watch(make.START)
        time_machine.move_to(make.START, tick=False)
        assert tasks.deliver_due() == 1
    assert Notice.objects.get(kind="urgent").sent_at is not None
    row = Notice.objects.get(kind="pager")
    assert (row.sent_at, row.attempts) == (None, 1)
