"""The small language the vocabulary is written in, and its matcher.

    word        that word, in any of its verb or plural forms
    =word       that exact form
    <name>      a concept from the vocabulary
    (a | b c)   one of these;  x?  perhaps
    .. ... .... a gap of up to 3, 6 or 11 words inside the sentence
    _           exactly one word
    $           the clause ends here: a mark follows, or the sentence is over
    C P W K O A N   somebody: client, partner, we, child, other person, affair partner, a thing;  CW = either
    P's         possessive: his, her, my wife's
    P:word      a verb whose subject is P;  P:-word negated;  P:~word either way;  -word negated, any subject

A pattern is matched by pushing the set of reachable positions through its elements, never by backtracking,
and every gap is bounded, so the work per token is bounded whatever the text looks like.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

Ends = tuple[int, ...]
NONE: Final[Ends] = ()
GAPS: Final = {"..": 3, "...": 6, "....": 11, ".....": 18}
ANY: Final = "*"
_ITEM: Final = re.compile(
    r"\s*(<[a-z_]+>|\.{2,5}|[()|?_$]|[A-Z]+:[-~]?|[A-Z]+'s|[A-Z]+(?![\w:])|-(?=[\w<(=])|=?[\w'&%]+)"
)


class View(Protocol):
    """What the matcher needs to know of an analysed text."""

    norm: list[str]
    lemma: list[str]
    subject: list[str]
    negated: list[bool]
    denied: list[bool]
    verbal: list[bool]
    people: list[tuple[tuple[str, int, bool], ...]]
    limit: int
    head: int
    memo: dict[tuple[int, int], Ends]
    steps: int

    @property
    def before(self) -> list[str]:
        """The marks left of each word."""
        ...


Step = Callable[["View", int], Ends]


class PatternError(ValueError):
    """A line of vocabulary that cannot be understood."""


@dataclass(slots=True)
class Node:
    step: Step
    first: frozenset[str]
    empty: bool = False
    single: bool = False  # exactly one word, in any form
    needs: tuple[frozenset[str], ...] = ()  # of each of these sets one word at least stands in every match


@dataclass(slots=True)
class Concept:
    number: int
    name: str
    source: str
    by_word: dict[str, list[Node]] = field(default_factory=dict)
    anywhere: list[Node] = field(default_factory=list)
    first: frozenset[str] = frozenset()
    needs: tuple[frozenset[str], ...] = ()
    state: int = 0


@dataclass(slots=True)
class Grammar:
    """Concepts by name, compiled on first use so that order in the files does not matter."""

    concepts: dict[str, Concept] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)
    verbs: set[str] = field(default_factory=set)

    def add(self, name: str, source: str) -> None:
        if name in self.concepts:
            raise PatternError(f"concept <{name}> is defined twice")
        self.concepts[name] = Concept(len(self.concepts), name, source)

    def concept(self, name: str) -> Concept:
        concept = self.concepts.get(name)
        if concept is None:
            raise PatternError(f"there is no concept <{name}>")
        if concept.state == 1:
            raise PatternError(f"concept <{name}> contains itself")
        if concept.state == 0:
            concept.state = 1
            first: set[str] = set()
            nodes = []
            for line in alternatives(concept.source):
                node = self.compile(line)
                nodes.append(node)
                if node.empty:
                    raise PatternError(f"concept <{name}> may be empty: {line}")
                first |= node.first
                if ANY in node.first:
                    concept.anywhere.append(node)
                else:
                    for word in node.first:
                        concept.by_word.setdefault(word, []).append(node)
            concept.first = frozenset(first)
            concept.needs = _needs_of_one(nodes)
            concept.state = 2
        return concept

    def compile(self, line: str) -> Node:
        parser = _Parser(self, line)
        node = parser.choice()
        if parser.peek() is not None:
            raise PatternError(f"cannot read {line!r} at {parser.peek()!r}")
        return node


def alternatives(source: str) -> list[str]:
    """Lines, or pieces between semicolons; what follows a # is a remark."""
    found = []
    for line in source.splitlines():
        for piece in line.partition("#")[0].split(";"):
            if piece.strip():
                found.append(piece.strip())
    return found


def split(line: str) -> list[str]:
    items, at = [], 0
    line = line.rstrip()
    while at < len(line):
        match = _ITEM.match(line, at)
        if match is None:
            raise PatternError(f"cannot read {line!r} at {line[at:]!r}")
        items.append(match.group(1))
        at = match.end()
    return items


