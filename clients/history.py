"""Rows to the frozen `History` that the rules see."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .models import CheckIn, Flag, Partner, SteadyWindow
from .pressure import Finding
from .progress import Level, Share
from .progress import course as maths
from .rules import record

# Rules look back 90 days at the most, the shift scan 12 check-ins. Whoever writes often is seen for the 90 days all the
# same; the cap only bounds what one person can make the site read.
LOOK_BACK_ROWS = 60
LOOK_BACK = timedelta(days=90)
MOST_ROWS = 600
DEVICES_FOR = timedelta(days=1)


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


def entry(row: CheckIn, zone: ZoneInfo | None = None) -> record.Entry:
    safety = safety_of(row)
    chips, danger = safety.get("s1"), safety.get("s2")
    stored = row.course
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
        gate=stored.get("g", ""),
        share=Share(*stored["r"]) if "r" in stored else None,
        shifts={index: maths.shift_from_json(shift) for index, shift in stored.get("s", {}).items()},
        blocks=stored.get("b", {}),
        on=row.at.astimezone(zone).date() if zone else None,
        seconds=row.seconds,
        device=row.device,
        at_desk=row.entered_by_id is not None,
    )


def build(
    partner: Partner, rows: Iterable[CheckIn], windows: Iterable[SteadyWindow], before: int, name: str, *,
    state: maths.State | None = None, flags: Iterable[Flag] = (), arranged: Mapping[str, Any] | None = None,
    zone: str = "UTC",
) -> record.History:  # fmt: skip
    """The history of one partner; the last of `rows` is the check-in just sent. `state`: what the course carries after
    it; `flags`: the case's, as they stood before it; `arranged`: as on the case's row."""
    own_zone = ZoneInfo(zone)
    entries = tuple(entry(row, own_zone) for row in rows)
    series = state.series if state else {}
    return record.History(
        entries=entries,
        before=before,
        windows=tuple(record.SteadyWindow(w.opened_at, w.opened_by, w.ends_at, w.ended_at) for w in windows),
        name=name,
        other=partner.other_name,
        arranged=arrange(arranged or {}, partner.side),
        flags=tuple(
            record.Raised(
                f.rule,
                f.severity,
                f.opened_at,
                f.last_evidence_at,
                f.closed_at,
                f.close_reason,
                f.partner_id == partner.pk,
            )
            for f in flags
            if f.opened_at <= entries[-1].at
        ),
        confirmed={index: s.confirmed for index, s in series.items() if s.confirmed is not None},
        first_day=state.first if state and state.count else None,
        interval=partner.interval_days,
    )


def arrange(stored: Mapping[str, Any], side: str) -> record.Arranged:
    """What is arranged around the case, as it concerns one side (`CaseSummary.arranged`)."""
    other = "B" if side == "A" else "A"
    limits, wish = stored.get("limits", {}), stored.get("wish", {}).get(side) or ["", None]
    gone = stored.get("moved_out")
    return record.Arranged(
        keeps_away=_limit(limits.get(side)),
        kept_from=_limit(limits.get(other)),
        agreements=tuple(
            record.Agreement(
                a["kind"], _day(a.get("since")), _day(a.get("until")), a.get("per_week"), bool(a.get("welcome"))
            )
            for a in stored.get("agreements", {}).get(side, [])
        ),
        phase=stored.get("phase") or "separated",
        phase_since=_day(stored.get("phase_since")),
        moved_out="" if gone is None else "reporter" if gone == side else "other",
        wish=wish[0],
        wish_on=_day(wish[1]),
        mutes=frozenset(stored.get("mutes", {}).get(side, ())),
        said=tuple(
            record.Said(
                datetime.fromisoformat(at), told.get("p4"), told.get("p6", ""), told.get("p8", ""),
                frozenset(told.get("unwelcome", ())),
            )
            for at, told in stored.get("says", {}).get(other, [])
        ),
        devices=tuple((datetime.fromisoformat(at), device) for at, device in stored.get("devices", {}).get(other, [])),
    )  # fmt: skip


def _limit(stored: Mapping[str, Any] | None) -> record.Limit | None:
    if not stored:
        return None
    return record.Limit(
        stored["source"], frozenset(stored.get("scope", ())), _day(stored.get("since")), _day(stored.get("until"))
    )


def _day(stored: str | None) -> date | None:
    return date.fromisoformat(stored) if stored else None


def note_what_was_said(stored: Mapping[str, Any], row: CheckIn) -> dict[str, Any]:
    """`arranged`, with what this check-in adds for the other side's rules: its word on contact (the mirrored form), and
    the device it came from. Desk only."""
    kept = dict(stored)
    answers, side = row.answers, row.partner.side
    told: dict[str, Any] = {
        code: answers[code] for code in ("p4", "p6", "p8") if answers.get(code) not in (None, "skip", "none")
    }
    acts = answers.get("p5")
    if isinstance(acts, dict) and (unwelcome := sorted(act for act, word in acts.items() if word == "unwelcome")):
        told["unwelcome"] = unwelcome
    if told:
        kept["says"] = _with(kept.get("says", {}), side, row.at, told, LOOK_BACK)
    if row.device and row.entered_by_id is None:
        kept["devices"] = _with(kept.get("devices", {}), side, row.at, row.device, DEVICES_FOR)
    return kept


def _with(stored: Mapping[str, Any], side: str, at: datetime, value: Any, kept_for: timedelta) -> dict[str, Any]:
    rows = [r for r in stored.get(side, []) if datetime.fromisoformat(r[0]) > at - kept_for]
    return {**stored, side: sorted([*rows, [at.isoformat(), value]], key=lambda r: datetime.fromisoformat(r[0]))}
