"""Findings become flags: raised, extended, risen, cleared, opened again (rules.md, Lifecycle; decisions 28)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from .. import summary
from ..models import Case, CaseSummary, CheckIn, Flag, FlagEvent, Partner, SteadyWindow
from ..models.prepared import Prepared, insert, update
from ..rules import CATALOGUE, Evidence, Hit, Severity
from ..rules.record import SteadyWindow as Window
from .lifecycle import (
    BY_ITSELF,
    CLEARS,
    DUE,
    DUE_TODAY,
    LIVE,
    LOOK_BACK,
    NOW,
    REOPEN_WITHIN,
    TODAY,
    lifecycle,
    speed_by_itself,
)
from .mutes import muted_for
from .telling import spend, tell

_EVIDENCE = tuple(field.name for field in fields(Evidence))
_CHANGES = (
    "severity", "state", "newest", "last_evidence_at", "due_at", "speed", "acknowledged_at", "acknowledged_by", "snoozed_until",
    "closed_at", "closed_by", "close_reason", "head", "muted", "ends_at", "told_at",
)  # fmt: skip
_loaded = Prepared(
    lambda case, since: Flag.objects.filter(case=case).exclude(closed_at__lt=since).order_by("opened_at")
)


def load(case: Case, at: datetime) -> list[Flag]:
    """The case's live flags, and those closed so recently that a rule or their reopening may ask for them; one query."""
    return _loaded(case.pk, at - LOOK_BACK)


def said_of(checkin: CheckIn) -> dict[str, int]:
    """The rules that this check-in raised or added to, with how much they weighed then."""
    rows = FlagEvent.objects.filter(checkin=checkin).order_by("severity").values_list("flag__rule", "severity")
    return dict(rows)


def rests_on(partner: Partner) -> set[tuple[str, str]]:
    """(rule, check-in) for every check-in that a safety flag of this person names, open or closed."""
    found: set[tuple[str, str]] = set()
    for flag in Flag.objects.filter(partner=partner, safety=True).prefetch_related("events"):
        named = [(flag.checkin_id, flag.card), *((e.checkin_id, e.card) for e in flag.events.all())]
        for checkin_id, card in named:
            found.add((flag.rule, str(checkin_id)))
            found |= {(flag.rule, row["entry"]) for row in (json.loads(card)["evidence"] if card else ())}
    return found


def _card(hit: Hit, who: str) -> str:
    rule = CATALOGUE[hit.rule]
    return json.dumps(
        {
            "who": who,
            "name": rule.name,
            "sentence": hit.sentence,
            "evidence": [
                {name: getattr(row, name) for name in _EVIDENCE} | {"at": row.at.isoformat()} for row in hit.evidence
            ],
            "against": list(hit.against),
            "clears": rule.clears,
            "guidance": list(rule.guidance),
            "asks": hit.asks,
            "from_other": hit.from_other,  # then it is in nobody's copy
        },
        ensure_ascii=False,
    )


def _due(hit: Hit, at: datetime) -> datetime | None:
    if hit.severity == Severity.URGENT and hit.speed == TODAY:
        return at + DUE_TODAY
    wait = DUE.get(hit.severity)
    return at + wait if wait else None


def _speed(hit: Hit, severity: int) -> str:
    if severity < Severity.URGENT:
        return speed_by_itself(hit.rule, severity)
    return hit.speed or (NOW if hit.severity == Severity.URGENT else TODAY)


def _ask_anew(flag: Flag, hit: Hit, at: datetime) -> None:
    """Open to be looked at (again). A clock that already runs is never put back, and what is to be looked at now stays so
    until somebody has looked. A day's time that has run out unseen is over: new evidence gets its own. (Where the ladder of
    what is now has ended unseen, the clock itself begins it anew.)"""
    due, speed = _due(hit, at), _speed(hit, max(hit.severity, flag.severity))
    if flag.state == Flag.State.OPEN and flag.due_at is not None:
        if flag.speed == NOW:
            speed = NOW
        if flag.speed == NOW or flag.due_at > at:
            due = min(due, flag.due_at) if due else flag.due_at
    flag.state, flag.due_at, flag.speed, flag.snoozed_until = Flag.State.OPEN, due, speed, None
    flag.severity = max(hit.severity, flag.severity)
    flag.acknowledged_at = flag.acknowledged_by = None


