"""Findings become flags; people acknowledge, resolve and reopen them (rules.md, Lifecycle; decisions 28)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from . import audit, notices, summary
from .models import Assignment, Case, CheckIn, Flag, FlagEvent, Partner, SteadyWindow, User
from .pressure import Finding, read
from .rules import CATALOGUE, Hit, Severity
from .rules.record import SteadyWindow as Window
from .rules.safety import read_danger

LIVE = (Flag.State.OPEN, Flag.State.ACKNOWLEDGED, Flag.State.SNOOZED)
REASONS = {
    "not_accurate": "Not accurate",
    "known": "Known, working on it",
    "agreed": "Agreed boundary",
    "welcome": "The partner welcomes it",
    "followed_up": "Followed up",
    "other": "Other",
}
# state -> the states a person or the lifecycle may move it to; reopen is open plus an event.
TRANSITIONS: dict[str, frozenset[str]] = {
    "open": frozenset({"acknowledged", "snoozed", "resolved", "auto_resolved"}),
    "acknowledged": frozenset({"open", "snoozed", "resolved", "auto_resolved"}),
    "snoozed": frozenset({"open", "acknowledged", "resolved", "auto_resolved"}),
    "resolved": frozenset({"open"}),
    "auto_resolved": frozenset({"open"}),
}
# Lifecycle code -> (days without a trigger before it clears by itself, check-ins without, cool-down days, must be seen
# first). Info gathers nothing after it was raised, so L1 closes 28 days after that.
CLEARS = {"L1": (28, 0, 28, False), "L2": (14, 2, 14, False), "L3": (28, 2, 14, True)}
REOPEN_WITHIN = timedelta(days=56)
DUE = {
    Severity.URGENT: timedelta(minutes=15),
    Severity.ELEVATED: timedelta(hours=8),
    Severity.WATCH: timedelta(days=7),
}
DUE_TODAY = timedelta(hours=8)


class Refused(Exception):
    """An act that does not fit the flag's state; the text is for the person."""


def lifecycle(rule: str, severity: int) -> str:
    """The code in force: "L2>L3" is L2 while watch, L3 once elevated; info always closes like L1."""
    codes = CATALOGUE[rule].lifecycle.split(">")
    if codes == ["L4"]:
        return "L4"
    if severity <= Severity.INFO:
        return "L1"
    return codes[-1] if severity >= Severity.ELEVATED else codes[0]


def load(case: Case, at: datetime) -> list[Flag]:
    """The case's live flags, and those closed so recently that they count for cool-down and reopening; one query."""
    rows = Flag.objects.filter(case=case).exclude(closed_at__lt=at - REOPEN_WITHIN)
    return list(rows.order_by("opened_at"))


