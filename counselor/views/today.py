"""Today: the cases in their groups, and how many second looks wait."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape
from django.views.decorators.http import require_GET

from clients import access

from .. import frame, pages
from ..forms import clean_search
from ..kept import Kept, eyes


@access.without_case
@require_GET
def today(request: Any) -> HttpResponse:
    now, query = timezone.now(), clean_search(request.GET)
    content, day = _today_parts(request.user, query, now)
    if request.htmx and not request.htmx.boosted:
        return HttpResponse(content)
    search = f"?{urlencode({'q': query})}" if query else ""
    return frame.show(
        request, "desk/today.html", room="today", content=content, day=day, query=escape(query).encode(),
        search=escape(search).encode(),
    )  # fmt: skip


todays_kept: Kept[tuple[bytes, bytes]] = Kept(100)


def _today_parts(user: Any, query: str, now: datetime) -> tuple[bytes, bytes]:
    """The groups as HTML, and the day in words; made anew when a case was written, another second look waits for this
    person, or the clock changes a word."""
    key = (stamps := access.visible_stamps(user, now), looks := pages.looks_to_take(user, now), eyes(user))
    kept = None if query else todays_kept.get(key, now)
    if kept is None:
        page = pages.today(user, now, query, stamps)
        kept = (render_to_string("desk/_today.html", {"page": page, "looks": looks}).encode(), page.day.encode())
        if not query:
            todays_kept.put(key, now, page.until, kept)
    return kept
