"""A case for somebody who stands in or was alerted: its danger, and how to reach the people."""

from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from clients import access

from .. import pages
from .entry import note_view


@access.for_safety
@require_GET
def safety(request: Any, case_id: UUID) -> HttpResponse:
    note_view(request, "safety")
    page = pages.safety(request.case, request.user, timezone.now())
    context = {"page": page, "room": "today", "narrow": request.narrow, "key": uuid4()}
    return render(request, "desk/safety.html", context)
