"""The life of a flag, through real check-ins and acts: raised, extended, risen, cleared, reopened, closed by a person."""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clients import accounts, cases, checkins, flags, notices
from clients.models import Assignment, AuditEvent, CaseSummary, CheckIn, Flag, FlagEvent, Notice, Partner, SteadyWindow
from tests import make
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]

ASKED: dict[str, Any] = {"c8": {"push_return": 1}}
REASSURED: dict[str, Any] = {"c8": {"reassurance": 1}}
DEADLINE: dict[str, Any] = {"c8": {"ultimatum": 1}}
WARM: dict[str, Any] = {"c3": 3, "c4": ["kind", "memory"], "c5": 2}
COOL: dict[str, Any] = {"c3": 1, "c5": "none"}


def at(day: float) -> datetime:
    return make.START + timedelta(days=day)


def settle(partner: Partner, **items: Any) -> None:
    """Four calm check-ins, so that all rules speak from day 28 on."""
    for day in (0, 7, 14, 21):
        make.check_in(partner, day, **items)


def flag(partner: Partner, rule: str) -> Flag:
    return Flag.objects.select_related("case", "partner").get(partner=partner, rule=rule)


def states(partner: Partner) -> dict[str, tuple[int, str]]:
    rows = Flag.objects.filter(partner=partner).order_by("opened_at", "id")
    return {row.rule: (row.severity, row.state) for row in rows}


def story(row: Flag) -> list[str]:
    return list(FlagEvent.objects.filter(flag=row).order_by("id").values_list("kind", flat=True))


def close(cast: Cast, row: Flag, day: float, reason: str = "known", by: Any = None) -> Flag:
    return flags.resolve(
        case=row.case, flag_id=row.pk, by=by or cast.dana, at=at(day), reason=reason,
        follow_up="Called; safe tonight." if row.safety else "",
    )  # fmt: skip


def open_again(cast: Cast, row: Flag, day: float) -> Flag:
    return flags.reopen(case=row.case, flag_id=row.pk, by=cast.dana, at=at(day), reason="new")


def see(cast: Cast, row: Flag, day: float) -> Flag:
    return flags.acknowledge(case=row.case, flag_id=row.pk, by=cast.dana, at=at(day))


def mails(kind: str | None = None) -> list[tuple[str, str]]:
    """Who was told by themselves, or by this kind of mail; digests are asked for by name."""
    rows = Notice.objects.filter(kind=kind) if kind else Notice.objects.exclude(kind="digest")
    rows = rows.order_by("created_at", "to__name")
    return [(row.kind, row.to.name) for row in rows.select_related("to")]


# Raised once, then extended


def test_the_same_again_extends_the_open_flag(cast: Cast) -> None:
    settle(cast.a)
    first = make.check_in(cast.a, 28, **DEADLINE).checkin
    second = make.check_in(cast.a, 35, **DEADLINE).checkin
    row = flag(cast.a, "P03")
    assert (row.checkin_id, row.opened_at, row.last_evidence_at) == (first.pk, at(28), at(35))
    events = FlagEvent.objects.filter(flag=row).order_by("id")
    assert [(e.kind, e.checkin_id, e.card is not None) for e in events] == [
        ("raised", first.pk, False),
        ("evidence", second.pk, True),
    ]
    assert str(second.pk) in [line["entry"] for line in json.loads(events[1].card or "")["evidence"]]
    assert str(second.pk) not in row.card
    assert mails() == [("elevated", "Dana")], "new evidence is no news"


def test_a_rise_is_news_and_asks_to_be_seen_again(cast: Cast) -> None:
    settle(cast.a)
    make.check_in(cast.a, 28, **ASKED)
    row = see(cast, flag(cast.a, "P01"), 29)
    assert (row.severity, mails()) == (2, [])
    make.check_in(cast.a, 35, **ASKED)
    row.refresh_from_db()
    assert (row.severity, row.state, row.acknowledged_at, row.due_at) == (3, "open", None, at(35) + timedelta(hours=8))
    assert story(row) == ["raised", "acknowledged", "rose"]
    assert mails() == [("elevated", "Dana")]


def test_a_flag_never_sinks(cast: Cast) -> None:
    settle(cast.a)
    make.check_in(cast.a, 28, **DEADLINE)
    make.check_in(cast.a, 35, "I gave her an ultimatum.")
    assert flag(cast.a, "P03").severity == 3


def test_a_rise_does_not_put_back_a_clock_that_runs(cast: Cast) -> None:
    settle(cast.a)
    make.check_in(cast.a, 28, **ASKED)
    make.check_in(cast.a, 34.9, **ASKED)
    assert flag(cast.a, "P01").due_at == at(35), "a week after the first, not eight hours after the second"


def test_each_rule_has_its_own_flag(cast: Cast) -> None:
    settle(cast.a)
    make.check_in(
        cast.a, 28, safety=("self_harm",), c8={"push_return": 1, "ultimatum": 1, "forced_talk": 1}, c11=0, c12=4
    )
    assert states(cast.a) == {
        "S01": (4, "open"), "P03": (3, "open"), "W01": (3, "open"), "P01": (2, "open"), "P08": (3, "open"),
    }  # fmt: skip
    assert mails() == [("urgent", "Dana")], "one mail for all that one check-in raised"


