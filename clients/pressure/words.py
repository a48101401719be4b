"""Verb and plural forms: from a written word to its plain form, by a short table and a few rules."""

from __future__ import annotations

from typing import Final

NOUNS: Final = frozenset(["child", "woman", "man", "kid", "wife"])
_VOWELS: Final = frozenset("aeiou")


class Words:
    """Finds plain forms among the words that the vocabulary knows."""

    def __init__(self, irregular: str, known: set[str], verbs: set[str]) -> None:
        self.known = known
        self.verbs = verbs
        self._found: dict[str, tuple[str, str]] = {}
        for line in irregular.splitlines():
            base, *forms = line.split()
            known.add(base)
            if base not in NOUNS:
                verbs.add(base)
            for form in forms:
                written, _, kind = form.partition("/")
                self._found.setdefault(written, (base, kind or "past"))

    def look_up(self, norm: str) -> tuple[str, str]:
        """The plain form and the kind of form: base, s, past, ing or nothing."""
        found = self._found.get(norm)
        if found is None:
            found = self._work_out(norm)
            if len(self._found) < 50_000:
                self._found[norm] = found
        return found

    def _work_out(self, norm: str) -> tuple[str, str]:
        known = self.known
        if len(norm) > 30:
            return norm, ""
        if norm.endswith("ing") and len(norm) > 4:
            return self._stem(norm[:-3]) or norm, "ing"
        if norm.endswith("ed") and len(norm) > 3:
            if norm[:-1] in known:
                return norm[:-1], "past"
            if norm.endswith("ied") and norm[:-3] + "y" in known:
                return norm[:-3] + "y", "past"
            return self._stem(norm[:-2]) or norm, "past"
        if norm.endswith("s") and not norm.endswith("ss") and len(norm) > 2:
            for base in (
                norm[:-1],
                norm[:-2] if norm.endswith("es") else "",
                norm[:-3] + "y" if norm.endswith("ies") else "",
            ):
                if base in known:
                    return base, "s" if base in self.verbs else ""
        return norm, "base" if norm in self.verbs else ""

    def _stem(self, stem: str) -> str | None:
        known = self.known
        if stem in known:
            return stem
        if stem + "e" in known:
            return stem + "e"
        if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in _VOWELS and stem[:-1] in known:
            return stem[:-1]
        return None
