"""What each room of the desk shows: every read query, returned as frozen values; templates ask the database nothing."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404
from django.urls import reverse
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clients import access, flags, guidance, history, instrument, notices, readings, summary
from clients.markup import family, mark_words, markdown, sparkline
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
from clients.rules import CATALOGUE
from clients.rules.record import CHIP_WORDS, LANES

from . import chart, library, notes
from .models import SessionNote

# group -> the state whose shape and colour it carries (templates/_mark.html)
STATE_OF_GROUP = {"needs_you": "needs", "watch": "watch", "gone_quiet": "quiet", "steady": "steady"}
STATE_OF_SEVERITY = {1: "info", 2: "watch", 3: "needs", 4: "urgent"}
CHANGE_THAT_COUNTS = 8.0  # points of level; less is "about the same"
STREAM_LENGTH = 40


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

    def due(self, at: datetime) -> str:
        if at <= self.now:
            return f"since {self.stamp(at)}"
        days = (at.astimezone(self.zone).date() - self.today).days
        return f"today {self.time(at)}" if days == 0 else f"tomorrow {self.time(at)}" if days == 1 else self.day(at)


# Today


@dataclass(frozen=True, slots=True)
class Row:
    href: str
    names: str
    state: str
    reason: str
    spark: SafeString
    change: str
    change_than: str
    last: str
    due: str
    to_read: str
    late: bool


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    word: str
    state: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Today:
    stuck: int
    day: str
    groups: tuple[Group, ...]
    cases: int
    query: str


def today(user: User, now: datetime, query: str = "") -> Today:
    """All open cases of one counselor in the four groups; one query, whatever their number."""
    clock = Clock(user, now)
    rows: dict[str, list[tuple[Any, Row]]] = {key: [] for key in summary.GROUPS}
    cases = access.visible_cases(user, now).select_related("summary")
    shown = [case for case in cases if query.lower() in case.summary.names.lower()]
    for case in shown:
        held = case.summary
        promised_now = bool(held.unread and held.read_by_on and held.read_by_on <= clock.today)
        standing = summary.group(
            held, at=now, today_overdue=promised_now, paused=case.paused_at is not None,
            screening_overdue=bool(held.screening_due and held.screening_due <= clock.today),
        )  # fmt: skip
        rows[standing.group].append((_order(held), _row(case, held, standing, clock)))
    groups = tuple(
        Group(
            key,
            word,
            STATE_OF_GROUP[key],
            tuple(row for _, row in sorted(rows[key], key=lambda pair: pair[0])),
        )
        for key, word in summary.GROUPS.items()
    )
    return Today(
        notices.count_stuck(user.practice_id), formats.date_format(clock.today, "l, j F"), groups, len(shown), query
    )


def _order(held: CaseSummary) -> tuple[Any, ...]:
    return (-held.safety_open, -held.urgent_unseen, -held.watch_open, held.names)


def _row(case: Case, held: CaseSummary, standing: summary.Standing, clock: Clock) -> Row:
    change, than = _change(held, clock)
    check_in, staff = held.last_check_in_at, held.last_staff_at
    if check_in and (staff is None or check_in >= staff):
        last = f"Check-in, {clock.ago(check_in)}"
    else:
        last = f"You, {clock.ago(staff)}" if staff else "Nothing yet"
    return Row(
        href=f"/desk/cases/{case.pk}/",
        names=held.names,
        state=STATE_OF_GROUP[standing.group],
        reason=standing.reason,
        spark=SafeString("")
        if change == "Held, safety first"
        else sparkline(held.spark, f"Own conduct: {change} {than}"),
        change=change,
        change_than=than,
        last=last,
        due=clock.due(held.due_at) if held.due_at else "",
        to_read=f"{held.unread} to read by {formats.date_format(held.read_by_on, 'D j M')}"
        if held.unread and held.read_by_on
        else "",
        late=standing.due,
    )


def _change(held: CaseSummary, clock: Clock) -> tuple[str, str]:
    """The client's own conduct against 28 days before, in words (decisions 35, 36)."""
    if held.held_until and held.held_until > clock.now:
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
class CasePage:
    id: UUID
    names: str
    phase: str
    since: str
    sides: tuple[Side, ...]
    window: str
    unread: tuple[UUID, ...]
    flags: tuple[FlagCard, ...]
    closed_flags: tuple[FlagCard, ...]
    stream: tuple[Entry, ...]
    earlier: int
    chart: Any
    reporter: str
    others: tuple[tuple[str, str], ...]
    safety_open: bool
    labels: tuple[tuple[str, str], ...] = field(default=())
    recomputed: str = ""
    held: bool = False


