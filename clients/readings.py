"""Readings: what the engine found in a check-in's text, what a counselor says of it, and reading history again.

A reading is never rewritten. A counselor's word is a row of its own; a newer engine adds a newer reading. What follows from
them, the scores, is derived and computed anew in the same transaction (decisions 29).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from . import audit, course, flags, history, summary
from .models import Case, CaseSummary, CheckIn, Correction, Partner, Reading, SteadyWindow, User
from .models.base import new_id
from .models.prepared import Prepared
from .pressure import SAFETY, Finding, read
from .pressure import VERSION as ENGINE
from .progress import course as maths
from .progress import score, step
from .progress.scores import CONFIRMED, UNCONFIRMED, WEIGHTS
from .rules import Hit, evaluate
from .rules.safety import read_danger

INDICES = ("w", "t", "cpi", "d")
FIRST_PERIOD_DAYS = 7.0
RAISES_WITHIN = timedelta(days=14)
REASON_LIMIT = 300


class Refused(Exception):
    """A word on a finding that cannot be taken; the text is for the counselor."""


def read_texts(checkin: CheckIn, at: datetime) -> Reading:
    """Read the text; the line for the next session is safety-read too (decisions 6), with its spans kept apart."""
    name = checkin.partner.other_name
    found = {
        "t1": [f.as_dict() for f in read(checkin.text or "", partner=name).findings],
        "n1": [f.as_dict() for f in read(checkin.next_session or "", partner=name).findings if f.label in SAFETY],
    }
    return Reading(id=new_id(), practice_id=checkin.practice_id, checkin=checkin, version=ENGINE, at=at, findings=found)


def compute_scores(checkin: CheckIn, state: maths.State) -> None:
    """Set the check-in's scores and the levels after it. `state` is what the check-ins before it left."""
    day = history.day_of(checkin.at)
    days = day - state.last if state.count else FIRST_PERIOD_DAYS
    labels: dict[str, float] = {}
    for finding in history.findings_of(checkin):
        if finding.actor == "client" and finding.status in {"done", "planned"}:
            label = "uninvited" if finding.label == "pursuit" and finding.uninvited else finding.label
            sure = history.verdict_on(checkin, finding) == "confirmed"
            labels[label] = max(labels.get(label, 0.0), CONFIRMED if sure else UNCONFIRMED)
    scores = score(checkin.answers, max(days, 0.0), {k: v for k, v in labels.items() if k in WEIGHTS})
    levels = dict(state.levels)
    for index in INDICES:
        value = getattr(scores, index)
        setattr(checkin, index, value)
        if value is not None:
            levels[index] = step(levels.get(index), day, value)
    checkin.rs = scores.rs
    checkin.levels = {name: [level.mean, level.var, level.day] for name, level in levels.items()}


def recompute(partner: Partner, *, at: datetime, why: str) -> None:
    """Compute the partner's whole series anew, with the case's read model; inside the act that made it necessary."""
    held = summary.lock(partner.case)
    rebuild(held, partner)
    held.recomputed_at, held.recomputed_why, held.updated_at = at, why, at
    held.save()


def rebuild(held: CaseSummary, partner: Partner) -> maths.State:
    """The partner's scores, levels and course from the answers, by folding the step that `submit` takes once; the caller
    saves the case's row."""
    rows, state = _fold(partner)
    course.write(rows)
    afraid = max((row.at for row in rows if course.frightens(row)), default=None)
    until = afraid + course.HELD_FOR if afraid else None
    course.carry(held, partner.side, state, until)
    summary.redraw(held, rows, leads=summary.leads(partner), held_until=until)
    return state


def state_before(partner: Partner, at: datetime) -> maths.State:
    """What the check-ins up to `at` had left, where one comes in that is older than the newest."""
    return _fold(partner, at)[1]


def _series(partner: Any) -> Any:
    """What a score is made of, oldest first; nothing else is loaded."""
    found = CheckIn.objects.select_related("reading").filter(partner=partner, superseded_by__isnull=True)
    return found.order_by("at", "id").only("at", "answers", "safety", "verdicts", "reading__findings")


_told = Prepared(_series)
_told_until = Prepared(lambda partner, at: _series(partner).filter(at__lte=at))


def _fold(partner: Partner, at: datetime | None = None) -> tuple[list[CheckIn], maths.State]:
    rows = _told(partner.pk) if at is None else _told_until(partner.pk, at)
    spans, state = course.spans(partner.case), maths.State()
    for row in rows:
        compute_scores(row, state)
        state = course.take(row, state, spans)
    return rows, state


# Read models of an older version


def _with_course() -> Any:
    return CaseSummary.objects.filter(Exists(CheckIn.objects.filter(case=OuterRef("case"))))


def outdated_courses() -> Any:
    """Cases whose course was written by another version of the maths."""
    return _with_course().exclude(course_version=course.VERSION)


def outdate_courses() -> int:
    """Have every case's read model rebuilt, here or by the job."""
    return int(_with_course().update(course_version=0))


