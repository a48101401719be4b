"""One device, two people: what one of them leaves open gives the other nothing, and the other can add nothing to it."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from clients import accounts, checkins, guidance, history
from clients.models import AuditEvent, CaseSummary, CheckIn, Consent, Flag, HeldPost
from counselor import library
from tests import make
from tests.conftest import Cast

CHECK_IN = "/portal/check-in/"


def hidden(body: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', body)
    assert found is not None
    return found.group(1)


def open_form(browser: Any) -> dict[str, str]:
    body = browser.get(CHECK_IN).content.decode()
    return {"key": hidden(body, "key"), "who": hidden(body, "who")}


def test_almas_page_sent_from_brunos_session_is_nobodys_check_in(cast: Cast, enter: Any) -> None:
    page = open_form(enter(cast.alma))
    answer = enter(cast.bruno).post(CHECK_IN, page | {"c11": "1", "s1": "afraid", "t1": "ZEBRA"})
    assert answer.status_code == 409
    assert "ZEBRA" not in answer.content.decode()
    assert "0800" not in answer.content.decode(), "no help screen, which would tell what was ticked"
    assert not CheckIn.objects.exists()
    assert not HeldPost.objects.exists()


def test_sealed_safety_answers_open_for_nobody_else(cast: Cast, enter: Any) -> None:
    alma, bruno = enter(cast.alma), enter(cast.bruno)
    refused = alma.post(CHECK_IN, open_form(alma) | {"s1": "self_harm", "t1": "x" * 2001}).content.decode()
    stolen = {"key": hidden(refused, "key"), "kept": hidden(refused, "kept")}
    assert stolen["kept"]
    answer = bruno.post(CHECK_IN, stolen | {"who": "", "t1": "x" * 2001})
    assert answer.status_code == 422
    assert "Crisis line" not in answer.content.decode().split("step-list")[0]
    bruno.post(CHECK_IN, stolen | {"who": "", "c11": "3"})
    assert history.safety_of(CheckIn.objects.get(partner=cast.b)).get("s1", []) == []


def test_every_kept_body_stays_and_parts_can_be_left_out(cast: Cast, enter: Any) -> None:
    page = open_form(enter(cast.alma))
    for text in ("planted", "my own words"):
        enter(None).post(CHECK_IN, page | {"c11": "3", "t1": text, "s1": "might_hurt"})
    assert HeldPost.objects.count() == 2
    browser = enter(cast.alma)
    shown = browser.get("/portal/check-in/kept/").content.decode()
    assert "good" in shown
    assert "planted" not in shown
    browser.post("/portal/check-in/kept/", {"do": "send", "leave_out": "1"})
    row = CheckIn.objects.get()
    assert (row.text, history.safety_of(row)) == ("", {})
    assert AuditEvent.objects.get(act="checkin.sent").detail == {"held": True}
    assert HeldPost.objects.count() == 1, "the other one still waits"


def test_the_result_shows_in_its_own_session_and_soon_no_more(cast: Cast, enter: Any, time_machine: Any) -> None:
    browser = enter(cast.alma)
    sent = browser.post(CHECK_IN, open_form(browser) | {"c11": "3", "s1": "afraid"})
    assert sent.url == "/portal/check-in/sent/"
    assert enter(cast.alma).get(sent.url).status_code == 302
    first = browser.get(sent.url).content.decode()
    assert first.index("Violence help line") < first.index("it is sent")
    assert browser.get(sent.url).status_code == 200, "a network that stumbles may load it again"
    time_machine.move_to(timezone.now() + timedelta(seconds=31))
    assert browser.get(sent.url).status_code == 302


def test_a_burst_is_slowed_down_but_danger_is_always_taken(cast: Cast) -> None:
    for minute in range(checkins.MOST_AN_HOUR):
        make.check_in(cast.a, minute / 1440)
    with pytest.raises(checkins.Refused, match="within the hour"):
        make.check_in(cast.a, 0.02)
    assert make.check_in(cast.a, 0.02, safety=("afraid",)).help_kinds == ("violence",)


@pytest.mark.parametrize("item", ["text", "next_session"])
def test_danger_in_words_is_taken_however_often_somebody_writes(cast: Cast, item: str) -> None:
    for minute in range(checkins.MOST_AN_HOUR):
        make.check_in(cast.a, minute / 1440)
    said: dict[str, Any] = {item: "I want to kill myself tonight. I have the pills here."}
    assert make.check_in(cast.a, 0.02, **said).help_kinds == ("crisis",)
    assert Flag.objects.filter(rule="S01", partner=cast.a).exists()


def test_who_is_slowed_down_is_shown_help_and_loses_nothing(cast: Cast, enter: Any, time_machine: Any) -> None:
    """Also where words are not read, because the person has not agreed to it."""
    accounts.answer_consent(partner=cast.a, kind="text", given=False, by=cast.alma, at=make.START)
    time_machine.move_to(make.START + timedelta(minutes=10), tick=False)
    for minute in range(checkins.MOST_AN_HOUR):
        make.check_in(cast.a, minute / 1440)
    browser = enter(cast.alma)
    page = browser.post(CHECK_IN, open_form(browser) | {"c11": "3", "t1": "I want to kill myself tonight."})
    assert page.status_code == 422
    words = page.content.decode()
    assert words.index("Crisis line") < words.index("within the hour")
    assert "I want to kill myself tonight." in words


def test_fear_holds_for_90_days_however_often_somebody_writes(cast: Cast) -> None:
    make.check_in(cast.a, 0, safety=("afraid",))
    for day in range(1, 80):
        make.check_in(cast.a, day)
    make.check_in(cast.a, 80, c8={"ultimatum": 1})
    assert not Flag.objects.filter(rule="P03").exists()


def test_own_conduct_is_not_drawn_for_somebody_afraid(cast: Cast, enter: Any) -> None:
    for day in (0, 7, 14):
        make.check_in(cast.a, day, c8={"reassurance": 1})
    make.check_in(cast.a, 21, safety=("afraid",))
    CaseSummary.objects.update(held_until=timezone.now() + timedelta(days=1))
    browser = enter(cast.dana)
    today = browser.get("/desk/").content.decode()
    assert "Held, safety first" in today
    assert '<svg class="spark"' not in today
    page = browser.get(f"/desk/cases/{cast.couple.pk}/").content.decode()
    assert "own conduct is neither judged nor drawn" in page


def test_who_was_never_asked_is_asked_first_and_may_refuse(cast: Cast, enter: Any) -> None:
    Consent.objects.all().delete()
    browser = enter(cast.alma)
    assert browser.get(CHECK_IN).url == "/portal/consent/"
    assert "Not asked yet" in enter(cast.dana).get(f"/desk/cases/{cast.couple.pk}/").content.decode()
    assert browser.post("/portal/consent/", {"checkins": "yes"}).status_code == 422
    browser.post("/portal/consent/", {"checkins": "yes", "text": "no", "cover": "yes"})
    assert accounts.consents(cast.a) == {"checkins": True, "text": False, "cover": True}
    assert browser.get(CHECK_IN).status_code == 200
    browser.post("/portal/consent/", {"checkins": "no", "text": "no", "cover": "no"})
    assert browser.post(CHECK_IN, {"key": str(uuid4()), "c11": "3"}).url == "/portal/consent/"
    assert not CheckIn.objects.exists()


def test_none_of_these_alone_is_a_check_in(cast: Cast, enter: Any) -> None:
    browser = enter(cast.alma)
    assert browser.post(CHECK_IN, open_form(browser) | {"s1": "none"}).status_code == 302
    assert CheckIn.objects.count() == 1


# The share guard (decisions 48)


def test_brunos_words_do_not_pass_to_alma_unless_a_reason_is_given(cast: Cast, enter: Any) -> None:
    make.check_in(cast.b, 0, "I never loved the way you left the house that night.", c8={"ultimatum": 1})
    note = make.signed_note(cast.couple, cast.dana, timezone.now(), "G11", flag=Flag.objects.get(rule="P03"))
    text = library.for_client(library.cards()["G11"], "Bruno")
    said: dict[str, Any] = {"case": cast.couple, "partner": cast.a, "text": text, "by": cast.dana, "at": make.START}
    with pytest.raises(guidance.Guarded, match="own report") as caught:
        guidance.send(**said, flag=Flag.objects.get(rule="P03"), line="He never loved the way you left.")
    assert any("loved the way you" in reason for reason in caught.value.reasons)
    path = f"/desk/notes/{note.pk}/share/G11/"
    stopped = enter(cast.dana).post(path, {"side": "A", "line": "loved the way you left the house"})
    assert stopped.status_code == 422
    assert "share guard" in stopped.content.decode()
    given = {"side": "A", "line": "loved the way you left the house", "override": "Bruno asked me to pass it on."}
    assert enter(cast.dana).post(path, given).status_code == 302
    assert AuditEvent.objects.get(act="guidance.sent").detail == {"card": "G11", "guard": "overridden"}


def test_almas_own_words_and_a_plain_line_pass(cast: Cast) -> None:
    make.check_in(cast.b, 0, "A walk by the river did us good.")
    make.check_in(cast.a, 0, "A walk by the river did us good.")
    sent = make.share(
        cast.couple, cast.a, cast.dana, make.START, line="A walk by the river did us good. Take your time."
    )
    assert sent.line
