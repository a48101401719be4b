"""The papers around a note: what is not finished, search, private notes, co-signing, and how a practice wants its notes."""

from typing import Any
from uuid import UUID, uuid5

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clients import access, audit

from .. import notes, pages
from ..forms import CommentForm, NoteSettingsForm, PaperForm
from .autosave import hold, is_leaving, keep_beside, keep_leaving, sign_who, whole_page
from .entry import note_view


@access.without_case
@require_GET
def notes_room(request: Any) -> HttpResponse:
    page = pages.notes_room(request.user, timezone.now())
    return render(request, "desk/notes_room.html", {"page": page, "room": "notes", "asked": ""})


@access.without_case
@require_http_methods(["GET", "POST"])
def search_notes(request: Any) -> HttpResponse:
    """Words come by post: they are about people, and an address is written down in many places."""
    if request.method == "GET":
        return redirect("desk:notes_room")
    asked, rest, now = request.POST.get("q", "")[:80].strip(), request.POST.get("rest", ""), timezone.now()
    found = pages.search(request.user, asked, now, rest)
    for case in access.visible_cases(request.user, now).filter(pk__in=found.cases):
        audit.record_view(by=request.user, at=now, case=case, what="search")
    context = {"found": found, "asked": asked, "goes_on": bool(rest), "room": "notes"}
    if request.htmx:
        return render(request, "desk/_notes_found.html", context)
    return render(request, "desk/notes_found.html", context)


# Private notes


@require_POST
def start_private(request: Any, case_id: UUID) -> HttpResponse:
    try:
        key = uuid5(UUID(request.POST.get("key", "")), "private")
    except ValueError:
        key = None
    row = notes.private.start(case=request.case, by=request.user, at=timezone.now(), key=key)
    return redirect("desk:private", private_id=row.pk)


def _show_private(request: Any, private_id: UUID, form: PaperForm | None = None, status: int = 200) -> HttpResponse:
    page = pages.private(request.case, private_id, request.user, timezone.now())
    form = form or PaperForm(initial={"body": page.body, "version": page.version})
    context = {"page": page, "form": form, "room": "notes", "who": sign_who(request.user.pk, private_id)}
    return whole_page(request, render(request, "desk/private.html", context, status=status))


@access.keeps_posts(hold)
@require_http_methods(["GET", "POST"])
def private(request: Any, private_id: UUID) -> HttpResponse:
    if request.method == "GET":
        return _show_private(request, private_id)
    saved = _save(request, private_id)
    if isinstance(saved, HttpResponse):
        return saved
    notes.late.drop(request.user, private_id, request.POST.get("late", ""), timezone.now())
    if is_leaving(request):
        return HttpResponse(status=204)
    if request.htmx:
        page = pages.private(request.case, private_id, request.user, timezone.now())
        return render(request, "desk/_saved.html", {"page": page})
    messages.success(request, "Saved.")
    return redirect("desk:private", private_id=private_id)


def _save(request: Any, private_id: UUID) -> Any:
    form = PaperForm(request.POST)
    if not form.is_valid():
        return (
            keep_leaving(request, private_id) if is_leaving(request) else _show_private(request, private_id, form, 422)
        )
    body = form.cleaned_data["body"]
    try:
        return notes.private.save(
            case=request.case, note_id=private_id, by=request.user, at=timezone.now(), body=body,
            version=form.cleaned_data["version"], both="both" in request.POST,
        )  # fmt: skip
    except notes.private.Conflict as conflict:
        return keep_leaving(request, private_id) if is_leaving(request) else _conflict(request, conflict.theirs, body)
    except notes.Refused as refusal:
        if is_leaving(request):
            return keep_leaving(request, private_id)
        form.add_error("body", str(refusal))
        return _show_private(request, private_id, form, 409)


def _conflict(request: Any, theirs: Any, body: str) -> HttpResponse:
    mine = body.replace("\r\n", "\n")
    context = {
        "post_to": reverse("desk:private", args=[theirs.pk]), "mine": mine, "theirs": theirs.body, "theirs_version": theirs.version,
        "pieces": notes.difference.compare(theirs.body, mine), "late": keep_beside(request, theirs.pk), "room": "notes",
        "who": sign_who(request.user.pk, theirs.pk),
    }  # fmt: skip
    return whole_page(request, render(request, "desk/note_conflict.html", context, status=409))


@require_POST
def late_private(request: Any, private_id: UUID) -> HttpResponse:
    now, chosen = timezone.now(), request.POST.get("late", "")
    late = next((t for t in notes.late.held(request.user, private_id, now) if str(t.id) == chosen), None)
    if late is not None:
        if request.POST.get("do") != "drop":
            request.POST = request.POST.copy()
            request.POST["body"] = late.body
            saved = _save(request, private_id)
            if isinstance(saved, HttpResponse):
                return saved
        notes.late.drop(request.user, private_id, str(late.id), now)
    return redirect("desk:private", private_id=private_id)


@require_GET
def private_versions(request: Any, private_id: UUID) -> HttpResponse:
    asked = (request.GET.get("from", ""), request.GET.get("to", ""))
    page = pages.private_versions(request.case, private_id, request.user, timezone.now(), *asked)
    return render(request, "desk/note_versions.html", {"page": page, "room": "notes"})


# Co-signing


@access.without_case
@require_GET
def cosign_queue(request: Any) -> HttpResponse:
    page = pages.queue(request.user, timezone.now())
    return render(request, "desk/cosign_queue.html", {"page": page, "room": "notes"})


@require_http_methods(["GET", "POST"])
def cosign_note(request: Any, waiting_id: UUID) -> HttpResponse:
    """The note alone, sent to this supervisor: signed, or sent back with a comment."""
    form = CommentForm(request.POST or None)
    said, status = "", 200
    if request.method == "POST" and form.is_valid():
        comment, back = form.cleaned_data["comment"], request.POST.get("do") == "send_back"
        given = {
            "case": request.case,
            "note_id": waiting_id,
            "by": request.user,
            "at": timezone.now(),
            "comment": comment,
        }
        try:
            (notes.send_back if back else notes.cosign_note)(**given)
        except notes.Refused as refusal:
            if refusal.field == "comment":
                form.add_error("comment", str(refusal))
                status = 422
            else:
                said, status = str(refusal), 409
        else:
            messages.success(request, "Sent back." if back else "Co-signed. The note is locked now.")
            return redirect("desk:cosign_queue")
    else:
        note_view(request, "cosign")
    page = pages.waiting(request.case, waiting_id, request.user, timezone.now())
    context = {"page": page, "form": form, "said": said, "room": "notes"}
    return render(request, "desk/cosign_note.html", context, status=status)


# The practice's own way


@access.lead_only
@require_http_methods(["GET", "POST"])
def note_settings(request: Any) -> HttpResponse:
    page = pages.note_settings(request.user)
    placed = {f"order_{code}": number for number, code in enumerate(page.order, 1)}
    form = NoteSettingsForm(page.fields, request.POST or None, initial=placed | {"unlock_hours": page.unlock_hours})
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                notes.settings.set_up(
                    practice=request.user.practice, unlock_hours=form.cleaned_data["unlock_hours"], order=form.order(),
                    by=request.user, at=timezone.now(),
                )  # fmt: skip
            except notes.Refused as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            else:
                messages.success(request, "Kept.")
                return redirect("desk:note_settings")
        status = 422
    return render(request, "desk/note_settings.html", {"page": page, "form": form, "room": "notes"}, status=status)