def find_outdated_courses(limit: int) -> list[UUID]:
    return list(outdated_courses().order_by("case_id").values_list("case_id", flat=True)[:limit])


@transaction.atomic
def rebuild_case(*, case_id: UUID) -> int:
    """Rebuild the read model of one case; returns how many check-ins it has. Idempotent: what is done is not done again
    unless asked for by id."""
    case = Case.objects.get(pk=case_id)
    held = summary.lock(case)
    rebuild_sides(held, case)
    held.save()
    return CheckIn.objects.filter(case=case, superseded_by__isnull=True).count()


def rebuild_sides(held: CaseSummary, case: Case) -> None:
    held.course = {}
    for partner in Partner.objects.select_related("case").filter(case=case, checkins__isnull=False).distinct():
        rebuild(held, partner)
    held.course_version = course.VERSION


@transaction.atomic
def judge(
    *, case: Case, checkin_id: UUID, label: str, start: int, verdict: str, by: User, at: datetime, reason: str = ""
) -> Correction:
    """Keep a counselor's word on one finding. The reading and every flag raised from it stay as they were; scores follow,
    and what is confirmed may weigh more."""
    if verdict not in Correction.Verdict.values:
        raise Refused("Please say “not accurate” or “confirm”.")
    if len(reason) > REASON_LIMIT or "\x00" in reason:
        raise Refused(f"The reason has to be plain text of at most {REASON_LIMIT} characters.")
    summary.lock(case)
    checkin = CheckIn.objects.select_related("reading", "partner__case").get(pk=checkin_id, case=case)
    found = next((f for f in every_finding(checkin) if f.label == label and f.start == start), None)
    if found is None or checkin.reading is None:
        raise Refused(
            "These words are not marked any more: the text was read again in the meantime. Please look once more."
        )
    if history.verdict_on(checkin, found) == verdict:
        raise Refused("That was said of these words already.")
    row = Correction.objects.create(
        practice_id=case.practice_id, case=case, checkin=checkin, reading=checkin.reading, label=label, start=found.start,
        end=found.end, verdict=verdict, reason=reason, at=at, by=by,
    )  # fmt: skip
    checkin.verdicts = [*checkin.verdicts, [label, found.start, found.end, verdict]]
    checkin.save(update_fields=["verdicts"])
    audit.record(
        f"reading.{verdict}", by=by, at=at, case=case, side=checkin.partner.side, subject=checkin.pk, label=label
    )  # fmt: skip
    recompute(checkin.partner, at=at, why=f"a reading was called {row.get_verdict_display().lower()}")
    if verdict == Correction.Verdict.CONFIRMED and at - checkin.at <= RAISES_WITHIN:
        # What rested on words alone was held at watch until a person confirmed it (rules.md, Generic).
        hits, windows = put_to_rules(checkin.partner, checkin, at)
        raise_more(case, checkin.partner, checkin, hits, windows, at)
    return row


def every_finding(checkin: CheckIn) -> tuple[Finding, ...]:
    """All findings in the text by the current reading, also those called not accurate."""
    return tuple(Finding.from_dict(f) for f in checkin.reading.findings.get("t1", [])) if checkin.reading else ()


# Reading history again


@dataclass(frozen=True, slots=True)
class Change:
    """What a newer reading changed in one check-in: labels with their words that came and went."""

    version: str
    at: datetime
    more: tuple[tuple[str, str], ...]
    fewer: tuple[tuple[str, str], ...]


def tell_change(text: str, older: Reading, newer: Reading) -> Change:
    def words(reading: Reading) -> dict[tuple[str, int, int], str]:
        return {(f["label"], f["start"], f["end"]): text[f["start"] : f["end"]] for f in reading.findings.get("t1", [])}

    before, after = words(older), words(newer)
    more = tuple((k[0], after[k]) for k in sorted(after.keys() - before.keys(), key=lambda k: k[1]))
    fewer = tuple((k[0], before[k]) for k in sorted(before.keys() - after.keys(), key=lambda k: k[1]))
    return Change(newer.version, newer.at, more, fewer)


def outdated() -> Any:
    """Check-ins whose current reading is by another engine version."""
    return CheckIn.objects.filter(reading__isnull=False).exclude(reading__version=ENGINE)


def find_outdated(limit: int) -> list[UUID]:
    """Partners with readings to renew, at most `limit`."""
    return list(outdated().order_by().values_list("partner_id", flat=True).distinct()[:limit])


@transaction.atomic
def reread(*, partner_id: UUID, at: datetime) -> int:
    """Read one partner's texts again with the engine of today; returns how many. Idempotent, and resumable partner by
    partner: what is done is not done again. Old readings stay."""
    partner = Partner.objects.select_related("case", "user").get(pk=partner_id)
    case = partner.case
    summary.lock(case)
    rows = list(
        CheckIn.objects.select_related("reading", "partner").filter(partner=partner, reading__isnull=False)
        .filter(~Q(reading__version=ENGINE)).order_by("at", "id")
    )  # fmt: skip
    if not rows:
        return 0
    danger: list[tuple[CheckIn, tuple[Finding, ...]]] = []
    for row in rows:
        before = {(f.label, f.start) for f in every_finding(row)}
        row.reading = read_texts(row, at)
        row.reading.save(force_insert=True)
        row.save(update_fields=["reading"])
        new = tuple(f for f in every_finding(row) if f.label in SAFETY and (f.label, f.start) not in before)
        if new:
            danger.append((row, new))
    recompute(partner, at=at, why=f"texts were read again with version {ENGINE}")
    _raise_again(case, partner, rows[-1], danger, at)
    audit.record("reading.renewed", by=None, at=at, case=case, side=partner.side, version=ENGINE, count=len(rows))
    return len(rows)


