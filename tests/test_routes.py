"""Every address the site answers, taken from the resolver, as everybody in the cast: who gets in, what they can see,
which headers they get, what their looking around changes. A new route fails here until its policy is written down."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from clients import access, checkins, flags, guidance
from clients.models import Assignment, Case, Flag, Partner, SentGuidance, SteadyWindow, User
from counselor import notes
from tests import browse, make, tables
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.db_both]

# route -> who gets in: holder (of the case in the address), staff, lead (of the practice), supervisor (to whom a note was
# sent), client, owner (of what is named), anybody.
POLICY = {
    "home": "anybody",
    "desk:today": "staff",
    "desk:library": "staff",
    "desk:library_card": "staff",
    "desk:trail": "staff",
    "desk:case": "holder",
    "desk:corrections": "staff",
    "desk:safety": "holder",
    "desk:alerts": "staff",
    "desk:in_session": "staff",
    "desk:test_arrived": "staff",
    "desk:cover": "staff",
    "desk:practice": "lead",
    "desk:rota": "lead",
    "desk:numbers": "lead",
    "desk:team": "lead",
    "desk:mark_read": "holder",
    "desk:judge_reading": "holder",
    "desk:screening": "holder",
    "desk:arrangements": "holder",
    "desk:arrange": "holder",
    "desk:start_note": "holder",
    "desk:withdraw": "holder",
    "desk:flag": "holder",
    "desk:acknowledge_flag": "holder",
    "desk:resolve_flag": "holder",
    "desk:reopen_flag": "holder",
    "desk:snooze_flag": "holder",
    "desk:bring_back_flag": "holder",
    "desk:hand_on_flag": "holder",
    "desk:mute_rule": "holder",
    "desk:second_look_flag": "holder",
    "desk:file_information": "holder",
    "desk:unmute_rule": "holder",
    "desk:end_window": "holder",
    "desk:flags": "staff",
    "desk:file_all_information": "staff",
    "desk:second_looks": "staff",
    "desk:second_look": "nobody",  # nothing waits for one in this world; tests/counselor/test_flag_room.py
    "desk:rules": "staff",
    "desk:practice_rules": "lead",
    "desk:unmute_for_practice": "lead",
    "desk:note": "holder",
    "desk:insert_card": "holder",
    "desk:sign_note": "holder",
    "desk:add_to_note": "holder",
    "desk:share_card": "holder",
    "desk:unlock_note": "holder",
    "desk:late_text": "holder",
    "desk:note_text": "holder",
    "desk:note_versions": "holder",
    "desk:notes_room": "staff",
    "desk:search_notes": "staff",
    "desk:note_settings": "lead",
    "desk:start_private": "holder",
    "desk:private": "holder",
    "desk:late_private": "holder",
    "desk:private_versions": "holder",
    "desk:cosign_queue": "staff",
    "desk:cosign_note": "supervisor",
    "portal:home": "client",
    "portal:check_in": "client",
    "portal:sent": "client",
    "portal:consent": "client",
    "portal:kept": "client",
    "portal:guidance": "client",
    "portal:guidance_item": "owner",
    "portal:help": "client",
    "account_login": "anybody",
    "account_logout": "anybody",
    "account_inactive": "anybody",
    "account_signup": "anybody",
    "account_reauthenticate": "anybody",
    "account_change_password": "anybody",
    "account_set_password": "anybody",
    "account_reset_password": "anybody",
    "account_reset_password_from_key_done": "anybody",
    "account_reset_password_from_key": "anybody",
    "account_reset_password_done": "anybody",
}
STAFF, CLIENTS = ("dana", "erik", "ruth", "fay"), ("alma", "bruno", "carla", "gus")
HOLDERS = {"dana": {"couple", "single"}, "fay": {"foreign"}}
SUPERVISORS = {"ruth": {"couple"}}  # Tess, who is in training, sent a note of that case
OWNERS = {"alma": "couple", "carla": "single", "gus": "foreign"}  # whose guidance stands under that case
# What each may read of what was written; every writer's words carry the writer's name. Nobody reads a kept post, and
# what a client sent in a check-in is never shown again at the portal.
MAY_READ = {
    "dana": {"ALMA-TEXT", "ALMA-LINE", "ALMA-CALL", "ALMA-BACK", "ALMA-SENT", "BRUNO-TEXT", "CARLA-TEXT", "CARLA-LINE",
             "CARLA-CALL", "CARLA-BACK", "CARLA-SENT", "COUPLE-NOTE", "COUPLE-ADDED", "SINGLE-NOTE", "SINGLE-ADDED",
             "COUPLE-PRIVATE", "SINGLE-PRIVATE",
             "Alma", "Bruno", "Carla", "Max"},
    "erik": set(),
    "ruth": {"COUPLE-WAITING", "Alma", "Bruno"},
    "fay": {"GUS-TEXT", "GUS-LINE", "GUS-CALL", "GUS-BACK", "GUS-SENT", "FOREIGN-NOTE", "FOREIGN-ADDED", "FOREIGN-PRIVATE", "Gus",
            "Ida"},
    "alma": {"ALMA-SENT", "ALMA-BACK", "Alma", "Bruno"},
    "bruno": {"Bruno", "Alma"},
    "carla": {"CARLA-SENT", "CARLA-BACK", "Carla", "Max"},
    "gus": {"GUS-SENT", "GUS-BACK", "Gus", "Ida"},
    "nobody": set(),
}  # fmt: skip
OPENED = {"clients_sentguidance"}  # first and last opening, tests/clients/test_guidance.py
EVERY_WORD = set().union(*MAY_READ.values()) | {"ALMA-HELD"}


@dataclass
class World:
    """The cast with everything in every table; `ids` names the objects under each case."""

    cast: Cast
    ids: dict[str, dict[str, Any]] = field(default_factory=dict)


@pytest.fixture
def world(cast: Cast) -> World:
    found = World(cast)
    now = timezone.now()
    stories: list[tuple[str, Case, Partner, User, str]] = [
        ("couple", cast.couple, cast.a, cast.dana, "ALMA"),
        ("single", cast.single, cast.c, cast.dana, "CARLA"),
        ("foreign", cast.foreign, cast.g, cast.fay, "GUS"),
    ]
    for name, case, partner, counselor, who in stories:
        assert partner.user is not None
        make.screen(case, partner, counselor, now - timedelta(days=5))
        sent = checkins.submit(
            partner=partner, by=partner.user, at=now - timedelta(days=3), key=uuid4(),
            answers=checkins.Answers(make.items(), ("afraid",), call_me=f"{who}-CALL", next_session=f"{who}-LINE",
                                     text=f"{who}-TEXT I gave her an ultimatum. I want to die."),
        )  # fmt: skip
        note = make.signed_note(case, counselor, now - timedelta(days=2), "X1")
        notes.add(case=case, note_id=note.pk, by=counselor, at=now, body=f"{name.upper()}-ADDED")
        draft = notes.start(case=case, by=counselor, at=now, body=f"{name.upper()}-NOTE")
        private = notes.private.start(case=case, by=counselor, at=now, body=f"{name.upper()}-PRIVATE")
        text = guidance.Text("X1", 1, "safety", f"{who}-SENT title", f"{who}-SENT body", "")
        shared = guidance.send(
            case=case, partner=partner, text=text, by=counselor, at=now, note=note.pk, line=f"{who}-SENT"
        )
        guidance.answer(partner=partner, sent_id=shared.pk, by=partner.user, at=now, answer="tried", line=f"{who}-BACK")
        flag = Flag.objects.filter(case=case, rule="S02").get()
        mute = flags.mute(case=case, rule="P06", by=counselor, at=now, reason="Agreed in the room.")
        window = SteadyWindow.objects.create(
            practice=case.practice,
            case=case,
            partner=partner,
            opened_at=now,
            opened_by="O01",
            ends_at=now + timedelta(28),
        )
        found.ids[name] = {
            "closed_id": flag.pk, "mute_id": mute.pk, "window_id": window.pk,
            "case_id": case.pk, "flag_id": flag.pk, "sent_id": shared.pk, "note_id": note.pk, "draft_id": draft.pk,
            "key": sent.checkin.key, "checkin": sent.checkin.pk, "private_id": private.pk, "waiting_id": note.pk,
        }  # fmt: skip
    tess = make.trainee(cast.practice, "Tess", cast.ruth)
    waiting = notes.start(case=cast.couple, by=tess, at=now, body="COUPLE-WAITING")
    found.ids["couple"]["waiting_id"] = notes.sign(case=cast.couple, note_id=waiting.pk, by=tess, at=now).pk
    found.ids["missing"] = {name: uuid4() for name in found.ids["couple"]}
    make.check_in(cast.b, (now - make.START) / timedelta(days=1), "BRUNO-TEXT was calm.")
    checkins.hold(user_id=cast.alma.pk, key=uuid4(), body="t1=ALMA-HELD", at=now)
    return found


def routes() -> dict[str, Any]:
    """Every named pattern of the resolver, with its view."""

    def walk(patterns: Any, space: str = "") -> Iterator[tuple[str, Any]]:
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, pattern.namespace or space)
            else:
                yield (f"{space}:{pattern.name}" if space else pattern.name), pattern

    return dict(walk(get_resolver().url_patterns))


ROUTES = routes()


def address(route: str, ids: dict[str, Any], draft: bool = False) -> str:
    known = {
        "side": "A", "what": "phase", "card_id": "X1", "key": "x-y", "uidb36": "1", **{k: v for k, v in ids.items() if k.endswith("_id")},
    }  # fmt: skip
    if draft:
        known["note_id"] = ids["draft_id"]
    names = ROUTES[route].pattern.converters or ROUTES[route].pattern.regex.groupindex
    return reverse(route, kwargs={name: known[name] for name in names})


def good_data(ids: dict[str, Any]) -> dict[str, Any]:
    """Fields that would make each act succeed for whoever may do it."""
    return {
        "key": str(ids["key"]), "checkin": str(ids["checkin"]), "flag": str(ids["flag_id"]), "body": "Changed.",
        "version": "1", "reason": "followed_up", "card": "X1", "side": "A", "line": "A line.", "answer": "not_for_me",
        "follow_up": "Called.", "until": "2099-01-01", "to_id": "", "words": "", "alone": "on", "how": "room", "result": "clear", "s2_who": "to_me", "s2_safe": "yes", "do": "drop",
    }  # fmt: skip


def places(route: str) -> tuple[str, ...]:
    """Under which cases the route has an address of its own; "missing" is an id that nobody has."""
    named = POLICY[route] in {"holder", "owner", "supervisor"}
    return ("couple", "single", "foreign", "missing") if named else ("couple",)


def is_let_in(who: str, route: str, place: str) -> bool:
    rule = POLICY[route]
    if rule == "holder":
        return place in HOLDERS.get(who, set())
    if rule == "supervisor":
        return place in SUPERVISORS.get(who, set())
    if rule == "owner":
        return OWNERS.get(who) == place
    return {"nobody": False, "lead": who == "ruth", "staff": who in STAFF, "client": who in CLIENTS, "anybody": True}[
        rule
    ]


def check_headers(response: Any, signed_in: bool) -> None:
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert "HX-Request" in response.headers["Vary"]
    if signed_in:
        assert "no-store" in response.headers["Cache-Control"]
        assert "private" in response.headers["Cache-Control"]


def check_words(who: str, response: Any) -> None:
    """Nothing anybody else wrote, in the body or in any header."""
    said = browse.steady(response) + repr(sorted(response.headers.items()))
    said += repr([(m.key, m.value) for m in response.cookies.values() if "csrf" not in m.key])
    leaked = {word for word in EVERY_WORD - MAY_READ[who] if re.search(rf"\b{word}\b", said)}
    assert not leaked, leaked


def person(world: World, enter: Any, who: str) -> Client:
    return enter(None if who == "nobody" else getattr(world.cast, who))


# The policy itself


def test_every_route_has_a_policy() -> None:
    assert ROUTES.keys() == POLICY.keys()


def test_a_desk_view_opens_a_case_or_says_that_it_opens_none() -> None:
    for route, pattern in ROUTES.items():
        if route.startswith("desk:"):
            opens = set(pattern.pattern.converters) & {*access.LEADS, *access.PAPERS}
            marked = getattr(pattern.callback, "without_case", False)
            assert bool(opens) != marked, f"{route} must have a case in its address or be marked `without_case`"


def test_no_portal_address_holds_a_case() -> None:
    for route, pattern in ROUTES.items():
        if route.startswith("portal:"):
            assert not set(pattern.pattern.converters) & {*access.LEADS, *access.PAPERS}, route


def test_there_is_no_django_admin() -> None:
    assert not apps.is_installed("django.contrib.admin")
    assert not [route for route in ROUTES if "admin" in route]
    assert Client().get("/admin/").status_code == 404


# The walk


@pytest.mark.parametrize("who", ["nobody", *STAFF, *CLIENTS])
def test_the_walk(world: World, enter: Any, who: str) -> None:
    """Each address by GET and POST, by htmx and plainly. Who is let in reads only their own; who is not gets the very
    page of an id that does not exist, and changes nothing."""
    browser = person(world, enter, who)
    before = None
    cells = 0
    for route in ROUTES:
        missing = {}
        for place in reversed(places(route)):
            let_in = is_let_in(who, route, place)
            for method, htmx in (("get", False), ("get", True), ("post", False), ("post", True)):
                if method == "post" and (let_in or route == "account_logout"):
                    continue  # acts of those who may are tested one by one
                if before is None:
                    before = tables.dump(tables.LOOKING | OPENED)
                data = {"side": "A"} if method == "get" else good_data(world.ids[place])
                path = address(route, world.ids[place])
                response = getattr(browser, method)(path, data, headers={"HX-Request": "true"} if htmx else {})
                cells += 1
                check_headers(response, who != "nobody")
                check_words(who, response)
                assert response.status_code < 500, (route, place, method)
                if who == "nobody" and POLICY[route] != "anybody":
                    assert response.status_code == 302, (route, place, method)
                    assert response.headers["Location"].startswith("/accounts/login/"), (route, place, method)
                    assert response.content == b""
                elif let_in:
                    assert response.status_code != 404, (route, place, method)
                else:
                    assert response.status_code == 404, (route, place, method)
                    told = browse.steady(response), {k: v for k, v in response.headers.items() if k != "Expires"}
                    assert missing.setdefault((method, htmx), told) == told, (route, place, method)
    assert tables.dump(tables.LOOKING | OPENED) == before
    assert cells > 100


def test_who_is_let_in_really_reads_their_own(world: World, enter: Any) -> None:
    """The walk would also hold on a site that shows nothing; this one would not."""
    for who in ("dana", "ruth", "fay", "alma", "carla", "gus"):
        browser, said = person(world, enter, who), ""
        for route in ROUTES:
            for place in places(route):
                if is_let_in(who, route, place):
                    for draft in (False, True) if "note_id" in ROUTES[route].pattern.converters else (False,):
                        said += browse.body(browser.get(address(route, world.ids[place], draft)))
        assert {word for word in MAY_READ[who] if word not in said} == set(), who


def test_a_holder_reaches_nothing_of_another_case_through_her_own(world: World, enter: Any) -> None:
    """The case is hers, what hangs under the address is not: the flag, the guidance, the check-in, the note's flag."""
    browser = enter(world.cast.dana)
    before = tables.dump(tables.LOOKING)
    for other in ("foreign", "single", "missing"):
        mixed = world.ids[other] | {"case_id": world.ids["couple"]["case_id"]}
        for route, pattern in ROUTES.items():
            if {"flag_id", "sent_id", "mute_id", "window_id"} & set(
                pattern.pattern.converters or ()
            ) and route.startswith("desk:"):
                for method in ("get", "post"):
                    response = getattr(browser, method)(address(route, mixed), good_data(mixed))
                    assert response.status_code in {404, 405}, (route, other, method)
        assert browser.post(address("desk:start_note", mixed), {"flag": mixed["flag_id"]}).status_code == 404
        browser.post(address("desk:mark_read", mixed), {"checkin": mixed["checkin"]})
    assert tables.dump(tables.LOOKING) == before


