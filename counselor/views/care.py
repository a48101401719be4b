"""What is arranged around a case: one room, one small form for each act."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms as fields
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from clients import accounts, care, schedule

from .. import forms, pages
from .entry import note_view


@require_GET
def arrangements(request: Any, case_id: UUID) -> HttpResponse:
    note_view(request, "arrangements")
    return _show(request)


def _show(
    request: Any, bound: tuple[str, fields.Form] | None = None, said: str = "", status: int = 200
) -> HttpResponse:
    """The room; `bound` is the form that was refused, under its own key, with what was typed."""
    page = pages.arrangements(request.case, request.user, timezone.now())
    shown: dict[str, fields.Form] = {
        "phase": forms.PhaseForm(
            page.people, initial={"phase": page.phase, "moved_out": page.moved_out}, prefix="phase"
        ),
        "litigation": forms.LitigationForm(
            initial={"kinds": page.litigation, "text_off": page.text_off}, prefix="litigation"
        ),
    }
    for person in page.people:
        shown[f"limit{person.side}"] = forms.LimitForm(page.people, prefix=f"limit{person.side}")
        shown[f"agree{person.side}"] = forms.AgreementForm(prefix=f"agree{person.side}")
        shown[f"goal{person.side}"] = forms.GoalForm(prefix=f"goal{person.side}")
        shown[f"wish{person.side}"] = forms.WishForm(prefix=f"wish{person.side}")
        shown[f"plan{person.side}"] = forms.PlanForm(initial=person.plan_values, prefix=f"plan{person.side}")
        shown[f"password{person.side}"] = forms.PasswordForm(prefix=f"password{person.side}")
        shown[f"pause{person.side}"] = forms.PauseForm(prefix=f"pause{person.side}")
        shown[f"reach{person.side}"] = forms.ReachForm(initial=person.reach_values, prefix=f"reach{person.side}")
    open_form = ""
    if bound is not None:
        open_form, form = bound
        shown[open_form] = form
    people = [
        {
            "person": person,
            "open": open_form,
            "forms": {name: (f"{name}{person.side}", shown[f"{name}{person.side}"]) for name in PERSONAL},
        }
        for person in page.people
    ]
    context = {"page": page, "people": people, "forms": shown, "open": open_form, "said": said, "room": "today"}
    context["refused"] = status == 409
    template = "desk/_arrangements.html" if request.htmx and not request.htmx.boosted else "desk/arrangements.html"
    return render(request, template, context, status=status)


PERSONAL = ("limit", "agree", "goal", "wish", "reach", "password", "plan", "pause")


@require_POST
def arrange(request: Any, case_id: UUID, what: str) -> HttpResponse:
    """One act. `what` names it; a form's fields carry its name and the side, as `limitA-source`."""
    if what not in ACTS:
        raise Http404
    sides = {p.side: p for p in request.case.partners.select_related("user")}
    partner = sides.get(request.POST.get("side", ""))
    try:
        refused = ACTS[what](request, sides, partner)
    except ObjectDoesNotExist:
        raise Http404 from None
    except REFUSED as refusal:
        return _show(request, said=str(refusal), status=409)
    if refused is not None:
        return _show(request, refused, status=422)
    request.case.refresh_from_db()
    if request.htmx:
        return _show(request, said="Kept.")
    messages.success(request, "Kept.")
    return redirect("desk:arrangements", case_id=case_id)


REFUSED = (accounts.Refused, care.Refused, schedule.Refused)
Refusal = tuple[str, fields.Form] | None


def _try(request: Any, key: str, form: fields.Form, act: Callable[..., Any], **given: Any) -> Refusal:
    """Clean, act; the form with its words where either says no."""
    if not form.is_valid():
        return key, form
    try:
        act(by=request.user, at=timezone.now(), **given, **form.values())  # type: ignore[attr-defined]
    except REFUSED as refusal:
        field = refusal.field if refusal.field in form.fields else None
        form.add_error(field, str(refusal))
        return key, form
    return None


