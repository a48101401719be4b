"""The counselor's rooms: HTTP only. A view cleans the form, makes one call, answers; the doorkeeper has opened the case."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4, uuid5

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clients import access, audit, cases, checkins, flags, guidance, notices, readings
from clients.markup import markdown

from . import frame, notes, pages
from . import library as shelf
from .forms import AddendumForm, NoteForm, OverrideForm, ResolveForm, ScreeningForm, ShareForm, clean_search
from .kept import Kept


@login_not_required
def go_home(request: HttpRequest) -> HttpResponse:
    """Signed out to the sign-in page; staff to the desk, clients to the portal (decisions 53)."""
    user = request.user
    if not user.is_authenticated:
        return redirect("account_login")
    return redirect("portal:home" if user.role == "client" else "desk:today")


@access.without_case
@require_GET
def today(request: Any) -> HttpResponse:
    now, query = timezone.now(), clean_search(request.GET)
    content, day = _today_parts(request.user, query, now)
    if request.htmx and not request.htmx.boosted:
        return HttpResponse(content)
    search = f"?{urlencode({'q': query})}" if query else ""
    return frame.show(
        request, "desk/today.html", room="today", content=content, day=day, query=escape(query).encode(),
        search=escape(search).encode(),
    )  # fmt: skip


_todays_kept: Kept[tuple[bytes, bytes]] = Kept(100)


def _today_parts(user: Any, query: str, now: datetime) -> tuple[bytes, bytes]:
    """The groups as HTML, and the day in words; made anew when a case was written, or the clock changes a word."""
    stuck = notices.count_stuck(user.practice_id)
    key = (stamps := access.visible_stamps(user, now), user.zone, user.practice_id, stuck)
    kept = None if query else _todays_kept.get(key, now)
    if kept is None:
        page = pages.today(user, now, query, stamps, stuck)
        kept = (render_to_string("desk/_today.html", {"page": page}).encode(), page.day.encode())
        if not query:
            _todays_kept.put(key, now, page.until, kept)
    return kept


def _note_view(request: Any, what: str) -> None:
    """Reading is an act, too; a page fetched ahead of the click is none (decisions 44)."""
    if "HX-Preloaded" not in request.headers and "X-Poll" not in request.headers:
        audit.record_view(by=request.user, at=timezone.now(), case=request.case, what=what)


@require_GET
def case(request: Any, case_id: UUID) -> HttpResponse:
    now = timezone.now()
    _note_view(request, "case")
    parts = _case_parts(request.case, request.user, pages.Choice.of(request.GET), now)
    part = str(request.htmx.target) if request.htmx and not request.htmx.boosted else "page"
    if part in {"course", "stream"}:
        return HttpResponse(frame.with_token(request, parts[part]))
    content = frame.with_token(request, parts["page"])
    return frame.show(request, "desk/case.html", room="today", names=parts["names"], content=content)


_pages_kept: Kept[dict[str, bytes]] = Kept(200)


def forget_kept() -> None:
    """Have everything rendered anew."""
    _pages_kept.clear()
    _todays_kept.clear()
    pages.forget_kept()
    frame.forget()


def _case_parts(case: Any, user: Any, choice: pages.Choice, now: datetime) -> dict[str, bytes]:
    """The case as HTML, whole and in the parts that htmx asks for; made anew when anything about the case was written."""
    key = (*pages.case_version(case), user.pk, user.zone, choice)
    parts = _pages_kept.get(key, now)
    if parts is None:
        page = pages.case(case, user, now, choice)
        shared = {"page": page, "csrf_token": frame.TOKEN, "key": frame.KEY}
        inner = {name: render_to_string(f"desk/_{name}.html", shared) for name in ("course", "stream")}
        whole = {"page": render_to_string("desk/_case.html", shared | inner), "names": escape(page.names)}
        parts = {name: html.encode() for name, html in (inner | whole).items()}
        _pages_kept.put(key, now, page.until, parts)
    return parts


@require_POST
def mark_read(request: Any, case_id: UUID) -> HttpResponse:
    try:
        ids = [UUID(chosen) for chosen in request.POST.getlist("checkin")]
    except ValueError:
        raise Http404 from None
    count = checkins.mark_read(case=request.case, by=request.user, at=timezone.now(), ids=ids)
    messages.success(request, "Marked as read." if count else "That was marked as read already.")
    return redirect("desk:case", case_id=case_id)


@require_POST
def judge_reading(request: Any, case_id: UUID) -> HttpResponse:
    """A counselor's word on one marked passage; the value names check-in, label and start."""
    verdict = next((v for v in ("not_accurate", "confirmed") if v in request.POST), "")
    checkin, _, rest = request.POST.get(verdict, "").partition(":")
    label, _, start = rest.partition(":")
    try:
        checkin_id, at = UUID(checkin), int(start)
    except ValueError:
        raise Http404 from None
    try:
        readings.judge(
            case=request.case, checkin_id=checkin_id, label=label, start=at, verdict=verdict, by=request.user,
            at=timezone.now(), reason=request.POST.get("reason", "").strip(),
        )  # fmt: skip
    except ObjectDoesNotExist:
        raise Http404 from None
    except readings.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Kept. The reading stays as it was; the scores follow your word.")
    return redirect(f"{reverse('desk:case', args=[case_id])}#e-{checkin_id}")


