"""Keeps the web server and the worker running, and ends both together.

Standard library only: `make demo` asks it about lock and port before anything is installed.
Each child leads its own process group, so one kill ends all that it started. A supervisor killed -9 can end
nobody: a second small process, run by this file's last lines, notices and does it.
"""

import contextlib
import fcntl
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

TICK = 0.2
GRACE = 7.0  # seconds to end by oneself; the rest of the promised ten is for the kill
LONG_LIFE = 60.0  # who lived this long starts again after the shortest wait
LONGEST_WAIT = 30.0
BIG_LOG = 5_000_000
WORTH_SAYING = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b")


class Refused(Exception):
    """A sentence for the person who gave the command."""


@dataclass
class Child:
    name: str
    command: Sequence[str]
    log: Path | None = None  # none: it writes where the supervisor writes
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = 1.0
    due: float = 0.0
    echoed: int = 0


def take_lock(path: Path) -> TextIO:
    """Held for as long as the file is open. The running site's address is in it; a clean end empties it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    file.seek(0)
    left = file.read().strip()
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise Refused(f"The site is already running{f' on {left}' if left else ''}: stop that one first.") from None
    return file


def check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refused(
                f"Port {port} cannot be used ({error.strerror}): "
                f"stop what holds it, or choose another, as in PORT={port + 123 if port < 65000 else 8123}."
            ) from None


def run(children: Sequence[Child], host: str, port: int, name: str, cwd: Path, say: Callable[[str], None]) -> None:
    """Until SIGINT or SIGTERM; then end every child, within ten seconds."""
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup stays nohup
            signal.signal(number, lambda got, _frame: asked.append(got))
    began, announced, worried = time.monotonic(), False, False
    heir = Heir(cwd)
    try:
        while not asked:
            for child in children:
                _keep(child, cwd, say)
                _echo(child, say)
            heir.tell([child.process.pid for child in children if child.process])
            if not announced and _answers(host, port, name):
                announced = True
                print(f"ready on http://localhost:{port}", flush=True)  # noqa: T201
            elif not announced and not worried and time.monotonic() - began > 60:
                worried = True
                say(f"The site has not answered for a minute; {children[0].log or 'the log'} says why.")
            time.sleep(TICK)
    finally:
        _end([child.process for child in children if child.process])
        heir.dismiss()
        for child in children:
            _echo(child, say)


def _keep(child: Child, cwd: Path, say: Callable[[str], None]) -> None:
    now = time.monotonic()
    if child.process is None:
        if now >= child.due:
            _start(child, cwd)
    elif (code := child.process.poll()) is not None:
        _kill_group(child.process.pid)
        child.process = None
        if now - child.started >= LONG_LIFE:
            child.wait = 1.0
        how = f"signal {-code}" if code < 0 else f"code {code}"
        say(f"{child.name} ended ({how}); it starts again in {child.wait:.0f} s.")
        child.due = now + child.wait
        child.wait = min(child.wait * 2, LONGEST_WAIT)


def _start(child: Child, cwd: Path) -> None:
    child.started = time.monotonic()
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(_open_log(child)) if child.log else None
        child.process = subprocess.Popen(  # noqa: S603
            child.command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def _open_log(child: Child) -> TextIO:
    assert child.log
    child.log.parent.mkdir(parents=True, exist_ok=True)
    if child.log.exists() and child.log.stat().st_size > BIG_LOG:
        child.log.replace(child.log.with_suffix(".log.1"))
    file = child.log.open("a", encoding="utf-8")
    child.echoed = file.tell()
    return file


def _echo(child: Child, say: Callable[[str], None]) -> None:
    """Repeat the warnings of a child's log; the whole of it stays in the file."""
    if child.log is None or not child.log.exists() or child.log.stat().st_size <= child.echoed:
        return
    with child.log.open("rb") as file:
        file.seek(child.echoed)
        fresh = file.read()
    whole, _, _ = fresh.rpartition(b"\n")
    child.echoed += len(whole) + 1 if whole else 0
    for line in whole.decode(errors="replace").splitlines():
        if WORTH_SAYING.search(line):
            say(f"{child.name}: {line}")


def _answers(host: str, port: int, name: str) -> bool:
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    connection = http.client.HTTPConnection(near, port, timeout=2)
    try:
        connection.request("GET", "/", headers={"Host": name})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + GRACE
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, deadline - time.monotonic()))
        _kill_group(process.pid)
        process.wait()


def _kill_group(leader: int, number: int = signal.SIGKILL) -> bool:
    """Whatever a child started shares its group: nothing may outlive it. Says whether anybody was there."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


class Heir:
    """The process that ends the children when the supervisor was killed -9 and its pipe has closed."""

    def __init__(self, cwd: Path) -> None:
        self.cwd = cwd
        self.process: subprocess.Popen[str] | None = None
        self.told: list[int] = []

    def tell(self, groups: list[int]) -> None:
        if self.process is None or self.process.poll() is not None:
            command = [sys.executable, "-m", "counselor.management.supervisor"]
            self.process = subprocess.Popen(  # noqa: S603
                command, cwd=self.cwd, stdin=subprocess.PIPE, text=True, start_new_session=True
            )
        elif groups == self.told:
            return
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            print(*groups, file=self.process.stdin, flush=True)  # noqa: T201
        self.told = groups

    def dismiss(self) -> None:
        self.tell([])
        assert self.process
        self.process.communicate()


def inherit() -> None:
    groups: list[int] = []
    for line in sys.stdin:
        groups = [int(word) for word in line.split()]
    for leader in groups:
        with contextlib.suppress(ProcessLookupError):
            os.kill(leader, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while any(_kill_group(leader, 0) for leader in groups) and time.monotonic() < deadline:
        time.sleep(TICK)
    for leader in groups:
        _kill_group(leader)


if __name__ == "__main__":
    inherit()
