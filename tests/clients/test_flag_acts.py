"""What people do with flags, each act: it works, a stranger, the wrong state, said twice; two at once; danger is closed by
two; rules that are muted; what the lead reads; rules put to history again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from clients import flags, guards, guidance, reevaluation, tasks
from clients.models import (
    Assignment,
    AuditEvent,
    Case,
    CaseSummary,
    Escalation,
    Flag,
    FlagEvent,
    Notice,
    Partner,
    RuleMute,
    SteadyWindow,
    User,
)
from clients.rules import VERSION
from counselor import library
from tests import make
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]

DEADLINE: dict[str, Any] = {"c8": {"ultimatum": 1}}
NEXT = "Called at nine; safe tonight, a friend is there."


def at(day: float) -> datetime:
    return make.START + timedelta(days=day)


def flag(partner: Partner, rule: str) -> Flag:
    return Flag.objects.select_related("case", "partner").filter(partner=partner, rule=rule).latest("opened_at")


def deadline(cast: Cast, day: float = 0) -> Flag:
    make.check_in(cast.a, day, **DEADLINE)
    return flag(cast.a, "P03")


def danger(cast: Cast, day: float = 0) -> Flag:
    make.check_in(cast.a, day, safety=("self_harm",))
    return flag(cast.a, "S01")


def close(row: Flag, by: User, day: float, reason: str = "followed_up", follow_up: str = NEXT) -> Flag:
    return flags.resolve(
        case=row.case, flag_id=row.pk, by=by, at=at(day), reason=reason, follow_up=follow_up if row.safety else ""
    )


def newest(row: Flag) -> Any:
    return FlagEvent.objects.filter(flag=row).latest("id")


def also(cast: Cast, user: User, role: str = "primary") -> None:
    """Somebody else who holds the case as well, for a time."""
    Assignment.objects.create(
        practice=cast.practice, case=cast.couple, user=user, role=role, since=at(-1), until=at(100)
    )


# Each act


def snooze(cast: Cast, row: Flag, day: float, case: Case | None = None) -> Flag:
    return flags.snooze(case=case or row.case, flag_id=row.pk, by=cast.dana, at=at(day), until=at(day + 5).date())


def hand_on(cast: Cast, row: Flag, day: float, case: Case | None = None) -> Flag:
    return flags.hand_on(case=case or row.case, flag_id=row.pk, to_id=cast.erik.pk, by=cast.dana, at=at(day))


@pytest.mark.parametrize(
    ("act", "again"), [(snooze, "set this flag aside (8 September"), (hand_on, "with Erik already")]
)
def test_setting_aside_and_handing_on(cast: Cast, act: Callable[..., Flag], again: str) -> None:
    also(cast, cast.erik)
    row = deadline(cast)
    with pytest.raises(Flag.DoesNotExist):
        act(cast, row, 1, cast.single)
    act(cast, row, 1)
    event, link = newest(row), AuditEvent.objects.filter(practice=cast.practice).latest("seq")
    assert (event.by, event.at, f"flag.{event.kind}", link.subject) == (cast.dana, at(1), link.act, row.pk)
    with pytest.raises(flags.Refused) as refused:
        act(cast, row, 2)
    assert again in str(refused.value)
    close(row, cast.dana, 3, "known")
    with pytest.raises(flags.Refused, match="Dana has already closed this flag"):
        act(cast, row, 4)


@pytest.mark.parametrize("days", [-1, 0, 91])
def test_a_flag_is_set_aside_to_a_day_to_come(cast: Cast, days: int) -> None:
    row = deadline(cast)
    with pytest.raises(flags.Refused, match="a day after today"):
        flags.snooze(case=row.case, flag_id=row.pk, by=cast.dana, at=at(1), until=at(1 + days).date())
    assert flag(cast.a, "P03").state == "open"


def test_danger_is_never_set_aside(cast: Cast) -> None:
    with pytest.raises(flags.Refused, match="not set aside"):
        snooze(cast, danger(cast), 1)


@pytest.mark.parametrize("who", ["erik", "fay", "alma", "ruth"])
def test_a_flag_is_handed_on_to_who_holds_the_case_only(cast: Cast, who: str) -> None:
    row = deadline(cast)
    with pytest.raises(flags.Refused, match="somebody who holds this case"):
        flags.hand_on(case=row.case, flag_id=row.pk, to_id=getattr(cast, who).pk, by=cast.dana, at=at(1))


def test_cover_is_given_danger_and_nothing_else(cast: Cast) -> None:
    also(cast, cast.erik, "cover")
    row = deadline(cast)
    with pytest.raises(flags.Refused, match="somebody who holds this case"):
        hand_on(cast, row, 1)
    assert hand_on(cast, danger(cast, 1), 2).owner == cast.erik


def test_opening_again_says_why(cast: Cast) -> None:
    row = close(deadline(cast), cast.dana, 1, "known")
    for reason in ("", "nonsense"):
        with pytest.raises(flags.Refused, match="why it is opened again"):
            flags.reopen(case=row.case, flag_id=row.pk, by=cast.dana, at=at(2), reason=reason)
    flags.reopen(case=row.case, flag_id=row.pk, by=cast.dana, at=at(2), reason="mistake", words="Wrong one.")
    assert (newest(row).reason, newest(row).words) == ("mistake", "Wrong one.")
    link = AuditEvent.objects.filter(act="flag.reopened").get()
    assert "Wrong one" not in str(link.detail), "what somebody wrote is not on the trail"


def test_lines_of_information_are_filed_together_and_nothing_else_is(cast: Cast) -> None:
    for day in (0, 1):
        make.check_in(cast.a if day else cast.c, day, c11=0, c12=4)
    weighty = deadline(cast, 2)
    lines = list(Flag.objects.filter(severity=1))
    assert {row.case_id for row in lines} == {cast.couple.pk, cast.single.pk}
    ids = [row.pk for row in lines] + [weighty.pk]
    own = Case.objects.filter(pk__in=[cast.couple.pk, cast.single.pk])
    assert flags.acknowledge_info(cases=[cast.foreign], ids=ids, by=cast.fay, at=at(3)) == 0
    assert flags.acknowledge_info(cases=own, ids=ids, by=cast.dana, at=at(3)) == len(lines) >= 2
    assert flags.acknowledge_info(cases=own, ids=ids, by=cast.dana, at=at(3)) == 0
    assert set(Flag.objects.filter(severity=1).values_list("state", flat=True)) == {"acknowledged"}
    assert flag(cast.a, "P03").state == "open"
    assert AuditEvent.objects.filter(act="flag.acknowledged").count() == len(lines)


def test_who_acts_on_what_is_no_longer_so_is_told_and_nothing_happens(cast: Cast) -> None:
    also(cast, cast.erik)
    row = deadline(cast)
    stand = newest(row).pk
    flags.acknowledge(case=row.case, flag_id=row.pk, by=cast.dana, at=at(1), stand=stand)
    with pytest.raises(flags.Refused, match=r"Dana has already marked this flag as seen \(8 September, 19:00\)"):
        flags.resolve(case=row.case, flag_id=row.pk, by=cast.erik, at=at(2), reason="known", stand=stand)
    assert flag(cast.a, "P03").state == "acknowledged"
    make.check_in(cast.a, 2, **DEADLINE)
    with pytest.raises(flags.Refused, match="A check-in has added to this flag"):
        flags.resolve(case=row.case, flag_id=row.pk, by=cast.dana, at=at(3), reason="known", stand=stand)
    flags.resolve(case=row.case, flag_id=row.pk, by=cast.dana, at=at(3), reason="known", stand=newest(row).pk)


# Danger is closed by two


@pytest.mark.parametrize("follow_up", ["", "   ", "x" * 2_001, "a\x00b"])
def test_danger_closes_with_what_was_done_next(cast: Cast, follow_up: str) -> None:
    row = danger(cast)
    with pytest.raises(flags.Refused):
        close(row, cast.dana, 1, follow_up=follow_up)
    assert flags.safety_open(cast.couple)
    close(row, cast.dana, 1)
    row.refresh_from_db()
    assert (row.follow_up, newest(row).words) == (NEXT, NEXT)
    assert NEXT not in str(AuditEvent.objects.filter(act="flag.resolved").get().detail)


def second(row: Flag, by: User, day: float, case: Case | None = None) -> Flag:
    return flags.second_look(case=case or row.case, flag_id=row.pk, by=by, at=at(day))


def test_somebody_else_of_the_practice_takes_the_second_look(cast: Cast) -> None:
    row = danger(cast)
    with pytest.raises(flags.Refused, match="that was closed"):
        second(row, cast.ruth, 1)
    close(row, cast.dana, 1)
    assert list(flags.waiting_for_second_look(cast.practice.pk)) == [row]
    for who, sentence in ((cast.dana, "somebody else"), (cast.fay, "member of the practice"), (cast.alma, "member of")):
        with pytest.raises(flags.Refused, match=sentence):
            second(row, who, 5)
    with pytest.raises(Flag.DoesNotExist):
        second(row, cast.ruth, 2, cast.single)
    second(row, cast.ruth, 2)
    row.refresh_from_db()
    assert (row.second_look_by, row.second_look_at, newest(row).kind) == (cast.ruth, at(2), "second_look")
    assert not flags.waiting_for_second_look(cast.practice.pk).exists()
    with pytest.raises(flags.Refused, match="Ruth has already taken the second look"):
        second(row, cast.erik, 3)


def test_alone_in_a_practice_one_looks_again_on_another_day(cast: Cast) -> None:
    """Fay is the only member of her practice. In Berlin day 0.2 is still the day of START, and 0.3 the next."""
    make.check_in(cast.g, 0, safety=("self_harm",))
    row = close(flag(cast.g, "S01"), cast.fay, 0.1)
    with pytest.raises(flags.Refused, match="on another day"):
        second(row, cast.fay, 0.2)
    second(row, cast.fay, 0.3)


def test_a_second_look_that_does_not_agree_opens_it_again(cast: Cast) -> None:
    row = close(danger(cast), cast.dana, 1)
    flags.reopen(case=row.case, flag_id=row.pk, by=cast.ruth, at=at(2), reason="too_soon")
    row.refresh_from_db()
    assert (row.state, row.follow_up, row.second_look_at) == ("open", None, None)
    assert flags.safety_open(cast.couple)
    assert FlagEvent.objects.filter(flag=row, kind="resolved").get().words == NEXT, "what was done stays in the history"


@pytest.mark.parametrize("fields", [{"second_look_at": at(1)}, {"second_look_at": at(1), "second_look_by_id": "dana"}])
def test_the_database_takes_no_second_look_at_what_is_open(cast: Cast, fields: dict[str, Any]) -> None:
    row = danger(cast)
    fields = {k: cast.dana.pk if v == "dana" else v for k, v in fields.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Flag.objects.filter(pk=row.pk).update(**fields)


def test_until_it_is_closed_nothing_light_is_sent(cast: Cast) -> None:
    row = danger(cast)
    card = library.cards()["G11"]

    def refusal(day: float) -> str:
        return guidance.why_not(guidance.clear(cast.b, at(day)), card.family)

    assert "safety flag is open" in refusal(1)
    flags.acknowledge(case=row.case, flag_id=row.pk, by=cast.dana, at=at(1))
    assert "safety flag is open" in refusal(2), "seen is not closed"
    close(row, cast.dana, 2)
    assert refusal(3) == ""


# The steady window


def test_a_person_ends_the_window_and_says_why(cast: Cast) -> None:
    make.warming(cast.a)
    window = SteadyWindow.objects.get()

    def end(day: float, reason: str = "no_phase", case: Case = cast.couple) -> SteadyWindow:
        return flags.end_window(case=case, window_id=window.pk, by=cast.dana, at=at(day), reason=reason)

    assert CaseSummary.objects.get(case=cast.couple).window_until is not None
    with pytest.raises(SteadyWindow.DoesNotExist):
        end(36, case=cast.single)
    with pytest.raises(flags.Refused, match="say why"):
        end(36, "because")
    end(36)
    assert CaseSummary.objects.get(case=cast.couple).window_until is None
    with pytest.raises(flags.Refused, match="Dana has already ended this window"):
        end(37)
    make.check_in(cast.a, 38, c8={"push_return": 1})
    assert not Flag.objects.filter(rule="P02").exists()


def test_a_window_that_is_over_is_not_ended(cast: Cast) -> None:
    make.warming(cast.a)
    window = SteadyWindow.objects.get()
    with pytest.raises(flags.Refused, match="by its date already"):
        flags.end_window(case=cast.couple, window_id=window.pk, by=cast.dana, at=at(200), reason="passed")


# Muted rules


def mute(cast: Cast, day: float = -1, rule: str = "P03", side: str = "", case: Case | None = None) -> RuleMute:
    return flags.mute(
        case=case or cast.couple, rule=rule, by=cast.dana, at=at(day), reason="Agreed with both.", side=side
    )


def mutes(case: Case) -> Any:
    return CaseSummary.objects.get(case=case).arranged["mutes"]


def test_a_muted_rule_leaves_its_row_and_is_told_to_nobody(cast: Cast) -> None:
    mute(cast, side="A")
    assert mutes(cast.couple) == {"A": ["P03"], "B": []}
    assert Notice.objects.get().to == cast.ruth, "the practice lead is told"
    row = deadline(cast)
    assert (row.muted, row.state, row.due_at) == (True, "open", None)
    assert Notice.objects.count() == 1
    held = CaseSummary.objects.get(case=cast.couple)
    assert (held.urgent_unseen, held.watch_open, held.due_at, held.told) == (0, 0, None, {})
    make.check_in(cast.b, 0, **DEADLINE)
    assert not flag(cast.b, "P03").muted
    for day in (10, 20, 30):
        make.check_in(cast.a, day)
    assert flag(cast.a, "P03").state == "auto_resolved", "nobody has to see it first"


def test_muting_takes_the_open_flag_along_and_unmuting_brings_it_back(cast: Cast) -> None:
    row = deadline(cast)
    kept = mute(cast, 1)
    assert (flag(cast.a, "P03").muted, CaseSummary.objects.get(case=cast.couple).urgent_unseen) == (True, 0)
    with pytest.raises(RuleMute.DoesNotExist):
        flags.unmute(case=cast.single, mute_id=kept.pk, by=cast.dana, at=at(2))
    flags.unmute(case=cast.couple, mute_id=kept.pk, by=cast.dana, at=at(2))
    row.refresh_from_db()
    assert (row.muted, row.due_at) == (False, at(2) + timedelta(hours=8))
    assert CaseSummary.objects.get(case=cast.couple).urgent_unseen == 1
    with pytest.raises(flags.Refused, match="speaks again already"):
        flags.unmute(case=cast.couple, mute_id=kept.pk, by=cast.dana, at=at(3))
    assert [e.act for e in AuditEvent.objects.filter(act__startswith="rule.").order_by("seq")] == [
        "rule.muted",
        "rule.unmuted",
    ]


def test_muting_frees_what_stood_under_the_card(cast: Cast) -> None:
    make.check_in(cast.a, 0)
    make.check_in(cast.a, 1)
    make.check_in(cast.a, 2)
    make.check_in(cast.a, 3, c8={"ultimatum": 1, "push_return": 1})
    assert flag(cast.a, "P01").head == flag(cast.a, "P03")
    mute(cast, 4)
    assert flag(cast.a, "P01").head is None
    assert CaseSummary.objects.get(case=cast.couple).watch_open == 1


@pytest.mark.parametrize("rule", ["S01", "S07", "P99", ""])
def test_rules_about_danger_cannot_be_muted(cast: Cast, rule: str) -> None:
    for act in (
        lambda: mute(cast, rule=rule),
        lambda: flags.mute_for_practice(rule=rule, by=cast.ruth, at=at(0), reason="No."),
    ):
        with pytest.raises(flags.Refused, match="cannot be muted" if rule.startswith("S") else "no such rule"):
            act()


@pytest.mark.parametrize("rule", ["S01", "E02", "D04"])
def test_the_database_mutes_no_danger(cast: Cast, rule: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleMute.objects.create(practice=cast.practice, case=cast.couple, rule=rule, reason="x", at=at(0), by=cast.dana)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_muting_needs_a_reason(cast: Cast, reason: str) -> None:
    with pytest.raises(flags.Refused):
        flags.mute(case=cast.couple, rule="P03", by=cast.dana, at=at(0), reason=reason)


def test_muted_twice_is_refused(cast: Cast) -> None:
    mute(cast)
    for side in ("", "A"):
        with pytest.raises(flags.Refused, match="muted here already"):
            mute(cast, side=side)


def test_only_the_lead_mutes_for_the_practice_and_new_cases_follow(cast: Cast) -> None:
    for who in (cast.dana, cast.fay, cast.alma):
        with pytest.raises(flags.Refused, match="Only the practice lead"):
            flags.mute_for_practice(rule="P03", by=who, at=at(0), reason="No use here.")
    kept = flags.mute_for_practice(rule="P03", by=cast.ruth, at=at(0), reason="No use here.")
    new = make.case(cast.dana, ("Nora", make.user(cast.practice, "Nora", "client")), ("Otto", None))
    for case in (cast.couple, cast.single, new):
        assert mutes(case)["A"] == ["P03"]
    assert "mutes" not in CaseSummary.objects.get(case=cast.foreign).arranged
    with pytest.raises(flags.Refused, match="for the practice already"):
        flags.mute_for_practice(rule="P03", by=cast.ruth, at=at(0), reason="Again.")
    with pytest.raises(RuleMute.DoesNotExist):
        flags.unmute(case=cast.couple, mute_id=kept.pk, by=cast.dana, at=at(1))
    with pytest.raises(flags.Refused, match="Only the practice lead"):
        flags.unmute_for_practice(mute_id=kept.pk, by=cast.dana, at=at(1))
    flags.unmute_for_practice(mute_id=kept.pk, by=cast.ruth, at=at(1))
    assert mutes(new) == {"A": [], "B": []}


def wrong(cast: Cast, day: float) -> Flag:
    return close(deadline(cast, day), cast.dana, day + 0.1, "not_accurate")


def test_called_wrong_three_times_in_sixty_days_a_rule_falls_silent_and_says_so(cast: Cast) -> None:
    wrong(cast, 0)
    wrong(cast, 20)
    assert not RuleMute.objects.exists()
    wrong(cast, 40)
    kept = RuleMute.objects.get()
    assert (kept.case, kept.partner, kept.rule, kept.by) == (cast.couple, None, "P03", None)
    assert "three times" in kept.reason
    assert AuditEvent.objects.filter(act="rule.muted", by=None, case=cast.couple).count() == 1
    assert list(Notice.objects.filter(kind="muted").values_list("to__name", flat=True)) == ["Ruth"]
    flags.unmute(case=cast.couple, mute_id=kept.pk, by=cast.dana, at=at(41))
    wrong(cast, 55)
    assert RuleMute.objects.count() == 1, "who lets it speak again starts the count again"


def test_three_in_a_longer_time_mute_nothing(cast: Cast) -> None:
    for day in (0, 30, 61):
        wrong(cast, day)
    assert not RuleMute.objects.exists()


def test_danger_called_wrong_is_never_muted(cast: Cast) -> None:
    for day in range(4):
        close(danger(cast, day), cast.dana, day + 0.1, "not_accurate")
    assert not RuleMute.objects.exists()
    assert danger(cast, 5).state == "open"


# What the lead reads


def test_what_became_of_each_rule_is_counted(cast: Cast) -> None:
    for number, reason in enumerate(["known", "followed_up", "not_accurate", "agreed", "welcome", "other"]):
        close(deadline(cast, 60 * number), cast.dana, 60 * number + 1, reason)
        Flag.objects.filter(rule="P03").update(muted=False)
    make.check_in(cast.g, 0, **DEADLINE)
    (row,) = [t for t in flags.tally(cast.practice.pk) if t.rule == "P03"]
    assert (row.raised, row.right, row.not_right, row.live) == (6, 2, 3, 0)
    assert not row.enough


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (81, 100, 0.7222, 0.8749)],
)
def test_wilsons_interval(right: int, of: int, low: float, high: float) -> None:
    assert flags.wilson(right, of) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


# Rules put to history again


def _older_rules(*cases: Case) -> None:
    CaseSummary.objects.filter(case__in=cases).update(rules_version=0)


def test_a_new_case_owes_nothing_and_an_old_one_is_looked_at_once(cast: Cast) -> None:
    make.check_in(cast.a, 0)
    assert not reevaluation.outdated().exists()
    _older_rules(cast.couple, cast.single)
    assert reevaluation.find_outdated(10) == [cast.couple.pk], "a case without check-ins has nothing to look at"
    assert reevaluation.progress(cast.practice.pk) == (0, 1)
    assert reevaluation.reevaluate(case_id=cast.couple.pk, at=at(1)) == 1
    assert reevaluation.reevaluate(case_id=cast.couple.pk, at=at(1)) == 0
    assert reevaluation.progress(cast.practice.pk) == (1, 1)
    assert CaseSummary.objects.get(case=cast.couple).rules_version == VERSION


def _forget(cast: Cast, *rules: str) -> None:
    """As if older rules had not known these: their flags were never raised."""
    with guards.lifted(connection):
        FlagEvent.objects.filter(flag__rule__in=rules).delete()
        Notice.objects.filter(flag__rule__in=rules).delete()
        Escalation.objects.filter(flag__rule__in=rules).delete()
        Flag.objects.filter(rule__in=rules).delete()
    _older_rules(cast.couple)


def test_of_the_last_fourteen_days_everything_is_raised_and_of_earlier_ones_danger_as_one_card(cast: Cast) -> None:
    make.check_in(cast.a, 0, safety=("self_harm",), **DEADLINE)
    make.check_in(cast.a, 1, safety=("child",))
    make.check_in(cast.a, 90)
    make.check_in(cast.a, 100, **DEADLINE)
    _forget(cast, "P03", "S01", "S04")
    reevaluation.reevaluate(case_id=cast.couple.pk, at=at(103))
    row = flag(cast.a, "P03")
    assert [f.opened_at for f in Flag.objects.filter(rule="P03")] == [at(103)], "only what is recent"
    assert row.checkin is not None
    assert row.checkin.at == at(100)
    urgent = list(Flag.objects.filter(rule__in=["S01", "S04"]).order_by("rule"))
    assert [(f.rule, f.state) for f in urgent] == [("S01", "open"), ("S04", "open")]
    heads = {f.head_id for f in urgent}
    assert len(heads) == 2
    assert None in heads, "one card"
    assert heads - {None} <= {f.pk for f in urgent}
    before = Flag.objects.count(), FlagEvent.objects.count(), Notice.objects.count()
    _older_rules(cast.couple)
    reevaluation.reevaluate(case_id=cast.couple.pk, at=at(104))
    assert (Flag.objects.count(), FlagEvent.objects.count(), Notice.objects.count()) == before, "nothing twice"


def test_what_people_closed_is_not_opened_by_newer_rules(cast: Cast) -> None:
    close(danger(cast), cast.dana, 1)
    close(deadline(cast, 100), cast.dana, 101, "agreed")
    _older_rules(cast.couple)
    reevaluation.reevaluate(case_id=cast.couple.pk, at=at(103))
    assert set(Flag.objects.filter(rule__in=["S01", "P03"]).values_list("state", flat=True)) == {"resolved"}


def test_the_job_goes_on_where_it_was_stopped(cast: Cast, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    for partner in (cast.a, cast.c, cast.g):
        make.check_in(partner, 0)
    _older_rules(cast.couple, cast.single, cast.foreign)
    monkeypatch.setattr(tasks, "REEVALUATE_BATCH", 1)
    tasks.reevaluate_outdated()
    assert reevaluation.outdated().count() == 2
    call_command("reevaluate")
    assert "2 of 2 cases" in capsys.readouterr().out
    assert tasks.reevaluate_outdated() == 0
    call_command("reevaluate", "--all")
    assert "3 of 3 cases" in capsys.readouterr().out


def test_unknown_ids_are_not_found(cast: Cast) -> None:
    for act in (
        lambda: flags.acknowledge(case=cast.couple, flag_id=uuid4(), by=cast.dana, at=at(0)),
        lambda: flags.unmute(case=cast.couple, mute_id=uuid4(), by=cast.dana, at=at(0)),
        lambda: flags.end_window(case=cast.couple, window_id=uuid4(), by=cast.dana, at=at(0), reason="passed"),
    ):
        with pytest.raises(Exception, match="does not exist"):
            act()
