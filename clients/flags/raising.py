"""Findings become flags: raised, extended, risen, cleared, opened again (rules.md, Lifecycle; decisions 28)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from ..models import Case, CheckIn, Flag, FlagEvent, Partner, SteadyWindow
from ..models.prepared import Prepared, insert
from ..rules import CATALOGUE, Evidence, Hit, Severity
from ..rules.record import SteadyWindow as Window
from .lifecycle import CLEARS, DUE, DUE_TODAY, LIVE, LOOK_BACK, REOPEN_WITHIN, lifecycle
from .telling import tell

_EVIDENCE = tuple(field.name for field in fields(Evidence))
_loaded = Prepared(
    lambda case, since: Flag.objects.filter(case=case).exclude(closed_at__lt=since).order_by("opened_at")
)


def load(case: Case, at: datetime) -> list[Flag]:
    """The case's live flags, and those closed so recently that a rule or their reopening may ask for them; one query."""
    return _loaded(case.pk, at - LOOK_BACK)


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
        },
        ensure_ascii=False,
    )


def _due(hit: Hit, at: datetime) -> datetime | None:
    if hit.severity == Severity.URGENT and hit.speed == "today":
        return at + DUE_TODAY
    wait = DUE.get(hit.severity)
    return at + wait if wait else None


def _ask_anew(flag: Flag, hit: Hit, at: datetime) -> None:
    """Open to be looked at (again). A clock that already runs is never put back."""
    due = _due(hit, at)
    if flag.state == Flag.State.OPEN and flag.due_at is not None:
        due = min(due, flag.due_at) if due else flag.due_at
    flag.state, flag.due_at, flag.snoozed_until = Flag.State.OPEN, due, None
    flag.severity = max(hit.severity, flag.severity)
    flag.acknowledged_at = flag.acknowledged_by = None


def apply(
    case: Case, partner: Partner, hits: Sequence[Hit], windows: Iterable[Window], *, at: datetime,
    checkin: CheckIn | None, known: list[Flag], since: Sequence[datetime],
) -> list[Flag]:  # fmt: skip
    """Raise, extend or clear the partner's flags for one check-in. Runs inside the submit's transaction, with the
    case's summary row locked.

    `known` comes from `load`; `since` are the times of the partner's check-ins in view. Returns the flags that are
    new, risen or open again. The number of statements does not grow with the number of flags.
    """
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
            raised.append(flag)
            note(flag, *(("raised",) if flag._state.adding else ("reopened", card)))
        elif hit.severity > flag.severity or CATALOGUE[hit.rule].safety:
            # New danger is looked at anew: it opens the card again, with a clock of its own.
            kind = "rose" if hit.severity > flag.severity else "evidence"
            _ask_anew(flag, hit, at)
            raised.append(flag)
            note(flag, kind, card)
        elif flag.severity > Severity.INFO:
            note(flag, "evidence", card)
        held[hit.rule] = flag
        if flag.pk in changed:
            flag.last_evidence_at = max(flag.last_evidence_at, at)
            quiet.discard(hit.rule)
    for rule in quiet:
        flag = live[rule]
        if _clears(flag, at, since):
            flag.state, flag.closed_at, flag.snoozed_until = Flag.State.AUTO_RESOLVED, at, None
            note(flag, "auto_resolved")
    _group(hits, held, changed)
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
    tell(case, raised, at)
    return raised


def _group(hits: Sequence[Hit], held: dict[str, Flag], changed: dict[Any, Flag]) -> None:
    """Put what one check-in raised under one card. A flag stands by itself where the card would hide it: when it
    weighs more than the card's head, or waits to be seen while the head was seen already. So no flag outlives the
    head it stands under, unless a person closes that head (`resolve`)."""
    for hit in hits:
        flag, head = held.get(hit.rule), held.get(hit.head)
        if flag is None:
            continue
        if head is not None and (
            flag.severity > head.severity or (flag.state == Flag.State.OPEN and head.state != Flag.State.OPEN)
        ):
            head = None
        if flag.head_id != (head.pk if head else None):
            flag.head, changed[flag.pk] = head, flag


def _write(rows: Iterable[Flag], events: Sequence[FlagEvent]) -> None:
    """New and changed flags in one statement, heads before those under them; their cards are never rewritten."""
    ordered = sorted(rows, key=lambda f: f.head_id is not None)
    if ordered:
        Flag.objects.bulk_create(
            ordered,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=[
                "severity", "state", "newest", "last_evidence_at", "due_at", "acknowledged_at", "acknowledged_by", "snoozed_until",
                "closed_at", "closed_by", "close_reason", "head",
            ],
        )  # fmt: skip
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
        if at - closed.closed_at < cool_down and hit.severity <= closed.severity:
            return None
        code = lifecycle(rule.id, max(hit.severity, closed.severity))
        if code == "L3":  # closed within 56 days, it opens again with its history
            closed.severity, closed.closed_at, closed.closed_by, closed.close_reason = hit.severity, None, None, ""
            closed.head = None
            _ask_anew(closed, hit, at)
            return closed
    return Flag(
        practice_id=case.practice_id, case=case, partner=partner, rule=rule.id, rule_version=rule.version,
        severity=hit.severity, safety=rule.safety, checkin=checkin, card=card, opened_at=at, last_evidence_at=at,
        due_at=_due(hit, at),
    )  # fmt: skip


def _clears(flag: Flag, at: datetime, since: Sequence[datetime]) -> bool:
    code = lifecycle(flag.rule, flag.severity)
    if code == "L4":
        return False
    days, check_ins, _, must_be_seen = CLEARS[code]
    quiet = sum(1 for t in since if t > flag.last_evidence_at)
    seen = flag.acknowledged_at is not None or not must_be_seen
    return seen and quiet >= check_ins and at - flag.last_evidence_at >= timedelta(days=days)
