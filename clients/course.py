"""The course as stored: what each check-in adds (`CheckIn.course`) and what the case carries on (`CaseSummary.course`).

Written in the submit's own transaction by one step of the progress maths, rebuilt from the answers by folding that
same step (readings.recompute, and the job for rows of an older version). A test proves both equal, bit by bit.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from . import history
from .models import Case, CaseSummary, CheckIn, Flag, FlagEvent
from .models.prepared import update
from .progress import Talk
from .progress import course as maths
from .rules import record

VERSION = maths.VERSION
HELD_FOR = timedelta(days=90)  # conduct is not scored for so long after the reporter was afraid or hurt (decisions 3)
CLOSED_LONG_AGO = timedelta(days=84)  # flags.load does not see flags closed longer ago than 90 days
_WRITTEN = ("w", "t", "cpi", "rs", "d", "levels", "course")


def state_of(row: CaseSummary, side: str) -> maths.State | None:
    """What is carried for one side; None where nothing is, or an older version wrote it."""
    stored = row.course.get(side)
    if stored is None or row.course_version != VERSION:
        return None
    return maths.from_json(stored["state"])


def held_until(row: CaseSummary, side: str) -> datetime | None:
    stored = row.course.get(side) or {}
    return datetime.fromisoformat(stored["held"]) if stored.get("held") else None


def carry(row: CaseSummary, side: str, state: maths.State, held: datetime | None) -> None:
    """Put what the next check-in needs on the case's row; the caller saves it."""
    row.course = row.course | {side: {"state": maths.to_json(state), "held": held.isoformat() if held else None}}
    row.course_version = VERSION


def take(checkin: CheckIn, state: maths.State, safety: Sequence[tuple[float, float | None]]) -> maths.State:
    """One step: the scores and levels of the check-in are set; sets its `course` and returns what is carried on."""
    answers = checkin.answers
    c7, c4 = answers.get("c7"), answers.get("c4")
    talk = None
    if isinstance(c7, dict) and c7.get("talk") == "yes":
        began, ended = c7.get("began"), c7.get("ended")
        talk = Talk(began if began in {"me", "partner", "both"} else None, ended if isinstance(ended, int) else None)
    moved, point = maths.advance(
        state,
        maths.CheckIn(
            day=history.day_of(checkin.at),
            scores={index: getattr(checkin, index) for index in maths.INDICES},
            levels=history.levels_of(checkin),
            started=_count(answers.get("c1")),
            received=_count(answers.get("c2")),
            talk=talk,
            space=isinstance(c4, list) and "space" in c4,
        ),
        safety,
    )
    checkin.course = maths.point_to_json(point) | _conduct(checkin)
    return moved


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _conduct(checkin: CheckIn) -> dict[str, Any]:
    """Own acts as [label, times, "chip" or "text"], and own good conduct, for lanes and ledgers."""
    answers, found, good = checkin.answers, history.findings_of(checkin), checkin.answers.get("c8g")
    acts: tuple[record.Act, ...] = ()
    if found or isinstance(answers.get("c8"), Mapping):
        sure = frozenset((f.label, f.start) for f in found if history.verdict_on(checkin, f) == "confirmed")
        acts = record.Entry("", checkin.at, 0.0, answers, findings=found, confirmed=sure).acts()
    return {
        "a": [[act.label, act.times, act.source] for act in acts],
        "k": sorted({*good} - {"none"}) if isinstance(good, list) else [],
    }


def frightens(checkin: CheckIn) -> bool:
    """Whether this check-in says that the reporter is afraid or was hurt: then nobody is read as pressing."""
    findings = (*history.findings_of(checkin), *history.findings_of(checkin, "n1"))
    return record.frightens(*history.danger_of(checkin), findings, checkin.answers)


def spans(case: Case) -> list[tuple[float, float | None]]:
    """From when to when each safety flag of the case was open, also where it was opened again; one query."""
    kinds = FlagEvent.Kind
    opened: dict[UUID, float] = {}
    found: list[tuple[float, float | None]] = []
    rows = (
        FlagEvent.objects.filter(
            flag__case=case, flag__safety=True, kind__in=[kinds.RAISED, kinds.REOPENED, kinds.RESOLVED]
        )
        .order_by("at", "id")
        .values_list("flag_id", "kind", "at")
    )
    for flag, kind, at in rows:
        if kind == kinds.RESOLVED:
            if flag in opened:
                found.append((opened.pop(flag), history.day_of(at)))
        else:
            opened.setdefault(flag, history.day_of(at))
    return sorted([*found, *((day, None) for day in opened.values())], key=lambda span: span[0])


def spans_now(
    case: Case, known: Iterable[Flag], *, last: datetime | None, at: datetime
) -> list[tuple[float, float | None]]:
    """The spans that matter to a check-in being sent. The flags that are open tell them; the events are asked only where
    one was closed since the last check-in, or may have been forgotten."""
    safety = [flag for flag in known if flag.safety and flag.opened_at <= at]
    if last is not None and (at - last > CLOSED_LONG_AGO or any(f.closed_at and f.closed_at > last for f in safety)):
        return spans(case)
    return sorted((history.day_of(f.opened_at), None) for f in safety if f.closed_at is None)


def write(rows: Sequence[CheckIn]) -> None:
    """Write scores, levels and course of many check-ins; one round trip on PostgreSQL."""
    update(rows, *_WRITTEN)
