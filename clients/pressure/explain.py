"""A reading for a person at a terminal: the passage with its spans marked, then each span with its reasons."""

from __future__ import annotations

import textwrap
from typing import Final

from clients.pressure.findings import Finding, Reading

_WIDTH: Final = 88
_BOLD, _DIM, _PLAIN = "\033[1m", "\033[2m", "\033[0m"


def explain(text: str, reading: Reading, *, colour: bool = False) -> str:
    bold, dim, plain = (_BOLD, _DIM, _PLAIN) if colour else ("", "", "")
    lines: list[str] = []
    for paragraph in _marked(text, reading.findings).splitlines():
        lines.extend(textwrap.wrap(paragraph, _WIDTH) or [""])
    lines.append("")
    if not reading.findings:
        lines.append("Nothing was marked.")
    for number, finding in enumerate(reading.findings, 1):
        words = _short(text[finding.start : finding.end])
        reason = finding.reason.replace("{partner}", "the partner")
        lines.append(f"{bold}[{number}] {finding.label}{plain}  {words}")
        lines.append(f"    {reason}")
        facts = [
            f"frame {finding.frame}",
            f"by {finding.actor}",
            finding.status,
            f"scope {finding.scope}",
            f"score {finding.score:.2f}",
        ]
        if finding.uninvited:
            facts.append("uninvited")
        if finding.when:
            facts.append(f"when {_short(text[finding.when[0] : finding.when[1]])} = {finding.when[2]}")
        lines.append(f"    {dim}{', '.join(facts)}{plain}")
    if reading.off:
        lines.extend(("", "Seen, and not flagged:"))
        for off in reading.off:
            lines.append(f"  -  {off.label}  {_short(text[off.start : off.end])}")
            lines.append(f"     {off.why} {dim}(scope {off.scope}, frame {off.frame}){plain}")
    if reading.truncated_at is not None:
        lines.extend(("", f"Only the first {reading.truncated_at:,} characters were read."))
    lines.extend(("", f"{dim}version {reading.version}, voice {reading.voice}{plain}"))
    return "\n".join(lines) + "\n"


def _marked(text: str, findings: tuple[Finding, ...]) -> str:
    """The text with [1 ... ] around spans; spans of different labels may overlap, so marks are placed by position."""
    marks: list[tuple[int, int, int, str]] = []
    for number, finding in enumerate(findings, 1):
        marks.append((finding.start, 1, -finding.end, f"[{number} "))
        marks.append((finding.end, 0, -finding.start, "]"))
    out, at = [], 0
    for position, _, _, mark in sorted(marks):
        out.append(text[at:position])
        out.append(mark)
        at = position
    out.append(text[at:])
    return "".join(out)


def _short(words: str) -> str:
    words = " ".join(words.split())
    return f"\u201c{words if len(words) <= 70 else words[:67] + '...'}\u201d"