def _person(partner: Any) -> Any:
    if partner is None:
        raise Http404
    return partner


def _limit(request: Any, sides: Any, partner: Any) -> Refusal:
    person = _person(partner)
    key = f"limit{person.side}"
    form = forms.LimitForm(tuple(sides.values()), request.POST, prefix=key)
    return _try(request, key, form, care.record_limit, case=request.case, keeps_away=person)


def _personal(name: str, form: Callable[..., fields.Form], act: Callable[..., Any]) -> Callable[..., Refusal]:
    def run(request: Any, sides: Any, partner: Any) -> Refusal:
        person = _person(partner)
        key = f"{name}{person.side}"
        return _try(request, key, form(request.POST, prefix=key), act, case=request.case, partner=person)

    return run


def _by_id(name: str, act: Callable[..., Any]) -> Callable[..., Refusal]:
    def run(request: Any, sides: Any, partner: Any) -> Refusal:
        try:
            found = UUID(request.POST.get("id", ""))
        except ValueError:
            raise Http404 from None
        more = {"outcome": request.POST.get("outcome", "")} if name == "agreement_id" else {}
        act(case=request.case, by=request.user, at=timezone.now(), **{name: found}, **more)
        return None

    return run


def _phase(request: Any, sides: Any, partner: Any) -> Refusal:
    form = forms.PhaseForm(tuple(sides.values()), request.POST, prefix="phase")
    if not form.is_valid():
        return "phase", form
    moved = sides.get(form.cleaned_data["moved_out"])
    care.change_phase(
        case=request.case, phase=form.cleaned_data["phase"], moved_out=moved, by=request.user, at=timezone.now()
    )
    return None


def _litigation(request: Any, sides: Any, partner: Any) -> Refusal:
    return _try(
        request, "litigation", forms.LitigationForm(request.POST, prefix="litigation"), care.mark_litigation,
        case=request.case,
    )  # fmt: skip


def _confirm_reach(request: Any, sides: Any, partner: Any) -> Refusal:
    care.confirm_reach_card(case=request.case, partner=_person(partner), by=request.user, at=timezone.now())
    return None


def _planned(name: str, form: Callable[..., fields.Form], act: Callable[..., Any]) -> Callable[..., Refusal]:
    def run(request: Any, sides: Any, partner: Any) -> Refusal:
        person = _person(partner)
        key = f"{name}{person.side}"
        return _try(request, key, form(request.POST, prefix=key), act, partner=person)

    return run


def _plan_act(act: Callable[..., Any]) -> Callable[..., Refusal]:
    def run(request: Any, sides: Any, partner: Any) -> Refusal:
        act(partner=_person(partner), by=request.user, at=timezone.now())
        return None

    return run


ACTS: dict[str, Callable[..., Refusal]] = {
    "limit": _limit,
    "limit-asked": _by_id("limit_id", care.confirm_limit),
    "limit-ended": _by_id("limit_id", care.end_limit),
    "agree": _personal("agree", forms.AgreementForm, care.agree),
    "agreement-ended": _by_id("agreement_id", care.end_agreement),
    "goal": _personal("goal", forms.GoalForm, care.set_goal),
    "goal-ended": _by_id("goal_id", care.end_goal),
    "wish": _personal("wish", forms.WishForm, care.record_wish),
    "reach": _personal("reach", forms.ReachForm, care.write_reach_card),
    "reach-asked": _confirm_reach,
    "password": _personal("password", forms.PasswordForm, accounts.set_password_in_person),
    "plan": _planned("plan", forms.PlanForm, schedule.set_plan),
    "pause": _planned("pause", forms.PauseForm, schedule.pause),
    "plan-resumed": _plan_act(schedule.resume),
    "plan-stopped": _plan_act(schedule.stop),
    "phase": _phase,
    "litigation": _litigation,
}
