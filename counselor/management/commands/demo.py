"""`manage.py demo`: an invented practice, made through the real acts. Running it again changes nothing.

Everybody in it is made up. The first case follows the course that the product is about: two cool weeks, three warmer
ones, and one push in the steady window.
"""

import hashlib
import hmac
import json
import random
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from clients import accounts, care, cases, checkins, duty, flags, guidance, schedule
from clients.models import Case, Flag, Partner, Practice, Resource, Role, User
from counselor import library, notes

ZONE = "America/New_York"
PRACTICE = "Lindenhof Practice (demo)"
OTHER_PRACTICE = "Harbour Lane Practice (demo)"
KEYS = UUID("6f1d3c52-0c9e-4a55-9b0e-2f8f5b1f2a10")
# role -> (name, e-mail local part, role in the product)
STAFF = {
    "owner": ("Ruth Amsel", "ruth.amsel", Role.OWNER),
    "supervisor": ("Jonas Feld", "jonas.feld", Role.SUPERVISOR),
    "counselor": ("Dana Whitlow", "dana.whitlow", Role.COUNSELOR),
    "counselor_no_cases": ("Piet Marsh", "piet.marsh", Role.COUNSELOR),
    "counselor_other_practice": ("Nora Quill", "nora.quill", Role.COUNSELOR),
}
RESOURCES = [
    ("emergency", "Emergency", "911", "Police, fire, ambulance"),
    ("crisis", "Suicide and Crisis Lifeline", "988", "Call or text, day and night"),
    ("violence", "National Domestic Violence Hotline", "1-800-799-7233", "Day and night, confidential"),
    ("child", "Childhelp hotline", "1-800-422-4453", "Worried about a child"),
    ("own_anger", "National Domestic Violence Hotline", "1-800-799-7233", "You can call about yourself, too"),
]


@dataclass(frozen=True)
class Week:
    """One check-in of a story: day, answers, and what was written."""

    day: float
    items: dict[str, Any]
    text: str = ""
    safety: tuple[str, ...] = ()
    next_session: str = ""


@dataclass(frozen=True)
class Story:
    """One case: names, the side that writes, its check-ins by day, and what the counselor does afterwards."""

    a: str
    b: str
    weeks: tuple[Week, ...]
    after: Callable[["Seeder", Case, datetime], None] | None = None
    interval: int = 7
    ends_days_ago: int = 1
    screened: bool = True
    text_consent: bool = True
    email: str = ""
    partner_email: str = ""


def answers(c3: Any = 2, signs: int = 0, c5: Any = "none", c8: Any = "none", **more: Any) -> dict[str, Any]:
    """A filled-in form; `signs` ticks that many of the warm chips."""
    warm = ["kind", "memory", "together"][:signs]
    items: dict[str, Any] = {
        "c1": 2, "c2": 2, "c3": c3, "c4": warm or "none", "c5": c5, "c6": 2, "c7": {"talk": "no"}, "c8": c8,
        "c8g": "none", "c9": 3, "c11": 2, "c12": 2,
    }  # fmt: skip
    return items | more


def _first_case() -> tuple[Week, ...]:
    """Days and answers of decisions 57."""
    cool = [(3, 1, 0, "none"), (7, 1, 0, 1), (10, 1, 0, 0), (14, 1, 0, 1)]
    warm = [(17, 2, 1, 0), (21, 2, 2, 0), (24, 2, 1, 1), (28, 2, 2, 2), (31, 3, 1, 2), (35, 2, 2, 2)]
    texts = {
        3: "Robin enjoys the freedom, I think. I called twice and got no answer.",
        10: "I asked Robin whether I am missed at all. A shrug in text form came back.",
        17: "Robin called me on Tuesday, just to talk. I did not know what to say.",
        21: "Robin called again and started talking about our trip to the coast, and it was a good memory this time.",
        24: "I wanted to ask when this will be over, and left it.",
        28: "It was such an easy evening that I asked Robin to come home by the end of the month. Robin went quiet.",
        35: "Robin wrote first on Sunday and said something sweet about my laugh. I kept it short and enjoyed it.",
    }
    more: dict[int, dict[str, Any]] = {
        3: {"c1": 4, "c2": 0, "c6": 3, "wish": "together"},
        7: {"c1": 4, "c2": 0, "c6": 3, "c8": {"reassurance": 1}},
        10: {"c1": 3, "c2": 1, "c6": 3, "c8": {"reassurance": 1}},
        14: {"c1": 2, "c2": 1, "c6": 2, "c8g": ["own_good"]},
        17: {"c1": 1, "c2": 2, "c8g": ["kept_short", "new_thing"]},
        21: {"c1": 2, "c2": 3, "c8g": ["left_next_step", "listened"], "c9": 4},
        24: {"c1": 2, "c2": 3, "c6": 1, "c9": 4, "c8g": ["kept_short"]},
        28: {"c1": 3, "c2": 3, "c6": 1, "c8": {"push_return": 1}, "c9": 0},
        31: {"c1": 2, "c2": 2, "c6": 1, "c8g": ["left_next_step", "own_good"], "c9": 3},
        35: {"c1": 2, "c2": 3, "c6": 1, "c8g": ["kept_short", "thanked"], "c9": 4, "c11": 3, "c12": 1},
    }
    return tuple(Week(d, answers(c3, s, c5, **more[d]), texts.get(d, "")) for d, c3, s, c5 in [*cool, *warm])


