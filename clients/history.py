"""Rows to the frozen `History` that the rules see."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from .models import CheckIn, Partner, SteadyWindow
from .pressure import Finding
from .progress import Level
from .rules import record

# Rules look back 90 days at the most, the shift scan 12 check-ins. Whoever writes often is seen for the 90 days all the
# same; the cap only bounds what one person can make the site read.
LOOK_BACK_ROWS = 60
LOOK_BACK = timedelta(days=90)
MOST_ROWS = 600


def day_of(at: datetime) -> float:
    """Days as a float: the time axis of the progress maths."""
    return at.timestamp() / 86_400


def recent(partner: Partner, at: datetime) -> list[CheckIn]:
    """The check-ins in view, oldest first, with their readings; one query."""
    rows = (
        CheckIn.objects.select_related("reading")
        .filter(partner=partner, superseded_by__isnull=True, at__lte=at)
        .order_by("-at", "-id")
    )
    found = list(rows[:LOOK_BACK_ROWS])
    if len(found) == LOOK_BACK_ROWS and found[-1].at > at - LOOK_BACK:
        found += list(rows.filter(at__gte=at - LOOK_BACK)[LOOK_BACK_ROWS:MOST_ROWS])
    return found[::-1]


def levels_of(row: CheckIn) -> dict[str, Level]:
    return {name: Level(*state) for name, state in row.levels.items()}


def findings_of(row: CheckIn, item: str = "t1") -> tuple[Finding, ...]:
    """What was read in one text of the check-in by its current reading, less what a counselor called not accurate."""
    if row.reading is None:
        return ()
    found = tuple(Finding.from_dict(found) for found in row.reading.findings.get(item, []))
    return found if item != "t1" else tuple(f for f in found if verdict_on(row, f) != "not_accurate")


def verdict_on(row: CheckIn, finding: Finding) -> str:
    """What a counselor last said of this finding, or "". A newer reading's finding inherits the word on the same label
    where the spans overlap."""
    said = ""
    for label, start, end, verdict in row.verdicts:
        if label == finding.label and start < finding.end and finding.start < end:
            said = verdict
    return said


def safety_of(row: CheckIn) -> dict[str, object]:
    """`{"s1": [...], "s2": {...}}`, or empty where nothing was answered."""
    return json.loads(row.safety) if row.safety else {}


def entry(row: CheckIn) -> record.Entry:
    safety = safety_of(row)
    chips, danger = safety.get("s1"), safety.get("s2")
    return record.Entry(
        id=str(row.pk),
        at=row.at,
        day=day_of(row.at),
        answers=row.answers,
        safety=frozenset(chips) if isinstance(chips, list) else frozenset(),
        danger=danger if isinstance(danger, dict) else {},
        call_me=str(safety.get("call_me") or ""),
        findings=findings_of(row),
        confirmed=frozenset((f.label, f.start) for f in findings_of(row) if verdict_on(row, f) == "confirmed"),
        text=row.text or "",
        aside_findings=findings_of(row, "n1"),
        aside=row.next_session or "",
        w=row.w,
        t=row.t,
        cpi=row.cpi,
        d=row.d,
        levels=levels_of(row),
    )


def build(
    partner: Partner, rows: Iterable[CheckIn], windows: Iterable[SteadyWindow], before: int, name: str
) -> record.History:
    """The history of one partner; the last of `rows` is the check-in just sent."""
    return record.History(
        entries=tuple(entry(row) for row in rows),
        before=before,
        windows=tuple(record.SteadyWindow(w.opened_at, w.opened_by, w.ends_at, w.ended_at) for w in windows),
        name=name,
        other=partner.other_name,
    )