def test_two_partners_never_mix(cast: Cast) -> None:
    settle(cast.a)
    settle(cast.b)
    make.check_in(cast.a, 28, **ASKED)
    make.check_in(cast.b, 29, **ASKED)
    assert [flag(p, "P01").severity for p in (cast.a, cast.b)] == [2, 2], "one each is not two"
    close(cast, flag(cast.b, "P01"), 30)
    make.check_in(cast.a, 35, **ASKED)
    assert states(cast.a) == {"P01": (3, "open"), "P12": (2, "open")}
    assert flag(cast.a, "P12").head == flag(cast.a, "P01")
    assert states(cast.b) == {"P01": (2, "resolved")}
    make.check_in(cast.b, 36, safety=("afraid",))
    make.check_in(cast.a, 42, **DEADLINE)
    assert states(cast.a)["P03"] == (3, "open"), "one partner's fear holds back no flag of the other"


# Clearing by itself


@pytest.mark.parametrize(
    ("days", "state"),
    [([42], "open"), ([42, 48.9], "open"), ([42, 49], "auto_resolved"), ([60], "open"), ([60, 61], "auto_resolved")],
    ids=["one check-in", "14 days not over", "two check-ins and 14 days", "one late check-in", "a second one"],
)
def test_watch_clears_after_two_check_ins_and_14_days(cast: Cast, days: list[float], state: str) -> None:
    settle(cast.a)
    make.check_in(cast.a, 28, **REASSURED)
    make.check_in(cast.a, 35, **REASSURED)
    for day in days:
        make.check_in(cast.a, day)
    row = flag(cast.a, "P06")
    assert (row.state, row.closed_at) == (state, None if state == "open" else at(days[-1]))
    assert row.closed_by is None
    assert CaseSummary.objects.get(case=cast.couple).watch_open == (state == "open")


def test_a_new_sign_starts_the_fourteen_days_again(cast: Cast) -> None:
    settle(cast.a)
    for day in (28, 35, 42):
        make.check_in(cast.a, day, **REASSURED)
    for day in (49, 55):
        make.check_in(cast.a, day)
    assert flag(cast.a, "P06").state == "open"
    make.check_in(cast.a, 56)
    assert flag(cast.a, "P06").state == "auto_resolved"


@pytest.mark.parametrize(
    ("seen", "last", "state"),
    [(True, 56, "auto_resolved"), (True, 55.9, "acknowledged"), (False, 56, "open"), (False, 100, "open")],
    ids=["seen, 28 days", "seen, not yet", "never seen", "never seen, long after"],
)
def test_elevated_clears_only_after_a_person_has_seen_it(cast: Cast, seen: bool, last: float, state: str) -> None:
    settle(cast.a)
    make.check_in(cast.a, 28, **DEADLINE)
    if seen:
        see(cast, flag(cast.a, "P03"), 29)
    for day in (35, 42, last):
        make.check_in(cast.a, day)
    assert flag(cast.a, "P03").state == state


def test_after_a_rise_it_has_to_be_seen_again(cast: Cast) -> None:
    settle(cast.a)
    make.check_in(cast.a, 28, **ASKED)
    see(cast, flag(cast.a, "P01"), 29)
    make.check_in(cast.a, 35, **ASKED)
    for day in (42, 49, 63, 70):
        make.check_in(cast.a, day)
    assert states(cast.a)["P01"] == (3, "open")


def test_a_line_of_information_closes_after_28_days_though_it_stands(cast: Cast) -> None:
    """The warmer weeks go on; each line is filed once, gathers nothing and closes; the firm one follows the early one."""
    settle(cast.a, **COOL)
    for day in range(28, 84, 7):
        make.check_in(cast.a, day, **WARM)
        row = flag(cast.a, "O01")
        assert row.state == ("open" if day < 56 else "auto_resolved")
    assert (row.opened_at, row.last_evidence_at, row.closed_at) == (at(28), at(28), at(56))
    assert story(row) == ["raised", "auto_resolved"]
    for day in range(84, 120, 7):
        make.check_in(cast.a, day, **WARM)
    lines = Flag.objects.filter(rule__in=["O01", "O02"]).order_by("opened_at")
    assert list(lines.values_list("rule", "opened_at", "closed_at")) == [
        ("O01", at(28), at(56)),
        ("O02", at(35), at(63)),
    ]
    assert mails() == []
    assert list(SteadyWindow.objects.values_list("opened_at", "opened_by", "ends_at")) == [(at(28), "O01", at(63))], (
        "one warmer phase, one window, to 28 days after it was confirmed"
    )


def test_one_intake_line_of_high_distress_which_may_rise(cast: Cast) -> None:
    for day in (0, 7, 14, 21):
        make.check_in(cast.a, day, c11=0, c12=4)
        assert states(cast.a) == {"W01": (1, "open")}
    assert story(flag(cast.a, "W01")) == ["raised"]
    make.check_in(cast.a, 27, c11=0, c12=4)
    assert states(cast.a) == {"W01": (3, "open")}, "very high twice in a row, after the intake"
    assert story(flag(cast.a, "W01")) == ["raised", "rose"]


# Cool-down and reopening


@pytest.mark.parametrize(
    ("day", "rows"), [(44, 1), (49.9, 1), (50, 2), (57, 2)], ids=["8 days", "just under 14", "14 days", "three weeks"]
)
def test_watch_cools_down_for_14_days(cast: Cast, day: float, rows: int) -> None:
    settle(cast.a)
    make.check_in(cast.a, 28, **REASSURED)
    make.check_in(cast.a, 35, **REASSURED)
    close(cast, flag(cast.a, "P06"), 36)
    for again in (day - 1, day):
        make.check_in(cast.a, again, **REASSURED)
    found = Flag.objects.filter(partner=cast.a, rule="P06").order_by("opened_at")
    assert [row.state for row in found] == ["resolved", "open"][:rows]


