"""Arrangements around a case: limits with a direction, agreements, phase, goals, wishes, reach cards, litigation."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist

from clients import care, summary
from clients.models import Agreement, AuditEvent, CaseSummary, Goal, Limit, ReachCard
from tests import make
from tests.make import START

pytestmark = pytest.mark.db_both

AT = START + timedelta(days=1)
DAY = AT.date()


def limit(cast: Any, **more: Any) -> Limit:
    given: dict[str, Any] = {
        "case": cast.couple, "keeps_away": cast.b, "source": "order", "scope": ["children"], "since": DAY, "until": None,
        "told": ["A"], "note": "", "by": cast.dana, "at": AT,
    }  # fmt: skip
    return care.record_limit(**(given | more))


def agreement(cast: Any, **more: Any) -> Agreement:
    given: dict[str, Any] = {
        "case": cast.couple, "partner": cast.a, "kind": "contact_rate", "words": "Texts at most twice a week",
        "per_week": 2, "welcome_to_other": True, "since": DAY, "by": cast.dana, "at": AT,
    }  # fmt: skip
    return care.agree(**(given | more))


def arranged(cast: Any) -> dict[str, Any]:
    return CaseSummary.objects.get(case=cast.couple).arranged


def test_a_limit_says_who_keeps_away_and_for_what_contact_is_allowed(cast: Any) -> None:
    limit(cast)
    assert arranged(cast)["limits"] == {
        "B": {"source": "order", "scope": ["children"], "since": DAY.isoformat(), "until": None}
    }
    assert AuditEvent.objects.filter(act="limit.recorded", side="B", case=cast.couple).exists()


def test_a_new_limit_on_the_same_person_ends_the_old_one(cast: Any) -> None:
    first = limit(cast)
    limit(cast, source="own_wish", scope=[], at=AT + timedelta(days=3))
    first.refresh_from_db()
    assert first.ended_by == cast.dana
    assert arranged(cast)["limits"]["B"]["source"] == "own_wish"


def test_still_so_is_asked_after_ninety_days_and_again_after_the_answer(cast: Any) -> None:
    row = limit(cast)
    assert CaseSummary.objects.get(case=cast.couple).care_due == (AT + timedelta(days=90)).date()
    later = AT + timedelta(days=95)
    care.confirm_limit(case=cast.couple, limit_id=row.pk, by=cast.dana, at=later)
    assert CaseSummary.objects.get(case=cast.couple).care_due == (later + timedelta(days=90)).date()
    care.end_limit(case=cast.couple, limit_id=row.pk, by=cast.dana, at=later)
    assert CaseSummary.objects.get(case=cast.couple).care_due is None
    with pytest.raises(care.Refused, match="ended already"):
        care.end_limit(case=cast.couple, limit_id=row.pk, by=cast.dana, at=later)


def test_what_is_due_stands_on_today_with_its_reason(cast: Any) -> None:
    limit(cast)
    held = CaseSummary.objects.get(case=cast.couple)
    standing = summary.group(held, at=AT, today_overdue=False, paused=False, care_overdue=True)
    assert (standing.group, standing.due) == ("needs_you", True)
    assert "still so" in standing.reason


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"source": "rumour"}, "source"),
        ({"scope": ["pets"]}, "scope"),
        ({"until": date(2020, 1, 1)}, "until"),
        ({"note": "x\x00"}, "note"),
    ],
)
def test_a_limit_that_does_not_fit_is_refused_beside_its_field(cast: Any, more: dict[str, Any], field: str) -> None:
    with pytest.raises(care.Refused) as refusal:
        limit(cast, **more)
    assert refusal.value.field == field
    assert not Limit.objects.exists()


def test_a_person_of_another_case_is_refused(cast: Any) -> None:
    with pytest.raises(care.Refused, match="not part of this case"):
        limit(cast, keeps_away=cast.c)
    with pytest.raises(care.Refused, match="not part of this case"):
        agreement(cast, partner=cast.g)
    with pytest.raises(ObjectDoesNotExist):
        care.end_limit(case=cast.single, limit_id=limit(cast).pk, by=cast.dana, at=AT)


def test_agreements_belong_to_one_person_and_end_with_how_it_went(cast: Any) -> None:
    row = agreement(cast)
    assert arranged(cast)["agreements"] == {
        "A": [{"kind": "contact_rate", "per_week": 2, "welcome": True, "since": DAY.isoformat(), "until": None}]
    }
    care.end_agreement(case=cast.couple, agreement_id=row.pk, outcome="partly", by=cast.dana, at=AT)
    assert arranged(cast)["agreements"] == {}
    with pytest.raises(care.Refused, match="ended already"):
        care.end_agreement(case=cast.couple, agreement_id=row.pk, outcome="kept", by=cast.dana, at=AT)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"words": "  "}, "words"),
        ({"words": "x" * 301}, "words"),
        ({"kind": "talks"}, "per_week"),
        ({"kind": "review", "per_week": None}, "until"),
        ({"per_week": -1}, "per_week"),
    ],
)
def test_an_agreement_that_does_not_fit_is_refused(cast: Any, more: dict[str, Any], field: str) -> None:
    with pytest.raises(care.Refused) as refusal:
        agreement(cast, **more)
    assert refusal.value.field == field


def test_the_day_to_look_at_the_waiting_again_falls_due(cast: Any) -> None:
    day = DAY + timedelta(days=30)
    agreement(cast, kind="review", per_week=None, until=day)
    held = CaseSummary.objects.get(case=cast.couple)
    assert (held.care_due, held.care_reason) == (day, "The day to look at the waiting again has come.")


def test_three_goals_at_a_time_in_the_clients_words(cast: Any) -> None:
    goals = [care.set_goal(case=cast.couple, partner=cast.a, words=f"Goal {n}", by=cast.dana, at=AT) for n in range(3)]
    with pytest.raises(care.Refused, match="three goals"):
        care.set_goal(case=cast.couple, partner=cast.a, words="One more", by=cast.dana, at=AT)
    care.set_goal(case=cast.couple, partner=cast.b, words="Another person's own", by=cast.dana, at=AT)
    care.end_goal(case=cast.couple, goal_id=goals[0].pk, by=cast.dana, at=AT)
    care.set_goal(case=cast.couple, partner=cast.a, words="One more", by=cast.dana, at=AT)
    assert Goal.objects.filter(partner=cast.a, ended_at__isnull=True).count() == 3


def test_the_newest_wish_counts_told_or_answered_in_a_check_in(cast: Any) -> None:
    make.check_in(cast.a, 3, wish="together")
    assert arranged(cast)["wish"] == {"A": ["together", (START + timedelta(days=3)).date().isoformat()]}
    care.record_wish(case=cast.couple, partner=cast.a, wish="unsure", by=cast.dana, at=START + timedelta(days=9))
    make.check_in(cast.a, 6, wish="apart")
    assert arranged(cast)["wish"]["A"][0] == "unsure"
    make.check_in(cast.a, 35, wish="skip")
    limit(cast)
    assert arranged(cast)["wish"] == {"A": ["unsure", (START + timedelta(days=9)).date().isoformat()]}


def test_phase_and_who_moved_out_and_a_pause(cast: Any) -> None:
    care.change_phase(case=cast.couple, phase="paused", moved_out=cast.b, by=cast.dana, at=AT)
    cast.couple.refresh_from_db()
    assert cast.couple.paused_at == AT
    care.change_phase(case=cast.couple, phase="trying", moved_out=cast.b, by=cast.dana, at=AT + timedelta(days=9))
    cast.couple.refresh_from_db()
    assert cast.couple.paused_at is None
    assert (arranged(cast)["phase"], arranged(cast)["moved_out"]) == ("trying", "B")
    assert arranged(cast)["phase_since"] == (AT + timedelta(days=9)).date().isoformat()


def test_a_reach_card_keeps_its_history_and_is_asked_again(cast: Any) -> None:
    care.write_reach_card(
        case=cast.couple, partner=cast.a, phone="0151 000", contact="Sister Nora", shared_device=True, by=cast.dana, at=AT
    )  # fmt: skip
    assert CaseSummary.objects.get(case=cast.couple).care_due == (AT + timedelta(days=90)).date()
    later = AT + timedelta(days=91)
    card = care.confirm_reach_card(case=cast.couple, partner=cast.a, by=cast.dana, at=later)
    assert (card.phone, card.contact, card.shared_device) == ("0151 000", "Sister Nora", True)
    assert ReachCard.objects.filter(partner=cast.a).count() == 2
    assert CaseSummary.objects.get(case=cast.couple).care_due == (later + timedelta(days=90)).date()
    assert care.reach_card(cast.b) is None


def test_the_emergency_contact_is_not_the_partner(cast: Any) -> None:
    with pytest.raises(care.Refused) as refusal:
        care.write_reach_card(case=cast.couple, partner=cast.a, contact="Bruno, 0170 1", by=cast.dana, at=AT)
    assert refusal.value.field == "contact"
    with pytest.raises(care.Refused, match="Nothing is filled in"):
        care.write_reach_card(case=cast.couple, partner=cast.a, by=cast.dana, at=AT)


def test_litigation_is_marked_and_unmarked(cast: Any) -> None:
    care.mark_litigation(case=cast.couple, kinds=["order", "custody"], text_off=True, by=cast.dana, at=AT)
    cast.couple.refresh_from_db()
    assert (cast.couple.litigation, cast.couple.text_off) == (["custody", "order"], True)
    with pytest.raises(care.Refused):
        care.mark_litigation(case=cast.couple, kinds=["feud"], text_off=False, by=cast.dana, at=AT)


def test_what_is_kept_of_the_arrangements_equals_a_fresh_computation(cast: Any) -> None:
    limit(cast)
    agreement(cast)
    care.record_wish(case=cast.couple, partner=cast.a, wish="together", by=cast.alma, at=AT)
    care.change_phase(case=cast.couple, phase="trying", moved_out=cast.a, by=cast.dana, at=AT)
    kept = CaseSummary.objects.get(case=cast.couple)
    others = {"mutes": {"A": ["P06"]}, "devices": {"A": [["2026-09-07T17:00:00+00:00", "x"]]}, "prints": {"B": []}}
    others |= {"met": kept.arranged["met"]}  # whom staff has spoken to
    kept.arranged |= others
    kept.save()
    agreement(cast, kind="homework", per_week=None)
    kept.refresh_from_db()
    fresh = CaseSummary(case=cast.couple, arranged=dict(others))
    care.arrange(fresh, cast.couple)
    assert fresh.arranged == kept.arranged
    assert (fresh.care_due, fresh.care_reason) == (kept.care_due, kept.care_reason)
    assert "Texts at most" not in str(kept.arranged)
