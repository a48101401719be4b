"""How well a reading agrees with labelled passages: precision, recall and F1 by label and by group."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from clients.pressure.labels import GROUPS, LABELS, VOICES
from clients.pressure.reading import VERSION, read

_GROUPS: Final = {"pressure": GROUPS["pressure"], "safety": GROUPS["safety"], "all": LABELS}


class BadRow(ValueError):
    """A line of an evaluation file that cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    text: str
    labels: frozenset[str]
    voice: str


@dataclass(frozen=True, slots=True)
class Miss:
    row: Row
    missed: tuple[str, ...]
    extra: tuple[str, ...]


def parse(lines: Iterable[str]) -> list[Row]:
    rows = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            rows.append(_row(number, line))
    if not rows:
        raise BadRow("the file holds no rows")
    return rows


def _row(number: int, line: str) -> Row:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRow(f"line {number} is not JSON") from error
    if not isinstance(data, dict):
        raise BadRow(f"line {number} is not an object")
    text, labels, voice = data.get("text"), data.get("labels"), data.get("voice") or "note"
    if not isinstance(text, str):
        raise BadRow(f'line {number} has no "text"')
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise BadRow(f'line {number} has no list of "labels"')
    unknown = sorted(set(labels) - set(LABELS))
    if unknown:
        raise BadRow(f"line {number} has the unknown label {unknown[0]!r}")
    if voice not in VOICES:
        raise BadRow(f"line {number} has the unknown voice {voice!r}")
    return Row(str(data.get("id", number)), text, frozenset(labels), str(voice))


def evaluate(rows: list[Row]) -> tuple[dict[str, Any], list[Miss]]:
    """The figures as one object for JSON, and the rows that were read differently."""
    read("")  # the vocabulary is loaded before the clock starts
    right: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    hits = {name: [0, 0, 0] for name in _GROUPS}
    misses: list[Miss] = []
    words, started = 0, time.process_time()
    for row in rows:
        found = read(row.text, row.voice).labels
        words += len(row.text.split())
        right.update(found & row.labels)
        extra.update(found - row.labels)
        missed.update(row.labels - found)
        for name, labels in _GROUPS.items():
            told, wanted = not found.isdisjoint(labels), not row.labels.isdisjoint(labels)
            hits[name][0] += told and wanted
            hits[name][1] += told and not wanted
            hits[name][2] += wanted and not told
        if found != row.labels:
            misses.append(Miss(row, tuple(sorted(row.labels - found)), tuple(sorted(found - row.labels))))
    spent = max(time.process_time() - started, 1e-6)
    by_label = {
        label: {"n": right[label] + missed[label], **_scores(right[label], extra[label], missed[label])}
        for label in LABELS
    }
    groups = {}
    for name, labels in _GROUPS.items():
        present = [by_label[label] for label in labels if by_label[label]["n"] or extra[label]]
        groups[name] = {
            "micro": _scores(*(sum(count[label] for label in labels) for count in (right, extra, missed))),
            "macro": {
                key: round(sum(one[key] for one in present) / len(present), 4) if present else 0.0
                for key in ("precision", "recall", "f1")
            },
            "any": _scores(*hits[name]),
        }
    figures = {
        "version": VERSION,
        "passages": len(rows),
        "labels": by_label,
        "groups": groups,
        "words_per_second": round(words / spent),
    }
    return figures, misses


def _scores(right: int, extra: int, missed: int) -> dict[str, float]:
    precision = right / (right + extra) if right + extra else 0.0
    recall = right / (right + missed) if right + missed else 0.0
    f1 = 2 * right / (2 * right + extra + missed) if right else 0.0
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}
