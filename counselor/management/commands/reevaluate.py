"""`manage.py reevaluate`: put all check-ins to the rules of today. Can be stopped and goes on where it ended."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from clients import reevaluation


class Command(BaseCommand):
    help = "Look at cases again that older rules looked at. Ctrl-C stops it safely."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="every case, from the beginning")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["all"]:
            reevaluation.outdate()
        total, done = reevaluation.outdated().count(), 0
        try:
            while batch := reevaluation.find_outdated(limit=100):
                for case_id in batch:
                    reevaluation.reevaluate(case_id=case_id, at=timezone.now())
                    done += 1
                    self._progress(done, total)
        except KeyboardInterrupt:
            self.stderr.write(f"\nStopped after {done} of {total} cases; run it again without --all to go on.")
            raise SystemExit(1) from None
        self.stdout.write(f"{done} of {total} cases were put to the rules of today.")

    def _progress(self, done: int, total: int) -> None:
        if sys.stderr.isatty() and total:
            width = 30 * done // total
            end = "\n" if done >= total else ""
            self.stderr.write(f"\rLooking again [{'#' * width}{'.' * (30 - width)}] {done} of {total}", ending=end)
            self.stderr.flush()
