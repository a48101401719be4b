"""The work grows with the length of the text, also on texts made to hurt. Counted, not timed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from clients.pressure import read
from clients.pressure.reading import count_steps

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
