"""What the practice lead sets, and cover, which each counselor arranges. Every form keeps what was typed when refused."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from clients import access, duty, team

from .. import pages
from ..forms import ChannelsForm, ChecklistsForm, CoverForm, HoursForm, NewNumberForm, NumberForm
from ..pages.practice import TeamPage


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _refuse(form: Any, refusal: Any) -> None:
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))


@access.lead_only
@require_http_methods(["GET", "POST"])
def practice(request: Any) -> HttpResponse:
    """Hours, what happens outside them, the pager, and the test of the alerts."""
    now, place, do = timezone.now(), request.user.practice, request.POST.get("do", "")
    page = pages.practice(request.user, now)
    hours = HoursForm(request.POST if do == "hours" else None, initial=page.day_values)
    channels = ChannelsForm(request.POST if do == "channels" else None, initial=page.channel_values)
    lists = ChecklistsForm(request.POST if do == "checklists" else None, initial=page.checklist_values)
    if do == "test":
        count = duty.send_test(practice=place, by=request.user, at=now)
        messages.success(request, f"Sent to {count}. Whoever gets it says so on any page of the desk.")
        return redirect("desk:practice")
    try:
        if hours.is_bound and hours.is_valid():
            duty.set_hours(practice=place, stretches=hours.cleaned_data["stretches"], by=request.user, at=now)
            messages.success(request, f"Staffed hours are now: {duty.week_of(place).words()}.")
            return redirect("desk:practice")
        if channels.is_bound and channels.is_valid():
            duty.set_channels(practice=place, by=request.user, at=now, **channels.cleaned_data)
            messages.success(request, "Kept. It holds from now on.")
            return redirect("desk:practice")
        if lists.is_bound and lists.is_valid():
            duty.set_checklists(practice=place, lists=lists.cleaned_data, by=request.user, at=now)
            messages.success(request, "Kept. The steps stand on each flag of their kind.")
            return redirect("desk:practice")
    except duty.Refused as refusal:
        _refuse(next(form for form in (hours, channels, lists) if form.is_bound), refusal)
    context = {"page": page, "hours": hours, "channels": channels, "lists": lists, "room": "practice"}
    return render(request, "desk/practice.html", context, status=422 if request.method == "POST" else 200)


@access.lead_only
@require_http_methods(["GET", "POST"])
def rota(request: Any) -> HttpResponse:
    now, refused = timezone.now(), ""
    asked = request.POST.get("start") or request.GET.get("from", "")
    page = pages.rota(request.user, now, asked)
    if request.method == "POST":
        fields = {half.field: request.POST.get(half.field, "") for day in page.days for half in day.halves}
        plan = {pages.half_day_of(field): _id(value) if value else None for field, value in fields.items()}
        try:
            changed = duty.set_duty(practice=request.user.practice, plan=plan, by=request.user, at=now)
        except duty.Refused as refusal:
            refused = str(refusal)
            page = pages.rota(request.user, now, asked, fields)
        else:
            messages.success(request, f"Kept: {changed} half-day{'' if changed == 1 else 's'} changed.")
            return redirect(f"{request.path}?from={page.start}")
    context = {"page": page, "refused": refused, "room": "practice"}
    return render(request, "desk/rota.html", context, status=422 if refused else 200)


@access.lead_only
@require_http_methods(["GET", "POST"])
def numbers(request: Any) -> HttpResponse:
    """The help numbers clients see, per language. They have to be checked by a person before going live."""
    now, place, do = timezone.now(), request.user.practice, request.POST.get("do", "")
    number_id = _id(request.POST.get("id", "")) if do in {"change", "drop"} else None
    add = NewNumberForm(request.POST if do == "add" else None, auto_id="new_%s")
    changed = NumberForm(request.POST, auto_id=f"{number_id}_%s") if do == "change" else None
    said = ""
    try:
        if do == "drop" and number_id:
            duty.drop_number(practice=place, number_id=number_id, by=request.user, at=now)
            messages.success(request, "Taken away.")
            return redirect("desk:numbers")
        if changed is not None and number_id and changed.is_valid():
            duty.change_number(practice=place, number_id=number_id, number=changed.number(), by=request.user, at=now)
            messages.success(request, "Kept.")
            return redirect("desk:numbers")
        if add.is_bound and add.is_valid():
            duty.add_number(
                practice=place, locale=add.cleaned_data["locale"], number=add.number(), by=request.user, at=now
            )
            messages.success(request, "Added.")
            return redirect("desk:numbers")
    except ObjectDoesNotExist:
        raise Http404 from None
    except duty.Refused as refusal:
        said = str(refusal)
        if do != "drop":
            _refuse(changed if changed is not None else add, refusal)
    page = pages.numbers(request.user)
    groups = [
        (
            language,
            [
                (line.id, changed if changed is not None and line.id == number_id else _number_form(line))
                for line in lines
            ],
        )
        for language, lines in page.groups
    ]
    context = {"groups": groups, "add": add, "said": said if do == "drop" else "", "room": "practice"}
    return render(request, "desk/numbers.html", context, status=422 if request.method == "POST" else 200)


def _number_form(line: Any) -> NumberForm:
    return NumberForm(initial=line.values, auto_id=f"{line.id}_%s")


@access.lead_only
@require_http_methods(["GET", "POST"])
def team_room(request: Any) -> HttpResponse:
    """Who works here: trainees, accounts switched off, cases handed on, cover for somebody who cannot arrange it."""
    now, by, do, said = timezone.now(), request.user, request.POST.get("do", ""), ""
    page = pages.team_page(by, now)
    form = CoverForm(page.choices, page.zone, request.POST if do == "cover" else None, away=page.choices)
    try:
        if do in {"trainee", "off", "on", "transfer"}:
            messages.success(request, _team_act(request, do, now, page))
            return redirect("desk:team")
        if do == "end":
            team.end_cover(assignment_id=_id(request.POST.get("id", "")), by=by, at=now)
            messages.success(request, "The cover has ended.")
            return redirect("desk:team")
        if form.is_bound and form.is_valid():
            since, until = form.span()
            rows = team.cover(
                away=team.person(by, _id(form.cleaned_data["away"])), user=team.person(by, _id(form.cleaned_data["user"])),
                since=since, until=until, by=by, at=now,
            )  # fmt: skip
            messages.success(request, f"Cover is arranged for {len(rows)} case{'' if len(rows) == 1 else 's'}.")
            return redirect("desk:team")
    except ObjectDoesNotExist:
        raise Http404 from None
    except team.Refused as refusal:
        if form.is_bound:
            _refuse(form, refusal)
        else:
            said = str(refusal)
    context = {"page": page, "form": form, "said": said, "room": "practice"}
    return render(request, "desk/team.html", context, status=422 if request.method == "POST" else 200)


def _team_act(request: Any, do: str, now: Any, page: TeamPage) -> str:
    by, given = request.user, request.POST
    if do == "transfer":
        to = team.person(by, _id(given.get("to", "")))
        team.transfer(case=team.case_of(by, _id(given.get("case", ""))), to=to, by=by, at=now)
        return f"{to.name} holds the case now."
    user = team.person(by, _id(given.get("id", "")))
    if do == "trainee":
        supervisor = team.person(by, _id(given["supervisor"])) if given.get("supervisor") else None
        team.set_trainee(user=user, supervisor=supervisor, by=by, at=now)
        if supervisor is None:
            return f"{user.name} is no trainee."
        return f"{user.name} is a trainee: alerts go to {supervisor.name}, too."
    if do == "off":
        if not given.get("sure"):  # one press is not enough: it ends sessions and cover at once
            raise team.Refused(f"Please tick that {user.name} is to be switched off.")
        left = team.switch_off(user=user, by=by, at=now)
        ended = next((line.stands_in for line in page.people if line.id == user.pk), ())
        cases = f"{left} case{' waits' if left == 1 else 's wait'} for another counselor."
        over = f" This cover has ended: {'; '.join(ended)}." if ended else ""
        return f"{user.name} can no longer sign in. {cases}{over}"
    team.switch_on(user=user, by=by, at=now)
    return f"{user.name} can sign in again."


@access.without_case
@require_http_methods(["GET", "POST"])
def cover(request: Any) -> HttpResponse:
    """A counselor who goes away says who stands in."""
    now, by, do, said = timezone.now(), request.user, request.POST.get("do", ""), ""
    page = pages.cover(by, now)
    form = CoverForm(page.people, page.zone, request.POST if do == "cover" else None, cases=page.cases)
    try:
        if do == "end":
            team.end_cover(assignment_id=_id(request.POST.get("id", "")), by=by, at=now)
            messages.success(request, "The cover has ended; what waited for your return is due again.")
            return redirect("desk:cover")
        if form.is_bound and form.is_valid():
            since, until = form.span()
            chosen = [_id(case) for case in form.cleaned_data.get("cases", [])]
            user = team.person(by, _id(form.cleaned_data["user"]))
            team.cover(away=by, user=user, since=since, until=until, by=by, at=now, cases=chosen or None)
            messages.success(request, f"{user.name} stands in.")
            return redirect("desk:cover")
    except ObjectDoesNotExist:
        raise Http404 from None
    except team.Refused as refusal:
        if form.is_bound:
            _refuse(form, refusal)
        else:
            said = str(refusal)
    context = {"page": page, "form": form, "said": said, "room": "cover"}
    return render(request, "desk/cover.html", context, status=422 if request.method == "POST" else 200)


@access.without_case
@require_POST
def test_arrived(request: Any) -> HttpResponse:
    duty.confirm_test(by=request.user, at=timezone.now())
    messages.success(request, "Thank you. The practice lead sees that it arrived.")
    return redirect("desk:today")
