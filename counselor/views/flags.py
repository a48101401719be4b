"""A flag and its life: the room of one flag, the list over one's own cases, and the second look at how danger was closed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from clients import flags

from .. import pages
from ..forms import (
    HandOnForm,
    MuteForm,
    ReopenForm,
    ResolveForm,
    SafetyResolveForm,
    SecondLookForm,
    SnoozeForm,
)
from .entry import note_view


def _show_flag(request: Any, flag_id: UUID, said: str = "", status: int = 200, **bound: Any) -> HttpResponse:
    """The room of a flag as it is now, with the forms that fit its state; `bound` are those that were just filled in."""
    page = pages.flag(request.case, flag_id, request.user, timezone.now())
    resolve = SafetyResolveForm if page.card.safety else ResolveForm
    forms = {
        "resolve": resolve(auto_id="resolve_%s"),
        "reopen": ReopenForm(auto_id="reopen_%s"),
        "snooze": SnoozeForm(auto_id="snooze_%s"),
        "hand_on": HandOnForm(page.people, auto_id="owner_%s"),
        "mute": MuteForm(page.side, page.card.who, auto_id="mute_%s"),
        "look": SecondLookForm(auto_id="look_%s"),
    }
    context = {"page": page, "said": said, "room": "flags", "key": uuid4(), **forms, **bound}
    template = "desk/_flag_room.html" if request.htmx else "desk/flag.html"
    return render(request, template, context, status=status)


@require_GET
def flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    note_view(request, "flag")
    return _show_flag(request, flag_id)


@contextmanager
def _found() -> Iterator[None]:
    try:
        yield
    except ObjectDoesNotExist:
        raise Http404 from None


def _stand(request: Any) -> UUID | None:
    """The newest entry of the flag's history that the person saw."""
    try:
        return UUID(request.POST.get("stand", ""))
    except ValueError:
        return None


def _act(request: Any, flag_id: UUID, act: Callable[..., Any], said: str = "", **given: Any) -> HttpResponse:
    """One act on one flag. Who comes second reads what the first one did, on the flag as it is now."""
    try:
        with _found():
            act(case=request.case, flag_id=flag_id, by=request.user, at=timezone.now(), stand=_stand(request), **given)
    except flags.Refused as refusal:
        return _show_flag(request, flag_id, str(refusal), 409)
    if request.htmx:
        return _show_flag(request, flag_id)
    if said:
        messages.success(request, said)
    return redirect("desk:flag", case_id=request.case.pk, flag_id=flag_id)


@require_POST
def acknowledge_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    return _act(request, flag_id, flags.acknowledge)


@require_POST
def resolve_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    page = pages.flag(request.case, flag_id, request.user, timezone.now())
    form: Any = (SafetyResolveForm if page.card.safety else ResolveForm)(request.POST, auto_id="resolve_%s")
    if not form.is_valid():
        return _show_flag(request, flag_id, status=422, resolve=form)
    return _act(request, flag_id, flags.resolve, **form.cleaned_data)


@require_POST
def reopen_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    form = ReopenForm(request.POST, auto_id="reopen_%s")
    if not form.is_valid():
        return _show_flag(request, flag_id, status=422, reopen=form)
    return _act(request, flag_id, flags.reopen, **form.cleaned_data)


@require_POST
def snooze_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    form = SnoozeForm(request.POST, auto_id="snooze_%s")
    if not form.is_valid():
        return _show_flag(request, flag_id, status=422, snooze=form)
    return _act(request, flag_id, flags.snooze, **form.cleaned_data)


@require_POST
def hand_on_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    page = pages.flag(request.case, flag_id, request.user, timezone.now())
    form = HandOnForm(page.people, request.POST, auto_id="owner_%s")
    if not form.is_valid():
        return _show_flag(request, flag_id, status=422, hand_on=form)
    return _act(request, flag_id, flags.hand_on, to_id=form.cleaned_data["to"])


@require_POST
def mute_rule(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    """Mute the rule of this flag, for what its person reports or for the case."""
    page = pages.flag(request.case, flag_id, request.user, timezone.now())
    form = MuteForm(page.side, page.card.who, request.POST, auto_id="mute_%s")
    if not form.is_valid():
        return _show_flag(request, flag_id, status=422, mute=form)
    try:
        flags.mute(case=request.case, rule=page.card.rule, by=request.user, at=timezone.now(), **form.cleaned_data)
    except flags.Refused as refusal:
        return _show_flag(request, flag_id, str(refusal), 409)
    if request.htmx:
        return _show_flag(request, flag_id)
    return redirect("desk:flag", case_id=case_id, flag_id=flag_id)


@require_POST
def second_look_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    form = SecondLookForm(request.POST)
    form.is_valid()
    return _act(request, flag_id, flags.second_look, words=form.cleaned_data.get("words", ""))