# Who stands in, or was alerted
SAFETY_ROUTES = {
    "desk:safety",
    "desk:flag",
    "desk:acknowledge_flag",
    "desk:resolve_flag",
    "desk:reopen_flag",
    "desk:second_look_flag",
}


@pytest.mark.parametrize("role", ["cover", "alerted"])
def test_who_stands_in_opens_danger_of_that_case_between_the_dates_and_nothing_else(
    world: World, enter: Any, role: str
) -> None:
    """Every address under a case, as somebody who holds none but stands in on one: danger, and how to reach the people."""
    now = timezone.now()
    held = {"practice": world.cast.practice, "user": world.cast.erik, "role": role}
    Assignment.objects.create(
        **held, case=world.cast.couple, since=now - timedelta(hours=1), until=now + timedelta(hours=1)
    )
    for wrong in (
        (now - timedelta(days=9), now - timedelta(days=1)),
        (now + timedelta(days=1), now + timedelta(days=9)),
    ):
        Assignment.objects.create(**held, case=world.cast.single, since=wrong[0], until=wrong[1])
    make.check_in(world.cast.b, (now - make.START) / timedelta(days=1), c8={"ultimatum": 2})
    other = Flag.objects.get(case=world.cast.couple, rule="P03")
    browser = enter(world.cast.erik)
    before = tables.dump(tables.LOOKING)
    said = ""
    for route in ROUTES:
        if POLICY[route] != "holder":
            continue
        for place in ("couple", "single", "foreign", "missing"):
            for draft in (False, True):
                opens = place == "couple" and route in SAFETY_ROUTES
                response = browser.get(address(route, world.ids[place], draft))
                assert (response.status_code in {200, 405}) == opens, (route, place, response.status_code)
                if opens:
                    said += browse.body(response)
                else:
                    assert (
                        browser.post(address(route, world.ids[place], draft), good_data(world.ids[place])).status_code
                        == 404
                    )
    for route in SAFETY_ROUTES - {"desk:safety"}:
        mixed = world.ids["couple"] | {"flag_id": other.pk}
        for method in ("get", "post"):
            answer = getattr(browser, method)(address(route, mixed), good_data(mixed))
            assert answer.status_code == 404, "what is no danger"
    for route in ("desk:today", "desk:trail", "desk:flags", "desk:corrections"):
        said += browse.body(browser.get(reverse(route)))
    assert tables.dump(tables.LOOKING) == before
    read = {word for word in EVERY_WORD if re.search(rf"\b{word}\b", said)}
    assert read == {"Alma", "Bruno", "ALMA-CALL"}, "names, and when a call is safe"


