"""Sharing from a note: what stands in the way, and whose words are in it."""

from datetime import datetime
from uuid import UUID

from clients import guidance
from clients.models import Case, Partner, SentGuidance, User

from .. import library
from ..models import NoteInsertion, SessionNote
from .writing import holds


def why_not(note: SessionNote) -> str:
    """The sentence that stands in the way of sharing anything from this note, or ""."""
    if note.state != SessionNote.State.SIGNED and note.author.trainee:
        return "Sharing from a trainee’s note waits for the co-signature."
    return ""


def why_not_whole(note: SessionNote) -> str:
    """The same for a passage of the note's own text. A joint note holds what both said, so no passage of it goes out."""
    if note.kind == SessionNote.Kind.JOINT:
        return "A joint note is about both, so its text is shared with neither. Cards can be shared from it."
    return why_not(note)


def of_the_other(note: SessionNote, partner: Partner) -> list[str]:
    """The facts in this note that are the other person's: the share guard looks for their words."""
    rows = NoteInsertion.objects.filter(note=note, partner__isnull=False).exclude(partner=partner)
    return [row.words for row in rows if row.words]


def share_card(
    *, case: Case, note_id: UUID, card: library.Card, partner: Partner, by: User, at: datetime, line: str = "", override: str = ""
) -> SentGuidance:  # fmt: skip
    """A card that stands in the note goes to one partner; all else is for `guidance.send` to decide."""
    note = SessionNote.objects.select_related("author", "flag").get(pk=note_id, case=case)
    refusal = why_not(note)
    if refusal:
        raise guidance.Refused(refusal)
    if card.desk_only or not holds(note.body, card.id):
        raise guidance.Refused("This card does not stand in the note.")
    text = library.for_client(card, partner.other_name)
    return guidance.send(
        case=case, partner=partner, text=text, by=by, at=at, line=line.replace("\r\n", "\n"), flag=note.flag, note=note_id,
        override=override, others=of_the_other(note, partner),
    )  # fmt: skip
