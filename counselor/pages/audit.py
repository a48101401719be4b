"""The trail: who did what and when."""

from dataclasses import dataclass
from datetime import datetime

from clients import access
from clients.models import (
    AuditEvent,
    User,
)

from .clock import Clock


@dataclass(frozen=True, slots=True)
class TrailLine:
    seq: int
    when: str
    who: str
    act: str
    case: str
    href: str
    detail: str


@dataclass(frozen=True, slots=True)
class TrailPage:
    lines: tuple[TrailLine, ...]
    older: int
    zone: str
    names: str
    case_id: str


ACTS = {
    "practice.opened": "opened the practice",
    "practice.hours_set": "set the staffed hours",
    "practice.channels_set": "set what happens outside staffed hours, and the pager",
    "practice.checklists_set": "wrote the checklists for safety flags",
    "practice.duty_set": "set who is on duty",
    "practice.number_added": "added a help number",
    "practice.number_changed": "changed a help number",
    "practice.number_dropped": "took a help number away",
    "team.trainee_set": "named a trainee's supervisor",
    "team.trainee_ended": "ended a traineeship",
    "team.switched_off": "switched off an account",
    "team.switched_on": "switched an account on again",
    "account.enrolled": "enrolled an account",
    "account.password_set": "had a new password typed in person",
    "case.opened": "opened the case",
    "case.paused": "paused the case",
    "case.transferred": "handed the case to another counselor",
    "cover.arranged": "arranged cover",
    "cover.ended": "ended cover",
    "alert.raised": "alerted who is next",
    "alert.telephone": "asked everybody to telephone",
    "alert.tested": "sent a test of the alerts",
    "alert.arrived": "said that the test arrived",
    "duty.in_session": "went into session",
    "duty.back": "came back from a session",
    "limit.recorded": "recorded a limit on contact",
    "limit.confirmed": "asked about a limit again: still so",
    "limit.ended": "ended a limit on contact",
    "agreement.made": "noted an agreement",
    "agreement.ended": "ended an agreement",
    "goal.set": "noted a goal",
    "goal.ended": "ended a goal",
    "wish.told": "noted a wish",
    "reach.written": "wrote how to reach somebody safely",
    "reach.confirmed": "asked about a reach card again: all of it holds",
    "case.phase": "changed the phase of the case",
    "case.litigation": "changed the litigation mark",
    "plan.set": "set a check-in plan",
    "plan.paused": "paused a check-in plan",
    "plan.resumed": "set a check-in plan going again",
    "plan.stopped": "stopped a check-in plan",
    "plan.mails": "chose whether mails ask for check-ins",
    "consent.given": "gave consent",
    "consent.refused": "refused or withdrew consent",
    "screening.recorded": "recorded a screening",
    "checkin.sent": "sent a check-in",
    "checkin.read": "marked a check-in as read",
    "checkin.danger_told": "answered who and whether safe",
    "flag.acknowledged": "marked a flag as seen",
    "flag.resolved": "resolved a flag",
    "flag.reopened": "reopened a flag",
    "flag.snoozed": "set a flag aside",
    "flag.woken": "brought a flag back",
    "flag.owner": "handed a flag on",
    "flag.second_look": "took the second look at a safety flag",
    "flag.edited": "edited the check-in a flag rested on",
    "window.ended": "ended a steady window",
    "rule.muted": "muted a rule",
    "rule.unmuted": "let a rule speak again",
    "rules.renewed": "put the check-ins to newer rules",
    "reading.not_accurate": "called a reading not accurate",
    "reading.confirmed": "confirmed a reading",
    "reading.renewed": "read texts again with a newer version",
    "note.started": "started a note",
    "note.saved": "saved a note",
    "note.signed": "signed a note",
    "note.added_to": "added to a signed note",
    "note.unlocked": "opened a signed note again",
    "note.sent_for_cosign": "signed a note and sent it for the co-signature",
    "note.cosigned": "co-signed a note",
    "note.sent_back": "sent a note back",
    "private.started": "started a private note",
    "private.saved": "saved a private note",
    "notes.set_up": "set how notes are kept",
    "fact.inserted": "put a fact of the record into a note",
    "guidance.inserted": "inserted guidance into a note",
    "guidance.sent": "shared guidance",
    "guidance.withdrawn": "withdrew shared guidance",
    "guidance.opened": "opened guidance",
    "guidance.answered": "answered guidance",
    "viewed": "looked at the case",
}
TRAIL_LENGTH = 100


def trail(user: User, now: datetime, page: int = 1, case_id: str = "") -> TrailPage:
    """Who did what and when: a counselor's own cases; the practice lead also sees what belongs to no case."""
    clock = Clock(user, now)
    cases = {c.pk: c.summary.names for c in access.visible_cases(user, now).select_related("summary")}
    events = AuditEvent.objects.select_related("by").filter(practice_id=user.practice_id)
    chosen = next((pk for pk in cases if str(pk) == case_id), None)
    if chosen:
        events = events.filter(case_id=chosen)
    elif user.role != "owner":
        events = events.filter(case_id__in=list(cases))
    else:
        events = events.filter(case_id__in=list(cases)) | events.filter(case__isnull=True)
    first = (page - 1) * TRAIL_LENGTH
    rows = list(events.order_by("-at", "-seq")[first : first + TRAIL_LENGTH + 1])
    lines = tuple(
        TrailLine(
            seq=e.seq,
            when=clock.stamp(e.at),
            who=e.by.name if e.by else "The site",
            act=ACTS.get(e.act, e.act),
            case=cases.get(e.case_id, "") if e.case_id else "",
            href=f"/desk/cases/{e.case_id}/" if e.case_id else "",
            detail=", ".join(
                f"{k} {v}"
                for k, v in e.detail.items()
                if k in {"rule", "reason", "card", "version", "answer", "result", "kind", "role"} and v
            ).replace("_", " "),
        )
        for e in rows[:TRAIL_LENGTH]
    )
    older = page + 1 if len(rows) > TRAIL_LENGTH else 0
    return TrailPage(
        lines, older, user.zone.replace("_", " "), cases.get(chosen, "") if chosen else "", case_id if chosen else ""
    )
