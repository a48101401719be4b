"""Session notes: drafted, never overwritten unseen, signed and then locked; guidance keeps its source."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from clients import audit
from clients.models import Assignment, AuditEvent, CaseSummary, Flag, SentGuidance
from counselor import library, notes
from counselor.models import Addendum, NoteInsertion, NoteVersion, SessionNote
from tests import browse, make, tables
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
LATER = make.START + timedelta(days=1)


def start(cast: Cast, body: str = "First.") -> SessionNote:
    return notes.start(case=cast.couple, by=cast.dana, at=LATER, body=body)


def save(cast: Cast, note: SessionNote, body: str, version: int, **more: Any) -> SessionNote:
    given: dict[str, Any] = {"case": cast.couple, "by": cast.dana, "at": LATER} | more
    return notes.save(note_id=note.pk, body=body, version=version, **given)


def sign(cast: Cast, note: SessionNote, **more: Any) -> SessionNote:
    given: dict[str, Any] = {"case": cast.couple, "by": cast.dana, "at": LATER} | more
    return notes.sign(note_id=note.pk, **given)


def share_with_erik(cast: Cast) -> None:
    """The days in which one counselor hands the case to another."""
    Assignment.objects.create(
        practice=cast.practice, case=cast.couple, user=cast.erik, since=make.START, until=LATER + timedelta(days=90)
    )


# Drafts


def test_each_save_keeps_what_stood_before(cast: Cast) -> None:
    note = start(cast)
    for version, body in ((1, "Second."), (2, "Third.")):
        save(cast, note, body, version)
    note.refresh_from_db()
    assert (note.body, note.version, note.state) == ("Third.", 3, "draft")
    assert [v.body for v in NoteVersion.objects.order_by("number")] == ["First.", "Second."]
    acts = AuditEvent.objects.filter(subject=note.pk).order_by("seq").values_list("act", flat=True)
    assert list(acts) == ["note.started", "note.saved", "note.saved"]
    assert CaseSummary.objects.get(case=cast.couple).last_staff_at == LATER


def test_saving_the_same_text_again_adds_nothing(cast: Cast) -> None:
    note = start(cast)
    before = tables.dump()
    save(cast, note, "First.", 1)
    save(cast, note, "First.", 99)
    assert tables.dump() == before


def test_a_save_from_an_old_page_shows_both_texts_and_overwrites_nothing(cast: Cast, enter: Any) -> None:
    note = start(cast)
    save(cast, note, "From the other window.", 1)
    before = tables.dump()
    with pytest.raises(notes.Conflict) as conflict:
        save(cast, note, "Mine.", 1)
    assert (conflict.value.theirs.body, conflict.value.theirs.version) == ("From the other window.", 2)
    assert tables.dump() == before
    browser = enter(cast.dana)
    page = browser.post(f"/desk/notes/{note.pk}/", {"body": "Mine.", "version": "1"})
    assert page.status_code == 409
    assert "From the other window." in browse.body(page)
    assert "Mine." in browse.body(page)
    merged = {"body": "Both.", "version": browse.hidden(page, "version")}
    assert browser.post(f"/desk/notes/{note.pk}/", merged).status_code == 302
    note.refresh_from_db()
    assert note.body == "Both."


def test_a_draft_is_its_authors_own(cast: Cast, enter: Any) -> None:
    share_with_erik(cast)
    note = start(cast, "ZEBRA draft")
    before = tables.dump()
    for act in (
        lambda: save(cast, note, "Erik was here.", 1, by=cast.erik),
        lambda: sign(cast, note, by=cast.erik),
        lambda: notes.insert(case=cast.couple, note_id=note.pk, by=cast.erik, at=LATER, card=library.cards()["G11"]),
    ):
        with pytest.raises(notes.Refused, match="Only its author"):
            act()
    assert tables.dump() == before
    colleague = enter(cast.erik)
    assert colleague.get(f"/desk/notes/{note.pk}/").status_code == 404
    case_page = browse.body(colleague.get(f"/desk/cases/{cast.couple.pk}/"))
    assert str(note.pk) not in case_page
    sign(cast, note)
    assert "ZEBRA draft" in browse.body(colleague.get(f"/desk/notes/{note.pk}/"))


@pytest.mark.parametrize(("body", "says"), [("a\x00b", "NUL"), ("x" * 60_001, "60,001 characters")])
def test_a_text_that_cannot_be_kept_is_refused(cast: Cast, body: str, says: str) -> None:
    note = start(cast)
    before = tables.dump()
    for act in (
        lambda: start(cast, body),
        lambda: save(cast, note, body, 1),
    ):
        with pytest.raises(notes.Refused, match=says):
            act()
    assert tables.dump() == before


def test_a_note_is_changed_only_from_its_own_case(cast: Cast) -> None:
    note = start(cast)
    with pytest.raises(SessionNote.DoesNotExist):
        save(cast, note, "Elsewhere.", 1, case=cast.single)
    with pytest.raises(SessionNote.DoesNotExist):
        sign(cast, note, case=cast.foreign, by=cast.fay)


# Signing


def test_a_signed_note_is_locked_for_acts_and_for_the_database(cast: Cast) -> None:
    note = start(cast)
    sign(cast, note)
    note.refresh_from_db()
    assert (note.state, note.signed_by, note.signed_at) == ("signed", cast.dana, LATER)
    before = tables.dump()
    for act in (
        lambda: save(cast, note, "Changed.", 1),
        lambda: sign(cast, note),
        lambda: notes.insert(case=cast.couple, note_id=note.pk, by=cast.dana, at=LATER, card=library.cards()["G11"]),
    ):
        with pytest.raises(notes.Refused, match="signed and locked"):
            act()
    note.body = "Changed."
    for tamper in (
        note.save,
        lambda: SessionNote.objects.update(state="draft", signed_at=None, signed_by=None),
        lambda: connection.cursor().execute("UPDATE counselor_sessionnote SET body = NULL"),
        lambda: connection.cursor().execute("DELETE FROM counselor_sessionnote"),
    ):
        with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
            tamper()
    assert tables.dump() == before


@pytest.mark.parametrize("body", ["", "  \n "])
def test_an_empty_note_cannot_be_signed(cast: Cast, body: str) -> None:
    note = start(cast, body)
    with pytest.raises(notes.Refused, match="empty"):
        sign(cast, note)
    note.refresh_from_db()
    assert note.state == "draft"


def test_signing_saves_what_the_page_holds(cast: Cast, enter: Any) -> None:
    note = start(cast)
    enter(cast.dana).post(f"/desk/notes/{note.pk}/sign/", {"body": "The last word.", "version": "1"})
    note.refresh_from_db()
    assert (note.body, note.state) == ("The last word.", "signed")


# Addenda


def test_addenda_are_stamped_ordered_and_stay(cast: Cast, enter: Any) -> None:
    note = start(cast)
    with pytest.raises(notes.Refused, match="no addendum"):
        notes.add(case=cast.couple, note_id=note.pk, by=cast.dana, at=LATER, body="Too early.")
    sign(cast, note)
    share_with_erik(cast)
    for hours, by in ((1, cast.dana), (2, cast.erik)):
        notes.add(case=cast.couple, note_id=note.pk, by=by, at=LATER + timedelta(hours=hours), body=f"After {hours}.")
    for body in ("", " \n"):
        with pytest.raises(notes.Refused, match="empty"):
            notes.add(case=cast.couple, note_id=note.pk, by=cast.dana, at=LATER, body=body)
    page = browse.words(enter(cast.dana).get(f"/desk/notes/{note.pk}/"))
    assert page.index("After 1.") < page.index("After 2.")
    assert "Erik" in page
    for change in (lambda: Addendum.objects.update(at=LATER), lambda: Addendum.objects.all().delete()):
        with pytest.raises(IntegrityError, match="never"), transaction.atomic():
            change()


# Guidance in a note


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_an_inserted_card_keeps_its_words_source_and_version(cast: Cast, enter: Any, htmx: bool) -> None:
    make.check_in(cast.a, 0, c8={"ultimatum": 1})
    flag = Flag.objects.get(rule="P03")
    browser = enter(cast.dana)
    moved = browser.post(f"/desk/cases/{cast.couple.pk}/notes/", {"flag": str(flag.pk)})
    note = SessionNote.objects.get()
    assert moved.headers["Location"] == f"/desk/notes/{note.pk}/"
    assert note.flag == flag
    card = library.cards()["G03"]
    headers = {"HX-Request": "true"} if htmx else {}
    data = {"card": "G03", "body": "Talked about Friday.", "version": "1"}
    answered = browser.post(f"/desk/notes/{note.pk}/insert/", data, headers=headers)
    note.refresh_from_db()
    if htmx:
        assert "insertText" in answered.headers["HX-Trigger"]
        assert note.body == "", "the words land at the cursor and are saved with the note"
    else:
        assert note.body == f"Talked about Friday.\n\n{library.as_note_text(card)}"
        assert card.citation in note.body
    row = NoteInsertion.objects.get()
    assert (row.card, row.card_version, row.by) == ("G03", card.version, cast.dana)
    link = AuditEvent.objects.filter(act="guidance.inserted").get()
    assert link.detail == {"card": "G03", "version": card.version}


def test_a_shared_card_names_its_note_and_flag_and_is_offered_once(cast: Cast, enter: Any) -> None:
    make.check_in(cast.a, 0, c8={"ultimatum": 1})
    flag = Flag.objects.get(rule="P03")
    note = notes.start(
        case=cast.couple, by=cast.dana, at=LATER, flag=flag, body=library.as_note_text(library.cards()["G03"])
    )
    notes.insert(case=cast.couple, note_id=note.pk, by=cast.dana, at=LATER, card=library.cards()["G03"])
    browser = enter(cast.dana)
    path = f"/desk/notes/{note.pk}/share/G03/"
    preview = browser.get(path, {"side": "A"})
    sent = browser.post(path, {"side": "A", "line": "Take your time."})
    assert sent.status_code == 302
    row = SentGuidance.objects.get()
    assert (row.note, row.flag, row.partner, row.line) == (note.pk, flag, cast.a, "Take your time.")
    assert row.title in browse.words(preview), "the preview shows what is sent"
    assert "Bruno" in row.body or "{partner}" not in row.body
    page = browse.body(browser.get(f"/desk/notes/{note.pk}/"))
    assert f"{path}?side=A" not in page
    assert f"{path}?side=B" in page
    length = audit.verify(cast.practice.pk)
    again = browser.post(path, {"side": "A"})
    assert again.status_code == 422
    assert "already been shared with Alma" in browse.words(again)
    assert (SentGuidance.objects.count(), audit.verify(cast.practice.pk)) == (1, length)


def test_a_card_for_the_desk_only_is_never_offered_for_sharing(cast: Cast, enter: Any) -> None:
    desk_only = [card for card in library.cards().values() if card.desk_only]
    assert desk_only
    note = start(cast)
    for card in desk_only:
        notes.insert(case=cast.couple, note_id=note.pk, by=cast.dana, at=LATER, card=card)
    browser = enter(cast.dana)
    page = browse.body(browser.get(f"/desk/notes/{note.pk}/"))
    for card in desk_only:
        assert f"/share/{card.id}/" not in page
        assert browser.post(f"/desk/notes/{note.pk}/share/{card.id}/", {"side": "A"}).status_code == 404
    assert not SentGuidance.objects.exists()


def test_what_is_written_is_shown_as_text_not_run(cast: Cast, enter: Any) -> None:
    evil = "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) {{ 7|add:7 }} **bold**"
    note = start(cast, evil)
    sign(cast, note)
    notes.add(case=cast.couple, note_id=note.pk, by=cast.dana, at=LATER, body=evil)
    page = browse.body(enter(cast.dana).get(f"/desk/notes/{note.pk}/"))
    assert "<strong>bold</strong>" in page
    for bad in ("<script>alert", "<img src=x", 'href="javascript:', " 14 "):
        assert bad not in page
