"""A net under the safety frames: words that say nothing alone and, together, what frames have no pattern for.

For most safety labels a table holds what a word's presence adds to or takes from it (`vocabulary/weights.toml`,
readable, learnt from our own labelled passages by `python -m clients.pressure learn`). A passage is weighed in
windows of a few sentences. Names, pronouns and nouns for the partner are left out, so nobody's gender counts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Final

from clients.pressure.note import Note

# A crisis screen must rest on words that say so: self-harm is left to the frames. (Weights did not find more of it.)
NET: Final = ("violence", "no_contact", "child_safety")
WINDOW: Final = 4  # sentences read together
_STEP: Final = 2
_OTHERS: Final = frozenset("KOA")  # people who count, as a kind: a child, somebody else, an affair partner
_DULL: Final = 0.1  # what a word of no weight costs a span, so that it does not run on
_TOLD: Final = 0.05  # what the words that are shown must weigh by themselves
_KEPT: Final = 200  # words a label
_SELDOM: Final = 3  # passages a word must stand in to be learnt


@dataclass(frozen=True, slots=True)
class Weights:
    """What one label's words weigh; the bias is what a passage needs to make up for."""

    bias: float
    words: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A stretch of tokens that carries most of a window's weight for a label."""

    label: str
    first: int
    last: int
    sentence: int


def words_of(note: Note, first: int, last: int) -> list[str]:
    """What each token of a sentence adds: its plain form, the kind of person it names, or nothing."""
    found = [""] * (last - first)
    at = first
    while at < last:
        people = note.people[at]
        if not people:
            word = note.lemma[at]
            found[at - first] = word if word.isalpha() else ""
            at += 1
            continue
        end = max(at + 1, max((end for _, end, owns in people if not owns), default=at + 1))
        found[min(end, last) - 1 - first] = next(("@" + kind for kind, _, _ in people if kind in _OTHERS), "")
        at = end
    return found


def weigh(
    note: Note, weights: Mapping[str, Weights], enough: Mapping[str, float], small: Set[str], marked: Set[int]
) -> Iterator[Weighed]:
    """What outweighs `enough` in windows of sentences none of which is marked already.

    Small words count in the sum, as they do in the way people tell such things, but nobody shall be shown them.
    """
    sentences = [words_of(note, first, last) for first, last in note.tokens.sentences]
    taken: set[tuple[str, int]] = set()
    for start in range(0, max(1, len(sentences) - 1), _STEP):
        window = sentences[start : start + WINDOW]
        if not marked.isdisjoint(range(start, start + WINDOW)):
            continue
        present = set().union(*window) if window else set()
        for label, table in weights.items():
            if table.bias + sum(table.words.get(word, 0.0) for word in present) <= enough[label]:
                continue
            weight, first, last, number = max(
                (*_heaviest(words, table.words, small), start + place) for place, words in enumerate(window)
            )
            if weight >= _TOLD and (label, number) not in taken:
                taken.add((label, number))
                begin = note.tokens.sentences[number][0]
                yield Weighed(label, begin + first, begin + last, number)


def _heaviest(words: list[str], table: Mapping[str, float], small: Set[str]) -> tuple[float, int, int]:
    """The stretch of one sentence that weighs most."""
    best, start, total = (0.0, 0, 1), 0, 0.0
    for at, word in enumerate(words):
        if total <= 0:
            start, total = at, 0.0
        dull = word in small or word.startswith("@")  # a child alone is no danger: words must say what is
        total += -_DULL if dull else table.get(word, 0.0) or -_DULL
        if total > best[0]:
            best = (total, start, at + 1)
    return best


def learn(passages: list[tuple[frozenset[str], frozenset[str]]]) -> dict[str, Weights]:
    """Weights from (words, labels) of passages: ridge logistic regression by Nesterov steps, both outcomes counted alike.

    Plain lists and floats in one order, so the same passages give the same weights everywhere.
    """
    seen = Counter(word for words, _ in passages for word in words)
    known = sorted(word for word, count in seen.items() if count >= _SELDOM)
    place = {word: number for number, word in enumerate(known)}
    rows = [[place[word] for word in sorted(words) if word in place] for words, _ in passages]
    found = {}
    for label in NET:
        marks = [label in told for _, told in passages]
        if any(marks):
            bias, weight = _fit(rows, marks, len(known))
            heavy = sorted(range(len(known)), key=lambda one: (-abs(weight[one]), known[one]))[:_KEPT]
            found[label] = Weights(round(bias, 2), {known[one]: round(weight[one], 2) for one in sorted(heavy)})
    return found


def _fit(rows: list[list[int]], marks: list[bool], width: int) -> tuple[float, list[float]]:
    strictness, rounds = 0.05, 400
    total, right = len(rows), sum(marks)
    share = {True: total / (2 * right), False: total / (2 * (total - right))}
    longest = max((len(row) for row in rows), default=0) + 1
    step = 1 / (1 + strictness * total * longest / 16)
    bias, weight = 0.0, [0.0] * width
    old_bias, old = bias, weight
    for number in range(rounds):
        pull = number / (number + 3)
        ahead_bias = bias + pull * (bias - old_bias)
        ahead = [new + pull * (new - before) for new, before in zip(weight, old, strict=True)]
        slope_bias, slope = 0.0, list(ahead)
        for row, mark in zip(rows, marks, strict=True):
            likely = 1 / (1 + math.exp(-max(-30.0, min(30.0, ahead_bias + sum([ahead[word] for word in row])))))
            wrong = strictness * share[mark] * (likely - mark)
            slope_bias += wrong
            for word in row:
                slope[word] += wrong
        old_bias, old = bias, weight
        bias = ahead_bias - step * slope_bias
        weight = [one - step * down for one, down in zip(ahead, slope, strict=True)]
    return bias, weight
