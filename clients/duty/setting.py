"""What the practice lead arranges: hours, the rota, where a pager is told, the help numbers. Each change is in the trail."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise
from uuid import UUID

from django.db import transaction

from .. import audit, pager
from ..models import Duty, Practice, PracticeHours, Resource, Role, User

AFTER_HOURS = {"duty": "A duty person is alerted round the clock", "next_day": "It is read when the hours begin"}
NUMBER_KINDS = Resource.Kind.choices
MOST_NUMBERS = 40


class Refused(Exception):
    """A setting that cannot be; the text is for the lead, `field` what it stands beside."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Number:
    """A help number as it is typed in."""

    kind: str
    label: str
    phone: str
    about: str = ""
    position: int = 0


# The law differs from place to place, so these are only what a practice begins with; its lead puts in its own.
CHECKLISTS = {
    "S04": """Write down what was said, in the reporter's words, with date and time.
Is the child in danger now? Then the emergency number comes first.
Talk it over at once with the practice lead or the child protection adviser.
Does the law of this place ask for a report, to whom, and by when? Make it, and note who took it.
Tell the reporter what happens next, unless that would put the child at risk.""",
    "S05": """Speak with the reporter today: who, how, when, and with what at hand.
Is somebody in danger now? Then the emergency number comes first.
Talk it over at once with the practice lead or supervisor.
Does the law of this place ask to warn or to protect somebody? Note what was decided, and why.
Offer a help line for people who are afraid of what they might do.""",
    "S06": """Speak with the person who is afraid, alone, and ask what would be safe today.
A structured assessment of danger by somebody trained for it: who does it, and when?
Go through the safety plan: a place to go, a number, papers, money, the children.
Nothing of this reaches the other partner; no joint session until this is closed.
Tell the practice lead.""",
}
CHECKLIST_LIMIT = 3_000


def checklist(practice: Practice, rule: str) -> tuple[str, ...]:
    """The steps to go through with a flag of this rule, one each; none where there is no list."""
    words = practice.checklists.get(rule, CHECKLISTS.get(rule, ""))
    return tuple(line.strip() for line in words.splitlines() if line.strip())


@transaction.atomic
def set_checklists(*, practice: Practice, lists: Mapping[str, str], by: User, at: datetime) -> None:
    """An empty list brings back what a practice begins with."""
    for rule, words in lists.items():
        if len(words) > CHECKLIST_LIMIT:
            raise Refused(f"This is {len(words):,} characters long; {CHECKLIST_LIMIT:,} fit.", rule)
    kept = {rule: lists[rule] for rule in CHECKLISTS if lists.get(rule, "").strip()}
    locked = Practice.objects.select_for_update().get(pk=practice.pk)
    locked.checklists = practice.checklists = kept
    locked.save(update_fields=["checklists"])
    audit.record("practice.checklists_set", by=by, at=at, practice=practice.pk, subject=practice.pk)


def first_hours(practice: Practice, closes: time) -> None:
    """A new practice is staffed from Monday to Friday, from nine; its opening is the entry in the trail."""
    _write_hours(practice, [(day, time(9), closes) for day in range(5)])


@transaction.atomic
def set_hours(*, practice: Practice, stretches: Iterable[tuple[int, time, time]], by: User, at: datetime) -> None:
    """The whole week at once; `stretches` are (weekday, opens, closes)."""
    rows = sorted(set(stretches))
    for day, opens, closes in rows:
        if opens >= closes:
            raise Refused("The hours end before they begin.", f"day_{day}")
    for (day, _opens, closes), (next_day, next_opens, _closes) in pairwise(rows):
        if day == next_day and next_opens < closes:
            raise Refused("Two stretches of this day overlap.", f"day_{day}")
    Practice.objects.select_for_update().get(pk=practice.pk)
    PracticeHours.objects.filter(practice=practice).delete()
    _write_hours(practice, rows)
    week = [[day, opens.isoformat("minutes"), closes.isoformat("minutes")] for day, opens, closes in rows]
    audit.record("practice.hours_set", by=by, at=at, practice=practice.pk, subject=practice.pk, week=week)


def _write_hours(practice: Practice, rows: Iterable[tuple[int, time, time]]) -> None:
    PracticeHours.objects.bulk_create(
        PracticeHours(practice=practice, weekday=day, opens=opens, closes=closes) for day, opens, closes in rows
    )