def test_a_rise_breaks_the_cool_down(cast: Cast) -> None:
    settle(cast.a)
    make.check_in(cast.a, 28, **ASKED)
    close(cast, flag(cast.a, "P01"), 29)
    make.check_in(cast.a, 35, **ASKED)
    row = flag(cast.a, "P01")
    assert (row.severity, row.state, story(row)) == (3, "open", ["raised", "resolved", "reopened"])
    assert mails() == [("elevated", "Dana")]


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (42.9, ["raised", "resolved"]),
        (43, ["raised", "resolved", "reopened"]),
        (85, ["raised", "resolved", "reopened"]),
        (85.1, ["raised", "resolved"]),
    ],
    ids=["cooling down", "after 14 days", "after 56 days", "later"],
)
def test_elevated_reopens_with_its_history(cast: Cast, day: float, told: list[str]) -> None:
    settle(cast.a)
    make.check_in(cast.a, 28, **DEADLINE)
    first = close(cast, flag(cast.a, "P03"), 29, "agreed")
    sent = make.check_in(cast.a, day, **DEADLINE)
    assert story(first) == told
    assert Flag.objects.filter(rule="P03").count() == (2 if day > 85 else 1)
    first.refresh_from_db()
    if "reopened" in told:
        assert (first.state, first.closed_at, first.closed_by, first.close_reason) == ("open", None, None, "")
        assert (first.opened_at, first.last_evidence_at, first.due_at) == (
            at(28),
            at(day),
            at(day) + timedelta(hours=8),
        )
        assert FlagEvent.objects.get(flag=first, kind="reopened").checkin == sent.checkin


def test_it_reopens_as_loud_as_it_now_is(cast: Cast) -> None:
    settle(cast.a)
    for day in (28, 35):
        make.check_in(cast.a, day, **ASKED)
    close(cast, flag(cast.a, "P01"), 36)
    make.check_in(cast.a, 70, **ASKED)
    row = flag(cast.a, "P01")
    assert (row.severity, row.state, row.due_at) == (2, "open", at(77))
    assert story(row) == ["raised", "rose", "resolved", "reopened"]


def test_information_cools_down_for_28_days(cast: Cast) -> None:
    settle(cast.a)
    answered = {"c8": {"push_return": 1, "partner_first": True}}
    make.check_in(cast.a, 28, **answered)
    close(cast, flag(cast.a, "P01"), 29)
    make.check_in(cast.a, 56, **answered)
    assert Flag.objects.filter(rule="P01").count() == 1
    make.check_in(cast.a, 57, **answered)
    assert [f.state for f in Flag.objects.filter(rule="P01").order_by("opened_at")] == ["resolved", "open"]


# The steady window and its card


def in_window(cast: Cast) -> None:
    """Four cool weeks, a warm one that opens the window on day 28, and a push on day 35 that three rules see."""
    settle(cast.a, **COOL)
    make.check_in(cast.a, 28, **WARM)
    make.check_in(cast.a, 35, **WARM, c8={"push_return": 1, "ultimatum": 1})


def test_the_window_and_the_card_that_takes_in_the_rest(cast: Cast) -> None:
    in_window(cast)
    window = SteadyWindow.objects.get()
    assert (window.partner, window.opened_at, window.ends_at, window.opened_by) == (cast.a, at(28), at(63), "O01")
    head = flag(cast.a, "P02")
    assert states(cast.a) == {
        "O01": (1, "open"),
        "O02": (1, "open"),
        "P02": (3, "open"),
        "P01": (2, "open"),
        "P03": (3, "open"),
        "P12": (2, "open"),
    }
    assert {row.rule for row in Flag.objects.filter(head=head)} == {"P01", "P03", "P12"}
    assert mails() == [("elevated", "Dana")]
    assert Notice.objects.get().flag == head
    assert CaseSummary.objects.get(case=cast.couple).urgent_unseen == 1


def test_seeing_the_card_is_seeing_all_that_stands_on_it(cast: Cast) -> None:
    in_window(cast)
    see(cast, flag(cast.a, "P02"), 36)
    assert {row.state for row in Flag.objects.filter(rule__startswith="P")} == {"acknowledged"}
    assert AuditEvent.objects.filter(act="flag.acknowledged").count() == 4


def test_each_absorbed_flag_has_its_own_end(cast: Cast) -> None:
    in_window(cast)
    see(cast, flag(cast.a, "P02"), 36)
    make.check_in(cast.a, 42, **WARM)
    make.check_in(cast.a, 49, **WARM)
    assert states(cast.a)["P01"] == (2, "auto_resolved"), "watch, after 14 days"
    assert {states(cast.a)[rule] for rule in ("P02", "P03")} == {(3, "acknowledged")}
    make.check_in(cast.a, 63, **WARM)
    assert {states(cast.a)[rule] for rule in ("P02", "P03")} == {(3, "auto_resolved")}


def test_closing_the_card_hides_nothing(cast: Cast) -> None:
    in_window(cast)
    head = close(cast, flag(cast.a, "P02"), 36)
    for rule in ("P01", "P03"):
        row = flag(cast.a, rule)
        assert (row.state, row.head) == ("open", None)
    summary = CaseSummary.objects.get(case=cast.couple)
    assert (summary.urgent_unseen, summary.watch_open) == (1, 3)
    make.check_in(cast.a, 36.5, **WARM)
    assert not Flag.objects.filter(head=head).exists()


