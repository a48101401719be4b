"""Session notes, and sharing guidance from them."""

import json
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from clients import guidance

from .. import library as shelf
from .. import notes, pages
from ..forms import AddendumForm, NoteForm, OverrideForm, ShareForm
from .entry import note_view


def _key(request: Any, about: str = "") -> UUID | None:
    """The key that came with the form and makes a second post harmless; one page may start notes about several flags."""
    try:
        return uuid5(UUID(request.POST.get("key", "")), about)
    except ValueError:
        return None


@require_POST
def start_note(request: Any, case_id: UUID) -> HttpResponse:
    flag_id = request.POST.get("flag", "")
    found = next((f for f in request.case.flags.all() if str(f.pk) == flag_id), None)
    if flag_id and found is None:
        raise Http404
    row = notes.start(case=request.case, by=request.user, at=timezone.now(), flag=found, key=_key(request, flag_id))
    return redirect("desk:note", note_id=row.pk)


def _show_note(
    request: Any, note_id: UUID, form: NoteForm | None = None, status: int = 200, **context: Any
) -> HttpResponse:
    page = pages.note(request.case, note_id, request.user, timezone.now())
    form = form or NoteForm(initial={"body": page.body, "version": page.version})
    return render(
        request,
        "desk/note.html",
        {"page": page, "form": form, "addendum": AddendumForm(), "room": "", "key": uuid4(), **context},
        status=status,
    )


@require_http_methods(["GET", "POST"])
def note(request: Any, note_id: UUID) -> HttpResponse:
    if request.method == "GET":
        note_view(request, "note")
        return _show_note(request, note_id)
    saved = _save(request, note_id)
    if isinstance(saved, HttpResponse):
        return saved
    if request.htmx:
        page = pages.note(request.case, note_id, request.user, timezone.now())
        return render(request, "desk/_saved.html", {"page": page})
    messages.success(request, "Saved.")
    return redirect("desk:note", note_id=note_id)


def _save(request: Any, note_id: UUID) -> Any:
    """Save what the page sent; a page that answers where it cannot."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _show_note(request, note_id, form, 422)
    try:
        return notes.save(
            case=request.case, note_id=note_id, by=request.user, at=timezone.now(),
            body=form.cleaned_data["body"], version=form.cleaned_data["version"],
        )  # fmt: skip
    except notes.Conflict as conflict:
        part = "desk/_note_conflict.html" if request.htmx else "desk/note_conflict.html"
        both = {
            "mine": form.cleaned_data["body"],
            "theirs": conflict.theirs.body,
            "theirs_version": conflict.theirs.version,
        }
        response = render(request, part, {"note_id": note_id, "room": "", **both}, status=409)
        if request.htmx:
            response["HX-Retarget"], response["HX-Reswap"] = "#main", "innerHTML"
        return response
    except notes.Refused as refusal:
        form.add_error("body", str(refusal))
        return _show_note(request, note_id, form, 409)


@require_POST
def insert_card(request: Any, note_id: UUID) -> HttpResponse:
    """Put a card into the note. With htmx the words land at the cursor; without script they are added at the end."""
    card = shelf.card(request.POST.get("card", ""))
    if card is None:
        raise Http404
    words = shelf.as_note_text(card)
    try:
        if request.htmx:
            notes.insert(case=request.case, note_id=note_id, by=request.user, at=timezone.now(), card=card)
            page = pages.note(request.case, note_id, request.user, timezone.now())
            response = render(request, "desk/_share_list.html", {"page": page})
            response["HX-Trigger"] = json.dumps({"insertText": {"target": "#id_body", "text": words}})
            return response
        saved = _save(request, note_id)
        if isinstance(saved, HttpResponse):
            return saved
        body = f"{saved.body.rstrip()}\n\n{words}".lstrip()
        notes.save(
            case=request.case,
            note_id=note_id,
            by=request.user,
            at=timezone.now(),
            body=body,
            version=saved.version,
        )
        notes.insert(case=request.case, note_id=note_id, by=request.user, at=timezone.now(), card=card)
    except notes.Refused as refusal:
        return _show_note(request, note_id, status=409, said=str(refusal))
    return redirect("desk:note", note_id=note_id)


@require_POST
def sign_note(request: Any, note_id: UUID) -> HttpResponse:
    saved = _save(request, note_id)
    if isinstance(saved, HttpResponse):
        return saved
    try:
        notes.sign(case=request.case, note_id=note_id, by=request.user, at=timezone.now())
    except notes.Refused as refusal:
        return _show_note(request, note_id, status=409, said=str(refusal))
    messages.success(request, "Signed. The note is locked now; you can add to it.")
    return redirect("desk:note", note_id=note_id)


@require_POST
def add_to_note(request: Any, note_id: UUID) -> HttpResponse:
    form = AddendumForm(request.POST)
    if form.is_valid():
        try:
            notes.add(
                case=request.case,
                note_id=note_id,
                by=request.user,
                at=timezone.now(),
                body=form.cleaned_data["body"],
            )
        except notes.Refused as refusal:
            form.add_error("body", str(refusal))
        else:
            return redirect("desk:note", note_id=note_id)
    return _show_note(request, note_id, status=422, addendum=form)


@require_http_methods(["GET", "POST"])
def share_card(request: Any, note_id: UUID, card_id: str) -> HttpResponse:
    """Preview exactly what the client will see, then share it."""
    side = request.POST.get("side") or request.GET.get("side", "")
    now = timezone.now()
    page = pages.share(request.case, note_id, card_id, side, now)
    if not page.held:
        raise Http404
    form = (OverrideForm if "override" in request.POST else ShareForm)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        partner = pages.side_of(request.case, side)
        card = shelf.card(card_id)
        assert card is not None
        try:
            guidance.send(
                case=request.case, partner=partner, text=shelf.for_client(card, partner.other_name), by=request.user, at=now,
                line=form.cleaned_data["line"].replace("\r\n", "\n"), flag=notes.flag_of(request.case, note_id), note=note_id,
                override=form.cleaned_data.get("override", ""),
            )  # fmt: skip
        except guidance.Guarded as guard:
            form = OverrideForm({"line": form.cleaned_data["line"], "override": ""})
            form.is_valid()
            form.add_error(None, f"The share guard stopped this. {guard}")
        except guidance.Refused as refusal:
            form.add_error("line", str(refusal))
        else:
            messages.success(request, f"Shared with {page.to}.")
            return redirect("desk:note", note_id=note_id)
    context = {"page": page, "form": form, "side": side, "room": ""}
    return render(request, "desk/share.html", context, status=422 if form.is_bound else 200)
