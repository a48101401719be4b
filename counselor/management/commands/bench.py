"""`manage.py bench`: what the main pages cost, as JSON lines (decisions 55; performance.md section 4).

Everything runs in one process on a database of its own that is thrown away. Rounds are interleaved, so that a machine
that slows down slows everything down; the medians are printed. Only ratios from one run compare: `of` names the floor.
"""

import json
import statistics
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import path
from django.utils import timezone

from clients import checkins, course, readings
from clients.models import Case, CheckIn, Partner, User
from clients.pressure import read
from clients.progress import course as maths
from counselor import views
from counselor.config.urls import urlpatterns as site

from .demo import Seeder, Story, Week, answers

TEXT = (
    "We talked on the phone twice this week and it was easy, mostly about the garden and the dog. On Friday I asked "
    "whether there is any plan of moving back before the holidays, and it went quiet. I have not written since, "
    "although I felt like it more than once. Sleep is so and so, work is fine, and I went swimming."
)[:300]
_CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


def empty(request: HttpRequest) -> HttpResponse:
    """The floor: nothing but the way here."""
    return HttpResponse(b"ok")


# Outside both doors, so that F0 pays for session, user and the whole stack, and for nothing else.
urlpatterns = [path("bench/empty/", empty), *site]


@dataclass
class Measure:
    """One row of the table: `run` does it once and returns the size of its answer in bytes."""

    name: str
    run: Callable[[], int]
    n: int
    of: str = ""
    cold: bool = False
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    statements: int = 0
    bytes: int = 0

    def round(self) -> None:
        if not self.cold:
            self.run()  # what the measure before it made cold is not this one's cost
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(self.n):
            self.bytes = self.run()
        self.cpu.append((time.process_time() - cpu) / self.n * 1000)
        self.wall.append((time.perf_counter() - wall) / self.n * 1000)

    def count(self) -> None:
        with CaptureQueriesContext(connection) as seen:
            self.run()
        self.statements = sum(not q["sql"].upper().startswith(_CONTROL) for q in seen.captured_queries)


