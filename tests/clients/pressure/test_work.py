"""The work grows with the length of the text, also on texts made to hurt. Counted, not timed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from clients.pressure import read
from clients.pressure.clauses import analyse
from clients.pressure.note import exchanged
from clients.pressure.reading import count_steps
from clients.pressure.tokens import tokenise
from clients.pressure.vocabulary import load

CORPUS = Path(__file__).parent / "corpus"
SHAPES: dict[str, Callable[[int], str]] = {
    "one word": lambda size: "a" * size,
    "one sentence": lambda size: ("I asked him to come home and " * size)[:size],
    "quotes": lambda size: ("\"'\u201c" * size)[:size],
    "apostrophes": lambda size: ("a'" * size)[:size],
    "many findings": lambda size: ("I begged him. He ignored me. " * size)[:size],
    "many names": lambda size: ("my wife my husband her mother he she they " * size)[:size],
    "many scopes": lambda size: ("if not never unless I want to not " * size)[:size],
    "blank lines": lambda size: ("\r\n \n" * size)[:size],
    "marks": lambda size: ("i\u0301\u200f" * size)[:size],
    "numbers": lambda size: ("1111 2222 " * size)[:size],
}


def events(text: str) -> int:
    """Calls and returns of Python and C functions during one reading."""
    count = 0

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += 1

    sys.setprofile(profile)
    try:
        read(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_text_is_at_most_little_more_than_twice_the_work(shape: str) -> None:
    make = SHAPES[shape]
    read("I asked him to come home.")
    small, large = make(4_000), make(8_000)
    read(large)  # fills the caches of word forms, so that both are counted alike
    assert events(large) <= 2.2 * events(small) + 400


@pytest.mark.parametrize("shape", SHAPES)
def test_matching_steps_grow_with_the_text(shape: str) -> None:
    make = SHAPES[shape]
    assert count_steps(make(64_000)) <= 2.2 * count_steps(make(32_000)) + 100


@pytest.mark.parametrize("voice", ["note", "message", "mirrored"])
def test_no_rule_is_put_aside_that_would_match(voice: str) -> None:
    """Rules whose needed words are missing are not tried; trying them must change nothing."""
    words = load()
    put_aside = tried = 0
    for line in (CORPUS / "train-forum1.jsonl").read_text(encoding="utf-8").splitlines()[::4]:
        note = analyse(tokenise(json.loads(line)["text"]), words, voice)
        lookup = words.told[voice]
        if voice == "mirrored":
            note, lookup = exchanged(note), words.pressed
        for first, last in note.tokens.sentences:
            note.limit = last
            missing = lookup.missing(note, first, last)
            for at in range(first, last):
                note.head = at
                for rule, needed in lookup.at(note, at):
                    if needed & missing[at - first]:
                        put_aside += 1
                        assert not rule.node.step(note, at), rule.source
                    else:
                        tried += 1
    assert put_aside > tried  # most of the work is saved


def test_a_deep_stack_is_not_needed() -> None:
    done: list[int] = []
    threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=lambda: done.append(len(read("I asked him (" * 2000).findings)))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(0)
    assert done


def test_the_same_in_every_process() -> None:
    """Hash seeds order sets differently; the reading must not."""
    program = (
        "from clients.pressure import read;"
        "print([f.as_dict() for f in read('I begged him to come home and he hit me. He said he misses us. I kept calling.').findings])"
    )
    answers = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        answers.add(
            subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True).stdout
        )
    assert len(answers) == 1
