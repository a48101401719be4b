"""What a client was sent: a frozen copy, whether it was opened, what they answered. One door: `send` (decisions 48)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from . import accounts, audit, flags, notices, summary
from .models import Case, CheckIn, Flag, Partner, Screening, SentGuidance, User

LINE_LIMIT = 300
WITHHELD_WHILE_UNSAFE = {"wait", "talk"}


class Refused(Exception):
    """Guidance that cannot be sent, and why; the text is for the counselor."""


class Guarded(Refused):
    """The share guard: something here comes from the other partner (decisions 48). `reasons` are for the counselor."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def _guard(partner: Partner, line: str, flag: Flag | None, others: Sequence[str]) -> list[str]:
    """Sentences naming what would pass from one partner to the other: a flag raised from the other's report, or five
    words in a row that stand in the other's texts, or in a fact of the other's (`others`), and not in this person's own."""
    reasons = []
    if flag is not None and flag.partner_id != partner.pk:
        reasons.append(f"The note was started from a flag in {partner.other_name}’s own report.")
    runs = _runs(line)
    if runs:
        texts = CheckIn.objects.filter(case=partner.case).only("partner_id", "text", "next_session")
        own: set[tuple[str, ...]] = set()
        theirs: set[tuple[str, ...]] = set().union(*map(_runs, others))
        for row in texts:
            (own if row.partner_id == partner.pk else theirs).update(
                _runs(f"{row.text or ''}\n{row.next_session or ''}")
            )
        for run in sorted(runs & theirs - own)[:1]:
            reasons.append(f"“{' '.join(run)}” comes from what {partner.other_name} wrote or reported.")
    return reasons


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[^\W_]+", text.lower())
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


@dataclass(frozen=True, slots=True)
class Text:
    """The exact words a client will see. `source` is who said it, with the title."""

    card: str
    version: int
    family: str
    title: str
    body: str
    source: str


@dataclass(frozen=True, slots=True)
class Answered:
    """`help_kinds`: help to show at once, where the line back called for it."""

    sent: SentGuidance
    help_kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clearance:
    """What decides whether one partner may be sent guidance, read once for any number of cards."""

    partner: Partner
    screening: Screening | None
    unsafe: bool
    today: date


def clear(partner: Partner, at: datetime) -> Clearance:
    screening = Screening.objects.filter(partner=partner).order_by("-at", "-id").first()
    today = at.astimezone(ZoneInfo(partner.practice.zone)).date()
    return Clearance(partner, screening, flags.safety_open(partner.case), today)


def why_not(clearance: Clearance, family: str) -> str:
    """The sentence that stands in the way, or "". The same check decides whether the button is offered."""
    partner, screening = clearance.partner, clearance.screening
    if partner.user_id is None:
        return f"{partner.name} has no account, so nothing can be sent."
    if screening is None:
        return f"{partner.name} has not been screened alone yet. Guidance waits until a screening is recorded."
    if screening.result != Screening.Result.CLEAR:
        return f"The last screening of {partner.name} named a concern. Guidance stays off."
    if screening.next_due < clearance.today:
        return f"The screening of {partner.name} was due again on {screening.next_due:%-d %B %Y}."
    if family in WITHHELD_WHILE_UNSAFE and clearance.unsafe:
        return (
            "A safety flag is open on this case. Advice to wait or to keep it light cannot be sent until it is closed."
        )
    return ""


