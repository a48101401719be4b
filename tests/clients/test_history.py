"""What the rules are handed beside the answers: arrangements, the course as stored, flags, how a form was filled in."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from clients import checkins, course, flags, history, summary
from clients.models import CaseSummary, CheckIn, Flag, SteadyWindow
from clients.rules import History
from tests import make
from tests.conftest import Cast

pytestmark = pytest.mark.db_both


def built(cast: Cast, day: float) -> History:
    """The history as the next check-in's rules would see it, ending with the last one that was sent."""
    at = make.START + timedelta(days=day)
    row = CaseSummary.objects.get(case=cast.couple)
    rows = history.recent(cast.a, at)
    return history.build(
        cast.a, rows, SteadyWindow.objects.filter(partner=cast.a), len(rows) - 1, "Alma", state=course.state_of(row, "A"),
        flags=flags.load(cast.couple, at), arranged=row.arranged, zone="Europe/Berlin",
    )  # fmt: skip


def arrange(cast: Cast, **arranged: object) -> None:
    CaseSummary.objects.filter(case=cast.couple).update(arranged=arranged)


def test_a_limit_is_seen_from_either_side(cast: Cast) -> None:
    stored = {"limits": {"B": {"source": "order", "scope": ["children"], "since": "2026-09-01", "until": "2026-09-20"}}}
    one, two = history.arrange(stored, "A"), history.arrange(stored, "B")
    assert one.keeps_away is None
    assert two.kept_from is None
    assert one.kept_from == two.keeps_away
    assert two.keeps_away is not None
    assert two.keeps_away.scope == {"children"}
    assert [two.keeps_away.runs(date(2026, 9, n)) for n in (1, 20, 21)] == [True, True, False]


def test_each_has_only_their_own_agreements_wishes_and_mutes() -> None:
    stored = {
        "agreements": {"A": [{"kind": "contact_rate", "per_week": 2, "welcome": True, "since": "2026-09-01", "until": None}]},
        "wish": {"B": ["apart", "2026-09-01"]}, "mutes": {"B": ["P06"]}, "moved_out": "A", "phase": "trying",
    }  # fmt: skip
    one, two = history.arrange(stored, "A"), history.arrange(stored, "B")
    assert [(a.kind, a.per_week, a.welcome) for a in one.agreements] == [("contact_rate", 2, True)]
    assert (one.wish, one.mutes, one.moved_out) == ("", frozenset(), "reporter")
    assert (two.agreements, two.wish, two.mutes, two.moved_out) == ((), "apart", {"P06"}, "other")


def test_nothing_arranged_is_nothing_known() -> None:
    assert history.arrange({}, "A") == history.arrange({}, "B")


def test_what_one_says_of_contact_reaches_the_others_rules_and_grows_old(cast: Cast) -> None:
    for day, more in [
        (0, {"p4": 3, "p6": "less"}),
        (40, {"p8": "not_now", "p5": {"uninvited": "unwelcome", "kind": "fine"}}),
    ]:
        checkins.submit(
            partner=cast.b, by=cast.bruno, at=make.START + timedelta(days=day), key=uuid4(),
            answers=checkins.Answers(more, safety_skipped=True),
        )  # fmt: skip
    make.check_in(cast.a, 41)
    said = built(cast, 41).arranged.said
    assert [(s.contact, s.wants, s.ready, sorted(s.unwelcome)) for s in said] == [
        (3, "less", "", []), (None, "", "not_now", ["uninvited"]),
    ]  # fmt: skip
    checkins.submit(
        partner=cast.b, by=cast.bruno, at=make.START + timedelta(days=91), key=uuid4(),
        answers=checkins.Answers({"p6": "skip", "p8": "yes"}, safety_skipped=True),
    )  # fmt: skip
    assert [s.ready for s in built(cast, 92).arranged.said] == ["not_now", "yes"]


def test_a_form_carries_how_it_was_filled_in_and_where_for_a_day(cast: Cast) -> None:
    for day, device in [(0, "one"), (3, "two")]:
        checkins.submit(
            partner=cast.b, by=cast.bruno, at=make.START + timedelta(days=day), key=uuid4(), device=device, seconds=9,
            answers=checkins.Answers(make.items()),
        )  # fmt: skip
    make.check_in(cast.a, 4)
    seen = built(cast, 4)
    assert seen.arranged.devices == ((make.START + timedelta(days=3), "two"),)
    assert (seen.now.seconds, seen.now.device) == (None, "")
    row = CheckIn.objects.filter(partner=cast.b).latest("at")
    assert (row.device, row.seconds) == ("two", 9)


def test_the_rules_see_what_the_course_stored(cast: Cast) -> None:
    make.warming(cast.a)
    seen = built(cast, 36)
    last = CheckIn.objects.filter(partner=cast.a).latest("at")
    assert seen.now.gate == last.course["g"] != ""
    assert seen.now.shifts["w"].tier == "confirmed"
    assert seen.confirmed["w"] == seen.now.shifts["w"]
    assert seen.now.share is not None
    assert seen.now.share.contacts == 20
    assert seen.band is not None
    assert seen.first_day == history.day_of(make.START)


