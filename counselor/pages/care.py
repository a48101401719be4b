"""What is arranged around a case, and how to reach each person safely."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import formats

from clients import care, history
from clients.models import (
    Agreement,
    Case,
    CaseSummary,
    CheckIn,
    Goal,
    Limit,
    Partner,
    Plan,
    Prompt,
    ReachCard,
    User,
    Wish,
)

from .clock import Clock


@dataclass(frozen=True, slots=True)
class LimitLine:
    id: UUID
    words: str
    allowed: str
    days: str
    told: str
    note: str
    asked: str


@dataclass(frozen=True, slots=True)
class AgreedLine:
    id: UUID
    kind: str
    words: str
    days: str


@dataclass(frozen=True, slots=True)
class GoalLine:
    id: UUID
    words: str
    since: str


@dataclass(frozen=True, slots=True)
class Reach:
    """How to reach one person; the first thing on a safety card."""

    name: str
    lines: tuple[tuple[str, str], ...]
    asked: str


@dataclass(frozen=True, slots=True)
class Person:
    side: str
    name: str
    is_client: bool
    limits: tuple[LimitLine, ...]
    agreements: tuple[AgreedLine, ...]
    goals: tuple[GoalLine, ...]
    wish: str
    reach: Reach | None
    reach_values: dict[str, Any]
    shared: bool  # somebody else can open the mailbox or the phone
    plan: str
    plan_runs: bool
    plan_values: dict[str, Any]
    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrangements:
    id: UUID
    names: str
    people: tuple[Person, ...]
    phase: str
    phase_word: str
    since: str
    moved_out: str
    moved_out_name: str
    litigation: tuple[str, ...]
    litigation_words: tuple[str, ...]
    text_off: bool
    due: str


def arrangements(case: Case, user: User, now: datetime) -> Arrangements:
    clock = Clock(user, now)
    partners = list(Partner.objects.filter(case=case).order_by("side"))
    running = {"ended_at__isnull": True}
    running_limits = list(Limit.objects.filter(case=case, **running).order_by("at"))
    agreed = list(Agreement.objects.filter(case=case, **running).order_by("since", "id"))
    goals = list(Goal.objects.filter(partner__in=partners, **running).order_by("at", "id"))
    wishes = {w.partner_id: w for w in Wish.objects.filter(partner__in=partners).order_by("at", "id")}
    cards, asked = {}, {}
    for card in ReachCard.objects.filter(partner__in=partners).order_by("at", "id"):
        cards[card.partner_id] = card
        if card.shared_device is not None:
            asked[card.partner_id] = card.shared_device
    shared = {pk for pk, answer in asked.items() if answer}
    plans = {plan.partner_id: plan for plan in Plan.objects.filter(partner__in=partners)}
    prompts = list(Prompt.objects.filter(partner__in=partners).order_by("-due_at")[: 4 * PROMPTS_SHOWN])
    held = CaseSummary.objects.get(case=case)
    moved = next((p for p in partners if p.pk == case.moved_out_id), None)
    phase_since = held.arranged.get("phase_since")
    people = tuple(
        Person(
            side=p.side,
            name=p.name,
            is_client=p.user_id is not None,
            limits=limits(p, partners, running_limits, clock),
            agreements=tuple(_agreed(a, clock) for a in agreed if a.partner_id == p.pk),
            goals=tuple(GoalLine(g.pk, g.words, clock.day(g.at)) for g in goals if g.partner_id == p.pk),
            wish=_wish(wishes.get(p.pk), held.arranged.get("wish", {}).get(p.side), clock),
            reach=_reach(p, cards.get(p.pk), clock),
            reach_values=_values(cards.get(p.pk)),
            shared=p.user_id is not None and p.pk in shared,
            plan=_plan(plans.get(p.pk), clock),
            plan_runs=p.pk in plans and plans[p.pk].next_at is not None,
            plan_values=_plan_values(plans.get(p.pk)),
            prompts=tuple(_prompt(row, clock) for row in prompts if row.partner_id == p.pk)[:PROMPTS_SHOWN],
        )
        for p in partners
    )
    return Arrangements(
        id=case.pk,
        names=" and ".join(p.name for p in partners),
        people=people,
        phase=case.phase,
        phase_word=case.get_phase_display(),
        since=_date(date.fromisoformat(phase_since), clock) if phase_since else clock.day(case.opened_at),
        moved_out=moved.side if moved else "",
        moved_out_name=moved.name if moved else "",
        litigation=tuple(case.litigation),
        litigation_words=tuple(care.LITIGATION[kind] for kind in case.litigation),
        text_off=case.text_off,
        due=held.care_reason if held.care_due and held.care_due <= clock.today else "",
    )


def _date(day: date, clock: Clock) -> str:
    return formats.date_format(day, "j M" if day.year == clock.today.year else "j M Y")


def _days(row: Limit | Agreement, clock: Clock) -> str:
    since = f"since {_date(row.since, clock)}"
    return f"{since}, until {_date(row.until, clock)}" if row.until else since


def _limit(limit: Limit, names: dict[str, str], partner: Partner, clock: Clock) -> LimitLine:
    other = next((name for side, name in names.items() if side != partner.side), "the other")
    told = [name for side, name in names.items() if getattr(limit, f"told_{side.lower()}")]
    return LimitLine(
        limit.pk,
        f"{partner.name} is not to contact {other}: {limit.get_source_display().lower()}.",
        f"Allowed for {' and '.join(care.SCOPES[s].lower() for s in limit.scope)}." if limit.scope else "",
        _days(limit, clock),
        f"Told to {' and '.join(told)}." if told else "Told to neither of the two yet.",
        limit.note or "",
        f"Last asked {clock.ago(limit.confirmed_at)}.",
    )


def _agreed(row: Agreement, clock: Clock) -> AgreedLine:
    rate = f" (at most {row.per_week} a week)" if row.per_week is not None else ""
    welcome = " Welcome to the other." if row.welcome_to_other else ""
    return AgreedLine(
        row.pk, row.get_kind_display(), f"{row.words}{rate}{'.' if welcome else ''}{welcome}", _days(row, clock)
    )


def _wish(wish: Wish | None, newest: Any, clock: Clock) -> str:
    """`newest` is what the case's row knows: also what was answered in a check-in after the counselor asked."""
    if newest and (wish is None or newest != [wish.wish, wish.at.date().isoformat()]):
        return f"{Wish.Choice(newest[0]).label}, told in a check-in on {_date(date.fromisoformat(newest[1]), clock)}"
    return f"{wish.get_wish_display()}, told {clock.ago(wish.at)}" if wish else ""


