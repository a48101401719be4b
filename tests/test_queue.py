"""The rows are the queue: a real worker on each broker, killed or cut off, delivers all that is owed."""

import os
import signal
import socketserver
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kombu import Connection

from tests.plugins.needs import AMQP_URL, REDIS_URL

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0
NO_BROKER = "redis://127.0.0.1:1/0"
pytestmark = pytest.mark.services

# One person, and the notices named on the command line, owed by the same call an act makes.
OWE = """
import sys
from django.db import transaction
from django.utils import timezone
from clients import notices
from clients.models import Practice, User
now = timezone.now()
practice = Practice.objects.first() or Practice.objects.create(name="Elm", created_at=now)
to = User.objects.first() or User.objects.create(
    practice=practice, email="a@example.org", name="A", role="counselor", created_at=now
)
with transaction.atomic():
    notices.owe([notices.prepare("reminder", to=to, at=now, dedupe=name) for name in {names!r}])
"""

# Danger that nobody has looked at for so many minutes; three people on the three rungs.
DANGER = """
from datetime import timedelta
from uuid import uuid4
from django.utils import timezone
from clients import checkins, duty
from clients.models import Partner
from tests import make
now = timezone.now()
practice = make.practice()
dana, erik, ruth = (make.user(practice, n, r) for n, r in (("Dana", "counselor"), ("Erik", "counselor"), ("Ruth", "owner")))
alma = make.user(practice, "Alma", "client")
case = make.case(dana, ("Alma", alma), ("Bruno", None))
days = [(now + timedelta(days=n)).date() for n in (-1, 0, 1)]
plan = {{(day, half): erik.pk for day in days for half in ("am", "pm")}}
duty.set_duty(practice=practice, plan=plan, by=ruth, at=now)
checkins.submit(partner=make.side(case), by=alma, at=now - timedelta(minutes={minutes}), key=uuid4(),
                answers=checkins.Answers(make.items(), ("self_harm",)))
"""


