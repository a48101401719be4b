"""Where a case stands on Today: the four groups, and the read model that never drifts from the rows."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest

from clients import flags, guidance, history, summary
from clients.models import Case, CaseSummary, CheckIn, Flag, SentGuidance, SteadyWindow
from tests import make
from tests.conftest import Cast

NOW = make.START + timedelta(days=30)
CALM: dict[str, Any] = {"check_ins": 9, "interval_days": 7, "last_check_in_at": NOW - timedelta(days=2)}


def standing(at: datetime = NOW, today_overdue: bool = False, paused: bool = False, **row: Any) -> summary.Standing:
    return summary.group(CaseSummary(**CALM | row), at=at, today_overdue=today_overdue, paused=paused)


# Every branch of the four groups, most pressing first: each state below also holds all later ones.
LADDER: list[tuple[dict[str, Any], str, str]] = [
    ({"safety_open": 1, "reason": "Thoughts of self-harm."}, "needs_you", "Thoughts of self-harm."),
    ({"safety_open": 1}, "needs_you", "A safety flag is open."),
    ({"urgent_unseen": 1, "reason": "Gave a deadline."}, "needs_you", "Gave a deadline."),
    ({"urgent_unseen": 1}, "needs_you", "A flag waits to be seen."),
    ({"today_overdue": True}, "needs_you", "The promised day for reading a check-in has come."),
    ({"due_at": NOW}, "needs_you", "A flag has waited for its day."),
    ({"watch_open": 1, "reason": "Asked again."}, "watch", "Asked again."),
    ({"watch_open": 1}, "watch", "Worth a look by the next session."),
    ({"window_until": NOW + timedelta(days=1)}, "watch", "A steady window is open after the first warmer weeks."),
    ({"paused": True}, "gone_quiet", "Paused."),
    ({"check_ins": 2}, "gone_quiet", "Not enough data yet (2 of 3)."),
    ({"last_check_in_at": NOW - timedelta(days=14, hours=1)}, "gone_quiet", "No check-in for 14 days."),
    ({}, "steady", "Nothing asks for you now."),
]


@pytest.mark.parametrize(("state", "group", "reason"), LADDER, ids=[r for _, _, r in LADDER])
def test_each_state_has_its_group_and_reason(state: dict[str, Any], group: str, reason: str) -> None:
    found = standing(**state)
    assert (found.group, found.reason) == (group, reason)


@pytest.mark.parametrize("step", range(len(LADDER) - 1))
def test_the_first_match_wins(step: int) -> None:
    state, group, reason = LADDER[step]
    below: dict[str, Any] = {}
    for lower, _, _ in reversed(LADDER[step + 1 :]):
        below |= {k: v for k, v in lower.items() if k != "reason"}
    found = standing(**below | state)
    assert (found.group, found.reason) == (group, reason)


def test_only_what_is_over_its_time_is_marked_as_due() -> None:
    assert standing(due_at=NOW, watch_open=1).due
    assert not standing(due_at=NOW + timedelta(minutes=1), watch_open=1).due
    assert standing(safety_open=1, due_at=NOW).due
    assert not standing(safety_open=1, due_at=NOW + timedelta(minutes=1)).due


def test_edges_of_quiet_windows_and_intervals() -> None:
    assert standing(last_check_in_at=NOW - timedelta(days=14)).group == "steady"
    assert standing(last_check_in_at=NOW - timedelta(days=20), interval_days=14).group == "steady"
    assert standing(window_until=NOW).group == "steady"
    assert standing(check_ins=3, last_check_in_at=None).group == "gone_quiet"


# The row against the rows


def fresh(case: Case, at: datetime) -> dict[str, Any]:
    """The read model computed from scratch, in the plainest way."""
    rows = list(CheckIn.objects.filter(case=case).order_by("at"))
    unread = [r for r in rows if r.read_at is None]
    live = list(Flag.objects.filter(case=case, state__in=["open", "acknowledged", "snoozed"]).select_related("head"))
    shown = [f for f in live if f.head is None]
    windows = [w.ends_at for w in SteadyWindow.objects.filter(case=case, ended_at=None) if w.ends_at > at]
    leads = [r for r in rows if r.partner.side == "A"]
    lead = [r for r in leads if r.cpi is not None]
    points = [(history.day_of(r.at), r.levels["cpi"][0]) for r in lead]
    before = [v for d, v in points if round(d, 2) <= round(points[-1][0] - 28, 2)] if points else []
    return {
        "check_ins": len(leads),
        "last_check_in_at": leads[-1].at if leads else None,
        "unread": len(unread),
        "oldest_unread_at": min((r.at for r in unread), default=None),
        "read_by_on": min((r.read_by_on for r in unread), default=None),
        "safety_open": sum(f.safety for f in live),
        "urgent_unseen": sum(f.state == "open" and f.severity >= 3 for f in shown),
        "watch_open": sum(f.severity >= 2 for f in shown),
        "due_at": min((f.due_at for f in live if f.state == "open" and f.due_at), default=None),
        "window_until": max(windows, default=None),
        "spark": " ".join(f"{d:.2f}:{v:.1f}" for d, v in points[-26:]),
        "cpi_level": points[-1][1] if points else None,
        "cpi_before": round(before[-1], 1) if before else None,
    }


def held(case: Case, at: datetime) -> dict[str, Any]:
    row = CaseSummary.objects.get(case=case)
    found = {name: getattr(row, name) for name in fresh(case, at)}
    if row.window_until and row.window_until <= at:
        found["window_until"] = None  # it ends by itself; the group compares it with the time
    return found


class Practice:
    """One act after another, drawn by chance, as a real half year would bring them."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.dice, self.day = cast, random.Random(seed), 0.0

    @property
    def at(self) -> datetime:
        return make.START + timedelta(days=self.day)

    def check_in(self) -> None:
        dice = self.dice
        acts = {
            a: dice.choice([1, 2])
            for a in ("push_return", "ultimatum", "reassurance", "forced_talk")
            if dice.random() < 0.25
        }
        make.check_in(
            dice.choice([self.cast.a, self.cast.a, self.cast.b]), self.day,
            dice.choice(["", "", "A calm week.", "I gave her an ultimatum.", "I want to die."]),
            safety=("afraid",) if dice.random() < 0.08 else (), c8=acts or "none", c3=dice.randrange(5),
            c4=dice.choice(["none", ["kind"], ["kind", "memory"], "skip"]), c5=dice.choice(["none", 0, 3]),
            c11=dice.randrange(5), c12=dice.randrange(5),
        )  # fmt: skip

    def read(self) -> None:
        make.read_all(self.cast.couple, self.cast.dana, self.at)

    def move(self) -> None:
        flag = self.dice.choice(list(Flag.objects.filter(case=self.cast.couple).order_by("pk")) or [None])
        if flag is None:
            return
        acts: list[Callable[[], Any]] = [
            lambda: flags.acknowledge(case=self.cast.couple, flag_id=flag.pk, by=self.cast.dana, at=self.at),
            lambda: flags.resolve(case=self.cast.couple, flag_id=flag.pk, by=self.cast.dana, at=self.at, reason="not_accurate"),
            lambda: flags.reopen(case=self.cast.couple, flag_id=flag.pk, by=self.cast.dana, at=self.at, reason="new"),
        ]  # fmt: skip
        with suppress(flags.Refused):
            self.dice.choice(acts)()

    def share(self) -> None:
        with suppress(guidance.Refused):
            make.share(self.cast.couple, self.cast.a, self.cast.dana, self.at, self.dice.choice(["G11", "X1"]))

    def answer(self) -> None:
        sent = SentGuidance.objects.filter(withdrawn_at=None).order_by("pk").last()
        if sent and self.dice.random() < 0.5:
            guidance.answer(partner=self.cast.a, sent_id=sent.pk, by=self.cast.alma, at=self.at, answer="tried")
        elif sent:
            guidance.withdraw(case=self.cast.couple, sent_id=sent.pk, by=self.cast.dana, at=self.at)

    def act(self) -> None:
        self.day += self.dice.choice([0.1, 1, 3, 7])
        self.dice.choice(
            [self.check_in, self.check_in, self.check_in, self.read, self.move, self.move, self.share, self.answer]
        )()