def _values(card: ReachCard | None) -> dict[str, Any]:
    """What the form starts with: a change is written over the whole card."""
    if card is None:
        return {}
    shared = {None: "", True: "yes", False: "no"}[card.shared_device]
    return {name: getattr(card, name) or "" for name in care.REACH_FIELDS} | {
        "voicemail": card.voicemail,
        "shared_device": shared,
    }


PROMPTS_SHOWN = 6


def _plan(plan: Plan | None, clock: Clock) -> str:
    if plan is None:
        return ""
    every = {7: "Every week", 14: "Every two weeks"}.get(plan.every_days, f"Every {plan.every_days} days")
    on = f", {calendar.day_name[plan.weekday]}" if plan.weekday is not None else ""
    words = f"{every}{on} at {plan.at_time:%H:%M} (the client’s time)."
    if plan.stopped_at:
        words += f" Stopped {clock.ago(plan.stopped_at)}."
    elif plan.paused_from:
        until = f" until {_date(plan.paused_until, clock)}" if plan.paused_until else ""
        words += f" Paused from {_date(plan.paused_from, clock)}{until}."
    if plan.next_at:
        words += f" Next {clock.due(plan.next_at)}."
    return words if plan.mails else f"{words} The client has stopped the mails."


def _plan_values(plan: Plan | None) -> dict[str, Any]:
    if plan is None:
        return {}
    return {"every_days": plan.every_days, "at_time": plan.at_time, "weekday": plan.weekday}


def _prompt(row: Prompt, clock: Clock) -> str:
    """What became of one time, in the order in which it happened."""
    steps = [("due", row.due_at), ("mail sent", row.sent_at), ("reminded", row.reminded_at), ("opened", row.opened_at),
             ("answered", row.answered_at), ("let go", row.missed_at)]  # fmt: skip
    return ", ".join(f"{word} {clock.stamp(at)}" for word, at in steps if at is not None)


