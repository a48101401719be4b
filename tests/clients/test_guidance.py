"""What a client is sent: who may be sent what, when; opened, answered, withdrawn."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import Http404
from django.utils import timezone

from clients import accounts, audit, flags, guidance
from clients.guidance import Refused, Text
from clients.models import AuditEvent, CaseSummary, Flag, Notice, SentGuidance
from clients.portal import pages
from counselor import library
from tests import make, tables
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
LATER = make.START + timedelta(days=1)
LIGHT = Text("G11", 2, "light", "A light week", "Keep it **light** with Bruno.", "After somebody")
WAIT = Text("G03", 1, "wait", "Wait", "Wait a little.", "")


def send(cast: Cast, text: Text = LIGHT, **more: Any) -> SentGuidance:
    given: dict[str, Any] = {"case": cast.couple, "partner": cast.a, "by": cast.dana, "at": LATER} | more
    return guidance.send(text=text, **given)


def answer(cast: Cast, sent: SentGuidance, **more: Any) -> guidance.Answered:
    given: dict[str, Any] = {"partner": cast.a, "by": cast.alma, "at": LATER, "answer": "tried"} | more
    return guidance.answer(sent_id=sent.pk, **given)


# Sending


def test_what_is_sent_is_a_frozen_copy_with_a_neutral_notice(cast: Cast) -> None:
    sent = send(cast, line="Take it easy.", note=cast.couple.pk)
    row = SentGuidance.objects.get()
    assert (row.title, row.body, row.line, row.source, row.card, row.card_version) == (
        LIGHT.title, LIGHT.body, "Take it easy.", LIGHT.source, "G11", 2,
    )  # fmt: skip
    assert (row.sent_by, row.sent_at, row.partner) == (cast.dana, LATER, cast.a)
    assert list(Notice.objects.values_list("kind", "to", "flag")) == [("guidance", cast.alma.pk, None)]
    link = AuditEvent.objects.filter(practice=cast.practice).latest("seq")
    assert (link.act, link.by, link.side, link.subject, link.detail) == (
        "guidance.sent", cast.dana, "A", sent.pk, {"card": "G11"},
    )  # fmt: skip


def test_said_twice_from_one_note_is_sent_once(cast: Cast) -> None:
    send(cast, note=cast.couple.pk)
    before = tables.dump()
    with pytest.raises(Refused, match="already been shared with Alma"):
        send(cast, note=cast.couple.pk)
    assert tables.dump() == before
    send(cast, note=cast.single.pk)
    assert SentGuidance.objects.count() == 2, "another note may share it again"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"line": "x" * 301}, "301 characters"),
        ({"text": Text("X2", 1, "desk", "For the desk", "", "")}, "for the desk only"),
    ],
)
def test_what_cannot_be_sent_is_refused(cast: Cast, change: dict[str, Any], says: str) -> None:
    before = tables.dump()
    with pytest.raises(Refused, match=says):
        send(cast, **change)
    assert tables.dump() == before


def test_nobody_outside_the_case_or_without_an_account_is_sent_anything(cast: Cast) -> None:
    with pytest.raises(Refused, match="not part of this case"):
        send(cast, partner=cast.c)
    with pytest.raises(Refused, match="Max has no account"):
        send(cast, case=cast.single, partner=make.side(cast.single, "B"))
    assert not SentGuidance.objects.exists()


# Screening


def test_guidance_waits_for_a_screening_of_this_very_person(cast: Cast) -> None:
    case = make.case(cast.dana, ("Hugo", make.user(cast.practice, "Hugo", "client")),
                     ("Nina", make.user(cast.practice, "Nina", "client")), screened=False)  # fmt: skip
    hugo, nina = make.side(case, "A"), make.side(case, "B")
    make.screen(case, nina, cast.dana)
    with pytest.raises(Refused, match="Hugo has not been screened alone yet"):
        send(cast, case=case, partner=hugo)
    make.screen(case, hugo, cast.dana)
    assert send(cast, case=case, partner=hugo).partner == hugo


def test_a_concern_keeps_guidance_off_until_a_later_screening_is_clear(cast: Cast) -> None:
    make.screen(cast.couple, cast.a, cast.dana, LATER, "concern")
    with pytest.raises(Refused, match="named a concern"):
        send(cast)
    make.screen(cast.couple, cast.a, cast.dana, LATER + timedelta(days=1), "clear")
    send(cast, at=LATER + timedelta(days=2))


def test_a_screening_is_due_again_after_90_days(cast: Cast) -> None:
    due = make.START + timedelta(days=90)
    assert guidance.why_not(guidance.clear(cast.a, due), "light") == ""
    with pytest.raises(Refused, match=r"due again on 6 December 2026"):
        send(cast, at=due + timedelta(days=1))


# Safety first


@pytest.mark.parametrize("family", ["wait", "talk"])
def test_an_open_safety_flag_of_either_partner_withholds_advice_to_wait(cast: Cast, family: str) -> None:
    make.check_in(cast.b, 0, safety=("afraid",))
    text = Text("G03", 1, family, "Wait", "Wait a little.", "")
    with pytest.raises(Refused, match="safety flag is open"):
        send(cast, text)
    assert guidance.why_not(guidance.clear(cast.a, LATER), "safety") == ""
    flag = Flag.objects.get()
    flags.acknowledge(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=LATER)
    with pytest.raises(Refused, match="safety flag is open"):
        send(cast, text)
    flags.resolve(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=LATER, reason="followed_up", follow_up="Called.")
    send(cast, text)
    assert guidance.why_not(guidance.clear(cast.c, LATER), family) == "", "another case never waits"


def test_every_low_pressure_card_belongs_to_a_family_that_is_withheld(cast: Cast) -> None:
    """The families named in the code are the ones the cards use; a new family must be thought about."""
    families = {card.family for card in library.cards().values()}
    assert families >= guidance.WITHHELD_WHILE_UNSAFE
    for card in library.cards().values():
        if card.id in {"G03", "G07", "G09", "G11"}:
            assert card.family in guidance.WITHHELD_WHILE_UNSAFE, card.id


# Reading and answering


def test_opening_keeps_first_and_last_and_is_recorded_once(cast: Cast) -> None:
    sent = send(cast)
    length = audit.verify(cast.practice.pk)
    for hours in (1, 5):
        row = SentGuidance.objects.get()
        guidance.mark_opened(partner=cast.a, sent=row, by=cast.alma, at=LATER + timedelta(hours=hours))
    sent.refresh_from_db()
    assert (sent.first_opened_at, sent.last_opened_at) == (LATER + timedelta(hours=1), LATER + timedelta(hours=5))
    assert audit.verify(cast.practice.pk) == length + 1


def test_an_answer_is_kept_and_may_be_changed(cast: Cast) -> None:
    sent = send(cast)
    assert answer(cast, sent, line="It was easy.").help_kinds == ()
    answer(cast, sent, answer="not_for_me", at=LATER + timedelta(days=1))
    row = SentGuidance.objects.get()
    assert (row.answer, row.answer_line, row.answered_at) == ("not_for_me", "It was easy.", LATER + timedelta(days=1))


@pytest.mark.parametrize("bad", [{"answer": "maybe"}, {"answer": ""}, {"line": "x" * 301}])
def test_a_bad_answer_is_refused(cast: Cast, bad: dict[str, Any]) -> None:
    sent = send(cast)
    before = tables.dump()
    with pytest.raises(Refused):
        answer(cast, sent, **bad)
    assert tables.dump() == before


def test_a_line_back_is_read_for_danger(cast: Cast) -> None:
    found = answer(cast, send(cast), line="I want to die.")
    assert found.help_kinds == ("crisis",)
    flag = Flag.objects.get()
    assert (flag.rule, flag.partner, flag.checkin, flag.due_at) == ("S01", cast.a, None, LATER + timedelta(minutes=15))
    assert CaseSummary.objects.get(case=cast.couple).safety_open == 1
    assert Notice.objects.filter(kind="urgent", to=cast.dana).count() == 1


def test_without_consent_a_line_back_is_kept_unread(cast: Cast) -> None:
    accounts.answer_consent(partner=cast.a, kind="text", given=False, by=cast.alma, at=make.START)
    assert answer(cast, send(cast), line="I want to die.").help_kinds == ()
    assert SentGuidance.objects.get().answer_line == "I want to die."
    assert not Flag.objects.exists()


# The other partner, and after withdrawal


def test_the_partner_neither_sees_nor_answers_it(cast: Cast) -> None:
    sent = send(cast)
    assert guidance.list_for(cast.b) == []
    with pytest.raises(Http404):
        pages.guidance_item(cast.b, sent.pk, "UTC")
    with pytest.raises(SentGuidance.DoesNotExist):
        answer(cast, sent, partner=cast.b, by=cast.bruno)


def test_withdrawn_is_gone_at_once_and_stays_in_the_record(cast: Cast) -> None:
    sent = send(cast)
    assert [s.pk for s in guidance.list_for(cast.a)] == [sent.pk]
    guidance.withdraw(case=cast.couple, sent_id=sent.pk, by=cast.dana, at=LATER)
    assert guidance.list_for(cast.a) == []
    assert pages.home(cast.a, timezone.now()).new_guidance == 0
    with pytest.raises(Http404):
        pages.guidance_item(cast.a, sent.pk, "UTC")
    with pytest.raises(SentGuidance.DoesNotExist):
        answer(cast, sent)
    row = SentGuidance.objects.get()
    assert (row.withdrawn_by, row.withdrawn_at, row.body) == (cast.dana, LATER, LIGHT.body)
    length = audit.verify(cast.practice.pk)
    with pytest.raises(Refused, match="already"):
        guidance.withdraw(case=cast.couple, sent_id=sent.pk, by=cast.dana, at=LATER)
    assert audit.verify(cast.practice.pk) == length


def test_it_is_withdrawn_only_from_its_own_case(cast: Cast) -> None:
    sent = send(cast)
    with pytest.raises(SentGuidance.DoesNotExist):
        guidance.withdraw(case=cast.single, sent_id=sent.pk, by=cast.dana, at=LATER)
    assert SentGuidance.objects.get().withdrawn_at is None
