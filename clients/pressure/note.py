"""The analysed text: what layer two knows of every word, in columns that the matcher reads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from clients.pressure.patterns import Ends
from clients.pressure.tokens import Tokens


@dataclass(slots=True)
class Note:
    """Parallel columns, one entry a token. `subject` and `people` hold C, P, W, K, O, A, N ... (see patterns.py)."""

    tokens: Tokens
    norm: list[str]
    lemma: list[str]
    form: list[str]
    subject: list[str]
    negated: list[bool]
    denied: list[bool]
    verbal: list[bool]
    scopes: list[frozenset[str]]
    people: list[tuple[tuple[str, int, bool], ...]]
    sentence_of: list[int]
    limit: int = 0
    head: int = 0
    memo: dict[tuple[int, int], Ends] = field(default_factory=dict)
    steps: int = 0

    @property
    def before(self) -> list[str]:
        return self.tokens.before


_EXCHANGE: Final = {"C": "P", "P": "C"}


def exchanged(note: Note) -> Note:
    """The same text with the two partners' roles exchanged."""
    return replace(
        note,
        subject=[_EXCHANGE.get(who, who) for who in note.subject],
        people=[tuple((_EXCHANGE.get(who, who), end, owns) for who, end, owns in spans) for spans in note.people],
        memo={},
    )