REACH_WORDS = {
    "phone": "Safe phone",
    "hours": "Safe hours",
    "address": "Address for a welfare check",
    "contact": "Emergency contact",
    "safety_plan": "Safety plan",
}


def _reach(partner: Partner, card: ReachCard | None, clock: Clock) -> Reach | None:
    if card is None:
        return None
    lines = [(word, getattr(card, name)) for name, word in REACH_WORDS.items() if getattr(card, name)]
    if card.phone:
        lines.insert(1, ("Voicemail", "may be left" if card.voicemail else "never leave one"))
    if card.shared_device:
        lines.append(("Mailbox or phone", "somebody else can open it: no mails are sent"))
    return Reach(partner.name, tuple(lines), f"Asked {clock.ago(card.at)}")


def reach(partner: Partner, clock: Clock) -> Reach | None:
    """One person's reach card, for the cards of safety flags; one query."""
    return _reach(partner, care.reach_card(partner), clock)


def limits(partner: Partner, partners: list[Partner], running: list[Limit], clock: Clock) -> tuple[LimitLine, ...]:
    """The running limits that keep this person away, in words; asks for no rows."""
    names = {p.side: p.name for p in partners}
    return tuple(_limit(m, names, partner, clock) for m in running if m.keeps_away_id == partner.pk)


LIMITS_TOLD_FOR = timedelta(days=90)


def _unrecorded(recorded: Any, partners: list[Partner], rows: list[CheckIn], clock: Clock) -> list[str]:
    """A limit on contact that somebody ticked and nobody has written down: once it is, only "still so?" is asked
    (decisions 2)."""
    told: dict[str, str] = {}
    for row in rows:
        who = next(p for p in partners if p.pk == row.partner_id)
        other = next((p for p in partners if p.pk != who.pk), None)
        if other is None or row.at < clock.now - LIMITS_TOLD_FOR:
            continue
        chips = history.safety_of(row).get("s1")
        for chip, away in (("must_not_contact", who), ("partner_must_not", other)):
            if isinstance(chips, list) and chip in chips and away.side not in recorded:
                keeps_from = other if away is who else who
                told[away.side] = (
                    f"{who.name} reported that {away.name} is not to contact {keeps_from.name}. Please record it once."
                )
    return list(told.values())


def _kept_apart(held: CaseSummary, names: dict[str, str]) -> list[tuple[dict[str, Any], str]]:
    """Each limit the case's row knows of, with its words: who keeps away from whom, who says so, what is allowed."""
    lines = []
    for side, limit in held.arranged.get("limits", {}).items():
        other = next((name for s, name in names.items() if s != side), "the other")
        scope = f", but for {' and '.join(care.SCOPES[s].lower() for s in limit['scope'])}" if limit["scope"] else ""
        source = Limit.Source(limit["source"]).label.lower()
        lines.append((limit, f"{names[side]} is not to contact {other}{scope}: {source}."))
    return lines


def keeps_away(held: CaseSummary, partners: list[Partner], clock: Clock) -> tuple[str, ...]:
    """The limits that run today, for the head of the case's own page; asks for no rows."""
    today, names = clock.today.isoformat(), {p.side: p.name for p in partners}
    running = (m for m in _kept_apart(held, names) if m[0]["since"] <= today <= (m[0]["until"] or today))
    return tuple(line for _limit, line in running)


def brief(case: Case, held: CaseSummary, partners: list[Partner], rows: list[CheckIn], clock: Clock) -> tuple[str, ...]:
    """The arrangements in a few lines for the case's own page; asks for no rows beyond the check-ins shown there."""
    names = {p.side: p.name for p in partners}
    known = held.arranged
    lines = _unrecorded(known.get("limits", {}), partners, rows, clock)
    if held.care_due and held.care_due <= clock.today:
        lines.append(f"Due: {held.care_reason}")
    lines += [line for _limit, line in _kept_apart(held, names)]
    for side, agreed in known.get("agreements", {}).items():
        lines.append(f"{len(agreed)} agreement{'s' if len(agreed) > 1 else ''} with {names[side]}.")
    for side, (wish, day) in known.get("wish", {}).items():
        word = Wish.Choice(wish).label.lower()
        lines.append(f"{names[side]} wants at present: {word} (told {_date(date.fromisoformat(day), clock)}).")
    if moved := known.get("moved_out"):
        lines.append(f"{names[moved]} moved out.")
    return tuple(lines)
