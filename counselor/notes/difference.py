"""What differs between two texts, in words a person can follow. Pure."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

WORD = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")  # with the space before it
AROUND = 2  # lines of what stayed the same, before and after a change
MOST_WORDS = 2_000  # of one changed passage; a longer one is shown as taken out and put in


@dataclass(frozen=True, slots=True)
class Piece:
    """`kind` is same, out, in or gap; of a gap `words` is how many lines were left out."""

    kind: str
    words: str


def compare(old: str, new: str) -> tuple[Piece, ...]:
    """Line by line, and word by word where lines changed. Without a change: nothing."""
    if old == new:
        return ()
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    pieces: list[Piece] = []
    steps = SequenceMatcher(None, before, after).get_opcodes()
    for number, (tag, a, b, c, d) in enumerate(steps):
        if tag == "equal":
            pieces += _same(before[a:b], number == 0, number == len(steps) - 1)
        else:
            pieces += _words("".join(before[a:b]), "".join(after[c:d]))
    return tuple(_joined(pieces))


def _same(lines: list[str], first: bool, last: bool) -> list[Piece]:
    """What stayed, cut to the lines beside a change."""
    head, tail = (0 if first else AROUND), (0 if last else AROUND)
    if len(lines) <= head + tail + 1:
        return [Piece("same", "".join(lines))]
    cut = [Piece("gap", str(len(lines) - head - tail))]
    if head:
        cut.insert(0, Piece("same", "".join(lines[:head])))
    return [*cut, Piece("same", "".join(lines[-tail:]))] if tail else cut


def _words(old: str, new: str) -> list[Piece]:
    before, after = WORD.findall(old), WORD.findall(new)
    if not before or not after or len(before) + len(after) > MOST_WORDS:
        return [Piece(kind, words) for kind, words in (("out", old), ("in", new)) if words]
    matcher = SequenceMatcher(None, before, after)
    if matcher.ratio() < 0.4:
        return [Piece("out", old), Piece("in", new)]
    pieces = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(before[a:b])))
        else:
            pieces += [Piece("out", "".join(before[a:b]))] if b > a else []
            pieces += [Piece("in", "".join(after[c:d]))] if d > c else []
    return pieces


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbours of one kind as one piece."""
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1].kind == piece.kind != "gap":
            found[-1] = Piece(piece.kind, found[-1].words + piece.words)
        else:
            found.append(piece)
    return found


def only_adds(old: str, new: str) -> bool:
    """Whether the old text stands in the new one with one passage put in: then nothing was taken out by the change."""
    if len(new) < len(old):
        return False
    same = next((i for i, (x, y) in enumerate(zip(old, new, strict=False)) if x != y), len(old))
    return new.endswith(old[same:])
