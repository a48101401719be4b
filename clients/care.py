"""What a counselor arranges around a case: limits on contact, agreements, goals, wishes, phase, reach cards, litigation.

Rules and pages ask for none of these rows: `arrange` keeps their kinds, numbers and days, never their words, in the
case's read model (`CaseSummary.arranged`), written in each act's own transaction.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models.fields.json import KT

from . import audit, summary
from .models import Agreement, Case, CaseSummary, CheckIn, Goal, Limit, Partner, PhaseChange, ReachCard, User, Wish
from .models.prepared import Prepared

ASK_AGAIN_AFTER = timedelta(days=90)  # a limit ("still so?") and a reach card (decisions 2, 9)
MOST_GOALS = 3
WORDS_LIMIT = 300
PLAN_LIMIT = 4_000
LITIGATION = {"custody": "Custody is in dispute", "divorce": "A divorce is filed", "order": "A court order exists"}
SCOPES = {"children": "The children", "money": "Money and the house"}
SOURCES, AGREED_ABOUT, WISHES, PHASES = (
    Limit.Source.choices,
    Agreement.Kind.choices,
    Wish.Choice.choices,
    Case.Phase.choices,
)
WISHED = frozenset(Wish.Choice.values)
# Said on every print and export of a case (decisions 14).
CAUTION = "Self-reported, not verified, not a custody evaluation."


class Refused(Exception):
    """An arrangement that cannot be made; the text is for the counselor, `field` what it stands beside."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def _mine(case: Case, partner: Partner) -> None:
    if partner.case_id != case.pk:
        raise Refused("This person is not part of this case.")


def _words(text: str, field: str, limit: int = WORDS_LIMIT, *, needed: bool = True) -> str:
    text = text.replace("\r\n", "\n").strip()
    if needed and not text:
        raise Refused("Please write a few words.", field)
    if "\x00" in text:
        raise Refused("The text has a character in it that cannot be kept (a NUL). Please take it out.", field)
    if len(text) > limit:
        raise Refused(f"This is {len(text):,} characters long; {limit:,} fit. Nothing you wrote was lost.", field)
    return text


def _ordered(since: date, until: date | None) -> None:
    if until is not None and until < since:
        raise Refused("The last day lies before the first.", "until")


# No contact, with its direction


@transaction.atomic
def record_limit(
    *, case: Case, keeps_away: Partner, source: str, scope: Sequence[str], since: date, until: date | None,
    told: Sequence[str], note: str, by: User, at: datetime,
) -> Limit:  # fmt: skip
    """`keeps_away` is not to contact the other one; `told` names the sides the counselor has told (A, B). Another
    running limit on the same person is ended by it."""
    row = summary.lock(case)
    _mine(case, keeps_away)
    if source not in Limit.Source.values:
        raise Refused("Please say where the limit comes from.", "source")
    if set(scope) - set(SCOPES):
        raise Refused("Contact can be allowed for the children and for money.", "scope")
    _ordered(since, until)
    note = _words(note, "note", needed=False)
    Limit.objects.filter(keeps_away=keeps_away, ended_at__isnull=True).update(ended_at=at, ended_by=by)
    limit = Limit.objects.create(
        practice_id=case.practice_id, case=case, keeps_away=keeps_away, source=source,
        scope=[s for s in SCOPES if s in scope], since=since, until=until, told_a="A" in told, told_b="B" in told,
        note=note, at=at, by=by, confirmed_at=at,
    )  # fmt: skip
    audit.record("limit.recorded", by=by, at=at, case=case, side=keeps_away.side, subject=limit.pk, source=source)
    _done(row, case, at)
    return limit


def _limit(case: Case, limit_id: UUID) -> Limit:
    limit = Limit.objects.select_related("keeps_away").get(pk=limit_id, case=case)
    if limit.ended_at is not None:
        raise Refused("This limit has been ended already.")
    return limit


@transaction.atomic
def confirm_limit(*, case: Case, limit_id: UUID, by: User, at: datetime) -> Limit:
    """ "Still so?" was asked, and it is."""
    row = summary.lock(case)
    limit = _limit(case, limit_id)
    limit.confirmed_at = at
    limit.save(update_fields=["confirmed_at"])
    audit.record("limit.confirmed", by=by, at=at, case=case, side=limit.keeps_away.side, subject=limit.pk)
    _done(row, case, at)
    return limit


