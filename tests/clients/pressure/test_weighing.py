"""The net under the safety frames: what words weigh together, learnt from labelled passages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clients.pressure import read
from clients.pressure.commands import main
from clients.pressure.reading import vocabulary_of
from clients.pressure.vocabulary import load
from clients.pressure.weighing import NET, learn


def passages(*rows: tuple[str, str]) -> list[tuple[frozenset[str], frozenset[str]]]:
    return [(vocabulary_of(text), frozenset(labels.split())) for text, labels in rows]


def test_words_of_danger_weigh_and_words_of_peace_take_away() -> None:
    rows = passages(
        *[(f"He hid the key {n} and the cellar was dark.", "violence") for n in ("once", "twice", "again", "today")],
        *[(f"We ate soup {n} in the garden and laughed.", "") for n in ("once", "twice", "again", "today")] * 3,
    )
    weights = learn(rows)
    assert list(weights) == ["violence"]  # a label that nobody gave has no weights
    assert weights["violence"].words["cellar"] > 0 > weights["violence"].words["soup"]
    assert weights["violence"].bias < 0 or weights["violence"].words["laugh"] < 0


def test_the_same_passages_give_the_same_weights_whatever_their_order() -> None:
    rows = passages(
        *[(f"The dog barked {n} at the locked gate.", "violence") for n in ("once", "twice", "again")],
        *[(f"The dog slept {n} by the open gate.", "") for n in ("once", "twice", "again")],
    )
    first, second = learn(rows)["violence"], learn(rows[::-1])["violence"]
    assert first.words.keys() == second.words.keys()
    for word, weight in first.words.items():
        assert second.words[word] == pytest.approx(weight, abs=0.011)


def test_nobodys_gender_or_name_has_a_weight() -> None:
    banned = {"he", "she", "him", "her", "his", "hers", "husband", "wife", "himself", "herself", "spouse"}
    for weights in load().weights.values():
        assert banned.isdisjoint(weights.words)
    assert vocabulary_of("She locked the gate and left her wife.") == vocabulary_of(
        "He locked the gate and left his husband."
    )


def test_a_crisis_screen_never_rests_on_weights() -> None:
    assert "self_harm" not in NET
    assert set(load().weights) == set(NET)


def test_what_the_net_marks_are_the_words_that_weigh() -> None:
    text = (
        "A quiet week otherwise. On his weekend he was asleep when she woke, and the little one "
        "went out on the balcony in front of the open window. I read a book."
    )
    found = [finding for finding in read(text).findings if finding.label == "child_safety"]
    assert found
    for finding in found:
        words = text[finding.start : finding.end]
        assert words == words.strip()
        assert "book" not in words
        assert "quiet" not in words


def test_where_a_frame_found_danger_the_net_stays_silent() -> None:
    text = "He slapped me in the kitchen when I came through the door, and threw the key on the floor."
    frames = [finding.frame for finding in read(text).findings if finding.label in NET]
    assert frames
    assert not any(frame.endswith(".weighed") for frame in frames)


def test_the_command_prints_a_table_that_can_be_read_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import tomllib

    rows = tmp_path / "rows.jsonl"
    lines = [
        {"id": str(n), "text": f"The gate was locked, number {n} of the dark cellar.", "labels": ["violence"]}
        for n in range(4)
    ] + [{"id": f"b{n}", "text": f"Soup and bread, number {n} of the garden.", "labels": []} for n in range(8)]
    rows.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert main(["learn", str(rows)]) == 0
    table = tomllib.loads(capsys.readouterr().out)
    assert set(table) == {"violence"}
    weights = dict(item.split() for item in table["violence"]["words"].replace("\n", ";").split(";") if item.strip())
    assert float(weights["cellar"]) > 0 > float(weights["soup"])
