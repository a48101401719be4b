"""Around a note: what is typed too late, pressed twice, private, put in from the record, and found again."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from clients import audit, checkins, guidance
from clients.models import Assignment, AuditEvent, Flag, HeldPost
from counselor import library, notes
from counselor.models import NoteInsertion, NoteVersion, PrivateNote, PrivateVersion, SessionNote
from tests import browse, make, tables
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
LATER = make.START + timedelta(days=1)
SIGNING_IN = tables.LOOKING | {"clients_user"}  # last_login
HTMX = {"HX-Request": "true"}


def draft(cast: Cast, body: str = "First.", at: Any = None, **more: Any) -> SessionNote:
    return notes.start(case=cast.couple, by=cast.dana, at=at or timezone.now(), body=body, **more)


def form_of(browser: Client, path: str) -> dict[str, str]:
    page = browser.get(path)
    return {name: browse.hidden(page, name) for name in ("who", "version")}


# Typed too late


@pytest.mark.parametrize("kind", ["notes", "private"])
@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_what_is_typed_on_a_dead_session_is_kept_for_that_person(cast: Cast, enter: Any, kind: str, htmx: bool) -> None:
    if kind == "notes":
        paper: Any = draft(cast)
    else:
        paper = notes.private.start(case=cast.couple, by=cast.dana, at=timezone.now(), body="First.")
    path = f"/desk/{kind}/{paper.pk}/"
    browser = enter(cast.dana)
    form = form_of(browser, path)
    browser.post("/accounts/logout/")
    for body in ("First. ZEBRA", "First. ZEBRA at last"):
        late = browser.post(path, form | {"body": body}, headers=HTMX if htmx else {})
        assert late.status_code == 200
        assert "kept for you" in browse.words(late)
        assert "ZEBRA" not in browse.body(late)
    paper.refresh_from_db()
    assert paper.body == "First."
    assert HeldPost.objects.count() == 1, "one window, its newest text"
    for other in (cast.erik, cast.ruth, cast.alma):
        assert "ZEBRA" not in browse.body(enter(other).get("/"))
    again = enter(cast.dana)
    page = browse.body(again.get(path))
    assert "ZEBRA at last" in page
    use = {"late": browse.hidden(again.get(path), "late"), "version": "1", "do": "use"}
    assert again.post(f"{path}late/", use).status_code == 302
    paper.refresh_from_db()
    assert paper.body == "First. ZEBRA at last"
    assert not HeldPost.objects.exists()
    assert again.post(f"{path}late/", use).status_code == 302, "pressed twice, it is once"


def test_a_late_text_can_go_after_what_stands_or_be_thrown_away(cast: Cast, enter: Any) -> None:
    note = draft(cast, "Stands.")
    path = f"/desk/notes/{note.pk}/"
    for do, body in (({"both": "1"}, "Stands.\n\n---\n\nLate."), ({"do": "drop"}, "Stands.\n\n---\n\nLate.")):
        browser = enter(cast.dana)
        form = form_of(browser, path)
        browser.post("/accounts/logout/")
        browser.post(path, form | {"body": "Late."})
        browser = enter(cast.dana)
        page = browser.get(path)
        browser.post(
            f"{path}late/", {"late": browse.hidden(page, "late"), "version": browse.hidden(page, "version")} | do
        )
        note.refresh_from_db()
        assert note.body == body
        assert not HeldPost.objects.exists()


def test_a_page_that_is_left_loses_nothing_even_when_another_window_saved(cast: Cast, enter: Any) -> None:
    note = draft(cast)
    path = f"/desk/notes/{note.pk}/"
    browser = enter(cast.dana)
    form = form_of(browser, path)
    assert browser.post(path, form | {"body": "First, and on the way out.", "leaving": "1"}).status_code == 204
    note.refresh_from_db()
    assert note.body == "First, and on the way out."
    assert browser.post(path, form | {"body": "From the old window.", "leaving": "1"}).status_code == 204
    note.refresh_from_db()
    assert note.body == "First, and on the way out."
    assert "From the old window." in browse.words(browser.get(path))


def test_the_fields_beside_a_late_text_come_with_it(cast: Cast, enter: Any) -> None:
    note = draft(cast)
    path = f"/desk/notes/{note.pk}/"
    browser = enter(cast.dana)
    form = form_of(browser, path)
    beside = {
        "kind": "joint",
        "shape": "free",
        "day": "2026-09-08",
        "start": "14:00",
        "present": ["A", "B"],
        "risk": "asked",
        "plan": "Rest.",
    }
    browser.post("/accounts/logout/")
    browser.post(path, form | beside | {"body": "First."})
    browser = enter(cast.dana)
    page = browser.get(path)
    assert "Plan: Rest." in browse.words(page)
    browser.post(f"{path}late/", {"late": browse.hidden(page, "late"), "version": "1", "do": "use"})
    note.refresh_from_db()
    kept = notes.fields.Details.of(note.details)
    assert (note.kind, kept.plan, kept.start, kept.present, kept.risk) == (
        "joint",
        "Rest.",
        "14:00",
        ("A", "B"),
        "asked",
    )


def test_a_late_field_that_no_note_takes_hurts_nobody(cast: Cast, enter: Any) -> None:
    note = draft(cast)
    path = f"/desk/notes/{note.pk}/"
    browser = enter(cast.dana)
    form = form_of(browser, path)
    browser.post("/accounts/logout/")
    browser.post(path, form | {"body": "Late.", "day": "never", "risk": "x", "present": ["Q"], "kind": "ode"})
    browser = enter(cast.dana)
    page = browser.get(path)
    use = {"late": browse.hidden(page, "late"), "version": "1", "do": "use"}
    assert browser.post(f"{path}late/", use).status_code == 422
    note.refresh_from_db()
    assert note.body == "Late.", "the text is saved all the same"


def test_a_late_text_of_a_note_that_was_signed_meanwhile_is_ready_as_an_addendum(cast: Cast, enter: Any) -> None:
    note = draft(cast)
    path = f"/desk/notes/{note.pk}/"
    notes.late.hold(
        user_id=cast.dana.pk, note_id=note.pk, window=uuid4(), body="First. And late.", version=1, at=timezone.now()
    )
    notes.sign(case=cast.couple, note_id=note.pk, by=cast.dana, at=timezone.now())
    browser = enter(cast.dana)
    use = {"late": browse.hidden(browser.get(path), "late"), "version": "1", "do": "use"}
    assert "First. And late.</textarea>" in browse.body(browser.post(f"{path}late/", use))


def test_a_late_text_is_taken_from_nobody_else_and_for_nobody_else(cast: Cast, enter: Any) -> None:
    note, other = draft(cast), draft(cast)
    path = f"/desk/notes/{note.pk}/"
    form = form_of(enter(cast.dana), path)
    before = tables.dump(SIGNING_IN)
    stranger = Client()
    for sent in (
        {"body": "Forged."}, form | {"body": "Forged.", "who": "forged"}, form | {"body": "Forged.", "version": "x"},
        form | {"body": "x" * 130_000},
    ):  # fmt: skip
        assert stranger.post(path, sent).status_code == 302
    assert stranger.post(f"/desk/notes/{other.pk}/", form | {"body": "Of another note."}).status_code == 302
    assert stranger.post(f"{path}sign/", {"body": "Forged.", "version": "1"}).status_code == 302
    assert tables.dump(SIGNING_IN) == before
    leaving = enter(cast.erik).post(path, form | {"body": "Erik's.", "leaving": "1"})
    assert leaving.status_code == 404
    assert tables.dump(SIGNING_IN) == before


def test_a_late_text_is_gone_after_two_days(cast: Cast, enter: Any, time_machine: Any) -> None:
    note = draft(cast)
    now = timezone.now()
    notes.late.hold(user_id=cast.dana.pk, note_id=note.pk, window=uuid4(), body="Late.", version=1, at=now)
    assert [late.body for late in notes.late.held(cast.dana, note.pk, now + timedelta(hours=47))] == ["Late."]
    assert notes.late.held(cast.dana, note.pk, now + timedelta(hours=49)) == []
    assert checkins.tidy_held(before=now + timedelta(hours=1)) == 1


def test_typed_while_the_note_was_signed_elsewhere_is_ready_as_an_addendum(cast: Cast, enter: Any) -> None:
    note = draft(cast)
    browser = enter(cast.dana)
    notes.sign(case=cast.couple, note_id=note.pk, by=cast.dana, at=timezone.now())
    page = browser.post(f"/desk/notes/{note.pk}/", {"body": "One thing more.", "version": "1"}, headers=HTMX)
    assert page.status_code == 409
    assert page.headers["HX-Retarget"] == "#main"
    assert "One thing more.</textarea>" in browse.body(page)
    note.refresh_from_db()
    assert note.body == "First."


# Two windows


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_the_conflict_page_marks_the_difference_and_both_can_be_kept(cast: Cast, enter: Any, htmx: bool) -> None:
    note = draft(cast, "We talked about Friday.")
    browser = enter(cast.dana)
    path = f"/desk/notes/{note.pk}/"
    for body, status in (("We talked about Monday.", 200 if htmx else 302), ("We spoke about Friday.", 409)):
        page = browser.post(path, {"body": body, "version": "1"}, headers=HTMX if htmx else {})
        assert page.status_code == status
    said = browse.body(page)
    assert "put in: </span> spoke" in said
    assert "taken out: </span> Monday" in said
    merged = {"body": "We spoke about Friday.", "version": browse.hidden(page, "version"), "both": "1"}
    for _ in range(2):
        browser.post(path, merged)
    note.refresh_from_db()
    assert note.body == "We talked about Monday.\n\n---\n\nWe spoke about Friday.", "pressed twice, it is one"


def test_the_page_of_both_texts_closed_without_a_choice_loses_nothing(cast: Cast, enter: Any) -> None:
    note = draft(cast)
    path = f"/desk/notes/{note.pk}/"
    browser = enter(cast.dana)
    form = form_of(browser, path)
    browser.post(path, {"body": "From elsewhere.", "version": "1"})
    page = browser.post(path, form | {"body": "ZEBRA from here."}, headers=HTMX)
    assert "ZEBRA from here." in browse.words(browser.get(path)), "offered when the note is opened again"
    chosen = {
        "body": "ZEBRA from here.",
        "version": browse.hidden(page, "version"),
        "late": browse.hidden(page, "late"),
    }
    assert browser.post(path, chosen).status_code == 302
    assert not HeldPost.objects.exists()
    assert "ended, or while" not in browse.words(browser.get(path))


# Insert, twice


@pytest.mark.parametrize("what", [{"card": "G11"}, {"fact": "flag"}], ids=["card", "fact"])
@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_a_double_click_on_insert_inserts_once(cast: Cast, enter: Any, htmx: bool, what: dict[str, str]) -> None:
    make.check_in(cast.a, 1, c8={"ultimatum": 1})
    flag = Flag.objects.get(rule="P03")
    note = draft(cast)
    browser = enter(cast.dana)
    path = f"/desk/notes/{note.pk}/"
    if "fact" in what:
        what = {"fact": f"flag:{flag.pk}"}
    sent = {"body": "Talked.", "version": "1", "insert_key": browse.hidden(browser.get(path), "insert_key")} | what
    first, second = (browser.post(f"{path}insert/", sent, headers=HTMX if htmx else {}) for _ in range(2))
    assert NoteInsertion.objects.count() == 1
    note.refresh_from_db()
    if htmx:
        assert "insertText" in first.headers["HX-Trigger"]
        assert "HX-Trigger" not in second.headers
        assert browse.hidden(first, "insert_key") != sent["insert_key"], "meant again, it is inserted again"
    else:
        assert (first.status_code, second.status_code) == (302, 302)
        words = "(G11, version" if "card" in what else f"/flags/{flag.pk}/"
        assert note.body.count(words) == 1
        third = browser.post(f"{path}insert/", sent | {"body": "Typed in between."})
        assert third.status_code == 409, "both texts are shown"


def test_only_facts_of_the_record_are_put_in(cast: Cast, enter: Any) -> None:
    note = draft(cast)
    browser = enter(cast.dana)
    before = tables.dump(SIGNING_IN)
    for code in ("flag:1", f"checkin:{uuid4()}", "x", "' OR 1"):
        assert (
            browser.post(f"/desk/notes/{note.pk}/insert/", {"fact": code, "body": "", "version": "1"}).status_code
            == 404
        )
    assert tables.dump(SIGNING_IN) == before


# Since the last note


def test_a_note_opens_with_what_happened_since_the_last_one(cast: Cast, enter: Any) -> None:
    now = timezone.now()
    days = (now - make.START) / timedelta(days=1)
    make.check_in(cast.a, days - 20, c8={"ultimatum": 1})
    earlier = draft(cast, at=now - timedelta(days=10))
    notes.sign(case=cast.couple, note_id=earlier.pk, by=cast.dana, at=now - timedelta(days=10))
    seen = make.check_in(cast.a, days - 3, c8={"uninvited": 2}, text="I went there ZEBRA.")
    theirs = make.check_in(cast.b, days - 2)
    note = draft(cast)
    page = browse.body(enter(cast.dana).get(f"/desk/notes/{note.pk}/"))
    assert f"checkin:{seen.checkin.pk}" in page
    assert f"#e-{theirs.checkin.pk}" in page, "each has a way to its evidence"
    assert "Since the note of" in page
    assert (
        page.count('name="fact" value="flag:')
        == Flag.objects.filter(head=None, opened_at__gt=now - timedelta(days=9)).count()
    )
    first = browse.body(enter(cast.dana).get(f"/desk/notes/{earlier.pk}/"))
    assert 'name="fact"' not in first, "a signed note takes nothing in"


def test_a_fact_stays_the_persons_it_came_from(cast: Cast, enter: Any) -> None:
    now = timezone.now()
    days = (now - make.START) / timedelta(days=1)
    theirs = make.check_in(cast.b, days - 2, c11=0)
    card = library.cards()["G11"]
    note = draft(cast, library.as_note_text(card))
    browser = enter(cast.dana)
    path = f"/desk/notes/{note.pk}/"
    code = f"checkin:{theirs.checkin.pk}"
    browser.post(f"{path}insert/", {"fact": code, "body": note.body, "version": "1"})
    row = NoteInsertion.objects.get()
    assert (row.partner, row.evidence) == (cast.b, code)
    note.refresh_from_db()
    assert "check-in of Bruno, own report" in note.body
    words = " ".join((row.words or "").split()[4:16])
    given: dict[str, Any] = {
        "case": cast.couple,
        "note_id": note.pk,
        "card": card,
        "by": cast.dana,
        "at": now,
        "line": words,
    }
    with pytest.raises(guidance.Guarded):
        notes.sharing.share_card(**given, partner=cast.a)
    assert notes.sharing.share_card(**given, partner=cast.b).line == words


def test_the_note_room_asks_as_often_with_many_facts_as_with_few(
    cast: Cast, django_assert_max_num_queries: Any, enter: Any
) -> None:
    now = timezone.now()
    days = (now - make.START) / timedelta(days=1)
    browser, counts = enter(cast.dana), []
    for number in range(2):
        note = draft(cast, at=now)
        with django_assert_max_num_queries(60) as asked:
            browser.get(f"/desk/notes/{note.pk}/")
        counts.append(len(asked))
        for day in range(6 if not number else 0):
            make.check_in(cast.a, days - 6 + day, c8={"ultimatum": 1, "uninvited": 2})
            make.check_in(cast.b, days - 6 + day)
    assert counts[1] <= counts[0] + 2, counts


# Private notes


def test_a_private_note_is_its_authors_alone(cast: Cast, enter: Any) -> None:
    note = notes.private.start(case=cast.couple, by=cast.dana, at=timezone.now(), body="ZEBRA thoughts")
    Assignment.objects.create(practice=cast.practice, case=cast.couple, user=cast.erik, role="cover", since=make.START)
    author, case_path = enter(cast.dana), f"/desk/cases/{cast.couple.pk}/"
    assert "ZEBRA thoughts" in browse.body(author.get(f"/desk/private/{note.pk}/"))
    for path in (case_path, f"{case_path}notes/"):
        assert f"/desk/private/{note.pk}/" in browse.body(author.get(path))
    for other in (cast.erik, cast.ruth, cast.fay, cast.alma):
        browser = enter(other)
        for path in ("", "versions/", "late/"):
            assert browser.get(f"/desk/private/{note.pk}/{path}").status_code in {404, 405}
            assert browser.post(f"/desk/private/{note.pk}/{path}", {"body": "x", "version": "1"}).status_code in {
                404,
                405,
            }
        for path in (case_path, f"{case_path}notes/", "/desk/notes/", "/desk/co-sign/", "/desk/trail/", "/desk/"):
            said = browse.body(browser.get(path))
            assert str(note.pk) not in said
            assert "ZEBRA" not in said
            assert "Private note" not in said
    trail = AuditEvent.objects.get(act="private.started")
    assert trail.case is None, "the trail of the case does not know it"
    assert PrivateNote.objects.get().body == "ZEBRA thoughts"


def test_a_private_note_is_saved_under_the_same_rules(cast: Cast, enter: Any) -> None:
    key = uuid4()
    browser = enter(cast.dana)
    for _ in range(2):
        browser.post(f"/desk/cases/{cast.couple.pk}/private/", {"key": str(key)})
    note = PrivateNote.objects.get()
    path = f"/desk/private/{note.pk}/"
    assert browser.post(path, {"body": "One.", "version": "1"}).status_code == 302
    assert browser.post(path, {"body": "Two.", "version": "2"}).status_code == 302
    assert browser.post(path, {"body": "Old window.", "version": "1"}).status_code == 409
    assert browser.post(path, {"body": "a\x00b", "version": "3"}).status_code in {409, 422}
    saved = browser.post(path, {"body": "Two. Three.", "version": "3"}, headers=HTMX)
    assert "Saved" in browse.words(saved)
    note.refresh_from_db()
    assert note.body == "Two. Three."
    assert [v.body for v in PrivateVersion.objects.all()] == ["One."]
    assert "One" in browse.words(browser.get(f"{path}versions/"))


# Search


def test_search_finds_ones_own_notes_and_nobody_elses(cast: Cast, enter: Any) -> None:
    now = timezone.now()
    mine = draft(cast, "We spoke of the *Lighthouse* and of Friday.")
    private = notes.private.start(case=cast.couple, by=cast.dana, at=now, body="The lighthouse again.")
    added = draft(cast, "Nothing here.")
    notes.sign(case=cast.couple, note_id=added.pk, by=cast.dana, at=now)
    notes.add(case=cast.couple, note_id=added.pk, by=cast.dana, at=now, body="LIGHTHOUSE, once more.")
    notes.start(case=cast.couple, by=cast.erik, at=now, body="Erik's lighthouse.")
    elsewhere = notes.start(case=cast.foreign, by=cast.fay, at=now, body="Fay's lighthouse.")
    gone = notes.start(case=cast.single, by=cast.dana, at=now, body="An old lighthouse.")
    Assignment.objects.filter(case=cast.single).update(until=now)
    browser = enter(cast.dana)
    for htmx in ({}, HTMX):
        page = browse.body(browser.post("/desk/notes/search/", {"q": "lightHOUSE"}, headers=htmx))
        for found in (mine, added):
            assert f"/desk/notes/{found.pk}/" in page
        assert f"/desk/private/{private.pk}/" in page
        for hidden in (elsewhere.pk, gone.pk):
            assert str(hidden) not in page
        assert "Erik" not in page
    both = browse.body(browser.post("/desk/notes/search/", {"q": "friday lighthouse"}))
    assert str(mine.pk) in both
    assert str(private.pk) not in both
    assert "Nothing was found" in browse.words(browser.post("/desk/notes/search/", {"q": "submarine"}))
    for short in ("", "x", "   "):
        assert "at least two letters" in browse.words(browser.post("/desk/notes/search/", {"q": short}))
    assert "lighthouse" not in browse.words(enter(cast.ruth).post("/desk/notes/search/", {"q": "lighthouse"})).lower()
    audit.verify(cast.practice.pk)


def test_search_goes_through_many_notes_in_batches_and_says_how_far_it_is(
    cast: Cast, enter: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(notes.search, "BATCH", 4)
    now = timezone.now()
    for number in range(10):
        draft(cast, f"Note {number}: lighthouse.", at=now - timedelta(days=number // 2))
    browser, seen, rest = enter(cast.dana), [], ""
    for _ in range(5):
        page = browser.post("/desk/notes/search/", {"q": "lighthouse", "rest": rest}, headers=HTMX)
        body = browse.body(page)
        seen += [n for n in range(10) if f"Note {n}:" in body]
        if 'name="rest"' not in body:
            break
        assert "<progress" in body
        rest = browse.hidden(page, "rest")
    assert seen == list(range(10)) or sorted(seen) == list(range(10))
    assert len(seen) == 10, "none twice"
    for nonsense in ("x", "1~2~3", "9~9~2026-01-01~no"):
        assert browser.post("/desk/notes/search/", {"q": "lighthouse", "rest": nonsense}).status_code == 200


def test_search_is_bounded(cast: Cast, enter: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(notes.search, "MOST_HITS", 3)
    for number in range(6):
        draft(cast, f"Note {number}: lighthouse.")
    page = browse.body(enter(cast.dana).post("/desk/notes/search/", {"q": "lighthouse"}))
    assert page.count("lighthouse</strong>") == 3


def test_versions_of_notes_are_numbered_once(cast: Cast) -> None:
    note = draft(cast)
    for version, body in enumerate(["Second.", "Third."], 1):
        notes.save(case=cast.couple, note_id=note.pk, by=cast.dana, at=LATER, body=body, version=version)
    assert [v.number for v in NoteVersion.objects.order_by("number")] == [1, 2]
