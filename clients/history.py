"""Rows to the frozen `History` that the rules see."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils.crypto import salted_hmac

from .crypto import Sealed, open_sealed
from .models import CheckIn, Flag, Partner, SteadyWindow
from .models.prepared import Prepared
from .pressure import Finding
from .progress import Level, Share, Shift
from .progress import course as maths
from .rules import engagement, record

# Rules look back 90 days at the most, the shift scan 12 check-ins. Whoever writes often is seen for the 90 days all the
# same; the cap only bounds what one person can make the site read.
LOOK_BACK_ROWS = 60
LOOK_BACK = timedelta(days=90)
MOST_ROWS = 600
DEVICES_FOR = timedelta(days=1)
PRINTS_FOR = timedelta(days=7)


def day_of(at: datetime) -> float:
    """Days as a float: the time axis of the progress maths."""
    return at.timestamp() / 86_400


class Row(NamedTuple):
    """A check-in in view, as it lies in the database: JSON as text, words still sealed."""

    pk: UUID
    at: datetime
    w: float | None
    t: float | None
    cpi: float | None
    d: float | None
    seconds: int | None
    device: str
    entered_by: UUID | None
    safety: Sealed | None
    text: Sealed | None
    next_session: Sealed | None
    answers: str
    levels: str
    course: str
    verdicts: str
    findings: str | None


def _in_view(partner: UUID, at: datetime) -> Any:
    rows = CheckIn.objects.filter(partner=partner, superseded_by__isnull=True, at__lte=at).order_by("-at", "-id")
    plain = ("id", "at", "w", "t", "cpi", "d", "seconds", "device", "entered_by", "safety", "text", "next_session")
    as_text = ("answers", "levels", "course", "verdicts", "reading__findings")
    return rows.values_list(*plain, *(Cast(name, TextField()) for name in as_text))


_last = Prepared(lambda partner, at: _in_view(partner, at)[:LOOK_BACK_ROWS])
_more = Prepared(lambda partner, at, since: _in_view(partner, at).filter(at__gte=since)[LOOK_BACK_ROWS:MOST_ROWS])


def recent(partner: Partner, at: datetime) -> list[Row]:
    """The check-ins in view, oldest first, with what was read in them; one query."""
    found = _last(partner.pk, at)
    if len(found) == LOOK_BACK_ROWS and found[-1][1] > at - LOOK_BACK:
        found += _more(partner.pk, at, at - LOOK_BACK)
    return [Row(*row) for row in reversed(found)]


def levels_of(row: CheckIn) -> dict[str, Level]:
    return _levels(row.levels)


def _levels(stored: Mapping[str, Any]) -> dict[str, Level]:
    return {name: Level(*state) for name, state in stored.items()}


def findings_of(row: CheckIn, item: str = "t1") -> tuple[Finding, ...]:
    """What was read in one text of the check-in by its current reading, less what a counselor called not accurate."""
    if row.reading is None:
        return ()
    return _standing(row.reading.findings.get(item, ()), row.verdicts if item == "t1" else ())


def _standing(stored: Iterable[Mapping[str, Any]], verdicts: Sequence[Any]) -> tuple[Finding, ...]:
    found = tuple(Finding.from_dict(one) for one in stored)
    return tuple(f for f in found if _verdict(verdicts, f) != "not_accurate") if verdicts else found


def _sure(findings: Iterable[Finding], verdicts: Sequence[Any]) -> frozenset[tuple[str, int]]:
    return frozenset((f.label, f.start) for f in findings if _verdict(verdicts, f) == "confirmed")


def verdict_on(row: CheckIn, finding: Finding) -> str:
    """What a counselor last said of this finding, or ""."""
    return _verdict(row.verdicts, finding)


def _verdict(verdicts: Sequence[Any], finding: Finding) -> str:
    """A newer reading's finding inherits the word on the same label where the spans overlap."""
    said = ""
    for label, start, end, verdict in verdicts:
        if label == finding.label and start < finding.end and finding.start < end:
            said = verdict
    return said


def safety_of(row: CheckIn) -> dict[str, object]:
    """`{"s1": [...], "s2": {...}}`, or empty where nothing was answered."""
    return json.loads(row.safety) if row.safety else {}