FAMILY_WORDS = {
    "asking": "asking",
    "chasing": "chasing",
    "controlling": "controlling",
    "good": "own good conduct",
    "partner": "from the partner",
    "safety": "safety",
}


def case(case: Case, user: User, now: datetime, side: str = "") -> CasePage:
    clock = Clock(user, now)
    partners = list(Partner.objects.filter(case=case).order_by("side"))
    reporting = [p for p in partners if p.user_id]
    reporter = next((p for p in reporting if p.side == side), reporting[0] if reporting else partners[0])
    by_id = {p.pk: p for p in partners}
    screenings = _screenings(partners)
    rows = list(CheckIn.objects.select_related("reading", "read_by").filter(case=case).order_by("-at", "-id"))
    every_flag = list(
        Flag.objects.filter(case=case)
        .order_by("-severity", "-opened_at", "id")
        .select_related("acknowledged_by", "closed_by")
    )
    sent = list(SentGuidance.objects.select_related("sent_by").filter(case=case).order_by("-sent_at", "-id"))
    notes = list(
        SessionNote.objects.select_related("author")
        .filter(case=case)
        .exclude(state="draft", author__in=_others(user))
        .order_by("-started_at", "-id")
    )
    windows = list(SteadyWindow.objects.filter(case=case).order_by("opened_at"))
    consents = _text_consents(partners)
    renewed, said = _renewed(case), _said(case, clock)
    held = CaseSummary.objects.get(case=case)
    cards = [_flag_card(f, by_id[f.partner_id], every_flag, clock) for f in every_flag]
    live = [c for c, f in zip(cards, every_flag, strict=True) if f.state in flags.LIVE and f.head_id is None]
    closed = [c for c, f in zip(cards, every_flag, strict=True) if f.state not in flags.LIVE]
    open_window = next((w for w in reversed(windows) if not w.ended_at and w.opened_at <= now < w.ends_at), None)
    stream = sorted(
        [
            *(_check_in(r, by_id[r.partner_id], clock, renewed.get(r.pk, ()), said) for r in _to_show(rows)),
            *(_sent(s, by_id[s.partner_id], clock) for s in sent[:STREAM_LENGTH]),
            *(_note(n, clock) for n in notes[:STREAM_LENGTH]),
        ],
        key=lambda e: e.at,
        reverse=True,
    )
    own_rows = [r for r in reversed(rows) if r.partner_id == reporter.pk]
    return CasePage(
        id=case.pk,
        names=" and ".join(p.name for p in partners),
        phase=case.get_phase_display(),
        since=clock.day(case.opened_at),
        sides=tuple(_side(p, screenings.get(p.pk), consents, clock) for p in partners),
        window=clock.day(open_window.ends_at) if open_window else "",
        unread=tuple(r.pk for r in rows if r.read_at is None),
        flags=tuple(live),
        closed_flags=tuple(closed),
        stream=tuple(stream),
        earlier=len(rows) - len(_to_show(rows)),
        chart=_chart(case, reporter, own_rows, every_flag, notes, sent, windows, clock, now),
        reporter=reporter.name,
        others=tuple((p.side, p.name) for p in reporting if p.pk != reporter.pk),
        safety_open=any(f.safety and f.state in flags.LIVE for f in every_flag),
        labels=tuple(FAMILY_WORDS.items()),
        held=_is_held(own_rows, reporter),
        recomputed=f"Recomputed on {clock.stamp(held.recomputed_at)}: {held.recomputed_why}."
        if held.recomputed_at
        else "",
    )


def _to_show(rows: list[CheckIn]) -> list[CheckIn]:
    """The newest of each side, and whatever is unread: nobody's flood hides another's words."""
    shown: dict[UUID, int] = {}
    found = []
    for row in rows:
        shown[row.partner_id] = shown.get(row.partner_id, 0) + 1
        if row.read_at is None or shown[row.partner_id] <= STREAM_LENGTH:
            found.append(row)
    return found


def _others(user: User) -> Any:
    """Drafts are their authors' own."""
    return User.objects.filter(practice_id=user.practice_id).exclude(pk=user.pk)


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
    closed = ""
    if flag.closed_at:
        by = f" by {flag.closed_by.name}" if flag.closed_by else ""
        closed = f"{flag.get_state_display()}{by} on {clock.stamp(flag.closed_at)}: {flags.REASONS.get(flag.close_reason, 'no sign of it any more')}"
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
        closed=closed,
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


