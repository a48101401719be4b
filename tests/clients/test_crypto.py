"""Texts at rest: they open for their own row and key, and for nothing else."""

import base64
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from clients import checkins, crypto, guidance
from clients.models import CaseSummary, CheckIn, Flag, SentGuidance
from counselor import notes
from tests import make, tables
from tests.conftest import Cast

OTHER_KEY = bytes(range(32))
LATER = make.START + timedelta(days=1)
texts = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=60)


@given(texts)
def test_what_was_sealed_opens_again(text: str) -> None:
    sealed = crypto.seal(text, "table.column.1")
    assert crypto.open_sealed(sealed, "table.column.1") == text


@given(texts, st.integers(0, 200), st.integers(1, 255))
def test_a_changed_byte_never_opens(text: str, place: int, change: int) -> None:
    sealed = bytearray(crypto.seal(text, "place"))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(crypto.Unreadable):
        crypto.open_sealed(bytes(sealed), "place")


@pytest.mark.parametrize("length", [0, 1, 2, 5, 20])
def test_a_cut_off_value_never_opens(length: int) -> None:
    with pytest.raises(crypto.Unreadable):
        crypto.open_sealed(crypto.seal("a longer text", "place")[:length], "place")


def test_the_same_text_is_stored_differently_each_time() -> None:
    assert crypto.seal("yes", "place") != crypto.seal("yes", "place")


def test_another_place_or_key_does_not_open(settings: Any) -> None:
    sealed = crypto.seal("secret", "place")
    with pytest.raises(crypto.Unreadable):
        crypto.open_sealed(sealed, "elsewhere")
    name = next(iter(settings.FIELD_KEYS))
    settings.FIELD_KEYS = {name: OTHER_KEY}
    with pytest.raises(crypto.Unreadable):
        crypto.open_sealed(sealed, "place")
    settings.FIELD_KEYS = {"new": OTHER_KEY}
    with pytest.raises(crypto.Unreadable):
        crypto.open_sealed(sealed, "place")


def test_after_a_change_of_keys_the_old_ones_still_open(settings: Any) -> None:
    sealed = crypto.seal("secret", "place")
    settings.FIELD_KEYS = {"new": OTHER_KEY} | settings.FIELD_KEYS
    assert crypto.open_sealed(sealed, "place") == "secret"
    assert b"new" in crypto.seal("secret", "place")


@pytest.mark.django_db
@pytest.mark.db_both
def test_empty_stays_empty_and_nothing_stays_nothing(cast: Cast) -> None:
    sent = make.check_in(cast.a, 0)
    row = CheckIn.objects.get(pk=sent.checkin.pk)
    assert row.text == ""
    CaseSummary.objects.filter(case=cast.couple).update(reason=None)
    assert CaseSummary.objects.get(case=cast.couple).reason is None


@pytest.mark.django_db
@pytest.mark.db_both
def test_a_value_copied_to_another_row_or_column_does_not_open(cast: Cast) -> None:
    first, second = make.check_in(cast.a, 0, "Mine."), make.check_in(cast.b, 0, "Yours.", next_session="Line.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM clients_checkin ORDER BY at, id")
        mine, yours = (bytes(row[0]) for row in cursor.fetchall())
        cursor.execute("UPDATE clients_checkin SET next_session = text")
        for sent, stored in ((first, yours), (second, mine)):
            cursor.execute(
                "UPDATE clients_checkin SET text = %s WHERE body_hash = %s", [stored, sent.checkin.body_hash]
            )
    for sent in (first, second):
        row = CheckIn.objects.get(pk=sent.checkin.pk)
        for column in ("text", "next_session"):
            with pytest.raises(crypto.Unreadable):
                getattr(row, column)


@pytest.mark.django_db
def test_a_sealed_column_refuses_a_plain_update(cast: Cast) -> None:
    make.check_in(cast.a, 0)
    with pytest.raises(TypeError, match="sealed"):
        CheckIn.objects.update(text="plain")


@pytest.mark.django_db
@pytest.mark.db_both
def test_no_row_holds_what_anybody_wrote_in_plain(cast: Cast) -> None:
    """Everything a client or counselor can write carries a word of its own; no table shows one of them."""
    text = "ZEBRATEXT I want to kill myself ZEBRATEXT"
    make.check_in(cast.a, 0, text, next_session="ZEBRALINE kill myself", safety=("self_harm",), key=uuid4())
    checkins.submit(
        partner=cast.b, by=cast.bruno, at=LATER, key=uuid4(),
        answers=checkins.Answers(make.items(), safety=("afraid",), call_me="ZEBRACALL"),
    )  # fmt: skip
    shared = make.share(cast.couple, cast.a, cast.dana, LATER, "X1", line="ZEBRAOWN")
    guidance.answer(partner=cast.a, sent_id=shared.pk, by=cast.alma, at=LATER, answer="tried", line="ZEBRABACK")
    note = notes.start(case=cast.couple, by=cast.dana, at=LATER, body="ZEBRANOTE")
    notes.save(case=cast.couple, note_id=note.pk, by=cast.dana, at=LATER, body="ZEBRANOTE more", version=1)
    notes.sign(case=cast.couple, note_id=note.pk, by=cast.dana, at=LATER)
    notes.add(case=cast.couple, note_id=note.pk, by=cast.dana, at=LATER, body="ZEBRAADDED")
    checkins.hold(user_id=cast.alma.pk, key=uuid4(), body="t1=ZEBRAHELD&s1=self_harm", at=LATER)
    assert "kill myself" in Flag.objects.filter(partner=cast.a).first().card  # it is kept, only not in plain
    assert SentGuidance.objects.get().line == "ZEBRAOWN"
    stored = repr(tables.dump())
    for word in ("ZEBRA", "kill myself", "afraid", "call_me", base64.b64encode(b"ZEBRATEXT").decode()[:10]):
        assert word not in stored, word
