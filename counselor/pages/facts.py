"""What happened since the last note: check-ins, shifts, flags, guidance, each ready to be put into the note at hand, with a
way to its evidence. What one person reported stays marked as that person's."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from clients import course, history, instrument
from clients.models import Case, CaseSummary, CheckIn, Flag, Partner, SentGuidance
from clients.progress import Shift
from clients.progress import course as maths

from .. import course as standings
from ..models import SessionNote
from ..notes import Fact
from .clock import Clock

MOST = 12  # of each kind
TOLD = 4  # answers of one check-in
OWN = {"cpi", "d"}  # indices about the reporter's own conduct and state


@dataclass(frozen=True, slots=True)
class Period:
    """`since` in words, and what happened from then on, oldest first."""

    since: str
    facts: tuple[Fact, ...]


def since_last(
    case: Case, note: SessionNote, partners: list[Partner], held: CaseSummary, clock: Clock
) -> Period:  # fmt: skip
    """The time since the last note about a session before this one, or since the case was opened."""
    last = (
        SessionNote.objects.filter(case=case, started_at__lt=note.started_at)
        .filter(Q(kind="progress") | Q(kind="joint"))
        .filter(~Q(state="draft") | Q(author=note.author_id))
        .order_by("-started_at", "-id")
        .values_list("started_at", flat=True)
        .first()
    )
    since = last or case.opened_at
    by_id = {p.pk: p for p in partners}
    told = [*_check_ins(case, by_id, since, clock), *_flags(case, by_id, since, clock)]
    told += [*_guidance(case, by_id, since, clock), *_shifts(case, partners, held, since, clock)]
    words = f"Since the note of {clock.day(since)}" if last else f"Since the case was opened on {clock.day(since)}"
    return Period(words, tuple(fact for _, fact in sorted(told, key=lambda pair: pair[0])))


Told = Iterable[tuple[datetime, Fact]]


def _check_ins(case: Case, by_id: dict, since: datetime, clock: Clock) -> Told:  # type: ignore[type-arg]
    rows = CheckIn.objects.filter(case=case, superseded_by__isnull=True, at__gt=since).order_by("-at", "-id")
    for row in rows.only("at", "partner_id", "answers")[:MOST]:
        partner = by_id[row.partner_id]
        answers = [(n, w) for n, w in instrument.tell(row.answers, partner.other_name) if w != "skipped"][:TOLD]
        said = "; ".join(f"{name}: {words}" for name, words in answers)
        words = f"{clock.day(row.at)}, check-in of {partner.name}, own report. {said}".rstrip()
        yield row.at, Fact(f"checkin:{row.pk}", words, _at_case(case, f"#e-{row.pk}"), partner.pk)


def _flags(case: Case, by_id: dict, since: datetime, clock: Clock) -> Told:  # type: ignore[type-arg]
    for flag in Flag.objects.filter(case=case, head__isnull=True, opened_at__gt=since).order_by("-opened_at")[:MOST]:
        partner, card = by_id[flag.partner_id], json.loads(flag.card)
        words = f"{clock.day(flag.opened_at)}, flag on the report of {partner.name}: {card['sentence']}"
        yield flag.opened_at, Fact(f"flag:{flag.pk}", words, reverse("desk:flag", args=[case.pk, flag.pk]), partner.pk)


def _guidance(case: Case, by_id: dict, since: datetime, clock: Clock) -> Told:  # type: ignore[type-arg]
    rows = SentGuidance.objects.filter(case=case, withdrawn_at__isnull=True).filter(
        Q(first_opened_at__gt=since) | Q(answered_at__gt=since)
    )
    for sent in rows.defer("body", "line").order_by("-sent_at")[:MOST]:
        partner = by_id[sent.partner_id]
        at = sent.answered_at or sent.first_opened_at
        if at is None:
            continue
        answer = f", answered “{sent.get_answer_display()}”" if sent.answer else ""
        words = f"{clock.day(at)}, {partner.name} opened “{sent.title}”{answer}."
        yield at, Fact(f"guidance:{sent.pk}", words, _at_case(case, "#stream"), partner.pk)


def _shifts(case: Case, partners: list[Partner], held: CaseSummary, since: datetime, clock: Clock) -> Told:
    """The newest shift of each index that was found in the time; of a frightened reporter none of the own conduct."""
    rows = CheckIn.objects.filter(case=case, superseded_by__isnull=True, at__gt=since).order_by("at", "id")
    newest: dict[tuple[object, str], tuple[datetime, Shift]] = {}
    for at, partner_id, told in rows.values_list("at", "partner_id", "course"):
        for index, stored in told.get("s", {}).items():
            newest[partner_id, index] = (at, maths.shift_from_json(stored))
    for partner in partners:
        until = course.held_until(held, partner.side)
        frightened = until is not None and until > clock.now
        for index, name in standings.INDEX.items():
            if (partner.pk, index) not in newest or (frightened and index in OWN):
                continue
            at, shift = newest[partner.pk, index]
            way = "more" if shift.delta > 0 else "less"
            sure = "has held for two weeks or more" if shift.tier == "confirmed" else "possible, not confirmed yet"
            began = clock.day(standings.when(shift.onset))
            words = f"{name}: {way} since {began} as {partner.name} reports it ({sure})."
            code = f"shift:{partner.side}:{index}:{history.day_of(at):.2f}"
            yield at, Fact(code, words, _at_case(case, "#course"), partner.pk)


def _at_case(case: Case, place: str) -> str:
    return reverse("desk:case", args=[case.pk]) + place