def _renewed(case: Case) -> dict[UUID, tuple[Reading, ...]]:
    """Check-ins that were read more than once, with their readings, oldest first."""
    every: dict[UUID, list[Reading]] = {}
    for row in Reading.objects.filter(checkin__case=case).order_by("at", "id"):
        every.setdefault(row.checkin_id, []).append(row)
    return {pk: tuple(found) for pk, found in every.items() if len(found) > 1}


def _said(case: Case, clock: Clock) -> dict[tuple[UUID, str, int], str]:
    """Who called which finding what: (check-in, label, start) -> words, the newest last."""
    rows = Correction.objects.select_related("by").filter(case=case).order_by("at", "id")
    return {
        (c.checkin_id, c.label, c.start): f"{c.get_verdict_display()}: {c.by.name}, {clock.stamp(c.at)}"
        + (f" ({c.reason})" if c.reason else "")
        for c in rows
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
    case: Case, reporter: Partner, rows: list[CheckIn], every: list[Flag], notes: list[SessionNote],
    sent: list[SentGuidance], windows: list[SteadyWindow], clock: Clock, now: datetime,
) -> Any:  # fmt: skip
    def reading(row: CheckIn, index: str) -> chart.Reading:
        value = getattr(row, index)
        level = row.levels.get(index) if value is not None else None
        return chart.Reading(row.at, value, level[0] if level else None, level[1] if level else None)

    acts = []
    held = _is_held(rows, reporter)
    for row in rows if not held else ():
        entry = history.entry(row)
        for act in entry.acts():
            words = act.label.replace("_", " ") if act.source == "text" else ""
            acts.append(
                chart.Act(
                    row.at,
                    LANES[act.label],
                    _act_words(act.label, reporter.other_name) + (" (read in the words)" if words else ""),
                )
            )
        for chip in sorted(entry.chips("c8g") - {"none"}):
            acts.append(
                chart.Act(
                    row.at,
                    "good",
                    _lower_first(str(dict(instrument.CHIPS["c8g"])[chip]).replace("{P}", reporter.other_name)),
                )
            )
    own = [
        (f, json.loads(f.card), reverse("desk:flag", args=[case.pk, f.pk]))
        for f in every
        if f.partner_id == reporter.pk
    ]
    marks = [
        *(
            chart.Mark(f.opened_at, "flag", card["name"], href)
            for f, card, href in own
            if f.head_id is None and f.rule != "O01"
        ),
        *(chart.Mark(_onset(card, f), "shift", card["sentence"], href) for f, card, href in own if f.rule == "O01"),
        *(chart.Mark(n.started_at, "note", n.get_kind_display(), reverse("desk:note", args=[n.pk])) for n in notes),
        *(chart.Mark(s.sent_at, "sent", s.title) for s in sent if s.partner_id == reporter.pk),
    ]
    return _draw(
        chart.Course(
            start=rows[0].at if rows else case.opened_at,
            end=now,
            partner=tuple(reading(r, "w") for r in rows),
            client=() if held else tuple(reading(r, "cpi") for r in rows),
            acts=tuple(acts),
            windows=tuple(
                chart.Window(w.opened_at, w.ended_at or w.ends_at) for w in windows if w.partner_id == reporter.pk
            ),
            marks=tuple(marks),
            client_name=reporter.name,
            partner_name=reporter.other_name,
            zone=str(clock.zone),
        )
    )


def _is_held(rows: list[CheckIn], reporter: Partner) -> bool:
    """A frightened reporter's own conduct is neither judged nor drawn (decisions 3)."""
    recent = rows[-history.LOOK_BACK_ROWS :]
    return bool(recent) and history.build(reporter, recent, (), 0, reporter.name).frightened


@dataclass(frozen=True, slots=True)
class ChartView:
    """Both geometries, the words and the table of one chart."""

    wide: chart.Chart
    narrow: chart.Chart
    words: str
    rows: tuple[Any, ...]


def _draw(course: chart.Course) -> ChartView:
    return ChartView(chart.draw(course, 860), chart.draw(course, 360), chart.describe(course), chart.table(course))


def _onset(card: dict[str, Any], flag: Flag) -> datetime:
    """Where the warmer phase begins: its first piece of evidence, not the day it was noticed."""
    return datetime.fromisoformat(card["evidence"][0]["at"]) if card["evidence"] else flag.opened_at


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
