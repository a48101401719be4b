"""The note room: writing, signing, adding, and sharing guidance from a note."""

import json
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clients import access, guidance

from .. import library as shelf
from .. import notes, pages
from ..forms import AddendumForm, NoteForm, OverrideForm, ShareForm, StartNoteForm, UnlockForm
from .autosave import hold, is_leaving, keep_beside, keep_leaving, sign_who, whole_page
from .entry import note_view


def _key(request: Any, about: str = "", name: str = "key") -> UUID | None:
    """The key that came with the form and makes a second post harmless; one page may start notes about several flags."""
    try:
        return uuid5(UUID(request.POST.get(name, "")), about)
    except ValueError:
        return None


@require_http_methods(["GET", "POST"])
def start_note(request: Any, case_id: UUID) -> HttpResponse:
    """The notes of a case; posted to, a new one."""
    if request.method == "GET":
        note_view(request, "notes")
        page = pages.case_notes(request.case, request.user, timezone.now())
        return render(request, "desk/case_notes.html", {"page": page, "room": "notes", "key": uuid4()})
    flag_id = request.POST.get("flag", "")
    found = next((f for f in request.case.flags.all() if str(f.pk) == flag_id), None)
    if flag_id and found is None:
        raise Http404
    form = StartNoteForm(request.POST)
    chosen = form.cleaned_data if form.is_valid() else {}
    details = notes.fields.Details(shape=chosen.get("shape") or "free", contact=chosen.get("contact") or "")
    row = notes.start(
        case=request.case, by=request.user, at=timezone.now(), flag=found, kind=chosen.get("kind") or "progress",
        details=details, key=_key(request, flag_id),
    )  # fmt: skip
    return redirect("desk:note", note_id=row.pk)


def _show_note(
    request: Any, note_id: UUID, form: NoteForm | None = None, status: int = 200, **context: Any
) -> HttpResponse:
    page = pages.note(request.case, note_id, request.user, timezone.now())
    unsaved = form.data.get("body", "").replace("\r\n", "\n") if form is not None else ""
    # typed here while the note was signed in another window: ready as an addendum
    addendum = AddendumForm(initial={"body": unsaved} if unsaved != page.body and not page.can_edit else None)
    context = {
        "page": page, "form": form.offer(page.people, page.goals) if form else NoteForm.of(page), "addendum": addendum,
        "unlock": UnlockForm(), "room": "notes", "key": uuid4(), "insert_key": uuid4(),
        "who": sign_who(request.user.pk, note_id), **context,
    }  # fmt: skip
    return whole_page(request, render(request, "desk/note.html", context, status=status))


@access.keeps_posts(hold)
@require_http_methods(["GET", "POST"])
def note(request: Any, note_id: UUID) -> HttpResponse:
    if request.method == "GET":
        note_view(request, "note")
        return _show_note(request, note_id)
    saved = _save(request, note_id)
    if isinstance(saved, HttpResponse):
        return saved
    notes.late.drop(request.user, note_id, request.POST.get("late", ""), timezone.now())
    if is_leaving(request):
        return HttpResponse(status=204)
    if request.htmx:
        page = pages.note(request.case, note_id, request.user, timezone.now())
        return render(request, "desk/_saved.html", {"page": page})
    messages.success(request, "Saved.")
    return redirect("desk:note", note_id=note_id)


def _save(request: Any, note_id: UUID) -> Any:
    """Save what the page sent; a page that answers where it cannot."""
    form = NoteForm(request.POST)
    if not form.is_valid() and {"body", "version"} & form.errors.keys():
        return keep_leaving(request, note_id) if is_leaving(request) else _show_note(request, note_id, form, 422)
    try:
        saved = notes.save(
            case=request.case, note_id=note_id, by=request.user, at=timezone.now(), body=form.cleaned_data["body"],
            version=form.cleaned_data["version"], kind=form.cleaned_data.get("kind", ""),
            details=None if form.errors else form.details(), headings="headings" in request.POST, both="both" in request.POST,
        )  # fmt: skip
    except notes.Conflict as conflict:
        return keep_leaving(request, note_id) if is_leaving(request) else _conflict(request, conflict.theirs)
    except notes.Refused as refusal:
        if is_leaving(request):
            return keep_leaving(request, note_id)
        form.add_error(refusal.field if refusal.field in form.fields else "body", str(refusal))
        return _show_note(request, note_id, form, 409)
    if form.errors and not is_leaving(request):  # the text is saved; a field beside it says what it needs
        form.data = request.POST.copy()
        form.data["version"] = str(saved.version)  # type: ignore[index]
        return _show_note(request, note_id, form, 422)
    return saved


def _conflict(request: Any, theirs: Any) -> HttpResponse:
    mine = request.POST.get("body", "").replace("\r\n", "\n")
    beside = [(name, value) for name in ("kind", *NoteForm.BESIDE) for value in request.POST.getlist(name)]
    context = {
        "post_to": reverse("desk:note", args=[theirs.pk]), "mine": mine, "theirs": theirs.body, "theirs_version": theirs.version, "beside": beside,
        "pieces": notes.difference.compare(theirs.body, mine), "late": keep_beside(request, theirs.pk), "room": "notes",
        "who": sign_who(request.user.pk, theirs.pk),
    }  # fmt: skip
    return whole_page(request, render(request, "desk/note_conflict.html", context, status=409))


