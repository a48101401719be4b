"""Case: both ledgers, the stream with the read words marked, the open flags; frozen before it is rendered."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.template import loader
from django.test.utils import CaptureQueriesContext

import clients
import counselor
from clients import care, checkins, flags, guidance
from clients.models import AuditEvent, CheckIn, Flag, User
from counselor import library, notes, pages
from tests import browse, make
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
LATER = make.START + timedelta(days=1)


def case_page(cast: Cast, side: str = "", days: float = 1) -> pages.CasePage:
    return pages.case(cast.couple, cast.dana, make.START + timedelta(days=days), pages.Choice(side=side))


def entries(page: pages.CasePage, kind: str) -> list[pages.Entry]:
    return [entry for entry in page.stream if entry.kind == kind]


def test_the_stream_marks_the_words_that_were_read(cast: Cast, enter: Any) -> None:
    make.check_in(cast.a, 0, "It was calm. I gave Bruno an ultimatum & <left>.")
    html = browse.body(enter(cast.dana).get(f"/desk/cases/{cast.couple.pk}/"))
    assert 'data-label="ultimatum"' in html
    assert "&amp; &lt;left&gt;." in html
    assert "<left>" not in html
    marked = html.split('data-label="ultimatum"')[1].split("</mark>")[0].split(">")[1]
    assert "ultimatum" in marked


def test_a_check_in_shows_every_answer_in_words_and_what_was_skipped(cast: Cast) -> None:
    make.check_in(
        cast.a, 0, next_session="Bring the calendar.", safety=("afraid",), c3=4, c4=["kind"], c8={"ultimatum": 2},
        c7={"talk": "yes", "began": "partner", "ended": 0}, c5="skip", c9="skip",
    )  # fmt: skip
    (entry,) = entries(case_page(cast), "checkin")
    facts = {name: words.lower() for name, words in entry.facts}
    assert facts["Bruno was"] == "warm"
    assert facts["From Bruno"] == "kind or loving words"
    assert facts["Own acts"] == "gave a deadline or a condition about us (more than once)"
    assert facts["Talk about problems"] == "yes, bruno, tense, and we kept going"
    assert "For the next session: Bring the calendar." in entry.notes
    assert any(note.startswith("Skipped: ") and "ime together" in note for note in entry.notes)
    assert entry.safety == ("I am afraid of Bruno",)
    assert entry.badge == "Unread, promised by Wed 9 Sep"


def test_a_call_that_was_asked_for_and_safe_now_stand_with_the_check_in(cast: Cast) -> None:
    answers = checkins.Answers(make.items(), ("hurt",), call_me="after six")
    key = "01920000-0000-7000-8000-00000000000b"
    sent = checkins.submit(partner=cast.a, by=cast.alma, at=make.START, key=key, answers=answers)
    checkins.tell_danger(
        partner=cast.a, checkin_id=sent.checkin.pk, by=cast.alma, at=make.START, who="to_me", safe_now="not_sure"
    )
    notes_shown = " ".join(entries(case_page(cast), "checkin")[0].notes)
    assert "after six" in notes_shown
    assert "Safe for now: not sure; who: to me" in notes_shown


def test_a_text_nobody_may_read_by_software_says_so(cast: Cast) -> None:
    case = make.case(cast.dana, ("Hugo", make.user(cast.practice, "Hugo", "client")), ("Nina", None), text=False)
    make.check_in(make.side(case), 0, "I gave Nina an ultimatum.")
    page = pages.case(case, cast.dana, LATER)
    (entry,) = entries(page, "checkin")
    assert "Not read by software: there is no consent for it." in entry.notes
    assert entry.text == "I gave Nina an ultimatum."
    assert page.sides[0].text_consent is False


def test_flags_quote_say_what_speaks_against_them_and_map_to_guidance(cast: Cast) -> None:
    make.check_in(cast.a, 0, "I gave Bruno an ultimatum.", safety=("self_harm",))
    page = case_page(cast)
    assert page.safety_open
    assert [card.rule for card in page.flags][0] == "S01"
    card = next(c for c in page.flags if c.rule == "P03")
    assert any(line.quoted and "ultimatum" in line.words for line in card.evidence)
    assert card.against
    assert card.withheld  # nothing to wait by while a safety flag is open
    assert (card.can_see, card.can_close, card.can_reopen) == (True, True, False)


def test_seen_and_closed_flags_name_who_and_when_in_the_counselors_zone(cast: Cast) -> None:
    make.check_in(cast.a, 0, c8={"ultimatum": 1})
    flag = Flag.objects.get()
    User.objects.filter(pk=cast.dana.pk).update(zone="America/New_York")
    cast.dana.refresh_from_db()
    flags.acknowledge(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=LATER)
    page = case_page(cast)
    assert page.flags[0].seen_by == "Seen by Dana, 8 Sep, 13:00"
    assert entries(page, "checkin")[0].time == f"{make.START.astimezone(ZoneInfo('America/New_York')):%H:%M}" == "13:00"
    flags.resolve(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=LATER, reason="agreed")
    page = case_page(cast)
    assert page.flags == ()
    assert page.every_flag.closed[0].closed == "Resolved by Dana on 8 Sep, 13:00: Agreed boundary"


def test_the_chart_shows_one_reporter_at_a_time(cast: Cast, enter: Any) -> None:
    make.check_in(cast.a, 0)
    make.check_in(cast.b, 0)
    assert (case_page(cast).reporter, case_page(cast).others) == ("Alma", (("B", "Bruno"),))
    assert (case_page(cast, "B").reporter, case_page(cast, "B").others) == ("Bruno", (("A", "Alma"),))
    assert case_page(cast, "Z").reporter == "Alma"
    alone = pages.case(cast.single, cast.dana, LATER)
    assert (alone.reporter, alone.others) == ("Carla", ())


def test_shared_guidance_shows_opened_and_answered_with_times(cast: Cast) -> None:
    sent = make.share(cast.couple, cast.a, cast.dana, make.START, "X1")
    (entry,) = entries(case_page(cast), "guidance")
    assert "Not opened yet" in entry.notes
    guidance.mark_opened(partner=cast.a, sent=sent, by=cast.alma, at=LATER)
    guidance.answer(partner=cast.a, sent_id=sent.pk, by=cast.alma, at=LATER, answer="not_for_me", line="Too much.")
    (entry,) = entries(case_page(cast), "guidance")
    assert "Opened 8 Sep, 19:00" in entry.notes
    assert "Answered “Not for me” 8 Sep, 19:00" in entry.notes
    assert "Wrote back: Too much." in entry.notes
    assert entry.withdraw_id == sent.pk
    guidance.withdraw(case=cast.couple, sent_id=sent.pk, by=cast.dana, at=LATER)
    assert entries(case_page(cast), "guidance")[0].withdraw_id is None


def test_reading_from_the_page_ends_the_unread_mark(cast: Cast, enter: Any) -> None:
    first, second = make.check_in(cast.a, 0).checkin, make.check_in(cast.a, 1).checkin
    browser = enter(cast.dana)
    path = f"/desk/cases/{cast.couple.pk}/"
    browser.post(f"{path}read/", {"checkin": str(first.pk)})
    assert set(CheckIn.objects.filter(read_at=None)) == {second}
    browser.post(f"{path}read/")
    assert set(CheckIn.objects.filter(read_at=None)) == {second}, "only what was shown"
    browser.post(f"{path}read/", {"checkin": str(second.pk)})
    assert not CheckIn.objects.filter(read_at=None).exists()
    assert "was marked as read already" in browse.words(browser.post(f"{path}read/", follow=True))
    assert browser.post(f"{path}read/", {"checkin": "x"}).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [{}, {"HX-Request": "true", "HX-Preloaded": "true"}, {"X-Poll": "1"}, {"X-Poll": "1", "HX-Request": "true"}],
)
def test_looking_is_recorded_once_whatever_the_request_says_of_itself(
    cast: Cast, enter: Any, headers: dict[str, str]
) -> None:
    make.check_in(cast.a, 0, "A word that only who looks can know: ZEBRA.", safety=("self_harm",))
    flag = Flag.objects.get(rule="S01")
    browser, case = enter(cast.dana), f"/desk/cases/{cast.couple.pk}/"
    assert "ZEBRA" in browser.get(case, headers=headers).content.decode()
    viewed = AuditEvent.objects.filter(act="viewed", by=cast.dana, case=cast.couple)
    assert viewed.count() == 1
    for path in (case, f"{case}flags/{flag.pk}/", f"{case}safety/"):
        browser.get(path, headers=headers)
    assert viewed.count() == 1


def test_the_trail_tells_the_whole_story_to_who_holds_the_case(cast: Cast, enter: Any) -> None:
    make.check_in(cast.a, 0, c8={"ultimatum": 1})
    flag = Flag.objects.get()
    flags.acknowledge(case=cast.couple, flag_id=flag.pk, by=cast.dana, at=LATER)
    sent = make.share(cast.couple, cast.a, cast.dana, LATER, "X1")
    guidance.mark_opened(partner=cast.a, sent=sent, by=cast.alma, at=LATER)
    guidance.answer(partner=cast.a, sent_id=sent.pk, by=cast.alma, at=LATER, answer="tried")
    said = browse.words(enter(cast.dana).get("/desk/trail/", {"case": str(cast.couple.pk)}))
    for act in ("opened the case", "gave consent", "recorded a screening", "sent a check-in", "marked a flag as seen",
                "started a note", "inserted guidance into a note", "signed a note", "shared guidance", "opened guidance",
                "answered guidance"):  # fmt: skip
        assert act in said, act
    assert "Alma and Bruno" in said
    assert "Carla" not in said
    acts = set(AuditEvent.objects.values_list("act", flat=True))
    assert acts <= pages.ACTS.keys(), "every act has words"
    for other in (cast.erik, cast.fay):
        assert "Alma and Bruno" not in browse.words(enter(other).get("/desk/trail/", {"case": str(cast.couple.pk)}))
    owner = browse.words(enter(cast.ruth).get("/desk/trail/"))
    assert "enrolled an account" in owner
    assert "sent a check-in" not in owner


# What it costs


def _fill(cast: Cast, first: int, last: int) -> None:
    for number in range(first, last):
        make.check_in(
            cast.a if number % 3 else cast.b, number * 3, "I gave Bruno an ultimatum. It was calm." if number % 2 else "",
            c8={"push_return": 1, "ultimatum": 1} if number % 2 else "none", c3=number % 5,
        )  # fmt: skip
        if number % 5 == 0:
            make.share(cast.couple, cast.a, cast.dana, make.START, "X1")


def test_the_query_count_does_not_grow_with_the_record(cast: Cast, enter: Any) -> None:
    browser = enter(cast.dana)
    path = f"/desk/cases/{cast.couple.pk}/"
    browser.get(path)
    counts = []
    for first, last in ((0, 5), (5, 50)):
        _fill(cast, first, last)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20, counts


def test_flag_and_note_rooms_do_not_grow_either(cast: Cast, enter: Any) -> None:
    browser = enter(cast.dana)
    counts: dict[str, list[int]] = {"flag": [], "note": []}
    for first, last in ((0, 10), (10, 40)):
        _fill(cast, first, last)
        flag = Flag.objects.filter(case=cast.couple, rule="P03").earliest("opened_at")
        note = notes.start(case=cast.couple, by=cast.dana, at=LATER, flag=flag, body="Talked.")
        for room, path in (("flag", f"cases/{cast.couple.pk}/flags/{flag.pk}"), ("note", f"notes/{note.pk}")):
            browser.get(f"/desk/cases/{cast.couple.pk}/")  # the look is on the trail, once
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(f"/desk/{path}/").status_code == 200
            counts[room].append(len(queries))
    for room, (few, many) in counts.items():
        assert few == many <= {"flag": 20, "note": 22}[room], (room, few, many)


def test_rendering_asks_the_database_nothing(cast: Cast) -> None:
    _fill(cast, 0, 8)
    page = case_page(cast, days=40)
    with CaptureQueriesContext(connection) as queries:
        html = loader.render_to_string(
            "desk/_case.html", {"page": page, "stream": loader.render_to_string("desk/_stream.html", {"page": page})}
        )
    assert "What happened" in html
    assert list(queries) == []


def test_a_long_record_shows_the_newest_and_says_how_much_is_older(cast: Cast) -> None:
    for day in range(45):
        make.check_in(cast.a, day)
    assert len(case_page(cast, days=45).stream) == 45, "what is unread is never hidden"
    make.read_all(cast.couple, cast.dana, make.START + timedelta(days=45))
    page = case_page(cast, days=45)
    assert len(page.stream) == pages.STREAM_LENGTH == 10
    assert page.more.endswith("?shown=30")
    assert page.stream[0].at == make.START + timedelta(days=44)


def test_every_act_that_is_written_anywhere_has_words_in_the_trail() -> None:
    sources = [p for door in (clients, counselor) for p in Path(door.__path__[0]).rglob("*.py")]
    written = {
        act
        for path in sources
        for act in re.findall(
            r'(?:audit\.record\(|_keep\([^()]*?)\s*"([a-z_]+\.[a-z_]+)"', path.read_text(encoding="utf-8")
        )
    }
    assert len(written) > 40
    assert written <= pages.ACTS.keys()


def test_a_frightened_reporter_is_no_longer_told_of_as_the_one_who_presses(cast: Cast, enter: Any) -> None:
    """Flags from before the fear stay as plain history, on Case, in the room and in the list; advice is left out."""
    make.check_in(cast.a, 0, c8={"ultimatum": 2})
    before = next(c for c in case_page(cast).flags if c.rule == "P03")
    assert before.guidance
    assert not before.held
    make.check_in(cast.a, 1, safety=("afraid",))
    card = next(c for c in case_page(cast, days=2).flags if c.rule == "P03")
    assert (card.held, card.mark, card.guidance) == (True, "held", ())
    room = pages.flag(cast.couple, card.id, cast.dana, make.START + timedelta(days=2))
    assert room.card.held
    assert not room.card.guidance
    html = browse.body(enter(cast.dana).get(f"/desk/cases/{cast.couple.pk}/"))
    assert "own conduct is not judged" in html
    # Days later the fear is 90 days old; only the open safety flag still keeps the advice back.
    late = next(c for c in case_page(cast, days=93).flags if c.rule == "P03")
    assert not late.held
    assert late.withheld
    assert not {g.id for g in late.guidance} & {c.id for c in library.cards().values() if c.family in {"wait", "talk"}}


def test_who_is_to_keep_away_and_a_screening_with_a_concern_stand_at_the_head(cast: Cast, enter: Any) -> None:
    care.record_limit(
        case=cast.couple, keeps_away=cast.b, source="order", scope=["children"], since=make.START.date(),
        until=make.START.date() + timedelta(days=10), told=["A"], note="", by=cast.dana, at=make.START,
    )  # fmt: skip
    make.screen(cast.couple, cast.a, cast.dana, LATER, result="concern")
    page = case_page(cast, days=2)
    assert page.away == ("Bruno is not to contact Alma, but for the children: a court order.",)
    assert page.concern == ("Alma",)
    html = browse.body(enter(cast.dana).get(f"/desk/cases/{cast.couple.pk}/"))
    assert "The last screening of Alma named a concern." in html
    over = case_page(cast, days=11)
    assert over.away == ()  # its last day has gone by
    make.screen(cast.couple, cast.a, cast.dana, LATER + timedelta(days=5))
    assert case_page(cast, days=11).concern == ()
