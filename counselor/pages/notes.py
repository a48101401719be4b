"""A session note, and what of its guidance may be shared."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import Http404
from django.utils.safestring import SafeString

from clients import guidance
from clients.markup import markdown
from clients.models import (
    Case,
    CaseSummary,
    Flag,
    Partner,
    SentGuidance,
    User,
)

from .. import library, notes
from ..models import SessionNote
from .clock import Clock
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
    card = flag_card(row.flag, row.flag.partner, every, clock) if row.flag else None
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