@transaction.atomic
def send(
    *, case: Case, partner: Partner, text: Text, by: User, at: datetime, line: str = "",
    flag: Flag | None = None, note: UUID | None = None, override: str = "", others: Sequence[str] = (),
) -> SentGuidance:  # fmt: skip
    """Share a card with one partner: a frozen copy under Guidance and a neutral mail without content.

    Raises Guarded where the line or the flag comes from the other partner and no reason (`override`) is given. `others`
    are facts of the other partner that stand where the line was written.
    """
    summary.lock(case)
    if partner.case_id != case.pk:
        raise Refused("This person is not part of this case.")
    if len(line) > LINE_LIMIT:
        raise Refused(f"The personal line is {len(line)} characters long; {LINE_LIMIT} fit.")
    refusal = why_not(clear(partner, at), text.family)
    if refusal:
        raise Refused(refusal)
    if "\x00" in line:
        raise Refused("The line has a character in it that cannot be kept (a NUL). Please take it out.")
    reasons = _guard(partner, line, flag, others)
    if reasons and not override.strip():
        raise Guarded(reasons)
    if not text.body:
        raise Refused("This card is for the desk only; it has no version for clients.")
    if SentGuidance.objects.filter(partner=partner, card=text.card, note=note, withdrawn_at__isnull=True).exists():
        raise Refused(f"This card has already been shared with {partner.name} from this note.")
    sent = SentGuidance.objects.create(
        practice_id=case.practice_id, case=case, partner=partner, flag=flag, note=note, card=text.card,
        card_version=text.version, family=text.family, title=text.title, body=text.body, line=line, source=text.source,
        sent_at=at, sent_by=by,
    )  # fmt: skip
    assert partner.user is not None
    notices.owe([notices.prepare("guidance", to=partner.user, at=at, case=case, dedupe=str(sent.pk))])
    overridden: dict[str, Any] = {"guard": "overridden"} if reasons else {}
    audit.record(
        "guidance.sent", by=by, at=at, case=case, side=partner.side, subject=sent.pk, card=text.card, **overridden
    )
    summary.refresh(case, at=at)
    return sent


@transaction.atomic
def withdraw(*, case: Case, sent_id: UUID, by: User, at: datetime) -> SentGuidance:
    summary.lock(case)
    sent = SentGuidance.objects.select_for_update().get(pk=sent_id, case=case)
    if sent.withdrawn_at is not None:
        raise Refused("This has been withdrawn already.")
    sent.withdrawn_at, sent.withdrawn_by = at, by
    sent.save(update_fields=["withdrawn_at", "withdrawn_by"])
    audit.record("guidance.withdrawn", by=by, at=at, case=case, side=sent.partner.side, subject=sent.pk)
    summary.refresh(case, at=at)
    return sent


@transaction.atomic
def mark_opened(*, partner: Partner, sent: SentGuidance, by: User, at: datetime) -> None:
    """First and last opening; the trail keeps the first."""
    sent = SentGuidance.objects.select_for_update().get(pk=sent.pk)
    first = sent.first_opened_at is None
    sent.first_opened_at, sent.last_opened_at = sent.first_opened_at or at, at
    sent.save(update_fields=["first_opened_at", "last_opened_at"])
    if first:
        audit.record("guidance.opened", by=by, at=at, case=partner.case, side=partner.side, subject=sent.pk)


@transaction.atomic
def answer(*, partner: Partner, sent_id: UUID, by: User, at: datetime, answer: str, line: str = "") -> "Answered":
    """Tried or not for me, with an optional line back. The line is read for safety like every client text."""
    summary.lock(partner.case)
    sent = SentGuidance.objects.select_for_update().get(pk=sent_id, partner=partner, withdrawn_at__isnull=True)
    if answer not in SentGuidance.Answer.values:
        raise Refused("Please pick one of the two answers.")
    if len(line) > LINE_LIMIT:
        raise Refused(f"Your line is {len(line)} characters long; {LINE_LIMIT} fit. Nothing you wrote was lost.")
    said = "\n".join(part for part in (sent.answer_line or "", line.strip()) if part)  # earlier lines stay
    sent.answer, sent.answer_line, sent.answered_at = answer, said, at
    sent.save(update_fields=["answer", "answer_line", "answered_at"])
    audit.record(
        "guidance.answered",
        by=by,
        at=at,
        case=partner.case,
        side=partner.side,
        subject=sent.pk,
        answer=answer,
    )
    may_read = line and accounts.consents(partner).get("text", False)
    help_kinds = flags.look_for_danger(partner.case, partner, line, at=at) if may_read else []
    summary.refresh(partner.case, at=at)
    return Answered(sent, tuple(dict.fromkeys(help_kinds)))


def list_for(partner: Partner) -> list[SentGuidance]:
    """What this client may read: everything sent to them that was not withdrawn, newest first."""
    return list(
        SentGuidance.objects.select_related("sent_by")
        .filter(partner=partner, withdrawn_at__isnull=True)
        .order_by("-sent_at", "-id")
    )
