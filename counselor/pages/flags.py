"""A flag: as a card on the case, and its own page with its history."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clients import flags
from clients.markup import family
from clients.models import (
    Case,
    CaseSummary,
    Flag,
    Partner,
    User,
)
from clients.rules import CATALOGUE

from .. import library
from .care import Reach, reach
from .clock import Clock

STATE_OF_SEVERITY = {1: "info", 2: "watch", 3: "needs", 4: "urgent"}


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    when: str
    item: str
    words: SafeString
    quoted: bool


@dataclass(frozen=True, slots=True)
class GuidanceLink:
    id: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class FlagCard:
    id: UUID
    href: str
    rule: str
    version: int
    name: str
    who: str
    severity: str
    severity_word: str
    state: str
    state_word: str
    mark: str
    sentence: str
    evidence: tuple[EvidenceLine, ...]
    against: tuple[str, ...]
    clears: str
    guidance: tuple[GuidanceLink, ...]
    opened: str
    due: str
    seen_by: str
    closed: str
    absorbed: tuple[tuple[str, str], ...]
    safety: bool
    can_see: bool
    can_close: bool
    can_reopen: bool


@dataclass(frozen=True, slots=True)
class ClosedFlag:
    href: str
    name: str
    closed: str


def closed_flag(flag: Flag, clock: Clock) -> ClosedFlag:
    return ClosedFlag(
        reverse("desk:flag", args=[flag.case_id, flag.pk]), json.loads(flag.card)["name"], _closed_words(flag, clock)
    )


def _closed_words(flag: Flag, clock: Clock) -> str:
    if not flag.closed_at:
        return ""
    by = f" by {flag.closed_by.name}" if flag.closed_by else ""
    return f"{flag.get_state_display()}{by} on {clock.stamp(flag.closed_at)}: {flags.REASONS.get(flag.close_reason, 'no sign of it any more')}"


ITEM_NAMES = {"c8": "own acts", "c7": "talk about problems", "s1": "safety question", "t1": "own words", "n1": "for the next session",
              "line": "a line back", "c3": "how the partner was", "c4": "what came from the partner", "c6": "tension", "c1": "contacts", "c2": "contacts", "c11": "how they are doing"}  # fmt: skip


def flag_card(flag: Flag, partner: Partner, every: list[Flag], clock: Clock) -> FlagCard:
    card, first = json.loads(flag.newest or flag.card), json.loads(flag.card)
    rule = CATALOGUE[flag.rule]
    evidence = []
    earlier = [row for row in first["evidence"] if row not in card["evidence"]] if flag.newest else []
    for index, row in enumerate([*card["evidence"], *earlier]):
        quoted = row["start"] is not None
        words = (
            format_html(
                '<mark data-label="{}" data-finding="{}" data-family="{}">{}</mark>',
                row["label"], f"{str(flag.pk)[-8:]}-{index}", family(row["label"]), row["words"],
            )
            if quoted
            else format_html("{}", row["words"])
        )  # fmt: skip
        evidence.append(
            EvidenceLine(
                clock.day(datetime.fromisoformat(row["at"])),
                ITEM_NAMES.get(row["item"], row["item"]),
                words,
                quoted,
            )
        )
    links = tuple(
        GuidanceLink(c.id, c.title, reverse("desk:library_card", args=[c.id]))
        for c in map(library.card, card["guidance"])
        if c
    )
    severity = Flag.Severity(flag.severity)
    return FlagCard(
        id=flag.pk,
        href=reverse("desk:flag", args=[flag.case_id, flag.pk]),
        rule=flag.rule,
        version=flag.rule_version,
        name=card["name"],
        who=partner.name,
        severity=severity.name.lower(),
        severity_word=severity.label,
        state=flag.state,
        state_word=flag.get_state_display(),
        mark="held" if flag.state not in flags.LIVE else STATE_OF_SEVERITY[flag.severity],
        sentence=card["sentence"],
        evidence=tuple(evidence),
        against=tuple(card["against"]) or (rule.against,),
        clears=card["clears"],
        guidance=links,
        opened=clock.stamp(flag.opened_at),
        due=clock.due(flag.due_at) if flag.due_at and flag.state == Flag.State.OPEN else "",
        seen_by=f"Seen by {flag.acknowledged_by.name}, {clock.stamp(flag.acknowledged_at)}"
        if flag.acknowledged_by and flag.acknowledged_at
        else "",
        closed=_closed_words(flag, clock),
        absorbed=tuple(
            (json.loads(f.card)["name"], reverse("desk:flag", args=[f.case_id, f.pk]))
            for f in every
            if f.head_id == flag.pk
        ),
        safety=flag.safety,
        can_see=flag.state == Flag.State.OPEN and flags.can(flag, "acknowledged"),
        can_close=flags.can(flag, "resolved"),
        can_reopen=flags.can(flag, "open") and flag.state not in flags.LIVE,
    )


@dataclass(frozen=True, slots=True)
class HistoryLine:
    when: str
    words: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FlagPage:
    case_id: UUID
    names: str
    card: FlagCard
    trigger: str
    literature: str
    lifecycle: str
    history: tuple[HistoryLine, ...]
    text: str
    reach: Reach | None  # first thing on a safety card (decisions 9)


def flag(case: Case, flag_id: UUID, user: User, now: datetime) -> FlagPage:
    clock = Clock(user, now)
    every = list(Flag.objects.filter(case=case).select_related("acknowledged_by", "closed_by", "partner"))
    row = next((f for f in every if f.pk == flag_id), None)
    if row is None:
        raise Http404
    rule = CATALOGUE[row.rule]
    lines = []
    for event in row.events.select_related("by").order_by("at", "id"):
        by = f" by {event.by.name}" if event.by else ""
        why = f": {flags.REASONS[event.reason]}" if event.reason in flags.REASONS else ""
        sentence = json.loads(event.card)["sentence"] if event.card else ""
        lines.append(HistoryLine(clock.stamp(event.at), f"{event.get_kind_display()}{by}{why}", sentence))
    names = CaseSummary.objects.values_list("names", flat=True).get(case=case)
    return FlagPage(
        case.pk, names, flag_card(row, row.partner, every, clock), rule.trigger, rule.literature, rule.lifecycle,
        tuple(lines), "", reach(row.partner, clock) if row.safety else None,
    )  # fmt: skip
