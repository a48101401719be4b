"""Findings become flags; people acknowledge, resolve and reopen them (rules.md, Lifecycle; decisions 28)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

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
# Lifecycle code -> (days without a trigger before it clears by itself, check-ins without, cool-down days, must be seen).
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


def _card(hit: Hit) -> str:
    rule = CATALOGUE[hit.rule]
    return json.dumps(
        {
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


def apply(
    case: Case, partner: Partner, hits: Sequence[Hit], windows: Iterable[Window], *, at: datetime, checkin: CheckIn | None,
    known: list[Flag], since: Sequence[datetime],
) -> list[Flag]:  # fmt: skip
    """Raise, extend or clear the partner's flags for one check-in. Runs inside the submit's transaction.

    `known` comes from `load`; `since` are the times of the partner's check-ins in view. Returns the flags that are
    new, risen or open again. Writes at most four statements when something fires, whatever their number.
    """
    own = [flag for flag in known if flag.partner_id == partner.pk]
    live = {flag.rule: flag for flag in own if flag.state in LIVE}
    closed = {flag.rule: flag for flag in own if flag.state not in LIVE}
    raised: list[Flag] = []
    fresh: list[Flag] = []
    changed: list[Flag] = []
    events: list[FlagEvent] = []

    def note(flag: Flag, kind: str, card: str | None = None) -> None:
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

    by_rule: dict[str, Flag] = {}
    for hit in hits:
        card = _card(hit)
        flag = live.get(hit.rule)
        if flag is not None:
            rose = hit.severity > flag.severity
            flag.last_evidence_at = at
            if rose:
                flag.severity, flag.state, flag.snoozed_until = hit.severity, Flag.State.OPEN, None
                flag.acknowledged_at = flag.acknowledged_by = None
                flag.due_at = _due(hit, at)
                raised.append(flag)
            elif CATALOGUE[hit.rule].safety:
                # New danger is looked at anew: it opens the card again, with a clock of its own.
                flag.state, flag.acknowledged_at, flag.acknowledged_by = Flag.State.OPEN, None, None
                flag.due_at = _due(hit, at)
                raised.append(flag)
            changed.append(flag)
            note(flag, "rose" if rose else "evidence", card)
        else:
            flag = _again_or_new(case, partner, hit, closed.get(hit.rule), at, checkin, card)
            if flag is None:
                continue
            if flag._state.adding:
                fresh.append(flag)
                note(flag, "raised")
            else:
                changed.append(flag)
                note(flag, "reopened", card)
            raised.append(flag)
        by_rule[hit.rule] = flag
    for hit in hits:
        if hit.head in by_rule and hit.rule in by_rule:
            by_rule[hit.rule].head = by_rule[hit.head]
    for flag in live.values():
        if flag.rule not in by_rule and _clears(flag, at, since):
            flag.state, flag.closed_at, flag.snoozed_until = Flag.State.AUTO_RESOLVED, at, None
            changed.append(flag)
            note(flag, "auto_resolved")
    if fresh:
        # Heads first: a row may point at another row of the same insert only where constraints wait for the commit.
        Flag.objects.bulk_create(sorted(fresh, key=lambda f: f.head_id is not None))
    if changed:
        Flag.objects.bulk_update(
            changed,
            ["severity", "state", "last_evidence_at", "due_at", "acknowledged_at", "acknowledged_by", "snoozed_until",
             "closed_at", "closed_by", "close_reason", "head", "opened_at"],
        )  # fmt: skip
    if events:
        FlagEvent.objects.bulk_create(events)
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
    code = lifecycle(hit.rule, hit.severity)
    if closed is not None and closed.closed_at and not rule.safety:
        cool_down = timedelta(days=CLEARS[code][2])
        if at - closed.closed_at < cool_down and hit.severity <= closed.severity and code != "L3":
            return None
        if code == "L3" and at - closed.closed_at < REOPEN_WITHIN:
            closed.state, closed.severity, closed.last_evidence_at = Flag.State.OPEN, hit.severity, at
            closed.closed_at = closed.closed_by = closed.acknowledged_at = closed.acknowledged_by = None
            closed.close_reason, closed.due_at = "", _due(hit, at)
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
    holders = Assignment.objects.select_related("user").filter(case=case, until__isnull=True, since__lte=at)
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
    for finding in findings:
        if finding.label == "self_harm" and finding.actor != "other":
            kinds.append("crisis")
        elif finding.label == "violence":
            kinds.append("own_anger" if finding.actor == "client" else "violence")
        elif finding.label == "child_safety":
            kinds.append("child")
    return kinds


def look_for_danger(case: Case, partner: Partner, text: str, *, at: datetime) -> list[str]:
    """Read a client's text outside a check-in for safety; raise what it says, and return the kinds of help to show."""
    findings = read(text).findings
    hits = read_danger(text, findings, at)
    if hits:
        apply(case, partner, hits, (), at=at, checkin=None, known=load(case, at), since=())
    return help_for(findings)


