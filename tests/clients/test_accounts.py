"""Accounts: enrolled by a practice, never signed up; consent is a person's own."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from clients import accounts, audit, care
from clients.models import AuditEvent, Consent, User
from tests import make, tables
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
LATER = make.START + timedelta(days=1)


def sign_in(browser: Client, name: str, password: str = make.PASSWORD) -> Any:
    return browser.post("/accounts/login/", {"login": f"{name}@example.org", "password": password})


def test_a_new_practice_starts_its_trail(db: None) -> None:
    practice = accounts.open_practice(name="New", zone="UTC", at=make.START)
    assert audit.verify(practice.pk) == 1
    assert AuditEvent.objects.get(practice=practice).act == "practice.opened"


def test_an_e_mail_address_is_one_account_however_it_is_spelt(cast: Cast) -> None:
    user = make.user(cast.practice, "Hugo.Longname", "client")
    assert user.email == "hugo.longname@example.org"
    length = audit.verify(cast.practice.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.user(cast.elsewhere, "HUGO.LONGNAME", "client")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(email="Hugo@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(role="admin")
    assert audit.verify(cast.practice.pk) == length


def test_the_trail_of_an_enrolment_names_no_address(cast: Cast) -> None:
    make.user(cast.practice, "Hugo", "client")
    link = AuditEvent.objects.filter(practice=cast.practice).latest("seq")
    assert (link.act, link.detail) == ("account.enrolled", {"role": "client"})


@pytest.mark.django_db(databases="__all__")
def test_signing_in_leads_through_the_persons_own_door(cast: Cast) -> None:
    for name, role, door in (("Hugo", "client", "/portal/"), ("Inga", "counselor", "/desk/")):
        make.user(cast.practice, name, role, password=make.PASSWORD)
        browser = Client()
        assert browser.get("/").headers["Location"] == "/accounts/login/"
        assert sign_in(browser, name).status_code == 302
        assert browser.get("/").headers["Location"] == door


@pytest.mark.django_db(databases="__all__")
def test_a_wrong_password_and_an_unknown_person_look_the_same(cast: Cast) -> None:
    make.user(cast.practice, "Hugo", "client", password=make.PASSWORD)
    wrong = sign_in(Client(), "Hugo", "not-the-pass-phrase")
    unknown = sign_in(Client(), "Nobo", "not-the-pass-phrase")
    assert wrong.status_code == unknown.status_code == 200
    strip = [r.content.decode().replace("Hugo", "Nobo").split("<form")[1].split("value=")[2:] for r in (wrong, unknown)]
    assert strip[0] == strip[1]


def test_somebody_switched_off_is_out_at_once(cast: Cast, enter: Any) -> None:
    browser = enter(cast.alma)
    assert browser.get("/portal/").status_code == 200
    User.objects.filter(pk=cast.alma.pk).update(is_active=False)
    assert browser.get("/portal/").headers["Location"].startswith("/accounts/login/")


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_signs_up(cast: Cast, method: str) -> None:
    before = User.objects.count()
    data = {"email": "eve@example.org", "password1": make.PASSWORD, "password2": make.PASSWORD}
    response = getattr(Client(), method)("/accounts/signup/", data)
    assert b"password" not in response.content
    assert User.objects.count() == before


def test_consent_is_given_by_the_person_concerned_alone(cast: Cast) -> None:
    before = tables.dump()
    for other in (cast.bruno, cast.dana):
        with pytest.raises(PermissionError):
            accounts.answer_consent(partner=cast.a, kind="text", given=True, by=other, at=LATER)
    assert tables.dump() == before


def test_the_newest_answer_counts_and_the_old_ones_stay(cast: Cast) -> None:
    for day, given in ((1, False), (2, True), (3, False)):
        at = make.START + timedelta(days=day)
        accounts.answer_consent(partner=cast.a, kind="text", given=given, by=cast.alma, at=at)
    assert accounts.consents(cast.a) == {"checkins": True, "text": False}
    assert accounts.consents(cast.b) == {"checkins": True, "text": True}
    assert Consent.objects.filter(partner=cast.a, kind="text").count() == 4
    link = AuditEvent.objects.filter(practice=cast.practice).latest("seq")
    assert (link.act, link.side, link.by, link.detail) == ("consent.refused", "A", cast.alma, {"kind": "text"})


def test_an_unknown_kind_of_consent_is_refused(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        accounts.answer_consent(partner=cast.a, kind="all", given=True, by=cast.alma, at=LATER)


# A mailbox or a phone that somebody else can open


def mark(cast: Cast, shared: bool = True, at: datetime = LATER) -> None:
    care.write_reach_card(case=cast.couple, partner=cast.a, by=cast.dana, at=at, phone="1", shared_device=shared)


def ask_for_a_link(address: str) -> tuple[int, str, bytes, list[str]]:
    """What the browser is shown but for its token, and which mails went out."""
    browser, before = Client(), len(mail.outbox)
    answer = browser.post("/accounts/password/reset/", {"email": address})
    shown = browser.get(answer.headers["Location"])
    told = re.sub(rb'token": "\w+"', b"", answer.content + shown.content)
    return answer.status_code, answer.headers["Location"], told, [m.to[0] for m in mail.outbox[before:]]


@pytest.mark.django_db(databases="__all__")
def test_no_link_goes_to_a_mailbox_that_somebody_else_can_open_and_the_page_does_not_tell(cast: Cast) -> None:
    assert ask_for_a_link("alma@example.org")[3] == ["alma@example.org"]
    (link,) = re.findall(r"https?://[^/]+(/accounts/\S+)", str(mail.outbox[-1].body))
    mark(cast)
    *marked, sent = ask_for_a_link("Alma@example.org")
    *unknown, _ = ask_for_a_link("nobody@example.org")
    assert marked == unknown
    assert sent == []
    opened = Client().get(link, follow=True)  # mailed before it was known
    assert b"password1" not in opened.content
    mark(cast, shared=False, at=LATER + timedelta(days=1))
    assert b"password1" in Client().get(link, follow=True).content


@pytest.mark.django_db(databases="__all__")
def test_a_marked_person_types_a_new_password_in_the_room(cast: Cast, enter: Any) -> None:
    desk, phone, address = enter(cast.dana), enter(cast.alma), f"/desk/cases/{cast.couple.pk}/arrangements/"
    new = "quite-another-pass-phrase"

    def put(password: str, repeated: str) -> Any:
        data = {"side": "A", "passwordA-password": password, "passwordA-repeated": repeated}
        return desk.post(f"{address}password/", data)

    assert "typed in person" not in desk.get(address).content.decode()
    assert put(new, new).status_code == 422  # a mail does for who reads it alone
    mark(cast)
    assert "typed in person" in desk.get(address).content.decode()
    for wrong in (("short", "short"), (new, f"{new}!")):
        assert put(*wrong).status_code == 422
    assert phone.get("/portal/").status_code == 200
    assert enter(cast.erik).post(f"{address}password/", {"side": "A"}).status_code == 404
    done = put(new, new)
    assert (done.status_code, mail.outbox) == (302, [])
    assert phone.get("/portal/").status_code == 302  # whoever was signed in is out
    assert sign_in(Client(), "alma", new).headers["Location"] == "/"
    link = AuditEvent.objects.filter(act="account.password_set").get()
    assert (link.by, link.case, link.side) == (cast.dana, cast.couple, "A")


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize(("shared", "minutes", "open_still"), [(True, 4, True), (True, 6, False), (False, 6, True)])
def test_a_phone_that_others_open_shows_nothing_after_five_minutes(
    cast: Cast, enter: Any, shared: bool, minutes: int, open_still: bool
) -> None:
    mark(cast, shared)
    phone = enter(cast.alma)
    with time_machine.travel(LATER, tick=False):
        form = phone.get("/portal/check-in/").content.decode()
    with time_machine.travel(LATER + timedelta(minutes=minutes), tick=False):
        assert phone.get("/portal/check-in/", headers={"X-Poll": "1"}).status_code == 200  # before it is sent
        sent = phone.post("/portal/check-in/", {"c1": "2", "key": re.findall(r'name="key" value="([^"]+)"', form)[0]})
        assert sent.headers["Location"] == "/portal/check-in/sent/"
    phone = enter(cast.alma)
    with time_machine.travel(LATER, tick=False):
        phone.get("/portal/")
    with time_machine.travel(LATER + timedelta(minutes=minutes), tick=False):
        assert (phone.get("/portal/").status_code == 200) is open_still