def test_something_new_does_not_hide_under_a_card_that_was_seen(cast: Cast) -> None:
    settle(cast.a, **COOL)
    make.check_in(cast.a, 28, **WARM)
    make.check_in(cast.a, 35, **WARM, **ASKED)
    see(cast, flag(cast.a, "P02"), 36)
    make.check_in(cast.a, 42, **WARM, **DEADLINE)
    new = flag(cast.a, "P03")
    assert (new.state, new.head) == ("open", None)
    assert CaseSummary.objects.get(case=cast.couple).urgent_unseen == 1
    assert mails() == [("elevated", "Dana"), ("elevated", "Dana")]


def test_what_joins_a_card_that_still_waits_sends_no_second_mail(cast: Cast) -> None:
    settle(cast.a, **COOL)
    make.check_in(cast.a, 28, **WARM)
    make.check_in(cast.a, 35, **WARM, **ASKED)
    make.check_in(cast.a, 42, **WARM, **DEADLINE)
    assert flag(cast.a, "P03").head == flag(cast.a, "P02")
    assert mails() == [("elevated", "Dana")]


def test_a_card_takes_in_nothing_louder_than_its_head(cast: Cast) -> None:
    settle(cast.a, **COOL)
    make.check_in(cast.a, 24, **COOL, **DEADLINE)
    make.check_in(cast.a, 28, **WARM)
    make.check_in(cast.a, 35, "I gave her an ultimatum.", **WARM)
    assert (flag(cast.a, "P02").severity, flag(cast.a, "P03").severity) == (2, 3)
    assert flag(cast.a, "P03").head is None


def test_what_happens_after_the_window_stands_by_itself(cast: Cast) -> None:
    in_window(cast)
    make.check_in(cast.a, 64, **WARM, **DEADLINE)
    assert flag(cast.a, "P03").head is None
    assert flag(cast.a, "P02").last_evidence_at == at(35)


def test_a_push_as_the_first_case_of_the_demo_tells_it(cast: Cast) -> None:
    """Ten check-ins in five weeks: possible at day 21, one push at day 28, restraint afterwards."""
    cool = [(3, 1, 0, "none"), (7, 1, 0, 1), (10, 1, 0, 0), (14, 1, 0, 1)]
    warm = [(17, 2, 1, 0), (21, 2, 2, 0), (24, 2, 1, 1), (28, 2, 2, 2), (31, 3, 1, 2), (35, 2, 2, 2)]
    for day, c3, signs, c5 in [*cool, *warm]:
        chips = ["kind", "memory"][:signs] or "none"
        make.check_in(cast.a, day, c3=c3, c4=chips, c5=c5, c8={"push_return": 1} if day == 28 else "none")
    assert SteadyWindow.objects.get().opened_at == at(21)
    assert flag(cast.a, "O01").opened_at == at(21)
    head = flag(cast.a, "P02")
    assert (head.opened_at, head.severity, flag(cast.a, "P01").head) == (at(28), 3, head)
    assert json.loads(head.card)["sentence"] == (
        "In the steady window, 7 days after the first warmer weeks were noticed: asked or hinted about living together again."
    )


def test_a_window_that_a_person_ended_stays_ended(cast: Cast) -> None:
    settle(cast.a, **COOL)
    make.check_in(cast.a, 28, **WARM)
    make.check_in(cast.a, 35, **WARM)
    SteadyWindow.objects.update(ended_at=at(36), ended_by=cast.dana, reason="A holiday together, nothing more.")
    for day in (42, 49):
        make.check_in(cast.a, day, **WARM, **ASKED)
    assert SteadyWindow.objects.get().ends_at == at(63)
    assert "P02" not in states(cast.a)


def test_only_a_confirmed_warming_opens_one_again(cast: Cast) -> None:
    settle(cast.a, **COOL)
    make.check_in(cast.a, 28, **WARM)
    SteadyWindow.objects.update(ended_at=at(30), ended_by=cast.dana, reason="A holiday together, nothing more.")
    make.check_in(cast.a, 35, **WARM, **ASKED)
    rows = SteadyWindow.objects.order_by("opened_at").values_list("opened_by", "opened_at", "ends_at")
    assert list(rows) == [("O01", at(28), at(56)), ("O02", at(35), at(63))]
    assert states(cast.a)["P02"] == (3, "open"), "the act in the check-in that confirms it counts"


def test_two_signs_open_a_window_through_real_check_ins(cast: Cast) -> None:
    """Chips without warmth answered: the scan is silent, the signs are not."""
    settle(cast.a, c3="practical")
    make.check_in(cast.a, 28, c3="practical", c4=["kind"])
    assert not SteadyWindow.objects.exists()
    make.check_in(cast.a, 35, c3="practical", c4=["memory"], **ASKED)
    assert SteadyWindow.objects.get().opened_by == "SIGN"
    assert states(cast.a)["P02"] == (3, "open"), "the act in the opening check-in counts"


# A check-in that tells of an earlier time


def test_an_older_check_in_changes_no_clock_of_a_newer_flag(cast: Cast) -> None:
    settle(cast.a)
    make.check_in(cast.a, 35, **DEADLINE)
    make.check_in(cast.a, 28, **DEADLINE)
    row = flag(cast.a, "P03")
    assert (row.opened_at, row.last_evidence_at, story(row)) == (at(35), at(35), ["raised", "evidence"])
    for day in (22, 23, 24):
        make.check_in(cast.a, day)
    assert flag(cast.a, "P03").state == "open"