def _steady(count: int, **more: Any) -> tuple[Week, ...]:
    return tuple(
        Week(7.0 * i, answers(3, 1, 2, c6=1, c8g=["kept_short", "own_good"], c9=4, c11=3, c12=1, **more))
        for i in range(count)
    )


def _stories() -> list[Story]:
    pushed = answers(3, 1, 2, c8={"push_return": 1}, c6=1, c9=1)
    quiet = (*_steady(4), Week(28, pushed, "I asked Bea when we will share a home again. Bea said: not yet."))
    easing = (*_steady(4), Week(28, pushed), *(Week(w.day + 35, w.items) for w in _steady(4)))
    return [
        Story("Ines", "Robin", _first_case(), Seeder.answer_first_case, 4, email="ines.calder", partner_email="robin.calder"),
        Story(
            "Amara", "Theo",
            (*_steady(5), Week(35, answers(1, 0, "none", c6=3, c11=0, c12=4), "I do not see the point of any of it any more.", ("self_harm",))),
            email="amara.holt", after=Seeder.see_danger,
        ),
        Story(
            "Sven", "Kaja",
            (*_steady(4), Week(28, answers(2, 0, 1, c8={"ultimatum": 1, "reassurance": 1}, c6=3),
                               "I told Kaja that if I hear nothing by Friday I will file. I know how that sounds.")),
            email="sven.aalto",
        ),
        Story(
            "Priya", "Lou",
            (*_steady(4), Week(28, answers(3, 1, 2, c8={"push_return": 1}, c6=1), "I asked Lou whether we could try living together again in spring.")),
            Seeder.close_and_watch, email="priya.nand",
        ),
        Story(
            "Gil", "Mona",
            (*(Week(7.0 * i, answers(1, 0, "none", c6=2, c9=4)) for i in range(4)),
             *(Week(28 + 7.0 * i, answers(3, 2, 2, c6=1, c8g=["kept_short"], c9=4)) for i in range(3))),
            email="gil.ortega",
        ),
        Story("Hanna", "Bea", quiet, Seeder.share_light_contact, ends_days_ago=21, email="hanna.voss"),
        Story("Otis", "Wren", _steady(2), screened=False, email="otis.bell"),
        Story("Mara", "Jules", easing, Seeder.share_and_answer, email="mara.lind", text_consent=False),
    ]  # fmt: skip


