"""`manage.py prepare`: tables, cache table and static files, in one start of Django. Safe to repeat."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Bring tables, the cache table and the static files up to date."

    def handle(self, *args: Any, **options: Any) -> None:
        settings.DEMO_DIR.mkdir(parents=True, exist_ok=True)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", database=settings.CACHE_DATABASE, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        self.stdout.write("Database and static files are up to date.")
