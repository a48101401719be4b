"""A session note from its start to its signature and after: saved, filled with guidance and facts, signed, opened again,
added to. What is signed, or waits for a co-signature, is locked; the database says so, too.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from clients import audit, summary
from clients.guards import Guard
from clients.models import Case, Flag, Practice, User
from clients.models.base import new_id

from .. import library
from ..models import Addendum, NoteInsertion, NoteUnlock, NoteVersion, SessionNote
from .difference import only_adds
from .fields import Details, Unfit, shaped

BODY_LIMIT = 60_000
REASON_LIMIT = 300
_SAME_WORDS = (
    "NEW.body = OLD.body AND COALESCE(NEW.details, '') = COALESCE(OLD.details, '') AND NEW.kind = OLD.kind"
    " AND NEW.case_id = OLD.case_id AND NEW.author_id = OLD.author_id"
)

# A signed note refuses every route, form and bulk act: the database itself says no. It opens only to the very next
# version, word for word, and only where a row tells who opened it and why.
GUARDS = [
    Guard(
        "note_signed_stays",
        "counselor_sessionnote",
        "UPDATE",
        f"OLD.state = 'signed' AND NOT (NEW.state = 'draft' AND NEW.version = OLD.version + 1 AND {_SAME_WORDS}"  # noqa: S608
        " AND EXISTS (SELECT 1 FROM counselor_noteunlock u WHERE u.note_id = OLD.id AND u.version = OLD.version))",
        "a signed note is locked",
    ),
    Guard(
        "note_waiting_stays",
        "counselor_sessionnote",
        "UPDATE",
        f"OLD.state = 'waiting' AND NOT (NEW.version = OLD.version AND {_SAME_WORDS})",
        "a note that waits for its co-signature is locked",
    ),
    Guard("note_stays", "counselor_sessionnote", "DELETE", "OLD.state <> 'draft'", "a signed note is locked"),
    Guard("note_version_stays", "counselor_noteversion", "UPDATE", "1=1", "a version is never rewritten"),
    Guard("note_version_kept", "counselor_noteversion", "DELETE", "1=1", "a version is never removed"),
    Guard("note_unlock_stays", "counselor_noteunlock", "UPDATE", "1=1", "who opened a note is never rewritten"),
    Guard("note_unlock_kept", "counselor_noteunlock", "DELETE", "1=1", "who opened a note is never removed"),
    Guard("note_review_stays", "counselor_notereview", "UPDATE", "1=1", "a review is never rewritten"),
    Guard("note_review_kept", "counselor_notereview", "DELETE", "1=1", "a review is never removed"),
    Guard("addendum_stays", "counselor_addendum", "UPDATE", "1=1", "an addendum is never rewritten"),
    Guard("addendum_kept", "counselor_addendum", "DELETE", "1=1", "an addendum is never removed"),
    Guard("private_version_stays", "counselor_privateversion", "UPDATE", "1=1", "a version is never rewritten"),
    Guard("private_version_kept", "counselor_privateversion", "DELETE", "1=1", "a version is never removed"),
]


class Refused(Exception):
    """An act that the note's state does not allow; the text is for the counselor, `field` what it stands beside."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Conflict(Exception):
    """Somebody saved in between; `theirs` is what stands there now. Nothing is overwritten."""

    def __init__(self, theirs: SessionNote) -> None:
        super().__init__("This note was changed elsewhere in the meantime.")
        self.theirs = theirs


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of the record, ready to be put into a note: its words, where it stands, and whose it is (a partner's id)."""

    code: str
    words: str
    href: str
    partner: UUID | None

    @property
    def block(self) -> str:
        return f"- {self.words} ([evidence]({self.href}))"


def case_of(note_id: UUID, user: User) -> UUID | None:
    """For the doorkeeper: the case a note belongs to. What is not signed yet is its author's own."""
    found = SessionNote.objects.filter(pk=note_id).values_list("case_id", "author_id", "state").first()
    if found is None:
        return None
    case_id, author_id, state = found
    return case_id if state == SessionNote.State.SIGNED or author_id == user.pk else None


def holds(body: str, card_id: str) -> bool:
    """Whether the words of an inserted card stand in the note."""
    return f"({card_id}, version " in body


def check_body(body: str) -> str:
    if "\x00" in body:
        raise Refused("The text has a character in it that cannot be kept (a NUL). Please take it out.", "body")
    if len(body) > BODY_LIMIT:
        raise Refused(f"The note is {len(body):,} characters long; {BODY_LIMIT:,} fit.", "body")
    return body.replace("\r\n", "\n")


def check_words(words: str, field: str, empty: str) -> str:
    words = words.replace("\r\n", "\n").strip()
    if not words:
        raise Refused(empty, field)
    if len(words) > REASON_LIMIT:
        raise Refused(f"This is {len(words):,} characters long; {REASON_LIMIT:,} fit.", field)
    return check_body(words)


def _check_details(details: Details) -> str | None:
    try:
        return details.check().stored()
    except Unfit as unfit:
        raise Refused(str(unfit), unfit.field) from None


@transaction.atomic
def start(
    *, case: Case, by: User, at: datetime, flag: Flag | None = None, body: str = "", key: UUID | None = None,
    kind: str = SessionNote.Kind.PROGRESS, details: Details | None = None,
) -> SessionNote:  # fmt: skip
    """Start a draft. `key` comes with the form: posted twice, it is one note."""
    summary.lock(case)
    earlier = SessionNote.objects.filter(pk=key, case=case, author=by).first() if key else None
    if earlier is not None:
        return earlier
    if kind not in SessionNote.Kind.values:
        raise Refused("Please pick from the list.", "kind")
    details = details or Details()
    if kind == SessionNote.Kind.JOINT and not details.present:
        details = replace(details, present=("A", "B"))
    note = SessionNote.objects.create(
        id=key or new_id(),
        practice_id=case.practice_id,
        case=case,
        author=by,
        flag=flag,
        kind=kind,
        details=_check_details(details),
        body=shaped(check_body(body), details.shape),
        started_at=at,
        changed_at=at,
    )
    summary.touch(case, at=at)
    audit.record("note.started", by=by, at=at, case=case, subject=note.pk)
    return note


def _draft(case: Case, note_id: UUID, by: User) -> SessionNote:
    summary.lock(case)
    note = SessionNote.objects.select_for_update().get(pk=note_id, case=case)
    if note.state == SessionNote.State.SIGNED:
        raise Refused("This note is signed and locked. You can add an addendum.")
    if note.author_id != by.pk:
        raise Refused("Only its author changes a draft.")
    if note.state == SessionNote.State.WAITING:
        raise Refused("This note waits for its co-signature and is locked until then.")
    return note


def _change(
    note: SessionNote, *, by: User, at: datetime, body: str, version: int, kind: str, details: Details | None
) -> bool:
    """Write what is new, and keep what it replaces: nothing that stood in a note is ever gone."""
    body = check_body(body)
    stored = note.details if details is None else _check_details(details)
    kind = kind or note.kind
    if kind not in SessionNote.Kind.values:
        raise Refused("Please pick from the list.", "kind")
    if (body, stored, kind) == (note.body, note.details, note.kind):
        return False
    if version != note.version:
        raise Conflict(note)
    # a text that stands in the new one, with something added, needs no row of its own: autosave would make one in a breath
    if not (only_adds(note.body, body) and note.details in (None, stored)):
        keep(note, by=by, at=at)
    note.body, note.details, note.kind, note.version, note.changed_at = body, stored, kind, note.version + 1, at
    return True


def keep(note: SessionNote, *, by: User, at: datetime) -> NoteVersion:
    """What stands now, as a version."""
    return NoteVersion.objects.create(
        practice_id=note.practice_id, note=note, number=note.version, body=note.body, details=note.details, at=at, by=by,
        signed_at=note.signed_at, cosigned_at=note.cosigned_at,
    )  # fmt: skip


@transaction.atomic
def save(
    *, case: Case, note_id: UUID, by: User, at: datetime, body: str, version: int, kind: str = "",
    details: Details | None = None, headings: bool = False, both: bool = False,
) -> SessionNote:  # fmt: skip
    """Save a draft. `version` is the one the person started from; a newer one raises Conflict. `headings` puts in those
    of the format that are missing; `both` leaves what stands and puts the text after it."""
    note = _draft(case, note_id, by)
    if both and version == note.version:
        body = joined(note.body, body)
    if headings and details is not None:
        body = shaped(check_body(body), details.shape)
    if _change(note, by=by, at=at, body=body, version=version, kind=kind, details=details):
        note.save()
        audit.record("note.saved", by=by, at=at, case=case, subject=note.pk, version=note.version)
    return note


@transaction.atomic
def insert(
    *, case: Case, note_id: UUID, by: User, at: datetime, card: library.Card | None = None, fact: Fact | None = None,
    key: UUID | None = None, body: str | None = None, version: int = 0, kind: str = "", details: Details | None = None,
) -> NoteInsertion | None:  # fmt: skip
    """A card or a fact goes into the note. With `body` its words are put at the end of that text, which is saved; without,
    the page puts them at the cursor and saves later. None where it was done already under this key."""
    note = _draft(case, note_id, by)
    if key is not None and NoteInsertion.objects.filter(pk=key).exists():
        return None
    words = library.as_note_text(card) if card else fact.block if fact else ""
    if body is not None:
        # a second "Insert" with the same text finds the words there already, whatever its key
        _change(
            note, by=by, at=at, body=with_block(check_body(body), words), version=version, kind=kind, details=details
        )
        note.save()
    row = NoteInsertion.objects.create(
        id=key or new_id(), practice_id=note.practice_id, note=note, at=at, by=by,
        card=card.id if card else "", card_version=card.version if card else 0,
        evidence=fact.code if fact else "", partner_id=fact.partner if fact else None, words=fact.words if fact else None,
    )  # fmt: skip
    if card:
        told: dict[str, Any] = {"card": card.id, "version": card.version}
        audit.record("guidance.inserted", by=by, at=at, case=case, subject=note.pk, **told)
    elif fact:
        audit.record("fact.inserted", by=by, at=at, case=case, subject=note.pk, fact=fact.code)
    return row


def joined(standing: str, more: str) -> str:
    """Both texts, one after the other."""
    return f"{standing.rstrip()}\n\n---\n\n{more}"


def with_block(body: str, words: str) -> str:
    """The text with a block at its end; facts follow each other as one list."""
    body = body.rstrip()
    together = words.startswith("- ") and body.rsplit("\n", 1)[-1].startswith("- ")
    return f"{body}{chr(10) if together else chr(10) * 2}{words}".lstrip("\n")


@transaction.atomic
def sign(*, case: Case, note_id: UUID, by: User, at: datetime) -> SessionNote:
    """Sign and lock. A trainee's note waits for the supervisor (decisions 23)."""
    note = _draft(case, note_id, by)
    if not note.body.strip():
        raise Refused("An empty note cannot be signed.")
    details = Details.of(note.details)
    if details.start and details.stop and details.stop < details.start:
        raise Refused("The session stops before it starts. Please look at the times.", "stop")
    note.state = SessionNote.State.WAITING if by.trainee else SessionNote.State.SIGNED
    note.signed_at, note.signed_by, note.supervisor = at, by, by.supervisor if by.trainee else None
    note.save()
    summary.touch(case, at=at, sides=details.present)
    act = "note.sent_for_cosign" if by.trainee else "note.signed"
    audit.record(act, by=by, at=at, case=case, subject=note.pk, version=note.version)
    return note


def unlock_until(note: SessionNote, practice: Practice) -> datetime | None:
    """Until when its author may open a signed note again."""
    locked = note.cosigned_at or note.signed_at
    return locked + timedelta(hours=practice.unlock_hours) if locked and note.state == "signed" else None


@transaction.atomic
def unlock(*, case: Case, note_id: UUID, by: User, at: datetime, reason: str) -> SessionNote:
    """Open a signed note again, inside the practice's window and with a reason. What was signed stays as a version."""
    summary.lock(case)
    note = SessionNote.objects.select_for_update().get(pk=note_id, case=case)
    if note.author_id != by.pk:
        raise Refused("Only its author opens a note again.")
    until = unlock_until(note, case.practice)
    if until is None:
        raise Refused("This note is not signed, so there is nothing to open.")
    if at > until:
        raise Refused("The time for opening this note again has passed. You can add an addendum.")
    reason = check_words(reason, "reason", "Please say why the note is opened again.")
    keep(note, by=by, at=at)
    NoteUnlock.objects.create(
        practice_id=note.practice_id, note=note, version=note.version, reason=reason, at=at, by=by
    )
    note.state, note.version = SessionNote.State.DRAFT, note.version + 1
    note.signed_at = note.signed_by = note.supervisor = note.cosigned_at = None
    note.save()
    summary.stir(case, at=at)
    audit.record("note.unlocked", by=by, at=at, case=case, subject=note.pk, version=note.version)
    return note


@transaction.atomic
def add(*, case: Case, note_id: UUID, by: User, at: datetime, body: str, key: UUID | None = None) -> Addendum:
    """An addendum to a signed note: stamped, ordered, never changed. Posted twice under a key, it is one."""
    summary.lock(case)
    earlier = Addendum.objects.filter(pk=key, note_id=note_id, by=by).first() if key else None
    if earlier is not None:
        return earlier
    note = SessionNote.objects.get(pk=note_id, case=case)
    if note.state != SessionNote.State.SIGNED:
        raise Refused("A draft needs no addendum; just write on.")
    if not body.strip():
        raise Refused("The addendum is empty.")
    row = Addendum.objects.create(
        id=key or new_id(), practice_id=note.practice_id, note=note, body=check_body(body), at=at, by=by
    )
    audit.record("note.added_to", by=by, at=at, case=case, subject=note.pk)
    return row
