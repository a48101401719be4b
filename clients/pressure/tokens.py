"""Layer one: text to tokens. Every token knows its place in the untouched text.

Quotes, case, contractions, missing apostrophes and chat spelling are made equal here, so that no later
layer has to think of them. Nothing is thrown away: offsets always point into the text as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

# Marks that sit inside or on letters: combining accents, zero-width and direction marks, soft hyphen.
_MARKS: Final = "\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\u00ad\ufeff"
_APOSTROPHES: Final = "'\u2019\u2018\u02bc\u00b4`\u2032\uff07"
_TOKEN: Final = re.compile(
    rf"(?P<word>[^\W_][^\W_{_MARKS}]*(?:[{_MARKS}]+[^\W_]*|[{_APOSTROPHES}](?=[^\W_])[^\W_]+)*)"
    rf"|(?P<stop>[.!?\u2026\u061f]+)|(?P<para>\r?\n[ \t]*(?:\r?\n[ \t]*)+)|(?P<mark>[,;:()\[\]\u2014\u2013\"\u201c\u201d\u00ab\u00bb]|-(?=[\s-])|[{_APOSTROPHES}])"
)
_INVISIBLE: Final = frozenset(
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u00ad\ufeff"
)
_DROP: Final = re.compile(rf"[{_MARKS}]+")
_CURLY: Final = str.maketrans(dict.fromkeys(_APOSTROPHES, "'"))

_QUOTES: Final = frozenset(_APOSTROPHES) | frozenset('"\u201c\u201d\u00ab\u00bb')

_SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "gonna": ("going", "to"), "wanna": ("want", "to"), "gotta": ("got", "to"), "tryna": ("trying", "to"),
    "finna": ("going", "to"), "cannot": ("can", "not"), "u": ("you",), "ur": ("your",), "ya": ("you",),
    "bc": ("because",), "cuz": ("because",), "cos": ("because",), "coz": ("because",), "cause": ("because",),
    "becuase": ("because",), "becasue": ("because",), "pls": ("please",), "plz": ("please",),
    "tho": ("though",), "abt": ("about",), "thru": ("through",), "tonite": ("tonight",), "msg": ("message",),
    "msgs": ("messages",), "txt": ("text",), "txts": ("texts",), "txted": ("texted",), "txting": ("texting",),
    "fb": ("facebook",), "ig": ("instagram",), "insta": ("instagram",), "luv": ("love",), "im": ("i", "am"),
    "ive": ("i", "have"), "id": ("i", "would"), "youre": ("you", "are"), "youve": ("you", "have"),
    "theyre": ("they", "are"), "theyve": ("they", "have"), "hes": ("he", "'s"), "shes": ("she", "'s"),
    "thats": ("that", "is"), "whats": ("what", "is"), "theres": ("there", "is"), "wouldve": ("would", "have"),
    "couldve": ("could", "have"), "shouldve": ("should", "have"), "weve": ("we", "have"), "idk": ("i", "do", "not", "know"),
    "hed": ("he", "would"), "theyll": ("they", "will"), "itll": ("it", "will"), "youll": ("you", "will"),
    "y'all": ("you",), "mum": ("mom",), "mums": ("mom", "'s"), "mam": ("mom",), "mama": ("mom",), "momma": ("mom",),
    "realise": ("realize",), "realised": ("realized",), "apologise": ("apologize",), "apologised": ("apologized",),
    "counselling": ("counseling",), "counsellor": ("counselor",), "couselling": ("counseling",), "councilling": ("counseling",),
    "councelling": ("counseling",), "seperate": ("separate",), "seperated": ("separated",), "seperation": ("separation",),
    "divorse": ("divorce",), "alot": ("a", "lot"), "eachother": ("each", "other"), "untill": ("until",), "till": ("until",),
    "til": ("until",), "'til": ("until",), "w/o": ("without",), "noone": ("nobody",), "realy": ("really",), "wich": ("which",),
    "dh": ("husband",), "dw": ("wife",), "stbxh": ("husband",), "stbxw": ("wife",), "stbxhusband": ("husband",),
    "stbxwife": ("wife",), "xh": ("husband",), "exh": ("husband",), "xw": ("wife",), "exw": ("wife",), "hubby": ("husband",),
    "hubbie": ("husband",), "hubs": ("husband",), "wifey": ("wife",), "wh": ("husband",), "ww": ("wife",), "bf": ("boyfriend",),
    "gf": ("girlfriend",), "favourite": ("favorite",), "behaviour": ("behavior",), "neighbour": ("neighbor",),
    "neighbours": ("neighbors",), "honour": ("honor",), "colour": ("color",), "pyjamas": ("pajamas",), "cheque": ("check",),
    "programme": ("program",), "centre": ("center",), "practise": ("practice",), "recognise": ("recognize",),
}  # fmt: skip
# Stems that take a lost apostrophe: "dont", "wouldnt".
LONGEST: Final = 60
_NEGATED: Final[dict[str, str]] = {
    "do": "do", "did": "did", "does": "does", "is": "is", "was": "was", "were": "were", "are": "are", "wo": "will",
    "ca": "can", "could": "could", "would": "would", "should": "should", "have": "have", "has": "has", "had": "had",
    "ai": "is", "must": "must", "need": "need", "might": "might", "sha": "shall",
}  # fmt: skip
_CAPITALS: Final = {
    "H": "husband",
    "W": "wife",
    "X": "ex",
    "D": "divorce",
    "R": "reconcile",
    "M": "marriage",
    "SO": "partner",
    "OH": "partner",
    "DP": "partner",
}
_TAILS: Final[dict[str, str]] = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would", "s": "'s"}


@dataclass(slots=True)
class Tokens:
    """Parallel columns; `sentences` are half-open token ranges; `before` holds the marks left of a token."""

    text: str
    norm: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    stop: list[str] = field(default_factory=list)
    sentences: list[tuple[int, int]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.norm)

    def opens_quote(self, at: int) -> bool:
        """Does a quotation mark stand right at the first letter?"""
        return self.start[at] > 0 and self.text[self.start[at] - 1] in _QUOTES


def tokenise(text: str, partner: str = "") -> Tokens:
    """`partner` is what the writer calls the partner: written with a capital, the name reads as the partner."""
    out = Tokens(text)
    name = _plain_name(partner)
    named = 0  # how many words of the name the last token holds
    norm, start, end, before = out.norm, out.start, out.end, out.before
    first = 0
    marks = ""
    for match in _TOKEN.finditer(text):
        begin = match.start()
        kind = match.lastgroup
        if kind == "word":
            finish = match.end()
            while text[finish - 1] in _INVISIBLE:
                finish -= 1
            if len(norm) - first >= LONGEST and (marks or len(norm) - first >= 2 * LONGEST):
                # Text without full stops: cut, so that no later layer meets an endless sentence.
                out.sentences.append((first, len(norm)))
                out.stop.append("")
                first = len(norm)
            for piece, left, right in pieces(match.group()):
                if named and named < len(name) and piece == name[named] and text[begin].isupper():
                    end[-1], named = begin + right, named + 1
                    continue
                named = int(bool(name) and piece == name[0] and text[begin].isupper())
                norm.append("spouse" if named else piece)
                start.append(begin + left)
                end.append(min(begin + right, finish))
                before.append(marks)
                marks = ""
        elif kind == "mark":
            mark = match.group()
            quote = mark in _QUOTES and len(marks) < 4
            marks += '"' if quote else mark if len(marks) < 4 else ""
        else:
            mark = match.group()
            if len(norm) > first:
                out.sentences.append((first, len(norm)))
                out.stop.append("?" if "?" in mark or "\u061f" in mark else "!" if "!" in mark else ".")
                first = len(norm)
            elif kind == "stop" and "?" in mark and out.stop:
                out.stop[-1] = "?"
    if len(norm) > first:
        out.sentences.append((first, len(norm)))
        out.stop.append("")
    return out


def _plain_name(partner: str) -> tuple[str, ...]:
    """The words of a name as `pieces` makes them."""
    words = (match.group() for match in _TOKEN.finditer(partner) if match.lastgroup == "word")
    return tuple(piece for word in words for piece, _, _ in pieces(word))


@lru_cache(maxsize=16384)
def pieces(word: str) -> tuple[tuple[str, int, int], ...]:
    """A written word as one or more plain ones, each with its place inside the word."""
    plain = word.lower()
    if not word.isascii():
        plain = _DROP.sub("", unicodedata.normalize("NFKD", plain.translate(_CURLY)))
        plain = "".join(char for char in plain if not unicodedata.combining(char)) or word
    whole = len(word)
    # Single capitals are the forums' short words.
    if word in _CAPITALS:
        return ((_CAPITALS[word], 0, whole),)
    if "'" not in plain:
        spelt = _SPELLINGS.get(plain)
        if spelt:
            return tuple((part, 0, whole) for part in spelt)
        if plain.endswith("nt") and plain[:-2] in _NEGATED:
            return (_NEGATED[plain[:-2]], 0, whole - 2), ("not", whole - 2, whole)
        return ((plain, 0, whole),)
    head, _, tail = plain.partition("'")
    cut = next((i for i, char in enumerate(word) if char in _APOSTROPHES), whole)
    if tail == "t" and head.endswith("n") and head[:-1] in _NEGATED:
        return (_NEGATED[head[:-1]], 0, cut - 1), ("not", cut - 1, whole)
    if head == "i" and tail == "d":
        return ("i", 0, cut), ("would", cut, whole)
    if tail in _TAILS and head:
        inner = _SPELLINGS.get(head, (head,))
        base = tuple((part, 0, cut) for part in inner)
        return (*base, (_TAILS[tail], cut, whole))
    spelt = _SPELLINGS.get(plain)
    if spelt:
        return tuple((part, 0, whole) for part in spelt)
    return ((plain.replace("'", ""), 0, whole),)
