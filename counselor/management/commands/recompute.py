"""`manage.py recompute`: rebuild the read models of cases. Can be stopped and goes on where it ended."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from clients import readings


class Command(BaseCommand):
    help = "Rebuild scores, levels and course of cases that an older version wrote. Ctrl-C stops it safely."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="every case, from the beginning")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["all"]:
            readings.outdate_courses()
        total, done = readings.outdated_courses().count(), 0
        try:
            while batch := readings.find_outdated_courses(limit=100):
                for case_id in batch:
                    readings.rebuild_case(case_id=case_id)
                    done += 1
                    self._progress(done, total)
        except KeyboardInterrupt:
            self.stderr.write(f"\nStopped after {done} of {total} cases; run it again without --all to go on.")
            raise SystemExit(1) from None
        self.stdout.write(f"The read models of {done} of {total} cases were rebuilt.")

    def _progress(self, done: int, total: int) -> None:
        if sys.stderr.isatty() and total:
            width = 30 * done // total
            end = "\n" if done >= total else ""
            self.stderr.write(f"\rRebuilding [{'#' * width}{'.' * (30 - width)}] {done} of {total}", ending=end)
            self.stderr.flush()
