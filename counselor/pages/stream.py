"""The dated stream of a case: check-ins, shared guidance and notes as cards."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils import formats
from django.utils.safestring import SafeString

from clients import history, instrument, readings
from clients.markup import family, mark_words
from clients.models import (
    CheckIn,
    Correction,
    Partner,
    Reading,
    SentGuidance,
    User,
)

from ..models import PrivateNote, SessionNote
from .clock import Clock


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


def read_again(rows: Iterable[CheckIn]) -> dict[UUID, tuple[Reading, ...]]:
    """Of these check-ins those that were read more than once, with their readings, oldest first."""
    again = [row.pk for row in rows if row.reading and row.reading.at != row.at]
    every: dict[UUID, list[Reading]] = {}
    for found in Reading.objects.filter(checkin__in=again).order_by("at", "id") if again else ():
        every.setdefault(found.checkin_id, []).append(found)
    return {pk: tuple(found) for pk, found in every.items() if len(found) > 1}


def counselors_words(rows: Iterable[CheckIn], clock: Clock) -> dict[tuple[UUID, str, int], str]:
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


def check_in_entry(
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


def sent_entry(sent: SentGuidance, partner: Partner, clock: Clock) -> Entry:
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


def note_entry(note: SessionNote, clock: Clock) -> Entry:
    words = (
        f"Signed {clock.stamp(note.signed_at)}"
        if note.signed_at
        else f"Draft, last saved {clock.stamp(note.changed_at)}"
    )
    badge = {"draft": "Draft", "waiting": "Waits for the co-signature"}.get(note.state, "")
    return Entry(
        kind="note", at=note.started_at, day=clock.day(note.started_at), time=clock.time(note.started_at),
        title=note.get_kind_display(), who=note.author.name, href=reverse("desk:note", args=[note.pk]),
        badge=badge, notes=(words,),
    )  # fmt: skip


def private_entry(note: PrivateNote, user: User, clock: Clock) -> Entry:
    """Shown to its author alone, and left out of the print."""
    return Entry(
        kind="private", at=note.started_at, day=clock.day(note.started_at), time=clock.time(note.started_at),
        title="Private note", who=user.name, href=reverse("desk:private", args=[note.pk]), badge="only you",
    )  # fmt: skip
