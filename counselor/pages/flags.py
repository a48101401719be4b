"""A flag: as a card on the case, and its own page with its history."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clients import duty, flags
from clients.guidance import WITHHELD_WHILE_UNSAFE
from clients.markup import family
from clients.models import (
    Case,
    CaseSummary,
    CheckIn,
    Flag,
    FlagEvent,
    Partner,
    RuleMute,
    SteadyWindow,
    User,
)
from clients.rules import CATALOGUE
from clients.rules.words import ITEMS, Description, describe

from .. import library
from .care import Reach, reach
from .clock import Clock, is_held

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
    owner: str = ""
    badge: str = ""  # "new", or that it waits for the digest
    aside: str = ""  # until when it is set aside
    asks: str = ""
    ends: str = ""
    muted: bool = False
    follow_up: str = ""
    second_look: str = ""
    held: bool = False  # safety first: the reporter is frightened, and is not judged (decisions 3)
    withheld: bool = False  # some guidance is left out while a safety flag is open


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
    why = (flags.REASONS | flags.BY_ITSELF).get(flag.close_reason, "no sign of it any more")
    return f"{flag.get_state_display()}{by} on {clock.stamp(flag.closed_at)}: {why}"


def _second_look_words(flag: Flag, clock: Clock) -> str:
    if not flag.safety or flag.state != Flag.State.RESOLVED:
        return ""
    if flag.second_look_at and flag.second_look_by:
        return f"Second look by {flag.second_look_by.name}, {clock.stamp(flag.second_look_at)}."
    return "It waits for a second look."


def _badge(flag: Flag) -> str:
    """In the house a notice is this word; at most two cards of a client in seven days wear it (rules.md, Budget)."""
    if flag.state != Flag.State.OPEN or flag.muted or flag.head_id or flag.severity < Flag.Severity.WATCH:
        return ""
    if flag.safety or flag.severity == Flag.Severity.URGENT or flag.told_at:
        return "new"
    return "in the digest"


def _is_own_conduct(rule: str) -> bool:
    """What speaks of the reporter's own conduct, and is held while this person is frightened."""
    return rule.startswith("P") or "I01" <= rule <= "I05"


def flag_card(flag: Flag, partner: Partner, every: list[Flag], clock: Clock, summary: CaseSummary | None) -> FlagCard:
    """`summary` tells whether the reporter is frightened and whether danger is open; without it neither is asked for."""
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
                ITEMS.get(row["item"], row["item"]),
                words,
                quoted,
            )
        )
    held = _is_own_conduct(flag.rule) and summary is not None and is_held(summary, clock, partner.side)
    unsafe = (flag.safety and flag.state in flags.LIVE) or (summary is not None and summary.safety_open > 0)
    mapped = [c for c in map(library.card, card["guidance"]) if c and not held]
    allowed = [c for c in mapped if not (unsafe and c.family in WITHHELD_WHILE_UNSAFE)]
    links = tuple(GuidanceLink(c.id, c.title, reverse("desk:library_card", args=[c.id])) for c in allowed)
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
        mark="held" if held or flag.state not in flags.LIVE else STATE_OF_SEVERITY[flag.severity],
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
        owner=flag.owner.name if flag.owner else "",
        badge=_badge(flag),
        aside=clock.day(flag.snoozed_until) if flag.snoozed_until else "",
        asks=card.get("asks", ""),
        ends=clock.day(flag.ends_at) if flag.ends_at and flag.state in flags.LIVE else "",
        muted=flag.muted,
        follow_up=flag.follow_up or "",
        second_look=_second_look_words(flag, clock),
        held=held,
        withheld=len(allowed) < len(mapped),
    )


@dataclass(frozen=True, slots=True)
class HistoryLine:
    when: str
    words: str
    sentence: str
    said: str  # what a person wrote with it


@dataclass(frozen=True, slots=True)
class MuteLine:
    """A rule that is silent: for whom, since when, who decided it, and whether this person may end it here."""

    id: UUID
    rule: str
    name: str
    scope: str
    words: str
    can_end: bool


@dataclass(frozen=True, slots=True)
class FlagPage:
    case_id: UUID
    names: str
    card: FlagCard
    side: str
    why: Description
    window: str
    history: tuple[HistoryLine, ...]
    stand: UUID | None  # the newest entry of the history, as shown
    people: tuple[tuple[str, str], ...]  # to whom it can be handed on
    mutes: tuple[MuteLine, ...]
    can_snooze: bool
    can_mute: bool
    can_look: bool
    no_look: str  # why this person does not take the second look
    reach: Reach | None  # first thing on a safety card (decisions 9)
    checklist: tuple[str, ...]
    unread_words: str  # the address of a check-in that came with words nobody has read, software included


