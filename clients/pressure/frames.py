"""Layer two, second half: the frames of the vocabulary found in the analysed text, with the scopes they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from clients.pressure.lookup import Lookup, Rule
from clients.pressure.note import Note

ACTORS: Final = {"C": "client", "P": "spouse", "W": "client", "M": "client"}
# Frames whose content is what the one who acts says or does: the other's answer is no part of it.
_OWN_WORDS: Final = frozenset(
    ("push_return", "ultimatum", "reassurance", "leverage", "monitoring", "overreading", "raises_return", "warm_memory")
)
_JOINING: Final = frozenset(("and", "but", "so", "then", "until"))
_TELLING_WHEN: Final = frozenset(("when", "because", "after", "since"))  # with a past: "if" and "when he comes" go on
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
        turns = _turns(note, first, last)
        for at in range(first, last):
            note.head = at
            absent = missing[at - first]
            for rule, needed in lookup.at(note, at):
                if needed & absent:
                    continue
                note.steps += 1
                ends = rule.node.step(note, at)
                if ends and turns and rule.label in _OWN_WORDS and rule.who in ("C", "P"):
                    ends = _before_turn(ends, at, turns, rule.who)
                if ends:
                    found.append(_match(note, rule, at, ends[-1], number, first))
    return found


def _turns(note: Note, first: int, last: int) -> list[tuple[int, str]]:
    """Where a new main clause tells what somebody did next: ", he laughed", "and I drove home"."""
    found = []
    for at in range(first + 1, last):
        people = note.people[at]
        if not people or people[0][2] or "condition" in note.scopes[at]:
            continue
        who, end = people[0][0], people[0][1]
        if who not in ("C", "P", "O", "A", "K") or note.subject[at] != who:
            continue
        when = note.norm[at - 1] in _TELLING_WHEN
        if not note.tokens.before[at] and note.norm[at - 1] not in _JOINING and not when:
            continue
        while end < last and (note.norm[end] in _BETWEEN and not note.form[end] or note.norm[end].endswith("ly")):
            end += 1
        if end < last and (note.form[end] == "past" or (note.form[end] == "s" and not when)):
            found.append((at, who))
    return found


def _before_turn(ends: tuple[int, ...], at: int, turns: list[tuple[int, str]], who: str) -> tuple[int, ...]:
    """What somebody said or asked ends where the other's answer to it begins."""
    for turn, next_who in turns:
        if turn > at and next_who != who:
            return tuple(end for end in ends if end <= turn)
    return ends


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
    actor = rule.actor or ACTORS.get(note.subject[at], "")
    return Match(rule, at, begin, max(end, at + 1), number, actor, scopes)