def test_holders_posting_nonsense_get_an_answer_and_no_strangers_words(world: World, enter: Any) -> None:
    browser = enter(world.cast.dana)
    nonsense: list[dict[str, Any]] = [
        {},
        {"checkin": "x", "flag": "x", "card": "x", "version": "x", "body": "\x00", "line": "\x00", "reason": "x", "side": "x"},
        {"version": str(2**63), "body": "x" * 70_000, "card": "G01", "line": "x" * 400, "side": "B", "reason": "agreed"},
    ]  # fmt: skip
    for route in ROUTES:
        if POLICY[route] == "holder":
            for draft in (False, True):
                for data in nonsense:
                    response = browser.post(address(route, world.ids["couple"], draft), data)
                    assert response.status_code in {200, 302, 404, 405, 409, 422}, (route, data)
                    check_words("dana", response)


# Getting in and out


@pytest.mark.parametrize("who", ["dana", "alma"])
def test_after_signing_out_the_old_session_opens_nothing(world: World, enter: Any, who: str) -> None:
    browser = person(world, enter, who)
    browser.get("/")
    stolen = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert browser.post("/accounts/logout/").status_code == 302
    late = Client()
    late.cookies[settings.SESSION_COOKIE_NAME] = stolen
    for visitor in (browser, late):
        for route in ROUTES:
            if POLICY[route] != "anybody":
                response = visitor.get(address(route, world.ids["couple"]))
                assert response.status_code == 302, route
                assert response.headers["Location"].startswith("/accounts/login/"), route