def _card(hit: Hit, who: str) -> str:
    rule = CATALOGUE[hit.rule]
    return json.dumps(
        {
            "who": who,
            "name": rule.name,
            "sentence": hit.sentence,
            "evidence": [asdict(row) | {"at": row.at.isoformat()} for row in hit.evidence],
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
    ended = [flag for flag in own if flag.closed_at is not None]
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
    ]
    if opened:
        SteadyWindow.objects.bulk_create(opened)
    known.extend(fresh)
    _alert(case, raised, at)
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
    if events:
        FlagEvent.objects.bulk_create(events)


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
        if code == "L3":  # `load` hands out what closed within 56 days; it opens again with its history
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


def _alert(case: Case, raised: Sequence[Flag], at: datetime) -> None:
    """Elevated and urgent flags owe a content-free mail to whoever holds the case; urgent ones also to cover."""
    loud = [f for f in raised if f.severity >= Severity.ELEVATED and f.head_id is None]
    if not loud:
        return
    urgent = any(f.severity == Severity.URGENT for f in loud)
    holders = Assignment.objects.select_related("user").filter(
        Q(until__isnull=True) | Q(until__gt=at), case=case, since__lte=at
    )
    notices.owe(
        notices.prepare(
            "urgent" if urgent else "elevated",
            to=held.user,
            at=at,
            case=case,
            flag=loud[0],
            dedupe=f"{loud[0].pk}:{at.isoformat()}",
        )
        for held in holders
        if urgent or held.role == Assignment.As.PRIMARY
    )


def help_for(findings: Iterable[Finding]) -> list[str]:
    """Kinds of help (Resource.Kind) that words call for."""
    kinds = []
    found = list(findings)
    hurting_oneself = [f for f in found if f.label == "self_harm"]
    for finding in found:
        if finding.label == "violence" and any(
            f.start < finding.end and finding.start < f.end for f in hurting_oneself
        ):
            continue  # the same words said of oneself
        if finding.label == "self_harm" and finding.actor != "other":
            kinds.append("crisis")
        elif finding.label == "violence":
            kinds.append("own_anger" if finding.actor == "client" else "violence")
        elif finding.label == "child_safety":
            kinds.append("child")
    return kinds


def look_for_danger(case: Case, partner: Partner, text: str, *, at: datetime) -> list[str]:
    """Read a client's text outside a check-in for safety; raise what it says, and return the kinds of help to show."""
    findings = read(text, partner=partner.other_name).findings
    hits = read_danger(text, findings, at)
    if hits:
        summary.lock(case)
        apply(case, partner, hits, (), at=at, checkin=None, known=load(case, at), since=())
    return help_for(findings)


def set_speed(checkin: CheckIn, *, calm: bool, at: datetime) -> None:
    """The reporter said whether they are safe for now: S02 and S04 may wait until the end of the day (decisions 7).
    It speaks of this check-in only; what an earlier one raised keeps its clock."""
    summary.lock(checkin.case)
    rows = Flag.objects.filter(case=checkin.case, partner=checkin.partner, rule__in=["S02", "S04"])
    for flag in rows.filter(state=Flag.State.OPEN, last_evidence_at=checkin.at):
        flag.due_at = flag.last_evidence_at + (DUE_TODAY if calm else DUE[Severity.URGENT])
        flag.save(update_fields=["due_at"])
    summary.refresh(checkin.case, at=at)


# What people do with a flag


def can(flag: Flag, to: str) -> bool:
    return to in TRANSITIONS[flag.state] and not (flag.safety and to in {"snoozed", "auto_resolved"})


def _locked(case: Case, flag_id: Any) -> Flag:
    """The flag, locked after the case's summary row: the same order as in a check-in, so that neither waits for the
    other in a circle, and nobody writes over what somebody else just did."""
    summary.lock(case)
    return Flag.objects.select_related("partner").select_for_update(of=("self",)).get(pk=flag_id, case=case)


def _already(flag: Flag) -> str:
    if flag.state == Flag.State.ACKNOWLEDGED and flag.acknowledged_by:
        return f"{flag.acknowledged_by.name} has already marked this flag as seen."
    if flag.state == Flag.State.RESOLVED and flag.closed_by:
        return f"{flag.closed_by.name} has already closed this flag."
    if flag.state == Flag.State.AUTO_RESOLVED:
        return "This flag has already cleared by itself."
    return "This flag has been changed in the meantime."


def _move(case: Case, flag: Flag, to: str, *, by: User, at: datetime, kind: str, reason: str = "") -> None:
    flag.state = to
    flag.save()
    FlagEvent.objects.create(
        practice_id=flag.practice_id,
        flag=flag,
        kind=kind,
        at=at,
        by=by,
        severity=flag.severity,
        reason=reason,
    )
    side = flag.partner.side
    audit.record(f"flag.{kind}", by=by, at=at, case=case, side=side, subject=flag.pk, rule=flag.rule, reason=reason)


@transaction.atomic
def acknowledge(*, case: Case, flag_id: Any, by: User, at: datetime) -> Flag:
    """The counselor has seen it, and with it what stands on the same card. Said twice by anybody, the second is told
    who was first."""
    flag = _locked(case, flag_id)
    if not can(flag, Flag.State.ACKNOWLEDGED):
        raise Refused(_already(flag))
    under = Flag.objects.select_related("partner").filter(head=flag, state=Flag.State.OPEN).order_by("rule")
    for seen in (flag, *under):
        seen.acknowledged_at, seen.acknowledged_by, seen.snoozed_until = at, by, None
        _move(case, seen, Flag.State.ACKNOWLEDGED, by=by, at=at, kind="acknowledged")
    summary.refresh(case, at=at)
    return flag


@transaction.atomic
def resolve(*, case: Case, flag_id: Any, by: User, at: datetime, reason: str) -> Flag:
    """Close with a reason. A safety flag asks for a follow-up as its reason; nothing but a person closes it. What stood
    on the same card keeps its own end, and now stands by itself."""
    flag = _locked(case, flag_id)
    if not can(flag, Flag.State.RESOLVED):
        raise Refused(_already(flag))
    if reason not in REASONS:
        raise Refused("Please pick a reason; without one a flag stays open.")
    if flag.safety and reason not in {"followed_up", "not_accurate"}:
        raise Refused("A safety flag closes only as followed up, or as not accurate after a look.")
    flag.closed_at, flag.closed_by, flag.close_reason, flag.snoozed_until = at, by, reason, None
    _move(case, flag, Flag.State.RESOLVED, by=by, at=at, kind="resolved", reason=reason)
    Flag.objects.filter(head=flag, state__in=LIVE).update(head=None)
    summary.refresh(case, at=at)
    return flag


@transaction.atomic
def reopen(*, case: Case, flag_id: Any, by: User, at: datetime) -> Flag:
    """Put a closed flag back on the table. Its clocks start again: when it is due, and when it may clear by itself."""
    flag = _locked(case, flag_id)
    if flag.state in LIVE:
        raise Refused("This flag is open already.")
    if Flag.objects.filter(partner=flag.partner, rule=flag.rule, state__in=LIVE).exists():
        raise Refused("A newer flag of the same rule is open already.")
    flag.closed_at = flag.closed_by = flag.acknowledged_at = flag.acknowledged_by = flag.head = None
    flag.close_reason, flag.last_evidence_at = "", max(flag.last_evidence_at, at)
    wait = DUE.get(Severity(flag.severity))
    flag.due_at = at + wait if wait else None
    _move(case, flag, Flag.State.OPEN, by=by, at=at, kind="reopened")
    summary.refresh(case, at=at)
    return flag


def safety_open(case: Case) -> bool:
    """While one is open, low-pressure guidance is withheld on the whole case (guidance.md, decision 4)."""
    return Flag.objects.filter(case=case, safety=True, state__in=LIVE).exists()
