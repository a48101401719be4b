"""The client's door: HTTP only. Each view cleans the form, makes one call, answers."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from clients import access, accounts, checkins, schedule
from clients import guidance as sent_guidance

from . import pages
from .forms import AnswerForm, CheckInForm, ConsentForm, DangerForm

SALT = "portal.check-in"
HELP_BESIDE = ("crisis", "violence")  # beside a refusal of somebody who writes very often
SHOWN_FOR = 30.0  # seconds in which the result can be loaded again, for a network that stumbles


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
        data, initial={"key": uuid4()}, other=blank.other, since=blank.since, first=blank.first, monthly=blank.monthly,
        turn=blank.turn, owner=str(request.user.pk), allowed=blank.allowed, texts=blank.texts,
    )  # fmt: skip


def _sign_who(user_id: UUID, key: Any, opened: int) -> str:
    """Says whose form this is: a post on an ended session is kept for that person, and taken from nobody else. And when
    it was opened, in seconds."""
    return signing.dumps({"user": str(user_id), "key": str(key), "opened": opened}, salt=SALT)


def _who(request: HttpRequest) -> dict[str, Any]:
    try:
        found = signing.loads(request.POST.get("who", ""), salt=SALT, max_age=checkins.HELD_FOR)
    except signing.BadSignature:
        return {}
    return found if isinstance(found, dict) else {}


def _whose(request: HttpRequest) -> UUID | None:
    """The person for whom the posted form was made; None where it does not say."""
    who = _who(request)
    try:
        same = UUID(who["key"]) == UUID(request.POST.get("key", ""))
        return UUID(who["user"]) if same else None
    except (KeyError, ValueError):
        return None


def _opened(request: HttpRequest) -> int:
    """When the form was opened, also where it came back with a refusal."""
    return int(_who(request).get("opened") or timezone.now().timestamp())


def _seconds(request: HttpRequest) -> int | None:
    """From opening the form to sending it; None where the post does not say."""
    opened = _who(request).get("opened")
    return max(0, int(timezone.now().timestamp()) - opened) if isinstance(opened, int) else None


def _show_form(request: Any, form: CheckInForm, status: int = 200, first: tuple[str, ...] = ()) -> HttpResponse:
    key = form["key"].value()
    return _page(
        request, "portal/check_in.html", "check_in", status=status,
        form=form, items=form.items(), who=_sign_who(request.user.pk, key, _opened(request)), key=key,
        kept=form.sealed_safety() if form.is_bound else "",
        help=pages.help_groups(request.partner, request.user.locale, first) if first else (),
        numbers=pages.help_groups(request.partner, request.user.locale),
        outside=pages.answering(request.partner, timezone.now()).outside,
    )  # fmt: skip


def _hold(request: HttpRequest) -> HttpResponse | None:
    """A check-in posted on an ended session: keep it for 48 hours for the person whose form it was."""
    user_id = _whose(request)
    if user_id is None:
        return None
    body = urlencode(
        [(k, v) for k in request.POST for v in request.POST.getlist(k) if k not in {"csrfmiddlewaretoken", "who"}]
    )
    if not checkins.hold(user_id=user_id, key=UUID(request.POST["key"]), body=body, at=timezone.now()):
        return None
    return _page(request, "portal/session_ended.html", "")


@require_http_methods(["GET", "POST"])
@access.keeps_posts(_hold)
def check_in(request: Any) -> HttpResponse:
    if not pages.may_check_in(request.partner):
        return redirect("portal:consent")
    if request.method == "GET":
        schedule.mark_opened(partner=request.partner, at=timezone.now())
        response = _show_form(request, _form(request))
        access.mark_device(request, response)
        return response
    if _whose(request) not in {None, request.user.pk}:
        return _page(request, "portal/other_person.html", "check_in", status=409)
    return _take(request, _form(request, request.POST))


def _take(request: Any, form: CheckInForm, held: bool = False) -> HttpResponse:
    first = tuple(dict.fromkeys(checkins.HELP_FOR[c] for c in form.ticked_safety() if c in checkins.HELP_FOR))
    if not form.is_valid():
        return _show_form(request, form, 422, first)
    try:
        sent = checkins.submit(
            partner=request.partner, by=request.user, at=timezone.now(), key=form.cleaned_data["key"],
            answers=form.answers(), held=held, device=access.device_of(request, request.partner.practice_id),
            seconds=None if held else _seconds(request),
        )  # fmt: skip
    except checkins.Refused as refusal:
        form.add_error(refusal.item or None, str(refusal))
        return _show_form(request, form, 422, first or (HELP_BESIDE if refusal.shows_help else ()))
    except checkins.AlreadySent:
        again = form.with_key(uuid4())
        again.is_valid()
        again.add_error(
            None,
            _("A check-in was already sent from this page. What you wrote is below; send again to add it."),
        )
        return _show_form(request, again, 409, first)
    mended = checkins.held(request.user, timezone.now())
    if mended is not None and request.session.pop("mending", "") == str(mended.pk) and mended.key == sent.checkin.key:
        checkins.drop_held(mended)
    return _go_to_sent(request, sent)


def _go_to_sent(request: Any, sent: checkins.Sent, told: bool = False) -> HttpResponse:
    """The result has one address for everybody and shows only in the session that sent it, so that neither the
    browser's history nor Back gives an answer away (decisions 4)."""
    request.session["sent"] = {"id": str(sent.checkin.pk), "first": sent.first, "told": told}
    return redirect("portal:sent")


