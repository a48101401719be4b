"""Coming in: which door is whose, and that reading is an act, too."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from clients import audit


@login_not_required
def go_home(request: HttpRequest) -> HttpResponse:
    """Signed out to the sign-in page; staff to the desk, clients to the portal (decisions 53)."""
    user = request.user
    if not user.is_authenticated:
        return redirect("account_login")
    return redirect("portal:home" if user.role == "client" else "desk:today")


def note_view(request: Any, what: str) -> None:
    """Reading is an act, too, once per person, case and half an hour (decisions 44). Whatever the request says of itself:
    a poll and a page fetched ahead show the same words, and a header must not be a way past the trail."""
    audit.record_view(by=request.user, at=timezone.now(), case=request.case, what=what)
