"""The case: what its address asks for, and everything on its page."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection
from django.db.models import F, Q
from django.urls import reverse
from django.utils import formats

from clients import care, course, history
from clients.models import (
    AuditEvent,
    Case,
    CaseSummary,
    CheckIn,
    Consent,
    Flag,
    Partner,
    Screening,
    SentGuidance,
    SteadyWindow,
    User,
)
from clients.progress import course as maths

from .. import course as standings
from ..models import PrivateNote, SessionNote
from .care import brief, keeps_away
from .clock import Clock, is_held
from .flags import FlagCard, FlagsOfCase, Window, flags_of, window_of
from .progress import FLAGS_SHOWN, draw_course, points_of, standing_of
from .stream import Entry, check_in_entry, counselors_words, note_entry, private_entry, read_again, sent_entry

STREAM_LENGTH = 10


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
class CasePage:
    id: UUID
    names: str
    phase: str
    since: str
    sides: tuple[Side, ...]
    window: Window | None
    unread: tuple[UUID, ...]
    flags: tuple[FlagCard, ...]
    every_flag: FlagsOfCase
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
    arranged: tuple[str, ...] = ()
    litigation: tuple[str, ...] = ()
    away: tuple[str, ...] = ()  # who is not to contact whom at present
    concern: tuple[str, ...] = ()  # whose last screening named a concern


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
    guidance opened once more its time. That somebody looked changes nothing on the page."""
    summaries, trail, sent = (
        connection.ops.quote_name(m._meta.db_table) for m in (CaseSummary, AuditEvent, SentGuidance)
    )
    pk = AuditEvent._meta.get_field("case").get_db_prep_value(case.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT stamp, (SELECT seq FROM {trail} WHERE case_id = %s AND act <> 'viewed' "  # noqa: S608 - own table names
            f"ORDER BY seq DESC LIMIT 1), (SELECT max(last_opened_at) FROM {sent} WHERE case_id = %s) FROM {summaries} WHERE case_id = %s",
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
        .select_related("acknowledged_by", "closed_by", "owner", "second_look_by")
        .order_by(F("closed_at").desc(nulls_first=True), "-severity", "-opened_at", "id")[:FLAGS_SHOWN]
    )
    since = None if choice.range == "all" else start
    sent = _newest(
        SentGuidance.objects.select_related("sent_by").filter(case=case).defer("body", "line"), "sent_at", few, since
    )
    notes = _newest(
        SessionNote.objects.select_related("author")
        .filter(case=case)
        .filter(Q(state="signed") | Q(author=user))
        .defer("body", "details"),
        "started_at",
        few,
        since,
    )
    private = PrivateNote.objects.filter(case=case, author=user).defer("body").order_by("-started_at")[: choice.shown]
    rows, earlier = _to_show(case, reporting, choice)
    windows = list(SteadyWindow.objects.select_related("ended_by").filter(case=case).order_by("opened_at"))
    consents = _text_consents(partners)
    renewed = read_again(rows)
    said = counselors_words(rows, clock)
    of_case = flags_of(case, every_flag, by_id, clock, held)
    stream = sorted(
        [
            *(check_in_entry(r, by_id[r.partner_id], clock, renewed.get(r.pk, ()), said) for r in rows),
            *(sent_entry(s, by_id[s.partner_id], clock) for s in sent[: choice.shown]),
            *(note_entry(n, clock) for n in notes[: choice.shown]),
            *(private_entry(n, user, clock) for n in private),
        ],
        key=lambda e: e.at,
        reverse=True,
    )
    points = points_of(reporter, start) if held.course or held.check_ins else []
    anchors = {history.day_of(e.at): f"#e-{e.id}" for e in stream if e.kind == "checkin"}
    return CasePage(
        id=case.pk,
        names=" and ".join(p.name for p in partners),
        phase=case.get_phase_display(),
        since=clock.day(case.opened_at),
        sides=tuple(_side(p, screenings.get(p.pk), consents, clock) for p in partners),
        window=window_of(windows, clock),
        unread=tuple(r.pk for r in rows if r.read_at is None),
        flags=of_case.cards,
        every_flag=of_case,
        stream=tuple(stream),
        more=choice.address(case, shown=choice.shown + 20)
        if earlier or len(sent) > choice.shown or len(notes) > choice.shown
        else "",
        chart=draw_course(case, reporter, state, held, points, every_flag, notes, sent, windows, clock, start),
        ranges=tuple(
            Range(key, word, choice.address(case, range=key), key == choice.range) for key, (word, _) in RANGES.items()
        ),
        standing=standing_of(case, reporter, state, held, points, every_flag, clock, anchors),
        reporter=reporter.name,
        others=tuple((p.side, p.name) for p in reporting if p.pk != reporter.pk),
        reports=tuple((choice.address(case, side=p.side), p.name) for p in reporting if p.pk != reporter.pk),
        safety_open=held.safety_open > 0,
        labels=tuple(FAMILY_WORDS.items()),
        held=is_held(held, clock, reporter.side),
        arranged=brief(case, held, partners, rows, clock),
        litigation=tuple(care.LITIGATION[kind] for kind in case.litigation),
        away=keeps_away(held, partners, clock),
        concern=tuple(p.name for p in partners if _concern(screenings.get(p.pk))),
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


def _screenings(partners: Iterable[Partner]) -> dict[UUID, Screening]:
    rows = Screening.objects.filter(partner__in=list(partners)).order_by("at", "id")
    return {row.partner_id: row for row in rows}


def _concern(screening: Screening | None) -> bool:
    return screening is not None and screening.result != Screening.Result.CLEAR


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
