"""`manage.py up` and the demo's keys, run for real in a folder of their own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from counselor.management import demo_env, supervisor
from counselor.management.supervisor import Child

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # generous: a loaded machine is no failure
OURS = {
    "SECRET_KEY",
    "FIELD_KEYS",
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "QUEUE_DIR",
    "DJANGO_SETTINGS_MODULE",
    "PORT",
}
linux = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="Linux's /proc is not here")


def until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Site:
    var: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if name not in OURS}
        return plain | {"VAR_DIR": str(self.var), "PORT": str(self.port)}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
        )

    def start(self) -> None:
        out = (self.var / "out").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=self.env, stdout=out, stderr=subprocess.STDOUT
        )
        until(lambda: f"ready on http://localhost:{self.port}\n" in self.said(), "ready")

    def said(self) -> str:
        return (self.var / "out").read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def family(self) -> dict[int, int]:
        """Every process that carries this folder in its environment, with its parent: orphans too."""
        mark = f"VAR_DIR={self.var}".encode()
        found = {}
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError, IndexError, ValueError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        return found

    def child(self, name: str) -> int:
        assert self.process
        for pid, parent in self.family().items():
            if parent == self.process.pid and name in Path(f"/proc/{pid}/cmdline").read_text():
                return pid
        return 0

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/accounts/login/", timeout=5) as page:
                return bool(page.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = Site(tmp_path_factory.mktemp("var"), free_port())
    for command in (["-m", "counselor.management.demo_env"], ["manage.py", "prepare"]):
        done = site.run(*command)
        assert done.returncode == 0, done.stderr
    return site.var


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    site = Site(folder, free_port())
    site.start()
    yield site
    if site.process and site.process.poll() is None:
        site.end()
    for pid in site.family():  # only after a failure
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_and_ends_with_nothing_left(site: Site, number: int) -> None:
    assert site.answers()
    assert site.child("granian")
    assert site.child("celery")
    assert site.end(number) == 0
    assert site.family() == {}


@linux
@pytest.mark.parametrize("name", ["granian", "celery"])
def test_a_killed_child_comes_back(site: Site, name: str) -> None:
    killed = site.child(name)
    os.kill(killed, signal.SIGKILL)
    until(lambda: site.child(name) not in (0, killed), f"{name} again")
    until(site.answers, "the site")
    assert "ended (signal 9); it starts again in 1 s." in site.said()
    assert site.end() == 0
    assert site.family() == {}


@linux
def test_a_killed_grandchild_leaves_no_orphan(site: Site) -> None:
    web = site.child("granian")
    grandchildren = [pid for pid, parent in site.family().items() if parent == web]
    assert grandchildren
    for pid in grandchildren:
        os.kill(pid, signal.SIGKILL)
    until(site.answers, "the site")
    assert site.end() == 0
    assert site.family() == {}


@linux
def test_the_children_of_a_killed_supervisor_end_and_the_next_one_starts(site: Site) -> None:
    assert site.end(signal.SIGKILL) == -signal.SIGKILL
    site.start()  # at once: it waits for the port
    assert site.answers()
    assert site.end() == 0
    until(lambda: site.family() == {}, "the old children's end")


STUBBORN = "import os, signal, time; signal.signal(15, signal.SIG_IGN); os.fork(); time.sleep(600)"
RUN = """
import sys
from pathlib import Path
from counselor.management.supervisor import Child, run
run([Child("stubborn", [sys.executable, "-c", sys.argv[1]])], "127.0.0.1", 1, "", Path.cwd(), print)
"""


@linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_that_will_not_end_is_ended(tmp_path: Path, number: int) -> None:
    site = Site(tmp_path, 1)
    site.process = subprocess.Popen([sys.executable, "-c", RUN, STUBBORN], cwd=ROOT, env=site.env)
    until(lambda: len(site.family()) == 4, "the supervisor, its heir, the child and its fork")
    assert site.end(number) == (-number if number == signal.SIGKILL else 0)
    until(lambda: site.family() == {}, "everybody's end")


def test_a_second_one_refuses(site: Site) -> None:
    for command in (["manage.py", "up"], ["-m", "counselor.management.demo_env", "--fresh"]):
        second = site.run(*command)
        assert second.returncode == 1
        assert second.stderr == f"The site is already running on http://localhost:{site.port}: stop that one first.\n"
    assert site.answers()


def test_a_taken_port_refuses(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        site = Site(folder, other.getsockname()[1])
        for command in (["manage.py", "up"], ["-m", "counselor.management.demo_env"]):
            refused = site.run(*command)
            assert refused.returncode == 1
            assert refused.stderr.startswith(f"Port {site.port} cannot be used (Address already in use): ")
            assert refused.stderr.count("\n") == 1


def test_unknown_arguments_and_a_bad_port_are_code_2(folder: Path) -> None:
    assert Site(folder, 8000).run("manage.py", "up", "--no-such").returncode == 2
    for port in ("0", "70000", "eighty"):
        bad = Site(folder, port).run("-m", "counselor.management.demo_env")  # type: ignore[arg-type]
        assert bad.returncode == 2
        assert "PORT must be a number from 1 to 65535" in bad.stderr


def test_keys_are_written_once_and_the_last_port_is_noted(tmp_path: Path) -> None:
    env = tmp_path / "demo" / "env"

    def write(port: int, *arguments: str) -> dict[str, str]:
        done = Site(tmp_path, port).run("-m", "counselor.management.demo_env", *arguments)
        assert done.returncode == 0, done.stderr
        return dict(line.split("=", 1) for line in env.read_text().splitlines() if "=" in line)

    first, second = write(free_port()), write(other := free_port())
    assert second == first | {"PORT": str(other)}
    assert env.stat().st_mode & 0o777 == 0o600
    (tmp_path / "demo" / "mail").mkdir()
    fresh = write(other, "--fresh")
    assert fresh["SECRET_KEY"] != first["SECRET_KEY"]
    assert not (tmp_path / "demo" / "mail").exists()


def test_the_demo_refuses_half_a_production_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql:///elsewhere")
    with pytest.raises(supervisor.Refused, match="DATABASE_URL set in the environment"):
        demo_env.prepare(fresh=False, port="")


def test_the_wait_doubles_to_thirty_seconds_and_a_long_life_resets_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: clock[0])
    said: list[str] = []
    child = Child("web", [sys.executable, "-c", ""], tmp_path / "log")

    def die(after: float) -> float:
        supervisor._keep(child, tmp_path, said.append)
        assert child.process
        os.waitid(os.P_PID, child.process.pid, os.WEXITED | os.WNOWAIT)
        clock[0] += after
        supervisor._keep(child, tmp_path, said.append)
        assert child.process is None
        wait = child.due - clock[0]
        supervisor._keep(child, tmp_path, said.append)
        assert child.process is None, "it starts only when the wait is over"
        clock[0] = child.due
        return wait

    assert [die(after=0) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert die(after=61) == 1
    assert said[0] == "web ended (code 0); it starts again in 1 s."


def test_warnings_of_a_log_are_repeated_once(tmp_path: Path) -> None:
    said: list[str] = []
    child = Child("worker", [], tmp_path / "log")
    with supervisor._open_log(child) as log:
        for piece in ("plain\n[WARNING] one\n[ERR", "OR] two\n"):
            log.write(piece)
            log.flush()
            supervisor._echo(child, said.append)
    assert said == ["worker: [WARNING] one", "worker: [ERROR] two"]
