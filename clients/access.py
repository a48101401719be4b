"""The doorkeeper: who enters which door, who opens which case or side (trust.md 3, architecture 6).

Views do not check permissions. Before a view runs, the doorkeeper has resolved `request.case` (desk) or
`request.partner` (portal); what is not yours is 404, the same page as for an id that does not exist. `request.narrow`
says that of this case only danger is shown.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import logout
from django.core import signing
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.crypto import salted_hmac

from .models import Assignment, Case, Flag, Partner, ReachCard, Role, User
from .models.prepared import Prepared

View = Callable[..., Any]

# Address parts that lead to a case: name -> function from id to case id. The desk adds its own (counselor/apps.py).
LEADS: dict[str, Callable[[UUID, User], UUID | None]] = {"case_id": lambda case_id, user: case_id}
# Address parts that open one paper to somebody who does not hold its case: name -> function from id to the case, which is
# given for this paper alone.
PAPERS: dict[str, Callable[[UUID, User], Case | None]] = {}


def without_case(view: View) -> View:
    """Mark a desk view that opens no case: every other one must have a case in its address."""
    view.without_case = True  # type: ignore[attr-defined]
    return view


def lead_only(view: View) -> View:
    """Mark a desk view for the practice lead; it opens no case."""
    view.lead_only = True  # type: ignore[attr-defined]
    return without_case(view)


def for_safety(view: View) -> View:
    """Mark a view that cover, and whoever was alerted, may open as well: what it shows of a case is danger and how to
    reach people. Of flags it is given those of danger only. Every other view of a case is the primary counselor's."""
    view.for_safety = True  # type: ignore[attr-defined]
    return view


def keeps_posts(hold: Callable[[HttpRequest], HttpResponseBase | None]) -> Callable[[View], View]:
    """Mark a view whose posts are kept when the session has ended; `hold` keeps one and answers."""

    def mark(view: View) -> View:
        view.hold = hold  # type: ignore[attr-defined]
        return view

    return mark


def visible_cases(user: User, at: datetime) -> QuerySet[Case]:
    """Cases this person holds as their counselor now, by assignment and nothing else."""
    return _visible(user.pk, user.practice_id, at)


def safety_cases(user: User, at: datetime) -> QuerySet[Case]:
    """The same, and those on which this person stands in or was alerted: of them only danger is shown (decisions 49)."""
    return _cases(_held(user.pk, at), user.practice_id)


def visible_stamps(user: User, at: datetime) -> tuple[int, ...]:
    """The read models' stamps of `visible_cases`: another case, or another word about one, makes it another tuple."""
    return tuple(dict.fromkeys(stamp for (stamp,) in _stamps(user.pk, user.practice_id, at)))


def visible_by_stamp(user: User, at: datetime, stamp: int) -> list[Case]:
    """The visible case whose read model has this stamp, with it; none where somebody has written since."""
    return _by_stamp(user.pk, user.practice_id, at, stamp)


def _held(user: UUID, at: datetime) -> QuerySet[Assignment]:
    return Assignment.objects.filter(Q(until__isnull=True) | Q(until__gt=at), user=user, since__lte=at)


def _as_counselor(user: UUID, at: datetime) -> QuerySet[Assignment]:
    return _held(user, at).filter(role=Assignment.As.PRIMARY)


def _cases(held: QuerySet[Assignment], practice: UUID) -> QuerySet[Case]:
    return Case.objects.filter(Exists(held.filter(case=OuterRef("pk"))), practice=practice, closed_at__isnull=True)


def _visible(user: UUID, practice: UUID, at: datetime) -> QuerySet[Case]:
    return _cases(_as_counselor(user, at), practice)


NOT_ON_TODAY = ("summary__course", "summary__arranged", "summary__told", "litigation")
_stamps: Prepared[tuple[int]] = Prepared(
    lambda user, practice, at: (
        _as_counselor(user, at)
        .filter(case__practice=practice, case__closed_at__isnull=True)
        .order_by("case_id")
        .values_list("case__summary__stamp")
    )
)
_by_stamp = Prepared(
    lambda user, practice, at, stamp: (
        _visible(user, practice, at).select_related("summary").defer(*NOT_ON_TODAY).filter(summary__stamp=stamp)
    )
)
_by_id = Prepared(
    lambda user, practice, at, case: _visible(user, practice, at).select_related("practice").filter(pk=case)
)


def open_case(user: User, case_id: UUID, at: datetime) -> Case:
    case = _by_id.first(user.pk, user.practice_id, at, case_id)
    if case is None:
        raise Http404
    return case


def open_for_safety(user: User, case_id: UUID, at: datetime, flag_id: UUID | None) -> tuple[Case, bool]:
    """The case, and whether only its danger is shown to this person."""
    case = safety_cases(user, at).select_related("practice").filter(pk=case_id).first()
    if case is None:
        raise Http404
    narrow = not _as_counselor(user.pk, at).filter(case=case).exists()
    if narrow and flag_id is not None and not danger_of(case).filter(pk=flag_id).exists():
        raise Http404
    return case, narrow


def danger_of(case: Case) -> QuerySet[Flag]:
    """The flags that cover and whoever was alerted see."""
    return Flag.objects.filter(Q(safety=True) | Q(severity=Flag.Severity.URGENT), case=case)


