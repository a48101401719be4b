"""What stands above every page of the desk, and the mark "in session"."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from clients import access, duty

from .. import frame, pages
from ..kept import Kept

PLACE = b'<div id="alerts"></div>'  # in the desk's frame, before anything a person wrote
alerts_kept: Kept[bytes] = Kept(500)


class Banner:
    """Middleware: puts the alerts into each page of the desk as it goes out, so that none is without them and what is
    kept of a page need not be made anew for them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponse) and not response.streaming and request.user.is_authenticated:
            before, place, after = response.content.partition(PLACE)
            if place:
                response.content = before + _part(request, pages.alerts(request.user, timezone.now())) + after
        return response


def _part(request: Any, shown: pages.Alerts) -> bytes:
    now = timezone.now()
    part = alerts_kept.get(shown, now)
    if part is None:
        part = render_to_string("desk/_alerts.html", {"alerts": shown, "csrf_token": frame.TOKEN}).encode()
        alerts_kept.put(shown, now, now + pages.ALERTS_KEPT, part)
    return frame.with_token(request, part)


@access.without_case
@require_GET
def alerts(request: Any) -> HttpResponse:
    """The part by itself; nothing where it stands on the page already."""
    shown = pages.alerts(request.user, timezone.now())
    if request.GET.get("v") == shown.version:
        return HttpResponse(status=204)
    return HttpResponse(_part(request, shown))


@access.without_case
@require_POST
def in_session(request: Any) -> HttpResponse:
    act = duty.end_session if request.POST.get("do") == "back" else duty.begin_session
    act(by=request.user, at=timezone.now())
    back = request.headers.get("Referer", "")
    fine = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if fine else "desk:today")
