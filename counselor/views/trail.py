"""The trail."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from clients import access

from .. import pages


@access.without_case
@require_GET
def trail(request: Any) -> HttpResponse:
    number = request.GET.get("page", "")
    page = int(number) if number.isdecimal() and 0 < len(number) < 6 else 1
    shown = pages.trail(request.user, timezone.now(), max(page, 1), request.GET.get("case", ""))
    return render(request, "desk/trail.html", {"page": shown, "room": "trail"})
