"""Layer two, first half: who acts. One pass from left to right that knows, at every word, who the subject is,
whom the pronouns mean, and which scopes (negation, wish, doubt, plan, long past ...) the word stands in.

There is no parser. A subject lasts until the next one; an object followed by "to" becomes the subject of that
verb ("asked him to come"); a pronoun means the partner unless somebody else of that gender was named last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from clients.pressure.note import Note
from clients.pressure.people import People
from clients.pressure.tokens import Tokens
from clients.pressure.vocabulary import Vocabulary

# How long a scope lasts: to the end of the verb group, of the complement, or of the sentence.
GROUP: Final = 1
COMPLEMENT: Final = 2
SENTENCE: Final = 3

NOMINATIVE: Final = {"i": "C", "we": "W", "he": "m", "she": "f", "they": "n", "you": "you"}
OBJECTIVE: Final = {
    "me": "C",
    "us": "W",
    "him": "m",
    "them": "n",
    "myself": "C",
    "himself": "m",
    "herself": "f",
    "themselves": "n",
}
POSSESSIVE: Final = {"my": "C", "our": "W", "his": "m", "their": "n", "your": "you", "mine": "C", "ours": "W"}


@dataclass(slots=True)
class _Clause:
    """The state of the sentence at the current word."""

    subject: str = ""
    main: str = ""
    earlier: str = ""  # the main subject before this one
    negated: bool = False
    own: bool = False  # the negation belongs to this subject, not to the clause above
    carrier: bool = False
    scopes: dict[str, int] = field(default_factory=dict)
    last: str = ""
    last_verb: str = ""
    last_form: str = ""
    speaker: str = ""
    quiet: int = -1
    pending: tuple[str, int, int] | None = None
    frozen: frozenset[str] = frozenset()

    def add(self, scope: str, extent: int) -> None:
        if self.scopes.get(scope, 0) < extent:
            self.scopes[scope] = extent
            self.frozen = frozenset(self.scopes)

    def drop(self, extent: int) -> None:
        if self.scopes:
            self.scopes = {scope: reach for scope, reach in self.scopes.items() if reach > extent}
            self.frozen = frozenset(self.scopes)


def analyse(tokens: Tokens, words: Vocabulary, voice: str) -> Note:
    return _Reader(tokens, words, voice).run()


class _Reader:
    def __init__(self, tokens: Tokens, words: Vocabulary, voice: str) -> None:
        self.tokens = tokens
        self.words = words
        self.voice = voice
        self.before = ""  # the main subject of the sentence before
        self.speaker = ""  # of the quoted speech that is open
        self.quotes: dict[int, str] = {}
        count = len(tokens)
        looked = [words.forms.look_up(norm) for norm in tokens.norm]
        self.note = Note(
            tokens=tokens,
            norm=tokens.norm,
            lemma=[pair[0] for pair in looked],
            form=[pair[1] for pair in looked],
            subject=[""] * count,
            negated=[False] * count,
            denied=[False] * count,
            verbal=[False] * count,
            scopes=[frozenset()] * count,
            people=[()] * count,
            sentence_of=[0] * count,
        )

        self.people = People(self.note, words, voice)

    def run(self) -> Note:
        self.quotes = self.people.quotes()
        for number, (first, last) in enumerate(self.tokens.sentences):
            self._sentence(number, first, last)
        return self.note

    # -- one sentence ---------------------------------------------------------------------------

    def _sentence(self, number: int, first: int, last: int) -> None:
        note, words = self.note, self.words
        clause = _Clause()
        if words.long_past(note.norm, note.lemma, first, last):
            clause.add("past", SENTENCE)
        question = self.tokens.stop[number] == "?"
        clause.speaker = self.speaker
        at = first
        while at < last:
            norm = note.norm[at]
            before = self.tokens.before[at]
            if at in self.quotes:
                clause.speaker = self.speaker = self.quotes[at]
            if before:
                self._mark(clause, before, at, last)
            if clause.pending is not None and at >= clause.pending[2]:
                self._open(clause, clause.pending[0], clause.pending[1], question)
                clause.pending = None
            note.sentence_of[at] = number
            end = self._person(clause, at, first, last)
            if end > at:
                for inner in range(at, end):
                    note.sentence_of[inner] = number
                    note.subject[inner] = clause.subject
                    note.negated[inner] = clause.negated
                    note.denied[inner] = clause.negated and clause.own
                    note.scopes[inner] = clause.frozen
                self._trigger(clause, at, first, last)
                at = end
                continue
            if norm in words.subordinators:
                self._join(clause, at, last)
            note.subject[at] = clause.subject
            note.negated[at] = clause.negated
            note.denied[at] = clause.negated and clause.own
            note.scopes[at] = clause.frozen
            note.verbal[at] = self._verbal(at, first)
            self._trigger(clause, at, first, last)
            if note.verbal[at]:
                self._verb(clause, at, first, last)
            at += 1
        self.before = clause.main

    def _trigger(self, clause: _Clause, at: int, first: int, last: int) -> None:
        """A scope begins behind its own words; shorter triggers inside a longer one stay quiet."""
        if at < clause.quiet:
            return
        found = self.words.scope_trigger(self.note.norm, self.note.lemma, at, last)
        if found is None:
            return
        name, extent, width, starts = found
        opens = at == first or (at == first + 1 and self.note.norm[first] in self.words.subordinators)
        if starts and not opens and not self.tokens.before[at]:
            return
        clause.quiet = at + width
        clause.pending = (name, extent, at + width)

    def _open(self, clause: _Clause, name: str, extent: int, question: bool) -> None:
        if name == "negation":
            clause.negated = clause.own = True
            clause.carrier = extent == COMPLEMENT
        elif name == "none":
            return
        elif name == "asks":
            if question:
                clause.add("question", COMPLEMENT)
        else:
            clause.add(name, extent)

    def _mark(self, clause: _Clause, marks: str, at: int, last: int) -> None:
        note = self.note
        if ";" in marks or "-" in marks or "\u2014" in marks or "\u2013" in marks or ":" in marks:
            clause.negated = False
            clause.drop(GROUP)
            clause.subject = clause.main
            return
        if "," in marks:
            verb = at + 1 if note.norm[at] in ("and", "or") and at + 1 < last else at
            follows_verb = note.form[verb] not in ("", "s") and note.lemma[verb] not in self.words.auxiliaries
            if verb > at:  # "not to call, beg, and ask": a list of plain verbs goes on
                follows_verb = note.form[verb] == "base" and clause.last_form == "base"
            if not follows_verb:
                clause.negated = False
            if note.norm[at] in NOMINATIVE:
                clause.drop(COMPLEMENT)
            if "condition" in clause.scopes:
                clause.drop(GROUP)
                clause.scopes.pop("condition", None)
                clause.frozen = frozenset(clause.scopes)

    def _join(self, clause: _Clause, at: int, last: int) -> None:
        """A conjunction: what ends here, what goes on."""
        note, norm = self.note, self.note.norm[at]
        after = note.form[at + 1] if at + 1 < last else ""
        if norm in ("and", "or", "then", "plus", "&"):
            bare = after == "base" and clause.last_form == "base"
            if norm != "or" and not bare:
                clause.negated = False
            if after in ("past", "s") or (after == "base" and clause.last_form != "base"):
                clause.subject = clause.main
                if norm != "or":
                    clause.drop(GROUP)
                if after == "past":
                    clause.drop(COMPLEMENT)
        elif norm in (
            "but",
            "so",
            "yet",
            "because",
            "while",
            "when",
            "although",
            "though",
            "since",
            "until",
            "unless",
            "before",
            "after",
        ):
            clause.negated = False
            clause.carrier = False
            clause.drop(COMPLEMENT if norm in ("but", "yet", "although", "though", "because", "so") else GROUP)
            clause.subject = clause.main
        elif norm in ("who", "which") and clause.last:
            clause.subject = clause.last
            clause.negated = False
        elif norm not in ("that", "if", "whether", "what", "how", "why", "where"):
            clause.negated = False

    # -- verbs ----------------------------------------------------------------------------------

    def _verbal(self, at: int, first: int) -> bool:
        """Could this word be a verb here? "His call" and "a text" cannot."""
        if at == first:
            return True
        before = self.note.norm[at - 1]
        words = self.words
        if before in words.noun_markers:
            return (
                before in ("no", "one", "that", "this", "both", "all", "her")
                and self.note.form[at] in ("past", "s", "ing")
                and before != "no"
            )
        people = self.note.people[at - 1]
        return not (people and people[0][2] and people[0][1] == at)

    def _verb(self, clause: _Clause, at: int, first: int, last: int) -> None:
        note, words = self.note, self.words
        lemma, form = note.lemma[at], note.form[at]
        if not form or not note.verbal[at] or at >= last:
            return
        if (
            clause.main == "C"
            and clause.earlier
            and at > first
            and note.norm[at - 1] in ("and", "but")
            and (form == "s" or note.norm[at] in ("is", "has", "does"))
        ):
            # "He called me when I got home and says ...": the verb does not agree with "I".
            clause.subject = clause.main = clause.earlier
            note.subject[at] = clause.subject
        if not clause.subject and lemma not in words.auxiliaries:
            self._elided(clause, at, at == first or bool(self.tokens.before[at]), last)
        if lemma in words.auxiliaries:
            if (
                clause.subject != clause.main
                and note.norm[at] in words.finite
                and note.people[at - 1 if at > first else at] == ()
            ):
                clause.subject = clause.main
                note.subject[at] = clause.subject
            return
        if form == "past" and self._passive(at, first):
            agent = self._agent(at, last)
            note.subject[at] = agent
        elif form in ("past", "s") and clause.subject != clause.main and clause.last_form == "to":
            clause.subject = clause.main
            note.subject[at] = clause.subject
        clause.carrier = lemma in words.carriers
        clause.last_verb = lemma
        clause.last_form = form

    def _elided(self, clause: _Clause, at: int, opens: bool, last: int) -> None:
        """ "Texted her today": the writer; "called me": the partner; "come home": an order in a message."""
        note = self.note
        if note.form[at] in ("past", "ing", "s"):
            if note.form[at] == "s" and not opens and not self._first_person(at, last):
                return
            clause.main = clause.subject = self._who_was_dropped(at, last)
            note.subject[at] = clause.subject
        elif note.form[at] == "base" and opens and self.voice == "message":
            clause.subject = "M"
            note.subject[at] = "M"

    def _first_person(self, at: int, last: int) -> bool:
        return at + 1 < last and self.note.norm[at + 1] in ("me", "us")

    def _who_was_dropped(self, at: int, last: int) -> str:
        """Somebody who is named behind the verb is not its subject."""
        note = self.note
        if self._first_person(at, last) or note.form[at] == "s":
            return "P"
        for ahead in range(at + 1, min(at + 9, last)):
            norm = note.norm[ahead]
            if norm in ("him", "her", "his", "them", "he", "she") or norm in self.words.partner:
                return "C"
            if norm in ("me", "my", "i", "us"):
                # "He was kind. Texting my sister to ask if I am well": who was spoken of goes on.
                goes_on = note.form[at] == "ing" and self.before == "P"
                return "P" if norm == "me" or goes_on else "C"
        return self.before if self.before in ("C", "P") else "C"

    def _passive(self, at: int, first: int) -> bool:
        note = self.note
        for back in range(at - 1, max(first, at - 4) - 1, -1):
            lemma = note.lemma[back]
            if lemma in ("be", "get") and note.norm[back] not in ("'s",):
                return True
            if lemma in self.words.auxiliaries or not (
                note.norm[back]
                in (
                    "not",
                    "just",
                    "always",
                    "never",
                    "also",
                    "even",
                    "really",
                    "finally",
                    "constantly",
                    "recently",
                    "being",
                )
                or note.norm[back].endswith("ly")
            ):
                return False
        return False

    def _agent(self, at: int, last: int) -> str:
        note = self.note
        for ahead in range(at + 1, min(at + 5, last)):
            if note.norm[ahead] == "by" and ahead + 1 < last:
                following = note.norm[ahead + 1]
                if following in ("me", "myself"):
                    return "C"
                if following in ("him", "her"):
                    return "P"
                if following in ("my", "the", "his") and ahead + 2 < last:
                    following = note.norm[ahead + 2]
                return "P" if following in self.words.partner else "O"
        return "Z"

    # -- people ---------------------------------------------------------------------------------

    def _person(self, clause: _Clause, at: int, first: int, last: int) -> int:
        """Read a noun phrase or pronoun that starts here; returns where it ends, or `at` when there is none."""
        note, norm = self.note, self.note.norm[at]
        if norm in NOMINATIVE:
            who = self.people.pronoun(clause.speaker, NOMINATIVE[norm], at)
            note.people[at] = ((who, at + 1, False),)
            if (
                norm == "you"
                and at > first
                and not self._finite_next(at + 1, last)
                and note.norm[at - 1] not in self.words.subordinators
            ):
                clause.last = who
                self._object(clause, who, at + 1, last)
                return at + 1
            self._new_subject(clause, who, at, first)
            return at + 1
        if norm in OBJECTIVE:
            who = self.people.pronoun(clause.speaker, OBJECTIVE[norm], at)
            note.people[at] = ((who, at + 1, False),)
            if who != "C" or norm != "myself":
                self._object(clause, who, at + 1, last)
            return at + 1
        found = self.words.person_at(note.norm, at, last)
        if norm == "her":
            following = note.norm[at + 1] if at + 1 < last else ""
            bare_verb = (
                note.form[at + 1] == "base"
                and note.lemma[at + 1] not in self.words.nouns
                and note.lemma[at - 1 if at else 0] in self.words.perception
                if at + 1 < last
                else False
            )
            if found is None and (
                not following or following in self.words.after_object_her or bare_verb or self.tokens.before[at + 1]
            ):
                who = self.people.pronoun(clause.speaker, "f", at)
                note.people[at] = ((who, at + 1, False),)
                self._object(clause, who, at + 1, last)
                return at + 1
        owner = ""
        if norm in POSSESSIVE or norm == "her":
            owner = self.people.pronoun(clause.speaker, POSSESSIVE.get(norm, "f"), at)
            if norm in ("mine", "ours"):
                return at
        if found is None:
            if owner:
                note.people[at] = ((owner, at + 1, True),)
                if norm == "her" and at > first and note.lemma[at - 1] in self.words.giving:
                    # "Sent her flowers": she may be given something as well as own it.
                    note.people[at] = ((owner, at + 1, True), (owner, at + 1, False))
                if self._starts_clause(at, first):
                    self._new_subject(clause, "N", at, first)
                return at + 1
            if (
                norm
                in ("this", "that", "it", "there", "everything", "nothing", "something", "things", "these", "those")
                and self._starts_clause(at, first)
                and self._finite_next(at + 1, last)
            ):
                note.people[at] = (("N", at + 1, False),)
                self._new_subject(clause, "N", at, first)
                return at + 1
            if norm in ("the", "a", "an") and self._starts_clause(at, first):
                self._new_subject(clause, "N", at, first)
            return at
        kind, gender, end = found
        kind = self.people.kind(kind, owner, norm, at)
        owns = end < last and (
            note.norm[end] == "'s"
            or note.norm[end - 1].endswith("s")
            and note.norm[end - 1] in ("husbands", "wifes", "exes", "partners")
        )
        spans: list[tuple[str, int, bool]] = [(kind, end, False)]
        if owns:
            spans.append((kind, end + 1 if note.norm[end] == "'s" else end, True))
        if owner:
            spans.append((owner, at + 1, True))
        note.people[at] = tuple(spans)
        if owns and note.norm[end] == "'s" and end + 1 < last and not self._is_short_is(end, last):
            # "My wife's lawyer rang": read the owner, and let the owned be the one who acts.
            inner = self.words.person_at(note.norm, end + 1, last)
            if inner is not None:
                kind, gender, end = ("O" if inner[0] == "P" else inner[0]), inner[1], inner[2]
                kind = "A" if inner[0] == "P" and note.norm[end - 1] in self.words.rival else kind
                note.people[at] = ((kind, end, False), *spans[1:])
            elif note.form[end + 1] not in ("ing", "past"):
                if self._starts_clause(at, first):
                    self._new_subject(clause, "N", at, first)
                self.people.remember(kind, gender, at, owner == "P")
                return end + 1
        self.people.remember(kind, gender, at, owner == "P")
        if (
            clause.last in ("C", "P")
            and at > first
            and note.norm[at - 1] in ("and", "&")
            and kind in ("C", "P")
            and kind != clause.last
        ):
            kind = "W"
        clause.last = kind
        if self._is_subject(clause, at, end, first, last):
            self._new_subject(clause, kind, at, first)
        else:
            self._object(clause, kind, end, last)
        return end

    def _starts_clause(self, at: int, first: int) -> bool:
        if at == first or self.tokens.before[at]:
            return True
        before = self.note.norm[at - 1]
        return before in self.words.subordinators or before in self.words.sentence_adverbs

    def _finite_next(self, at: int, last: int) -> bool:
        """Does a verb with an ending follow here, adverbs aside? Then what stands before is its subject."""
        note = self.note
        while at < last and (note.norm[at] in self.words.skipped or note.norm[at].endswith("ly")):
            at += 1
        return at < last and (note.norm[at] in self.words.auxiliaries or note.form[at] in ("past", "s", "base"))

    def _is_short_is(self, at: int, last: int) -> bool:
        """ "My husband's gone": the 's is a verb and no owner."""
        if at + 1 >= last:
            return False
        following = self.note.norm[at + 1]
        return self.note.form[at + 1] in ("ing", "past") or following in self.words.after_short_is

    def _is_subject(self, clause: _Clause, at: int, end: int, first: int, last: int) -> bool:
        note = self.note
        if at == first:
            return True
        before = note.norm[at - 1]
        finite = self._finite_next(end, last)
        if before in ("and", "or", "&", "than", "like", "as", "before", "after", "since", "until", "about"):
            return finite and note.norm[end if end < last else at] != "to"
        if before in self.words.prepositions:
            return False
        if self.tokens.before[at]:
            return finite or clause.subject == ""
        if (
            before in self.words.subordinators
            or before in self.words.sentence_adverbs
            or before in self.words.auxiliaries
        ):
            return True
        if not finite:
            return False
        return note.lemma[at - 1] in self.words.report or note.form[at - 1] in ("", "ing") or clause.subject == ""

    def _new_subject(self, clause: _Clause, who: str, at: int, first: int) -> None:
        before = self.note.norm[at - 1] if at > first else ""
        inverted = before in self.words.auxiliaries or before == "not"
        if not inverted:
            if not clause.carrier:
                clause.negated = False
            clause.drop(GROUP)
            joined = before in ("and", "but", "so", "then")
            if joined:
                clause.drop(COMPLEMENT)
            if (
                "condition" in clause.scopes
                and not clause.carrier
                and clause.main
                and who != clause.main
                and before not in ("if", "when", "that", "unless", "whether")
            ):
                clause.scopes.pop("condition", None)
                clause.frozen = frozenset(clause.scopes)
        clause.carrier = False
        if not inverted:
            clause.own = False
        if clause.main and clause.main != who:
            clause.earlier = clause.main
        clause.subject = clause.main = clause.last = who
        clause.last_form = ""

    def _object(self, clause: _Clause, who: str, end: int, last: int) -> None:
        """An object may act in the next verb: "asked him to come", "saw her leave"."""
        clause.last = who
        note = self.note
        if end < last and note.norm[end] == "not" and end + 1 < last and note.norm[end + 1] == "to":
            end += 1  # "asked him not to go": the "not" is read where it stands
        if end >= last:
            return
        verb, following = clause.last_verb, note.norm[end]
        asked = following == "to" and verb in self.words.control
        seen = (
            note.form[end] in ("base", "ing")
            and verb in self.words.perception
            and (note.lemma[end] not in self.words.nouns or note.form[end] == "ing")
        )
        if asked or seen:
            clause.subject = who
            clause.own = False
            clause.last_form = "to"
        if asked and verb in self.words.irrealis:
            clause.add("doubt", GROUP)  # what somebody is asked to do has not been done