class Seeder:
    """Builds the practice through the acts, at the times of the story."""

    def __init__(self, now: datetime, seed: int) -> None:
        self.now, self.random = now, random.Random(seed)  # noqa: S311 - invented data
        self.people: dict[str, User] = {}
        self.client_of: dict[str, str] = {}

    def start(self) -> None:
        opened = self.now - timedelta(days=400)
        for name, zone in ((PRACTICE, ZONE), (OTHER_PRACTICE, "Europe/Lisbon")):
            practice = accounts.open_practice(name=name, zone=zone, at=opened, closes=time(18))
            for position, (kind, label, phone, about) in enumerate(RESOURCES):
                Resource.objects.create(
                    practice=practice, kind=kind, label=label, phone=phone, about=about, position=position
                )
            self._enrol_staff(practice, opened)
            if name == PRACTICE:
                self._set_rota(practice)

    def _set_rota(self, practice: Practice) -> None:
        """The supervisor is on duty in the first two weeks, day and night."""
        first, lead = self.now.astimezone(ZoneInfo(practice.zone)).date(), self.people["owner"]
        plan = {
            (first + timedelta(days=n), half): self.people["supervisor"].pk for n in range(14) for half in ("am", "pm")
        }
        duty.set_duty(practice=practice, plan=plan, by=lead, at=self.now)

    def _enrol_staff(self, practice: Practice, at: datetime) -> None:
        elsewhere = practice.name == OTHER_PRACTICE
        for key, (name, local, role) in STAFF.items():
            if (key == "counselor_other_practice") == elsewhere:
                self.people[key] = self._enrol(practice, name, local, role, at)

    def _enrol(self, practice: Practice, name: str, local: str, role: str, at: datetime) -> User:
        email = address(local)
        return accounts.enrol(
            practice=practice, email=email, name=name, role=role, zone=practice.zone, password=password(email), by=None, at=at
        )  # fmt: skip

    def tell(self, story: Story, counselor: User) -> Case:
        """Open the case, enrol and screen its client, and send the check-ins; the last one falls on its day."""
        last = max(w.day for w in story.weeks)
        start = (self.now - timedelta(days=story.ends_days_ago + last)).astimezone(ZoneInfo(ZONE))
        start = start.replace(hour=19, minute=self.random.randrange(60), second=0, microsecond=0)
        opened = start - timedelta(days=4)
        practice = counselor.practice
        users = [
            self._enrol(practice, f"{name} {local.split('.')[1].title()}", local, Role.CLIENT, opened)
            if local
            else None
            for name, local in ((story.a, story.email), (story.b, story.partner_email))
        ]
        case = cases.open_case(
            practice=practice,
            by=counselor,
            counselor=counselor,
            at=opened,
            a=(story.a, users[0]),
            b=(story.b, users[1]),
        )
        for partner in case.partners.select_related("user", "case", "practice"):
            if partner.user is None:
                continue
            Partner.objects.filter(pk=partner.pk).update(interval_days=story.interval)
            partner.interval_days = story.interval
            for kind in ("checkins", "text", "cover"):
                accounts.answer_consent(
                    partner=partner, kind=kind, given=kind != "text" or story.text_consent, by=partner.user, at=opened
                )
            if story.screened:
                cases.record_screening(
                    case=case,
                    partner=partner,
                    by=counselor,
                    at=opened + timedelta(days=1),
                    how="room",
                    result="clear",
                    alone=True,
                )
            if partner.side == "A":
                self._send(case, partner, counselor, story, start)
            if story.screened:
                self._arrange(case, partner, counselor, story)
        if story.after:
            story.after(self, case, self.now)
        return case

    def _send(self, case: Case, partner: Partner, counselor: User, story: Story, start: datetime) -> None:
        """Every check-in; all but the newest are read the day after they came."""
        assert partner.user is not None
        for week in story.weeks:
            sent = checkins.submit(
                partner=partner, by=partner.user, at=start + timedelta(days=week.day), key=uuid5(KEYS, f"{case.pk}:{week.day}"),
                answers=checkins.Answers(week.items, safety=week.safety, text=week.text, next_session=week.next_session),
            )  # fmt: skip
            if week is not story.weeks[-1] or story.ends_days_ago > 4:
                read_at = sent.checkin.at + timedelta(hours=15)
                checkins.mark_read(case=case, by=counselor, at=read_at, ids=[sent.checkin.pk])

    def _arrange(self, case: Case, partner: Partner, counselor: User, story: Story) -> None:
        """From now on the site asks for check-ins; how to reach the person safely is known, and what was agreed."""
        at, day = self.now - timedelta(hours=20), self.now.date()
        schedule.set_plan(
            partner=partner, every_days=story.interval if story.interval <= 14 else 7, at_time=time(18, 0), weekday=None,
            by=counselor, at=at, starts=day + timedelta(days=story.interval),
        )  # fmt: skip
        urgent = any(week.safety for week in story.weeks)
        care.write_reach_card(
            case=case, partner=partner, phone="555-0142", hours="Weekdays after 17:00", contact="A sister, 555-0177",
            safety_plan="Goes for a walk with the dog; then calls the sister; then the crisis line." if urgent else "",
            shared_device=False, by=counselor, at=at,
        )  # fmt: skip
        if partner.side == "A" and story.partner_email:
            agreed = at - timedelta(days=2)
            care.agree(
                case=case, partner=partner, kind="contact_rate", words="Messages at most four times a week", per_week=4,
                welcome_to_other=True, since=agreed.date(), by=counselor, at=agreed,
            )  # fmt: skip
            care.set_goal(case=case, partner=partner, words="Sleep before midnight", by=counselor, at=agreed)

    # What the counselor did in some of the stories

    def _share(self, case: Case, card_id: str, at: datetime, flag: Flag | None = None, line: str = "") -> Any:
        counselor = self.people["counselor"]
        partner = case.partners.select_related("case", "user").get(side="A")
        card = library.cards()[card_id]
        note = notes.start(case=case, by=counselor, at=at, flag=flag)
        body = f"Talked by phone for a quarter of an hour. {partner.name} is doing what is possible.\n\n{library.as_note_text(card)}"
        notes.save(case=case, note_id=note.pk, by=counselor, at=at + timedelta(minutes=6), body=body, version=1)
        notes.insert(case=case, note_id=note.pk, by=counselor, at=at + timedelta(minutes=6), card=card)
        notes.sign(case=case, note_id=note.pk, by=counselor, at=at + timedelta(minutes=9))
        return guidance.send(
            case=case, partner=partner, text=library.for_client(card, partner.other_name), by=counselor,
            at=at + timedelta(minutes=12), line=line, flag=flag, note=note.pk,
        )  # fmt: skip

    def answer_first_case(self, case: Case, now: datetime) -> None:
        """A card was shared in the cool weeks, opened and tried."""
        at = case.opened_at + timedelta(days=19)
        sent = self._share(case, "G11", at, line="A light week is a good week. No need to answer this.")
        self._open_and_answer(case, sent, at, "tried", "It was easier than I thought.")

    def _open_and_answer(self, case: Case, sent: Any, at: datetime, answer: str, line: str = "") -> None:
        partner = case.partners.select_related("case", "user", "practice").get(side="A")
        assert partner.user is not None
        guidance.mark_opened(partner=partner, sent=sent, by=partner.user, at=at + timedelta(hours=5))
        guidance.answer(
            partner=partner, sent_id=sent.pk, by=partner.user, at=at + timedelta(days=2), answer=answer, line=line
        )

    def see_danger(self, case: Case, now: datetime) -> None:
        """Seen within ten minutes, so that nobody else was called out; it stays open until somebody has followed it up."""
        flag = Flag.objects.get(case=case, rule="S01")
        at = flag.last_evidence_at + timedelta(minutes=10)
        flags.acknowledge(case=case, flag_id=flag.pk, by=self.people["counselor"], at=min(at, now))

    def close_and_watch(self, case: Case, now: datetime) -> None:
        flag = Flag.objects.filter(case=case, rule="P01").first()
        if flag is not None and flags.can(flag, "acknowledged"):
            flags.acknowledge(case=case, flag_id=flag.pk, by=self.people["counselor"], at=now - timedelta(hours=2))

    def share_light_contact(self, case: Case, now: datetime) -> None:
        flag = Flag.objects.get(case=case, rule="P01")
        flags.acknowledge(case=case, flag_id=flag.pk, by=self.people["counselor"], at=now - timedelta(days=20, hours=1))
        flags.resolve(
            case=case, flag_id=flag.pk, by=self.people["counselor"], at=now - timedelta(days=19), reason="known"
        )
        self._share(case, "X4", now - timedelta(days=20))

    def share_and_answer(self, case: Case, now: datetime) -> None:
        at = now - timedelta(days=9)
        sent = self._share(case, "G09", at)
        self._open_and_answer(case, sent, at, "not_for_me")

    def more_stories(self, count: int, weeks: int) -> Iterator[Story]:
        """Further cases drawn at random, for a full caseload; the same seed gives the same cases."""
        first = ["Ada", "Bo", "Cleo", "Dov", "Edda", "Finn", "Gus", "Hedy", "Ivo", "Jona", "Kit", "Lia", "Milo", "Noa"]
        second = ["Alder", "Brook", "Cove", "Dune", "Elm", "Fern", "Glen", "Heath", "Isle", "Knoll", "Lark", "Moor"]
        for number in range(count):
            base, drift = self.random.uniform(0.5, 3), self.random.uniform(-0.1, 0.15)
            rows = []
            for week in range(weeks):
                c3 = min(4, max(0, round(base + drift * week + self.random.gauss(0, 0.7))))
                acts: Any = "none"
                if self.random.random() < 0.2:
                    acts = {
                        self.random.choice(
                            ["push_return", "reassurance", "pursuit", "forced_talk"]
                        ): self.random.choice([1, 1, 2])
                    }
                rows.append(
                    Week(
                        7.0 * week,
                        answers(
                            c3, self.random.choice([0, 0, 1, 2]), self.random.choice(["none", 0, 1, 2, 3]), acts,
                            c1=self.random.choice([0, 1, 2, 3, 4, 6]), c2=self.random.choice([0, 1, 2, 3, 4]),
                            c6=self.random.randrange(4), c11=self.random.randrange(1, 4), c12=self.random.randrange(4),
                        ),
                    )
                )  # fmt: skip
            a, b = self.random.choice(first), self.random.choice(second)
            yield Story(
                f"{a} {number + 9}",
                b,
                tuple(rows),
                email=f"client{number + 9}.sample",
                ends_days_ago=self.random.choice([1, 1, 2, 3, 5, 18]),
            )


