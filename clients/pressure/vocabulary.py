"""The words, read once from the files under `vocabulary/`, on the first reading and not on import."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from clients.pressure.labels import GROUP_OF, LABELS, PRESSURE
from clients.pressure.lookup import Lookup, Rule
from clients.pressure.patterns import ANY, Grammar, PatternError, alternatives
from clients.pressure.weighing import Weights
from clients.pressure.words import Words

FOLDER: Final = Path(__file__).with_name("vocabulary")
# Kinds of small words: counted by the net, never shown as its reason.
_SMALL: Final = (
    "auxiliaries",
    "prepositions",
    "subordinators",
    "sentence_adverbs",
    "determiners",
    "number_words",
    "skipped",
    "function",
)
_EXTENTS: Final = {"group": 1, "complement": 2, "sentence": 3}
_GUARD: Final = re.compile(r"[A-Z]+:")
_NEGATIVE: Final = re.compile(r"-[\w<(]|\b(not|never|no|stop|without)\b")
# Frames with these first names are no labels: they are used by other frames and by the story rules.
HELPERS: Final = ("act", "idiom", "sign", "ground")


@dataclass(slots=True)
class Vocabulary:
    grammar: Grammar
    forms: Words
    partner: dict[str, str]
    people: dict[str, tuple[str, str]]
    rival: frozenset[str]
    grown: frozenset[str]
    strange: frozenset[str]
    told: dict[str, Lookup]  # by voice
    pressed: Lookup  # the mirrored voice's frames that are read with the two roles exchanged
    auxiliaries: frozenset[str]
    prepositions: frozenset[str]
    subordinators: frozenset[str]
    sentence_adverbs: frozenset[str]
    after_object_her: frozenset[str]
    determiners: frozenset[str]
    adjectives: frozenset[str]
    noun_markers: frozenset[str]
    carriers: frozenset[str]
    control: frozenset[str]
    perception: frozenset[str]
    report: frozenset[str]
    finite: frozenset[str]
    speech: frozenset[str]
    nouns: frozenset[str]
    skipped: frozenset[str]
    irrealis: frozenset[str]
    giving: frozenset[str]
    after_short_is: frozenset[str]
    triggers: dict[str, list[tuple[tuple[str, ...], str, int, bool]]]
    off: dict[str, dict[str, str]]
    reasons: dict[str, str]
    threshold: dict[str, float]
    weights: dict[str, Weights]
    enough: dict[str, float]
    small: frozenset[str]
    past: dict[str, list[tuple[str, ...]]]
    still: frozenset[str]
    factor: dict[str, float]

    def person_at(self, norm: list[str], at: int, last: int) -> tuple[str, str, int] | None:
        """(kind, gender, end) of a noun phrase about a person that starts here."""
        word = norm[at]
        if word[0] in "ds" and len(word) < 4 and word[1:].isdigit():
            return "K", "m" if word[0] == "s" else "f", at + 1  # the forums' "D6", "S12"
        if word in self.people:
            return self._extend(norm, at, last)
        if word not in self.determiners and word not in self.adjectives:
            return None
        ahead = at + 1
        while ahead < last and ahead < at + 6 and (norm[ahead] in self.adjectives or norm[ahead].isdigit()):
            if norm[ahead] in self.people and not (ahead + 1 < last and norm[ahead + 1] in self.people):
                break
            ahead += 1
        if ahead < last and norm[ahead] in self.people:
            return self._extend(norm, ahead, last)
        if (
            ahead - at > 1
            and norm[ahead - 1] in ("old", "oldest", "eldest", "youngest", "littlest")
            and word in ("my", "our", "her", "his", "the")
        ):
            return "K", "n", ahead
        return None

    def _extend(self, norm: list[str], at: int, last: int) -> tuple[str, str, int]:
        kind, gender = self.people[norm[at]]
        end = at + 1
        while (
            end < last
            and end < at + 3
            and norm[end] in self.people
            and norm[end - 1] in ("ex", "stbx", "ap", "little", "former")
        ):
            kind, gender = self.people[norm[end]]
            end += 1
        if end + 1 < last and norm[end] == "in" and norm[end + 1] in ("law", "laws"):
            return "O", gender, end + 2
        return kind, gender, end

    def long_past(self, norm: list[str], lemma: list[str], first: int, last: int) -> bool:
        """Does the sentence lie years back, and not go on?"""
        found = False
        for at in range(first, last):
            if norm[at] in self.still:
                return False
            if not found:
                for words in self.past.get(norm[at], ()):
                    if norm[at : at + len(words)] == list(words):
                        found = True
        return found

    def scope_trigger(self, norm: list[str], lemma: list[str], at: int, last: int) -> tuple[str, int, int, bool] | None:
        """The longest scope trigger at this word: (scope, extent, width, only at the start)."""
        best: tuple[str, int, int, bool] | None = None
        for key in (norm[at], lemma[at]) if lemma[at] != norm[at] else (norm[at],):
            for words, name, extent, at_start in self.triggers.get(key, ()):
                width = len(words)
                if at + width > last or (best is not None and width <= best[2]):
                    continue
                if all(word in (norm[at + step], lemma[at + step]) for step, word in enumerate(words)):
                    best = (name, extent, width, at_start)
        return best


@lru_cache(maxsize=1)
def load() -> Vocabulary:
    grammar_file = _read("grammar.toml")
    people_file = _read("people.toml")
    scope_file = _read("scopes.toml")
    scores = _read("scores.toml")
    grammar = Grammar()
    frames: list[tuple[str, dict[str, Any]]] = []
    for path in sorted(FOLDER.glob("*.toml")):
        if path.name in ("grammar.toml", "people.toml", "scopes.toml", "scores.toml", "weights.toml"):
            continue
        content = _read(path.name)
        for name, value in content.pop("words", {}).items():
            grammar.add(name, value)
        for group, entries in content.items():
            for name, entry in entries.items():
                frames.append((f"{group}.{name}", entry))
    reasons = {name: str(entry.get("reason", "")) for name, entry in frames}
    rules = [rule for name, entry in frames for rule in _frame(name, entry, grammar)]
    told = {voice: Lookup(rule for rule in rules if voice in rule.voices) for voice in ("note", "message")}
    told["mirrored"] = Lookup(rule for rule in rules if "mirrored" in rule.voices and not _pushing(rule))
    people: dict[str, tuple[str, str]] = {}
    for kind, section in (("O", "other"), ("K", "child"), ("A", "affair"), ("P", "partner")):
        for gender, names in people_file[section].items():
            for word in names.split():
                people[word] = (kind, gender)
    triggers: dict[str, list[tuple[tuple[str, ...], str, int, bool]]] = {}
    for name, scope in scope_file["scope"].items():
        for phrase in alternatives(scope["words"]):
            words = tuple(phrase.split())
            item = (
                words,
                scope.get("name", name),
                _EXTENTS[scope.get("extent", "complement")],
                scope.get("starts", False),
            )
            triggers.setdefault(words[0], []).append(item)
            grammar.words.update(words)
    past: dict[str, list[tuple[str, ...]]] = {}
    for phrase in alternatives(scope_file["long_past"]["words"]):
        past.setdefault(phrase.split()[0], []).append(tuple(phrase.split()))
    sets = {name: frozenset(value.split()) for name, value in grammar_file.items() if name != "irregular"}
    known = {word for word in grammar.words if word.isalpha()}
    return Vocabulary(
        grammar=grammar,
        forms=Words(grammar_file["irregular"].strip(), known, grammar.verbs - sets["function"]),
        partner={word: gender for word, (kind, gender) in people.items() if kind == "P"},
        people=people,
        rival=frozenset(people_file["rival_when_owned"].split()),
        grown=frozenset(people_file["grown_when_strange"].split()),
        strange=frozenset(people_file["strange"].split()),
        told=told,
        pressed=Lookup(rule for rule in rules if "mirrored" in rule.voices and _pushing(rule)),
        auxiliaries=sets["auxiliaries"],
        prepositions=sets["prepositions"],
        subordinators=sets["subordinators"],
        sentence_adverbs=sets["sentence_adverbs"],
        after_object_her=sets["after_object_her"],
        determiners=sets["determiners"],
        adjectives=sets["adjectives"],
        noun_markers=(sets["determiners"] | sets["number_words"] | frozenset(("my", "his", "their", "our", "your")))
        - {"her"},
        carriers=sets["carriers"],
        control=sets["control"],
        perception=sets["perception"],
        report=sets["report"],
        finite=sets["finite"],
        speech=sets["speech"],
        nouns=sets["nouns"],
        skipped=sets["skipped"],
        irrealis=sets["irrealis"],
        giving=sets["giving"],
        after_short_is=sets["after_short_is"],
        triggers=triggers,
        off=scope_file["off"],
        reasons=reasons,
        threshold=scores["threshold"],
        weights={label: _weights(table) for label, table in _read("weights.toml").items()},
        enough=scores["net"],
        small=frozenset().union(*(sets[name] for name in _SMALL)),
        past=past,
        still=frozenset(scope_file["long_past"]["unless"].split()),
        factor=scores["factor"],
    )


def _frame(name: str, entry: dict[str, Any], grammar: Grammar) -> Iterator[Rule]:
    label = name.partition(".")[0]
    if label not in LABELS and label not in HELPERS:
        raise PatternError(f"frame {name} starts with neither a label nor a helper's name")
    for line in alternatives(entry["patterns"]):
        # A gap at the end would only make the span longer than the words that count.
        node = grammar.compile(line.rstrip(" ."))
        if node.empty or ANY in node.first:
            raise PatternError(f"a pattern of {name} may start anywhere: {line}")
        yield Rule(
            frame=name,
            label=label,
            source=line,
            node=node,
            score=float(entry.get("score", 0.8)),
            reason=str(entry.get("reason", "")),
            uninvited=bool(entry.get("uninvited", False)),
            voices=frozenset(str(entry.get("voices", "note mirrored message")).split()),
            scope_at_end=entry.get("scope_at") == "end",
            who=line.partition(":")[0] if _GUARD.match(line) else "",
            actor=str(entry.get("actor", "")),
            keeps=frozenset(str(entry.get("keeps", "")).split()),
            plain=(GROUP_OF.get(label) in ("progress", "resistance") or label == "sign") and not _NEGATIVE.search(line),
        )


def _pushing(rule: Rule) -> bool:
    return rule.label in PRESSURE or rule.frame.startswith(("act.", "sign."))


def _weights(table: dict[str, Any]) -> Weights:
    pairs = (item.split() for item in alternatives(table["words"]))
    return Weights(float(table["bias"]), {word: float(weight) for word, weight in pairs})


def _read(name: str) -> dict[str, Any]:
    with (FOLDER / name).open("rb") as file:
        return tomllib.load(file)