@pytest.mark.django_db
@pytest.mark.db_both
@pytest.mark.parametrize("seed", range(3))
def test_the_read_model_equals_a_fresh_count_after_every_act(cast: Cast, seed: int) -> None:
    practice = Practice(cast, seed)
    for step in range(40):
        practice.act()
        assert held(cast.couple, practice.at) == fresh(cast.couple, practice.at), step
    assert CheckIn.objects.count() > 10
    row = CaseSummary.objects.get(case=cast.couple)
    live = Flag.objects.filter(case=cast.couple, state__in=flags.LIVE, severity__gte=2)
    newest = [json.loads(f.newest or f.card) for f in live]
    told = {c["sentence"] for c in newest} | {f"{c['who']}: {c['sentence']}" for c in newest}
    assert row.reason in told | ({None} if not live else set())


@pytest.mark.django_db
@pytest.mark.db_both
def test_no_open_flag_hides_behind_a_closed_one(cast: Cast) -> None:
    """A flag that another card covers stands on its own again when that card is closed."""
    make.warming(cast.a)
    make.check_in(cast.a, 36, c8={"push_return": 1}, c3=3, c4=["kind"])
    head = Flag.objects.get(rule="P02")
    covered = Flag.objects.get(rule="P01")
    assert covered.head == head
    flags.resolve(case=cast.couple, flag_id=head.pk, by=cast.dana, at=NOW + timedelta(days=7), reason="not_accurate")
    row = CaseSummary.objects.get(case=cast.couple)
    assert row.watch_open == Flag.objects.filter(state="open", severity__gte=2).count() >= 1
    assert row.reason == json.loads(covered.card)["sentence"]


@pytest.mark.django_db
@pytest.mark.db_both
def test_new_evidence_outside_the_window_is_not_covered_by_the_old_card(cast: Cast) -> None:
    make.warming(cast.a)
    make.check_in(cast.a, 36, c8={"push_return": 1}, c3=3, c4=["kind"])
    make.check_in(cast.a, 70, c8={"push_return": 2}, c3=3)
    assert SteadyWindow.objects.get().ends_at < make.START + timedelta(days=70)
    assert Flag.objects.get(rule="P01").head is None
