"""Floors: the engine may get better on the training passages, never worse. And every row there is well made.

These passages were read while the vocabulary was written, so the figures say nothing about unseen text.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clients.pressure.evaluation import evaluate, parse

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(CORPUS.glob("train-*.jsonl"))
# Micro F1 over all labels; a little under what was reached when the floor was set.
FLOORS = {
    "train-conduct4": 0.75,
    "train-forum1": 0.69,
    "train-forum3": 0.62,
    "train-messages3": 0.75,
    "train-mirrored3": 0.44,
    "train-notes2": 0.57,
    "train-safety4": 0.58,
}


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_training_passages_stay_above_their_floor(path: Path) -> None:
    figures, _ = evaluate(parse(path.read_text(encoding="utf-8").split("\n")))
    assert figures["groups"]["all"]["micro"]["f1"] >= FLOORS.get(path.stem, 0.2)


def test_little_danger_is_missed() -> None:
    """Safety is tuned to find: of the training passages with any danger nearly all are marked for somebody to look at."""
    rows = [row for path in FILES for row in parse(path.read_text(encoding="utf-8").split("\n")) if row.voice == "note"]
    figures = evaluate(rows)[0]["groups"]["safety"]["any"]
    assert figures["recall"] >= 0.88
    assert figures["precision"] >= 0.55


@pytest.mark.skipif(not FILES, reason="no corpus in this checkout")
def test_ids_are_used_once() -> None:
    seen: set[str] = set()
    for path in FILES:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                name = json.loads(line)["id"]
                assert name not in seen
                seen.add(name)
