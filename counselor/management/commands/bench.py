"""`manage.py bench`: what the main pages cost, as JSON lines (decisions 55; performance.md section 4).

Everything runs in one process on a database of its own that is thrown away. Rounds are interleaved, so that a machine
that slows down slows everything down; the medians are printed. Only ratios from one run compare: `of` names the floor.

A page is measured three times: as it is kept, after one act has written (`_written`), and with nothing kept in the
process (`_cold`). `s` is a stand-in submit: F0's way here with a posted form of 21 fields, a sealed text, one transaction
with a chained entry, and fifty rules. A check-in is sent and then taken back outside the clock, so that each meets the
same client; its ratio is that of the act, without the reading, which `read` measures (decisions 45).
"""

import hashlib
import json
import statistics
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
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

from clients import course, crypto, flags, history, readings, summary
from clients.models import Case, CaseSummary, CheckIn, Partner, SteadyWindow, User
from clients.pressure import read
from clients.progress import course as maths
from clients.rules import evaluate
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
def stand_in(request: HttpRequest) -> HttpResponse:
    """What any submit would cost: a form, a sealed text, one transaction, small rules."""
    form = _StandInForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    key, other = str(uuid4()), str(uuid4())
    text = crypto.seal(form.cleaned_data["t1"], f"bench.{key}")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id, body FROM bench_row WHERE id = %s", ["summary"])
        body = json.dumps({name: form.cleaned_data[name] for name in _ANSWERS})
        chained = hashlib.sha256((str(cursor.fetchone()) + body).encode()).hexdigest()
        cursor.execute("INSERT INTO bench_row (id, body, text) VALUES (%s, %s, %s)", [key, body, text])
        for made, what in ((other, chained), (f"{other}1", "owed"), (f"{other}2", "owed")):
            cursor.execute("INSERT INTO bench_row (id, body) VALUES (%s, %s)", [made, what])
        cursor.execute("UPDATE bench_row SET body = %s WHERE id = %s", [body, "summary"])
    hits = 0
    for rule in range(50):
        window = _SERIES[-12:] if rule < 44 else _SERIES
        hits += sum(1 for value in window if value > rule % 7)
    return HttpResponse(status=302 if hits else 500)


urlpatterns = [path("bench/empty/", empty), path("bench/stand-in/", stand_in), *site]


