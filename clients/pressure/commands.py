"""The commands of the engine. They need no framework:

    python -m clients.pressure read [FILE] [--voice note|message|mirrored] [--explain]
    python -m clients.pressure evaluate FILE.jsonl [--errors]
    python -m clients.pressure learn FILE.jsonl > clients/pressure/vocabulary/weights.toml

Exit codes: 0 done, 2 a file or an argument that cannot be used, with one line on standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Final

from clients.pressure.evaluation import BadRow, evaluate, parse
from clients.pressure.explain import explain
from clients.pressure.labels import VOICES
from clients.pressure.reading import LIMIT, read, vocabulary_of
from clients.pressure.weighing import learn

# Four bytes a character at most: nothing behind this is ever read, so nothing behind it is loaded.
_LARGEST_TEXT: Final = LIMIT * 4 + 4
_LARGEST_ROWS: Final = 256 * 1024 * 1024


class Refused(Exception):
    """A sentence for the person at the terminal."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m clients.pressure", description="Reads a text and shows who pressed whom."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    reader = commands.add_parser("read", help="read a text; findings as JSON lines")
    reader.add_argument("file", nargs="?", default="-", help="a UTF-8 text file; standard input when left out")
    reader.add_argument("--voice", choices=VOICES, default="note")
    reader.add_argument("--explain", action="store_true", help="the passage with marked spans and reasons")
    judge = commands.add_parser("evaluate", help="compare readings with labelled rows; one JSON object")
    judge.add_argument("file", help='JSON lines with "id", "text", "labels" and perhaps "voice"')
    judge.add_argument("--errors", action="store_true", help="list what was read differently on standard error")
    learner = commands.add_parser("learn", help="the weights of words for the safety labels, from labelled rows")
    learner.add_argument("file", help="JSON lines as for evaluate; rows of the voice note are learnt from")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "read":
            _read(chosen.file, chosen.voice, chosen.explain)
        elif chosen.command == "evaluate":
            _evaluate(chosen.file, chosen.errors)
        else:
            _learn(chosen.file)
        sys.stdout.flush()
    except (Refused, BadRow) as refusal:
        sys.stderr.write(f"{chosen.file}: {refusal}\n")
        return 2
    except BrokenPipeError:
        # The reader of our output went away; keep the interpreter from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 0


def _read(name: str, voice: str, explaining: bool) -> None:
    text = _load(name, _LARGEST_TEXT)
    # Spans count code points of the text as it is stored: line ends are one character.
    text = text.replace("\r\n", "\n")
    reading = read(text, voice)
    if explaining:
        _write(explain(text, reading, colour=sys.stdout.isatty()))
        return
    for finding in reading.findings:
        row = finding.as_dict()
        row["text"] = text[finding.start : finding.end]
        _write(json.dumps(row, ensure_ascii=False) + "\n")
    if reading.truncated_at is not None:
        sys.stderr.write(f"{name}: only the first {reading.truncated_at} characters were read\n")


def _evaluate(name: str, listing: bool) -> None:
    rows = parse(_load(name, _LARGEST_ROWS).split("\n"))
    figures, misses = evaluate(rows)
    if listing:
        for miss in misses:
            signs = " ".join([*(f"-{label}" for label in miss.missed), *(f"+{label}" for label in miss.extra)])
            sys.stderr.write(_printable(f"{miss.row.id}\t{signs}\t{' '.join(miss.row.text.split())}\n"))
    _write(json.dumps(figures) + "\n")


def _learn(name: str) -> None:
    rows = parse(_load(name, _LARGEST_ROWS).split("\n"))
    passages = [(vocabulary_of(row.text), row.labels) for row in rows if row.voice == "note"]
    _write("# What a word adds to or takes from a safety label; made by the command learn, see docs/text-engine.md.\n")
    for label, weights in learn(passages).items():
        heaviest = sorted(weights.words.items(), key=lambda pair: (-pair[1], pair[0]))
        lines = ["; ".join(f"{word} {weight}" for word, weight in heaviest[at : at + 10]) for at in range(0, 200, 10)]
        _write(f'\n[{label}]\nbias = {weights.bias}\nwords = """\n' + "\n".join(filter(None, lines)) + '\n"""\n')


def _load(name: str, largest: int) -> str:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(largest + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(largest + 1)
    except OSError as error:
        raise Refused(error.strerror or "cannot be read") from error
    except ValueError as error:
        raise Refused("is not a usable file name") from error
    if largest == _LARGEST_TEXT and len(data) > largest:
        # A cut in the middle of a character must not look like bad UTF-8.
        return data[:largest].decode("utf-8", "ignore")
    if len(data) > largest:
        raise Refused("is larger than 256 MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"is not UTF-8 (byte {error.start})") from error
    if "\x00" in text:
        raise Refused("holds a NUL character; is it a text file?")
    return text


def _write(text: str) -> None:
    sys.stdout.write(_printable(text))


def _printable(text: str) -> str:
    """A lone surrogate, or a terminal that is not UTF-8, must not end in a stack trace."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