def _chips(safety: Mapping[str, Any]) -> frozenset[str]:
    chips = safety.get("s1")
    return frozenset(chips) if isinstance(chips, list) else frozenset()


def _danger(safety: Mapping[str, Any]) -> Mapping[str, str]:
    danger = safety.get("s2")
    return danger if isinstance(danger, dict) else {}


def _call(safety: Mapping[str, Any]) -> str:
    return str(safety.get("call_me") or "")


def _share(course: Mapping[str, Any]) -> Share | None:
    return Share(*course["r"]) if "r" in course else None


def _shifts(course: Mapping[str, Any]) -> Mapping[str, Shift]:
    return {index: maths.shift_from_json(shift) for index, shift in course.get("s", {}).items()}


def danger_of(row: CheckIn) -> tuple[frozenset[str], Mapping[str, str]]:
    """The chips of s1, and what s2 says of them."""
    safety = safety_of(row)
    return _chips(safety), _danger(safety)


def entry(row: CheckIn, zone: ZoneInfo | None = None) -> record.Entry:
    """The check-in just sent."""
    safety, findings, stored = safety_of(row), findings_of(row), row.course
    return record.Entry(
        id=str(row.pk),
        at=row.at,
        day=day_of(row.at),
        answers=row.answers,
        safety=_chips(safety),
        danger=_danger(safety),
        safety_skipped=row.safety is None,
        call_me=_call(safety),
        findings=findings,
        confirmed=_sure(findings, row.verdicts),
        text=row.text or "",
        aside_findings=findings_of(row, "n1"),
        aside=row.next_session or "",
        w=row.w,
        t=row.t,
        cpi=row.cpi,
        d=row.d,
        levels=levels_of(row),
        gate=stored.get("g", ""),
        share=_share(stored),
        shifts=_shifts(stored),
        blocks=stored.get("b", {}),
        on=row.at.astimezone(zone).date() if zone else None,
        seconds=row.seconds,
        device=row.device,
        at_desk=row.entered_by_id is not None,
    )


class _Kept(record.Entry):
    """A check-in of before. A rule that looks at little of it costs little: answers are parsed, findings made and texts
    opened when they are asked for, once."""

    def __init__(self, row: Row, zone: ZoneInfo) -> None:
        self.__dict__.update(
            id=str(row.pk), at=row.at, day=day_of(row.at), w=row.w, t=row.t, cpi=row.cpi, d=row.d, seconds=row.seconds,
            device=row.device, at_desk=row.entered_by is not None, safety_skipped=row.safety is None, _row=row, _zone=zone,
        )  # fmt: skip

    _row: Row
    _zone: ZoneInfo
    __eq__, __hash__ = object.__eq__, object.__hash__  # one row, one entry

    def _open(self, name: str) -> str:
        sealed = getattr(self._row, name)
        field: Any = CheckIn._meta.get_field(name)
        return open_sealed(sealed.stored, field.place(self._row.pk)) if sealed is not None else ""

    @cached_property
    def answers(self) -> Mapping[str, object]:
        return json.loads(self._row.answers)  # type: ignore[no-any-return]

    @cached_property
    def levels(self) -> Mapping[str, Level]:
        return _levels(json.loads(self._row.levels))

    @cached_property
    def on(self) -> date:
        return self.at.astimezone(self._zone).date()

    @cached_property
    def _course(self) -> Mapping[str, Any]:
        return json.loads(self._row.course)  # type: ignore[no-any-return]

    @cached_property
    def gate(self) -> str:
        return str(self._course.get("g", ""))

    @cached_property
    def share(self) -> Share | None:
        return _share(self._course)

    @cached_property
    def shifts(self) -> Mapping[str, Shift]:
        return _shifts(self._course)

    @cached_property
    def blocks(self) -> Mapping[str, float]:
        return self._course.get("b", {})  # type: ignore[no-any-return]

    @cached_property
    def _safety(self) -> Mapping[str, Any]:
        return json.loads(self._open("safety") or "{}")  # type: ignore[no-any-return]

    @cached_property
    def safety(self) -> frozenset[str]:
        return _chips(self._safety)

    @cached_property
    def danger(self) -> Mapping[str, str]:
        return _danger(self._safety)

    @cached_property
    def call_me(self) -> str:
        return _call(self._safety)

    @cached_property
    def _found(self) -> Mapping[str, Any]:
        return json.loads(self._row.findings) if self._row.findings is not None else {}

    @cached_property
    def _verdicts(self) -> list[Any]:
        return json.loads(self._row.verdicts)  # type: ignore[no-any-return]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        stored = self._found.get("t1")
        return _standing(stored, self._verdicts) if stored else ()

    @cached_property
    def confirmed(self) -> frozenset[tuple[str, int]]:
        return _sure(self.findings, self._verdicts)

    @cached_property
    def aside_findings(self) -> tuple[Finding, ...]:
        return _standing(self._found.get("n1", ()), ())

    @cached_property
    def text(self) -> str:
        return self._open("text")

    @cached_property
    def aside(self) -> str:
        return self._open("next_session")


