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
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clients import access, flags

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


def _show_flag(
    request: Any, flag_id: UUID, said: str = "", status: int = 200, done: bool = False, **bound: Any
) -> HttpResponse:
    """The room of a flag as it is now, with the forms that fit its state; `bound` are those that were just filled in.
    After an act that was `done` the newest line of the history is said above it."""
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
    context = {"page": page, "said": said, "room": "flags", "key": uuid4(), "narrow": request.narrow, **forms, **bound}
    context["done"] = page.history[-1].words if done else ""
    template = "desk/_flag_room.html" if request.htmx else "desk/flag.html"
    return render(request, template, context, status=status)


@access.for_safety
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


def _act(
    request: Any, room: UUID, act: Callable[..., Any], form: Any = None, bound: str = "", **given: Any
) -> HttpResponse:
    """One act on one flag, with what the form says. What does not fit is asked for beside its field; who comes second reads
    what the first one did, on the flag as it is now. What was written stays in the form."""
    kept = {bound: form} if form is not None else {}
    if form is not None and not form.is_valid():
        return _show_flag(request, room, status=422, **kept)
    try:
        with _found():
            said = form.cleaned_data if form is not None else {}
            act(case=request.case, by=request.user, at=timezone.now(), **said, **given)
    except flags.Refused as refusal:
        if form is not None and refusal.field in form.fields:
            form.add_error(refusal.field, str(refusal))
            return _show_flag(request, room, status=422, **kept)
        return _show_flag(request, room, str(refusal), 409, **kept)
    if request.htmx:
        return _show_flag(request, room, done=True)
    return redirect("desk:flag", case_id=request.case.pk, flag_id=room)


def _page(request: Any, flag_id: UUID) -> pages.FlagPage:
    return pages.flag(request.case, flag_id, request.user, timezone.now())


@access.for_safety
@require_POST
def acknowledge_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    return _act(request, flag_id, flags.acknowledge, flag_id=flag_id, stand=_stand(request))


@access.for_safety
@require_POST
def resolve_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    fitting = SafetyResolveForm if _page(request, flag_id).card.safety else ResolveForm
    form = fitting(request.POST, auto_id="resolve_%s")
    return _act(request, flag_id, flags.resolve, form, "resolve", flag_id=flag_id, stand=_stand(request))


@access.for_safety
@require_POST
def reopen_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    form = ReopenForm(request.POST, auto_id="reopen_%s")
    return _act(request, flag_id, flags.reopen, form, "reopen", flag_id=flag_id, stand=_stand(request))


@require_POST
def snooze_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    form = SnoozeForm(request.POST, auto_id="snooze_%s")
    return _act(request, flag_id, flags.snooze, form, "snooze", flag_id=flag_id, stand=_stand(request))


@require_POST
def bring_back_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    return _act(request, flag_id, flags.bring_back, flag_id=flag_id, stand=_stand(request))


@require_POST
def hand_on_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    form = HandOnForm(_page(request, flag_id).people, request.POST, auto_id="owner_%s")
    return _act(request, flag_id, flags.hand_on, form, "hand_on", flag_id=flag_id, stand=_stand(request))


@require_POST
def mute_rule(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    """Mute the rule of this flag, for what its person reports or for the case."""
    page = _page(request, flag_id)
    form = MuteForm(page.side, page.card.who, request.POST, auto_id="mute_%s")
    return _act(request, flag_id, flags.mute, form, "mute", rule=page.card.rule)


@access.for_safety
@require_POST
def second_look_flag(request: Any, case_id: UUID, flag_id: UUID) -> HttpResponse:
    form = SecondLookForm(request.POST, auto_id="look_%s")
    return _act(request, flag_id, flags.second_look, form, "look", flag_id=flag_id, stand=_stand(request))


# The list


@access.without_case
@require_GET
def flag_list(request: Any) -> HttpResponse:
    page = pages.flag_list(request.user, timezone.now(), pages.Wanted.of(request.GET))
    part = request.htmx and not request.htmx.boosted
    return render(request, "desk/_flag_list.html" if part else "desk/flags.html", {"page": page, "room": "flags"})


def _ids(request: Any) -> list[UUID]:
    try:
        return [UUID(chosen) for chosen in request.POST.getlist("flag")]
    except ValueError:
        raise Http404 from None


def _say_filed(request: Any, count: int) -> None:
    if count:
        messages.success(request, f"Marked {count} as seen.")
    else:
        messages.info(request, "All of that was seen already.")


@access.without_case
@require_POST
def file_all_information(request: Any) -> HttpResponse:
    """Lines of information of any own case, as shown in the list; anything weightier is seen one by one."""
    now = timezone.now()
    own = access.visible_cases(request.user, now)
    _say_filed(request, flags.acknowledge_info(cases=own, ids=_ids(request), by=request.user, at=now))
    return redirect("desk:flags")


@require_POST
def file_information(request: Any, case_id: UUID) -> HttpResponse:
    count = flags.acknowledge_info(cases=[request.case], ids=_ids(request), by=request.user, at=timezone.now())
    _say_filed(request, count)
    return redirect("desk:case", case_id=case_id)


# What is done about rules and windows from the case


@require_POST
def unmute_rule(request: Any, case_id: UUID, mute_id: UUID) -> HttpResponse:
    try:
        with _found():
            flags.unmute(case=request.case, mute_id=mute_id, by=request.user, at=timezone.now())
    except flags.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "The rule speaks again.")
    return redirect("desk:case", case_id=case_id)


@require_POST
def end_window(request: Any, case_id: UUID, window_id: UUID) -> HttpResponse:
    try:
        with _found():
            flags.end_window(
                case=request.case, window_id=window_id, by=request.user, at=timezone.now(),
                reason=request.POST.get("reason", ""),
            )  # fmt: skip
    except flags.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "The steady window has ended.")
    return redirect("desk:case", case_id=case_id)


# Second looks


@access.without_case
@require_GET
def second_looks(request: Any) -> HttpResponse:
    return render(
        request, "desk/second_looks.html", {"lines": pages.second_looks(request.user, timezone.now()), "room": "flags"}
    )


@access.without_case
@require_http_methods(["GET", "POST"])
def second_look(request: Any, closed_id: UUID) -> HttpResponse:
    """For leads and supervisors, who do not hold the case, as for who does: the one card and how it was closed. Looking is
    on the trail; who does not agree says so to whoever holds the case, or opens it again."""
    now = timezone.now()
    page = pages.second_look(request.user, closed_id, now, _stand(request))
    form, said, status = SecondLookForm(request.POST or None), "", 200
    if request.method == "GET":
        request.case = page.case
        note_view(request, "second look")
    elif form.is_valid():
        try:
            if "again" in request.POST:
                flags.reopen(
                    case=page.case, flag_id=closed_id, by=request.user, at=now, reason="too_soon", stand=_stand(request),
                    **form.cleaned_data,
                )  # fmt: skip
                messages.success(request, "Open again. Whoever holds the case sees it on Today.")
            else:
                flags.second_look(
                    case=page.case, flag_id=closed_id, by=request.user, at=now, stand=_stand(request), **form.cleaned_data
                )  # fmt: skip
                messages.success(request, "The second look is taken.")
        except flags.Refused as refusal:
            said, status = str(refusal), 409
            page = pages.second_look(request.user, closed_id, now, _stand(request))
        else:
            return redirect("desk:second_looks")
    context = {"page": page, "form": form, "said": said, "room": "flags"}
    return render(request, "desk/second_look.html", context, status=status)