@transaction.atomic
def end_limit(*, case: Case, limit_id: UUID, by: User, at: datetime) -> Limit:
    row = summary.lock(case)
    limit = _limit(case, limit_id)
    limit.ended_at, limit.ended_by = at, by
    limit.save(update_fields=["ended_at", "ended_by"])
    audit.record("limit.ended", by=by, at=at, case=case, side=limit.keeps_away.side, subject=limit.pk)
    _done(row, case, at)
    return limit


def _told(field: str) -> Prepared[Limit]:
    return Prepared(
        lambda partner, day: (
            Limit.objects.filter(keeps_away=partner, ended_at__isnull=True, since__lte=day, **{field: True})
            .order_by("pk")
            .only("scope", "until")[:1]
        )
    )


_TOLD = {"A": _told("told_a"), "B": _told("told_b")}


def allowed_contact(partner: Partner, at: datetime) -> bool:
    """Whether this person is to keep away, was told so, and may be in touch about some things all the same. What was
    not told to them changes nothing at their door (decisions 1)."""
    limit = _TOLD[partner.side].first(partner.pk, at.date())
    return limit is not None and bool(limit.scope) and (limit.until is None or limit.until >= at.date())


# Agreements, also the homework list


@transaction.atomic
def agree(
    *, case: Case, partner: Partner, kind: str, words: str, since: date, until: date | None = None,
    per_week: int | None = None, welcome_to_other: bool = False, by: User, at: datetime,
) -> Agreement:  # fmt: skip
    """Agreed with one person. `per_week` only for how often to write; `until` is the day itself for a review."""
    row = summary.lock(case)
    _mine(case, partner)
    if kind not in Agreement.Kind.values:
        raise Refused("Please pick what the agreement is about.", "kind")
    if per_week is not None and kind != Agreement.Kind.CONTACT_RATE:
        raise Refused("A number a week fits only how often to write or call.", "per_week")
    if per_week is not None and not 0 <= per_week <= 99:
        raise Refused("Please give a number a week from 0 to 99.", "per_week")
    if kind == Agreement.Kind.REVIEW and until is None:
        raise Refused("Please give the day of the review.", "until")
    _ordered(since, until)
    agreement = Agreement.objects.create(
        practice_id=case.practice_id, case=case, partner=partner, kind=kind, words=_words(words, "words"),
        per_week=per_week, welcome_to_other=welcome_to_other, since=since, until=until, at=at, by=by,
    )  # fmt: skip
    audit.record("agreement.made", by=by, at=at, case=case, side=partner.side, subject=agreement.pk, kind=kind)
    _done(row, case, at)
    return agreement


@transaction.atomic
def end_agreement(*, case: Case, agreement_id: UUID, outcome: str, by: User, at: datetime) -> Agreement:
    row = summary.lock(case)
    agreement = Agreement.objects.select_related("partner").get(pk=agreement_id, case=case)
    if agreement.ended_at is not None:
        raise Refused("This agreement has been ended already.")
    if outcome not in {"kept", "partly", "not_kept", ""}:
        raise Refused("Please pick how it went.", "outcome")
    agreement.ended_at, agreement.ended_by, agreement.outcome = at, by, outcome
    agreement.save(update_fields=["ended_at", "ended_by", "outcome"])
    side = agreement.partner.side
    audit.record("agreement.ended", by=by, at=at, case=case, side=side, subject=agreement.pk, outcome=outcome)
    _done(row, case, at)
    return agreement


# Phase, goals and wishes


@transaction.atomic
def change_phase(*, case: Case, phase: str, moved_out: Partner | None, by: User, at: datetime) -> PhaseChange:
    row = summary.lock(case)
    if phase not in Case.Phase.values:
        raise Refused("Please pick a phase.", "phase")
    if moved_out is not None:
        _mine(case, moved_out)
    paused_at = (case.paused_at or at) if phase == Case.Phase.PAUSED else None
    Case.objects.filter(pk=case.pk).update(phase=phase, moved_out=moved_out, paused_at=paused_at)
    case.phase, case.moved_out, case.paused_at = phase, moved_out, paused_at
    change = PhaseChange.objects.create(
        practice_id=case.practice_id, case=case, phase=phase, moved_out=moved_out, at=at, by=by
    )
    audit.record("case.phase", by=by, at=at, case=case, subject=change.pk, phase=phase)
    _done(row, case, at)
    return change


