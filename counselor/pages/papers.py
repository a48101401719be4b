"""The papers around a note: all of a case, all that wait for oneself, earlier versions, private notes, what was found."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils.safestring import SafeString

from clients import access, care
from clients.markup import markdown
from clients.models import Case, CaseSummary, Partner, User

from .. import notes
from ..models import NoteVersion, PrivateNote, PrivateVersion, SessionNote
from ..notes.fields import COPIED, Details
from .clock import Clock
from .notes import LateText, day_words, whole

SHOWN = 100


@dataclass(frozen=True, slots=True)
class PaperLine:
    href: str
    title: str
    who: str
    when: str
    badge: str
    case: str = ""


@dataclass(frozen=True, slots=True)
class CaseNotes:
    case_id: UUID
    names: str
    lines: tuple[PaperLine, ...]
    kinds: tuple[tuple[str, str], ...]
    shapes: tuple[tuple[str, str], ...]
    contacts: tuple[tuple[str, str], ...]


def case_notes(case: Case, user: User, now: datetime) -> CaseNotes:
    """Every note of the case that this person may open, newest first; of private ones only their own."""
    clock = Clock(user, now)
    rows = SessionNote.objects.filter(case=case).filter(Q(state="signed") | Q(author=user)).select_related("author")
    found: list[Any] = list(rows.defer("body", "details").order_by("-started_at", "-id")[:SHOWN])
    found += PrivateNote.objects.filter(case=case, author=user).defer("body").order_by("-started_at", "-id")[:SHOWN]
    found.sort(key=lambda paper: (paper.started_at, paper.pk), reverse=True)
    return CaseNotes(
        case.pk,
        CaseSummary.objects.values_list("names", flat=True).get(case=case),
        tuple(_line(paper, user, clock) for paper in found),
        tuple(notes.fields.KINDS.items()),
        tuple(notes.fields.SHAPES.items()),
        tuple(notes.fields.CONTACTS.items()),
    )


def _line(paper: Any, user: User, clock: Clock, case: str = "") -> PaperLine:
    when = clock.stamp(paper.started_at)
    if isinstance(paper, PrivateNote):
        return PaperLine(reverse("desk:private", args=[paper.pk]), "Private note", user.name, when, "only you", case)
    badge = {"draft": "Draft", "waiting": "Waits for the co-signature"}.get(paper.state, "")
    href = reverse("desk:note", args=[paper.pk])
    return PaperLine(href, paper.get_kind_display(), paper.author.name, when, badge, case)


@dataclass(frozen=True, slots=True)
class NotesRoom:
    """What is not finished: own drafts, own notes that wait, and how many wait for one's own signature."""

    open: tuple[PaperLine, ...]
    waiting_for_me: int
    is_lead: bool


def notes_room(user: User, now: datetime) -> NotesRoom:
    clock = Clock(user, now)
    cases = _names(user, now)
    rows = SessionNote.objects.filter(author=user, case__in=list(cases)).exclude(state="signed")
    found = rows.select_related("author").defer("body", "details").order_by("-changed_at", "-id")[:SHOWN]
    return NotesRoom(
        tuple(_line(paper, user, clock, cases[paper.case_id]) for paper in found),
        notes.cosign.sent_to(user).filter(state="waiting").count(),
        user.role == "owner",
    )


def _names(user: User, now: datetime) -> dict[UUID, str]:
    return dict(access.visible_cases(user, now).values_list("pk", "summary__names"))


# Earlier versions


@dataclass(frozen=True, slots=True)
class VersionLine:
    number: int
    words: str


@dataclass(frozen=True, slots=True)
class Versions:
    back: str
    here: str
    names: str
    lines: tuple[VersionLine, ...]
    left: int
    right: int
    pieces: tuple[notes.difference.Piece, ...]
    caution: str


def versions(case: Case, note_id: UUID, user: User, now: datetime, left: str, right: str) -> Versions:
    """Any two texts of a note beside each other; without a choice the last change."""
    row = SessionNote.objects.get(pk=note_id, case=case)
    names = dict(Partner.objects.filter(case=case).values_list("side", "name"))
    kept = list(NoteVersion.objects.filter(note=row).select_related("by").order_by("number"))
    clock = Clock(user, now)
    texts = {v.number: (whole(v.body, v.details, names), _version_words(v, clock)) for v in kept}
    texts[row.version] = (whole(row.body, row.details, names), f"{clock.stamp(row.changed_at)}, what stands now")
    return _compared(
        reverse("desk:note", args=[row.pk]), reverse("desk:note_versions", args=[row.pk]), case, texts, left, right
    )


def private_versions(case: Case, note_id: UUID, user: User, now: datetime, left: str, right: str) -> Versions:
    row = PrivateNote.objects.get(pk=note_id, case=case, author=user)
    clock = Clock(user, now)
    kept = PrivateVersion.objects.filter(note=row).order_by("number")
    texts = {v.number: (v.body, f"until {clock.stamp(v.at)}") for v in kept}
    texts[row.version] = (row.body, f"{clock.stamp(row.changed_at)}, what stands now")
    here = reverse("desk:private_versions", args=[row.pk])
    return _compared(reverse("desk:private", args=[row.pk]), here, case, texts, left, right)


def _version_words(version: NoteVersion, clock: Clock) -> str:
    if version.signed_at:
        return f"{clock.stamp(version.signed_at)}, as it was signed"
    return f"until {clock.stamp(version.at)}, by {version.by.name}"


