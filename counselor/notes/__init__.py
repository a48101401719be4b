"""Session notes (product.md, Notes): `writing` them, the `fields` beside the text, `cosign` by a supervisor, `sharing` from
them, `private` process notes, texts `late` for a session that had ended, the `difference` of two texts, `search`.
"""

from ..models import SessionNote
from . import cosign, difference, fields, late, private, search, settings, sharing
from .cosign import case_of_waiting, cosign_note, send_back
from .private import case_of_private
from .writing import (
    BODY_LIMIT,
    GUARDS,
    Conflict,
    Fact,
    Refused,
    add,
    case_of,
    holds,
    insert,
    save,
    sign,
    start,
    unlock,
    unlock_until,
    with_block,
)  # fmt: skip

__all__ = [
    "BODY_LIMIT", "GUARDS", "Conflict", "Fact", "Refused", "SessionNote", "add", "case_of", "case_of_private", "case_of_waiting",
    "cosign", "cosign_note", "difference", "fields", "holds", "insert", "late", "private", "save", "search", "send_back",
    "settings", "sharing", "sign", "start", "unlock", "unlock_until", "with_block",
]  # fmt: skip