def build(
    partner: Partner, rows: Iterable[Row | CheckIn], windows: Iterable[SteadyWindow], before: int, name: str, *,
    state: maths.State | None = None, flags: Iterable[Flag] = (), arranged: Mapping[str, Any] | None = None,
    zone: str = "UTC",
) -> record.History:  # fmt: skip
    """The history of one partner; the last of `rows` is the check-in just sent. `state`: what the course carries after
    it; `flags`: the case's, as they stood before it; `arranged`: as on the case's row."""
    own_zone, rows = ZoneInfo(zone), list(rows)
    entries = tuple(_Kept(row, own_zone) if isinstance(row, Row) else entry(row, own_zone) for row in rows)
    series, newest, about = state.series if state else {}, rows[-1], arrange(arranged or {}, partner.side)
    return record.History(
        entries=entries,
        before=before,
        windows=tuple(record.SteadyWindow(w.opened_at, w.opened_by, w.ends_at, w.ended_at) for w in windows),
        name=name,
        other=partner.other_name,
        arranged=about,
        prints=_prints(newest) if about.prints and isinstance(newest, CheckIn) else frozenset(),
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
        prints=tuple((datetime.fromisoformat(at), frozenset(p)) for at, p in stored.get("prints", {}).get(other, [])),
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
    """`arranged`, with what this check-in adds for the other side's rules: its word on contact (the mirrored form), the
    device it came from, and prints of its words. Desk only."""
    kept = dict(stored)
    answers, side = row.answers, row.partner.side
    told: dict[str, Any] = {
        code: answers[code]
        for code, nothing in (("p4", "none"), ("p6", ""), ("p8", ""))  # p6 "none": no contact is wished
        if answers.get(code) not in (None, "skip", nothing)
    }
    acts = answers.get("p5")
    if isinstance(acts, dict) and (unwelcome := sorted(act for act, word in acts.items() if word == "unwelcome")):
        told["unwelcome"] = unwelcome
    if told:
        kept["says"] = _with(kept.get("says", {}), side, row.at, told, LOOK_BACK)
    if row.device and row.entered_by_id is None:
        kept["devices"] = _with(kept.get("devices", {}), side, row.at, row.device, DEVICES_FOR)
    if marks := _prints(row):
        kept["prints"] = _with(kept.get("prints", {}), side, row.at, sorted(marks), PRINTS_FOR)
    return kept


def _prints(row: CheckIn) -> frozenset[int]:
    """Of the words of a check-in, where its reporter agreed to their being read by software and wrote them alone."""
    if not row.text or not row.text_read or row.entered_by_id is not None:
        return frozenset()
    key = salted_hmac("clients.history.prints", str(row.case_id), algorithm="sha256").digest()
    return engagement.prints(row.text, key)


def _with(stored: Mapping[str, Any], side: str, at: datetime, value: Any, kept_for: timedelta) -> dict[str, Any]:
    rows = [r for r in stored.get(side, []) if datetime.fromisoformat(r[0]) > at - kept_for]
    return {**stored, side: sorted([*rows, [at.isoformat(), value]], key=lambda r: datetime.fromisoformat(r[0]))}