@pytest.mark.parametrize("who", ["nobody", "dana", "alma"])
def test_a_post_without_its_token_is_refused_everywhere(world: World, who: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    if who != "nobody":
        browser.force_login(getattr(world.cast, who))
    before = tables.dump(tables.LOOKING)
    for route in ROUTES:
        for draft in (False, True):
            response = browser.post(address(route, world.ids["couple"], draft), good_data(world.ids["couple"]))
            assert response.status_code == 403, route
            check_headers(response, who != "nobody")
            check_words("nobody", response)
    assert tables.dump(tables.LOOKING) == before


@pytest.mark.parametrize("who", ["dana", "alma"])
def test_looking_around_changes_nothing_but_trail_session_and_opened_marks(
    world: World, enter: Any, who: str, time_machine: Any
) -> None:
    now = timezone.now()
    time_machine.move_to(now, tick=False)
    SentGuidance.objects.update(first_opened_at=now, last_opened_at=now)
    browser = person(world, enter, who)
    before = tables.dump(tables.LOOKING)
    for route in ROUTES:
        for draft in (False, True):
            for method in ("get", "head", "options"):
                getattr(browser, method)(address(route, world.ids["couple"], draft))
    assert tables.dump(tables.LOOKING) == before


def test_an_idle_session_ends_and_polling_does_not_keep_it(cast: Cast, enter: Any, time_machine: Any) -> None:
    start = timezone.now()
    for who, path in ((cast.dana, "/desk/"), (cast.alma, "/portal/")):
        time_machine.move_to(start, tick=False)
        browser = enter(who)
        assert browser.get(path).status_code == 200
        for minutes in (8, 14):
            time_machine.move_to(start + timedelta(minutes=minutes), tick=False)
            assert browser.get(path, headers={"X-Poll": "1"}).status_code == 200
        time_machine.move_to(start + timedelta(minutes=15, seconds=2), tick=False)
        assert browser.get(path).status_code == 302
        other = enter(who)
        other.get(path)
        for minutes in (29, 43):
            time_machine.move_to(start + timedelta(minutes=minutes), tick=False)
            assert other.get(path).status_code == 200, "an act of the person goes on"


# Answers that are no page


@pytest.mark.parametrize("who", ["nobody", "dana", "alma"])
def test_error_pages_carry_the_headers_too(world: World, enter: Any, who: str) -> None:
    browser = person(world, enter, who)
    paths = [
        "/nowhere/",
        "/desk/cases/not-an-id/",
        f"/desk/cases/{uuid4()}/",
        "/portal/guidance/1/",
        "/static/none.css",
    ]
    for path in paths:
        response = browser.get(path)
        assert response.status_code in {302, 404}, path
        check_headers(response, who != "nobody")
    if who != "nobody":
        refused = browser.post({"dana": "/desk/", "alma": "/portal/"}[who])
        assert refused.status_code == 405
        check_headers(refused, True)


def test_ids_are_compared_as_ids_not_as_text(world: World, enter: Any) -> None:
    browser = enter(world.cast.dana)
    case_id: UUID = world.ids["couple"]["case_id"]
    assert browser.get(f"/desk/cases/{case_id}/").status_code == 200
    for other in (str(case_id).upper(), case_id.hex, f"{case_id}%00", "00000000-0000-0000-0000-000000000000"):
        assert browser.get(f"/desk/cases/{other}/").status_code == 404, other