_own_side = Prepared(
    lambda user: Partner.objects.select_related("case", "practice").filter(user=user, case__closed_at__isnull=True)[:1]
)


def own_side(user: User) -> Partner:
    partner = _own_side.first(user.pk)
    if partner is None:
        raise Http404
    partner.user = user
    return partner


def primary_counselor(case: Case, at: datetime) -> User | None:
    """The person named to the client and alerted first; None in a gap between two."""
    held = Assignment.objects.select_related("user").filter(
        Q(until__isnull=True) | Q(until__gt=at), case=case, role=Assignment.As.PRIMARY, since__lte=at
    )
    found = held.order_by("-since").first()
    return found.user if found else None


def stand_in(case: Case, at: datetime) -> User | None:
    """Who covers for the primary counselor at that time."""
    held = Assignment.objects.select_related("user").filter(
        case=case, role=Assignment.As.COVER, since__lte=at, until__gt=at, user__is_active=True
    )
    found = held.order_by("since").first()
    return found.user if found else None


CLINIC = "clients.access.clinic"
REMEMBER_FOR = timedelta(days=30)


def _remember(response: HttpResponseBase, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=REMEMBER_FOR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


def _is_own_device(request: HttpRequest, practice_id: UUID) -> bool:
    """Whether staff of this practice has signed in on this device within 30 days, whatever the browser still keeps."""
    with suppress(signing.BadSignature):
        mark = request.COOKIES.get(settings.CLINIC_COOKIE, "")
        return bool(signing.loads(mark, salt=CLINIC, max_age=REMEMBER_FOR) == str(practice_id))
    return False


def device_of(request: HttpRequest, practice_id: UUID) -> str:
    """A keyed hash of the device a check-in comes from, or "" where it is the practice's own (rule E06). It is compared
    with itself only, and dropped after 30 days."""
    if _is_own_device(request, practice_id):
        return ""
    token = request.COOKIES.get(settings.DEVICE_COOKIE, "")
    return salted_hmac("clients.access.device", token, algorithm="sha256").hexdigest() if token else ""


def mark_device(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give a device that has none a number of its own; it says nothing of who used it."""
    if settings.DEVICE_COOKIE not in request.COOKIES:
        _remember(response, settings.DEVICE_COOKIE, secrets.token_urlsafe(16))


class Doorkeeper:
    """Middleware, after authentication and before Django's LoginRequiredMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            self._end_if_idle(request, request.user)
        response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        if request.method == "POST" and request.path == settings.LOGOUT_PATH:
            response["Clear-Site-Data"] = '"cache", "storage"'
        if request.user.is_authenticated or request.path.startswith(("/portal", "/desk", "/accounts")):
            add_never_cache_headers(response)
        user: Any = request.user
        if getattr(user, "role", Role.CLIENT) != Role.CLIENT and not _is_own_device(request, user.practice_id):
            _remember(response, settings.CLINIC_COOKIE, signing.dumps(str(user.practice_id), salt=CLINIC))
        return response

    def _end_if_idle(self, request: HttpRequest, user: User) -> None:
        """15 minutes without an act of the person ends the session; polls and preloads do not count (decisions 44). Where
        somebody else can open the phone, no page is shown after 5; what was being written is still taken."""
        now = int(timezone.now().timestamp())
        seen = request.session.get("seen", now)
        acts = not ("X-Poll" in request.headers or "HX-Preloaded" in request.headers)
        shared = acts and request.method == "GET" and request.session.get("shared")
        if now - request.session.setdefault("began", now) > settings.SESSION_COOKIE_AGE or now - seen > (
            settings.SHARED_IDLE_SECONDS if shared else settings.IDLE_SECONDS
        ):
            logout(request)
        elif acts and (now - seen >= 60 or "seen" not in request.session):
            request.session["seen"] = now
            request.session["shared"] = user.role == Role.CLIENT and ReachCard.is_shared(user.pk)

    def process_view(self, request: Any, view: View, args: Any, kwargs: dict[str, Any]) -> HttpResponseBase | None:
        door = request.resolver_match.namespace
        if door not in {"desk", "portal"}:
            return None
        user = request.user
        if not user.is_authenticated:
            hold = getattr(view, "hold", None)
            return hold(request) if hold and request.method == "POST" else None
        if door == "portal":
            if user.role != Role.CLIENT:
                raise Http404
            request.partner = own_side(user)
            return None
        if user.role == Role.CLIENT:
            raise Http404
        at = timezone.now()
        for name, opened in PAPERS.items():
            if name in kwargs:
                request.case = opened(kwargs[name], user)
                if request.case is None:
                    raise Http404
                return None
        for name, lead in LEADS.items():
            if name in kwargs:
                case_id = lead(kwargs[name], user)
                if case_id is None:
                    raise Http404
                if name == "case_id" and getattr(view, "for_safety", False):
                    request.case, request.narrow = open_for_safety(user, case_id, at, kwargs.get("flag_id"))
                else:
                    request.case, request.narrow = open_case(user, case_id, at), False
                return None
        if not getattr(view, "without_case", False):
            raise Http404
        if getattr(view, "lead_only", False) and user.role != Role.OWNER:
            raise Http404
        return None
