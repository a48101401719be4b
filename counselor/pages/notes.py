"""A session note, and what of its guidance may be shared."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.http import Http404
from django.utils import formats
from django.utils.safestring import SafeString

from clients import care, guidance
from clients.markup import markdown
from clients.models import (
    Case,
    CaseSummary,
    Flag,
    Goal,
    Partner,
    SentGuidance,
    User,
)

from .. import library, notes
from ..models import SessionNote
from ..notes.fields import COPIED, Details, as_plain, unmarked
from .clock import Clock
from .facts import since_last
from .flags import FlagCard, flag_card


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
class FactLine:
    code: str
    words: str
    href: str


@dataclass(frozen=True, slots=True)
class LateText:
    """Typed after the session had ended, or while another window saved."""

    id: UUID
    at: str
    pieces: tuple[notes.difference.Piece, ...]


@dataclass(frozen=True, slots=True)
class NotePage:
    id: UUID
    case_id: UUID
    names: str
    kind: str
    author: str
    started: str
    saved: str
    state: str
    signed: tuple[str, ...]
    can_edit: bool
    version: int
    versions: int
    body: str
    html: SafeString
    kind_code: str
    details: Details
    lines: tuple[tuple[str, str, str], ...]
    people: tuple[tuple[str, str], ...]
    goals: tuple[str, ...]
    flag: FlagCard | None
    since: str
    facts: tuple[FactLine, ...]
    suggestions: tuple[Suggestion, ...]
    every_card: tuple[tuple[str, str], ...]
    shareable: tuple[Shareable, ...]
    sharing_waits: str
    addenda: tuple[tuple[str, str, SafeString], ...]
    history: tuple[tuple[str, str], ...]
    unlock_until: str
    late: tuple[LateText, ...]
    caution: str
    signs_for: str


def note(case: Case, note_id: UUID, user: User, now: datetime) -> NotePage:
    clock = Clock(user, now)
    row = _row(case, note_id)
    partners = list(Partner.objects.select_related("case", "practice").filter(case=case).order_by("side"))
    mine = row.author_id == user.pk
    can_edit = row.state == SessionNote.State.DRAFT and mine
    card, held = None, CaseSummary.objects.get(case=case)
    if row.flag:
        every = list(Flag.objects.filter(case=case).select_related("acknowledged_by", "closed_by"))
        card = flag_card(row.flag, row.flag.partner, every, clock, held)
    period = since_last(case, row, partners, held, clock) if can_edit else None
    details = Details.of(row.details)
    goals = Goal.objects.filter(partner__in=partners, ended_at__isnull=True).order_by("at", "id") if can_edit else ()
    until = notes.unlock_until(row, case.practice) if mine else None
    return NotePage(
        id=row.pk,
        case_id=case.pk,
        names=held.names,
        kind=row.get_kind_display(),
        kind_code=row.kind,
        author=row.author.name,
        started=clock.stamp(row.started_at),
        saved=clock.time(row.changed_at),
        state=row.state,
        signed=_signatures(row, clock),
        can_edit=can_edit,
        version=row.version,
        versions=row.versions.count() if row.version > 1 else 0,
        body=row.body,
        html=markdown(row.body),
        details=details,
        lines=tuple(details.lines({p.side: p.name for p in partners}, day_words(details.day))),
        people=tuple((p.side, p.name) for p in partners),
        goals=tuple(dict.fromkeys([goal.words for goal in goals] + ([details.goal] if details.goal else []))),
        flag=card,
        since=period.since if period else "",
        facts=tuple(FactLine(f.code, f.words, f.href) for f in period.facts) if period else (),
        suggestions=tuple(Suggestion(g.id, g.title, f"mapped to: {card.name}") for g in card.guidance) if card else (),
        every_card=tuple((c.id, c.title) for c in library.cards().values()),
        shareable=tuple(_shareable(case, row, partners, clock)),
        sharing_waits=notes.sharing.why_not(row),
        addenda=tuple(
            (a.by.name, clock.stamp(a.at), markdown(a.body))
            for a in row.addenda.select_related("by").order_by("at", "id")
        ),
        history=tuple(_history(row, clock)),
        unlock_until=clock.stamp(until) if until and now <= until else "",
        late=_late(row, user, clock) if mine else (),
        caution=care.CAUTION if case.litigation else "",
        signs_for=user.supervisor.name if user.trainee and user.supervisor else "",
    )


def _row(case: Case, note_id: UUID) -> SessionNote:
    people = ("author", "signed_by", "supervisor", "flag", "flag__partner")
    return SessionNote.objects.select_related(*people).get(pk=note_id, case=case)


def day_words(day: str) -> str:
    return formats.date_format(date.fromisoformat(day), "j F Y") if day else ""


def whole(body: str, details: str | None, names: dict[str, str]) -> str:
    """The fields and the text as one, so that a change of either shows."""
    found = Details.of(details)
    lines = [f"{name}: {words}" for _, name, words in found.lines(names, day_words(found.day))] if details else []
    return "\n".join([*lines, "", body] if lines else [body])


def _signatures(row: SessionNote, clock: Clock) -> tuple[str, ...]:
    told = []
    if row.signed_by and row.signed_at:
        told.append(f"Signed by {row.signed_by.name}, {clock.stamp(row.signed_at)}")
    if row.supervisor and row.cosigned_at:
        told.append(f"Co-signed by {row.supervisor.name}, {clock.stamp(row.cosigned_at)}")
    elif row.supervisor:
        told.append(f"Waits for {row.supervisor.name} to co-sign")
    return tuple(told)


def _history(row: SessionNote, clock: Clock) -> Iterable[tuple[str, str]]:
    """What happened to the note besides its texts: opened again, sent back, co-signed; with the words given for it."""
    opened = [
        (u.at, f"Opened again by {u.by.name}, {clock.stamp(u.at)}", u.reason)
        for u in (row.unlocks.select_related("by") if row.version > 1 else ())
    ]
    reviewed = [
        (r.at, f"{r.get_outcome_display()} by {r.by.name}, {clock.stamp(r.at)}", r.comment or "")
        for r in row.reviews.select_related("by")
    ]
    return [(words, why) for _, words, why in sorted(opened + reviewed)]


def _late(row: SessionNote, user: User, clock: Clock) -> tuple[LateText, ...]:
    names = dict(Partner.objects.filter(case=row.case_id).values_list("side", "name"))
    stands = whole(row.body, row.details, names)
    found = notes.late.held(user, row.pk, clock.now)
    told = (
        (
            late,
            notes.difference.compare(stands, whole(late.body, late.details() if late.beside else row.details, names)),
        )
        for late in found
    )
    return tuple(LateText(late.id, clock.stamp(late.at), pieces) for late, pieces in told if pieces)


def _shareable(case: Case, row: SessionNote, partners: list[Partner], clock: Clock) -> Iterable[Shareable]:
    cards = dict.fromkeys(row.insertions.exclude(card="").order_by("at", "id").values_list("card", flat=True))
    clients = [p for p in partners if p.user_id]
    sent = list(SentGuidance.objects.filter(case=case, note=row.pk, withdrawn_at__isnull=True))
    clearances = {p.pk: guidance.clear(p, clock.now) for p in clients} if cards else {}
    for card_id in cards:
        held = library.card(card_id)
        if held is None or held.desk_only:
            continue
        for partner in clients:
            done = next((s for s in sent if s.card == card_id and s.partner_id == partner.pk), None)
            yield Shareable(
                card_id, held.title, partner.name, partner.side,
                "" if done else guidance.why_not(clearances[partner.pk], held.family),
                f"Shared {clock.stamp(done.sent_at)}" if done else "",
            )  # fmt: skip


def as_text(case: Case, note_id: UUID, user: User, now: datetime) -> str:
    """The note as plain text, in the order that the practice set."""
    clock, row = Clock(user, now), _row(case, note_id)
    details = Details.of(row.details)
    names = dict(Partner.objects.filter(case=case).values_list("side", "name"))
    told = {code: words for code, _, words in details.lines(names, day_words(details.day))}
    words = {"kind": row.get_kind_display()} | told | {"text": unmarked(row.body)}
    parts = [(code, name if code != "text" else "", words[code]) for code, name in COPIED.items() if words.get(code)]
    if told.get("contact"):
        parts.append(("contact", "Contact", told["contact"]))
    signed = "; ".join(_signatures(row, clock)) or "Draft, not signed"
    parts.append(("signed", "", f"{signed}."))
    for added in row.addenda.select_related("by").order_by("at", "id"):
        parts.append(("added", f"Addendum by {added.by.name}, {clock.stamp(added.at)}", unmarked(added.body)))
    summary = CaseSummary.objects.values_list("names", flat=True).get(case=case)
    head = f"{summary}, note of {clock.stamp(row.started_at)} by {row.author.name}"
    return as_plain(parts, notes.settings.copy_order(case.practice), head, care.CAUTION if case.litigation else "")


def fact_of(case: Case, note_id: UUID, code: str, user: User, now: datetime) -> notes.Fact | None:
    """The fact that a page offered, found again in the record: the browser's words are never taken for it."""
    row = _row(case, note_id)
    partners = list(Partner.objects.filter(case=case).order_by("side"))
    period = since_last(case, row, partners, CaseSummary.objects.get(case=case), Clock(user, now))
    return next((fact for fact in period.facts if fact.code == code), None)


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
    row = _row(case, note_id)
    partner = side_of(case, side)
    text = library.for_client(card, partner.other_name)
    return SharePage(
        note_id, case.pk, card_id, partner.name, text.title, markdown(text.body), text.source,
        notes.sharing.why_not(row) or guidance.why_not(guidance.clear(partner, now), card.family),
        not card.desk_only and notes.holds(row.body, card_id),
    )  # fmt: skip