def test_an_older_check_in_sees_only_what_came_before_it(cast: Cast) -> None:
    settle(cast.a)
    make.check_in(cast.a, 42, **ASKED)
    make.check_in(cast.a, 28, **ASKED)
    assert flag(cast.a, "P01").severity == 2, "at its time it was the first"
    make.check_in(cast.a, 49, **ASKED)
    assert flag(cast.a, "P01").severity == 3


# Safety


def test_a_safety_flag_never_clears_by_itself(cast: Cast) -> None:
    make.check_in(cast.a, 0, safety=("self_harm", "afraid"))
    for rule in ("S01", "S02"):
        see(cast, flag(cast.a, rule), 1)
    for day in range(7, 210, 7):
        make.check_in(cast.a, day)
    assert states(cast.a) == {"S01": (4, "acknowledged"), "S02": (4, "acknowledged")}
    assert flags.safety_open(cast.couple)


def test_new_danger_opens_a_seen_flag_again(cast: Cast) -> None:
    make.check_in(cast.a, 0, safety=("self_harm",))
    see(cast, flag(cast.a, "S01"), 0.1)
    make.check_in(cast.a, 1, safety=("self_harm",))
    row = flag(cast.a, "S01")
    assert (row.state, row.acknowledged_by, row.due_at) == ("open", None, at(1) + timedelta(minutes=15))
    assert story(row) == ["raised", "acknowledged", "evidence"]
    assert mails() == [("urgent", "Dana")] * 2


def test_new_danger_does_not_put_back_the_clock_of_what_nobody_has_seen(cast: Cast) -> None:
    make.check_in(cast.a, 0, safety=("self_harm",))
    make.check_in(cast.a, 1, safety=("self_harm",))
    assert flag(cast.a, "S01").due_at == at(0) + timedelta(minutes=15)
    assert len(mails("urgent")) == 2


def test_after_closing_new_danger_is_a_new_flag_at_once(cast: Cast) -> None:
    make.check_in(cast.a, 0, safety=("self_harm",))
    close(cast, flag(cast.a, "S01"), 0.5, "followed_up")
    assert not flags.safety_open(cast.couple)
    make.check_in(cast.a, 0.6, safety=("self_harm",))
    rows = Flag.objects.filter(rule="S01").order_by("opened_at")
    assert [row.state for row in rows] == ["resolved", "open"]
    assert flags.safety_open(cast.couple)


@pytest.mark.parametrize("reason", ["known", "agreed", "welcome", "other", "", "nonsense"])
def test_a_safety_flag_closes_only_for_a_fitting_reason(cast: Cast, reason: str) -> None:
    make.check_in(cast.a, 0, safety=("afraid",))
    with pytest.raises(flags.Refused):
        close(cast, flag(cast.a, "S02"), 1, reason)
    assert states(cast.a) == {"S02": (4, "open")}


def _new_client(cast: Cast) -> None:
    """Nothing before: the very first check-in."""


def _without_text_consent(cast: Cast) -> None:
    accounts.answer_consent(partner=cast.a, kind="text", given=False, by=cast.alma, at=at(-1))


def _paused(cast: Cast) -> None:
    cases.pause(case=cast.couple, by=cast.dana, at=at(-1))


def _many_notices(cast: Cast) -> None:
    for number in range(30):
        notices.owe([notices.prepare("elevated", to=cast.dana, at=at(-1), case=cast.couple, dedupe=str(number))])


def _closed_as_wrong(cast: Cast) -> None:
    for number in range(4):
        make.check_in(cast.a, -8 + number, safety=("self_harm",))
        close(cast, Flag.objects.get(rule="S01", state="open"), -7.5 + number, "not_accurate")
    Notice.objects.all().delete()


def _many_other_flags(cast: Cast) -> None:
    for day in (-28, -21, -14, -7):
        make.check_in(cast.a, day, c8={"push_return": 2, "ultimatum": 2, "reassurance": 2}, c11=0, c12=4)
    Notice.objects.all().delete()


@pytest.mark.parametrize(
    "world", [_new_client, _without_text_consent, _paused, _many_notices, _closed_as_wrong, _many_other_flags]
)
@pytest.mark.parametrize("day", [0.0, 5.3, 6.4], ids=["Monday evening", "Sunday, before dawn", "Monday, 4 o'clock"])
def test_nothing_keeps_danger_back(cast: Cast, world: Callable[[Cast], None], day: float) -> None:
    world(cast)
    make.check_in(cast.a, day, safety=("self_harm",))
    row = Flag.objects.get(rule="S01", state="open")
    assert (row.severity, row.opened_at, row.due_at) == (4, at(day), at(day) + timedelta(minutes=15))
    assert mails("urgent") == [("urgent", "Dana")]
    assert CaseSummary.objects.get(case=cast.couple).safety_open == 1


def test_a_dead_broker_stops_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    calls = []

    def dead(name: str, **_: Any) -> None:
        calls.append(name)
        raise ConnectionError("nobody is there")

    monkeypatch.setattr(notices.current_app, "send_task", dead)
    with django_capture_on_commit_callbacks(execute=True):
        sent = make.check_in(cast.a, 0, safety=("self_harm",))
    assert calls == ["clients.tasks.deliver"]
    assert CheckIn.objects.filter(pk=sent.checkin.pk).exists()
    assert states(cast.a) == {"S01": (4, "open")}
    owed = Notice.objects.get()
    assert (owed.sent_at, owed.to) == (None, cast.dana)
    assert notices.find_due(at(0)) == [owed.pk], "the sweep finds it"


