"""A flag and its life."""

from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from clients import flags

from .. import pages
from ..forms import ResolveForm
from .entry import note_view


def _show_flag(
    request: Any, flag_id: UUID, form: ResolveForm | None = None, said: str = "", status: int = 200
) -> HttpResponse:
    page = pages.flag(request.case, flag_id, request.user, timezone.now())
    context = {"page": page, "resolve": form or ResolveForm(), "said": said, "room": "today", "key": uuid4()}
    template = "desk/_flag_room.html" if request.htmx else "desk/flag.html"
    return render(request, template, context, status=status)


@require_GET
def flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    note_view(request, "flag")
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
