"""`python -m clients.pressure`: what it prints, and how it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from clients.pressure import VERSION
from clients.pressure.commands import main

ROW = '{"id": "1", "text": "I asked him to come home.", "labels": ["push_return"]}'


def test_read_prints_findings_as_json_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "note.txt"
    file.write_bytes("\U0001f600 I asked him\r\nto come home.".encode())
    assert main(["read", str(file)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["label"] for row in rows] == ["push_return"]
    assert rows[0]["text"] == "I asked him\nto come home"


def test_read_explains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "note.txt"
    file.write_text("I asked him to come home. I did not beg her to stay.", encoding="utf-8")
    assert main(["read", "--explain", str(file)]) == 0
    out = capsys.readouterr().out
    assert "[1 I asked him to come home]" in out
    assert "asked the partner to come home" in out
    assert "not flagged" in out
    assert "negation" in out


def test_read_takes_standard_input() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "clients.pressure", "read", "--voice", "message"],
        input=b"Please come home.",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[0])["label"] == "push_return"


def test_evaluate_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(
        ROW + '\n\n{"id": "2", "text": "He ate.", "labels": ["setback"], "voice": "note"}\n', encoding="utf-8"
    )
    assert main(["evaluate", "--errors", str(file)]) == 0
    told = capsys.readouterr()
    figures = json.loads(told.out)
    assert figures["version"] == VERSION
    assert figures["passages"] == 2
    assert figures["labels"]["push_return"] == {"n": 1, "precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert set(figures["groups"]) == {"pressure", "safety", "all"}
    for group in figures["groups"].values():
        assert set(group) == {"micro", "macro", "any"}
        assert all(set(scores) == {"precision", "recall", "f1"} for scores in group.values())
    assert figures["words_per_second"] > 0
    assert "2\t-setback" in told.err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a\x00b", "NUL"),
    ],
)
def test_read_refuses_what_is_no_text(
    content: bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "note.txt"
    file.write_bytes(content)
    assert main(["read", str(file)]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"not json\n",
        b"[]\n",
        b'{"text": 3, "labels": []}\n',
        b'{"text": "x"}\n',
        b'{"text": "x", "labels": ["love"]}\n',
        b'{"text": "x", "labels": [], "voice": "song"}\n',
        b"\xff\n",
        b"[" * 100_000,
    ],
)
def test_evaluate_refuses_bad_files_in_one_line(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(content)
    assert main(["evaluate", str(file)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "Traceback" not in error


@pytest.mark.parametrize("command", ["read", "evaluate"])
def test_missing_files_and_folders_are_one_sentence(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (tmp_path / "none", tmp_path):
        assert main([command, str(name)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_lone_surrogates_in_a_row_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"id": "\\ud800", "text": "\\ud83d I asked him to come home", "labels": []}\n', encoding="utf-8")
    assert main(["evaluate", "--errors", str(file)]) == 0
    assert "+push_return" in capsys.readouterr().err


def test_an_empty_text_has_no_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "note.txt"
    file.write_bytes(b"")
    assert main(["read", str(file)]) == 0
    assert capsys.readouterr().out == ""


def test_a_million_lines_are_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "note.txt"
    file.write_bytes(b"a\n" * 1_000_000)
    assert main(["read", str(file)]) == 0
    assert "200000" in capsys.readouterr().err