def apply(
    case: Case, partner: Partner, hits: Sequence[Hit], windows: Iterable[Window], *, at: datetime,
    checkin: CheckIn | None, known: list[Flag], since: Sequence[datetime], row: CaseSummary | None = None,
) -> list[Flag]:  # fmt: skip
    """Raise, extend or clear the partner's flags for one check-in. Runs inside the submit's transaction, with the
    case's summary row locked.

    `known` comes from `load`; `since` are the times of the partner's check-ins in view. `row` is the case's locked row
    where the caller has it and saves it afterwards. Returns the flags that are new, risen or open again. The number of
    statements does not grow with the number of flags.
    """
    kept = row or summary.lock(case)
    muted = muted_for(kept, partner.side)
    own = [flag for flag in known if flag.partner_id == partner.pk]
    live = {flag.rule: flag for flag in own if flag.state in LIVE}
    ended = [flag for flag in own if flag.closed_at is not None and flag.closed_at >= at - REOPEN_WITHIN]
    closed = {flag.rule: flag for flag in sorted(ended, key=lambda f: f.closed_at or at)}
    raised: list[Flag] = []
    changed: dict[Any, Flag] = {}
    events: list[FlagEvent] = []
    held: dict[str, Flag] = {}  # rule -> its live flag, for the rules that hold now
    quiet = set(live)

    def note(flag: Flag, kind: str, card: str | None = None) -> None:
        changed[flag.pk] = flag
        flag.newest = card or flag.newest
        events.append(
            FlagEvent(
                practice_id=case.practice_id,
                flag=flag,
                kind=kind,
                at=at,
                checkin=checkin,
                severity=flag.severity,
                card=card,
            )
        )

    for hit in hits:
        card = _card(hit, partner.name)
        flag = live.get(hit.rule)
        if flag is None:
            flag = _again_or_new(case, partner, hit, closed.get(hit.rule), at, checkin, card)
            if flag is None:
                continue
            flag.muted = hit.rule in muted and not flag.safety
            raised.append(flag)
            note(flag, *(("raised",) if flag._state.adding else ("reopened", card)))
        elif hit.severity > flag.severity or CATALOGUE[hit.rule].safety or hit.severity == Severity.URGENT:
            # New danger is looked at anew: it opens the card again, with a clock of its own.
            kind = "rose" if hit.severity > flag.severity else "evidence"
            _ask_anew(flag, hit, at)
            raised.append(flag)
            note(flag, kind, card)
        elif flag.severity > Severity.INFO:
            note(flag, "evidence", card)
        if hit.ends_at is not None:
            flag.ends_at = max(hit.ends_at, flag.ends_at or hit.ends_at)
        if flag.muted:
            flag.due_at = None
        held[hit.rule] = flag
        if flag.pk in changed:
            flag.last_evidence_at = max(flag.last_evidence_at, at)
            quiet.discard(hit.rule)
    for rule in quiet:
        flag = live[rule]
        over = flag.ends_at is not None and flag.ends_at <= at
        if over or _clears(flag, at, since):
            close_by_itself(flag, at, "date_passed" if over else "")
            note(flag, "auto_resolved")
    _group(hits, held, raised, own, changed)
    told, rest = spend(kept, partner, raised, at)
    fresh = [flag for flag in changed.values() if flag._state.adding]
    _write(changed.values(), events)
    opened = [
        SteadyWindow(
            practice_id=case.practice_id,
            case=case,
            partner=partner,
            opened_at=w.opened_at,
            opened_by=w.opened_by,
            ends_at=w.ends_at,
        )
        for w in windows
        if not w.moved
    ]
    if opened:
        SteadyWindow.objects.bulk_create(opened)
    for w in windows:
        if w.moved:  # a window that is open gets its later end; one that a person has ended stays ended
            SteadyWindow.objects.filter(partner=partner, opened_at=w.opened_at, ended_at__isnull=True).update(
                ends_at=w.ends_at
            )
    known.extend(fresh)
    if row is None and told:
        CaseSummary.objects.filter(pk=kept.pk).update(told=kept.told)
    tell(case, [f for f in raised if f.safety or f.severity == Severity.URGENT], told, rest, at)
    return raised


def close_by_itself(flag: Flag, at: datetime, reason: str = "") -> None:
    """Closed by no person; `reason` is one of lifecycle.BY_ITSELF, or empty where nothing was seen of it any more."""
    flag.state, flag.closed_at, flag.close_reason = Flag.State.AUTO_RESOLVED, at, reason
    flag.snoozed_until, flag.head = None, None


