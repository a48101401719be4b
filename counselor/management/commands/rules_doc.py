"""`manage.py rules_doc`: write docs/rules.md from the rule catalogue."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from clients.rules import CATALOGUE
from clients.rules.words import page

DOC = Path(__file__).resolve().parents[3] / "docs" / "rules.md"


class Command(BaseCommand):
    help = "Write docs/rules.md from the rule catalogue."

    def handle(self, *args: Any, **options: Any) -> None:
        DOC.write_text(page(CATALOGUE.values()), encoding="utf-8")
        self.stdout.write(f"{DOC.name}: {len(CATALOGUE)} rules.")
