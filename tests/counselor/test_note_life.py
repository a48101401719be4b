"""What happens to a note between its first word and its last addendum: fields, versions, opened again, co-signed."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from clients import access, audit, care, guidance
from clients.models import Assignment, AuditEvent, Practice, SentGuidance, User
from counselor import library, notes
from counselor.models import NoteReview, NoteUnlock, NoteVersion, SessionNote
from counselor.notes.fields import COPIED, HEADINGS, Details
from tests import browse, make, tables
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
LATER = make.START + timedelta(days=1)
SIGNING_IN = tables.LOOKING | {"clients_user"}  # last_login
FULL = Details(
    day="2026-09-08", start="14:00", stop="14:50", present=("A", "B"), others="an interpreter", place="room",
    goal="Fewer messages", risk="asked", risk_words="No concern.", plan="Speak on Friday.",
)  # fmt: skip


def start(cast: Cast, body: str = "First.", by: User | None = None, **more: Any) -> SessionNote:
    return notes.start(case=cast.couple, by=by or cast.dana, at=LATER, body=body, **more)


def save(cast: Cast, note: SessionNote, body: str, version: int, **more: Any) -> SessionNote:
    given: dict[str, Any] = {"case": cast.couple, "by": cast.dana, "at": LATER} | more
    return notes.save(note_id=note.pk, body=body, version=version, **given)


def sign(cast: Cast, note: SessionNote, **more: Any) -> SessionNote:
    given: dict[str, Any] = {"case": cast.couple, "by": cast.dana, "at": LATER} | more
    return notes.sign(note_id=note.pk, **given)


def unlock(cast: Cast, note: SessionNote, hours: float = 1, **more: Any) -> SessionNote:
    given: dict[str, Any] = {"case": cast.couple, "by": cast.dana, "reason": "A name was wrong."} | more
    return notes.unlock(note_id=note.pk, at=LATER + timedelta(hours=hours), **given)


@pytest.fixture
def tess(cast: Cast) -> User:
    """In training under Ruth, and holding the couple's case."""
    row = make.trainee(cast.practice, "Tess", cast.ruth)
    Assignment.objects.update(until=LATER)
    Assignment.objects.create(practice=cast.practice, case=cast.couple, user=row, role="primary", since=LATER)
    return row


# Kinds, formats and fields


@pytest.mark.parametrize("shape", HEADINGS)
def test_a_format_gives_its_headings_and_keeps_what_was_written(cast: Cast, shape: str) -> None:
    note = start(cast, "", details=Details(shape=shape))
    for name in HEADINGS[shape]:
        assert f"## {name}" in note.body
    other = "dap" if shape == "soap" else "soap"
    empty = save(cast, note, note.body, 1, details=Details(shape=other), headings=True)
    assert [line[3:] for line in empty.body.splitlines() if line] == list(HEADINGS[other]), (
        "nothing stood under the old ones"
    )
    written = save(
        cast, note, "Came late.\n\n## Plan\n\nRest.", empty.version, details=Details(shape=shape), headings=True
    )
    assert written.body.startswith("Came late.\n\n## Plan\n\nRest.")
    assert all(written.body.count(f"## {name}") == 1 for name in HEADINGS[shape])
    again = save(cast, note, written.body, written.version, details=Details(shape=shape), headings=True)
    assert again.body == written.body


def test_the_fields_are_kept_versioned_locked_and_shown(cast: Cast, enter: Any) -> None:
    note = start(cast, "Talked.", kind="joint")
    assert Details.of(note.details).present == ("A", "B"), "a joint note is about both"
    browser = enter(cast.dana)
    page = browser.get(f"/desk/notes/{note.pk}/")
    assert "Not asked" in browse.words(page)
    posted = {
        "body": "Talked.", "version": "1", "kind": "joint", "shape": "free", "day": "2026-09-08", "start": "14:00", "stop": "14:50",
        "present": ["A", "B"], "others": "an interpreter", "place": "room", "goal": "Fewer messages", "risk": "asked",
        "risk_words": "No concern.", "plan": "Speak on Friday.",
    }  # fmt: skip
    assert browser.post(f"/desk/notes/{note.pk}/", posted).status_code == 302
    note.refresh_from_db()
    assert Details.of(note.details) == FULL
    assert Details.of(NoteVersion.objects.get().details).place == "", "what stood before is kept"
    browser.post(f"/desk/notes/{note.pk}/", {"body": "Talked more.", "version": "2"})
    note.refresh_from_db()
    assert Details.of(note.details) == FULL, "a post of the text alone leaves the fields"
    sign(cast, note)
    words = browse.words(browser.get(f"/desk/notes/{note.pk}/"))
    for said in (
        "Joint session note",
        "14:00–14:50",
        "Alma, Bruno, an interpreter",
        "In the room",
        "Asked. No concern.",
        "Speak on Friday.",
    ):
        assert said in words
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        connection.cursor().execute("UPDATE counselor_sessionnote SET details = NULL")


