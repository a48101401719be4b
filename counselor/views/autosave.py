"""What a page that saves by itself sends too late: after its session had ended, or while it was being left. The form says,
signed, whose it is and of which note, so that a text is kept for that person and taken from nobody else.
"""

from typing import Any
from uuid import UUID, uuid4

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from clients.checkins import HELD_FOR

from .. import notes
from ..forms import NoteForm

SALT = "counselor.late"


def sign_who(user_id: UUID, note_id: UUID) -> str:
    """A new one for every page: what one window sent last replaces what it sent before."""
    return signing.dumps({"user": str(user_id), "note": str(note_id), "window": str(uuid4())}, salt=SALT)


def _keep(request: HttpRequest, note_id: UUID) -> UUID | None:
    try:
        who = signing.loads(request.POST.get("who", ""), salt=SALT, max_age=HELD_FOR)
        version = int(request.POST.get("version", ""))
    except (signing.BadSignature, ValueError):
        return None
    if who["note"] != str(note_id) or request.user.pk not in {None, UUID(who["user"])}:
        return None
    body = request.POST.get("body", "")
    beside = {name: request.POST.getlist(name) for name in ("kind", *NoteForm.BESIDE) if name in request.POST}
    if len(body) + sum(len(value) for values in beside.values() for value in values) > 2 * notes.BODY_LIMIT:
        return None
    return notes.late.hold(
        user_id=UUID(who["user"]), note_id=note_id, window=UUID(who["window"]), body=body, version=version,
        beside=beside, at=timezone.now(),
    )  # fmt: skip


def hold(request: HttpRequest) -> HttpResponse | None:
    """A text posted on a session that had ended. None: it is nobody's, and the sign-in page answers."""
    found: Any = request.resolver_match
    name = "note_id" if "note_id" in found.kwargs else "private_id"
    if _keep(request, found.kwargs[name]) is None:
        return None
    back = reverse("desk:note" if name == "note_id" else "desk:private", kwargs={name: found.kwargs[name]})
    at_home = {"back": back, "version": request.POST.get("version", "")}
    part = "desk/_kept_late.html" if request.headers.get("HX-Request") else "desk/kept_late.html"
    return render(request, part, at_home)


def whole_page(request: Any, response: HttpResponse) -> HttpResponse:
    """A page that answers where htmx asked for a part: it takes the place of the whole content."""
    if request.htmx and not request.htmx.boosted:
        response["HX-Retarget"] = response["HX-Reselect"] = "#main"
        response["HX-Reswap"] = "outerHTML"
    return response


def is_leaving(request: Any) -> bool:
    """Sent by a page on its way out: nobody will see the answer."""
    return "leaving" in request.POST


def keep_leaving(request: Any, note_id: UUID) -> HttpResponse:
    """It could not be saved, and nobody is there to read why: offered when the note is opened again."""
    return HttpResponse(status=204 if _keep(request, note_id) else 409)


def keep_beside(request: Any, note_id: UUID) -> str:
    """What the page of both texts shows is kept as well, should it be closed without a choice; the id goes with its form."""
    return str(_keep(request, note_id) or request.POST.get("late", ""))