# What the flag's own rows leave to other people
_PEOPLE = ("acknowledged_by", "closed_by", "owner", "second_look_by", "partner")


def flag(case: Case, flag_id: UUID, user: User, now: datetime) -> FlagPage:
    clock = Clock(user, now)
    every = list(Flag.objects.filter(case=case).select_related(*_PEOPLE))
    row = next((f for f in every if f.pk == flag_id), None)
    if row is None:
        raise Http404
    events = list(row.events.select_related("by").order_by("id"))
    summary = CaseSummary.objects.get(case=case)
    waits = row.safety and row.state == Flag.State.RESOLVED and row.second_look_at is None
    no_look = flags.why_no_second_look(row, user, now, alone=flags.works_alone(user)) if waits else ""
    mutes = mute_lines(case, clock)
    return FlagPage(
        case_id=case.pk,
        names=summary.names,
        card=flag_card(row, row.partner, every, clock, summary),
        side=row.partner.side,
        why=describe(CATALOGUE[row.rule]),
        window=_window(row, clock),
        history=_history(row, events, clock),
        stand=events[-1].pk if events else None,
        people=_people(case, row, user, now),
        mutes=tuple(line for line in mutes if line.rule == row.rule),
        can_snooze=flags.can(row, "snoozed"),
        can_mute=flags.can_mute(row.rule) and not row.muted,
        can_look=waits and not no_look,
        no_look=no_look,
        reach=reach(row.partner, clock) if row.safety else None,
        checklist=duty.checklist(case.practice, row.rule),
        unread_words=_unread_words(case, row, events) if row.safety else "",
    )


def _unread_words(case: Case, flag: Flag, events: list[FlagEvent]) -> str:
    """Words sent with danger, by somebody who has not agreed to software reading them, wait for a person."""
    newest = next((e.checkin_id for e in reversed(events) if e.checkin_id), flag.checkin_id)
    row = CheckIn.objects.filter(pk=newest, text_read=False, read_at__isnull=True).first() if newest else None
    words = row is not None and (row.text or row.next_session)
    return f"{reverse('desk:case', args=[case.pk])}#e-{newest}" if words else ""


def _people(case: Case, flag: Flag, user: User, now: datetime) -> tuple[tuple[str, str], ...]:
    """Whom it can be handed on to. Who alone holds the case has it already."""
    if flag.state not in flags.LIVE:
        return ()
    others = [person for person in flags.holders(case, flag, now) if person.pk != flag.owner_id]
    if flag.owner_id is None and [person.pk for person in others] == [user.pk]:
        return ()
    return tuple((str(person.pk), person.name) for person in others)


def _silenced(flag: Flag, clock: Clock) -> list[tuple[datetime, HistoryLine]]:
    """When its rule was muted for it, by whom and why, and when it spoke again."""
    lines = []
    kept = RuleMute.objects.select_related("by", "ended_by").filter(
        Q(case=flag.case_id) | Q(case__isnull=True), Q(partner=flag.partner_id) | Q(partner__isnull=True),
        practice=flag.practice_id, rule=flag.rule,
    )  # fmt: skip
    for mute in kept:
        by = f" by {mute.by.name}" if mute.by else ""
        lines.append((mute.at, HistoryLine(clock.stamp(mute.at), f"Rule muted{by}", "", mute.reason)))
        if mute.ended_at and mute.ended_by:
            words = f"Rule no longer muted, by {mute.ended_by.name}"
            lines.append((mute.ended_at, HistoryLine(clock.stamp(mute.ended_at), words, "", "")))
    return lines


def _history(flag: Flag, events: list[FlagEvent], clock: Clock) -> tuple[HistoryLine, ...]:
    """What people and rules did, and who was alerted when."""
    lines = [(event.at, history_line(event, clock)) for event in events] + _silenced(flag, clock)
    if flag.speed:
        told = [entry for clocked in flag.escalations.values_list("told", flat=True) for entry in clocked]
        names = {
            str(pk): name for pk, name in User.objects.filter(pk__in=[t[0] for t in told]).values_list("pk", "name")
        }
        for user_id, when, _rung in told:
            at = datetime.fromisoformat(when)
            lines.append((at, HistoryLine(clock.stamp(at), f"{names.get(user_id, 'Somebody')} was alerted", "", "")))
    return tuple(line for _at, line in sorted(lines, key=lambda pair: pair[0]))