@pytest.mark.parametrize(
    ("details", "field"),
    [(Details(shape="poem"), "shape"), (Details(place="moon"), "place"), (Details(risk="maybe"), "risk"),
     (Details(day="the day after"), "day"), (Details(day="2026-02-30"), "day"), (Details(stop="soon"), "stop"),
     (Details(plan="x" * 4_001), "plan"), (Details(others="a\x00b"), "others")],
)  # fmt: skip
def test_a_field_that_no_form_offers_is_refused(cast: Cast, details: Details, field: str) -> None:
    note = start(cast)
    before = tables.dump()
    with pytest.raises(notes.Refused) as refusal:
        save(cast, note, "Second.", 1, details=details)
    assert refusal.value.field == field
    with pytest.raises(notes.Refused, match="from the list"):
        save(cast, note, "Second.", 1, kind="sonnet")
    assert tables.dump() == before


def test_a_field_with_a_fault_does_not_keep_the_text_from_being_saved(cast: Cast, enter: Any) -> None:
    note = start(cast, "")
    posted = {
        "body": "The text.",
        "version": "1",
        "kind": "progress",
        "shape": "free",
        "day": "the day after",
        "risk": "not_asked",
    }
    page = enter(cast.dana).post(f"/desk/notes/{note.pk}/", posted)
    assert page.status_code == 422
    note.refresh_from_db()
    assert note.body == "The text."
    assert browse.hidden(page, "version") == "2"


def test_a_session_that_stops_before_it_starts_is_not_signed(cast: Cast) -> None:
    note = start(cast, details=Details(start="15:00", stop="14:00"))
    with pytest.raises(notes.Refused, match="stops before"):
        sign(cast, note)


# Versions


def test_a_version_stays_for_all_that_was_taken_out_and_none_for_what_was_added(cast: Cast) -> None:
    note = start(cast, "One.")
    for version, body in enumerate(["One. Two.", "One. And a half. Two.", "Three."], 1):
        save(cast, note, body, version)
    assert [(v.number, v.body) for v in NoteVersion.objects.all()] == [(3, "One. And a half. Two.")]


def test_any_two_versions_are_compared_in_words(cast: Cast, enter: Any) -> None:
    note = start(cast, "Alma came late.\nWe talked.")
    save(cast, note, "Alma came early.\nWe talked.", 1)
    save(cast, note, "Nobody came.", 2)
    browser = enter(cast.dana)
    path = f"/desk/notes/{note.pk}/versions/"
    page = browse.body(browser.get(path, {"from": "1", "to": "2"}))
    assert '<del><span class="visually-hidden">taken out: </span> late' in page
    assert "put in: </span> early" in page
    last = browse.body(browser.get(path))
    assert "Nobody" in last
    for nonsense in ({"from": "x", "to": "-1"}, {"from": "99", "to": "7"}, {"from": "2", "to": "2"}):
        assert browser.get(path, nonsense).status_code == 200


# Opened again


def test_a_signed_note_opens_again_inside_the_window_with_a_reason(cast: Cast, enter: Any) -> None:
    note = start(cast, "The signed words.")
    sign(cast, note)
    browser = enter(cast.dana)
    unlock(cast, note)
    note.refresh_from_db()
    assert (note.state, note.body, note.version) == ("draft", "The signed words.", 2)
    kept = NoteVersion.objects.get()
    assert (kept.body, kept.signed_at) == ("The signed words.", LATER)
    assert NoteUnlock.objects.get().reason == "A name was wrong."
    assert AuditEvent.objects.filter(act="note.unlocked", subject=note.pk).count() == 1
    save(cast, note, "Better words.", 2)
    sign(cast, note)
    page = browse.words(browser.get(f"/desk/notes/{note.pk}/"))
    assert "A name was wrong." in page
    assert "taken out: The signed" in browse.words(
        browser.get(f"/desk/notes/{note.pk}/versions/", {"from": "1", "to": "3"})
    )
    audit.verify(cast.practice.pk)


