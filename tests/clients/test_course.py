"""The course as stored is what a fresh computation gives, whatever people did in between."""

import contextlib
import random
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from clients import checkins, course, flags, history, readings, tasks
from clients.models import CaseSummary, CheckIn, Flag, FlagEvent
from clients.progress import Entry, Talk, levels, readiness, scan, share
from clients.progress.course import INDICES
from tests import make
from tests.conftest import Cast

pytestmark = pytest.mark.db_both


def stored(case: Any) -> Any:
    row = CaseSummary.objects.get(case=case)
    points = (
        CheckIn.objects.filter(case=case)
        .order_by("at", "id")
        .values_list("at", "w", "t", "cpi", "rs", "d", "levels", "course")
    )
    return row.course, row.spark, row.cpi_level, row.cpi_before, row.held_until, list(points)  # fmt: skip


def rebuilt(case: Any) -> Any:
    """The same after everything derived was thrown away."""
    CheckIn.objects.filter(case=case).update(levels={}, course={}, w=None, t=None, cpi=None, rs=None, d=None)
    CaseSummary.objects.filter(case=case).update(course={}, spark="", cpi_level=None, cpi_before=None, held_until=None)
    readings.rebuild_case(case_id=case.pk)
    return stored(case)


def any_answers(roll: random.Random) -> dict[str, Any]:
    if roll.random() < 0.12:
        return {"c3": "no_contact", "c4": "no_contact", "c5": "no_contact", "c6": "no_contact", "c7": "no_contact"}
    talk: dict[str, Any] = {"talk": "no"}
    if roll.random() < 0.5:
        talk = {"talk": "yes", "began": roll.choice(["me", "partner", "both"]), "ended": roll.randrange(5)}
    chips = roll.sample(["kind", "memory", "together", "space", "over"], roll.randrange(4))
    acts = roll.sample(["reassurance", "push_return", "monitoring", "pursuit"], roll.randrange(3))
    return {
        "c1": roll.choice([0, 1, 2, 4, 8, "skip"]), "c2": roll.choice([0, 1, 3, 11]), "c3": roll.choice([0, 1, 2, 3, 4, "changed", "skip"]),
        "c4": chips or "none", "c5": roll.choice([0, 1, 2, 3, "none", "skip"]), "c6": roll.choice([0, 0, 1, 2, 4, "skip"]), "c7": talk,
        "c8": {act: roll.choice([1, 2]) for act in acts} or roll.choice(["none", "skip"]), "c8g": roll.choice([["listened", "kept_short"], "none"]),
        "c9": roll.choice([4, 3, 1, 0, "no_urge"]), "c11": roll.randrange(5), "c12": roll.choice([0, 1, 4, "skip"]),
    }  # fmt: skip


TEXTS = (
    "",
    "",
    "I asked whether we could live together again.",
    "I do not want to live any more.",
    "Robin called me on Tuesday.",
)


def act_at_random(cast: Cast, roll: random.Random, count: int) -> None:
    """Check-ins of both, words taken back or confirmed, safety flags closed and opened again, texts read again."""
    day = 0.0
    for _ in range(count):
        day += roll.choice([0.5, 3, 7, 7, 7, 10, 30, 70]) + roll.random() / 10
        at = make.START + timedelta(days=day)
        what = roll.random()
        if what < 0.72:
            who = cast.a if roll.random() < 0.75 else cast.b
            safety = (roll.choice(["afraid", "hurt", "child"]),) if roll.random() < 0.06 else ()
            make.check_in(who, day, roll.choice(TEXTS), safety=safety, **any_answers(roll))
            if "hurt" in safety and roll.random() < 0.5:
                newest = CheckIn.objects.filter(partner=who).latest("at")
                checkins.tell_danger(partner=who, checkin_id=newest.pk, by=who.user, at=at, who="by_me", safe_now="yes")  # type: ignore[arg-type]
        elif what < 0.86:
            flag = Flag.objects.filter(case=cast.couple, safety=True).order_by("?").first()
            if flag is not None:
                act = flags.reopen if flag.state not in flags.LIVE else flags.resolve
                more = {"reason": "followed_up", "follow_up": "Called."} if act is flags.resolve else {"reason": "new"}
                with contextlib.suppress(flags.Refused):
                    act(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=at, **more)  # type: ignore[operator]
        elif what < 0.95:
            for row in CheckIn.objects.select_related("reading").filter(case=cast.couple).order_by("?")[:3]:
                found = readings.every_finding(row)
                if found and history.verdict_on(row, found[0]) != "not_accurate":
                    readings.judge(
                        case=cast.couple, checkin_id=row.pk, label=found[0].label, start=found[0].start,
                        verdict="not_accurate", by=cast.dana, at=at,
                    )  # fmt: skip
                    break
        else:
            readings.recompute(cast.a, at=at, why="to see whether it stays")


@pytest.mark.parametrize("seed", range(6))
def test_what_is_stored_is_what_a_fresh_computation_gives(cast: Cast, seed: int) -> None:
    act_at_random(cast, random.Random(seed), 34)
    before = stored(cast.couple)
    assert before[-1], "no check-in was made"
    assert rebuilt(cast.couple) == before