@require_http_methods(["GET", "POST"])
def sent(request: Any) -> HttpResponse:
    """Help first where it is called for, then thanks; and s2, which may be posted here."""
    note = request.session.get("sent")
    now = timezone.now()
    if not note:
        return redirect("portal:home")
    if (
        request.method == "POST"
    ):  # the answers are taken for as long as they can help, also when nothing is shown any more
        form = DangerForm(request.POST)
        if form.is_valid():
            done = checkins.tell_danger(
                partner=request.partner, checkin_id=UUID(note["id"]), by=request.user, at=now,
                who=form.cleaned_data["s2_who"], safe_now=form.cleaned_data["s2_safe"],
            )  # fmt: skip
            if now - done.checkin.at > checkins.TELL_WITHIN:
                messages.error(request, _("That came too late to be added. Please call, or send it as a new check-in."))
                return redirect("portal:home")
            return _go_to_sent(request, done, told=True)
    elif now.timestamp() > note.get("until", now.timestamp()):
        return redirect("portal:home")
    if "until" not in note:
        request.session["sent"] = note | {"until": now.timestamp() + SHOWN_FOR}
    found = checkins.result(request.partner, UUID(note["id"]))
    asks = found.help_kinds and not note["told"]
    reader = pages.reader(request.partner, found.checkin, request.user.zone)
    alert = pages.alert_words(request.partner, found.checkin, reader.name) if found.help_kinds else ""
    return _page(
        request, "portal/sent.html", "check_in", reader=reader, alert=alert,
        outside=pages.answering(request.partner, now).outside if alert else "",
        call=pages.call_words(request.partner, found.checkin, reader.name) if found.call_me else "",
        help=pages.help_groups(request.partner, request.user.locale, found.help_kinds) if found.help_kinds else (),
        worded=found.worded, told=note["told"], first=note["first"], unread_text=bool(found.checkin.text) and not found.checkin.text_read,
        danger=DangerForm() if asks else None,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def kept(request: Any) -> HttpResponse:
    """A check-in that was written before the session ended: send it, leave parts out, or throw it away."""
    post = checkins.held(request.user, timezone.now())
    if post is None:
        return redirect("portal:home")
    data = QueryDict(post.body, mutable=True)
    if request.method == "GET":
        form = _form(request, data)
        items = form.answers().items if form.is_valid() else {}
        page = pages.kept(request.partner, items, form.has_more(), post.at, request.user.zone)
        return _page(request, "portal/kept.html", "check_in", page=page)
    if request.POST.get("do") != "send":
        checkins.drop_held(post)
        return redirect("portal:home")
    if request.POST.get("leave_out"):
        for name in ("t1", "n1", "s1", "s1_call", "s1_when", "kept"):
            data.pop(name, None)
    request.session["mending"] = str(post.pk)  # a refused one is mended in the form and still this very post
    return _take(request, _form(request, data), held=True)


@require_http_methods(["GET", "POST"])
def consent(request: Any) -> HttpResponse:
    """What is kept, who reads it, and what software does; each refusable, and changed here at any time."""
    form = ConsentForm(request.POST or None, initial=pages.consents_given(request.partner))
    if request.method == "POST" and form.is_valid():
        for kind, given in form.answers().items():
            accounts.answer_consent(partner=request.partner, kind=kind, given=given, by=request.user, at=timezone.now())
        return redirect("portal:home")
    return _page(
        request, "portal/consent.html", "", status=422 if form.is_bound else 200, form=form,
        answering=pages.answering(request.partner, timezone.now()),
    )  # fmt: skip


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
        if "X-Poll" not in request.headers:
            sent_guidance.mark_opened(partner=request.partner, sent=sent, by=request.user, at=timezone.now())
        form = AnswerForm(initial={"answer": page.answer})
        return _page(request, "portal/guidance_item.html", "guidance", page=page, form=form)
    form, now = AnswerForm(request.POST), timezone.now()
    if form.is_valid():
        try:
            done = sent_guidance.answer(
                partner=request.partner, sent_id=sent_id, by=request.user, at=now,
                answer=form.cleaned_data["answer"], line=form.cleaned_data["line"],
            )  # fmt: skip
        except sent_guidance.Refused as refusal:
            form.add_error("line", str(refusal))
        else:
            if not done.help_kinds:
                messages.success(request, _("Thank you. Your answer is with %(name)s.") % {"name": page.sent_by})
                return redirect("portal:guidance_item", sent_id=sent_id)
            groups = pages.help_groups(request.partner, request.user.locale, done.help_kinds)
            alert = pages.alert_at(request.partner, now, pages.counselor_name(request.partner, now))
            outside = pages.answering(request.partner, now).outside if alert else ""
            return _page(request, "portal/guidance_help.html", "guidance", help=groups, alert=alert, outside=outside)
    return _page(request, "portal/guidance_item.html", "guidance", status=422, page=page, form=form)


@require_GET
def help_now(request: Any) -> HttpResponse:
    return _page(
        request, "portal/help.html", "help", help=pages.help_groups(request.partner, request.user.locale),
        practice=request.partner.practice.name, answering=pages.answering(request.partner, timezone.now()),
    )  # fmt: skip


@never_cache
def refuse_forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token does not fit, mostly because somebody signed in or out in another tab. A view that keeps late
    posts keeps this one, too."""
    hold = getattr(request.resolver_match.func, "hold", None) if request.resolver_match else None
    if hold is not None and request.method == "POST" and not request.user.is_authenticated:
        response = hold(request)
        if isinstance(response, HttpResponse):
            return response
    return render(request, "403_csrf.html", status=403)
