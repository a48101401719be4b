"""`manage.py reread`: read history again with the engine of today. Can be stopped and goes on where it ended."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from clients import readings
from clients.pressure import VERSION as ENGINE


class Command(BaseCommand):
    help = "Read check-in texts again whose reading is by an older engine; old readings stay. Ctrl-C stops it safely."

    def handle(self, *args: Any, **options: Any) -> None:
        total, done = readings.outdated().count(), 0
        try:
            while batch := readings.find_outdated(limit=25):
                for partner_id in batch:
                    done += readings.reread(partner_id=partner_id, at=timezone.now())
                    self._progress(done, total)
        except KeyboardInterrupt:
            self.stderr.write(f"\nStopped after {done} of {total}; run it again to go on.")
            raise SystemExit(1) from None
        self.stdout.write(f"{done} of {total} texts were read again with version {ENGINE}.")

    def _progress(self, done: int, total: int) -> None:
        if sys.stderr.isatty() and total:
            width = 30 * done // total
            end = "\n" if done >= total else ""
            self.stderr.write(f"\rReading again [{'#' * width}{'.' * (30 - width)}] {done} of {total}", ending=end)
            self.stderr.flush()