def _group(
    hits: Sequence[Hit], held: dict[str, Flag], raised: Sequence[Flag], own: Sequence[Flag], changed: dict[Any, Flag]
) -> None:
    """Put what one check-in raised of one person under one card, headed by what weighs most; the steady window's card
    takes in first what belongs to it. A flag stands by itself where a card would hide it (`_takes`), and where it stood
    by itself before and is no news. Information is filed, not told, so it joins no card; each danger
    stands by itself, unless the hit names another danger as its card. What only the other one reports shares no card."""
    by_id = {flag.pk: flag for flag in held.values()}
    absorbing = {hit.head for hit in hits}
    shown = [(hit, held[hit.rule]) for hit in hits if hit.rule in held]
    joining = sorted(
        ((hit, flag) for hit, flag in shown if _joins(flag) and not flag.safety and not hit.from_other),
        key=lambda pair: (
            -pair[1].severity, pair[1].state != Flag.State.OPEN, pair[0].rule not in absorbing, bool(pair[0].head)
        ),
    )  # fmt: skip
    tops = [next((f for _hit, f in joining if (f.severity == Severity.URGENT) is loud), None) for loud in (True, False)]
    for hit, flag in shown:
        loose = (flag in raised or flag.head_id is not None or bool(hit.head)) and not hit.from_other
        heads = (
            [held.get(hit.head), by_id.get(flag.head_id) if flag.head_id else None, *tops]
            if loose and flag not in tops
            else []
        )
        _place(flag, next((head for head in heads if head is not None and _takes(head, flag)), None), changed)
    # Nothing stands under a card that closed or went under another one itself.
    every = {flag.pk: flag for flag in (*own, *held.values())}
    for flag in every.values():
        head = every.get(flag.head_id) if flag.head_id else None
        while head is not None and head.head_id is not None and head.head_id in every:
            head = every[head.head_id]
        if head is not None and flag.state in LIVE:
            stays = head.pk == flag.head_id and (head.severity == Severity.URGENT) == (flag.severity == Severity.URGENT)
            fits = head.state in LIVE and (stays or _takes(head, flag))
            _place(flag, head if fits else None, changed)


def _joins(flag: Flag) -> bool:
    """Whether the flag is told at all, and so may stand on a card with others."""
    return not flag.muted and flag.severity > Severity.INFO and not CATALOGUE[flag.rule].line_only


def _takes(head: Flag, flag: Flag) -> bool:
    """A card takes in nothing that weighs more than its head or waits to be seen while the head was seen; danger is never
    put under anything else; and nothing that is not urgent under what is, which cover sees and marks as seen."""
    hides = flag.severity > head.severity or (flag.state == Flag.State.OPEN and head.state != Flag.State.OPEN)
    hides = hides or (head.severity == Severity.URGENT and not head.safety and flag.severity < Severity.URGENT)
    return head.pk != flag.pk and head.safety == flag.safety and _joins(head) and _joins(flag) and not hides


def _place(flag: Flag, head: Flag | None, changed: dict[Any, Flag]) -> None:
    if flag.head_id != (head.pk if head else None):
        flag.head, changed[flag.pk] = head, flag


def _write(rows: Iterable[Flag], events: Sequence[FlagEvent]) -> None:
    """New and changed flags in one statement, heads before those under them; their cards are never rewritten."""
    ordered = sorted(rows, key=lambda f: f.head_id is not None)
    if all(flag._state.adding for flag in ordered):
        insert(*ordered)
    elif len(ordered) == 1:
        update(ordered, *_CHANGES)
    else:
        Flag.objects.bulk_create(ordered, update_conflicts=True, unique_fields=["id"], update_fields=_CHANGES)
    insert(*events)


def _again_or_new(
    case: Case,
    partner: Partner,
    hit: Hit,
    closed: Flag | None,
    at: datetime,
    checkin: CheckIn | None,
    card: str,
) -> Flag | None:
    rule = CATALOGUE[hit.rule]
    if closed is not None and closed.closed_at and not rule.safety:
        cool_down = timedelta(days=CLEARS[lifecycle(rule.id, closed.severity)][2])
        cools = at - closed.closed_at < cool_down and closed.close_reason not in BY_ITSELF
        if cools and hit.severity <= closed.severity:
            return None
        code = lifecycle(rule.id, max(hit.severity, closed.severity))
        if code == "L3":  # closed within 56 days, it opens again with its history
            closed.severity, closed.closed_at, closed.closed_by, closed.close_reason = hit.severity, None, None, ""
            closed.head = closed.ends_at = None
            _ask_anew(closed, hit, at)
            return closed
    return Flag(
        practice_id=case.practice_id, case=case, partner=partner, rule=rule.id, rule_version=rule.version,
        severity=hit.severity, safety=rule.safety, checkin=checkin, card=card, opened_at=at, last_evidence_at=at,
        due_at=_due(hit, at), speed=_speed(hit, hit.severity),
    )  # fmt: skip


def _clears(flag: Flag, at: datetime, since: Sequence[datetime]) -> bool:
    """Quiet for long enough. What speaks of a day waits for that day; what nobody is told of need not be seen first."""
    code = lifecycle(flag.rule, flag.severity)
    if code == "L4" or flag.ends_at is not None:
        return False
    days, check_ins, _, must_be_seen = CLEARS[code]
    quiet = sum(1 for t in since if t > flag.last_evidence_at)
    seen = flag.acknowledged_at is not None or not must_be_seen or flag.muted
    return seen and quiet >= check_ins and at - flag.last_evidence_at >= timedelta(days=days)