class Letterbox(socketserver.ThreadingTCPServer):
    """As much of an SMTP server as Django needs. While it holds, a sender waits for its greeting."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Letter)
        self.ids: list[str] = []
        self.holding, self.held = False, threading.Event()


class Letter(socketserver.StreamRequestHandler):
    server: Letterbox

    def handle(self) -> None:
        if self.server.holding:
            self.server.held.set()
            self.rfile.read()  # until the sender is gone
            return
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                for text in iter(self.rfile.readline, b".\r\n"):
                    if text.lower().startswith(b"message-id:"):
                        self.server.ids.append(text.decode().split(":", 1)[1].strip())
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 fine\r\n")


class Worker:
    """A real worker on a database file and a queue of its own."""

    def __init__(self, folder: Path, template: Path, broker: str, letterbox: Letterbox) -> None:
        self.folder, self.broker, self.letterbox = folder, broker, letterbox
        self.queue = f"test-{uuid.uuid4().hex[:12]}"
        self.process: subprocess.Popen[bytes] | None = None
        for file in template.glob("db*.sqlite3"):
            (folder / file.name).write_bytes(file.read_bytes())

    def env(self, broker: str) -> dict[str, str]:
        return environment(self.folder) | {
            "DJANGO_SETTINGS_MODULE": "tests.queue_settings",
            "CELERY_BROKER_URL": broker,
            "TEST_QUEUE": self.queue,
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(self.letterbox.server_address[1]),
            "EMAIL_PLAIN": "1",
        }

    def start(self, *, sweeps: bool) -> None:
        command = "celery -A counselor.config worker -P threads -c 2 --without-gossip --without-mingle"
        command += f" --loglevel WARNING -n {self.queue}@test" + (" -B" if sweeps else "")
        with (self.folder / "worker.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command.split()],
                cwd=ROOT,
                env=self.env(self.broker),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def owe(self, *names: str, broker: str = "") -> None:
        django(OWE.format(names=names), self.env(broker or self.broker))

    def rows(self, sql: str) -> list[tuple]:
        with closing(sqlite3.connect(self.folder / "db.sqlite3", timeout=20)) as db, db:
            return db.execute(sql).fetchall()

    def until_sent(self, number: int) -> None:
        count = "SELECT count(*) FROM clients_notice WHERE sent_at IS NOT NULL"
        until(lambda: self.rows(count) == [(number,)], f"{number} sent", self.log)
        assert len(self.letterbox.ids) == len(set(self.letterbox.ids)) == number

    def log(self) -> str:
        return (self.folder / "worker.log").read_text() + repr(self.rows("SELECT * FROM clients_notice"))

    def sweep_up(self) -> None:
        """Leave nothing on a broker that others use."""
        if self.broker.startswith("redis"):
            import redis

            with redis.Redis.from_url(self.broker) as client:
                for key in client.scan_iter(f"{self.queue}:*"):
                    client.delete(key)
        elif self.broker.startswith("amqp"):
            with Connection(self.broker) as connection, connection.channel() as channel:
                channel.queue_delete(self.queue)
                channel.exchange_delete(self.queue)


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {
        "VAR_DIR": str(folder),
        "QUEUE_DIR": str(folder / "queue"),
        "BEAT_FILE": str(folder / "schedule"),
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "counselor.config.settings",
    }


def django(code: str, env: dict[str, str]) -> None:
    run = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code]
    done = subprocess.run(run, cwd=ROOT, env=env, capture_output=True, text=True, timeout=PATIENCE * 2)
    assert done.returncode == 0, done.stderr


def until(true: Callable[[], object], what: str, log: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"waited in vain: {what}\n{log()}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated database, made once and copied."""
    folder = tmp_path_factory.mktemp("template")
    run = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    done = subprocess.run(run, cwd=ROOT, env=environment(folder), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(folder / "db.sqlite3")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


@pytest.fixture
def letterbox() -> Iterator[Letterbox]:
    with Letterbox() as box:
        threading.Thread(target=box.serve_forever, args=(0.05,), daemon=True).start()
        yield box
        box.shutdown()


BROKERS = [
    pytest.param("filesystem://localhost", id="filesystem"),
    pytest.param(REDIS_URL, id="redis", marks=pytest.mark.needs("redis")),
    pytest.param(AMQP_URL, id="rabbitmq", marks=pytest.mark.needs("rabbitmq")),
]


@pytest.fixture(params=BROKERS)
def worker(request: pytest.FixtureRequest, tmp_path: Path, template: Path, letterbox: Letterbox) -> Iterator[Worker]:
    worker = Worker(tmp_path, template, request.param, letterbox)
    yield worker
    worker.kill()
    worker.sweep_up()


def test_a_nudge_delivers_each_row_once(worker: Worker) -> None:
    worker.start(sweeps=False)  # so nothing but the nudge can tell it
    worker.owe("one", "two", "three")
    worker.owe("one", "two", "three", "four")  # said twice, owed once
    worker.until_sent(4)


def test_the_sweep_finds_what_nobody_nudged_for(worker: Worker) -> None:
    worker.owe("one", "two", broker=NO_BROKER)  # the act succeeds with its broker down
    assert worker.rows("SELECT count(*) FROM clients_notice WHERE sent_at IS NULL") == [(2,)]
    worker.start(sweeps=True)
    worker.until_sent(2)


def test_a_worker_killed_in_the_middle_loses_nothing(worker: Worker) -> None:
    worker.letterbox.holding = True
    worker.start(sweeps=True)
    worker.owe("one", "two")
    until(worker.letterbox.held.is_set, "a mail under way", worker.log)
    worker.kill()
    assert worker.letterbox.ids == []
    worker.letterbox.holding = False
    # The dead worker's lease runs out in the database, not in the test.
    worker.rows("UPDATE clients_notice SET lease_until = '2000-01-01 00:00:00' WHERE lease_until IS NOT NULL")
    worker.start(sweeps=True)
    worker.until_sent(2)
    assert worker.rows("SELECT max(attempts) FROM clients_notice") == [(2,)]


def test_a_worker_killed_while_it_alerts_neither_loses_nor_doubles(worker: Worker) -> None:
    """Twenty minutes without a look: counselor, then duty. The worker dies with the first mail under way, and once more
    while it waits for the database; the next one alerts whoever is owed, once."""
    django(DANGER.format(minutes=20), worker.env(NO_BROKER))
    rungs = "SELECT rung, ended_at IS NULL FROM clients_escalation"
    told = "SELECT kind, count(*) FROM clients_notice GROUP BY kind ORDER BY kind"
    with closing(sqlite3.connect(worker.folder / "db.sqlite3", timeout=20, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        worker.start(sweeps=True)
        time.sleep(8)  # it has started, and waits to write
        worker.kill()
        db.execute("ROLLBACK")
    assert worker.rows(rungs) == [], "nothing is half done"
    worker.letterbox.holding = True
    worker.start(sweeps=True)
    until(lambda: worker.rows(rungs) == [(1, 1)], "duty alerted", worker.log)
    until(worker.letterbox.held.is_set, "a mail under way", worker.log)
    worker.kill()
    assert worker.rows(told) == [("alert", 1), ("urgent", 1)]
    worker.letterbox.holding = False
    worker.rows("UPDATE clients_notice SET lease_until = '2000-01-01 00:00:00' WHERE lease_until IS NOT NULL")
    worker.start(sweeps=True)
    worker.until_sent(2)
    time.sleep(6)  # another sweep finds nothing to do
    assert worker.rows(rungs) == [(1, 1)]
    assert worker.rows(told) == [("alert", 1), ("urgent", 1)]
    assert worker.rows("SELECT count(*) FROM clients_assignment WHERE role = 'alerted'") == [(1,)]
    assert worker.rows("SELECT count(*) FROM clients_auditevent WHERE act = 'alert.raised'") == [(2,)]