def _assign(cast: Cast, name: str, since: float, until: float | None) -> None:
    user = make.user(cast.practice, name, "counselor")
    Assignment.objects.create(
        practice=cast.practice, case=cast.couple, user=user, role="cover", since=at(since), until=None if until is None else at(until)
    )  # fmt: skip


def test_danger_alerts_whoever_holds_the_case_now(cast: Cast) -> None:
    _assign(cast, "Ola", -5, None)
    _assign(cast, "Per", -5, 9)  # cover with dates
    _assign(cast, "Rob", -9, -1)  # over
    _assign(cast, "Sue", 5, 9)  # to come
    make.check_in(cast.a, 0, **DEADLINE)
    assert mails() == [("elevated", "Dana")], "cover hears of danger only"
    make.check_in(cast.a, 1, safety=("afraid",))
    assert mails("urgent") == [("urgent", name) for name in ("Dana", "Ola", "Per")]
    assert {n.case_id for n in Notice.objects.all()} == {cast.couple.pk}


def test_watch_and_information_send_no_mail(cast: Cast) -> None:
    settle(cast.a, c11=0, c12=4)
    make.check_in(cast.a, 28, **ASKED)
    assert mails() == []


def test_told_safe_for_now_gives_until_the_end_of_the_day(cast: Cast) -> None:
    sent = make.check_in(cast.a, 0, safety=("afraid", "self_harm"))

    def tell(safe: str) -> None:
        checkins.tell_danger(
            partner=cast.a, checkin_id=sent.checkin.pk, by=cast.alma, at=at(0.001), who="to_me", safe_now=safe
        )

    tell("yes")
    assert flag(cast.a, "S02").due_at == at(0) + timedelta(hours=8)
    assert flag(cast.a, "S01").due_at == at(0) + timedelta(minutes=15), "self-harm is always now"
    tell("unsure")
    assert flag(cast.a, "S02").due_at == at(0) + timedelta(minutes=15)


def test_safe_for_now_speaks_of_its_own_check_in_only(cast: Cast) -> None:
    make.check_in(cast.a, 0, safety=("afraid",))
    sent = make.check_in(cast.a, 1, safety=("self_harm",))
    checkins.tell_danger(
        partner=cast.a, checkin_id=sent.checkin.pk, by=cast.alma, at=at(1.001), who="to_me", safe_now="yes"
    )
    assert flag(cast.a, "S02").due_at == at(0) + timedelta(minutes=15)


def test_a_frightened_client_is_not_flagged_as_pressing(cast: Cast) -> None:
    settle(cast.a)
    make.check_in(cast.a, 28, safety=("afraid",), c8={"push_return": 2, "ultimatum": 1, "forced_talk": 1})
    make.check_in(cast.a, 35, c8={"push_return": 2, "ultimatum": 1})
    assert states(cast.a) == {"S02": (4, "open")}


def test_danger_read_by_the_engine_in_each_text(cast: Cast) -> None:
    make.check_in(cast.a, 0, "I do not want to live any more.")
    make.check_in(cast.b, 0, next_session="She hit me last night.")
    assert states(cast.a)["S01"] == (4, "open")
    assert states(cast.b)["S02"] == (4, "open")
    assert "Possible" in json.loads(flag(cast.a, "S01").card)["sentence"]


def test_a_line_outside_a_check_in_is_read_for_danger(cast: Cast) -> None:
    with transaction.atomic():
        assert "crisis" in flags.look_for_danger(cast.couple, cast.a, "I do not want to live any more.", at=at(0))
        assert flags.look_for_danger(cast.couple, cast.a, "Thanks, that helped.", at=at(1)) == []
    row = flag(cast.a, "S01")
    assert (row.checkin, row.severity, row.due_at) == (None, 4, at(0) + timedelta(minutes=15))
    assert mails() == [("urgent", "Dana")]


# What people do


ACTS: dict[str, Callable[[Cast, Flag], Flag]] = {
    "acknowledge": lambda cast, row: flags.acknowledge(case=row.case, flag_id=row.pk, by=cast.erik, at=at(40)),
    "resolve": lambda cast, row: flags.resolve(case=row.case, flag_id=row.pk, by=cast.erik, at=at(40), reason="known"),
    "reopen": lambda cast, row: flags.reopen(case=row.case, flag_id=row.pk, by=cast.erik, at=at(40), reason="new"),
}
STATES: dict[str, dict[str, Any]] = {
    "open": {},
    "acknowledged": {"acknowledged_at": at(30)},
    "snoozed": {"snoozed_until": at(50)},
    "resolved": {"closed_at": at(30), "close_reason": "known"},
    "auto_resolved": {"closed_at": at(30)},
}
ALLOWED = {
    ("open", "acknowledge"): "acknowledged", ("snoozed", "acknowledge"): "acknowledged",
    ("open", "resolve"): "resolved", ("acknowledged", "resolve"): "resolved", ("snoozed", "resolve"): "resolved",
    ("resolved", "reopen"): "open", ("auto_resolved", "reopen"): "open",
}  # fmt: skip
SENTENCES = {
    ("acknowledged", "acknowledge"): "Dana has already marked this flag as seen (7 October, 19:00).",
    ("resolved", "acknowledge"): "Dana has already closed this flag (7 October, 19:00).",
    ("auto_resolved", "acknowledge"): "This flag has already cleared by itself (7 October, 19:00).",
    ("resolved", "resolve"): "Dana has already closed this flag (7 October, 19:00).",
    ("auto_resolved", "resolve"): "This flag has already cleared by itself (7 October, 19:00).",
    ("open", "reopen"): "This flag is open already.",
    ("acknowledged", "reopen"): "This flag is open already.",
    ("snoozed", "reopen"): "This flag is open already.",
}


