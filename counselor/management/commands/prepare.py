"""`manage.py prepare`: tables, cache table and static files, in one start of Django. Safe to repeat."""

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Bring tables, the cache table and the static files up to date."

    def handle(self, *args: Any, **options: Any) -> None:
        settings.DEMO_DIR.mkdir(parents=True, exist_ok=True)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", database=settings.CACHE_DATABASE, verbosity=0)
        self._collect_changed()
        self.stdout.write("Database and static files are up to date.")

    def _collect_changed(self) -> None:
        """Hashing and compressing take seconds, so they are left out where no file has changed since the last time."""
        seen = hashlib.sha256()
        for finder in get_finders():
            for path, storage in sorted(finder.list([]), key=lambda pair: pair[0]):
                seen.update(f"{path} {storage.size(path)} {storage.get_modified_time(path)}\n".encode())
        mark = settings.STATIC_ROOT / ".collected"
        if mark.exists() and mark.read_text() == seen.hexdigest():
            return
        call_command("collectstatic", interactive=False, verbosity=0)
        mark.write_text(seen.hexdigest())
