"""What each room of the desk shows: every read query, returned as frozen values; templates ask the database nothing."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F, Q
from django.http import Http404
from django.urls import reverse
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clients import access, course, flags, guidance, history, instrument, notices, readings, summary
from clients.markup import family, join_rows, mark_words, markdown, sparkline, triage_row
from clients.models import (
    AuditEvent,
    Case,
    CaseSummary,
    CheckIn,
    Consent,
    Correction,
    Flag,
    Partner,
    Reading,
    Screening,
    SentGuidance,
    SteadyWindow,
    User,
)
from clients.progress import course as maths
from clients.rules import CATALOGUE
from clients.rules.record import CHIP_WORDS, LANES

from . import chart, library, notes
from . import course as standings
from .kept import Kept
from .models import SessionNote

# group -> the state whose shape and colour it carries (templates/_mark.html)
STATE_OF_GROUP = {"needs_you": "needs", "watch": "watch", "gone_quiet": "quiet", "steady": "steady"}
STATE_OF_SEVERITY = {1: "info", 2: "watch", 3: "needs", 4: "urgent"}
CHANGE_THAT_COUNTS = 8.0  # points of level; less is "about the same"
STREAM_LENGTH = 10


class Clock:
    """Times in words, in one person's zone, seen from `now`."""

    def __init__(self, user: User, now: datetime) -> None:
        self.zone, self.now = ZoneInfo(user.zone), now
        self.today = now.astimezone(self.zone).date()

    def day(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return formats.date_format(local, "j M" if local.year == self.today.year else "j M Y")

    def time(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%H:%M")

    def stamp(self, at: datetime) -> str:
        return f"{self.day(at)}, {self.time(at)}"

    def ago(self, at: datetime) -> str:
        days = (self.today - at.astimezone(self.zone).date()).days
        return "today" if days <= 0 else "yesterday" if days == 1 else f"{days} days ago"

    def midnight(self) -> datetime:
        """When the next day begins."""
        return datetime.combine(self.today + timedelta(days=1), datetime.min.time(), self.zone)

    def due(self, at: datetime) -> str:
        if at <= self.now:
            return f"since {self.stamp(at)}"
        days = (at.astimezone(self.zone).date() - self.today).days
        return f"today {self.time(at)}" if days == 0 else f"tomorrow {self.time(at)}" if days == 1 else self.day(at)


# Today


@dataclass(frozen=True, slots=True)
class Row:
    """One case: where it stands, its place within the group, its names, and itself as HTML."""

    group: str
    order: tuple[Any, ...]
    names: str
    html: SafeString
    until: datetime


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    word: str
    state: str
    rows: tuple[Row, ...]
    html: SafeString


@dataclass(frozen=True, slots=True)
class Today:
    stuck: int
    day: str
    groups: tuple[Group, ...]
    cases: int
    query: str
    until: datetime


_rows: Kept[Row] = Kept(10_000)


def forget_kept() -> None:
    _rows.clear()


def today(
    user: User, now: datetime, query: str = "", stamps: tuple[int, ...] | None = None, stuck: int | None = None
) -> Today:
    """All open cases of one counselor in the four groups; one query, and one more for rows that changed."""
    clock = Clock(user, now)
    found: list[Row] = []
    changed: list[int] = []
    for stamp in access.visible_stamps(user, now) if stamps is None else stamps:
        row = _rows.get((stamp, user.zone), now)
        if row is None:
            changed.append(stamp)
        else:
            found.append(row)
    if changed:
        cases = access.visible_cases(user, now).select_related("summary").defer("summary__course")
        few = cases.filter(summary__stamp__in=changed) if len(changed) < 500 else cases
        fresh = [_keep_row(case, clock, now) for case in few if few is not cases or case.summary.stamp in changed]
        if len(fresh) == len(changed):
            found += fresh
        else:  # somebody wrote in between
            found = [_keep_row(case, clock, now) for case in cases]
    wanted = query.lower()
    shown = [row for row in found if not wanted or wanted in row.names.lower()]
    groups = []
    for key, word in summary.GROUPS.items():
        rows = sorted((row for row in shown if row.group == key), key=lambda row: row.order)
        groups.append(Group(key, word, STATE_OF_GROUP[key], tuple(rows), join_rows([row.html for row in rows])))
    until = min((row.until for row in found), default=clock.midnight())
    if stuck is None:
        stuck = notices.count_stuck(user.practice_id)
    return Today(stuck, formats.date_format(clock.today, "l, j F"), tuple(groups), len(shown), query, until)


def _keep_row(case: Case, clock: Clock, now: datetime) -> Row:
    held = case.summary
    promised_now = bool(held.unread and held.read_by_on and held.read_by_on <= clock.today)
    standing = summary.group(
        held, at=now, today_overdue=promised_now, paused=case.paused_at is not None,
        screening_overdue=bool(held.screening_due and held.screening_due <= clock.today),
    )  # fmt: skip
    until = min(clock.midnight(), summary.changes_at(held, at=now))
    row = Row(standing.group, _order(held), held.names, _row(case, held, standing, clock), until)
    _rows.put((held.stamp, str(clock.zone)), now, until, row)
    return row


def _order(held: CaseSummary) -> tuple[Any, ...]:
    return (-held.safety_open, -held.urgent_unseen, -held.watch_open, held.names)


def _row(case: Case, held: CaseSummary, standing: summary.Standing, clock: Clock) -> SafeString:
    change, than = _change(held, clock)
    check_in, staff = held.last_check_in_at, held.last_staff_at
    if check_in and (staff is None or check_in >= staff):
        last = f"Check-in, {clock.ago(check_in)}"
    else:
        last = f"You, {clock.ago(staff)}" if staff else "Nothing yet"
    to_read = (
        f"{held.unread} to read by {formats.date_format(held.read_by_on, 'D j M')}, oldest {clock.ago(held.oldest_unread_at)}"
        if held.unread and held.read_by_on and held.oldest_unread_at
        else ""
    )
    spark = SafeString("") if _is_held(held, clock) else sparkline(held.spark, "Own conduct")
    return triage_row(
        href=f"/desk/cases/{case.pk}/", names=held.names, state=STATE_OF_GROUP[standing.group], reason=standing.reason,
        few=standing.few, spark=spark, change=change, than=than, last=last, due=clock.due(held.due_at) if held.due_at else "",
        to_read=to_read, late=standing.due,
    )  # fmt: skip


def _is_held(held: CaseSummary, clock: Clock, side: str = "") -> bool:
    """A frightened reporter's own conduct is neither judged nor drawn (decisions 3): the one on `side`, or who leads."""
    until = course.held_until(held, side) if side else held.held_until
    return until is not None and until > clock.now


def _change(held: CaseSummary, clock: Clock) -> tuple[str, str]:
    """The client's own conduct against 28 days before, in words (decisions 35, 36)."""
    if _is_held(held, clock):
        return "Held, safety first", ""
    if held.cpi_level is None or held.check_ins < summary.ENOUGH:
        return "No comparison yet", ""
    if held.cpi_before is None:
        return "No comparison yet", "(needs four weeks)"
    difference = held.cpi_level - held.cpi_before
    if abs(difference) < CHANGE_THAT_COUNTS:
        return "About the same", "as four weeks ago"
    return (
        ("Pressing less", "than four weeks ago (better)")
        if difference < 0
        else ("Pressing more", "than four weeks ago (worse)")
    )


# Case


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    when: str
    item: str
    words: SafeString
    quoted: bool


@dataclass(frozen=True, slots=True)
class GuidanceLink:
    id: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class FlagCard:
    id: UUID
    href: str
    rule: str
    version: int
    name: str
    who: str
    severity: str
    severity_word: str
    state: str
    state_word: str
    mark: str
    sentence: str
    evidence: tuple[EvidenceLine, ...]
    against: tuple[str, ...]
    clears: str
    guidance: tuple[GuidanceLink, ...]
    opened: str
    due: str
    seen_by: str
    closed: str
    absorbed: tuple[tuple[str, str], ...]
    safety: bool
    can_see: bool
    can_close: bool
    can_reopen: bool


@dataclass(frozen=True, slots=True)
class Found:
    """One finding in a check-in's words, and what a counselor said of it."""

    key: str
    name: str
    family: str
    words: str
    reason: str
    said: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One card of the dated stream."""

    kind: str
    at: datetime
    day: str
    time: str
    title: str
    who: str = ""
    href: str = ""
    badge: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    text: SafeString | None = None
    notes: tuple[str, ...] = ()
    read_id: UUID | None = None
    withdraw_id: UUID | None = None
    safety: tuple[str, ...] = ()
    id: UUID | None = None
    found: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    side: str
    name: str
    is_client: bool
    screening: str
    screened: bool
    text_consent: bool | None


@dataclass(frozen=True, slots=True)
class Range:
    """One of the stretches of time the chart can show."""

    key: str
    word: str
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ClosedFlag:
    href: str
    name: str
    closed: str


@dataclass(frozen=True, slots=True)
class CasePage:
    id: UUID
    names: str
    phase: str
    since: str
    sides: tuple[Side, ...]
    window: str
    unread: tuple[UUID, ...]
    flags: tuple[FlagCard, ...]
    closed_flags: tuple[ClosedFlag, ...]
    closed_before: int
    stream: tuple[Entry, ...]
    more: str
    chart: Any
    ranges: tuple[Range, ...]
    standing: standings.Standing | None
    reporter: str
    others: tuple[tuple[str, str], ...]
    reports: tuple[tuple[str, str], ...]
    safety_open: bool
    labels: tuple[tuple[str, str], ...] = field(default=())
    recomputed: str = ""
    until: datetime = datetime.max.replace(tzinfo=UTC)
    held: bool = False


FAMILY_WORDS = {
    "asking": "asking",
    "chasing": "chasing",
    "controlling": "controlling",
    "good": "own good conduct",
    "partner": "from the partner",
    "safety": "safety",
}


RANGES = {"6w": ("6 weeks", timedelta(days=42)), "6m": ("6 months", timedelta(days=182)), "all": ("All", None)}
MOST_SHOWN = 1_000
FLAGS_SHOWN = 60
CLOSED_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address of a case asks for; anything else in it counts as not asked."""

    side: str = ""
    range: str = "6m"
    shown: int = STREAM_LENGTH

    @classmethod
    def of(cls, asked: Any) -> "Choice":
        number = asked.get("shown", "")
        shown = int(number) if number.isdecimal() and len(number) < 5 else STREAM_LENGTH
        return cls(
            asked.get("side", "") if asked.get("side", "") in {"A", "B"} else "",
            asked.get("range", "") if asked.get("range", "") in RANGES else "6m",
            min(max(shown, STREAM_LENGTH), MOST_SHOWN),
        )

    def address(self, case: Case, **other: Any) -> str:
        """The same page with something else chosen; what is as usual is left out."""
        chosen, usual = replace(self, **other), Choice()
        parts = {name: getattr(chosen, name) for name in ("side", "range", "shown")}
        asked = urlencode({name: value for name, value in parts.items() if value != getattr(usual, name)})
        return reverse("desk:case", args=[case.pk]) + (f"?{asked}" if asked else "")


def case_version(case: Case) -> tuple[Any, ...]:
    """Changes with whatever is written about the case: every act leaves a new stamp or a new entry in the trail, and
    guidance opened once more its time."""
    summaries, trail, sent = (
        connection.ops.quote_name(m._meta.db_table) for m in (CaseSummary, AuditEvent, SentGuidance)
    )
    pk = AuditEvent._meta.get_field("case").get_db_prep_value(case.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT stamp, (SELECT max(seq) FROM {trail} WHERE case_id = %s), "  # noqa: S608 - own table names
            f"(SELECT max(last_opened_at) FROM {sent} WHERE case_id = %s) FROM {summaries} WHERE case_id = %s",
            [pk, pk, pk],
        )
        found = cursor.fetchone()
    return (case.pk, *found)


def case(case: Case, user: User, now: datetime, choice: Choice | None = None) -> CasePage:
    clock, choice = Clock(user, now), choice or Choice()
    partners = list(Partner.objects.filter(case=case).order_by("side"))
    reporting = [p for p in partners if p.user_id]
    reporter = next((p for p in reporting if p.side == choice.side), reporting[0] if reporting else partners[0])
    by_id = {p.pk: p for p in partners}
    screenings = _screenings(partners)
    held = CaseSummary.objects.get(case=case)
    state = course.state_of(held, reporter.side) or maths.State()
    start = _start(case, choice, state, now)
    few = choice.shown + 1
    every_flag = list(
        Flag.objects.filter(case=case)
        .select_related("acknowledged_by", "closed_by")
        .order_by(F("closed_at").desc(nulls_first=True), "-severity", "-opened_at", "id")[:FLAGS_SHOWN]
    )
    since = None if choice.range == "all" else start
    sent = _newest(
        SentGuidance.objects.select_related("sent_by").filter(case=case).defer("body", "line"), "sent_at", few, since
    )
    notes = _newest(
        SessionNote.objects.select_related("author")
        .filter(case=case)
        .exclude(Q(state="draft") & ~Q(author=user))
        .defer("body"),
        "started_at",
        few,
        since,
    )
    rows, earlier = _to_show(case, reporting, choice)
    windows = list(SteadyWindow.objects.filter(case=case).order_by("opened_at"))
    consents = _text_consents(partners)
    renewed = _renewed(rows)
    said = _said(rows, clock)
    live = [f for f in every_flag if f.state in flags.LIVE and f.head_id is None]
    live.sort(key=lambda f: (-f.severity, -f.opened_at.timestamp()))
    closed = [f for f in every_flag if f.state not in flags.LIVE and f.head_id is None]
    open_window = next((w for w in reversed(windows) if not w.ended_at and w.opened_at <= now < w.ends_at), None)
    stream = sorted(
        [
            *(_check_in(r, by_id[r.partner_id], clock, renewed.get(r.pk, ()), said) for r in rows),
            *(_sent(s, by_id[s.partner_id], clock) for s in sent[: choice.shown]),
            *(_note(n, clock) for n in notes[: choice.shown]),
        ],
        key=lambda e: e.at,
        reverse=True,
    )
    points = _points(reporter, start) if held.course or held.check_ins else []
    anchors = {history.day_of(e.at): f"#e-{e.id}" for e in stream if e.kind == "checkin"}
    return CasePage(
        id=case.pk,
        names=" and ".join(p.name for p in partners),
        phase=case.get_phase_display(),
        since=clock.day(case.opened_at),
        sides=tuple(_side(p, screenings.get(p.pk), consents, clock) for p in partners),
        window=clock.day(open_window.ends_at) if open_window else "",
        unread=tuple(r.pk for r in rows if r.read_at is None),
        flags=tuple(_flag_card(f, by_id[f.partner_id], every_flag, clock) for f in live),
        closed_flags=tuple(_closed_flag(f, clock) for f in closed[:CLOSED_SHOWN]),
        closed_before=max(len(closed) - CLOSED_SHOWN, 0),
        stream=tuple(stream),
        more=choice.address(case, shown=choice.shown + 20)
        if earlier or len(sent) > choice.shown or len(notes) > choice.shown
        else "",
        chart=_chart(case, reporter, state, held, points, every_flag, notes, sent, windows, clock, start),
        ranges=tuple(
            Range(key, word, choice.address(case, range=key), key == choice.range) for key, (word, _) in RANGES.items()
        ),
        standing=_standing(case, reporter, state, held, points, every_flag, clock, anchors),
        reporter=reporter.name,
        others=tuple((p.side, p.name) for p in reporting if p.pk != reporter.pk),
        reports=tuple((choice.address(case, side=p.side), p.name) for p in reporting if p.pk != reporter.pk),
        safety_open=held.safety_open > 0,
        labels=tuple(FAMILY_WORDS.items()),
        held=_is_held(held, clock, reporter.side),
        recomputed=f"Recomputed on {clock.stamp(held.recomputed_at)}: {held.recomputed_why}."
        if held.recomputed_at
        else "",
        until=_until(held, every_flag, windows, clock),
    )


def _until(held: CaseSummary, every: list[Flag], windows: list[SteadyWindow], clock: Clock) -> datetime:
    """When the clock alone changes a word: the next day, the next full hour (what the gate asks of the last days), or the
    end of something."""
    moments = [f.due_at for f in every if f.due_at] + [w.ends_at for w in windows] + [held.held_until, held.due_at]
    soon = min((m for m in moments if m is not None and m > clock.now), default=clock.midnight())
    return min(soon, clock.midnight(), clock.now + timedelta(hours=1))


def _to_show(case: Case, reporting: list[Partner], choice: Choice) -> tuple[list[CheckIn], bool]:
    """The newest of each side, and whatever is unread: nobody's flood hides another's words. Newest first; and whether
    there are earlier ones."""
    wanted = Q(read_at__isnull=True)
    for partner in reporting:
        newest = CheckIn.objects.filter(case=case, partner=partner).order_by("-at", "-id")[: choice.shown + 1]
        wanted |= Q(pk__in=newest.values("pk"))
    found: list[CheckIn] = []
    counted: dict[UUID, int] = {}
    for row in CheckIn.objects.select_related("reading", "read_by").filter(wanted, case=case).order_by("-at", "-id"):
        counted[row.partner_id] = counted.get(row.partner_id, 0) + 1
        if row.read_at is None or counted[row.partner_id] <= choice.shown:
            found.append(row)
    return found, len(found) < sum(counted.values())


def _start(case: Case, choice: Choice, state: maths.State, now: datetime) -> datetime:
    """Where the chart begins: at the first check-in, or so long ago as was asked for."""
    first = standings.when(state.first) if state.count else case.opened_at
    reach = RANGES[choice.range][1]
    return first if reach is None else min(max(first, now - reach), now)


def _newest(rows: Any, moment: str, few: int, since: datetime | None) -> list[Any]:
    """Newest first: enough for the stream, and all that the chart shows."""
    rows = rows.order_by(f"-{moment}", "-id")
    if since is None:
        return list(rows)
    return [row for number, row in enumerate(rows[:200]) if number < few or getattr(row, moment) >= since]


@dataclass(frozen=True, slots=True)
class Point:
    """A check-in as the chart needs it, from the read model."""

    at: datetime
    w: float | None
    cpi: float | None
    levels: dict[str, Any]
    course: dict[str, Any]


def _points(reporter: Partner, start: datetime) -> list[Point]:
    """The check-ins from `start` on, some before it for the shifts and the line that enters, oldest first; one query."""
    rows = (
        CheckIn.objects.filter(partner=reporter, superseded_by__isnull=True, at__gte=start - timedelta(days=84))
        .order_by("at", "id")
        .values_list("at", "w", "cpi", "levels", "course")
    )
    return [Point(*row) for row in rows]


def _closed_flag(flag: Flag, clock: Clock) -> ClosedFlag:
    return ClosedFlag(
        reverse("desk:flag", args=[flag.case_id, flag.pk]), json.loads(flag.card)["name"], _closed_words(flag, clock)
    )


def _closed_words(flag: Flag, clock: Clock) -> str:
    if not flag.closed_at:
        return ""
    by = f" by {flag.closed_by.name}" if flag.closed_by else ""
    return f"{flag.get_state_display()}{by} on {clock.stamp(flag.closed_at)}: {flags.REASONS.get(flag.close_reason, 'no sign of it any more')}"


def _standing(
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


def _screenings(partners: Iterable[Partner]) -> dict[UUID, Screening]:
    rows = Screening.objects.filter(partner__in=list(partners)).order_by("at", "id")
    return {row.partner_id: row for row in rows}


def _text_consents(partners: Iterable[Partner]) -> dict[UUID, bool]:
    rows = Consent.objects.filter(partner__in=list(partners), kind="text").order_by("at", "id")
    return {row.partner_id: row.given for row in rows}


def _side(partner: Partner, screening: Screening | None, consents: dict[UUID, bool], clock: Clock) -> Side:
    if screening is None:
        words, fine = "Not screened yet", False
    else:
        words = f"Screened alone on {clock.day(screening.at)}, {screening.get_how_display().lower()}: {screening.get_result_display()[0].lower()}{screening.get_result_display()[1:]}. Next due {formats.date_format(screening.next_due, 'j M Y')}."
        fine = screening.result == Screening.Result.CLEAR and screening.next_due >= clock.today
    return Side(partner.side, partner.name, partner.user_id is not None, words, fine, consents.get(partner.pk))


ITEM_NAMES = {"c8": "own acts", "c7": "talk about problems", "s1": "safety question", "t1": "own words", "n1": "for the next session",
              "line": "a line back", "c3": "how the partner was", "c4": "what came from the partner", "c6": "tension", "c1": "contacts", "c2": "contacts", "c11": "how they are doing"}  # fmt: skip


def _flag_card(flag: Flag, partner: Partner, every: list[Flag], clock: Clock) -> FlagCard:
    card, first = json.loads(flag.newest or flag.card), json.loads(flag.card)
    rule = CATALOGUE[flag.rule]
    evidence = []
    earlier = [row for row in first["evidence"] if row not in card["evidence"]] if flag.newest else []
    for index, row in enumerate([*card["evidence"], *earlier]):
        quoted = row["start"] is not None
        words = (
            format_html(
                '<mark data-label="{}" data-finding="{}" data-family="{}">{}</mark>',
                row["label"], f"{str(flag.pk)[-8:]}-{index}", family(row["label"]), row["words"],
            )
            if quoted
            else format_html("{}", row["words"])
        )  # fmt: skip
        evidence.append(
            EvidenceLine(
                clock.day(datetime.fromisoformat(row["at"])),
                ITEM_NAMES.get(row["item"], row["item"]),
                words,
                quoted,
            )
        )
    links = tuple(
        GuidanceLink(c.id, c.title, reverse("desk:library_card", args=[c.id]))
        for c in map(library.card, card["guidance"])
        if c
    )
    severity = Flag.Severity(flag.severity)
    return FlagCard(
        id=flag.pk,
        href=reverse("desk:flag", args=[flag.case_id, flag.pk]),
        rule=flag.rule,
        version=flag.rule_version,
        name=card["name"],
        who=partner.name,
        severity=severity.name.lower(),
        severity_word=severity.label,
        state=flag.state,
        state_word=flag.get_state_display(),
        mark="held" if flag.state not in flags.LIVE else STATE_OF_SEVERITY[flag.severity],
        sentence=card["sentence"],
        evidence=tuple(evidence),
        against=tuple(card["against"]) or (rule.against,),
        clears=card["clears"],
        guidance=links,
        opened=clock.stamp(flag.opened_at),
        due=clock.due(flag.due_at) if flag.due_at and flag.state == Flag.State.OPEN else "",
        seen_by=f"Seen by {flag.acknowledged_by.name}, {clock.stamp(flag.acknowledged_at)}"
        if flag.acknowledged_by and flag.acknowledged_at
        else "",
        closed=_closed_words(flag, clock),
        absorbed=tuple(
            (json.loads(f.card)["name"], reverse("desk:flag", args=[f.case_id, f.pk]))
            for f in every
            if f.head_id == flag.pk
        ),
        safety=flag.safety,
        can_see=flag.state == Flag.State.OPEN and flags.can(flag, "acknowledged"),
        can_close=flags.can(flag, "resolved"),
        can_reopen=flags.can(flag, "open") and flag.state not in flags.LIVE,
    )


def _renewed(rows: Iterable[CheckIn]) -> dict[UUID, tuple[Reading, ...]]:
    """Of these check-ins those that were read more than once, with their readings, oldest first."""
    again = [row.pk for row in rows if row.reading and row.reading.at != row.at]
    every: dict[UUID, list[Reading]] = {}
    for found in Reading.objects.filter(checkin__in=again).order_by("at", "id") if again else ():
        every.setdefault(found.checkin_id, []).append(found)
    return {pk: tuple(found) for pk, found in every.items() if len(found) > 1}


def _said(rows: Iterable[CheckIn], clock: Clock) -> dict[tuple[UUID, str, int], str]:
    """Who called which finding what: (check-in, label, start) -> words, the newest last."""
    judged = [row.pk for row in rows if row.verdicts]
    if not judged:
        return {}
    found = Correction.objects.select_related("by").filter(checkin__in=judged).order_by("at", "id")
    return {
        (c.checkin_id, c.label, c.start): f"{c.get_verdict_display()}: {c.by.name}, {clock.stamp(c.at)}"
        + (f" ({c.reason})" if c.reason else "")
        for c in found
    }


def _found(row: CheckIn, partner: Partner, said: dict[tuple[UUID, str, int], str]) -> tuple[Found, ...]:
    return tuple(
        Found(
            key=f"{row.pk}:{f.label}:{f.start}",
            name=f.label.replace("_", " "),
            family=family(f.label),
            words=(row.text or "")[f.start : f.end],
            reason=f.reason.replace("{partner}", partner.other_name),
            said=said.get((row.pk, f.label, f.start), ""),
            verdict=history.verdict_on(row, f),
        )
        for f in readings.every_finding(row)
    )


def _tell_renewed(row: CheckIn, renewed: tuple[Reading, ...], clock: Clock) -> list[str]:
    if len(renewed) < 2:
        return []
    change = readings.tell_change(row.text or "", renewed[-2], renewed[-1])
    parts = [f"now also {label.replace('_', ' ')} (“{words}”)" for label, words in change.more]
    parts += [f"no longer {label.replace('_', ' ')} (“{words}”)" for label, words in change.fewer]
    return [
        f"Read again on {clock.day(change.at)} with version {change.version}: {'; '.join(parts) or 'nothing changed'}."
    ]


def _check_in(
    row: CheckIn, partner: Partner, clock: Clock, renewed: tuple[Reading, ...], said: dict[tuple[UUID, str, int], str]
) -> Entry:
    tell = [(name, words) for name, words in instrument.tell(row.answers, partner.other_name)]
    safety = history.safety_of(row)
    chips = safety.get("s1") or []
    notes = []
    if row.next_session:
        notes.append(f"For the next session: {row.next_session}")
    if safety.get("call_me"):
        notes.append(f"Please call: {safety['call_me']}")
    danger = safety.get("s2")
    if isinstance(danger, dict) and any(danger.values()):
        notes.append(
            f"Safe for now: {danger.get('safe_now') or 'not said'}; who: {danger.get('who') or 'not said'}".replace(
                "_", " "
            )
        )
    if not row.text_read:
        notes.append("Not read by software: there is no consent for it.")
    marks = [
        (f"{str(row.pk)[-8:]}-{i}", f, f.reason.replace("{partner}", partner.other_name))
        for i, f in enumerate(history.findings_of(row))
    ]
    read = f"Read by {row.read_by.name}, {clock.stamp(row.read_at)}" if row.read_by and row.read_at else ""
    return Entry(
        kind="checkin",
        at=row.at,
        day=clock.day(row.at),
        time=clock.time(row.at),
        title="Check-in",
        who=partner.name,
        badge="" if row.read_at else f"Unread, promised by {formats.date_format(row.read_by_on, 'D j M')}",
        facts=tuple(pair for pair in tell if pair[1] != "skipped"),
        text=mark_words(row.text, marks) if row.text else None,
        notes=(
            *notes,
            *_tell_renewed(row, renewed, clock),
            *([read] if read else []),
            *_skipped(tell, partner.other_name),
        ),
        id=row.pk,
        found=_found(row, partner, said),
        read_id=None if row.read_at else row.pk,
        safety=tuple(instrument.tell_safety(tuple(chips), partner.other_name)) if isinstance(chips, list) else (),
    )


def _skipped(tell: list[tuple[str, str]], other: str) -> list[str]:
    names = [
        name if name.startswith(other) else name[0].lower() + name[1:] for name, words in tell if words == "skipped"
    ]
    if len(names) > 6:
        return [f"Skipped {len(names)} other questions."]
    return [f"Skipped: {', '.join(names)}."] if names else []


def _sent(sent: SentGuidance, partner: Partner, clock: Clock) -> Entry:
    notes = []
    if sent.withdrawn_at:
        notes.append(f"Withdrawn {clock.stamp(sent.withdrawn_at)}")
    if sent.first_opened_at and sent.last_opened_at:
        last = f", last {clock.stamp(sent.last_opened_at)}" if sent.last_opened_at != sent.first_opened_at else ""
        notes.append(f"Opened {clock.stamp(sent.first_opened_at)}{last}")
    elif not sent.withdrawn_at:
        notes.append("Not opened yet")
    if sent.answered_at:
        notes.append(f"Answered “{sent.get_answer_display()}” {clock.stamp(sent.answered_at)}")
    if sent.answer_line:
        notes.append(f"Wrote back: {sent.answer_line}")
    return Entry(
        kind="guidance",
        at=sent.sent_at,
        day=clock.day(sent.sent_at),
        time=clock.time(sent.sent_at),
        title=f"Shared “{sent.title}”",
        who=f"{sent.sent_by.name} to {partner.name}",
        badge=sent.get_answer_display() if sent.answer else "",
        facts=(("Card", f"{sent.card}, version {sent.card_version}"),),
        notes=tuple(notes),
        withdraw_id=None if sent.withdrawn_at else sent.pk,
    )


def _note(note: SessionNote, clock: Clock) -> Entry:
    words = (
        f"Signed {clock.stamp(note.signed_at)}"
        if note.signed_at
        else f"Draft, last saved {clock.stamp(note.changed_at)}"
    )
    return Entry(
        kind="note", at=note.started_at, day=clock.day(note.started_at), time=clock.time(note.started_at),
        title=note.get_kind_display(), who=note.author.name, href=reverse("desk:note", args=[note.pk]),
        badge="" if note.signed_at else "Draft", notes=(words,),
    )  # fmt: skip


def _chart(
    case: Case, reporter: Partner, state: maths.State, held: CaseSummary, points: list[Point], every: list[Flag],
    notes: list[SessionNote], sent: list[SentGuidance], windows: list[SteadyWindow], clock: Clock, start: datetime,
) -> Any:  # fmt: skip
    def reading(point: Point, index: str, value: float | None) -> chart.Reading:
        level = point.levels.get(index) if value is not None else None
        return chart.Reading(point.at, value, level[0] if level else None, level[1] if level else None)

    other = reporter.other_name
    good = {key: _lower_first(str(words).replace("{P}", other)) for key, words in instrument.CHIPS["c8g"]}
    acts = []
    frightened = _is_held(held, clock, reporter.side)
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
            Flag.objects.filter(partner=reporter, head__isnull=True, opened_at__gte=start)
            .only("case_id", "rule", "opened_at")
            .order_by("opened_at")
        )
    else:
        own = [f for f in every if f.partner_id == reporter.pk and f.head_id is None]
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


# Flag


@dataclass(frozen=True, slots=True)
class HistoryLine:
    when: str
    words: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FlagPage:
    case_id: UUID
    names: str
    card: FlagCard
    trigger: str
    literature: str
    lifecycle: str
    history: tuple[HistoryLine, ...]
    text: str


def flag(case: Case, flag_id: UUID, user: User, now: datetime) -> FlagPage:
    clock = Clock(user, now)
    every = list(Flag.objects.filter(case=case).select_related("acknowledged_by", "closed_by", "partner"))
    row = next((f for f in every if f.pk == flag_id), None)
    if row is None:
        raise Http404
    rule = CATALOGUE[row.rule]
    lines = []
    for event in row.events.select_related("by").order_by("at", "id"):
        by = f" by {event.by.name}" if event.by else ""
        why = f": {flags.REASONS[event.reason]}" if event.reason in flags.REASONS else ""
        sentence = json.loads(event.card)["sentence"] if event.card else ""
        lines.append(HistoryLine(clock.stamp(event.at), f"{event.get_kind_display()}{by}{why}", sentence))
    names = CaseSummary.objects.values_list("names", flat=True).get(case=case)
    return FlagPage(
        case.pk, names, _flag_card(row, row.partner, every, clock), rule.trigger, rule.literature, rule.lifecycle,
        tuple(lines), "",
    )  # fmt: skip


# Note


@dataclass(frozen=True, slots=True)
class Suggestion:
    id: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Shareable:
    card: str
    title: str
    to: str
    side: str
    refusal: str
    sent: str


@dataclass(frozen=True, slots=True)
class NotePage:
    id: UUID
    case_id: UUID
    names: str
    author: str
    started: str
    saved: str
    signed: str
    can_edit: bool
    version: int
    body: str
    html: SafeString
    flag: FlagCard | None
    suggestions: tuple[Suggestion, ...]
    every_card: tuple[tuple[str, str], ...]
    shareable: tuple[Shareable, ...]
    addenda: tuple[tuple[str, str, SafeString], ...]


def note(case: Case, note_id: UUID, user: User, now: datetime) -> NotePage:
    clock = Clock(user, now)
    row = SessionNote.objects.select_related("author", "signed_by", "flag", "flag__partner").get(pk=note_id, case=case)
    every = list(Flag.objects.filter(case=case).select_related("acknowledged_by", "closed_by"))
    card = _flag_card(row.flag, row.flag.partner, every, clock) if row.flag else None
    suggestions = tuple(Suggestion(g.id, g.title, f"mapped to: {card.name}") for g in card.guidance) if card else ()
    inserted = list(dict.fromkeys(row.insertions.order_by("at", "id").values_list("card", flat=True)))
    partners = list(
        Partner.objects.select_related("case", "practice").filter(case=case, user__isnull=False).order_by("side")
    )
    sent = list(SentGuidance.objects.filter(case=case, note=note_id, withdrawn_at__isnull=True))
    shareable = []
    clearances = {p.pk: guidance.clear(p, now) for p in partners}
    for card_id in inserted:
        held = library.card(card_id)
        for partner in partners if held and not held.desk_only else ():
            done = next((s for s in sent if s.card == card_id and s.partner_id == partner.pk), None)
            assert held is not None
            shareable.append(
                Shareable(
                    card_id, held.title, partner.name, partner.side,
                    "" if done else guidance.why_not(clearances[partner.pk], held.family),
                    f"Shared {clock.stamp(done.sent_at)}" if done else "",
                )
            )  # fmt: skip
    return NotePage(
        id=row.pk,
        case_id=case.pk,
        names=CaseSummary.objects.values_list("names", flat=True).get(case=case),
        author=row.author.name,
        started=clock.stamp(row.started_at),
        saved=clock.time(row.changed_at),
        signed=f"Signed by {row.signed_by.name}, {clock.stamp(row.signed_at)}"
        if row.signed_by and row.signed_at
        else "",
        can_edit=row.state == SessionNote.State.DRAFT and row.author_id == user.pk,
        version=row.version,
        body=row.body,
        html=markdown(row.body),
        flag=card,
        suggestions=suggestions,
        every_card=tuple((c.id, c.title) for c in library.cards().values()),
        shareable=tuple(shareable),
        addenda=tuple(
            (a.by.name, clock.stamp(a.at), markdown(a.body))
            for a in row.addenda.select_related("by").order_by("at", "id")
        ),
    )


@dataclass(frozen=True, slots=True)
class SharePage:
    note_id: UUID
    case_id: UUID
    card: str
    to: str
    title: str
    body: SafeString
    source: str
    refusal: str
    held: bool


def side_of(case: Case, side: str) -> Partner:
    """The partner on `side`, or the only one with an account."""
    partners = list(
        Partner.objects.select_related("case", "user", "practice")
        .filter(case=case, user__isnull=False)
        .order_by("side")
    )
    found = next((p for p in partners if p.side == side), partners[0] if len(partners) == 1 and not side else None)
    if found is None:
        raise Http404
    return found


def share(case: Case, note_id: UUID, card_id: str, side: str, now: datetime) -> SharePage:
    """Exactly what the client will see."""
    card = library.card(card_id)
    if card is None:
        raise Http404
    partner = side_of(case, side)
    text = library.for_client(card, partner.other_name)
    return SharePage(
        note_id, case.pk, card_id, partner.name, text.title, markdown(text.body), text.source,
        guidance.why_not(guidance.clear(partner, now), card.family),
        not card.desk_only and notes.holds(SessionNote.objects.get(pk=note_id, case=case).body, card_id),
    )  # fmt: skip


# Trail


@dataclass(frozen=True, slots=True)
class TrailLine:
    seq: int
    when: str
    who: str
    act: str
    case: str
    href: str
    detail: str


@dataclass(frozen=True, slots=True)
class TrailPage:
    lines: tuple[TrailLine, ...]
    older: int
    zone: str
    names: str
    case_id: str


ACTS = {
    "practice.opened": "opened the practice",
    "account.enrolled": "enrolled an account",
    "case.opened": "opened the case",
    "case.paused": "paused the case",
    "consent.given": "gave consent",
    "consent.refused": "refused or withdrew consent",
    "screening.recorded": "recorded a screening",
    "checkin.sent": "sent a check-in",
    "checkin.read": "marked a check-in as read",
    "checkin.danger_told": "answered who and whether safe",
    "flag.acknowledged": "marked a flag as seen",
    "flag.resolved": "resolved a flag",
    "flag.reopened": "reopened a flag",
    "reading.not_accurate": "called a reading not accurate",
    "reading.confirmed": "confirmed a reading",
    "reading.renewed": "read texts again with a newer version",
    "note.started": "started a note",
    "note.saved": "saved a note",
    "note.signed": "signed a note",
    "note.added_to": "added to a signed note",
    "guidance.inserted": "inserted guidance into a note",
    "guidance.sent": "shared guidance",
    "guidance.withdrawn": "withdrew shared guidance",
    "guidance.opened": "opened guidance",
    "guidance.answered": "answered guidance",
    "viewed": "looked at the case",
}
TRAIL_LENGTH = 100


def trail(user: User, now: datetime, page: int = 1, case_id: str = "") -> TrailPage:
    """Who did what and when: a counselor's own cases; the practice lead also sees what belongs to no case."""
    clock = Clock(user, now)
    cases = {c.pk: c.summary.names for c in access.visible_cases(user, now).select_related("summary")}
    events = AuditEvent.objects.select_related("by").filter(practice_id=user.practice_id)
    chosen = next((pk for pk in cases if str(pk) == case_id), None)
    if chosen:
        events = events.filter(case_id=chosen)
    elif user.role != "owner":
        events = events.filter(case_id__in=list(cases))
    else:
        events = events.filter(case_id__in=list(cases)) | events.filter(case__isnull=True)
    first = (page - 1) * TRAIL_LENGTH
    rows = list(events.order_by("-at", "-seq")[first : first + TRAIL_LENGTH + 1])
    lines = tuple(
        TrailLine(
            seq=e.seq,
            when=clock.stamp(e.at),
            who=e.by.name if e.by else "The site",
            act=ACTS.get(e.act, e.act),
            case=cases.get(e.case_id, "") if e.case_id else "",
            href=f"/desk/cases/{e.case_id}/" if e.case_id else "",
            detail=", ".join(
                f"{k} {v}"
                for k, v in e.detail.items()
                if k in {"rule", "reason", "card", "version", "answer", "result", "kind", "role"} and v
            ).replace("_", " "),
        )
        for e in rows[:TRAIL_LENGTH]
    )
    older = page + 1 if len(rows) > TRAIL_LENGTH else 0
    return TrailPage(
        lines, older, user.zone.replace("_", " "), cases.get(chosen, "") if chosen else "", case_id if chosen else ""
    )