def in_state(cast: Cast, state: str) -> Flag:
    settle(cast.a)
    make.check_in(cast.a, 28, **DEADLINE)
    fields = STATES[state] | {"state": state}
    fields |= {"acknowledged_by": cast.dana} if state == "acknowledged" else {}
    fields |= {"closed_by": cast.dana} if state == "resolved" else {}
    Flag.objects.filter(rule="P03").update(**fields)
    return flag(cast.a, "P03")


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", STATES)
def test_every_act_in_every_state(cast: Cast, state: str, act: str) -> None:
    row = in_state(cast, state)
    trail, events = AuditEvent.objects.count(), FlagEvent.objects.count()
    to = ALLOWED.get((state, act))
    if to is None:
        with pytest.raises(flags.Refused) as refused:
            ACTS[act](cast, row)
        assert str(refused.value) == SENTENCES[state, act]
        assert (AuditEvent.objects.count(), FlagEvent.objects.count()) == (trail, events)
        assert flag(cast.a, "P03").state == state
        return
    ACTS[act](cast, row)
    assert flag(cast.a, "P03").state == to
    event = FlagEvent.objects.order_by("-id")[0]
    link = AuditEvent.objects.order_by("-seq").filter(practice=cast.practice)[0]
    assert (event.by, event.at, f"flag.{event.kind}") == (cast.erik, at(40), link.act)
    assert (link.by, link.at, link.subject, link.side, link.detail["rule"]) == (cast.erik, at(40), row.pk, "A", "P03")


def test_the_table_and_the_acts_agree() -> None:
    to = {"acknowledge": "acknowledged", "resolve": "resolved", "reopen": "open"}
    for (state, act), target in ALLOWED.items():
        assert target == to[act]
        assert target in flags.TRANSITIONS[state]
    assert set(flags.TRANSITIONS) == set(Flag.State.values)
    for row in (Flag(state="open", safety=True), Flag(state="acknowledged", safety=True)):
        assert not flags.can(row, "snoozed")
        assert not flags.can(row, "auto_resolved")
        assert flags.can(row, "resolved")


@pytest.mark.parametrize("reason", ["", "nonsense", "followed up"])
def test_closing_needs_a_reason(cast: Cast, reason: str) -> None:
    row = in_state(cast, "open")
    with pytest.raises(flags.Refused, match="pick a reason"):
        close(cast, row, 40, reason)


def test_a_flag_of_another_case_is_not_found(cast: Cast) -> None:
    row = in_state(cast, "open")
    for act in ACTS.values():
        row.case = cast.single
        with pytest.raises(Flag.DoesNotExist):
            act(cast, row)
    assert flag(cast.a, "P03").state == "open"


def test_reopening_by_hand_starts_the_clocks_again(cast: Cast) -> None:
    settle(cast.a)
    make.check_in(cast.a, 28, **REASSURED)
    make.check_in(cast.a, 35, **REASSURED)
    for day in (42, 49):
        make.check_in(cast.a, day)
    open_again(cast, flag(cast.a, "P06"), 55)
    assert flag(cast.a, "P06").due_at == at(62)
    make.check_in(cast.a, 56)
    make.check_in(cast.a, 63)
    assert flag(cast.a, "P06").state == "open", "it does not clear at the next check-in"
    make.check_in(cast.a, 69)
    assert flag(cast.a, "P06").state == "auto_resolved"


def test_an_old_flag_is_not_reopened_beside_a_newer_one(cast: Cast) -> None:
    make.check_in(cast.a, 0, safety=("afraid",))
    old = close(cast, flag(cast.a, "S02"), 1, "followed_up")
    make.check_in(cast.a, 2, safety=("afraid",))
    with pytest.raises(flags.Refused, match="A newer flag of the same rule is open already"):
        open_again(cast, old, 3)


def test_the_second_person_sees_what_the_first_did(cast: Cast) -> None:
    """Both had the page open: each act looks at the row, not at what the page once showed."""
    row = in_state(cast, "open")
    for_dana, for_erik = (Flag.objects.select_related("case").get(pk=row.pk) for _ in range(2))
    flags.resolve(case=for_dana.case, flag_id=for_dana.pk, by=cast.dana, at=at(30), reason="agreed")
    assert for_erik.state == "open"
    with pytest.raises(flags.Refused, match="Dana has already closed this flag"):
        flags.resolve(case=for_erik.case, flag_id=for_erik.pk, by=cast.erik, at=at(30), reason="known")
    assert flag(cast.a, "P03").close_reason == "agreed"


