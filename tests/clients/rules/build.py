"""Minimal histories for the rules, built by hand: days, answers and findings, no engine and no database."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from clients.pressure import Finding
from clients.progress import Level, Share, Shift, Talk, step
from clients.progress import course as maths
from clients.rules import Entry, History, Hit, SteadyWindow, evaluate

DAY_0 = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
SETTLED = 10  # check-ins before, so that nobody is new


def at(day: float) -> datetime:
    return DAY_0 + timedelta(days=day)


def said(label: str, actor: str = "client", status: str = "done", **more: Any) -> Finding:
    fields: dict[str, Any] = {
        "start": 0, "end": 9, "frame": f"{label}.test", "uninvited": False, "score": 0.8, "scope": "none", "when": None,
        "reason": "as told",
    }  # fmt: skip
    return Finding(label=label, actor=actor, status=status, **(fields | more))


def entry(
    day: float,
    *,
    read: Iterable[Finding] = (),
    aside: Iterable[Finding] = (),
    safety: Iterable[str] = (),
    danger: Mapping[str, str] | None = None,
    call_me: str = "",
    w: float | None = None,
    t: float | None = None,
    d: float | None = None,
    cpi: float | None = None,
    levels: Mapping[str, float] | None = None,
    gate: str = "",
    share: Share | None = None,
    seconds: int | None = None,
    device: str = "",
    at_desk: bool = False,
    **answers: Any,
) -> Entry:
    """One check-in with everything calm; keywords replace answers."""
    calm: dict[str, Any] = {"c3": 2, "c4": "none", "c6": 1, "c7": {"talk": "no"}, "c8": "none", "c8g": "none"}
    return Entry(
        id=f"at-{day}", at=at(day), day=float(day), answers=calm | answers, safety=frozenset(safety), danger=danger or {},
        call_me=call_me,
        findings=tuple(read), text="those words, as they were typed", aside_findings=tuple(aside), aside="this line here",
        w=w, t=t, d=d, cpi=cpi, gate=gate, share=share, seconds=seconds, device=device, at_desk=at_desk,
        levels={name: Level(mean, 40.0, float(day)) for name, mean in (levels or {}).items()},
    )  # fmt: skip


def past(*entries: Entry, before: int = SETTLED, windows: Iterable[SteadyWindow] = (), **more: Any) -> History:
    """The history these check-ins make, with what the course would have stored beside them."""
    rows, state = _followed(entries)
    fields = {"name": "Ines", "other": "Robin", "first_day": rows[0].day if rows else None, "confirmed": state} | more
    return History(rows, before, tuple(windows), **fields)


def _followed(entries: Iterable[Entry]) -> tuple[tuple[Entry, ...], dict[str, Shift]]:
    """Fold the course; what a test gave an entry itself stays as given."""
    state, rows = maths.State(), []
    for row in entries:
        levels = dict(state.levels)
        for index in maths.INDICES:
            if (value := getattr(row, index)) is not None:
                levels[index] = step(levels.get(index), row.day, value)
        talk = row.talk
        told = Talk(talk.get("began"), talk.get("ended")) if talk.get("talk") == "yes" else None  # type: ignore[arg-type]
        state, point = maths.advance(
            state,
            maths.CheckIn(
                row.day, {i: getattr(row, i) for i in maths.INDICES}, levels, row.number("c1"), row.number("c2"), told,
                "space" in row.chips("c4"),
            ),
        )  # fmt: skip
        rows.append(
            replace(
                row, levels={**levels, **row.levels}, gate=row.gate or point.gate, share=row.share or point.share,
                shifts=row.shifts or point.shifts, blocks=row.blocks or point.blocks,
            )
        )  # fmt: skip
    return tuple(rows), {index: s.confirmed for index, s in state.series.items() if s.confirmed}


def window(day: float, by: str = "O01", ended: float | None = None) -> SteadyWindow:
    return SteadyWindow(at(day), by, at(day + 28), None if ended is None else at(ended))


def hits(history: History) -> dict[str, Hit]:
    return {hit.rule: hit for hit in evaluate(history).hits}


def severity(history: History, rule: str) -> str | None:
    hit = hits(history).get(rule)
    return hit.severity.name.lower() if hit else None


def renamed(history: History, name: str, other: str) -> History:
    return replace(history, name=name, other=other)