class Command(BaseCommand):
    help = "Time the main pages in a database of its own; one JSON line each."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rounds", type=int, default=9)
        parser.add_argument("--cases", type=int, default=300, help="the large caseload (default 300)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["rounds"] <= 100 or not 31 <= options["cases"] <= 2000:
            raise CommandError("--rounds goes from 1 to 100 and --cases from 31 to 2000.", returncode=2)
        old = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            with override_settings(
                ROOT_URLCONF=__name__,
                DEBUG=False,
                ALLOWED_HOSTS=["testserver"],
                CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
                PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
                STORAGES={"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
            ):
                self._measure(options["rounds"], options["cases"])
        finally:
            connection.creation.destroy_test_db(old, verbosity=0)

    def _say(self, text: str) -> None:
        self.stderr.write(text, ending="")
        self.stderr.flush()

    def _measure(self, rounds: int, caseload: int) -> None:
        checkins.MOST_AN_HOUR = 1_000_000  # one client stands for many
        people = self._seed(caseload)
        measures = self._measures(people, caseload)
        for measure in measures:
            measure.run()
            measure.count()
        for number in range(rounds):
            self._say(f"\rRound {number + 1} of {rounds} ")
            for measure in measures:
                measure.round()
        self._say("\n")
        floors = {m.name: statistics.median(m.cpu) for m in measures}
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            cwd=settings.ROOT,
        )
        for measure in measures:
            row = {
                "name": measure.name, "n": measure.n, "cpu_ms": round(statistics.median(measure.cpu), 3),
                "wall_ms": round(statistics.median(measure.wall), 3), "statements": measure.statements,
                "bytes": measure.bytes,
                "ratio": round(floors[measure.name] / floors[measure.of], 2) if measure.of else 1.0,
                "of": measure.of or measure.name, "rounds": rounds, "database": connection.vendor,
                "commit": commit.stdout.strip(),
            }  # fmt: skip
            self.stdout.write(json.dumps(row))

    def _seed(self, caseload: int) -> dict[str, User]:
        """A counselor with 30 cases, two of them with 104 check-ins, one with 30 and 1,040, and one with many."""
        seeder = Seeder(timezone.now(), 1)
        seeder.start()
        small, large, long = (seeder.people[key] for key in ("counselor", "counselor_no_cases", "supervisor"))
        with transaction.atomic():
            for a, b, email, counselor, count in (
                ("Ines", "Robin", "ines.calder", small, 104),
                ("Olga", "Juno", "olga.marsh", small, 104),
                ("Tove", "Sam", "tove.lund", long, 1040),
            ):
                seeder.tell(Story(a, b, _weeks(count), email=email), counselor)
            total = caseload + 57
            for number, story in enumerate(seeder.more_stories(total, 4), 1):
                seeder.tell(story, small if number < 29 else long if number < 58 else large)
                if number % 20 == 0 and sys.stderr.isatty():
                    self._say(f"\rSeeding {number} of {total} cases")
        return {
            "small": small,
            "large": large,
            "long": long,
            "client": User.objects.get(email="olga.marsh@example.org"),
        }

    def _measures(self, people: dict[str, User], caseload: int) -> list[Measure]:
        cases = {
            count: Case.objects.get(summary__names__startswith=name) for count, name in ((104, "Ines"), (1040, "Tove"))
        }
        small, large, long, portal = clients = Client(), Client(), Client(), Client()
        for client, key in zip(clients, ("small", "large", "long", "client"), strict=True):
            client.force_login(people[key])
        rows = list(CheckIn.objects.select_related("reading").filter(case=cases[104]).order_by("at"))
        partner = Partner.objects.select_related("case").get(case=cases[104], side="A")

        def fold() -> int:
            """The whole course from the answers, without the database."""
            state = maths.State()
            for row in rows:
                readings.compute_scores(row, state)
                state = course.take(row, state, ())
            return state.count

        def recompute() -> int:
            with transaction.atomic():
                readings.recompute(partner, at=timezone.now(), why="bench")
            return 0

        def cold(run: Callable[[], int]) -> Callable[[], int]:
            """The same with nothing kept in this process."""

            def forgetting() -> int:
                views.forget_kept()
                return run()

            return forgetting

        def get(client: Client, address: str) -> Callable[[], int]:
            def run() -> int:
                response = client.get(address)
                if response.status_code != 200:
                    raise CommandError(f"{address} answered {response.status_code}")
                return len(response.content)

            return run

        def submit() -> int:
            response = portal.post("/portal/check-in/", _form())
            if response.status_code != 302:
                raise CommandError(f"the check-in was answered {response.status_code}")
            return len(response.content)

        def read_text() -> int:
            read(TEXT)
            return len(TEXT)

        factory = RequestFactory().get("/bench/empty/")
        f0 = get(small, "/bench/empty/")
        return [
            Measure("f1", lambda: len(empty(factory).content), 200),
            Measure("f0", f0, 10, of="f0"),
            Measure("s", lambda: f0() + _stand_in(), 5, of="f0"),
            Measure("today_30", get(small, "/desk/"), 3, of="f0"),
            Measure(f"today_{caseload}", get(large, "/desk/"), 3, of="f0"),
            Measure(f"today_{caseload}_cold", cold(get(large, "/desk/")), 1, of="f0", cold=True),
            Measure("today_30_long", get(long, "/desk/"), 3, of="today_30"),
            Measure("case_104", get(small, f"/desk/cases/{cases[104].pk}/"), 3, of="f0"),
            Measure("case_104_cold", cold(get(small, f"/desk/cases/{cases[104].pk}/")), 1, of="f0", cold=True),
            Measure("case_1040", get(long, f"/desk/cases/{cases[1040].pk}/"), 3, of="case_104"),
            Measure(
                "case_1040_cold", cold(get(long, f"/desk/cases/{cases[1040].pk}/")), 1, of="case_104_cold", cold=True
            ),
            Measure("course_104", fold, 3, of="f0"),
            Measure("recompute_104", recompute, 1, of="f0"),
            Measure("submit", submit, 3, of="s"),
            Measure("read", read_text, 20, of="s"),
        ]


def _weeks(count: int) -> tuple[Week, ...]:
    text = "A quiet week. Robin called on Sunday and we laughed."
    return tuple(Week(7.0 * i, answers(2 + i % 3, i % 3, i % 4, c9=3), text if i % 2 else "") for i in range(count))


def _form() -> dict[str, Any]:
    return {
        "key": str(uuid4()), "c1": "2", "c2": "2", "c3": "3", "c4": ["kind"], "c5": "2", "c6": "1", "c7": "no",
        "c8": ["none"], "c8g": ["kept_short"], "c9": "4", "c11": "3", "c12": "1", "s1": ["none"], "n1": "",
        "t1": TEXT,
    }  # fmt: skip


class _StandInForm(forms.Form):
    pass


for _number in range(21):
    _StandInForm.base_fields[f"f{_number}"] = forms.ChoiceField(choices=[(str(i), str(i)) for i in range(5)])

_DATA = {f"f{number}": "1" for number in range(21)}
_SERIES = [float(i % 7) for i in range(104)]


def _stand_in() -> int:
    """What any submit would cost: a form of 21 fields, five writes in one transaction, fifty small rules."""
    form = _StandInForm(_DATA)
    form.is_valid()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_row (id varchar(36) PRIMARY KEY, body text)")
        ids = [str(uuid4()) for _ in range(4)]
        for key in ids:
            cursor.execute("INSERT INTO bench_row (id, body) VALUES (%s, %s)", [key, "x" * 356])
        cursor.execute("UPDATE bench_row SET body = %s WHERE id = %s", ["y" * 356, ids[0]])
    hits = 0
    for rule in range(50):
        window = _SERIES[-12:] if rule < 44 else _SERIES
        hits += sum(1 for value in window if value > rule % 7)
    return hits % 2