@transaction.atomic
def set_goal(*, case: Case, partner: Partner, words: str, by: User, at: datetime) -> Goal:
    """In the client's own words, three at a time at the most."""
    row = summary.lock(case)
    _mine(case, partner)
    if Goal.objects.filter(partner=partner, ended_at__isnull=True).count() >= MOST_GOALS:
        raise Refused(f"{partner.name} has three goals already. End one of them first.", "words")
    goal = Goal.objects.create(
        practice_id=case.practice_id, partner=partner, words=_words(words, "words"), at=at, by=by
    )
    audit.record("goal.set", by=by, at=at, case=case, side=partner.side, subject=goal.pk)
    _done(row, case, at)
    return goal


@transaction.atomic
def end_goal(*, case: Case, goal_id: UUID, by: User, at: datetime) -> Goal:
    row = summary.lock(case)
    goal = Goal.objects.select_related("partner").get(pk=goal_id, partner__case=case)
    if goal.ended_at is not None:
        raise Refused("This goal has been ended already.")
    goal.ended_at, goal.ended_by = at, by
    goal.save(update_fields=["ended_at", "ended_by"])
    audit.record("goal.ended", by=by, at=at, case=case, side=goal.partner.side, subject=goal.pk)
    _done(row, case, at)
    return goal


@transaction.atomic
def record_wish(*, case: Case, partner: Partner, wish: str, by: User, at: datetime) -> Wish:
    """What this person wants at present: told to the counselor, or answered in a check-in."""
    row = summary.lock(case)
    _mine(case, partner)
    if wish not in Wish.Choice.values:
        raise Refused("Please pick one of the answers.", "wish")
    found = Wish.objects.create(practice_id=case.practice_id, partner=partner, wish=wish, at=at, by=by)
    audit.record("wish.told", by=by, at=at, case=case, side=partner.side, subject=found.pk)
    _done(row, case, at)
    return found


# How to reach a person safely

REACH_FIELDS = ("phone", "hours", "address", "contact", "safety_plan")


@transaction.atomic
def write_reach_card(
    *, case: Case, partner: Partner, by: User, at: datetime, phone: str = "", hours: str = "", voicemail: bool = False,
    address: str = "", contact: str = "", safety_plan: str = "", shared_device: bool | None = None,
) -> ReachCard:  # fmt: skip
    """A change is a new row. The emergency contact is not the other partner (decisions 9). Whether somebody else can open
    the mailbox keeps its last answer where it is not asked again: a known "yes" is not lost to a half-filled form."""
    row = summary.lock(case)
    _mine(case, partner)
    said = {"phone": phone, "hours": hours, "address": address, "contact": contact, "safety_plan": safety_plan}
    clean = {
        name: _words(text, name, PLAN_LIMIT if name == "safety_plan" else WORDS_LIMIT, needed=False)
        for name, text in said.items()
    }
    names = {partner.other_name.lower(), *case.partners.exclude(pk=partner.pk).values_list("name", flat=True)}
    if clean["contact"] and any(clean["contact"].lower().startswith(name.lower()) for name in names if name):
        raise Refused("The emergency contact is somebody other than the partner.", "contact")
    if not any(clean.values()) and shared_device is None:
        raise Refused("Nothing is filled in yet.", "phone")
    if shared_device is None:
        asked = ReachCard.objects.filter(partner=partner, shared_device__isnull=False).order_by("-at", "-id")
        shared_device = asked.values_list("shared_device", flat=True).first()
    card = ReachCard.objects.create(
        practice_id=case.practice_id, partner=partner, voicemail=voicemail, shared_device=shared_device, at=at, by=by,
        **clean,
    )  # fmt: skip
    audit.record("reach.written", by=by, at=at, case=case, side=partner.side, subject=card.pk)
    _done(row, case, at, spoken_to=partner)
    return card


@transaction.atomic
def confirm_reach_card(*, case: Case, partner: Partner, by: User, at: datetime) -> ReachCard:
    """Asked again, and all of it still holds."""
    row = summary.lock(case)
    _mine(case, partner)
    card = reach_card(partner)
    if card is None:
        raise Refused("There is no reach card yet.")
    same = {name: getattr(card, name) for name in (*REACH_FIELDS, "voicemail", "shared_device")}
    card = ReachCard.objects.create(practice_id=case.practice_id, partner=partner, at=at, by=by, **same)
    audit.record("reach.confirmed", by=by, at=at, case=case, side=partner.side, subject=card.pk)
    _done(row, case, at, spoken_to=partner)
    return card


def reach_card(partner: Partner) -> ReachCard | None:
    return ReachCard.objects.filter(partner=partner).order_by("-at", "-id").first()


