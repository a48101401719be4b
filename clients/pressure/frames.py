"""Layer two, second half: the frames of the vocabulary found in the analysed text, with the scopes they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from clients.pressure.lookup import Lookup, Rule
from clients.pressure.note import Note

_ACTORS: Final = {"C": "client", "P": "spouse", "W": "client", "M": "client"}
# Words that may stand between a subject and its verb and belong to the span.
_BETWEEN: Final = frozenset(
    [
        "just",
        "also",
        "still",
        "even",
        "then",
        "have",
        "has",
        "had",
        "did",
        "do",
        "does",
        "was",
        "were",
        "am",
        "is",
        "are",
        "been",
        "being",
        "be",
        "'s",
        "would",
        "will",
        "keep",
        "kept",
        "not",
        "never",
        "really",
        "finally",
        "always",
        "actually",
        "only",
        "started",
        "constantly",
        "literally",
        "so",
    ]
)


@dataclass(slots=True)
class Match:
    """A rule on tokens [first, last); `head` is the word that the scopes are read from."""

    rule: Rule
    head: int
    first: int
    last: int
    sentence: int
    actor: str
    scopes: frozenset[str]

    @property
    def label(self) -> str:
        return self.rule.label


def find(note: Note, lookup: Lookup) -> list[Match]:
    found: list[Match] = []
    for number, (first, last) in enumerate(note.tokens.sentences):
        note.limit = last
        missing = lookup.missing(note, first, last)
        for at in range(first, last):
            note.head = at
            absent = missing[at - first]
            for rule, needed in lookup.at(note, at):
                if needed & absent:
                    continue
                note.steps += 1
                ends = rule.node.step(note, at)
                if ends:
                    found.append(_match(note, rule, at, ends[-1], number, first))
    return found


def _match(note: Note, rule: Rule, at: int, end: int, number: int, first: int) -> Match:
    scoped = max(end - 1, at) if rule.scope_at_end else at
    scopes = note.scopes[scoped]
    if (
        note.negated[scoped]
        and ":-" not in rule.source.split()[0]
        and ":~" not in rule.source.split()[0]
        and not rule.source.startswith("-")
    ):
        scopes = scopes | {"negation"}
    elif rule.plain and any(note.negated[i] and note.verbal[i] and note.form[i] for i in range(at + 1, end)):
        # "He said there is no chance he will move back in": the negation stands inside.
        scopes = scopes | {"negation"}
    begin = at
    back = at - 1
    while back >= first and at - back < 5 and note.norm[back] in _BETWEEN and not note.tokens.before[back + 1]:
        back -= 1
    if note.verbal[at] and back >= first and back < at and not note.tokens.before[back + 1]:
        # Take the subject into the span where it stands right beside the verb.
        for start in range(back, max(first, back - 2) - 1, -1):
            if any(end_ == back + 1 and kind == note.subject[at] for kind, end_, _ in note.people[start]):
                begin = start
                break
    actor = rule.actor or _ACTORS.get(note.subject[at], "")
    return Match(rule, at, begin, max(end, at + 1), number, actor, scopes)