@require_POST
def late_text(request: Any, note_id: UUID) -> HttpResponse:
    """What was typed too late: put in, put after what stands, or thrown away."""
    now = timezone.now()
    late = next(
        (t for t in notes.late.held(request.user, note_id, now) if str(t.id) == request.POST.get("late", "")), None
    )
    if late is None:
        return redirect("desk:note", note_id=note_id)
    if request.POST.get("do") != "drop":
        request.POST = request.POST.copy()
        request.POST["body"] = late.body
        for name, values in late.beside.items():
            request.POST.setlist(name, list(values))
        saved = _save(request, note_id)
        if isinstance(saved, HttpResponse):
            return saved
        messages.success(request, "Put in.")
    notes.late.drop(request.user, note_id, str(late.id), now)
    return redirect("desk:note", note_id=note_id)


@require_POST
def insert_card(request: Any, note_id: UUID) -> HttpResponse:
    """Put a card or a fact into the note. With htmx the words land at the cursor; without script they are added at the end.
    Pressed twice, it is one."""
    code, now = request.POST.get("fact", ""), timezone.now()
    card = None if code else shelf.card(request.POST.get("card", ""))
    fact = pages.fact_of(request.case, note_id, code, request.user, now) if code else None
    if card is None and fact is None:
        raise Http404
    words = shelf.as_note_text(card) if card else fact.block if fact else ""
    what: dict[str, Any] = {
        "card": card,
        "fact": fact,
        "key": _key(request, code or (card.id if card else ""), "insert_key"),
    }
    given: dict[str, Any] = {"case": request.case, "note_id": note_id, "by": request.user, "at": now} | what
    try:
        if request.htmx:
            fresh = notes.insert(**given)
            page = pages.note(request.case, note_id, request.user, now)
            response = render(request, "desk/_share_list.html", {"page": page, "insert_key": uuid4()})
            if fresh is not None:
                response["HX-Trigger"] = json.dumps({"insertText": {"target": "#id_body", "text": words}})
            return response
        form = NoteForm(request.POST)
        if not form.is_valid():
            return _show_note(request, note_id, form, 422)
        body = form.cleaned_data["body"]
        done = notes.insert(
            **given,
            body=body,
            version=form.cleaned_data["version"],
            kind=form.cleaned_data["kind"],
            details=form.details(),
        )
        if done is None:  # a second press; what was typed in between is saved like anything else
            page = pages.note(request.case, note_id, request.user, now)
            if page.body != notes.with_block(body.replace("\r\n", "\n"), words):
                saved = _save(request, note_id)
                if isinstance(saved, HttpResponse):
                    return saved
    except notes.Conflict as conflict:
        return _conflict(request, conflict.theirs)
    except notes.Refused as refusal:
        return _show_note(request, note_id, status=409, said=str(refusal))
    return redirect("desk:note", note_id=note_id)


@access.keeps_posts(hold)
@require_POST
def sign_note(request: Any, note_id: UUID) -> HttpResponse:
    saved = _save(request, note_id)
    if isinstance(saved, HttpResponse):
        return saved
    try:
        row = notes.sign(case=request.case, note_id=note_id, by=request.user, at=timezone.now())
    except notes.Refused as refusal:
        return _show_note(request, note_id, status=409, said=str(refusal))
    waits = f"Signed. It waits for {row.supervisor.name} to co-sign." if row.supervisor else ""
    messages.success(request, waits or "Signed. The note is locked now; you can add to it.")
    return redirect("desk:note", note_id=note_id)


@require_POST
def unlock_note(request: Any, note_id: UUID) -> HttpResponse:
    try:
        notes.unlock(
            case=request.case,
            note_id=note_id,
            by=request.user,
            at=timezone.now(),
            reason=request.POST.get("reason", ""),
        )
    except notes.Refused as refusal:
        form = UnlockForm(request.POST)
        form.is_valid()
        form.errors.clear()
        form.add_error("reason", str(refusal))
        return _show_note(request, note_id, status=422 if refusal.field else 409, unlock=form)
    messages.success(request, "Opened again. What was signed stays among the versions.")
    return redirect("desk:note", note_id=note_id)


@require_POST
def add_to_note(request: Any, note_id: UUID) -> HttpResponse:
    form = AddendumForm(request.POST)
    if form.is_valid():
        try:
            notes.add(
                case=request.case, note_id=note_id, by=request.user, at=timezone.now(), body=form.cleaned_data["body"],
                key=_key(request, "addendum"),
            )  # fmt: skip
        except notes.Refused as refusal:
            form.add_error("body", str(refusal))
        else:
            return redirect("desk:note", note_id=note_id)
    return _show_note(request, note_id, status=422, addendum=form)


@require_GET
def note_text(request: Any, note_id: UUID) -> HttpResponse:
    note_view(request, "note")
    text = pages.as_text(request.case, note_id, request.user, timezone.now())
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_GET
def note_versions(request: Any, note_id: UUID) -> HttpResponse:
    note_view(request, "note")
    asked = (request.GET.get("from", ""), request.GET.get("to", ""))
    page = pages.versions(request.case, note_id, request.user, timezone.now(), *asked)
    return render(request, "desk/note_versions.html", {"page": page, "room": "notes"})


@require_http_methods(["GET", "POST"])
def share_card(request: Any, note_id: UUID, card_id: str) -> HttpResponse:
    """Preview exactly what the client will see, then share it."""
    side = request.POST.get("side") or request.GET.get("side", "")
    now = timezone.now()
    page = pages.share(request.case, note_id, card_id, side, now)
    card = shelf.card(card_id)
    if not page.held or card is None:
        raise Http404
    form = (OverrideForm if "override" in request.POST else ShareForm)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            notes.sharing.share_card(
                case=request.case, note_id=note_id, card=card, partner=pages.side_of(request.case, side), by=request.user,
                at=now, line=form.cleaned_data["line"], override=form.cleaned_data.get("override", ""),
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
    context = {"page": page, "form": form, "side": side, "room": "notes"}
    return render(request, "desk/share.html", context, status=422 if form.is_bound else 200)
