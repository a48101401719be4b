"""The Makefile on machines that lack something, and the total that `make test` ends with."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import passes
from tests.plugins import needs

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("sh", "awk", "cmp", "cp")
pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the Makefile and a PATH with nothing but the tools it names."""
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or tool)
    shutil.copy(ROOT / "Makefile", tmp_path)
    return tmp_path


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def make(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("make") or "make", *arguments],
        cwd=place,
        env={"PATH": str(place / "bin"), "HOME": str(place)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_alone_it_lists_what_can_be_done(place: Path) -> None:
    listed = make(place)
    assert listed.returncode == 0
    for target in ("demo", "demo-fresh", "test", "test-long", "bench", "lint", "format"):
        assert f"make {target} " in listed.stdout


def test_without_a_python_it_says_so(place: Path) -> None:
    script(place / "bin" / "python3.12", "echo 'command not found' >&2; exit 127")  # a version manager's shim
    done = make(place, "packages")
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed and none runs here." in done.stderr
    assert "command not found" not in done.stderr


def test_a_python_that_cannot_run_is_passed_over(place: Path) -> None:
    script(place / "bin" / "python3.11", "exit 127")
    script(place / "bin" / "python3", 'echo "$@" >> made')
    make(place, ".venv")
    assert "-m venv --clear .venv" in (place / "made").read_text()


def test_without_venv_it_names_the_package(place: Path) -> None:
    script(place / "bin" / "python3", 'case "$2" in *ensurepip*) exit 1;; esac')
    done = make(place, "packages")
    assert done.returncode != 0
    assert "python3 has no venv module with pip: install it (Debian, Ubuntu: apt install python3-venv)" in done.stderr


@pytest.mark.parametrize(("target", "lock"), [("packages", ""), ("dev-packages", "-dev")])
def test_packages_are_installed_only_when_the_lock_changed(place: Path, target: str, lock: str) -> None:
    script(place / ".venv" / "bin" / "python", 'case "$*" in *install*) echo "$@" >> installs;; esac')
    for name in ("", "-dev"):
        (place / f"requirements{name}.lock").write_text("one==1\n")
    assert make(place, target).returncode == make(place, target).returncode == 0
    installs = (place / "installs").read_text().splitlines()
    assert len(installs) == 1
    assert installs[0].endswith(f"--require-hashes -r requirements{lock}.lock")
    (place / f"requirements{lock}.lock").write_text("one==2\n")
    assert make(place, target).returncode == 0
    assert len((place / "installs").read_text().splitlines()) == 2


def test_a_failed_install_is_tried_again(place: Path) -> None:
    script(place / ".venv" / "bin" / "python", 'case "$*" in *install*) echo no wheel >&2; exit 1;; esac')
    (place / "requirements.lock").write_text("one==1\n")
    done = make(place, "packages")
    assert done.returncode != 0
    assert "The packages could not be installed; the lines above say why." in done.stderr
    assert not (place / ".venv" / "requirements.lock").exists()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_have_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert text.count("==") <= text.count("--hash=sha256:")


def test_ci_is_a_script_that_bash_can_read() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    bash = shutil.which("bash")
    if bash:
        assert subprocess.run([bash, "-n", ".ci/run"], cwd=ROOT).returncode == 0


REPORT = '<testsuites><testsuite tests="9" failures="1" errors="1" skipped="2"></testsuite></testsuites>'


@pytest.mark.parametrize(
    ("report", "code", "passed", "failed", "skipped"),
    [(REPORT, 1, 5, 2, 2), ("", 5, 0, 0, 0), ("", 2, 0, 1, 0), (REPORT.replace('"1"', '"0"'), 3, 7, 1, 2)],
    ids=["errors count as failed", "no test with these marks", "crashed", "failed after its report"],
)
def test_the_total(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    report: str,
    code: int,
    passed: int,
    failed: int,
    skipped: int,
) -> None:
    def run(arguments: list[str], _said: object, **_environment: str) -> int:
        if report:
            Path(arguments[-1].removeprefix("--junitxml=")).write_text(report)
        return code

    monkeypatch.setattr(passes, "OUT", tmp_path)
    monkeypatch.setattr(passes, "run", run)
    total = passes.tests("a pass", "slow", None)
    assert (total["passed"], total["failed"], total["skipped"]) == (passed, failed, skipped)


PROBE = """
import pytest
@pytest.mark.browser
def test_page(): pass
@pytest.mark.needs("redis")
def test_queue(): pass
def test_plain(): pass
"""


@pytest.mark.parametrize("strict", [False, True])
def test_what_is_missing_skips_by_name_or_fails(tmp_path: Path, strict: bool) -> None:
    (tmp_path / "test_probe.py").write_text(PROBE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = browser: x\n    db_both: x\n")
    tidy = {name: value for name, value in os.environ.items() if not name.startswith("REQUIRE_")}
    demanded = {"REQUIRE_BROWSER": "1", "REQUIRE_SERVICES": "1"} if strict else {}
    done = subprocess.run(
        [passes.sys.executable, "-m", "pytest", "-rs", "-p", "no:django", "-p", "no:playwright"]
        + ["-p", "tests.plugins.needs", "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=tmp_path,
        env=tidy
        | demanded
        | {"PATH": str(tmp_path), "TEST_REDIS_URL": "redis://127.0.0.1:1/0", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    if Path(needs.BROWSERS[-1]).exists():
        pytest.skip("this Mac has its browser outside PATH")
    if strict:
        assert "1 passed, 2 errors" in done.stdout
        assert (
            "Chromium is not installed (CHROMIUM names it elsewhere), and REQUIRE_BROWSER=1 demands it" in done.stdout
        )
    else:
        assert "1 passed, 2 skipped" in done.stdout
        assert "Redis does not answer (TEST_REDIS_URL)" in done.stdout
