"""The course of a case: the chart, and where things stand, from what each check-in left in the read model."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse

from clients import course, history, instrument
from clients.models import (
    Case,
    CaseSummary,
    CheckIn,
    Flag,
    Partner,
    SentGuidance,
    SteadyWindow,
)
from clients.progress import course as maths
from clients.rules import CATALOGUE
from clients.rules.record import CHIP_WORDS, LANES

from .. import chart
from .. import course as standings
from ..models import SessionNote
from .clock import Clock, is_held

FLAGS_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Point:
    """A check-in as the chart needs it, from the read model."""

    at: datetime
    w: float | None
    cpi: float | None
    levels: dict[str, Any]
    course: dict[str, Any]


def points_of(reporter: Partner, start: datetime) -> list[Point]:
    """The check-ins from `start` on, some before it for the shifts and the line that enters, oldest first; one query."""
    rows = (
        CheckIn.objects.filter(partner=reporter, superseded_by__isnull=True, at__gte=start - timedelta(days=84))
        .order_by("at", "id")
        .values_list("at", "w", "cpi", "levels", "course")
    )
    return [Point(*row) for row in rows]


def standing_of(
    case: Case, reporter: Partner, state: maths.State, held: CaseSummary, points: list[Point], every: list[Flag],
    clock: Clock, anchors: dict[float, str],
) -> standings.Standing | None:  # fmt: skip
    if not reporter.user_id:
        return None
    safety = course.spans(case) if any(f.safety for f in every) or len(every) == FLAGS_SHOWN else []
    recent = [
        standings.Row(p.at, "", {}, p.course)
        for p in points
        if p.at > clock.now - timedelta(days=42) or p is points[-1]
    ]
    return standings.standing(
        state,
        now=clock.now,
        day=clock.day,
        name=reporter.name,
        other=reporter.other_name,
        interval=reporter.interval_days,
        safety=safety,
        held_until=course.held_until(held, reporter.side),
        recent=recent,
        before=_before(reporter, state, clock),
        anchors=anchors,
    )


def _before(reporter: Partner, state: maths.State, clock: Clock) -> standings.Before | None:
    """What stood in the two weeks before the newest shift for the better; asked for only where there is one."""
    found = standings.improvement(state)
    if found is None:
        return None
    index, shift = found
    first, last = standings.before_span(shift)
    rows = CheckIn.objects.filter(
        partner=reporter, superseded_by__isnull=True, at__gte=first, at__lt=last - timedelta(seconds=1)
    ).order_by("at", "id")
    sent = SentGuidance.objects.filter(partner=reporter, sent_at__lt=last, withdrawn_at__isnull=True).filter(
        Q(sent_at__gte=first) | Q(first_opened_at__gte=first, first_opened_at__lt=last) | Q(answered_at__gte=first, answered_at__lt=last)
    )  # fmt: skip
    told = []
    for row in sent.defer("body", "line").order_by("sent_at"):
        for moment, words in ((row.sent_at, "sent"), (row.first_opened_at, "opened"), (row.answered_at, "answered")):
            if moment and first <= moment < last:
                answer = f" {row.get_answer_display().lower()}" if words == "answered" else ""
                told.append((moment, f"“{row.title}” {words}{answer}"))
    return standings.tell_before(
        index, shift,
        [standings.Row(r.at, str(r.pk), r.answers, r.course) for r in rows.only("at", "answers", "course")],
        [(clock.day(moment), words) for moment, words in sorted(told)],
        day=clock.day, name=reporter.name, other=reporter.other_name, acts=_act_words,
    )  # fmt: skip


def draw_course(
    case: Case, reporter: Partner, state: maths.State, held: CaseSummary, points: list[Point], every: list[Flag],
    notes: list[SessionNote], sent: list[SentGuidance], windows: list[SteadyWindow], clock: Clock, start: datetime,
) -> Any:  # fmt: skip
    def reading(point: Point, index: str, value: float | None) -> chart.Reading:
        level = point.levels.get(index) if value is not None else None
        return chart.Reading(point.at, value, level[0] if level else None, level[1] if level else None)

    other = reporter.other_name
    good = {key: _lower_first(str(words).replace("{P}", other)) for key, words in instrument.CHIPS["c8g"]}
    acts = []
    frightened = is_held(held, clock, reporter.side)
    for point in points:
        if point.at < start or frightened:
            continue
        for label, _times, source in point.course.get("a", ()):
            words = _act_words(label, other) + (" (read in the words)" if source == "text" else "")
            acts.append(chart.Act(point.at, LANES[label], words))
        for chip in point.course.get("k", ()):
            acts.append(chart.Act(point.at, "good", good.get(chip, chip)))
    if len(every) == FLAGS_SHOWN:
        own = list(
            Flag.objects.filter(partner=reporter, head__isnull=True, muted=False, opened_at__gte=start)
            .only("case_id", "rule", "opened_at")
            .order_by("opened_at")
        )
    else:
        own = [f for f in every if f.partner_id == reporter.pk and f.head_id is None and not f.muted]
    moved = [m for m in _moved(points) if not (frightened and m.side == "client")]
    marks = [
        *(
            chart.Mark(f.opened_at, "flag", CATALOGUE[f.rule].name, reverse("desk:flag", args=[case.pk, f.pk]))
            for f in own
            if f.rule not in {"O01", "O02"}
        ),
        *(
            chart.Mark(m.onset, "held" if m.sure else "shift", f"warmth about {m.before:.0f} before, about {m.after:.0f} since")
            for m in moved
            if m.side == "partner"
        ),
        *(chart.Mark(n.started_at, "note", n.get_kind_display(), reverse("desk:note", args=[n.pk])) for n in notes),
        *(chart.Mark(s.sent_at, "sent", s.title) for s in sent if s.partner_id == reporter.pk),
    ]  # fmt: skip
    return _draw(
        chart.Course(
            start=start,
            end=clock.now,
            partner=tuple(reading(p, "w", p.w) for p in points),
            client=() if frightened else tuple(reading(p, "cpi", p.cpi) for p in points),
            acts=tuple(acts),
            windows=tuple(
                chart.Window(w.opened_at, w.ended_at or w.ends_at) for w in windows if w.partner_id == reporter.pk
            ),
            marks=tuple(marks),
            client_name=reporter.name,
            partner_name=reporter.other_name,
            zone=str(clock.zone),
            moved=tuple(moved),
        )
    )


def _moved(points: list[Point]) -> list[chart.Moved]:
    """Shifts of warmth and own pressing that have held, and possible ones that nothing has confirmed or undone."""
    found = []
    sides: tuple[tuple[str, chart.Side], ...] = (("w", "partner"), ("cpi", "client"))
    for index, side in sides:
        days = {history.day_of(p.at): p.at for p in points}
        scored = [history.day_of(p.at) for p in points if getattr(p, index) is not None]
        soft = None
        for point in points:
            if getattr(point, index) is None:
                continue
            stored = point.course.get("s", {}).get(index)
            shift = maths.shift_from_json(stored) if stored else None
            if (
                soft is not None
                and (shift is None or shift.onset != soft.onset)
                and (shift is None or shift.tier != "confirmed")
            ):
                found.append((side, soft, scored))  # it came and went
            soft = shift if shift is not None and shift.tier == "possible" else None
            if shift is not None and shift.tier == "confirmed":
                found.append((side, shift, scored))
        if soft is not None:
            found.append((side, soft, scored))
    shown = []
    for side, shift, scored in found:
        if shift.split not in days or shift.onset not in days:
            continue
        first = scored[max(scored.index(shift.split) - shift.n_before + 1, 0)]
        shown.append(
            chart.Moved(
                side, shift.tier == "confirmed", days[first], days[shift.split], days[shift.onset], days[shift.found],
                shift.before, shift.after,
            )
        )  # fmt: skip
    return shown


@dataclass(frozen=True, slots=True)
class ChartView:
    """Both geometries, the words and the table of one chart."""

    wide: chart.Chart
    narrow: chart.Chart
    words: str
    rows: tuple[Any, ...]

    @property
    def thresholds(self) -> bool:
        return any(panel.threshold for panel in self.wide.panels)

    @property
    def means(self) -> bool:
        return any(panel.means or panel.maybe for panel in self.wide.panels)


def _draw(course: chart.Course) -> ChartView:
    return ChartView(chart.draw(course, 860), chart.draw(course, 360), chart.describe(course), chart.table(course))


def _lower_first(words: str) -> str:
    return words[:1].lower() + words[1:]


def _act_words(label: str, other: str) -> str:
    return CHIP_WORDS[label].format(other=other) if label in CHIP_WORDS else label