def address(local: str) -> str:
    return f"{local}@example.org"


def password(email: str) -> str:
    """The same on every run of one demo, and known only to who holds its SECRET_KEY."""
    return "demo-" + hmac.new(settings.SECRET_KEY.encode(), email.encode(), hashlib.sha256).hexdigest()[:10]


def sign_ins() -> list[dict[str, Any]]:
    rows = [(key, local, "/desk/") for key, (_name, local, _role) in STAFF.items()]
    rows += [
        ("client", "ines.calder", "/portal/"),
        ("partner_client", "robin.calder", "/portal/"),
        ("other_client", "mara.lind", "/portal/"),
    ]
    users = {
        u.email: u
        for u in User.objects.select_related("practice").filter(email__in=[address(local) for _, local, _ in rows])
    }
    return [
        {"role": key, "name": users[address(local)].name, "email": address(local), "password": password(address(local)),
         "start": start, "practice": users[address(local)].practice.name, "totp_secret": None}
        for key, local, start in rows
        if address(local) in users
    ]  # fmt: skip


class Command(BaseCommand):
    help = "Seed an invented practice once, and print how to sign in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cases", type=int, default=8, help="how many cases (default 8)")
        parser.add_argument("--weeks", type=int, default=12, help="weeks of history of the cases beyond the eighth")
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same cases beyond the eighth")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["cases"] <= 2000 or not 1 <= options["weeks"] <= 520:
            raise CommandError("--cases goes from 1 to 2000 and --weeks from 1 to 520.", returncode=2)
        if not Practice.objects.filter(name=PRACTICE).exists():
            if Practice.objects.exists():
                raise CommandError("This database holds a practice that is not the demo; the demo stays out of it.")
            self._seed(options["cases"], options["weeks"], options["seed"])
        self._tell(options["json"])

    def _seed(self, count: int, weeks: int, seed: int) -> None:
        now = timezone.now()
        seeder = Seeder(now, seed)
        with transaction.atomic():
            seeder.start()
            stories = _stories()[:count]
            stories += list(seeder.more_stories(count - len(stories), weeks))
            for number, story in enumerate(stories, 1):
                seeder.tell(story, seeder.people["counselor"])
                self._progress(number, len(stories))
            stranger = Story("Lea", "Tomas", _steady(3), email="lea.costa")
            seeder.tell(stranger, seeder.people["counselor_other_practice"])

    def _progress(self, number: int, total: int) -> None:
        if sys.stderr.isatty():
            width = 30 * number // total
            end = "\n" if number == total else ""
            self.stderr.write(f"\rSeeding cases [{'#' * width}{'.' * (30 - width)}] {number} of {total}", ending=end)
            self.stderr.flush()

    def _tell(self, as_json: bool) -> None:
        users = sign_ins()
        if as_json:
            found = {"address": settings.SITE_URL, "mail_dir": str(settings.MAIL_DIR), "users": users}
            self.stdout.write(json.dumps(found))
            return
        self.stdout.write(f"Sign in at {settings.SITE_URL}/ (everybody is invented):\n")
        wide = max(len(u["email"]) for u in users)
        for user in users:
            self.stdout.write(f"  {user['role']:<25} {user['email']:<{wide}}  {user['password']}")