@access.without_case
@require_GET
def corrections(request: Any) -> HttpResponse:
    """Own cases' corrections as evaluation rows, without names: one JSON object a line."""
    rows = readings.export(access.visible_cases(request.user, timezone.now()))
    body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    response = HttpResponse(body, content_type="application/x-ndjson; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="corrections.jsonl"'
    return response


@require_http_methods(["GET", "POST"])
def screening(request: Any, case_id: UUID, side: str) -> HttpResponse:
    partner = next((p for p in request.case.partners.all() if p.side == side), None)
    if partner is None:
        raise Http404
    form = ScreeningForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        cases.record_screening(
            case=request.case, partner=partner, by=request.user, at=timezone.now(),
            how=form.cleaned_data["how"], result=form.cleaned_data["result"], alone=form.cleaned_data["alone"],
        )  # fmt: skip
        messages.success(request, f"Screening of {partner.name} recorded.")
        return redirect("desk:case", case_id=case_id)
    return render(
        request, "desk/screening.html", {"form": form, "name": partner.name, "case_id": case_id, "room": "today"},
        status=422 if form.is_bound else 200,
    )  # fmt: skip


# Flags


def _show_flag(
    request: Any, flag_id: UUID, form: ResolveForm | None = None, said: str = "", status: int = 200
) -> HttpResponse:
    page = pages.flag(request.case, flag_id, request.user, timezone.now())
    context = {"page": page, "resolve": form or ResolveForm(), "said": said, "room": "today", "key": uuid4()}
    template = "desk/_flag_room.html" if request.htmx else "desk/flag.html"
    return render(request, template, context, status=status)


@require_GET
def flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    _note_view(request, "flag")
    return _show_flag(request, flag_id)


def _flag_act(request: Any, flag_id: UUID, act: Any, form: ResolveForm | None = None, **extra: Any) -> HttpResponse:
    try:
        act(case=request.case, flag_id=flag_id, by=request.user, at=timezone.now(), **extra)
    except ObjectDoesNotExist:
        raise Http404 from None
    except flags.Refused as refusal:
        return _show_flag(request, flag_id, form, str(refusal), 409)
    if request.htmx:
        return _show_flag(request, flag_id)
    return redirect("desk:flag", case_id=request.case.pk, flag_id=flag_id)


@require_POST
def acknowledge_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    return _flag_act(request, flag_id, flags.acknowledge)


@require_POST
def resolve_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    form = ResolveForm(request.POST)
    if not form.is_valid():
        return _show_flag(request, flag_id, form, status=422)
    return _flag_act(request, flag_id, flags.resolve, form, reason=form.cleaned_data["reason"])


@require_POST
def reopen_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    return _flag_act(request, flag_id, flags.reopen)


# Notes


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
        _note_view(request, "note")
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


# Guidance


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


@require_POST
def withdraw(request: Any, case_id: UUID, sent_id: UUID) -> HttpResponse:
    try:
        guidance.withdraw(case=request.case, sent_id=sent_id, by=request.user, at=timezone.now())
    except ObjectDoesNotExist:
        raise Http404 from None
    except guidance.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Withdrawn. It is gone from the portal with the next page.")
    return redirect("desk:case", case_id=case_id)


@access.without_case
@require_GET
def library(request: Any) -> HttpResponse:
    return render(request, "desk/library.html", {"cards": tuple(shelf.cards().values()), "room": "library"})


@access.without_case
@require_GET
def library_card(request: Any, card_id: str) -> HttpResponse:
    card = shelf.card(card_id)
    if card is None:
        raise Http404
    preview = shelf.for_client(card, "your partner")
    return render(request, "desk/card.html", {"card": card, "preview": markdown(preview.body), "room": "library"})


@access.without_case
@require_GET
def trail(request: Any) -> HttpResponse:
    number = request.GET.get("page", "")
    page = int(number) if number.isdecimal() and 0 < len(number) < 6 else 1
    shown = pages.trail(request.user, timezone.now(), max(page, 1), request.GET.get("case", ""))
    return render(request, "desk/trail.html", {"page": shown, "room": "trail"})