def test_flags_are_seen_for_ninety_days_and_none_of_later(cast: Cast) -> None:
    make.check_in(cast.a, 0, safety=("self_harm",))
    flag = cast.couple.flags.get(rule="S01")
    flags.resolve(
        case=cast.couple,
        flag_id=flag.pk,
        by=cast.dana,
        at=make.START + timedelta(days=1),
        reason="followed_up",
        follow_up="Called.",
    )
    for day, unsafe in [(90, True), (92, False)]:
        make.check_in(cast.a, day)
        seen = built(cast, day)
        assert seen.unsafe is unsafe
        assert bool(seen.raised("S01")) is unsafe
        assert not seen.live("S01")


def test_what_is_closed_for_eight_weeks_is_not_opened_again(cast: Cast) -> None:
    """Rules look back further than a flag may be reopened."""
    make.check_in(cast.a, 0, c8={"ultimatum": 1})
    flag = cast.couple.flags.get(rule="P03")
    flags.resolve(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=make.START + timedelta(days=1), reason="known")
    make.check_in(cast.a, 60, c8={"ultimatum": 1})
    assert cast.couple.flags.filter(rule="P03").count() == 2


def test_the_day_is_that_of_the_reporters_zone(cast: Cast) -> None:
    make.check_in(cast.a, 0.25)  # 23:00 in UTC, after midnight in Berlin
    assert built(cast, 1).now.today == date(2026, 9, 8)


def test_what_is_told_is_the_newest_wish_and_the_carried_one_otherwise(cast: Cast) -> None:
    arrange(cast, wish={"A": ["together", "2026-08-01"]})
    make.check_in(cast.a, 0)
    assert built(cast, 0).wish == "together"
    make.check_in(cast.a, 7, wish="unsure")
    make.check_in(cast.a, 14)
    assert built(cast, 14).wish == "unsure"


def test_the_gate_knows_of_the_danger_that_the_check_in_itself_tells(cast: Cast) -> None:
    make.check_in(cast.a, 0, safety=("afraid",))
    assert built(cast, 0).now.gate == "wait"
    assert summary.lock(cast.couple).safety_open == 1


def test_the_same_words_from_both_partners_are_a_matter_for_the_counselor_alone(cast: Cast) -> None:
    text = (
        "We met at the lake on Sunday and talked for a while about the summer. It was calm, we laughed about the old boat, "
        "and then we went home before it got dark because the children had school in the morning."
    )
    make.check_in(cast.a, 1, text)
    kept = CaseSummary.objects.get(case=cast.couple).arranged["prints"]["A"]
    assert all(isinstance(number, int) for number in kept[0][1])
    make.check_in(cast.b, 2, text)
    assert list(Flag.objects.filter(rule="E06").values_list("partner__side", "severity")) == [("B", 2)]


def test_words_that_software_may_not_read_leave_no_print(cast: Cast) -> None:
    alone = make.case(cast.dana, ("Vera", make.user(cast.practice, "Vera", "client")), ("Tom", None), text=False)
    make.check_in(make.side(alone), 1, "One two three four five six seven eight nine ten. " * 5)
    assert "prints" not in CaseSummary.objects.get(case=alone).arranged


def test_either_side_is_judged_alike(cast: Cast) -> None:
    """The same check-ins under mirrored arrangements raise the same, whoever sends them."""
    limit = {"source": "told", "scope": ["children"], "since": "2026-08-01", "until": None}
    visits = [{"kind": "visits", "per_week": None, "welcome": True, "since": "2026-08-01", "until": None}]
    arrange(cast, limits={"A": limit, "B": limit}, agreements={"A": visits, "B": visits}, moved_out=None)
    for partner in (cast.a, cast.b):
        make.warming(partner)
        make.check_in(
            partner, 42, "On Saturday I am going to ask for one more try.", c1=8, c8={"uninvited": 1, "push_return": 2}
        )
        make.check_in(partner, 49, c3=0, c4=["over"], c8={"leverage": 1}, c10=4, c11=0)
        make.check_in(partner, 50, safety=("afraid",))
    one, two = (
        {(f.rule, f.severity, f.opened_at, f.state) for f in partner.flags.all()} for partner in (cast.a, cast.b)
    )
    assert one == two
    assert {"P02", "P05", "P10", "W03", "I07", "S02", "S03"} <= {rule for rule, *_ in one}


@pytest.mark.parametrize(("safety", "found"), [((), ["S03"]), (("afraid",), [])])
def test_what_one_answered_about_no_contact_reaches_the_desk_and_never_blames_who_is_afraid(
    cast: Cast, safety: tuple[str, ...], found: list[str]
) -> None:
    checkins.submit(
        partner=cast.b, by=cast.bruno, at=make.START, key=uuid4(), answers=checkins.Answers({"p6": "none"}, safety_skipped=True)
    )  # fmt: skip
    make.check_in(cast.a, 1, c1=4, safety=safety)
    flag = Flag.objects.filter(partner=cast.a, rule="S03")
    assert [f.rule for f in flag] == found
    assert all(f.severity == Flag.Severity.WATCH for f in flag)
