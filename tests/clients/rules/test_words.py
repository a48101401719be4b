"""The catalogue as people read it."""

from pathlib import Path

import pytest

from clients.rules import CATALOGUE
from clients.rules.words import FAMILIES, describe, page

DOC = Path(__file__).resolve().parents[3] / "docs" / "rules.md"


def test_the_page_in_the_docs_is_up_to_date() -> None:
    assert DOC.read_text(encoding="utf-8") == page(CATALOGUE.values()), "manage.py rules_doc writes it"


@pytest.mark.parametrize("rule", CATALOGUE)
def test_nothing_is_left_unsaid(rule: str) -> None:
    told = describe(CATALOGUE[rule])
    unsaid = {name for name in told.__slots__ if not getattr(told, name)}
    assert not unsaid
    assert told.family in FAMILIES.values()
    assert f"### {rule} {told.name} (version {told.version})" in page(CATALOGUE.values())


def test_a_life_in_two_parts_is_told_in_two_parts() -> None:
    told = describe(CATALOGUE["P01"]).lifecycle
    assert told.startswith("At watch: one card a person")
    assert "Once elevated: one card a person" in told
