"""Whatever is done to a note, in whatever order: no word that was saved is lost, what is signed stays as it was signed, and a
client reads what was shared with them and not withdrawn, nothing else."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from clients import guidance
from clients.models import SentGuidance
from counselor import library, notes
from counselor.models import NoteVersion, SessionNote
from tests import browse, make
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
CARD = library.cards()["G11"]
LATER = make.START + timedelta(days=1)
TOKEN = re.compile(r"zq\d+x")


def machine(cast: Cast) -> type[RuleBasedStateMachine]:
    """Dana writes; Alma and Bruno look. Every piece of writing carries a word of its own."""

    class Life(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.undo = transaction.atomic()
            self.undo.__enter__()
            self.now, self.count = LATER, 0
            self.saved: set[str] = set()
            self.signed: dict[int, str] = {}
            self.sent: dict[str, tuple[Any, str]] = {}  # word -> (guidance, whose)
            self.portals = {}
            for side, user in (("A", cast.alma), ("B", cast.bruno)):
                self.portals[side] = Client()
                self.portals[side].force_login(user)

        def teardown(self) -> None:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

        def word(self) -> str:
            self.count += 1
            return f"zq{self.count}x"

        def given(self) -> dict[str, Any]:
            self.now += timedelta(minutes=7)
            return {"case": cast.couple, "note_id": self.note.pk, "by": cast.dana, "at": self.now}

        def row(self) -> SessionNote:
            return SessionNote.objects.get(pk=self.note.pk)

        @initialize()
        def start(self) -> None:
            word = self.word()
            body = f"{library.as_note_text(CARD)}\n{word}"
            self.note = notes.start(case=cast.couple, by=cast.dana, at=self.now, body=body)
            notes.insert(**self.given(), card=CARD)
            self.saved.add(word)

        @rule(how=st.sampled_from(["after", "before", "instead", "empty"]), stale=st.booleans(), both=st.booleans())
        def edit(self, how: str, stale: bool, both: bool) -> None:
            row, word = self.row(), self.word()
            old = row.body
            body = {"after": f"{old} {word}", "before": f"{word} {old}", "instead": word, "empty": ""}[how]
            try:
                notes.save(**self.given(), body=body, version=row.version - stale, both=both)
            except (notes.Refused, notes.Conflict):
                assert self.row().body == old
            else:
                self.saved |= set(TOKEN.findall(body))

        @rule()
        def sign(self) -> None:
            try:
                row = notes.sign(**self.given())
            except notes.Refused:
                return
            self.signed[row.version] = row.body

        @rule(late=st.booleans())
        def unlock(self, late: bool) -> None:
            if late:
                self.now += timedelta(days=2)
            try:
                notes.unlock(**self.given(), reason="Something is missing.")
            except notes.Refused:
                return
            assert not late

        @rule()
        def add(self) -> None:
            word = self.word()
            try:
                notes.add(**self.given(), body=word)
            except notes.Refused:
                return
            self.saved.add(word)

        @rule(side=st.sampled_from("AB"))
        def share(self, side: str) -> None:
            word, partner = self.word(), {"A": cast.a, "B": cast.b}[side]
            try:
                row = notes.sharing.share_card(**self.given(), card=CARD, partner=partner, line=word)
            except guidance.Refused:
                return
            self.sent[word] = (row.pk, side)

        @precondition(lambda self: self.sent)
        @rule(data=st.data())
        def withdraw(self, data: Any) -> None:
            word = data.draw(st.sampled_from(sorted(self.sent)))
            pk, _ = self.sent.pop(word)
            guidance.withdraw(case=cast.couple, sent_id=pk, by=cast.dana, at=self.given()["at"])

        @invariant()
        def nothing_is_lost(self) -> None:
            kept = [self.row().body, *(v.body for v in NoteVersion.objects.filter(note=self.note))]
            kept += [a.body for a in self.note.addenda.all()]
            assert self.saved <= set(TOKEN.findall(" ".join(kept)))

        @invariant()
        def what_was_signed_stands(self) -> None:
            row = self.row()
            stands = {v.number: v.body for v in NoteVersion.objects.filter(note=self.note)} | {row.version: row.body}
            assert {number: stands[number] for number in self.signed} == self.signed

        @invariant()
        def a_client_reads_what_was_shared_and_nothing_else(self) -> None:
            for side, browser in self.portals.items():
                listed = browse.body(browser.get("/portal/guidance/"))
                mine = {str(pk) for pk, whose in self.sent.values() if whose == side}
                assert set(re.findall(r"/portal/guidance/([0-9a-f-]{36})/", listed)) == mine
                said = browse.body(browser.get("/portal/")) + listed
                for pk in SentGuidance.objects.values_list("pk", flat=True):
                    answer = browser.get(f"/portal/guidance/{pk}/")
                    said += browse.body(answer) if answer.status_code == 200 else ""
                assert set(TOKEN.findall(said)) == {word for word, (_, whose) in self.sent.items() if whose == side}

    return Life


def test_no_order_of_acts_loses_a_word_or_shows_one_that_was_not_shared(cast: Cast) -> None:
    run_state_machine_as_test(
        machine(cast),
        settings=settings(
            max_examples=25,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
