"""Which rules may begin at a word, and which of them the rest of the sentence rules out already.

Nearly every rule fails nearly everywhere, so most of the work is saved before a pattern is tried: a rule is kept
under the words it may begin with, and every set of words of which it needs one is a bit. A rule is tried only
where no bit of its own is missing in the rest of the sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from clients.pressure.note import Note
from clients.pressure.patterns import Node

_KEPT: Final = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One line of vocabulary in a frame."""

    frame: str
    label: str
    source: str
    node: Node
    score: float
    reason: str
    uninvited: bool
    voices: frozenset[str]
    who: str  # the wanted subject of the first word, when there is one
    actor: str
    keeps: frozenset[str]
    plain: bool
    scope_at_end: bool


Candidates = tuple[tuple[Rule, int], ...]
_Place = tuple[str, str, tuple[str, ...], str]


class Lookup:
    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_word: dict[str, list[tuple[Rule, int]]] = {}
        self._bits: dict[str, int] = {}
        self._seen: dict[_Place, Candidates] = {}
        numbers: dict[frozenset[str], int] = {}
        for rule in rules:
            needed = 0
            for need in rule.node.needs:
                bit = numbers.setdefault(need, 1 << len(numbers))
                if bit.bit_length() == len(numbers):
                    for word in need:
                        self._bits[word] = self._bits.get(word, 0) | bit
                needed |= bit
            for word in rule.node.first:
                self._by_word.setdefault(word, []).append((rule, needed))
        self._all = (1 << len(numbers)) - 1

    def missing(self, note: Note, first: int, last: int) -> list[int]:
        """For every word of a sentence the bits that neither it nor what follows it can give."""
        bits, norm, lemma, people = self._bits.get, note.norm, note.lemma, note.people
        missing = [0] * (last - first)
        absent = self._all
        for at in range(last - 1, first - 1, -1):
            found = bits(norm[at], 0)
            if lemma[at] != norm[at]:
                found |= bits(lemma[at], 0)
            for kind, _, _ in people[at]:
                found |= bits("@" + kind, 0)
            if found:
                absent &= ~found
            missing[at - first] = absent
        return missing

    def at(self, note: Note, at: int) -> Candidates:
        """The rules that may begin at this word, with the bits each of them needs."""
        by_word = self._by_word
        norm, lemma = note.norm[at], note.lemma[at]
        people = note.people[at]
        place = (
            norm if norm in by_word else "",
            lemma if lemma != norm and lemma in by_word else "",
            tuple([kind for kind, _, _ in people]) if people else (),
            note.subject[at] if note.verbal[at] else "",
        )
        found = self._seen.get(place)
        if found is None:
            found = self._candidates(*place)
            if len(self._seen) < _KEPT:
                self._seen[place] = found
        return found

    def _candidates(self, norm: str, lemma: str, kinds: tuple[str, ...], subject: str) -> Candidates:
        found: dict[tuple[Rule, int], None] = {}
        for key in (norm, lemma, *("@" + kind for kind in kinds)):
            for pair in self._by_word.get(key, ()):
                if not pair[0].who or (subject and subject in pair[0].who):
                    found[pair] = None
        return tuple(found)