@pytest.mark.parametrize("seed", range(3))
def test_one_step_at_a_time_says_what_the_maths_says_of_the_whole(cast: Cast, seed: int) -> None:
    roll = random.Random(100 + seed)
    for week in range(40):
        safety = ("afraid",) if roll.random() < 0.04 else ()
        make.check_in(cast.c, 5.5 * week, safety=safety, **any_answers(roll))
    partner = cast.c
    rows = list(CheckIn.objects.filter(partner=partner).order_by("at"))
    days = [history.day_of(r.at) for r in rows]
    for index in INDICES:
        points = [(d, getattr(r, index)) for d, r in zip(days, rows, strict=True)]
        found = {shift.found: shift for shift in scan(points)}
        for (d, value), level, row in zip(points, levels(points), rows, strict=True):
            kept = row.course["s"].get(index)
            assert kept == (course.maths.shift_to_json(found[d]) if d in found else None)
            if value is not None and level is not None:
                assert row.levels[index] == pytest.approx([level.mean, level.var, level.day])
    entries = [_entry(d, r) for d, r in zip(days, rows, strict=True)]
    spans = course.spans(partner.case)
    said = dict(readiness(entries, at=days[-1], safety=spans).states)
    assert [row.course["g"] for row in rows] == [said[d] for d in days]
    contacts = [(d, _number(r, "c1"), _number(r, "c2")) for d, r in zip(days, rows, strict=True)]
    for d, row in zip(days, rows, strict=True):
        fresh = share([c for c in contacts if c[0] <= d], d)
        assert row.course["r"] == pytest.approx([fresh.a, fresh.b, fresh.contacts, fresh.check_ins])


def _number(row: CheckIn, item: str) -> int | None:
    value = row.answers.get(item)
    return value if isinstance(value, int) else None


def _entry(day: float, row: CheckIn) -> Entry:
    c7, c4 = row.answers.get("c7"), row.answers.get("c4")
    talked = isinstance(c7, dict) and c7["talk"] == "yes"
    return Entry(
        day, row.w, row.t, Talk(c7["began"], c7["ended"]) if talked else None, isinstance(c4, list) and "space" in c4
    )


def test_an_older_version_is_rebuilt_by_the_job_and_goes_on_where_it_was_stopped(cast: Cast) -> None:
    make.warming(cast.a)
    make.check_in(cast.b, 2)
    before = stored(cast.couple)
    CheckIn.objects.filter(case=cast.couple).update(course={}, levels={})
    CaseSummary.objects.filter(case=cast.couple).update(course={}, course_version=0)
    assert readings.find_outdated_courses(limit=5) == [cast.couple.pk]
    assert tasks.rebuild_courses() == 1, "one case was rebuilt"
    assert stored(cast.couple) == before
    assert tasks.rebuild_courses() == 0


def test_a_check_in_on_an_older_version_rebuilds_it_first(cast: Cast) -> None:
    make.warming(cast.a)
    CaseSummary.objects.filter(case=cast.couple).update(course={}, course_version=0)
    CheckIn.objects.filter(case=cast.couple).update(course={})
    make.check_in(cast.a, 42)
    before = stored(cast.couple)
    assert rebuilt(cast.couple) == before


def test_the_command_rebuilds_every_case(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    make.check_in(cast.a, 1)
    make.check_in(cast.c, 1)
    before = stored(cast.couple)
    call_command("recompute", "--all")
    assert "2 of 2 cases" in capsys.readouterr().out
    assert stored(cast.couple) == before


def test_fear_holds_own_conduct_for_ninety_days(cast: Cast) -> None:
    make.check_in(cast.a, 1)
    assert CaseSummary.objects.get(case=cast.couple).held_until is None
    sent = make.check_in(cast.a, 8, safety=("afraid",))
    make.check_in(cast.a, 15)
    assert CaseSummary.objects.get(case=cast.couple).held_until == sent.checkin.at + course.HELD_FOR


def test_the_other_side_alone_is_carried_and_rebuilt(cast: Cast) -> None:
    """Nothing of the side that leads is told yet; what the other one reports counts all the same."""
    for week in range(3):
        make.check_in(cast.b, 7 * week)
    before = stored(cast.couple)
    assert CaseSummary.objects.get(case=cast.couple).check_ins == 0
    CaseSummary.objects.filter(case=cast.couple).update(course_version=0)
    assert readings.find_outdated_courses(limit=5) == [cast.couple.pk]
    assert tasks.rebuild_courses() == 1
    assert stored(cast.couple) == before


def test_every_write_gives_the_row_another_stamp(cast: Cast) -> None:
    def stamp() -> int:
        return CaseSummary.objects.get(case=cast.couple).stamp

    first = stamp()
    make.check_in(cast.a, 1)
    second = stamp()
    CaseSummary.objects.filter(case=cast.couple).update(unread=0)
    assert len({first, second, stamp()}) == 3
    assert FlagEvent.objects.count() == 0


def test_a_check_in_older_than_the_newest_takes_its_place(cast: Cast) -> None:
    for day in (1, 8, 22, 29):
        make.check_in(cast.a, day, c3=int(day) % 4)
    make.check_in(cast.a, 15, c3=4)
    before = stored(cast.couple)
    assert rebuilt(cast.couple) == before
