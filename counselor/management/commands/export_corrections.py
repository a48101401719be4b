"""`manage.py export_corrections`: what counselors of a practice said of readings, as evaluation rows without names."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clients import readings
from clients.models import Case, Practice


class Command(BaseCommand):
    help = 'One JSON line per corrected passage, {"id","text","labels","voice"}, for `python -m clients.pressure evaluate`.'

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--practice", required=True, help="the practice's name")

    def handle(self, *args: Any, **options: Any) -> None:
        practice = Practice.objects.filter(name=options["practice"]).first()
        if practice is None:
            raise CommandError(f"There is no practice called {options['practice']}.")
        for row in readings.export(Case.objects.filter(practice=practice)):
            self.stdout.write(json.dumps(row, ensure_ascii=False))