# Litigation


@transaction.atomic
def mark_litigation(*, case: Case, kinds: Sequence[str], text_off: bool, by: User, at: datetime) -> None:
    """Custody, divorce or an order (decisions 14). `text_off`: check-ins of this case ask for no free text."""
    row = summary.lock(case)
    if set(kinds) - set(LITIGATION):
        raise Refused("Please pick from the list.", "kinds")
    kept = [kind for kind in LITIGATION if kind in kinds]
    Case.objects.filter(pk=case.pk).update(litigation=kept, text_off=text_off)
    case.litigation, case.text_off = kept, text_off
    audit.record("case.litigation", by=by, at=at, case=case, subject=case.pk, kinds=kept, text_off=text_off)
    _done(row, case, at)


# The read model


def _done(row: CaseSummary, case: Case, at: datetime, spoken_to: Partner | None = None) -> None:
    """Bring the locked row up to date after an act of staff. What is arranged at the desk is no contact; asking how to
    reach somebody is (`spoken_to`)."""
    arrange(row, case)
    if spoken_to is not None:
        summary.note_contact(row, at, [spoken_to.side])
    row.updated_at = at
    row.save()


def arrange(row: CaseSummary, case: Case) -> None:
    """Compute what the row knows of the arrangements anew; the caller saves it. What flags and check-ins keep there
    stays."""
    sides = dict(case.partners.values_list("pk", "side"))
    limits = list(Limit.objects.filter(case=case, ended_at__isnull=True))
    agreements = list(Agreement.objects.filter(case=case, ended_at__isnull=True).order_by("since", "id"))
    phase = PhaseChange.objects.filter(case=case).order_by("at", "id").last()
    wishes: dict[str, list[str]] = {}
    for wish in Wish.objects.filter(partner__case=case).order_by("at", "id"):
        wishes[sides[wish.partner_id]] = [wish.wish, wish.at.date().isoformat()]
    answered = CheckIn.objects.filter(case=case, superseded_by__isnull=True, answers__wish__in=Wish.Choice.values)
    for partner_id, at, told in answered.order_by("at", "id").values_list("partner_id", "at", KT("answers__wish")):
        note_wish(wishes, sides[partner_id], told, at)
    agreed: dict[str, list[dict[str, Any]]] = {}
    for a in agreements:
        agreed.setdefault(sides[a.partner_id], []).append(
            {"kind": a.kind, "per_week": a.per_week, "welcome": a.welcome_to_other} | _days(a)
        )
    row.arranged = row.arranged | {
        "limits": {sides[m.keeps_away_id]: {"source": m.source, "scope": m.scope} | _days(m) for m in limits},
        "agreements": agreed,
        "phase": case.phase,
        "phase_since": (phase.at if phase else case.opened_at).date().isoformat(),
        "moved_out": sides.get(case.moved_out_id) if case.moved_out_id else None,
        "wish": wishes,
    }
    row.care_due, row.care_reason = _next_due(case, limits, agreements)


def note_wish(wishes: dict[str, list[str]], side: str, wish: str, at: datetime) -> None:
    """The newest answer counts, told to the counselor or in a check-in."""
    day = at.date().isoformat()
    if side not in wishes or wishes[side][1] <= day:
        wishes[side] = [wish, day]


def _days(row: Limit | Agreement) -> dict[str, str | None]:
    return {"since": row.since.isoformat(), "until": row.until.isoformat() if row.until else None}


def _next_due(case: Case, limits: list[Limit], agreements: list[Agreement]) -> tuple[date | None, str]:
    """The first day on which a person has to ask again, and why."""
    zone = ZoneInfo(case.practice.zone)

    def again(at: datetime) -> date:
        return (at.astimezone(zone) + ASK_AGAIN_AFTER).date()

    due = [
        (
            min(again(limit.confirmed_at), limit.until or date.max),
            "A limit on contact: please ask whether it is still so.",
        )
        for limit in limits
    ]
    due += [
        (a.until, "The day to look at the waiting again has come.")
        for a in agreements
        if a.kind == Agreement.Kind.REVIEW and a.until
    ]
    cards: dict[UUID, datetime] = {}
    for card in ReachCard.objects.filter(partner__case=case).order_by("at", "id"):
        cards[card.partner_id] = card.at
    due += [(again(at), "A reach card: please ask whether all of it still holds.") for at in cards.values()]
    return min(due, default=(None, ""))
