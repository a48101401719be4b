"""Check-in plans: when a client is asked, and what became of each time (product.md, Behind the doors; decisions 43).

A plan names a local time in the person's own zone. `Plan.next_at` is the next moment in UTC, so a tick finds what is due
by an index; `Prompt` is unique per person and local day, so a tick that runs twice, or across a clock change, asks once.
The sweep looks hourly for what nobody sends: check-ins let go, silence after an urgent flag, a long wait.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q

from . import audit, care, duty, flags, history, notices, rules, summary
from .models import Case, CaseSummary, CheckIn, Escalation, Flag, Notice, Partner, Plan, Prompt, User, Wish

REMIND_AFTER = timedelta(days=1)
JUST_ANSWERED = timedelta(hours=36)  # a check-in so shortly before its time is that time's answer
SWEEP_EVERY = timedelta(hours=1)
BATCH = 200


class Refused(Exception):
    """A plan that cannot be; the text is for the person, `field` what it stands beside."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def due_days(plan: Plan, after: date) -> Iterator[date]:
    """The local days on or after `after` on which the plan asks, without those in a pause."""
    first = plan.starts
    if plan.weekday is not None:
        first += timedelta(days=(plan.weekday - first.weekday()) % 7)
    steps = max(0, -((first - after).days // plan.every_days))
    day = first + timedelta(days=steps * plan.every_days)
    while True:
        if day >= after and not is_paused(plan, day):
            yield day
        elif plan.paused_from and not plan.paused_until and day >= plan.paused_from:
            return  # paused until further notice
        day += timedelta(days=plan.every_days)


def is_paused(plan: Plan, day: date) -> bool:
    return bool(
        plan.paused_from and plan.paused_from <= day and (plan.paused_until is None or day <= plan.paused_until)
    )


def moment(day: date, at_time: time, zone: str) -> datetime:
    """The local time of a day in UTC. An hour that the clocks leave out comes as much later; one they repeat counts
    the first time."""
    local = datetime.combine(day, at_time, ZoneInfo(zone))
    return local.astimezone(UTC)


def _next(plan: Plan, zone: str, at: datetime) -> datetime | None:
    """The first moment of the plan after `at`."""
    today = at.astimezone(ZoneInfo(zone)).date()
    moments = (moment(day, plan.at_time, zone) for day in islice(due_days(plan, today - timedelta(days=1)), 4))
    return next((m for m in moments if m > at), None)


# The plan, changed at the desk or by the person


@transaction.atomic
def set_plan(
    *, partner: Partner, every_days: int, at_time: time, weekday: int | None, by: User, at: datetime,
    starts: date | None = None,
) -> Plan:  # fmt: skip
    """Every 3 to 14 days at a local time; on a weekday only where the step is whole weeks. Ends a pause and a stop."""
    row = summary.lock(partner.case)
    if partner.user is None:
        raise Refused(f"{partner.name} has no account, so there is nobody to ask.")
    if not 3 <= every_days <= 14:
        raise Refused("Check-ins come every 3 to 14 days.", "every_days")
    if weekday is not None and (every_days % 7 or not 0 <= weekday <= 6):
        raise Refused("A weekday fits every 7 or 14 days.", "weekday")
    today = at.astimezone(ZoneInfo(partner.user.zone)).date()
    plan = Plan.objects.filter(partner=partner).first() or Plan(practice_id=partner.practice_id, partner=partner)
    plan.every_days, plan.at_time, plan.weekday = every_days, at_time, weekday
    plan.starts = starts or plan.starts or today
    plan.paused_from = plan.paused_until = plan.stopped_at = None
    _keep(plan, partner, row, by, at, "plan.set", every_days=every_days)
    return plan


def _plan(partner: Partner) -> Plan:
    plan = Plan.objects.select_for_update().filter(partner=partner).first()
    if plan is None:
        raise Refused("There is no check-in plan yet.")
    return plan


@transaction.atomic
def pause(*, partner: Partner, first: date, last: date | None, by: User, at: datetime) -> Plan:
    """No check-ins from `first` to `last`, both included; without a last day until it is set going again."""
    row = summary.lock(partner.case)
    if last is not None and last < first:
        raise Refused("The last day lies before the first.", "last")
    plan = _plan(partner)
    plan.paused_from, plan.paused_until = first, last
    _keep(plan, partner, row, by, at, "plan.paused")
    return plan


@transaction.atomic
def resume(*, partner: Partner, by: User, at: datetime) -> Plan:
    row = summary.lock(partner.case)
    plan = _plan(partner)
    plan.paused_from = plan.paused_until = plan.stopped_at = None
    _keep(plan, partner, row, by, at, "plan.resumed")
    return plan


@transaction.atomic
def stop(*, partner: Partner, by: User, at: datetime) -> Plan:
    row = summary.lock(partner.case)
    plan = _plan(partner)
    plan.stopped_at = plan.stopped_at or at
    _keep(plan, partner, row, by, at, "plan.stopped")
    return plan


@transaction.atomic
def choose_mails(*, partner: Partner, mails: bool, by: User, at: datetime) -> Plan:
    """The client may stop the mails; what is due then shows only after signing in."""
    row = summary.lock(partner.case)
    plan = _plan(partner)
    plan.mails = mails
    _keep(plan, partner, row, by, at, "plan.mails", mails=mails)
    return plan


def _keep(plan: Plan, partner: Partner, row: CaseSummary, by: User, at: datetime, act: str, **detail: Any) -> None:
    assert partner.user is not None
    plan.updated_at, plan.updated_by = at, by
    plan.next_at = None if plan.stopped_at else _next(plan, partner.user.zone, at)
    plan.save()
    Partner.objects.filter(pk=partner.pk).update(interval_days=plan.every_days)
    if summary.leads(partner):
        row.interval_days = plan.every_days
    row.updated_at = at
    row.save()
    audit.record(act, by=by, at=at, case=partner.case, side=partner.side, subject=plan.pk, **detail)


# What a beat does


def find_due(at: datetime) -> list[UUID]:
    """Plans whose time has come, of cases that go on; one batch."""
    rows = Plan.objects.filter(
        next_at__lte=at, stopped_at__isnull=True, partner__case__closed_at__isnull=True,
        partner__case__paused_at__isnull=True, partner__user__is_active=True,
    )  # fmt: skip
    return list(rows.order_by("next_at").values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def ask(*, plan_id: UUID, at: datetime) -> Prompt | None:
    """Make the prompt whose time has come, and owe its mail. Where the beat was away for long, only the newest."""
    plan = Plan.objects.select_for_update().filter(pk=plan_id, next_at__lte=at, stopped_at__isnull=True).first()
    if plan is None:
        return None
    partner = Partner.objects.select_related("user", "case").get(pk=plan.partner_id)
    assert partner.user is not None
    zone = partner.user.zone
    today = at.astimezone(ZoneInfo(zone)).date()
    days = list(islice(due_days(plan, today - timedelta(days=plan.every_days + 1)), 5))
    due = [(day, when) for day in days if (when := moment(day, plan.at_time, zone)) <= at]
    plan.next_at = _next(plan, zone, at)
    plan.save(update_fields=["next_at"])
    if not due:
        return None
    day, when = due[-1]
    prompt = Prompt(
        practice_id=plan.practice_id, partner=partner, day=day, due_at=when,
        expires_at=plan.next_at or when + timedelta(days=plan.every_days),
    )  # fmt: skip
    if prompt.expires_at <= when:
        prompt.expires_at = when + timedelta(days=plan.every_days)
    last = CheckIn.objects.filter(partner=partner, at__gt=when - JUST_ANSWERED, at__lte=at).aggregate(first=Min("at"))
    prompt.answered_at = last["first"]
    if Prompt.objects.filter(partner=partner, day=day).exists():
        return None
    prompt.save(force_insert=True)
    if prompt.answered_at is None:
        _mail(partner, prompt, "prompt", at)
    return prompt


def _mail(partner: Partner, prompt: Prompt, kind: str, at: datetime) -> None:
    """Owe the neutral mail, unless the person stopped them or somebody else can open the mailbox (decisions 5)."""
    if partner.user is None or not notices.may_mail(kind, partner.user, partner.case_id):
        return
    notices.owe([notices.prepare(kind, to=partner.user, at=at, case=partner.case, dedupe=str(prompt.pk))])


def find_open(at: datetime) -> list[UUID]:
    """Prompts of which something may have become: mailed, answered, due to be reminded of, or let go; one batch."""
    answered = CheckIn.objects.filter(partner=OuterRef("partner"), at__gte=OuterRef("due_at"))
    rows = Prompt.objects.filter(
        Q(expires_at__lte=at) | Q(reminded_at__isnull=True, due_at__lte=at - REMIND_AFTER) | Exists(answered),
        answered_at__isnull=True, missed_at__isnull=True,
    )  # fmt: skip
    return list(rows.order_by("due_at").values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def follow(*, prompt_id: UUID, at: datetime) -> None:
    """What became of a prompt: answered, reminded of once, or let go."""
    prompt = (
        Prompt.objects.select_related("partner__user", "partner__case", "partner__plan")
        .select_for_update(of=("self",))
        .get(pk=prompt_id)
    )
    partner, plan = prompt.partner, prompt.partner.plan
    answers = CheckIn.objects.filter(partner=partner, at__gte=prompt.due_at, at__lt=prompt.expires_at)
    prompt.answered_at = answers.aggregate(first=Min("at"))["first"]
    if prompt.answered_at is None and prompt.expires_at <= at:
        prompt.missed_at = prompt.expires_at
    elif prompt.answered_at is None and prompt.reminded_at is None and prompt.due_at + REMIND_AFTER <= at:
        prompt.reminded_at = at
        if not is_paused(plan, prompt.day):
            _mail(partner, prompt, "reminder", at)
    prompt.save()


def note_sent(notice: Notice, at: datetime) -> None:
    """The mail of a prompt went out."""
    pk = notice.dedupe.split(":")[1]
    Prompt.objects.filter(pk=pk, sent_at__isnull=True).update(sent_at=at)


@transaction.atomic
def mark_opened(*, partner: Partner, at: datetime) -> None:
    """The client opened the form while a prompt was waiting."""
    Prompt.objects.filter(
        partner=partner, opened_at__isnull=True, answered_at__isnull=True, missed_at__isnull=True, due_at__lte=at
    ).update(opened_at=at)


def missed_since(partner: Partner, since: datetime | None) -> tuple[datetime, ...]:
    """When the prompts fell due that were let go since the last check-in, oldest first; a day that was declared a pause
    afterwards is none."""
    plan = Plan.objects.filter(partner=partner).first()
    rows = Prompt.objects.filter(partner=partner, missed_at__isnull=False)
    if since is not None:
        rows = rows.filter(due_at__gt=since)
    told = rows.order_by("due_at").values_list("day", "due_at")
    return tuple(due for day, due in told if plan is None or not is_paused(plan, day))


# What nobody sends and the clock finds (rules.md: E01, E02, O08, S08)


def find_unswept(at: datetime) -> list[UUID]:
    """Cases whose standing was not looked at for an hour, longest first; one batch."""
    rows = CaseSummary.objects.filter(
        Q(swept_at__isnull=True) | Q(swept_at__lte=at - SWEEP_EVERY), case__closed_at=None
    )
    return list(rows.order_by(F("swept_at").asc(nulls_first=True)).values_list("case_id", flat=True)[:BATCH])


def mark_swept(cases: Iterable[UUID], at: datetime) -> None:
    """They were looked at; what is kept of their pages still holds."""
    CaseSummary.objects.filter(case_id__in=list(cases)).update(swept_at=at, stamp=F("stamp"))


@transaction.atomic
def sweep(*, case_id: UUID, at: datetime) -> list[Flag]:
    """Run the rules that speak of time that passed, for each client of a case, and let clear what has been quiet for
    long enough. What they say they say once; returns the flags that are new, risen or open again."""
    case = Case.objects.select_related("practice").get(pk=case_id)
    row = summary.lock(case)
    known = flags.load(case, at)
    before = {flag.pk: (flag.state, flag.severity, flag.last_evidence_at) for flag in known}
    raised: list[Flag] = []
    for partner in case.partners.select_related("user").filter(user__isnull=False).order_by("side"):
        sent = list(CheckIn.objects.filter(partner=partner, superseded_by=None, at__lte=at).order_by("-at")[:60])
        hits = rules.sweep(_standing(partner, row, known, sent, at), at)
        raised += flags.apply(
            case, partner, hits, (), at=at, checkin=None, known=known, since=[c.at for c in reversed(sent)]
        )
    if {flag.pk: (flag.state, flag.severity, flag.last_evidence_at) for flag in known} != before:
        summary.set_flags(row, [flag for flag in known if flag.state in flags.LIVE])
        row.updated_at = at
        row.save()
    return raised


def _standing(
    partner: Partner, row: CaseSummary, known: list[Flag], sent: list[CheckIn], at: datetime
) -> rules.Standing:
    """`sent` are the partner's last check-ins, newest first."""
    assert partner.user is not None
    last = sent[0].at if sent else None
    own = [flag for flag in known if flag.partner_id == partner.pk]
    live = [flag for flag in own if flag.state in flags.LIVE]
    clocks = Escalation.objects.filter(flag__in=[f.pk for f in live], ended_at__isnull=True)
    running = {e.flag_id: e.since if at - e.since >= duty.LADDER else e.unseen_since for e in clocks}
    level = history.levels_of(sent[0]).get("d") if sent else None
    arranged = row.arranged
    reviews = [a["until"] for a in arranged.get("agreements", {}).get(partner.side, ()) if a["kind"] == "review"]
    return rules.Standing(
        today=at.astimezone(ZoneInfo(partner.user.zone)).date(),
        name=partner.name,
        other=partner.other_name,
        missed=missed_since(partner, last),
        last_check_in=last,
        last_sign_in=partner.user.last_login,
        last_staff=summary.last_contact(row, partner.side),
        urgent=tuple(_urgent(flag, running.get(flag.pk)) for flag in live if flag.severity == Flag.Severity.URGENT),
        elevated_open=any(flag.severity >= Flag.Severity.ELEVATED for flag in live),
        d=level.mean if level else None,
        leaning_since=_leaning_since(partner, sent),
        warmed_on=max((f.last_evidence_at.date() for f in own if f.rule == "O02"), default=None),
        review_on=min(map(date.fromisoformat, reviews), default=None),
        phase=arranged.get("phase", "separated"),
        told={flag.rule: flag.last_evidence_at for flag in own},
    )


def _urgent(flag: Flag, clock_since: datetime | None) -> rules.Urgent:
    """`clock_since`: when its clock began, which new evidence does not put back."""
    return rules.Urgent(
        rule=flag.rule, name=rules.CATALOGUE[flag.rule].name, since=clock_since or flag.last_evidence_at,
        speed="today" if flag.speed == "today" else "now", due=flag.due_at, seen_at=flag.acknowledged_at,
        entry=str(flag.checkin_id or ""),
    )  # fmt: skip


def _leaning_since(partner: Partner, sent: list[CheckIn]) -> date | None:
    """Since when the wish, asked monthly, has been "together" without another answer between; None where it is not."""
    told = [(wish.at, wish.wish) for wish in Wish.objects.filter(partner=partner)]
    told += [(c.at, c.answers["wish"]) for c in sent if c.answers.get("wish") in care.WISHED]
    since = None
    for at, wish in sorted(told, reverse=True):
        if wish == Wish.Choice.RATHER_NOT:
            continue
        if wish != Wish.Choice.TOGETHER:
            break
        since = at.date()
    return since