class _Parser:
    def __init__(self, grammar: Grammar, line: str) -> None:
        self.grammar = grammar
        self.line = line
        self.items = split(line)
        self.at = 0
        self.verb = False  # is a verb expected here, behind a guard?

    def peek(self) -> str | None:
        return self.items[self.at] if self.at < len(self.items) else None

    def take(self) -> str:
        item = self.peek()
        if item is None:
            raise PatternError(f"{self.line!r} ends too early")
        self.at += 1
        return item

    def choice(self) -> Node:
        verb = self.verb
        branches = [self.sequence()]
        while self.peek() == "|":
            self.take()
            self.verb = verb
            branches.append(self.sequence())
        self.verb = False
        return branches[0] if len(branches) == 1 else either(branches)

    def sequence(self) -> Node:
        parts: list[Node] = []
        while self.peek() not in (None, "|", ")"):
            parts.append(self.element())
            self.verb = False
        if not parts:
            raise PatternError(f"an empty branch in {self.line!r}")
        return in_order(parts) if len(parts) > 1 else parts[0]

    def element(self) -> Node:
        item = self.take()
        if item.endswith((":", ":-", ":~")):
            who, _, mode = item.partition(":")
            self.verb = True
            behind = self.at > 1 and self.items[self.at - 2] not in ("(", "|")
            node = guarded(who, mode, self.element())
            if behind and who:
                node = behind_its_subject(who, node)
        elif item == "-":
            node = guarded("", "-", self.element())
        elif item == "(":
            node = self.choice()
            if self.take() != ")":
                raise PatternError(f"a bracket is open in {self.line!r}")
        elif item in GAPS:
            node = gap(GAPS[item])
        elif item == "_":
            node = Node(_one, frozenset((ANY,)))
        elif item == "$":
            node = Node(_clause_end, frozenset((ANY,)), True)
        elif item.startswith("<"):
            concept = self.grammar.concept(item[1:-1])
            node = concept_node(concept)
            if self.verb:
                self.grammar.verbs.update(word for word in concept.first if word.isalpha())
        elif item[0].isupper():
            node = somebody(item[:-2], True) if item.endswith("'s") else somebody(item, False)
        elif item.lstrip("=") in _THIRD_PERSON:
            node = third_person(item.lstrip("="))
        elif item[0] == "=":
            node = exact(item[1:])
        else:
            self.grammar.words.add(item)
            if self.verb:
                self.grammar.verbs.add(item)
            node = word(item)
        if self.peek() == "?":
            self.take()
            node = optional(node)
        return node


def word(text: str) -> Node:
    def step(view: View, i: int) -> Ends:
        if i < view.limit and (view.norm[i] == text or view.lemma[i] == text):
            return (i + 1,)
        return NONE

    return Node(step, frozenset((text,)), single=True, needs=(frozenset((text,)),))


def exact(text: str) -> Node:
    def step(view: View, i: int) -> Ends:
        return (i + 1,) if i < view.limit and view.norm[i] == text else NONE

    return Node(step, frozenset((text,)), needs=(frozenset((text,)),))


# One gender stands for both: "him" in a pattern is "her" as an object too, "his" is "her" as an owner too.
_THIRD_PERSON: Final[dict[str, tuple[frozenset[str], bool | None]]] = {
    "he": (frozenset(("he", "she")), None),
    "she": (frozenset(("he", "she")), None),
    "him": (frozenset(("him", "her")), False),
    "his": (frozenset(("his", "her")), True),
    "her": (frozenset(("him", "his", "her")), None),
    "himself": (frozenset(("himself", "herself")), None),
    "herself": (frozenset(("himself", "herself")), None),
}


def third_person(text: str) -> Node:
    forms, owner = _THIRD_PERSON[text]

    def step(view: View, i: int) -> Ends:
        if i >= view.limit or view.norm[i] not in forms:
            return NONE
        if owner is not None and view.people[i] and view.people[i][0][2] is not owner:
            return NONE
        return (i + 1,)

    return Node(step, forms, needs=(forms,))


def _one(view: View, i: int) -> Ends:
    return (i + 1,) if i < view.limit else NONE


def _clause_end(view: View, i: int) -> Ends:
    return (i,) if i >= view.limit or view.before[i] else NONE


def somebody(kinds: str, owner: bool) -> Node:
    def step(view: View, i: int) -> Ends:
        if i >= view.limit:
            return NONE
        return tuple(end for kind, end, owns in view.people[i] if kind in kinds and owns == owner)

    keys = frozenset(f"@{kind}" for kind in kinds)
    return Node(step, keys, needs=(keys,))


def gap(width: int) -> Node:
    def step(view: View, i: int) -> Ends:
        return tuple(range(i, min(i + width, view.limit) + 1))

    return Node(step, frozenset((ANY,)), True)


def optional(node: Node) -> Node:
    inner = node.step

    def step(view: View, i: int) -> Ends:
        ends = inner(view, i)
        return ends if i in ends else (i, *ends)

    return Node(step, node.first, True)