def _raise_again(
    case: Case, partner: Partner, newest: CheckIn, danger: list[tuple[CheckIn, tuple[Finding, ...]]], at: datetime
) -> None:
    """Danger that was overlooked is raised whatever its age, as one card a rule; anything else only where the newest
    check-in is at most 14 days old (decisions 29)."""
    hits = [
        hit for row, found in danger for hit in read_danger(row.text or "", found, row.at, entry=str(row.pk), item="t1")
    ]
    merged: dict[str, Any] = {}
    for hit in hits:
        merged[hit.rule] = hit if hit.rule not in merged else merged[hit.rule].joined(hit)
    windows: tuple[Any, ...] = ()
    if at - newest.at <= RAISES_WITHIN and not CheckIn.objects.filter(partner=partner, at__gt=newest.at).exists():
        more, windows = put_to_rules(partner, newest, at)
        merged = {hit.rule: hit for hit in more} | merged
    raise_more(case, partner, newest, list(merged.values()), windows, at)


def put_to_rules(partner: Partner, checkin: CheckIn, at: datetime) -> tuple[list[Hit], tuple[Any, ...]]:
    """What the rules of today say of a check-in as it is read today, less what was raised from it before, unless it weighs
    more now. In the act's transaction, with the case's row locked and the series recomputed."""
    case = partner.case
    in_view = history.recent(partner, checkin.at)
    while in_view and in_view[-1].pk != checkin.pk:
        in_view.pop()
    if not in_view:  # an edit took its place
        return [], ()
    held, known = CaseSummary.objects.get(case=case), flags.load(case, at)
    newest = not CheckIn.objects.filter(partner=partner, superseded_by__isnull=True, at__gt=checkin.at).exists()
    state = course.state_of(held, partner.side) if newest else state_before(partner, checkin.at)
    windows = list(SteadyWindow.objects.filter(partner=partner).order_by("opened_at"))
    outcome = evaluate(
        history.build(
            partner, in_view, windows, len(in_view) - 1, partner.name, state=state, flags=known, arranged=held.arranged,
            zone=partner.user.zone if partner.user else "UTC",
        )
    )  # fmt: skip
    said = flags.said_of(checkin)
    return [hit for hit in outcome.hits if hit.severity > said.get(hit.rule, 0)], outcome.windows


def raise_more(
    case: Case, partner: Partner, checkin: CheckIn, hits: Sequence[Hit], windows: Sequence[Any], at: datetime
) -> None:
    if hits or windows:
        flags.apply(case, partner, hits, windows, at=at, checkin=checkin, known=flags.load(case, at), since=())
        summary.refresh(case, at=at)


# Corrections as evaluation rows


def export(cases: Any) -> Iterator[dict[str, Any]]:
    """Rows {"id", "text", "labels", "voice"} for the evaluation of the engine: the sentences around each finding a counselor
    judged, with the labels as corrected, and without the names of the case."""
    rows = (
        CheckIn.objects.select_related("reading", "partner__user")
        .filter(case__in=cases)
        .exclude(verdicts=[])
        .order_by("id")
    )
    for checkin in rows:
        text = checkin.text or ""
        right = history.findings_of(checkin)
        for number, (start, end) in enumerate(_passages(text, checkin.verdicts), 1):
            labels = sorted({f.label for f in right if f.start < end and start < f.end})
            yield {
                "id": f"{str(checkin.pk)[-12:]}-{number}",
                "text": _without_names(text[start:end].strip(), checkin.partner),
                "labels": labels,
                "voice": "note",
            }


def _passages(text: str, verdicts: list[Any]) -> list[tuple[int, int]]:
    """Whole sentences around the judged spans, merged where they touch."""
    ends = [0, *(m.end() for m in re.finditer(r"[.!?\n]+\s*", text)), len(text)]
    found: list[tuple[int, int]] = []
    for _label, start, end, _verdict in sorted(verdicts, key=lambda v: int(v[1])):
        first = max(e for e in ends if e <= start)
        last = min((e for e in ends if e >= end), default=len(text))
        if found and first < found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _without_names(text: str, partner: Partner) -> str:
    own = [partner.name, *(partner.user.name.split() if partner.user else [])]
    for name, instead in [(partner.other_name, "my partner"), *((n, "N.") for n in own)]:
        text = re.sub(rf"\b{re.escape(name)}\b", instead, text, flags=re.IGNORECASE)
    return text