@transaction.atomic
def set_channels(*, practice: Practice, after_hours: str, pager_url: str, by: User, at: datetime) -> None:
    """What happens outside staffed hours, and where a pager is told."""
    if after_hours not in AFTER_HOURS:
        raise Refused("Please say what happens outside staffed hours.", "after_hours")
    if pager_url:
        try:
            pager.check(pager_url)
        except pager.Unfit as unfit:
            raise Refused(str(unfit), "pager_url") from None
    Practice.objects.filter(pk=practice.pk).update(after_hours=after_hours, pager_url=pager_url)
    practice.after_hours, practice.pager_url = after_hours, pager_url
    audit.record(
        "practice.channels_set", by=by, at=at, practice=practice.pk, subject=practice.pk, after_hours=after_hours,
        pager=bool(pager_url),
    )  # fmt: skip


@transaction.atomic
def set_duty(*, practice: Practice, plan: Mapping[tuple[date, str], UUID | None], by: User, at: datetime) -> int:
    """Who is on duty on these half-days; None takes the half-day off the rota. Returns how many changed."""
    staff = set(
        User.objects.filter(practice=practice, is_active=True).exclude(role=Role.CLIENT).values_list("pk", flat=True)
    )
    Practice.objects.select_for_update().get(pk=practice.pk)
    days = {day for day, _half in plan}
    held = {(row.day, row.half): row for row in Duty.objects.filter(practice=practice, day__in=days)}
    changed = 0
    for (day, half), user_id in plan.items():
        row = held.get((day, half))
        if half not in Duty.Half.values or (user_id is not None and user_id not in staff):
            raise Refused("Only somebody of this practice who can sign in can be on duty.", f"{day}_{half}")
        if (row.user_id if row else None) == user_id:
            continue
        if row is not None:
            row.delete()
        if user_id is not None:
            Duty.objects.create(practice=practice, day=day, half=half, user_id=user_id)
        audit.record(
            "practice.duty_set", by=by, at=at, practice=practice.pk, subject=user_id, day=day.isoformat(), half=half
        )
        changed += 1
    return changed


def _cleaned(number: Number) -> Number:
    if number.kind not in Resource.Kind.values:
        raise Refused("Please pick what the number is for.", "kind")
    if not number.label.strip():
        raise Refused("Please give the number a name.", "label")
    if not number.phone.strip() and not number.about.strip():
        raise Refused("Please give a number, or say how help is found.", "phone")
    if any(c not in "0123456789 +-()/#*" for c in number.phone):
        raise Refused("A telephone number has digits, spaces and + - ( ) / # * only.", "phone")
    return number


@transaction.atomic
def add_number(*, practice: Practice, locale: str, number: Number, by: User, at: datetime) -> Resource:
    if Resource.objects.filter(practice=practice, locale=locale).count() >= MOST_NUMBERS:
        raise Refused("That is as many numbers as people can read.")
    number = _cleaned(number)
    row = Resource.objects.create(
        practice=practice, locale=locale, kind=number.kind, label=number.label.strip(), phone=number.phone.strip(),
        about=number.about.strip(), position=number.position,
    )  # fmt: skip
    audit.record("practice.number_added", by=by, at=at, practice=practice.pk, subject=row.pk, kind=row.kind)
    return row


@transaction.atomic
def change_number(*, practice: Practice, number_id: UUID, number: Number, by: User, at: datetime) -> bool:
    """Returns whether anything changed."""
    number = _cleaned(number)
    row = Resource.objects.select_for_update().get(pk=number_id, practice=practice)
    new = (number.kind, number.label.strip(), number.phone.strip(), number.about.strip(), number.position)
    if new == (row.kind, row.label, row.phone, row.about, row.position):
        return False
    if row.kind == Resource.Kind.EMERGENCY != number.kind:
        _keep_one_emergency(row)
    row.kind, row.label, row.phone, row.about, row.position = new
    row.save()
    audit.record("practice.number_changed", by=by, at=at, practice=practice.pk, subject=row.pk, kind=row.kind)
    return True


@transaction.atomic
def drop_number(*, practice: Practice, number_id: UUID, by: User, at: datetime) -> None:
    row = Resource.objects.select_for_update().get(pk=number_id, practice=practice)
    if row.kind == Resource.Kind.EMERGENCY:
        _keep_one_emergency(row)
    row.delete()
    audit.record("practice.number_dropped", by=by, at=at, practice=practice.pk, subject=number_id, kind=row.kind)


def _keep_one_emergency(row: Resource) -> None:
    others = Resource.objects.filter(practice=row.practice_id, locale=row.locale, kind=Resource.Kind.EMERGENCY)
    if not others.exclude(pk=row.pk).exists():
        raise Refused("One emergency number has to stay; add the new one first.")