def either(nodes: list[Node]) -> Node:
    """One of several. Branches are looked up by the words they may begin with, so that only fitting ones run."""
    first = frozenset().union(*(node.first for node in nodes))
    single = frozenset().union(*(node.first for node in nodes if node.single))
    by_key: dict[str, list[Step]] = {}
    always: list[Step] = []
    for node in nodes:
        if node.empty or ANY in node.first:
            always.append(node.step)
        elif not node.single:
            for key in node.first:
                by_key.setdefault(key, []).append(node.step)
    by_person = any(key[0] == "@" for key in by_key)

    def step(view: View, i: int) -> Ends:
        found: Ends = NONE
        if i < view.limit:
            norm, lemma = view.norm[i], view.lemma[i]
            if norm in single or lemma in single:
                found = (i + 1,)
            for one in by_key.get(norm, ()):
                found = _merge(found, one(view, i))
            if lemma != norm:
                for one in by_key.get(lemma, ()):
                    found = _merge(found, one(view, i))
            if by_person:
                for kind, _, _ in view.people[i]:
                    for one in by_key.get("@" + kind, ()):
                        found = _merge(found, one(view, i))
        for one in always:
            found = _merge(found, one(view, i))
        return found

    return Node(step, first, any(node.empty for node in nodes), needs=_needs_of_one(nodes))


def _needs_of_one(nodes: list[Node]) -> tuple[frozenset[str], ...]:
    """What a match of one of several needs: a word of the narrowest need of each."""
    if not all(node.needs for node in nodes):
        return ()
    return (frozenset().union(*(min(node.needs, key=len) for node in nodes)),)


def in_order(nodes: list[Node]) -> Node:
    # Beside each step the words it may begin with, where they are known: most places are dismissed by that alone.
    steps = tuple((node.step, _plain_first(node)) for node in nodes)

    def step(view: View, i: int) -> Ends:
        places: Ends = (i,)
        norm, lemma, limit = view.norm, view.lemma, view.limit
        for one, allowed in steps:
            view.steps += 1
            if allowed is not None:
                places = tuple(
                    [place for place in places if place < limit and (norm[place] in allowed or lemma[place] in allowed)]
                )
            if len(places) == 1:
                places = one(view, places[0])
            elif places:
                reached: set[int] = set()
                for place in places:
                    reached.update(one(view, place))
                places = tuple(sorted(reached))
            if not places:
                return NONE
        return places

    first: set[str] = set()
    empty = True
    for node in nodes:
        first |= node.first
        if not node.empty:
            empty = False
            break
    return Node(step, frozenset(first), empty, needs=tuple(need for node in nodes for need in node.needs))


def _plain_first(node: Node) -> frozenset[str] | None:
    if node.empty or any(key[0] == "@" or key == ANY for key in node.first):
        return None
    return node.first


def guarded(who: str, mode: str, node: Node) -> Node:
    """A verb with a wanted subject, wanted polarity, and in the place of a verb (not "his call")."""
    inner = node.step

    def step(view: View, i: int) -> Ends:
        if i >= view.limit or not view.verbal[i] or (who and (not view.subject[i] or view.subject[i] not in who)):
            return NONE
        if mode == "-":
            if not view.denied[i]:
                return NONE
        elif not mode and view.negated[i] and i != view.head:
            return NONE  # at the head of a frame, negation is left to the scopes, which say so
        return inner(view, i)

    return Node(step, node.first, node.empty, needs=node.needs)


_HELPING: Final = frozenset(
    ("be", "have", "do", "will", "would", "could", "should", "still", "really", "even", "ever", "just", "actually")
)


def behind_its_subject(who: str, node: Node) -> Node:
    """ "If P:want": the subject itself and its helping verbs may stand before the verb: "if she (still) wants"."""
    inner = node.step

    def step(view: View, i: int) -> Ends:
        found = inner(view, i)
        if i < view.limit:
            for kind, end, owns in view.people[i]:
                if kind in who and not owns:
                    found = _merge(found, inner(view, end))
                    for at in range(end, min(end + 2, view.limit)):
                        if view.lemma[at] not in _HELPING:
                            break
                        found = _merge(found, inner(view, at + 1))
        return found

    return Node(step, node.first | {f"@{kind}" for kind in who}, node.empty, needs=node.needs)


def concept_node(concept: Concept) -> Node:
    number, by_word, anywhere = concept.number, concept.by_word, concept.anywhere

    def step(view: View, i: int) -> Ends:
        if i >= view.limit:
            return NONE
        key = (number, i)
        known = view.memo.get(key)
        if known is not None:
            return known
        view.steps += 1
        found: set[int] = set()
        norm, lemma = view.norm[i], view.lemma[i]
        for node in by_word.get(norm, ()):
            found.update(node.step(view, i))
        if lemma != norm:
            for node in by_word.get(lemma, ()):
                found.update(node.step(view, i))
        for kind, _, _ in view.people[i]:
            for node in by_word.get("@" + kind, ()):
                found.update(node.step(view, i))
        for node in anywhere:
            found.update(node.step(view, i))
        ends = tuple(sorted(found))
        view.memo[key] = ends
        return ends

    return Node(step, concept.first, needs=concept.needs)


def _merge(left: Ends, right: Ends) -> Ends:
    if not left or not right:
        return left or right
    return left if left == right else tuple(sorted({*left, *right}))