def history_line(event: FlagEvent, clock: Clock) -> HistoryLine:
    by = f" by {event.by.name}" if event.by else ""
    reasons = flags.REOPEN_REASONS if event.kind == "reopened" else flags.REASONS | flags.BY_ITSELF
    why = f": {reasons[event.reason]}" if event.reason in reasons else ""
    sentence = json.loads(event.card)["sentence"] if event.card else ""
    what = "Brought back" if event.kind == "woken" and by else event.get_kind_display()
    return HistoryLine(clock.stamp(event.at), f"{what}{by}{why}", sentence, event.words or "")


def _window(flag: Flag, clock: Clock) -> str:
    """The days of the check-ins that the flag rests on."""
    cards = [json.loads(text) for text in (flag.card, flag.newest) if text]
    days = [datetime.fromisoformat(row["at"]) for card in cards for row in card["evidence"]]
    if not days:
        return ""
    first, last = clock.day(min(days)), clock.day(max(days))
    return f"on {first}" if first == last else f"from {first} to {last}"


def mute_lines(case: Case, clock: Clock) -> tuple[MuteLine, ...]:
    """The rules that are silent on a case, with why and since when."""
    lines = []
    for kept in flags.running(case):
        scope = "the practice" if kept.case_id is None else kept.partner.name if kept.partner else "this case"
        by = f"by {kept.by.name}" if kept.by else "by itself"
        words = f"Muted {by} on {clock.day(kept.at)}: {kept.reason}"
        name = CATALOGUE[kept.rule].name if kept.rule in CATALOGUE else kept.rule
        lines.append(MuteLine(kept.pk, kept.rule, name, scope, words, kept.case_id is not None))
    return tuple(lines)


# The flags of a case, as its page shows them


@dataclass(frozen=True, slots=True)
class Window:
    """The steady window: until when, or who ended it and why; `id` where a person may still end it."""

    id: UUID | None
    words: str
    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FlagsOfCase:
    cards: tuple[FlagCard, ...]
    lines: tuple[FlagCard, ...]  # what is only noted, never told (decisions 25)
    info: tuple[UUID, ...]  # open lines of information, to be filed together
    muted: tuple[FlagCard, ...]
    mutes: tuple[MuteLine, ...]
    closed: tuple[ClosedFlag, ...]
    closed_before: int
    looks: tuple[ClosedFlag, ...]  # closed, and waiting for a second look


CLOSED_SHOWN = 10


def flags_of(
    case: Case, every: list[Flag], partners: dict[UUID, Partner], clock: Clock, summary: CaseSummary
) -> FlagsOfCase:
    any_muted = any(summary.arranged.get("mutes", {}).values())
    live = sorted(
        (f for f in every if f.state in flags.LIVE and f.head_id is None),
        key=lambda f: (-f.severity, -f.opened_at.timestamp()),
    )
    closed = [f for f in every if f.state not in flags.LIVE and f.head_id is None]

    def cards(chosen: list[Flag]) -> tuple[FlagCard, ...]:
        return tuple(flag_card(f, partners[f.partner_id], every, clock, summary) for f in chosen)

    def is_line(flag: Flag) -> bool:
        return CATALOGUE[flag.rule].line_only

    told = [f for f in live if not f.muted]
    return FlagsOfCase(
        cards=cards([f for f in told if not is_line(f)]),
        lines=cards([f for f in told if is_line(f)]),
        info=tuple(f.pk for f in told if f.severity == Flag.Severity.INFO and f.state == Flag.State.OPEN),
        muted=cards([f for f in live if f.muted]),
        mutes=mute_lines(case, clock) if any_muted else (),
        closed=tuple(closed_flag(f, clock) for f in closed[:CLOSED_SHOWN]),
        closed_before=max(len(closed) - CLOSED_SHOWN, 0),
        looks=tuple(
            closed_flag(f, clock)
            for f in closed
            if f.safety and f.state == Flag.State.RESOLVED and f.second_look_at is None
        ),
    )


def window_of(windows: list[SteadyWindow], clock: Clock) -> Window | None:
    """The newest steady window, as long as its days run."""
    newest = next((w for w in reversed(windows) if w.opened_at <= clock.now < w.ends_at), None)
    if newest is None:
        return None
    if newest.ended_at is None or newest.ended_by is None:
        return Window(
            newest.pk, f"Steady window until {clock.day(newest.ends_at)}.", tuple(flags.WINDOW_REASONS.items())
        )
    why = flags.WINDOW_REASONS.get(newest.reason, newest.reason)
    return Window(None, f"Steady window ended by {newest.ended_by.name} on {clock.day(newest.ended_at)}: {why}.", ())