@pytest.mark.django_db(transaction=True)
def test_people_and_check_ins_at_once(cast: Cast) -> None:
    """Twelve at the same moment on one case: nobody waits in a circle, one closes, the others are told, and every
    check-in arrives. SQLite takes one writer at a time, so there they come one after the other."""
    row = in_state(cast, "open")
    told: list[str] = []
    start = threading.Barrier(12)

    def run(work: Callable[[], Any]) -> None:
        try:
            if connection.vendor != "sqlite":
                start.wait(20)
            work()
            told.append("done")
        except flags.Refused as refusal:
            told.append(str(refusal))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must say so
            told.append(repr(error))
        finally:
            if connection.vendor != "sqlite":
                connection.close()

    def closing(who: Any) -> Callable[[], Any]:
        return lambda: flags.resolve(case=row.case, flag_id=row.pk, by=who, at=at(30), reason="known")

    def sending(n: int) -> Callable[[], Any]:
        return lambda: make.check_in(
            make.side(cast.couple, "AB"[n % 2]), 31 + n, c8={"ultimatum": 1}, safety=("self_harm",)
        )

    work = [closing(who) for who in (cast.dana, cast.erik) * 3] + [sending(n) for n in range(6)]
    if connection.vendor == "sqlite":
        for each in work:
            run(each)
    else:
        threads = [threading.Thread(target=run, args=(each,)) for each in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert told.count("done") == 7, told
    assert sum("has already closed this flag (" in line for line in told) == 5, told
    assert CheckIn.objects.filter(at__gt=at(30)).count() == 6
    for partner in (cast.a, cast.b):
        assert Flag.objects.filter(partner=partner, rule="S01", state="open").count() == 1
        assert story(flag(partner, "S01")) == ["raised", "evidence", "evidence"]


# What the database itself refuses


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "acknowledged", "acknowledged_at": at(30)},
        {"state": "resolved"},
        {"state": "resolved", "closed_at": at(30)},
        {"state": "resolved", "closed_at": at(30), "close_reason": "known"},
        {"state": "auto_resolved"},
        {"state": "open", "closed_at": at(30)},
        {"state": "snoozed"},
        {"state": "open", "snoozed_until": at(50)},
        {"state": "snoozed", "snoozed_until": at(50), "safety": True},
        {"state": "auto_resolved", "closed_at": at(50), "safety": True},
    ],
)
def test_the_table_refuses_a_state_that_does_not_hold_together(cast: Cast, fields: dict[str, Any]) -> None:
    row = in_state(cast, "open")
    with pytest.raises(IntegrityError), transaction.atomic():
        Flag.objects.filter(pk=row.pk).update(**fields)


def test_the_table_refuses_a_second_live_flag_of_a_rule(cast: Cast) -> None:
    row = in_state(cast, "open")
    assert row.card  # opened before it is copied: a sealed text belongs to its row
    row.pk = uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_what_was_raised_is_never_rewritten(cast: Cast) -> None:
    row = in_state(cast, "open")
    said, row.card = row.card, "{}"
    with pytest.raises(DatabaseError), transaction.atomic():
        row.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        FlagEvent.objects.filter(flag=row).update(kind="rose")
    make.check_in(cast.a, 35, **DEADLINE)
    assert flag(cast.a, "P03").card == said


# Cost


def _statements(partner: Partner, day: float, **more: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        make.check_in(partner, day, **more)
    skip = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return sum(1 for query in queries if not query["sql"].startswith(skip))


def test_flags_cost_four_statements_whatever_their_number(cast: Cast) -> None:
    """New, extended and risen flags, their events, who is to be told, and the mails; a window that opens is one more."""
    settle(cast.a, **COOL)
    calm = _statements(cast.a, 22, **COOL)
    assert _statements(cast.a, 23, **COOL, **DEADLINE) == calm + 4
    many = {"c8": {"push_return": 2, "reassurance": 2, "forced_talk": 2, "ultimatum": 1}, "c11": 0, "c12": 4}
    assert _statements(cast.a, 24, **COOL | many, safety=("self_harm",)) == calm + 4
    assert _statements(cast.a, 25, **COOL | many, safety=("self_harm",)) == calm + 4
    assert _statements(cast.a, 60, **WARM | many) == calm + 5
    assert SteadyWindow.objects.count() == 1


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("S04", {"safety": ("child",)}),
        ("S05", {"safety": ("might_hurt",)}),
        ("S03", {"safety": ("must_not_contact",), "c1": 3}),
        ("S03", {"safety": ("partner_must_not",), "c2": 1}),
    ],
)
def test_no_safety_answer_goes_unheard(cast: Cast, rule: str, told: dict[str, Any]) -> None:
    make.check_in(cast.a, 0, **told)
    assert list(Flag.objects.filter(safety=True).values_list("rule", flat=True)) == [rule]


@pytest.mark.parametrize(
    "told", [{"safety": ("must_not_contact",), "c1": 0}, {"safety": ("partner_must_not",), "c2": 0}]
)
def test_no_contact_that_is_kept_raises_nothing(cast: Cast, told: dict[str, Any]) -> None:
    make.check_in(cast.a, 0, **told)
    assert not Flag.objects.filter(safety=True).exists()


def test_the_database_lets_a_closed_flag_do_nothing_but_open(cast: Cast) -> None:
    make.check_in(cast.a, 0, safety=("child",))
    flag = Flag.objects.get(rule="S04")
    close(cast, flag, 0, "followed_up")
    with pytest.raises(IntegrityError, match="does not go from that state"), transaction.atomic():
        Flag.objects.filter(pk=flag.pk).update(state="acknowledged", closed_at=None)
    open_again(cast, flag, 0)


def test_what_only_the_partner_reports_shares_no_card_with_the_reporters_own(cast: Cast) -> None:
    """Desk only, at most watch; the reporter's own flags and their cards are the same with and without it."""
    settle(cast.a)
    checkins.submit(
        partner=cast.b, by=cast.bruno, at=at(27), key=uuid4(),
        answers=checkins.Answers({"p5": {"pursuit": "unwelcome"}, "p6": "less"}, safety_skipped=True),
    )  # fmt: skip
    make.check_in(cast.a, 28, **ASKED, c1=8)
    told = flag(cast.a, "P04")
    assert (told.severity, told.head, Flag.objects.filter(head=told).count()) == (2, None, 0)
    assert json.loads(told.card)["from_other"] is True
    assert json.loads(flag(cast.a, "P01").card)["from_other"] is False
