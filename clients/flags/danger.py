"""Danger in a client's words outside a check-in, the help it calls for, and how fast it is answered (decisions 6, 7)."""

from collections.abc import Iterable
from datetime import datetime

from .. import summary
from ..history import danger_of
from ..models import Case, CheckIn, Flag, FlagEvent, Partner
from ..pressure import Finding, read
from ..rules import Severity
from ..rules.safety import read_danger
from .lifecycle import DUE, DUE_TODAY, NOW, TODAY
from .raising import apply, load

# What asks to be looked at
TELLS = (FlagEvent.Kind.RAISED, FlagEvent.Kind.EVIDENCE, FlagEvent.Kind.ROSE, FlagEvent.Kind.REOPENED)


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
    It speaks of this check-in only. Where nobody has looked yet at what came before it, that keeps its clock, unless it was
    said to be calm as well: whoever holds the phone later cannot call off an alert."""
    summary.lock(checkin.case)
    rows = Flag.objects.filter(case=checkin.case, partner=checkin.partner, rule__in=["S02", "S04"])
    for flag in rows.filter(state=Flag.State.OPEN, last_evidence_at=checkin.at):
        soon = flag.last_evidence_at + DUE[Severity.URGENT]
        if not calm:
            flag.due_at, flag.speed = min(flag.due_at or soon, soon), NOW
        else:
            said = _calm_since(flag, checkin)
            if not said:
                continue
            # A day's time that still runs is not put back either.
            ends = [began + DUE_TODAY for began in said]
            flag.due_at, flag.speed = min((end for end in ends if end > at), default=max(ends)), TODAY
        flag.save(update_fields=["due_at", "speed"])
    summary.refresh(checkin.case, at=at)


def _calm_since(flag: Flag, checkin: CheckIn) -> list[datetime]:
    """When what nobody has looked at yet was told, where all of it was told with "safe for now"; else nothing."""
    times = []
    for event in flag.events.select_related("checkin").order_by("-id"):
        if event.kind == FlagEvent.Kind.ACKNOWLEDGED:
            break
        if event.kind not in TELLS:
            continue
        earlier = event.checkin
        if earlier is None:
            return []
        if earlier.pk != checkin.pk and danger_of(earlier)[1].get("safe_now") != "yes":
            return []
        times.append(event.at)
    return times
