"""Looking for words in one counselor's own notes. They are sealed, so each is opened and read: newest first, a batch at a
time, only in cases this person holds now."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models import Q

from clients import access
from clients.models import User

from ..models import Addendum, PrivateNote, SessionNote

BATCH = 400
MOST_HITS = 60
SHORTEST, LONGEST = 2, 80
AROUND = 90


@dataclass(frozen=True, slots=True)
class Hit:
    """`before`, `found` and `after` are the words around the first place."""

    note: UUID
    private: bool
    case: UUID
    kind: str
    at: datetime
    before: str
    found: str
    after: str


@dataclass(frozen=True, slots=True)
class Batch:
    """`rest` is where to go on, or ""; `looked` and `total` say how far it is."""

    hits: tuple[Hit, ...]
    looked: int
    total: int
    rest: str


def terms(asked: str) -> list[str]:
    """The words looked for; all of them have to stand in a note."""
    return [word for word in _plain(asked[:LONGEST]).split() if word]


def look(user: User, asked: str, at: datetime, rest: str = "") -> Batch:
    """One batch. `rest` comes from the batch before."""
    words = terms(asked)
    if sum(map(len, words)) < SHORTEST:
        return Batch((), 0, 0, "")
    cases = list(access.visible_cases(user, at).values_list("pk", flat=True))
    mine = Q(author=user, case_id__in=cases)
    signed, private = SessionNote.objects.filter(mine), PrivateNote.objects.filter(mine)
    total = signed.count() + private.count()
    looked, hits_so_far, before = _place(rest)
    if before is not None:
        older = Q(started_at__lt=before[0]) | Q(started_at=before[0], pk__lt=before[1])
        signed, private = signed.filter(older), private.filter(older)
    papers: list[Any] = sorted(
        chain(signed.order_by("-started_at", "-id")[:BATCH], private.order_by("-started_at", "-id")[:BATCH]),
        key=lambda paper: (paper.started_at, paper.pk),
        reverse=True,
    )[:BATCH]
    added: dict[UUID, list[str]] = {}
    for row in Addendum.objects.filter(note__in=[p.pk for p in papers], by=user).order_by("at", "id"):
        added.setdefault(row.note_id, []).append(row.body)
    hits = []
    for paper in papers:
        hit = _hit(paper, [paper.body, *added.get(paper.pk, ())], words)
        if hit:
            hits.append(hit)
    looked += len(papers)
    kept = hits[: max(MOST_HITS - hits_so_far, 0)]
    goes_on = len(papers) == BATCH and hits_so_far + len(hits) < MOST_HITS
    last = papers[-1] if papers else None
    place = f"{looked}~{hits_so_far + len(kept)}~{last.started_at.isoformat()}~{last.pk}" if goes_on and last else ""
    return Batch(tuple(kept), looked, max(total, looked), place)


def _place(rest: str) -> tuple[int, int, tuple[datetime, UUID] | None]:
    """What `look` said of how far it came; anything else starts anew."""
    try:
        looked, hits, moment, pk = rest.split("~")
        return int(looked), int(hits), (datetime.fromisoformat(moment), UUID(pk))
    except ValueError:
        return 0, 0, None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _hit(paper: Any, texts: list[str], words: list[str]) -> Hit | None:
    whole = _plain("\n".join(texts))
    if not all(word in whole for word in words):
        return None
    private = isinstance(paper, PrivateNote)
    kind = "Private note" if private else paper.get_kind_display()
    for text in texts:
        found = re.search("|".join(re.escape(word) for word in words), text, re.IGNORECASE)
        if found:
            start, end = found.span()
            before = ("…" if start > AROUND else "") + text[max(start - AROUND, 0) : start]
            after = text[end : end + AROUND] + ("…" if len(text) > end + AROUND else "")
            return Hit(paper.pk, private, paper.case_id, kind, paper.started_at, before, found[0], after)
    return Hit(paper.pk, private, paper.case_id, kind, paper.started_at, texts[0][:AROUND], "", "")
