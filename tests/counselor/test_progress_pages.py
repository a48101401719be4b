"""Progress on Today and Case: the words, the minimum data, what htmx asks for, and that what is kept is never stale."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from clients import access, accounts, cases, checkins, flags, guidance, readings
from clients.models import Assignment, CaseSummary, CheckIn, Flag, Notice, User
from counselor import frame, notes, pages, views
from counselor.pages import triage
from tests import make
from tests.browse import body, steady, words
from tests.conftest import Cast

LATER = make.START + timedelta(days=43, hours=2)
WARM = {"c3": 3, "c4": ["kind", "memory"], "c5": 2, "c6": 0}
COOL = {"c3": 1, "c5": "none", "c6": 3}


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    views.forget_kept()


def story(cast: Cast) -> None:
    """Four cool weeks, then warm ones by half weeks; a card sent and opened before."""
    for week in range(4):
        make.check_in(cast.a, 7 * week, **COOL)
    sent = make.share(cast.couple, cast.a, cast.dana, make.START + timedelta(days=20))
    guidance.mark_opened(partner=cast.a, sent=sent, by=cast.alma, at=make.START + timedelta(days=20, hours=5))
    for number in range(5):
        make.check_in(cast.a, 24.5 + 4.5 * number, **WARM, c8g=["kept_short"], c1=1, c2=2)


def look(cast: Cast, client: Client, at: Any = LATER, asked: str = "", **headers: str) -> Any:
    with time_machine.travel(at, tick=False):
        client.force_login(cast.dana)
        return client.get(f"/desk/cases/{cast.couple.pk}/{asked}", headers=headers)


@pytest.mark.db_both
def test_the_case_says_where_it_stands_in_words(cast: Cast, client: Client) -> None:
    story(cast)
    said = words(look(cast, client))
    assert "as Alma reports it" in said
    assert "Talking about problems between the two A small step" in said
    assert "Bruno has mostly seemed at ease" in said
    assert "Two talks about problems within six weeks (0 of 2 so far)." in said
    assert re.search(r"Bruno starts about \d of 10 contacts", said)
    assert "Warmth: a shift has held for two weeks or more: about" in said
    assert "rising over the last six weeks" in said
    assert "kept contact short and easy (5 times)" in said


@pytest.mark.db_both
def test_the_two_weeks_before_a_shift_stand_side_by_side_without_a_because(cast: Cast, client: Client) -> None:
    story(cast)
    page = body(look(cast, client))
    block = re.search(r'<section class="before".*?</section>', page, re.S)
    assert block
    said = re.sub(r"<[^>]+>", " ", block[0])
    assert "What was I doing when it improved?" in said
    assert "“Small, easy contact” sent" in said
    assert "“Small, easy contact” opened" in said
    assert "2 check-ins" in said
    assert not re.search(
        r"\b(because|caused?|due to|thanks to|led to|made|worked|helped|effect|therefore|result)\b", said
    )


def test_without_a_confirmed_shift_there_is_no_such_block(cast: Cast, client: Client) -> None:
    for week in range(6):
        make.check_in(cast.a, 7 * week)
    assert 'class="before"' not in body(look(cast, client))


def test_little_data_is_said_and_looks_its_own(cast: Cast, client: Client) -> None:
    make.check_in(cast.a, 36)
    make.check_in(cast.a, 40)
    page = look(cast, client)
    said = words(page)
    assert "Too little known" in said
    assert "not enough data yet (2 of 3)" in said
    assert "not enough data yet (2 of 5)" in said
    assert "not enough data yet (2 of 6)" in said
    assert body(page).count('class="too-few"') >= 4
    make.read_all(cast.couple, cast.dana, LATER)
    with time_machine.travel(LATER, tick=False):
        today = body(client.get("/desk/"))
    assert "Not enough data yet (2 of 3)." in today
    assert today.count('data-state="quiet" data-few') == 2


def test_a_safety_flag_means_not_now_and_says_what_would_change_it(cast: Cast, client: Client) -> None:
    story(cast)
    make.check_in(cast.a, 43, safety=("afraid",), **WARM)
    said = words(look(cast, client))
    assert "Talking about problems between the two Not now" in said
    assert "A safety flag is open since" in said
    assert "The safety flag being followed up and closed by a person." in said
    assert "held, safety first" in said
    with time_machine.travel(LATER, tick=False):
        today = client.get("/desk/")
        assert "Held, safety first" in words(today)
        assert "<polyline" not in body(today)


@pytest.mark.parametrize(
    ("answers", "word", "ground"),
    [
        ({"c6": 4}, "Not now", "Bruno has seemed tense or pulled back much of the time"),
        ({"c4": ["space"], "c6": 0}, "Not now", "Bruno asked for space or time"),
        ({"c7": {"talk": "yes", "began": "me", "ended": 0}, "c6": 0}, "Not now", "The last talk about problems"),
        ({"c7": {"talk": "yes", "began": "partner", "ended": 4}, **WARM}, "Room to talk", "ended with give and take"),
    ],
)
def test_the_gate_names_the_entries_that_decide_it(
    cast: Cast, client: Client, answers: dict[str, Any], word: str, ground: str
) -> None:
    for number in range(9):
        make.check_in(cast.a, 2 + 5 * number, **answers)
    page = look(cast, client)
    assert f"Talking about problems between the two {word}" in words(page)
    assert ground in words(page)
    assert re.search(r'<a class="small" href="#e-[0-9a-f-]{36}">See the check-in</a>', body(page))


def test_off_track_is_worth_a_look_with_its_reason(cast: Cast, client: Client) -> None:
    for number in range(7):
        make.check_in(cast.a, 6 * number, c11=4 if number < 4 else 0, c12=0 if number < 4 else 4)
    said = words(look(cast, client))
    assert "Worth a look Distress is clearly up" in said


def test_a_long_silence_is_grey_and_says_as_of_when(cast: Cast, client: Client) -> None:
    story(cast)
    page = look(cast, client, LATER + timedelta(days=60))
    assert "data-stale" in body(page)
    assert "The last check-in came on" in words(page)
    assert "Too little known" in words(page)


def test_the_stretch_of_time_is_chosen_by_address_and_by_htmx(cast: Cast, client: Client) -> None:
    for week in range(40):
        make.check_in(cast.a, 7 * week - 240)
    address = f"/desk/cases/{cast.couple.pk}/"
    usual = body(look(cast, client))
    assert f'href="{address}?range=6w" hx-get="{address}?range=6w" hx-target="#course"' in usual
    assert 'hx-push-url="true"' in usual
    assert re.search(rf'href="{address}"[^>]*aria-current="true">6 months', usual)
    everything = body(look(cast, client, asked="?range=all"))
    assert re.search(r'aria-current="true">All', everything)
    part = body(look(cast, client, asked="?range=6w", **{"HX-Request": "true", "HX-Target": "course"}))
    assert part.lstrip().startswith('<section class="panel" id="course"')
    assert "<html" not in part
    assert part.count('class="pt"') < everything.count('class="pt"')
    assert body(look(cast, client, asked="?range=nonsense&shown=x&side=Q")) != ""


def test_earlier_entries_come_on_request_and_the_address_keeps_them(cast: Cast, client: Client) -> None:
    for week in range(14):
        make.check_in(cast.a, 3 * week)
    unread = body(look(cast, client))
    assert unread.count('data-kind="checkin"') == 14, "what is unread is never hidden"
    assert "Show earlier" not in unread
    make.read_all(cast.couple, cast.dana, LATER)
    make.check_in(cast.b, 1)
    make.read_all(cast.couple, cast.dana, LATER)
    first = body(look(cast, client))
    assert first.count('data-kind="checkin"') == pages.STREAM_LENGTH + 1, "each side has its share"
    assert f"/desk/cases/{cast.couple.pk}/?shown=30" in first
    more = body(look(cast, client, asked="?shown=30"))
    assert more.count('data-kind="checkin"') == 15
    assert "Show earlier" not in more
    part = body(look(cast, client, asked="?shown=30", **{"HX-Request": "true", "HX-Target": "stream"}))
    assert part.lstrip().startswith('<section class="stack" id="stream"')


# Kept pages


def fresh(client: Client, address: str) -> str:
    views.forget_kept()
    return steady(client.get(address))


@pytest.mark.db_both
def test_a_kept_page_is_the_page_made_anew_after_every_act(cast: Cast, client: Client) -> None:
    """Whoever does whatever: the next look shows it."""
    story(cast)
    client.force_login(cast.dana)
    address = f"/desk/cases/{cast.couple.pk}/"
    at = LATER
    sent = make.share(cast.couple, cast.a, cast.dana, at)
    note = notes.start(case=cast.couple, by=cast.dana, at=at)
    newest = CheckIn.objects.filter(case=cast.couple).latest("at")

    def flag() -> Flag:
        return Flag.objects.filter(case=cast.couple).order_by("-severity", "pk")[0]

    def judge(at: Any) -> None:
        row = CheckIn.objects.select_related("reading").filter(partner=cast.a).latest("at")
        found = readings.every_finding(row)[0]
        readings.judge(
            case=cast.couple, checkin_id=row.pk, label=found.label, start=found.start, verdict="not_accurate", by=cast.dana, at=at
        )  # fmt: skip

    acts: list[Any] = [
        lambda at: checkins.mark_read(case=cast.couple, by=cast.dana, at=at, ids=[newest.pk]),
        lambda at: accounts.answer_consent(partner=cast.a, kind="text", given=False, by=cast.alma, at=at),
        lambda at: accounts.answer_consent(partner=cast.a, kind="text", given=True, by=cast.alma, at=at),
        lambda at: make.check_in(cast.a, (at - make.START) / timedelta(days=1), "I asked if we could live together again."),
        lambda at: make.check_in(cast.b, (at - make.START) / timedelta(days=1), safety=("afraid",)),
        lambda at: checkins.tell_danger(
            partner=cast.b, checkin_id=CheckIn.objects.filter(partner=cast.b).latest("at").pk, by=cast.b.user, at=at, who="by_partner", safe_now="no",
        ),
        lambda at: judge(at),
        lambda at: flags.acknowledge(case=cast.couple, flag_id=flag().pk, by=cast.dana, at=at),
        lambda at: flags.resolve(case=cast.couple, flag_id=flag().pk, by=cast.dana, at=at, reason="followed_up", follow_up="Called."),
        lambda at: notes.save(case=cast.couple, note_id=note.pk, by=cast.dana, at=at, body="Words.", version=1),
        lambda at: notes.sign(case=cast.couple, note_id=note.pk, by=cast.dana, at=at),
        lambda at: guidance.mark_opened(partner=cast.a, sent=sent, by=cast.alma, at=at),
        lambda at: guidance.mark_opened(partner=cast.a, sent=sent, by=cast.alma, at=at),
        lambda at: guidance.answer(partner=cast.a, sent_id=sent.pk, by=cast.alma, at=at, answer="tried"),
        lambda at: guidance.withdraw(case=cast.couple, sent_id=sent.pk, by=cast.dana, at=at),
        lambda at: make.screen(cast.couple, cast.a, cast.dana, at),
        lambda at: readings.recompute(cast.a, at=at, why="to see"),
        lambda at: cases.pause(case=cast.couple, by=cast.dana, at=at),
    ]  # fmt: skip
    before = ""
    for number, act in enumerate(acts):
        at = LATER + timedelta(minutes=5 * number)
        with time_machine.travel(at, tick=False):
            from django.db import transaction

            client.get(address), client.get("/desk/")
            with transaction.atomic():
                act(at)
            shown, listed = steady(client.get(address)), steady(client.get("/desk/"))
            assert shown != before, f"act {number} does not show"
            assert fresh(client, address) == shown, f"act {number}"
            assert fresh(client, "/desk/") == listed, f"act {number}"
            before = shown


def test_the_clock_alone_changes_a_kept_word(cast: Cast, client: Client) -> None:
    story(cast)
    for hours in (0, 1, 7, 30, 24 * 7, 24 * 20):
        with time_machine.travel(LATER + timedelta(hours=hours), tick=False):
            client.force_login(cast.dana)
            for address in ("/desk/", f"/desk/cases/{cast.couple.pk}/"):
                client.get(address)
                shown = steady(client.get(address))
                assert fresh(client, address) == shown, (hours, address)


def test_a_kept_page_holds_nobody_elses_token_name_or_draft(cast: Cast, client: Client) -> None:
    story(cast)
    second = cast.erik
    from clients.models import Assignment

    Assignment.objects.create(
        practice=cast.practice, case=cast.couple, user=second, since=make.START, until=LATER + timedelta(days=1)
    )
    notes.start(case=cast.couple, by=cast.dana, at=LATER)
    hers = body(look(cast, client))
    with time_machine.travel(LATER, tick=False):
        client.force_login(second)
        his = body(client.get(f"/desk/cases/{cast.couple.pk}/"))
    tokens = [set(re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page)) for page in (hers, his)]
    assert tokens[0].isdisjoint(tokens[1])
    assert all(len(token) == 64 for token in tokens[0] | tokens[1])
    assert "Dana</span>" not in his.split("<main")[0]
    assert "Draft, last saved" in hers
    assert "Draft, last saved" not in his
    keys = [set(re.findall(r'name="key" value="([0-9a-f-]{36})"', page)) for page in (hers, his)]
    assert len(keys[0]) == len(keys[1]) == 1
    assert keys[0].isdisjoint(keys[1])
    assert frame.KEY not in hers + his
    assert "token-" not in hers.replace("csrfmiddlewaretoken", "").replace("x-csrftoken", "")


@pytest.mark.db_both
def test_the_clock_passes_every_moment_that_a_kept_page_was_waiting_for(cast: Cast, client: Client) -> None:
    """Seen a second before and a second after: midnight, a due flag, the end of a window, of a hold, of a screening."""
    story(cast)
    make.check_in(cast.a, 41, c8={"ultimatum": 2})
    with time_machine.travel(LATER, tick=False):
        row, zone = CaseSummary.objects.get(case=cast.couple), ZoneInfo(cast.dana.zone)
        assert row.screening_due is not None
        ends = [row.due_at, row.window_until, row.held_until, *cast.couple.flags.values_list("due_at", flat=True)]
    days = [(LATER + timedelta(days=n)).astimezone(zone).date() for n in (1, 2, 9)]
    nights = [
        datetime.combine(day, datetime.min.time(), zone) for day in [*days, row.screening_due, row.read_by_on] if day
    ]
    moments = sorted({m for m in [*ends, *nights] if m is not None and m > LATER})
    assert len(moments) > 5
    for moment in moments:
        with time_machine.travel(moment - timedelta(seconds=1), tick=False):
            client.force_login(cast.dana)
            before = [steady(client.get(a)) for a in ("/desk/", f"/desk/cases/{cast.couple.pk}/")]
        with time_machine.travel(moment + timedelta(seconds=1), tick=False):
            after = [steady(client.get(a)) for a in ("/desk/", f"/desk/cases/{cast.couple.pk}/")]
            for shown, address in zip(after, ("/desk/", f"/desk/cases/{cast.couple.pk}/"), strict=True):
                assert fresh(client, address) == shown, (moment, address)
            assert after != before, f"{moment} changes a word"


@pytest.mark.db_both
def test_who_loses_a_case_is_served_nothing_of_it_and_who_gets_it_all(cast: Cast, client: Client) -> None:
    story(cast)
    address = f"/desk/cases/{cast.couple.pk}/"
    erik, moved = Client(), LATER + timedelta(minutes=1)
    with time_machine.travel(LATER, tick=False):
        client.force_login(cast.dana), erik.force_login(cast.erik)
        assert "Alma and Bruno" in body(client.get("/desk/"))
        assert client.get(address).status_code == 200
        assert erik.get(address).status_code == 404
        assert "Alma" not in body(erik.get("/desk/"))
    with time_machine.travel(moved, tick=False):
        Assignment.objects.filter(case=cast.couple).update(until=moved)
        Assignment.objects.create(practice=cast.practice, case=cast.couple, user=cast.erik, since=moved)
        assert client.get(address).status_code == 404
        assert "Alma" not in body(client.get("/desk/"))
        assert "Alma and Bruno" in body(erik.get("/desk/"))
        assert erik.get(address).status_code == 200
        assert all("Dana" not in body(erik.get(a)).split("<main")[0] for a in ("/desk/", address))


@pytest.mark.db_both
def test_a_new_zone_name_or_role_is_seen_with_the_next_page(cast: Cast, client: Client) -> None:
    story(cast)
    addresses = ("/desk/", f"/desk/cases/{cast.couple.pk}/")
    with time_machine.travel(LATER, tick=False):
        client.force_login(cast.dana)
        for change in ({"zone": "Pacific/Auckland"}, {"name": "Dana Nova"}, {"role": "supervisor"}):
            before = [steady(client.get(a)) for a in addresses]
            User.objects.filter(pk=cast.dana.pk).update(**change)
            for was, address in zip(before, addresses, strict=True):
                shown = steady(client.get(address))
                assert shown == fresh(client, address), (change, address)
                assert shown != was or "role" in change or address == "/desk/", (change, address)
        assert "Dana Nova" in steady(client.get("/desk/"))
        User.objects.filter(pk=cast.dana.pk).update(role="client")
        assert [client.get(a).status_code for a in addresses] == [404, 404]
        User.objects.filter(pk=cast.dana.pk).update(role="counselor")
        client.logout()
        assert [client.get(a).status_code for a in addresses] == [302, 302]


@pytest.mark.db_both
def test_two_server_processes_keep_pages_apart_and_show_the_same(cast: Cast, client: Client) -> None:
    """Nothing tells one process of what another wrote: what is kept is looked up by what the database says now."""
    story(cast)
    addresses = ("/desk/", f"/desk/cases/{cast.couple.pk}/")
    with time_machine.travel(LATER, tick=False):
        client.force_login(cast.dana)
        for address in addresses:
            client.get(address)
        flag = cast.couple.flags.filter(state="open", head__isnull=True).latest("severity")
        stores = (views.pages_kept, views.todays_kept, triage._rows, frame._frames)
        here = [dict(store._held) for store in stores]
        views.forget_kept()  # the other process has kept nothing, and leaves nothing here
        flags.acknowledge(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=LATER)
        for address in addresses:
            client.get(address)
        views.forget_kept()
        for store, rows in zip(stores, here, strict=True):
            store._held.update(rows)
        for address in addresses:
            shown = steady(client.get(address))
            assert shown == fresh(client, address)
        assert "Seen by Dana" in steady(client.get(addresses[1]))


def test_a_waiting_message_is_shown_once_in_the_frame(cast: Cast, client: Client) -> None:
    make.check_in(cast.a, 40)
    look(cast, client)
    with time_machine.travel(LATER, tick=False):
        ids = [str(row.pk) for row in CheckIn.objects.all()]
        client.post(f"/desk/cases/{cast.couple.pk}/read/", {"checkin": ids})
    assert "Marked as read." in body(look(cast, client))
    assert "Marked as read." not in body(look(cast, client))


def test_mail_that_does_not_go_out_is_said_at_once_and_no_longer_than_it_waits(cast: Cast, client: Client) -> None:
    make.check_in(cast.a, 40, safety=("hurt",))
    with time_machine.travel(LATER, tick=False):
        client.force_login(cast.dana)
        Notice.objects.update(due_at=LATER)
        assert "Mail does not go out" not in body(client.get("/desk/"))
        Notice.objects.update(attempts=2)
        assert "Mail does not go out" in body(client.get("/desk/"))
        Notice.objects.update(sent_at=LATER)
        assert "Mail does not go out" not in body(client.get("/desk/"))


def test_searching_today_finds_by_name_and_keeps_what_was_typed(cast: Cast, client: Client) -> None:
    with time_machine.travel(LATER, tick=False):
        client.force_login(cast.dana)
        found = body(client.get('/desk/?q=carla"'))
        assert "carla&quot;" in found
        found = body(client.get("/desk/?q=carla"))
    assert "Carla and Max" in found
    assert "Alma and Bruno" not in found
    assert 'hx-get="/desk/?q=carla"' in found


def test_a_case_costs_the_same_however_long_it_is(
    cast: Cast, client: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        make.check_in(cast.a, 0.7 * number, "I asked if we could live together again." if number % 9 == 0 else "")
    make.read_all(cast.couple, cast.dana, LATER)
    look(cast, client)
    with django_assert_max_num_queries(6):  # the last asks what stands above every page
        page = look_again(cast, client)
    assert len(page.content) < 60_000
    assert CaseSummary.objects.get(case=cast.couple).check_ins == 60


def look_again(cast: Cast, client: Client) -> Any:
    with time_machine.travel(LATER, tick=False):
        return client.get(f"/desk/cases/{cast.couple.pk}/")


def test_the_stamps_are_those_of_the_cases_one_may_open(cast: Cast) -> None:
    for person in (cast.dana, cast.erik, cast.ruth, cast.fay):
        visible = access.visible_cases(person, LATER).values_list("summary__stamp", flat=True)
        assert sorted(access.visible_stamps(person, LATER)) == sorted(visible)
    assert len(access.visible_stamps(cast.dana, LATER)) == 2
