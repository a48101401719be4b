"""`manage.py enrol`: an account for a member of staff, or a case with its client. Invitations in the browser come later."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from clients import accounts, cases
from clients.models import Practice, Role, User

from .open_practice import check_person


class Command(BaseCommand):
    help = "Enrol a counselor or supervisor; or, with --counselor and --partner, a client with a new case."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("email")
        parser.add_argument("--practice", required=True, help="the practice's name")
        parser.add_argument("--role", choices=["counselor", "supervisor", "client"], required=True)
        parser.add_argument("--counselor", help="for a client: e-mail of the counselor who holds the case")
        parser.add_argument("--partner", help="for a client: what the client calls the partner")

    def handle(self, *args: Any, **options: Any) -> None:
        practice = Practice.objects.filter(name=options["practice"]).first()
        if practice is None:
            raise CommandError(f"There is no practice called {options['practice']}.")
        check_person(options["email"], practice.zone)
        at = timezone.now()
        with transaction.atomic():
            user = accounts.enrol(
                practice=practice, email=options["email"], name=options["name"], role=options["role"], zone=practice.zone,
                password=None, by=None, at=at,
            )  # fmt: skip
            if options["role"] == Role.CLIENT:
                self._open_case(practice, user, options, at)
        self.stdout.write(f"{options['name']} is enrolled and sets a password at “Forgot your password?”.")

    def _open_case(self, practice: Practice, user: User, options: dict[str, Any], at: Any) -> None:
        counselor = User.objects.filter(
            email=(options["counselor"] or "").lower(), practice=practice, role=Role.COUNSELOR
        ).first()
        if counselor is None or not options["partner"]:
            raise CommandError("A client needs --counselor (the e-mail of one of the practice) and --partner (a name).")
        cases.open_case(
            practice=practice, by=counselor, counselor=counselor, at=at,
            a=(options["name"].split()[0], user), b=(options["partner"], None),
        )  # fmt: skip