def test_who_may_not_open_a_note_and_when_not(cast: Cast, enter: Any) -> None:
    note = start(cast)
    with pytest.raises(notes.Refused, match="not signed"):
        unlock(cast, note)
    sign(cast, note)
    before = tables.dump()
    with pytest.raises(notes.Refused, match="Only its author"):
        unlock(cast, note, by=cast.erik)
    for reason in ("", "  \n", "x" * 301):
        with pytest.raises(notes.Refused):
            unlock(cast, note, reason=reason)
    with pytest.raises(notes.Refused, match="passed"):
        unlock(cast, note, hours=24.01)
    with pytest.raises(SessionNote.DoesNotExist):
        unlock(cast, note, case=cast.single)
    assert tables.dump() == before
    Practice.objects.update(unlock_hours=0)
    cast.couple.practice.refresh_from_db()
    with pytest.raises(notes.Refused, match="passed"):
        unlock(cast, note, hours=0.1)
    assert enter(cast.dana).post(f"/desk/notes/{note.pk}/unlock/", {"reason": "Late."}).status_code == 409


def test_the_database_opens_no_note_without_its_row(cast: Cast) -> None:
    note = start(cast)
    sign(cast, note)
    opened = (
        "UPDATE counselor_sessionnote SET state = 'draft', signed_at = NULL, signed_by_id = NULL, version = version + 1"
    )

    def refused(change: str) -> None:
        with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
            connection.cursor().execute(change)

    refused(opened)
    NoteUnlock.objects.create(practice=cast.practice, note=note, version=1, reason="r", at=LATER, by=cast.dana)
    refused(f"{opened}, author_id = (SELECT id FROM clients_user WHERE name = 'Erik')")
    refused(f"{opened}, body = (SELECT reason FROM counselor_noteunlock)")
    refused("UPDATE counselor_sessionnote SET version = version + 1")
    connection.cursor().execute(opened)


def test_opening_twice_is_once(cast: Cast) -> None:
    note = start(cast)
    sign(cast, note)
    unlock(cast, note)
    with pytest.raises(notes.Refused, match="not signed"):
        unlock(cast, note)
    assert NoteUnlock.objects.count() == 1


# Co-signing


def test_a_trainees_note_waits_is_sent_back_and_is_co_signed(cast: Cast, tess: User, enter: Any) -> None:
    note = start(cast, "Tess wrote this.", by=tess)
    trainee, ruth = enter(tess), enter(cast.ruth)
    answer = trainee.post(f"/desk/notes/{note.pk}/sign/", {"body": "Tess wrote this.", "version": "1"}, follow=True)
    assert "waits for Ruth" in browse.words(answer)
    note.refresh_from_db()
    assert (note.state, note.supervisor) == ("waiting", cast.ruth)
    for act in (lambda: save(cast, note, "More.", 1, by=tess), lambda: sign(cast, note, by=tess)):
        with pytest.raises(notes.Refused, match="waits for its co-signature"):
            act()
    queue = browse.words(ruth.get("/desk/co-sign/"))
    assert "Tess" in queue
    assert "waits since" in queue
    path = f"/desk/co-sign/{note.pk}/"
    assert "Tess wrote this." in browse.words(ruth.get(path))
    assert ruth.post(path, {"do": "send_back", "comment": " "}).status_code == 422
    assert ruth.post(path, {"do": "send_back", "comment": "Please say more about Friday."}).status_code == 302
    assert ruth.get(path).status_code == 404, "a draft is its author's own again"
    back = browse.words(trainee.get(f"/desk/notes/{note.pk}/"))
    assert "Please say more about Friday." in back
    save(cast, note, "Tess wrote this. On Friday they met.", 1, by=tess)
    sign(cast, note, by=tess)
    assert ruth.post(path, {"do": "sign", "comment": ""}).status_code == 302
    note.refresh_from_db()
    assert (note.state, note.signed_by, note.supervisor, note.cosigned_at is None) == ("signed", tess, cast.ruth, False)
    assert [r.outcome for r in NoteReview.objects.order_by("at")] == [
        "sent_back",
        "signed",
    ] or NoteReview.objects.count() == 2
    again = ruth.post(path, {"do": "sign"})
    assert again.status_code == 409
    assert "does not wait" in browse.words(again)
    audit.verify(cast.practice.pk)


def test_nobody_else_co_signs_and_the_supervisor_reads_nothing_else(cast: Cast, tess: User, enter: Any) -> None:
    note = start(cast, by=tess)
    sign(cast, note, by=tess)
    before = tables.dump(SIGNING_IN)
    for by in (cast.dana, cast.erik, cast.fay, tess):
        for act in (notes.cosign_note, notes.send_back):
            with pytest.raises(notes.Refused, match="Only the supervisor"):
                act(case=cast.couple, note_id=note.pk, by=by, at=LATER, comment="No.")
        assert enter(by).get(f"/desk/co-sign/{note.pk}/").status_code == 404
        assert str(note.pk) not in browse.body(enter(by).get("/desk/co-sign/"))
    ruth = enter(cast.ruth)
    for path in (f"/desk/notes/{note.pk}/", f"/desk/notes/{note.pk}/text/", f"/desk/cases/{cast.couple.pk}/"):
        assert ruth.get(path).status_code == 404
    assert tables.dump(SIGNING_IN) == before


