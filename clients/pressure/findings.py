"""What a reading hands out: frozen values that know how to become JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

When = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One label on one span. `text[start:end]` are the words, in code points of the untouched text."""

    label: str
    start: int
    end: int
    frame: str
    actor: str
    status: str
    uninvited: bool
    score: float
    scope: str
    when: When | None
    reason: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "start": self.start,
            "end": self.end,
            "frame": self.frame,
            "actor": self.actor,
            "status": self.status,
            "uninvited": self.uninvited,
            "score": self.score,
            "scope": self.scope,
            "when": list(self.when) if self.when else None,
            "reason": self.reason,
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Finding:
        return cls(
            label=str(row["label"]),
            start=int(row["start"]),
            end=int(row["end"]),
            frame=str(row["frame"]),
            actor=str(row["actor"]),
            status=str(row["status"]),
            uninvited=bool(row["uninvited"]),
            score=float(row["score"]),
            scope=str(row["scope"]),
            when=_when(row.get("when")),
            reason=str(row["reason"]),
        )


@dataclass(frozen=True, slots=True)
class Off:
    """A frame that matched and was turned off by a scope; `why` says so in one sentence."""

    label: str
    start: int
    end: int
    frame: str
    actor: str
    scope: str
    why: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "start": self.start,
            "end": self.end,
            "frame": self.frame,
            "actor": self.actor,
            "scope": self.scope,
            "why": self.why,
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Off:
        return cls(
            label=str(row["label"]),
            start=int(row["start"]),
            end=int(row["end"]),
            frame=str(row["frame"]),
            actor=str(row["actor"]),
            scope=str(row["scope"]),
            why=str(row["why"]),
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything one text said. Same VERSION, same text, same voice: the same reading."""

    version: str
    voice: str
    findings: tuple[Finding, ...]
    off: tuple[Off, ...]
    truncated_at: int | None

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(finding.label for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "voice": self.voice,
            "findings": [finding.as_dict() for finding in self.findings],
            "off": [off.as_dict() for off in self.off],
            "truncated_at": self.truncated_at,
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Reading:
        cut = row.get("truncated_at")
        return cls(
            version=str(row["version"]),
            voice=str(row["voice"]),
            findings=tuple(Finding.from_dict(item) for item in row["findings"]),
            off=tuple(Off.from_dict(item) for item in row["off"]),
            truncated_at=None if cut is None else int(cut),
        )


def _when(value: Any) -> When | None:
    if value is None:
        return None
    start, end, normal = value
    return int(start), int(end), str(normal)
