"""What the practice lead sees and sets: hours, channels and their test, the rota, help numbers, the team; and cover."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import formats

from clients import duty, team
from clients.models import Assignment, AuditEvent, Case, Duty, Notice, PracticeHours, Resource, Role, User

from .clock import Clock

ROTA_DAYS = 14
CLOSED_COVER_SHOWN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TestLine:
    """Whether a person, or the pager, could be reached by the last test."""

    name: str
    sent: str
    arrived: str


@dataclass(frozen=True, slots=True)
class PracticePage:
    name: str
    zone: str
    hours: str
    day_values: dict[str, str]
    channel_values: dict[str, str]
    checklist_values: dict[str, str]
    tests: tuple[TestLine, ...]


def practice(user: User, now: datetime) -> PracticePage:
    clock, place = Clock(user, now), user.practice
    days: dict[str, list[str]] = {}
    for row in PracticeHours.objects.filter(practice=place).order_by("weekday", "opens"):
        shown = f"{formats.time_format(row.opens, 'G:i')}-{formats.time_format(row.closes, 'G:i')}"
        days.setdefault(f"day_{row.weekday}", []).append(shown)
    return PracticePage(
        name=place.name,
        zone=place.zone.replace("_", " "),
        hours=duty.week_of(place).words(),
        day_values={day: ", ".join(parts) for day, parts in days.items()},
        channel_values={"after_hours": place.after_hours, "pager_url": place.pager_url},
        checklist_values=duty.CHECKLISTS | place.checklists,
        tests=_tests(place, clock),
    )


def _tests(place: Any, clock: Clock) -> tuple[TestLine, ...]:
    since = clock.now - timedelta(days=60)
    newest: dict[Any, Notice] = {}
    rows = Notice.objects.select_related("to").filter(
        practice=place, kind__in=["test", "pagertest"], created_at__gt=since
    )
    for row in rows.order_by("created_at", "id"):
        newest["pager" if row.kind == "pagertest" else row.to_id] = row
    said = dict(
        AuditEvent.objects.filter(practice=place, act="alert.arrived", at__gt=since)
        .order_by("at")
        .values_list("by", "at")
    )
    lines = []
    for key, row in newest.items():
        if row.sent_at:
            sent = f"Sent {clock.stamp(row.sent_at)}"
        else:
            sent = f"Does not go out ({row.error})" if row.error else "Waits to be sent"
        if key == "pager":
            lines.append(TestLine("Pager", sent, "It answered" if row.sent_at else ""))
        else:
            at = said.get(key)
            arrived = f"{row.to.name} said so, {clock.stamp(at)}" if at and row.sent_at and at >= row.sent_at else ""
            lines.append(TestLine(row.to.name, sent, arrived or "Not said yet"))
    return tuple(sorted(lines, key=lambda line: (line.name == "Pager", line.name)))


@dataclass(frozen=True, slots=True)
class HalfDay:
    field: str
    word: str
    chosen: str


@dataclass(frozen=True, slots=True)
class RotaDay:
    word: str
    halves: tuple[HalfDay, ...]


@dataclass(frozen=True, slots=True)
class RotaPage:
    days: tuple[RotaDay, ...]
    people: tuple[tuple[str, str], ...]
    start: str
    before: str
    after: str
    on_duty: str


def people_of(user: User) -> tuple[tuple[str, str], ...]:
    """Who works here, as choices."""
    return tuple((str(pk), name) for pk, name in team.staff(user.practice_id).values_list("pk", "name"))


def rota(user: User, now: datetime, asked: str, chosen: Mapping[str, str] | None = None) -> RotaPage:
    """Fourteen days from the one asked for, or from today; `chosen` is what was just picked in the form."""
    today = now.astimezone(duty.week_of(user.practice).zone).date()
    start = _rota_start(asked, today)
    days = [start + timedelta(days=n) for n in range(ROTA_DAYS)]
    held = {(d.day, d.half): str(d.user_id) for d in Duty.objects.filter(practice=user.practice, day__in=days)}
    found = duty.on_duty(user.practice, now)
    return RotaPage(
        tuple(
            RotaDay(
                formats.date_format(day, "l, j F"),
                tuple(
                    _half_day(day, half, word, held, chosen)
                    for half, word in (("am", "until noon"), ("pm", "from noon"))
                ),
            )
            for day in days
        ),
        people_of(user),
        start.isoformat(),
        (start - timedelta(days=ROTA_DAYS)).isoformat(),
        (start + timedelta(days=ROTA_DAYS)).isoformat(),
        found.name if found else "",
    )


def _half_day(
    day: date, half: str, word: str, held: Mapping[tuple[date, str], str], chosen: Mapping[str, str] | None
) -> HalfDay:
    field = f"{day.isoformat()}_{half}"
    return HalfDay(field, word, (chosen or {}).get(field, held.get((day, half), "")))


def half_day_of(field: str) -> tuple[date, str]:
    """The half-day that a field of the rota names."""
    day, _, half = field.partition("_")
    return date.fromisoformat(day), half


def _rota_start(asked: str, today: date) -> date:
    try:
        start = date.fromisoformat(asked)
    except ValueError:
        return today
    return start if abs((start - today).days) < 400 else today


@dataclass(frozen=True, slots=True)
class NumberLine:
    id: UUID
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NumbersPage:
    groups: tuple[tuple[str, tuple[NumberLine, ...]], ...]  # language, its numbers


def numbers(user: User) -> NumbersPage:
    rows = list(Resource.objects.filter(practice=user.practice).order_by("locale", "position", "id"))
    words = dict(settings.LANGUAGES)
    groups = []
    for locale in dict.fromkeys([*words, *(row.locale for row in rows)]):
        lines = tuple(
            NumberLine(
                row.pk,
                {
                    "kind": row.kind,
                    "label": row.label,
                    "phone": row.phone,
                    "about": row.about,
                    "position": row.position,
                },
            )
            for row in rows
            if row.locale == locale
        )
        groups.append((words.get(locale, locale), lines))
    return NumbersPage(tuple(groups))


@dataclass(frozen=True, slots=True)
class PersonLine:
    id: UUID
    name: str
    email: str
    role: str
    cases: int
    supervisor: str
    supervisor_id: str
    active: bool
    me: bool
    in_session: str
    stands_in: tuple[str, ...]  # cover that would end with the account


@dataclass(frozen=True, slots=True)
class CoverLine:
    id: UUID
    user_id: UUID
    who: str
    case: str
    days: str


@dataclass(frozen=True, slots=True)
class TeamPage:
    people: tuple[PersonLine, ...]
    choices: tuple[tuple[str, str], ...]
    cases: tuple[tuple[str, str], ...]
    unheld: int
    cover: tuple[CoverLine, ...]
    zone: str


def _label(case_id: UUID, opened: datetime, clock: Clock, holder: str) -> str:
    """The lead hands cases on without being told whose they are (decisions 49)."""
    return f"{holder}: case …{str(case_id)[-4:]}, opened {clock.day(opened)}"


def team_page(user: User, now: datetime) -> TeamPage:
    clock = Clock(user, now)
    running = Assignment.objects.filter(
        practice=user.practice, role=Assignment.As.PRIMARY, since__lte=now, case__closed_at__isnull=True
    )
    held: dict[UUID, tuple[UUID, str]] = {}
    counts: dict[UUID, int] = {}
    for case_id, user_id, name, until in running.values_list("case_id", "user_id", "user__name", "until"):
        if until is None or until > now:
            held[case_id] = (user_id, name)
            counts[user_id] = counts.get(user_id, 0) + 1
    open_cases = Case.objects.filter(practice=user.practice, closed_at__isnull=True).order_by("opened_at", "id")
    rows = [(pk, opened, held.get(pk)) for pk, opened in open_cases.values_list("pk", "opened_at")]
    people = User.objects.select_related("supervisor").filter(practice=user.practice).exclude(role=Role.CLIENT)
    cover = _cover_lines(
        Assignment.objects.filter(practice=user.practice), now, clock, {pk: _label(pk, o, clock, "") for pk, o, _h in rows}
    )  # fmt: skip
    return TeamPage(
        people=tuple(
            PersonLine(
                p.pk, p.name, p.email, p.get_role_display(), counts.get(p.pk, 0),
                p.supervisor.name if p.trainee and p.supervisor else "", str(p.supervisor_id or ""), p.is_active,
                p.pk == user.pk,
                clock.time(p.in_session_until) if p.in_session_until and p.in_session_until > now else "",
                tuple(f"{line.case} ({line.days})" for line in cover if line.user_id == p.pk),
            )
            for p in people.order_by("-is_active", "name", "id")
        ),
        choices=people_of(user),
        cases=tuple(
            (str(pk), _label(pk, opened, clock, holder[1] if holder else "Nobody"))
            for pk, opened, holder in sorted(rows, key=lambda row: (row[2][1] if row[2] else "", row[1]))
        ),
        unheld=sum(1 for _pk, _opened, holder in rows if holder is None),
        cover=cover,
        zone=user.practice.zone,
    )  # fmt: skip


def _cover_lines(rows: Any, now: datetime, clock: Clock, labels: dict[UUID, str]) -> tuple[CoverLine, ...]:
    running = rows.filter(role=Assignment.As.COVER, until__gt=now, case__in=labels).select_related("user")
    return tuple(
        CoverLine(
            row.pk, row.user_id, row.user.name, labels[row.case_id].removeprefix(": "),
            f"{clock.stamp(row.since)} until {clock.last(row.until)}",
        )
        for row in running.order_by("since", "id")
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CoverPage:
    people: tuple[tuple[str, str], ...]
    cases: tuple[tuple[str, str], ...]
    cover: tuple[CoverLine, ...]
    zone: str


def cover(user: User, now: datetime) -> CoverPage:
    """Who stands in for this counselor."""
    clock = Clock(user, now)
    mine = dict(team.held_by(user, now).order_by("summary__names").values_list("pk", "summary__names"))
    return CoverPage(
        people=tuple(choice for choice in people_of(user) if choice[0] != str(user.pk)),
        cases=tuple((str(pk), names) for pk, names in mine.items()),
        cover=_cover_lines(Assignment.objects.filter(practice=user.practice), now, clock, mine),
        zone=user.practice.zone,
    )
