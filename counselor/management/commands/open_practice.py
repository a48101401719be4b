"""`manage.py open_practice`: a practice, its lead, and one set of help numbers to be checked."""

from argparse import ArgumentParser
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from clients import accounts
from clients.models import Resource, Role, User


class Command(BaseCommand):
    help = "Open a practice and enrol its lead, who then sets a password by “Forgot your password?”."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--zone", required=True, help="time zone, such as America/New_York")
        parser.add_argument("--lead", required=True, help="name of the practice lead")
        parser.add_argument("--email", required=True, help="e-mail of the practice lead")
        parser.add_argument(
            "--emergency", required=True, help="the emergency number where the practice works, such as 911"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        check_person(options["email"], options["zone"])
        at = timezone.now()
        with transaction.atomic():
            practice = accounts.open_practice(name=options["name"], zone=options["zone"], at=at)
            accounts.enrol(
                practice=practice, email=options["email"], name=options["lead"], role=Role.OWNER, zone=options["zone"],
                password=None, by=None, at=at,
            )  # fmt: skip
            Resource.objects.create(practice=practice, kind="emergency", label="Emergency", phone=options["emergency"])
        self.stdout.write(f"{options['name']} is open. {options['lead']} sets a password at “Forgot your password?”.")


def check_person(email: str, zone: str) -> None:
    """Refuse with one sentence what cannot be an account."""
    try:
        validate_email(email)
        ZoneInfo(zone)
    except ValidationError:
        raise CommandError(f"{email} is not an e-mail address.") from None
    except (ZoneInfoNotFoundError, ValueError):
        raise CommandError(f"{zone} is not a time zone; it looks like America/New_York.") from None
    if User.objects.filter(email=email.lower()).exists():
        raise CommandError(f"{email} has an account already.")
