"""Whom a word means: pronouns by memory, nouns by the lists in people.toml, quoted speech by its speaker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from clients.pressure.note import Note
from clients.pressure.vocabulary import Vocabulary

_LONGEST_QUOTE: Final = 60
_SPOKEN: Final = frozenset(("i", "me", "my", "you", "your", "we", "us"))
_GENDERS: Final = {
    "he": "m", "him": "m", "his": "m", "himself": "m", "she": "f", "her": "f", "hers": "f", "herself": "f",
}  # fmt: skip


@dataclass(slots=True)
class Memory:
    """Who was named, for the pronouns to come."""

    partner_gender: str = ""
    other: dict[str, tuple[str, int, bool]] = field(default_factory=dict)
    partner_at: int = -1


class People:
    """Answers "who is this?" for the writer's partner, children, others and an affair partner."""

    def __init__(self, note: Note, words: Vocabulary, voice: str) -> None:
        self.note = note
        self.words = words
        self.voice = voice
        self.memory = Memory()
        self.memory.partner_gender = self._partner_gender()
        self.addressed = voice == "note" and self._addressed()

    def _partner_gender(self) -> str:
        """The gender of the partner's nouns, or else of the pronouns that carry the story."""
        counts = {"m": 0, "f": 0}
        norm, nouns = self.note.norm, self.words.partner
        latest = ""
        for at, word in enumerate(norm):
            gender = nouns.get(word)
            if gender in counts:
                if not at or norm[at - 1] not in ("his", "her", "their", "a", "another", "new"):
                    counts[gender] += 100
                    latest = gender
                continue
            gender = _GENDERS.get(word)
            if gender is not None:
                # Subjects, and objects of what the writer does, are more likely the partner than "his" or "with her".
                counts[gender] += 2 if word in ("he", "she") else 3 if "i" in norm[max(0, at - 4) : at] else 1
                latest = gender
        if counts["m"] == counts["f"]:
            # A tie: the one named last, since a third person is mostly brought in first ("my therapist thinks he ...").
            return latest
        return "m" if counts["m"] > counts["f"] else "f"

    def _addressed(self) -> bool:
        """Is the note a letter that speaks to the partner? Then nobody is "he" or "she" and much is "you"."""
        norm = self.note.norm
        if any(word in _GENDERS or word in self.words.partner for word in norm):
            return False
        return sum(word in ("you", "your") for word in norm) > 1 and any(word in ("i", "me", "my") for word in norm)

    def kind(self, kind: str, owner: str, norm: str, at: int) -> str:
        noun_markers = ("a", "an", "another", "some", "any", "no")
        if kind == "P":
            if owner in ("P", "O", "A") or norm in noun_markers:
                end_noun = self.words.person_at(self.note.norm, at, len(self.note.norm))
                noun = self.note.norm[end_noun[2] - 1] if end_noun else ""
                return "A" if noun in self.words.rival else "O"
            following = self.note.norm[at + 1] if at + 1 < len(self.note.norm) else ""
            if norm == "your" or (norm == "my" and following == "new"):
                return "O"
            if at + 1 < len(self.note.norm) and self.note.norm[at + 1] == "new" and norm in ("his", "her"):
                return "A"
        if kind == "K":
            found = self.words.person_at(self.note.norm, at, len(self.note.norm))
            before = self.note.norm[at : found[2]] if found else [norm]
            if owner in ("O", "A") or before[-1] in self.words.grown and not self.words.strange.isdisjoint(before):
                return "O"  # "a new girl", "other boys": somebody grown
        return kind

    def pronoun(self, speaker: str, gender: str, at: int) -> str:
        if speaker:
            if gender in ("C", "W"):
                return speaker if gender == "C" else "W"
            if gender == "you":
                return "C" if speaker == "P" else "P"
            if speaker == "P" and gender == self.memory.partner_gender:
                return "P"
        if gender in ("C", "W"):
            return gender
        if gender == "you":
            return "P" if self.voice == "message" or self.addressed else "Y"
        if self.voice == "message":
            return "O"
        memory = self.memory
        known = memory.partner_gender
        other = memory.other.get(gender) or (memory.other.get("any") if gender != known else None)
        if gender == "n":
            if other is not None and at - other[1] < 40 and other[1] > memory.partner_at:
                return other[0]
            return "P" if not known else (other[0] if other is not None else "O")
        if known and gender != known:
            return other[0] if other is not None else "O"
        if other is not None and at - other[1] < 25 and other[1] > memory.partner_at and not other[2]:
            return other[0]
        memory.partner_at = at
        return "P"

    def remember(self, kind: str, gender: str, at: int, owned: bool) -> None:
        if kind == "P":
            self.memory.partner_at = at
        elif kind in ("K", "O", "A"):
            key = gender if gender in ("m", "f") else "any"
            plural = self.note.norm[at].endswith("s") or gender == "n"
            self.memory.other[key] = (kind, at, owned)
            if plural:
                self.memory.other["n"] = (kind, at, owned)

    def quotes(self) -> dict[int, str]:
        """Token -> speaker at the edges of quoted speech, where the speaker can be told."""
        found: dict[int, str] = {}
        tokens, count = self.note.tokens, len(self.note.norm)
        at = 0
        while at < count:
            if '"' not in tokens.before[at] or not tokens.opens_quote(at):
                at += 1
                continue
            finish = at + 1
            while finish < count and finish - at < _LONGEST_QUOTE and '"' not in tokens.before[finish]:
                finish += 1
            speaker = self._quoted(at, finish)
            if speaker and finish - at < _LONGEST_QUOTE:
                found[at] = speaker
                if finish < count:
                    found.setdefault(finish, "")
            at = finish if finish < count and tokens.opens_quote(finish) else finish + 1
        return found

    def _quoted(self, start: int, finish: int) -> str:
        note = self.note
        for at in range(start - 1, max(-1, start - 6), -1):
            if note.lemma[at] in self.words.speech or (at == start - 1 and note.lemma[at] in ("go", "like")):
                speaker = self._speaker(at, 0)
                if speaker:
                    return speaker
        for at in range(finish, min(finish + 3, len(note.norm))):
            if note.lemma[at] in self.words.speech:
                speaker = self._speaker(at, finish - 1) or self._speaker(min(at + 2, len(note.norm)), at)
                if speaker:
                    return speaker
        if self.voice == "note" and finish - start > 2 and _SPOKEN & set(note.norm[start:finish]):
            # Nobody is named: what was said to the writer, unless the writer is the one who just spoke.
            for at in range(start - 1, max(-1, start - 9), -1):
                if note.norm[at] in ("i", "my", "myself"):
                    return ""
                if note.norm[at] in ("he", "she", "they", "from") or note.norm[at] in self.words.partner:
                    return "P"
        return ""

    def _speaker(self, at: int, first: int) -> str:
        norm = self.note.norm
        for back in range(at - 1, max(first, at - 5) - 1, -1):
            if norm[back] == "i":
                return "C"
            if norm[back] in ("he", "she", "they") or norm[back] in self.words.partner:
                return "P"
        return ""
