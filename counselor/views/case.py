"""The case, and what is done on its page."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clients import access, cases, checkins, guidance, readings

from .. import frame, pages
from ..forms import ScreeningForm
from ..kept import Kept, eyes
from .entry import note_view


@require_GET
def case(request: Any, case_id: UUID) -> HttpResponse:
    now = timezone.now()
    note_view(request, "case")
    parts = _case_parts(request.case, request.user, pages.Choice.of(request.GET), now)
    part = str(request.htmx.target) if request.htmx and not request.htmx.boosted else "page"
    if part in {"course", "stream"}:
        return HttpResponse(frame.with_token(request, parts[part]))
    content = frame.with_token(request, parts["page"])
    return frame.show(request, "desk/case.html", room="today", names=parts["names"], content=content)


pages_kept: Kept[dict[str, bytes]] = Kept(200)


def _case_parts(case: Any, user: Any, choice: pages.Choice, now: datetime) -> dict[str, bytes]:
    """The case as HTML, whole and in the parts that htmx asks for; made anew when anything about the case was written."""
    key = (*pages.case_version(case), eyes(user), choice)
    parts = pages_kept.get(key, now)
    if parts is None:
        page = pages.case(case, user, now, choice)
        shared = {"page": page, "csrf_token": frame.TOKEN, "key": frame.KEY}
        inner = {name: render_to_string(f"desk/_{name}.html", shared) for name in ("course", "stream")}
        whole = {"page": render_to_string("desk/_case.html", shared | inner), "names": escape(page.names)}
        parts = {name: html.encode() for name, html in (inner | whole).items()}
        pages_kept.put(key, now, page.until, parts)
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