def _compared(
    back: str, here: str, case: Case, texts: dict[int, tuple[str, str]], left: str, right: str
) -> Versions:  # fmt: skip
    numbers = sorted(texts)
    new = int(right) if right.isdecimal() and int(right) in texts else numbers[-1]
    before = [n for n in numbers if n < new]
    old = int(left) if left.isdecimal() and int(left) in texts else (before[-1] if before else new)
    return Versions(
        back, here, CaseSummary.objects.values_list("names", flat=True).get(case=case),
        tuple(VersionLine(n, texts[n][1]) for n in reversed(numbers)), old, new,
        notes.difference.compare(texts[old][0], texts[new][0]), care.CAUTION if case.litigation else "",
    )  # fmt: skip


# Private notes


@dataclass(frozen=True, slots=True)
class PrivatePage:
    id: UUID
    case_id: UUID
    names: str
    started: str
    saved: str
    version: int
    versions: int
    body: str
    html: SafeString
    late: tuple[LateText, ...]


def private(case: Case, note_id: UUID, user: User, now: datetime) -> PrivatePage:
    clock = Clock(user, now)
    row = PrivateNote.objects.get(pk=note_id, case=case, author=user)
    told = ((late, notes.difference.compare(row.body, late.body)) for late in notes.late.held(user, row.pk, now))
    return PrivatePage(
        row.pk, case.pk, CaseSummary.objects.values_list("names", flat=True).get(case=case), clock.stamp(row.started_at),
        clock.time(row.changed_at), row.version, row.versions.count(), row.body, markdown(row.body),
        tuple(LateText(late.id, clock.stamp(late.at), pieces) for late, pieces in told if pieces),
    )  # fmt: skip


# Co-signing


@dataclass(frozen=True, slots=True)
class WaitingLine:
    href: str
    names: str
    kind: str
    who: str
    since: str
    days: str


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for this person, the longest first, and what they signed lately."""

    waiting: tuple[WaitingLine, ...]
    signed: tuple[WaitingLine, ...]


def queue(user: User, now: datetime) -> Queue:
    clock = Clock(user, now)
    rows = notes.cosign.sent_to(user).filter(case__closed_at__isnull=True).defer("body", "details")
    rows = rows.select_related("author", "case__summary")
    waiting = rows.filter(state="waiting").order_by("signed_at", "id")[:SHOWN]
    signed = rows.filter(state="signed").order_by("-cosigned_at", "-id")[:20]
    return Queue(tuple(_waiting(waiting, clock)), tuple(_waiting(signed, clock)))


def _waiting(rows: Iterable[SessionNote], clock: Clock) -> Iterable[WaitingLine]:
    for row in rows:
        at = row.cosigned_at or row.signed_at
        assert at is not None
        href = reverse("desk:cosign_note", args=[row.pk])
        names = row.case.summary.names
        yield WaitingLine(href, names, row.get_kind_display(), row.author.name, clock.stamp(at), clock.ago(at))


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """A note as its supervisor reads it: the note alone, nothing else of the case."""

    id: UUID
    names: str
    kind: str
    author: str
    signed: str
    waits: bool
    lines: tuple[tuple[str, str, str], ...]
    html: SafeString
    reviews: tuple[tuple[str, str], ...]
    caution: str


def waiting(case: Case, note_id: UUID, user: User, now: datetime) -> WaitingPage:
    clock = Clock(user, now)
    row = notes.cosign.sent_to(user).select_related("author").filter(pk=note_id, case=case).first()
    if row is None or row.signed_at is None:
        raise Http404
    details = Details.of(row.details)
    names = dict(Partner.objects.filter(case=case).values_list("side", "name"))
    reviews = row.reviews.select_related("by").order_by("at", "id")
    return WaitingPage(
        row.pk, CaseSummary.objects.values_list("names", flat=True).get(case=case), row.get_kind_display(), row.author.name,
        clock.stamp(row.signed_at), row.state == "waiting", tuple(details.lines(names, day_words(details.day))),
        markdown(row.body),
        tuple((f"{r.get_outcome_display()} by {r.by.name}, {clock.stamp(r.at)}", r.comment or "") for r in reviews),
        care.CAUTION if case.litigation else "",
    )  # fmt: skip


# Search and settings


@dataclass(frozen=True, slots=True)
class Found:
    href: str
    title: str
    case: str
    when: str
    before: str
    found: str
    after: str


@dataclass(frozen=True, slots=True)
class Search:
    hits: tuple[Found, ...]
    looked: int
    total: int
    rest: str
    cases: tuple[UUID, ...]


def search(user: User, asked: str, now: datetime, rest: str) -> Search:
    clock, names = Clock(user, now), _names(user, now)
    batch = notes.search.look(user, asked, now, rest)
    hits = tuple(
        Found(
            reverse("desk:private" if hit.private else "desk:note", args=[hit.note]), hit.kind, names.get(hit.case, ""),
            clock.stamp(hit.at), hit.before, hit.found, hit.after,
        )
        for hit in batch.hits
    )  # fmt: skip
    return Search(hits, batch.looked, batch.total, batch.rest, tuple({hit.case for hit in batch.hits}))


@dataclass(frozen=True, slots=True)
class NoteSettingsPage:
    practice: str
    unlock_hours: int
    order: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]


def note_settings(user: User) -> NoteSettingsPage:
    practice = user.practice
    return NoteSettingsPage(
        practice.name, practice.unlock_hours, notes.settings.copy_order(practice), tuple(COPIED.items())
    )