@dataclass
class Measure:
    """One row of the table: `run` does it once and returns the size of its answer in bytes."""

    name: str
    run: Callable[[], int]
    n: int
    of: str = ""
    before: Callable[[], object] | None = None  # done before each run, outside the clock
    taken_back: bool = False  # what it wrote is undone, outside the clock
    without: str = ""  # a part that the ratio leaves out, measured by that name
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    statements: int = 0
    bytes: int = 0

    def round(self) -> None:
        if not self.before:
            self.once()  # what the measure before it made cold is not this one's cost
        times = [self.once() for _ in range(self.n)]
        self.cpu.append(sum(cpu for cpu, _ in times) / self.n * 1000)
        self.wall.append(sum(wall for _, wall in times) / self.n * 1000)

    def once(self) -> tuple[float, float]:
        if self.before:
            self.before()
        if not self.taken_back:
            return self._timed()
        with transaction.atomic():
            spent = self._timed()
            transaction.set_rollback(True)
        return spent

    def _timed(self) -> tuple[float, float]:
        cpu, wall = time.process_time(), time.perf_counter()
        self.bytes = self.run()
        return time.process_time() - cpu, time.perf_counter() - wall

    def count(self) -> None:
        if self.before:
            self.before()
        with transaction.atomic(), CaptureQueriesContext(connection) as seen:
            self.run()
            transaction.set_rollback(True)
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
        with connection.cursor() as cursor:
            kind = "bytea" if connection.vendor == "postgresql" else "blob"
            cursor.execute(f"CREATE TABLE bench_row (id varchar(40) PRIMARY KEY, body text, text {kind})")
            cursor.execute("INSERT INTO bench_row (id, body) VALUES ('summary', '')")
        people = self._seed(caseload)
        measures = self._measures(people, caseload)
        for measure in measures:
            measure.once()
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
            left_out = floors.get(measure.without, 0.0)
            row = {
                "name": measure.name, "n": measure.n, "cpu_ms": round(statistics.median(measure.cpu), 3),
                "wall_ms": round(statistics.median(measure.wall), 3), "statements": measure.statements,
                "bytes": measure.bytes,
                "ratio": round((floors[measure.name] - left_out) / floors[measure.of], 2) if measure.of else 1.0,
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
            "long_client": User.objects.get(email="tove.lund@example.org"),
        }

    def _measures(self, people: dict[str, User], caseload: int) -> list[Measure]:
        cases = {
            count: Case.objects.get(summary__names__startswith=name) for count, name in ((104, "Ines"), (1040, "Tove"))
        }
        small, large, long, portal, longest = clients = [Client() for _ in range(5)]
        for client, key in zip(clients, ("small", "large", "long", "client", "long_client"), strict=True):
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

        def rules(case: Case) -> Callable[[], int]:
            """Every rule over the history in view, from rows as they were loaded: what is parsed is parsed here."""
            side = Partner.objects.select_related("case").get(case=case, side="A")
            held, at = CaseSummary.objects.get(case=case), timezone.now()
            in_view, flagged = history.recent(side, at), flags.load(case, at)
            windows = list(SteadyWindow.objects.filter(partner=side).order_by("opened_at"))
            state = course.state_of(held, "A")

            def run() -> int:
                built = history.build(
                    side, in_view, windows, len(in_view) - 1, side.name, state=state, flags=flagged, arranged=held.arranged,
                )  # fmt: skip
                return len(evaluate(built).hits)

            return run

        def recompute() -> int:
            with transaction.atomic():
                readings.recompute(partner, at=timezone.now(), why="bench")
            return 0

        def written(case: Case) -> Callable[[], object]:
            return lambda: summary.touch(case, at=timezone.now())

        def get(client: Client, address: str) -> Callable[[], int]:
            def run() -> int:
                response = client.get(address)
                if response.status_code != 200:
                    raise CommandError(f"{address} answered {response.status_code}")
                return len(response.content)

            return run

        def post(client: Client, address: str) -> Callable[[], int]:
            def run() -> int:
                response = client.post(address, _form(), content_type="application/x-www-form-urlencoded")
                if response.status_code != 302:
                    raise CommandError(f"{address} answered {response.status_code}")
                return len(response.content)

            return run

        def read_text() -> int:
            read(TEXT, partner="Juno")
            return len(TEXT)

        factory = RequestFactory().get("/bench/empty/")
        f0 = get(small, "/bench/empty/")
        page, long_page = (f"/desk/cases/{cases[count].pk}/" for count in (104, 1040))
        one_of_many = Case.objects.filter(assignments__user=people["large"]).order_by("pk")[caseload // 2]
        return [
            Measure("f1", lambda: len(empty(factory).content), 200),
            Measure("f0", f0, 10, of="f0"),
            Measure("s", post(portal, "/bench/stand-in/"), 5, of="f0", taken_back=True),
            Measure("today_30", get(small, "/desk/"), 3, of="f0"),
            Measure(f"today_{caseload}", get(large, "/desk/"), 3, of="f0"),
            Measure(f"today_{caseload}_written", get(large, "/desk/"), 3, of="f0", before=written(one_of_many)),
            Measure(f"today_{caseload}_cold", get(large, "/desk/"), 1, of="f0", before=views.forget_kept),
            Measure("today_30_long", get(long, "/desk/"), 3, of="today_30"),
            Measure("case_104", get(small, page), 3, of="f0"),
            Measure("case_104_written", get(small, page), 2, of="f0", before=written(cases[104])),
            Measure("case_104_cold", get(small, page), 1, of="f0", before=views.forget_kept),
            Measure("case_1040", get(long, long_page), 3, of="case_104"),
            Measure("case_1040_cold", get(long, long_page), 1, of="case_104_cold", before=views.forget_kept),
            Measure("course_104", fold, 3, of="f0"),
            Measure("recompute_104", recompute, 1, of="f0"),
            Measure("rules_104", rules(cases[104]), 20, of="f0"),
            Measure("rules_1040", rules(cases[1040]), 20, of="rules_104"),
            Measure("submit", post(portal, "/portal/check-in/"), 3, of="s", taken_back=True, without="read"),
            Measure(
                "submit_1040",
                post(longest, "/portal/check-in/"),
                3,
                of="submit",
                taken_back=True,
            ),
            Measure("read", read_text, 20, of="s"),
        ]


def _weeks(count: int) -> tuple[Week, ...]:
    text = "A quiet week. Robin called on Sunday and we laughed."
    return tuple(Week(7.0 * i, answers(2 + i % 3, i % 3, i % 4, c9=3), text if i % 2 else "") for i in range(count))


def _form() -> str:
    """What a browser posts; the stand-in takes as many of its fields."""
    told = {
        "key": str(uuid4()), "c1": "2", "c2": "2", "c3": "3", "c4": ["kind"], "c5": "2", "c6": "1", "c7": "no",
        "c8": ["none"], "c8g": ["kept_short"], "c9": "4", "c11": "3", "c12": "1", "s1": ["none"], "n1": "",
        "t1": TEXT,
    }  # fmt: skip
    return urlencode(told, doseq=True)


_ANSWERS = [f"c{number}" for number in range(1, 21)]
_SERIES = [float(i % 7) for i in range(104)]


class _StandInForm(forms.Form):
    """Twenty answers and a text."""

    t1 = forms.CharField(required=False, strip=False)


for _name in _ANSWERS:
    _StandInForm.base_fields[_name] = forms.ChoiceField(
        required=False, choices=[(word, word) for word in ("0", "1", "2", "3", "4", "no", "none", "kind")]
    )