def test_sharing_waits_for_the_co_signature(cast: Cast, tess: User, enter: Any) -> None:
    card = library.cards()["G11"]
    note = start(cast, library.as_note_text(card), by=tess)
    notes.insert(case=cast.couple, note_id=note.pk, by=tess, at=LATER, card=card)
    given: dict[str, Any] = {
        "case": cast.couple,
        "note_id": note.pk,
        "card": card,
        "partner": cast.a,
        "by": tess,
        "at": LATER,
    }
    browser = enter(tess)
    for _ in ("as a draft", "while it waits"):
        with pytest.raises(guidance.Refused, match="waits for the co-signature"):
            notes.sharing.share_card(**given)
        page = browse.body(browser.get(f"/desk/notes/{note.pk}/"))
        assert "/share/G11/" not in page
        assert browser.post(f"/desk/notes/{note.pk}/share/G11/", {"side": "A"}).status_code == 422
        if SessionNote.objects.get().state == "draft":
            sign(cast, note, by=tess)
    assert not SentGuidance.objects.exists()
    notes.cosign_note(case=cast.couple, note_id=note.pk, by=cast.ruth, at=LATER)
    assert notes.sharing.share_card(**given).card == "G11"


def test_a_note_that_waits_is_locked_in_the_database_too(cast: Cast, tess: User) -> None:
    note = start(cast, by=tess)
    sign(cast, note, by=tess)
    for change in ("version = 9", "kind = 'contact'"):
        with pytest.raises(IntegrityError, match="waits for its co-signature"), transaction.atomic():
            connection.cursor().execute(f"UPDATE counselor_sessionnote SET {change}")
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        connection.cursor().execute("DELETE FROM counselor_sessionnote")


# As plain text, and on paper


def test_a_copy_follows_the_practices_order(cast: Cast, enter: Any) -> None:
    note = start(cast, "## Subjective\n\n**Tired**, see [evidence](/desk/).", details=FULL)
    sign(cast, note)
    browser, path = enter(cast.dana), f"/desk/notes/{note.pk}/text/"
    plain = browser.get(path)
    assert plain.headers["Content-Type"] == "text/plain; charset=utf-8"
    text = browse.body(plain)
    assert "Subjective\n\nTired, see evidence." in text
    assert text.index("Participants") < text.index("Subjective") < text.index("Plan: Speak on Friday.")
    assert "Signed by Dana" in text
    lead = enter(cast.ruth)
    order = {"order_plan": "1", "order_text": "2", "order_when": "3", "unlock_hours": "48"}
    assert lead.post("/desk/notes/settings/", order).status_code == 302
    assert notes.settings.copy_order(cast.practice) == ("plan", "text", "when")
    text = browse.body(browser.get(path))
    assert text.index("Plan: Speak") < text.index("Subjective") < text.index("14:00")
    assert "Participants" not in text
    assert Practice.objects.get(pk=cast.practice.pk).unlock_hours == 48
    assert Practice.objects.get(pk=cast.elsewhere.pk).unlock_hours == 24


def test_what_the_lead_cannot_set(cast: Cast, enter: Any) -> None:
    lead = enter(cast.ruth)
    before = tables.dump(SIGNING_IN)
    for wrong in ({"unlock_hours": "48"}, {"unlock_hours": "-1", "order_text": "1"}, {"unlock_hours": "", "order_text": "1"},
                  {"unlock_hours": "169", "order_text": "1"}):  # fmt: skip
        assert lead.post("/desk/notes/settings/", wrong).status_code == 422
    assert tables.dump(SIGNING_IN) == before
    assert set(COPIED) == set(notes.settings.copy_order(cast.practice))


def test_a_case_before_a_court_says_so_on_every_copy(cast: Cast, enter: Any) -> None:
    note = start(cast, "Talked.")
    browser = enter(cast.dana)
    assert care.CAUTION not in browse.body(browser.get(f"/desk/notes/{note.pk}/"))
    care.mark_litigation(case=cast.couple, kinds=["custody"], text_off=False, by=cast.dana, at=LATER)
    save(cast, note, "Nobody came.", 1)
    for path in ("", "text/", "versions/"):
        assert care.CAUTION in browse.body(browser.get(f"/desk/notes/{note.pk}/{path}"))


def test_the_cast_is_let_in_as_planned(cast: Cast, tess: User) -> None:
    assert access.visible_cases(tess, LATER).get() == cast.couple
