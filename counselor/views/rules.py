"""The rules: the catalogue in plain words for everybody at the desk, and what became of their flags for the lead."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clients import access, flags

from .. import pages
from ..forms import PracticeMuteForm


@access.without_case
@require_GET
def rules(request: Any) -> HttpResponse:
    return render(request, "desk/rules.html", {"families": pages.catalogue(), "room": "rules"})


@access.lead_only
@require_http_methods(["GET", "POST"])
def practice_rules(request: Any) -> HttpResponse:
    """What became of each rule's flags, and which rules are silent. A post mutes one for the practice."""
    page, status, said = pages.practice_rules(request.user, timezone.now()), 200, ""
    form = PracticeMuteForm(page.can_mute, request.POST or None)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                flags.mute_for_practice(by=request.user, at=timezone.now(), **form.cleaned_data)
            except flags.Refused as refusal:
                said, status = str(refusal), 409
            else:
                messages.success(request, "Muted for the practice. Its rows are kept, and told to nobody.")
                return redirect("desk:practice_rules")
    context = {"page": page, "form": form, "said": said, "room": "practice"}
    return render(request, "desk/practice_rules.html", context, status=status)


@access.lead_only
@require_POST
def unmute_for_practice(request: Any, mute_id: UUID) -> HttpResponse:
    try:
        flags.unmute_for_practice(mute_id=mute_id, by=request.user, at=timezone.now())
    except ObjectDoesNotExist:
        raise Http404 from None
    except flags.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "The rule speaks again.")
    return redirect("desk:practice_rules")
