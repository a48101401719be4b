"""The client's door: HTTP only. Each view cleans the form, makes one call, answers."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.core import signing
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clients import access, checkins
from clients import guidance as sent_guidance

from . import pages
from .forms import AnswerForm, CheckInForm, DangerForm

SALT = "portal.check-in"


def _page(request: Any, template: str, room: str, status: int = 200, **context: Any) -> HttpResponse:
    partner = getattr(request, "partner", None)
    leave_url = partner.practice.leave_url if partner else "https://www.wikipedia.org/"
    return render(request, template, {"room": room, "leave_url": leave_url, **context}, status=status)


@require_GET
def home(request: Any) -> HttpResponse:
    return _page(request, "portal/home.html", "home", page=pages.home(request.partner, timezone.now()))


def _form(request: Any, data: QueryDict | None = None) -> CheckInForm:
    blank = pages.blank(request.partner, timezone.now())
    return CheckInForm(
        data, initial={"key": uuid4()}, other=blank.other, since=blank.since, monthly=blank.monthly, turn=blank.turn
    )


def _sign_who(user_id: UUID, key: Any) -> str:
    """Says whose form this is, so that a post on an ended session can be kept for that same person."""
    return signing.dumps({"user": str(user_id), "key": str(key)}, salt=SALT)


def _show_form(request: Any, form: CheckInForm, status: int = 200, first: tuple[str, ...] = ()) -> HttpResponse:
    key = form["key"].value()
    return _page(
        request, "portal/check_in.html", "check_in", status=status,
        form=form, items=form.items(), who=_sign_who(request.user.pk, key), key=key,
        kept=form.sealed_safety() if form.is_bound else "",
        help=pages.help_groups(request.partner, request.user.locale, first) if first else (),
    )  # fmt: skip


def _hold(request: HttpRequest) -> HttpResponse | None:
    """A check-in posted on an ended session: keep it for 48 hours for the person whose form it was."""
    try:
        who = signing.loads(request.POST.get("who", ""), salt=SALT, max_age=checkins.HELD_FOR)
        user_id, key = UUID(who["user"]), UUID(who["key"])
    except (signing.BadSignature, ValueError):
        return None
    if who["key"] != request.POST.get("key"):
        return None
    body = urlencode(
        [(k, v) for k in request.POST for v in request.POST.getlist(k) if k not in {"csrfmiddlewaretoken", "who"}]
    )
    if not checkins.hold(user_id=user_id, key=key, body=body, at=timezone.now()):
        return None
    return _page(request, "portal/session_ended.html", "")


@require_http_methods(["GET", "POST"])
@access.keeps_posts(_hold)
def check_in(request: Any) -> HttpResponse:
    if request.method == "GET":
        return _show_form(request, _form(request))
    return _take(request, _form(request, request.POST))


def _take(request: Any, form: CheckInForm) -> HttpResponse:
    first = tuple(dict.fromkeys(checkins.HELP_FOR[c] for c in form.ticked_safety() if c in checkins.HELP_FOR))
    if not form.is_valid():
        return _show_form(request, form, 422, first)
    try:
        sent = checkins.submit(
            partner=request.partner,
            by=request.user,
            at=timezone.now(),
            key=form.cleaned_data["key"],
            answers=form.answers(),
        )
    except checkins.Refused as refusal:
        form.add_error(refusal.item or None, str(refusal))
        return _show_form(request, form, 422, first)
    except checkins.AlreadySent:
        form.add_error(
            None,
            _("A check-in was already sent from this page. What you wrote is below; open a new check-in to send it."),
        )
        return _show_form(request, form, 409, first)
    checkins.drop_held(user=request.user, key=form.cleaned_data["key"])
    return _show_sent(request, sent)


def _show_sent(request: Any, sent: checkins.Sent, told: bool = False) -> HttpResponse:
    """Shown as the answer to the post and nowhere else: no address leads back to it (decisions 4)."""
    return _page(
        request, "portal/sent.html", "check_in",
        reader=pages.reader(request.partner, sent.checkin, request.user.zone),
        help=pages.help_groups(request.partner, request.user.locale, sent.help_kinds) if sent.help_kinds else (),
        worded=sent.worded, told=told, first=sent.first, unread_text=not sent.checkin.text_read,
        hours=request.partner.practice.hours,
        danger=None if told or not sent.help_kinds else DangerForm(initial={"key": sent.checkin.key}),
    )  # fmt: skip


@require_POST
def tell_danger(request: Any) -> HttpResponse:
    form = DangerForm(request.POST)
    if not form.is_valid():
        return redirect("portal:home")
    try:
        sent = checkins.tell_danger(
            partner=request.partner, key=form.cleaned_data["key"], by=request.user, at=timezone.now(),
            who=form.cleaned_data["s2_who"], safe_now=form.cleaned_data["s2_safe"],
        )  # fmt: skip
    except ObjectDoesNotExist:
        return redirect("portal:home")
    return _show_sent(request, sent, told=True)


@require_http_methods(["GET", "POST"])
def kept(request: Any) -> HttpResponse:
    """A check-in that was written before the session ended: send it, or throw it away."""
    post = checkins.held(request.user, timezone.now())
    if post is None:
        return redirect("portal:home")
    if request.method == "GET":
        return _page(request, "portal/kept.html", "check_in", at=pages.show_time(post.at, request.user.zone))
    if request.POST.get("do") == "send":
        return _take(request, _form(request, QueryDict(post.body)))
    checkins.drop_held(user=request.user, key=post.key)
    return redirect("portal:home")


@require_GET
def guidance(request: Any) -> HttpResponse:
    return _page(
        request,
        "portal/guidance.html",
        "guidance",
        sent=pages.guidance_list(request.partner, request.user.zone),
    )


@require_http_methods(["GET", "POST"])
def guidance_item(request: Any, sent_id: UUID) -> HttpResponse:
    page, sent = pages.guidance_item(request.partner, sent_id, request.user.zone)
    if request.method == "GET":
        sent_guidance.mark_opened(partner=request.partner, sent=sent, by=request.user, at=timezone.now())
        form = AnswerForm(initial={"answer": page.answer})
        return _page(request, "portal/guidance_item.html", "guidance", page=page, form=form)
    form = AnswerForm(request.POST)
    if form.is_valid():
        try:
            done = sent_guidance.answer(
                partner=request.partner, sent_id=sent_id, by=request.user, at=timezone.now(),
                answer=form.cleaned_data["answer"], line=form.cleaned_data["line"],
            )  # fmt: skip
        except sent_guidance.Refused as refusal:
            form.add_error("line", str(refusal))
        else:
            if not done.help_kinds:
                return redirect("portal:guidance_item", sent_id=sent_id)
            groups = pages.help_groups(request.partner, request.user.locale, done.help_kinds)
            return _page(request, "portal/guidance_help.html", "guidance", help=groups)
    return _page(request, "portal/guidance_item.html", "guidance", status=422, page=page, form=form)


@require_GET
def help_now(request: Any) -> HttpResponse:
    return _page(
        request, "portal/help.html", "help", help=pages.help_groups(request.partner, request.user.locale),
        practice=request.partner.practice.name, hours=request.partner.practice.hours,
    )  # fmt: skip


@never_cache
def refuse_forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token does not fit, mostly because somebody signed in or out in another tab. A check-in is kept."""
    if request.path.endswith("/check-in/") and request.method == "POST" and not request.user.is_authenticated:
        response = _hold(request)
        if response is not None:
            return response
    return render(request, "403_csrf.html", status=403)
