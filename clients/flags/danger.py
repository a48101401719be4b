"""Danger in a client's words outside a check-in, the help it calls for, and how fast it is answered (decisions 6, 7)."""

from collections.abc import Iterable
from datetime import datetime

from .. import summary
from ..models import Case, CheckIn, Flag, Partner
from ..pressure import Finding, read
from ..rules import Severity
from ..rules.safety import read_danger
from .lifecycle import DUE, DUE_TODAY
from .raising import apply, load


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
