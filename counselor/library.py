"""The guidance library: built-in cards G01-G23 and X1-X7, shipped as data files in our own words (guidance.md)."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from clients.guidance import Text

FOLDER = Path(__file__).parent / "cards"


@dataclass(frozen=True, slots=True)
class Card:
    id: str
    version: int
    family: str
    badge: str
    title: str
    principle: str
    applies: str
    not_when: str
    caution: str
    section_name: str
    author: str
    source_title: str
    evidence: str
    client_title: str
    client_text: str
    desk_only: bool

    @property
    def citation(self) -> str:
        if not self.source_title:
            return self.evidence
        return f"{self.author}, “{self.source_title}” ({self.section_name}); {self.evidence}"


@cache
def cards() -> dict[str, Card]:
    """All built-in cards by id, in the library's order."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        found.append(Card(**{name: data[name] for name in Card.__dataclass_fields__}))
    return {card.id: card for card in found}


def card(card_id: str) -> Card | None:
    return cards().get(card_id)


def for_client(card: Card, other: str) -> Text:
    """The card as one client will read it, with what they call their partner filled in."""
    return Text(
        card=card.id,
        version=card.version,
        family=card.family,
        title=card.client_title,
        body=card.client_text.replace("{partner}", other).strip(),
        source=f"After {card.author}, “{card.source_title}”" if card.source_title else "",
    )


def as_note_text(card: Card) -> str:
    """The block that goes into a session note, with its source and version."""
    return (
        f"> **{card.title}** ({card.id}, version {card.version})\n>\n> {card.principle}\n>\n> Source: {card.citation}\n"
    )
