"""`make test`: every pass runs, whatever the one before it said; the last line adds them up.

Style, types and missing migrations; pytest on SQLite with the browser; `db_both` on PostgreSQL; the queue on
each broker. A failed check counts as one failed.
"""

import argparse
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OUT = Path(os.environ.get("VAR_DIR") or ROOT / "var") / "test"
# A server that trusts local users ignores the password. Django makes a database of its own and drops it.
LOCAL_POSTGRESQL = (
    f"postgresql://postgres:postgres@127.0.0.1:5432/counselor_{os.getpid()}",
    f"postgresql:///counselor_{os.getpid()}",
)
CHECKS = {
    "ruff check": ["-m", "ruff", "check", "--output-format", "concise", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "--output-format", "concise", "."],
    "mypy": ["-m", "mypy", "counselor", "clients"],
    "migrations": ["manage.py", "makemigrations", "--check", "--dry-run"],
}


def heading(text: str) -> None:
    print(f"\n--- {text} ---", flush=True)


def run(arguments: list[str], said: Any = None, **environment: str) -> int:
    """`said`: an open file for what it prints; by itself it prints here."""
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "TEST_DB": ""} | environment
    errors = subprocess.STDOUT if said else None
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=errors).returncode


def check() -> Counter[str]:
    total: Counter[str] = Counter()
    for name, arguments in CHECKS.items():
        heading(name)
        if run(arguments) != 0:
            print(f"{name} failed")
            total["failed"] += 1
    return total


def tests(name: str, marks: str, said: Any, **environment: str) -> Counter[str]:
    if not said:
        heading(name)
    report = OUT / f"{name.replace(' ', '-')}.xml"
    report.unlink(missing_ok=True)
    code = run(["-m", "pytest", "-rs", "-m", marks, f"--junitxml={report}"], said, **environment)
    total: Counter[str] = Counter()
    if report.exists():
        for suite in ET.parse(report).getroot().iter("testsuite"):
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped = int(suite.get("skipped", 0))
            passed = max(0, int(suite.get("tests", 0)) - failed - skipped)
            total.update(passed=passed, failed=failed, skipped=skipped)
    if code not in (0, 5) and not total["failed"]:  # 5: no test has these marks
        total["failed"] += 1
    return total


def postgresql() -> dict[str, str]:
    """The address Django takes for the tests, or the sentence with which they are skipped."""
    import dj_database_url
    import psycopg

    given = os.environ.get("TEST_DATABASE_URL")
    refusal = ""
    for url in (given,) if given else LOCAL_POSTGRESQL:
        place = dj_database_url.parse(url)
        try:
            psycopg.connect(
                host=place["HOST"] or None,
                port=place["PORT"] or None,
                user=place["USER"] or None,
                password=place["PASSWORD"] or None,
                dbname="postgres",
                connect_timeout=3,
            ).close()
        except psycopg.Error as error:
            refusal = refusal or str(error).splitlines()[0]
        else:
            return {"TEST_DB": url}
    return {"TEST_POSTGRESQL_MISSING": f"PostgreSQL does not answer (TEST_DATABASE_URL): {refusal}"}


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the checks and the tests, and add them up.")
    parser.add_argument("--lint", action="store_true", help="the checks only")
    parser.add_argument("--long", action="store_true", help="the slow tests only")
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    total: Counter[str] = Counter()
    if options.long:
        total += tests("slow", "slow", None)
    else:
        total += check()
    if not options.long and not options.lint:
        # Side by side, because a second database costs a second core and not a second wait; told one after the other.
        log = OUT / "PostgreSQL.log"
        with ThreadPoolExecutor(1) as beside, log.open("w", encoding="utf-8") as said:
            other = beside.submit(tests, "PostgreSQL", "db_both and not slow", said, **postgresql())
            total += tests("SQLite", "not slow and not services", None)
            total += other.result()
        heading("PostgreSQL")
        print(log.read_text(encoding="utf-8"), end="")
        total += tests("queues", "services and not slow", None)
    line = f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped"
    (OUT / "total").write_text(line + "\n", encoding="utf-8")
    print(f"\n{line}", flush=True)
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
