"""One partner's portal depends only on that partner: whatever Bruno does, every byte Alma can fetch and every mail she
gets stays the same, under every policy on secrets."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from clients import accounts, checkins, flags, guidance, tasks
from clients.models import Case, CaseSummary, Flag, Partner, SentGuidance, SteadyWindow
from tests import browse, make
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
NOW = make.START + timedelta(days=60)
PATHS = ["/portal/", "/portal/check-in/", "/portal/check-in/kept/", "/portal/guidance/", "/portal/help/"]
HEADERS: list[dict[str, str]] = [{}, {"HX-Request": "true"}]


def world_of(cast: Cast, policy: str) -> None:
    """Both are clients, both have sent and were sent something; the practice has answered."""
    Case.objects.filter(pk=cast.couple.pk).update(secrets_policy=policy)
    for partner in (cast.a, cast.b):
        partner.case.refresh_from_db()
        make.check_in(partner, 50, "A calm week.", c3=2)
        guidance.answer(
            partner=partner, sent_id=make.share(cast.couple, partner, cast.dana, NOW, "G11", "For you.").pk,
            by=partner.user, at=NOW, answer="tried", line="It was fine.",
        )  # fmt: skip
    make.share(cast.couple, cast.a, cast.dana, NOW, "X1", "Another one.")
    tasks.deliver_due()


def seen_by_alma(cast: Cast, enter: Any) -> dict[str, Any]:
    """Every page of her door, with status, headers and body; and her mails."""
    browser = enter(cast.alma)
    own = SentGuidance.objects.filter(partner=cast.a).order_by("pk")
    foreign = SentGuidance.objects.filter(partner=cast.b).order_by("pk").values_list("pk", flat=True)
    paths = PATHS + [f"/portal/guidance/{pk}/" for pk in [*own.values_list("pk", flat=True), foreign[0], cast.b.pk]]
    found: dict[str, Any] = {}
    for path in paths:
        for headers in HEADERS:
            response = browser.get(path, headers=headers)
            kept = {k: v for k, v in response.headers.items() if k != "Expires"}
            found[f"{path} {headers}"] = (response.status_code, kept, browse.steady(response))
    tasks.deliver_due()
    found["mails"] = [(m.subject, m.body) for m in mail.outbox if m.to == ["alma@example.org"]]
    return found


def what_she_is_answered(cast: Cast, enter: Any) -> dict[str, Any]:
    """Her acts: a check-in, one that is refused, an answer to guidance. Each answer is hers alone, too."""
    browser = enter(cast.alma)
    key = "01920000-0000-7000-8000-00000000000a"
    sent = SentGuidance.objects.filter(partner=cast.a, card="X1").get()
    posts: list[tuple[str, dict[str, str]]] = [
        ("/portal/check-in/", {"key": key, "c3": "99"}),
        ("/portal/check-in/", {"key": key, "c3": "2", "t1": "A calm week.", "s1": "none"}),
        ("/portal/check-in/", {"key": key, "c3": "3"}),
        ("/portal/check-in/", {"key": str(uuid4()), "c3": "2", "s1": "self_harm"}),
        (f"/portal/guidance/{sent.pk}/", {"answer": "tried", "line": "It went well."}),
        (f"/portal/guidance/{sent.pk}/", {"answer": "tried", "line": "I want to die."}),
    ]
    return {
        f"{n} {path}": (r.status_code, browse.steady(r)) for n, (path, data) in enumerate(posts)
        for r in [browser.post(path, data, follow="check-in" in path)]
    }  # fmt: skip


def send(cast: Cast, text: str = "", **more: Any) -> checkins.Sent:
    return make.check_in(cast.b, 60, text, **more)


def be_frightened(cast: Cast) -> None:
    sent = send(cast, "She hit me and I want to die.", safety=("hurt", "afraid", "self_harm", "child"))
    checkins.tell_danger(partner=cast.b, checkin_id=sent.checkin.pk, by=cast.bruno, at=NOW, who="to_me", safe_now="no")


def go_no_contact(cast: Cast) -> None:
    send(
        cast,
        "I told Alma it is over. A lawyer files on Friday.",
        c3="no_contact",
        c4=["heard_over"],
        safety=("partner_must_not",),
    )


def press(cast: Cast) -> None:
    make.warming(cast.b, 14)
    send(
        cast,
        "I gave Alma an ultimatum.",
        c8={"push_return": 2, "ultimatum": 2, "monitoring": 1},
        wish="together",
        c10=4,
    )


def take_back_consent(cast: Cast) -> None:
    for kind in ("checkins", "text"):
        accounts.answer_consent(partner=cast.b, kind=kind, given=False, by=cast.bruno, at=NOW)


def answer_guidance(cast: Cast) -> None:
    sent = SentGuidance.objects.filter(partner=cast.b).latest("sent_at")
    guidance.mark_opened(partner=cast.b, sent=sent, by=cast.bruno, at=NOW)
    guidance.answer(partner=cast.b, sent_id=sent.pk, by=cast.bruno, at=NOW, answer="not_for_me", line="I want to die.")


def leave_a_late_post(cast: Cast) -> None:
    checkins.hold(user_id=cast.bruno.pk, key=uuid4(), body="t1=ZEBRA", at=timezone.now())


def be_served(cast: Cast) -> None:
    """What the counselor does for Bruno alone follows from Bruno, too."""
    sent = send(cast, safety=("afraid",))
    checkins.mark_read(case=cast.couple, by=cast.dana, at=NOW, ids=[sent.checkin.pk])
    flag = Flag.objects.filter(partner=cast.b, rule="S02").get()
    flags.acknowledge(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=NOW)
    make.screen(cast.couple, cast.b, cast.dana, NOW, "concern")
    for shared in SentGuidance.objects.filter(partner=cast.b):
        guidance.withdraw(case=cast.couple, sent_id=shared.pk, by=cast.dana, at=NOW)
    Partner.objects.filter(pk=cast.b.pk).update(interval_days=3)


def look_at_the_portal(cast: Cast) -> None:
    """Only the pages."""


ACTS: list[Callable[[Cast], None]] = [
    be_frightened, go_no_contact, press, take_back_consent, answer_guidance, leave_a_late_post, be_served,
    look_at_the_portal,
]  # fmt: skip


@pytest.mark.parametrize("policy", Case.Secrets.values)
def test_alma_never_notices_what_bruno_does(cast: Cast, enter: Any, time_machine: Any, policy: str) -> None:
    time_machine.move_to(NOW, tick=False)
    world_of(cast, policy)
    seen_by_alma(cast, enter)  # her own opening of guidance shows
    before = seen_by_alma(cast, enter)
    assert len(before["mails"]) == 2
    assert "Dana reads it by" in before["/portal/ {}"][2], "the pages say something at all"
    for number, act in enumerate(ACTS):
        act(cast)
        if number == len(ACTS) - 1 or policy == "individual":
            browser = enter(cast.bruno)
            for path in PATHS:
                browser.get(path)
            assert seen_by_alma(cast, enter) == before, act.__name__


def test_alma_is_answered_the_same_whatever_bruno_did(cast: Cast, enter: Any, time_machine: Any) -> None:
    """The same acts of hers, in a world where Bruno did everything and in one where he did nothing."""
    time_machine.move_to(NOW, tick=False)
    world_of(cast, "individual")
    said = []
    for everything in (False, True):
        with transaction.atomic():
            for act in ACTS if everything else []:
                act(cast)
            said.append(what_she_is_answered(cast, enter))
            transaction.set_rollback(True)
    assert said[0] == said[1]
    assert [status for status, _ in said[0].values()] == [422, 200, 409, 200, 302, 200]
    assert "0800 111" in list(said[0].values())[3][1]


def test_the_desk_does_notice(cast: Cast, enter: Any, time_machine: Any) -> None:
    """The other half: what is kept from Alma is not lost, it stands at the counselor's desk."""
    time_machine.move_to(NOW, tick=False)
    world_of(cast, "individual")
    be_frightened(cast)
    press(cast)
    assert Flag.objects.filter(partner=cast.b, safety=True).count() >= 2
    assert SteadyWindow.objects.filter(partner=cast.b).exists()
    assert CaseSummary.objects.get(case=cast.couple).safety_open >= 2
    page = browse.body(enter(cast.dana).get(f"/desk/cases/{cast.couple.pk}/"))
    assert "I want to die" in page