def set_speed(checkin: CheckIn, *, calm: bool, at: datetime) -> None:
    """The reporter said whether they are safe for now: S02 and S04 may wait until the end of the day (decisions 7)."""
    for flag in Flag.objects.filter(
        case=checkin.case, partner=checkin.partner, rule__in=["S02", "S04"], state=Flag.State.OPEN
    ):
        flag.due_at = flag.last_evidence_at + (DUE_TODAY if calm else DUE[Severity.URGENT])
        flag.save(update_fields=["due_at"])
    summary.refresh(checkin.case, at=at)


# What people do with a flag


def can(flag: Flag, to: str) -> bool:
    return to in TRANSITIONS[flag.state] and not (flag.safety and to in {"snoozed", "auto_resolved"})


def _locked(case: Case, flag_id: Any) -> Flag:
    return Flag.objects.select_for_update().get(pk=flag_id, case=case)


def _move(flag: Flag, to: str, *, by: User, at: datetime, kind: str, reason: str = "") -> None:
    if not can(flag, to):
        raise Refused(f"This flag is already {flag.get_state_display().lower()}.")
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
    audit.record(f"flag.{kind}", by=by, at=at, case=flag.case, subject=flag.pk, rule=flag.rule, reason=reason)
    summary.refresh(flag.case, at=at)


@transaction.atomic
def acknowledge(*, case: Case, flag_id: Any, by: User, at: datetime) -> Flag:
    """The counselor has seen it. Said twice by anybody, the second is told who was first."""
    flag = _locked(case, flag_id)
    if flag.state == Flag.State.ACKNOWLEDGED and flag.acknowledged_by:
        raise Refused(f"{flag.acknowledged_by.name} has already marked this flag as seen.")
    flag.acknowledged_at, flag.acknowledged_by, flag.snoozed_until = at, by, None
    _move(flag, Flag.State.ACKNOWLEDGED, by=by, at=at, kind="acknowledged")
    return flag


@transaction.atomic
def resolve(*, case: Case, flag_id: Any, by: User, at: datetime, reason: str) -> Flag:
    """Close with a reason. A safety flag asks for a follow-up as its reason; nothing but a person closes it."""
    flag = _locked(case, flag_id)
    if reason not in REASONS:
        raise Refused("Please pick a reason; without one a flag stays open.")
    if flag.safety and reason not in {"followed_up", "not_accurate"}:
        raise Refused("A safety flag closes only as followed up, or as not accurate after a look.")
    flag.closed_at, flag.closed_by, flag.close_reason, flag.snoozed_until = at, by, reason, None
    _move(flag, Flag.State.RESOLVED, by=by, at=at, kind="resolved", reason=reason)
    return flag


@transaction.atomic
def reopen(*, case: Case, flag_id: Any, by: User, at: datetime) -> Flag:
    flag = _locked(case, flag_id)
    if flag.state in LIVE:
        raise Refused("This flag is open already.")
    if Flag.objects.filter(partner=flag.partner, rule=flag.rule, state__in=LIVE).exists():
        raise Refused("A newer flag of the same rule is open already.")
    flag.closed_at = flag.closed_by = flag.acknowledged_at = flag.acknowledged_by = None
    flag.close_reason = ""
    _move(flag, Flag.State.OPEN, by=by, at=at, kind="reopened")
    return flag


def safety_open(case: Case) -> bool:
    """While one is open, low-pressure guidance is withheld on the whole case (guidance.md, decision 4)."""
    return Flag.objects.filter(case=case, safety=True, state__in=LIVE).exists()
