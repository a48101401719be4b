"""What each portal page shows: every read query of this door, returned as frozen values. Depends on this one person
only (decisions 1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Max
from django.db.models.fields.json import KT
from django.http import Http404
from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from clients import access, accounts, care, checkins, duty, guidance, instrument
from clients.markup import markdown
from clients.models import CheckIn, Partner, Resource, SentGuidance
from clients.models.prepared import Prepared

MONTHLY = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Number:
    label: str
    phone: str
    about: str


@dataclass(frozen=True, slots=True)
class Help:
    kind: str
    title: str
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a check-in and by when, or when it was read."""

    name: str
    by_day: str
    read_on: str


@dataclass(frozen=True, slots=True)
class Answering:
    """Who is alerted in danger, and what happens outside staffed hours, as the practice has set it (decisions 8)."""

    hours: str
    rule: str  # how it is at any time
    outside: str  # said only while nobody is there


@dataclass(frozen=True, slots=True)
class Home:
    name: str
    last_sent: str
    reader: Reader | None
    next_day: str
    new_guidance: int
    held_at: str


@dataclass(frozen=True, slots=True)
class Blank:
    """What an empty check-in form needs to know about this person."""

    other: str
    since: str
    first: bool
    monthly: tuple[str, ...]
    turn: int
    allowed: bool  # a limit told to this person keeps them away and allows some contact (decisions 2)
    texts: bool


@dataclass(frozen=True, slots=True)
class SentItem:
    id: UUID
    title: str
    sent_by: str
    sent_on: str
    is_new: bool
    answer: str
    body: SafeString
    line: str
    source: str
    answer_line: str


def show_day(day: datetime, zone: str) -> str:
    return formats.date_format(day.astimezone(ZoneInfo(zone)), "l, j F")


def show_time(at: datetime, zone: str) -> str:
    return formats.date_format(at.astimezone(ZoneInfo(zone)), "l, j F, H:i")


def counselor_name(partner: Partner, at: datetime) -> str:
    counselor = access.primary_counselor(partner.case, at)
    return counselor.name if counselor else partner.practice.name


def reader(partner: Partner, checkin: CheckIn, zone: str) -> Reader:
    return Reader(
        name=counselor_name(partner, checkin.at),
        by_day=formats.date_format(checkin.read_by_on, "l, j F"),
        read_on=formats.date_format(checkin.read_at.astimezone(ZoneInfo(zone)), "l, j F") if checkin.read_at else "",
    )


def answering(partner: Partner, at: datetime) -> Answering:
    """Rests on this person's practice alone: its hours, its choice and its rota, never on who is in session or away."""
    practice = partner.practice
    week = duty.week_of(practice)
    hours = week.words()
    around_the_clock = practice.after_hours == "duty"
    if around_the_clock:
        rule = _("If you tell of danger, your counselor is alerted at once, at any hour. Where nobody has seen it within fifteen minutes, a colleague is alerted, too.")  # fmt: skip
    else:
        rule = _("If you tell of danger, your counselor is alerted at once. Outside staffed hours nobody has promised to look before the hours begin again.")  # fmt: skip
    if week.staffed(at):
        return Answering(hours, rule, "")
    said = _("It is outside staffed hours now (%(hours)s).") % {"hours": hours}
    opens = week.next_open(at)
    if around_the_clock:
        late = _("An alert still goes out at once; it can take longer until somebody sees it.")
    elif opens is not None:
        late = _("Nobody has promised to look before %(when)s.") % {"when": show_time(opens, _zone(partner))}
    else:
        late = _("Nobody has promised to look at a set time.")
    return Answering(hours, rule, f"{said} {late}")


def _zone(partner: Partner) -> str:
    return partner.user.zone if partner.user else partner.practice.zone


def alert_words(partner: Partner, checkin: CheckIn, name: str) -> str:
    """Who looks at the danger just reported, and how soon; empty where nothing raised an alert."""
    return alert_at(partner, checkin.at, name)


def alert_at(partner: Partner, at: datetime, name: str) -> str:
    """The same of danger in a text outside a check-in, sent at that moment."""
    speed, due = duty.alerted(partner, at)
    if not speed or due is None:
        return ""
    if speed == "today" and answering(partner, at).outside:
        return _("%(name)s is told.") % {"name": name}  # by when, the sentence about staffed hours says
    if speed == "today":
        when = {"name": name, "when": show_time(due, _zone(partner))}
        return _("%(name)s is told, and is to look at it by %(when)s.") % when
    others = [
        person.name for person in duty.to_phone(partner.practice_id, partner.practice.zone, at) if person.name != name
    ]
    if others:
        said = _("%(name)s is alerted now. Where it is not seen within fifteen minutes, a colleague is alerted, too.")
    else:
        said = _("%(name)s is alerted now.")
    return said % {"name": name}


def call_words(partner: Partner, checkin: CheckIn, name: str) -> str:
    """Who was told of a call that was asked for, and when it can be expected: so much staffed time after the wish
    (rules.md, S07)."""
    by = duty.week_of(partner.practice).after(checkin.at, duty.CALL_WITHIN)
    if by is None:
        said = _("Your wish to be called was passed on to %(name)s.")
    elif checkins.said_when(checkin):
        said = _(
            "Your wish to be called was passed on. %(name)s sees it by %(when)s, and calls only when you said it is safe."
        )
    else:
        said = _("Your wish to be called was passed on. %(name)s is to call you by %(when)s.")
    said %= {"name": name, "when": show_time(by, _zone(partner)) if by else ""}
    other = access.stand_in(partner.case, checkin.at)
    if other is None or other.name == name:
        return said
    return f"{said} {_('%(other)s stands in at present and was told, too.') % {'other': other.name}}"


def home(partner: Partner, at: datetime) -> Home:
    user = partner.user
    assert user is not None
    last = CheckIn.objects.filter(partner=partner).order_by("-at", "-id").first()
    held = checkins.held(user, at)
    new = SentGuidance.objects.filter(partner=partner, withdrawn_at__isnull=True, first_opened_at__isnull=True).count()
    return Home(
        name=user.name.split()[0],
        last_sent=show_day(last.at, user.zone) if last else "",
        reader=reader(partner, last, user.zone) if last else None,
        next_day=show_day(last.at + timedelta(days=partner.interval_days), user.zone) if last else "",
        new_guidance=new,
        held_at=show_time(held.at, user.zone) if held else "",
    )


_asked_monthly = Prepared(
    lambda partner, since: (
        CheckIn.objects.filter(partner=partner, at__gt=since)
        .order_by("-at", "-id")
        .values_list("at", KT("answers__wish"), KT("answers__c10"))
    )
)


def blank(partner: Partner, at: datetime) -> Blank:
    """The form's words for this person: since when, which monthly items are due, how far the chips are turned."""
    user = partner.user
    assert user is not None
    rows = _asked_monthly(partner.pk, at - 3 * MONTHLY)
    last = rows[0][0] if rows else CheckIn.objects.filter(partner=partner).aggregate(last=Max("at"))["last"]
    since = show_day(last, user.zone) if last else ""
    wishes = [(sent, wish) for sent, wish, _hope in rows if wish not in {None, "skip"}]
    hopes = [sent for sent, _wish, hope in rows if hope not in {None, "skip"}]
    monthly = []
    if not wishes or wishes[0][0] <= at - MONTHLY:
        monthly.append("wish")
    if wishes and wishes[0][1] == "together" and (not hopes or hopes[0] <= at - MONTHLY):
        monthly.append("c10")
    return Blank(
        partner.other_name, since, last is None, tuple(monthly), partner.pk.int % 97,
        care.allowed_contact(partner, at), not partner.case.text_off,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """A check-in that waits: what is in it, but never the safety answers or the texts (decisions 4)."""

    at: str
    told: tuple[tuple[str, str], ...]
    has_more: bool


def kept(partner: Partner, items: Mapping[str, Any], has_more: bool, at: datetime, zone: str) -> Kept:
    told = [pair for pair in instrument.tell(items, partner.other_name) if pair[1] != "skipped"]
    return Kept(show_time(at, zone), tuple(told), has_more)


def may_check_in(partner: Partner) -> bool:
    return accounts.consents(partner).get("checkins", False)


def consents_given(partner: Partner) -> dict[str, str]:
    return {kind: "yes" if given else "no" for kind, given in accounts.consents(partner).items()}


def help_groups(partner: Partner, locale: str, first: tuple[str, ...] = ()) -> tuple[Help, ...]:
    """The practice's help numbers in this locale: all of them, or with `first` only emergency and those kinds, so that
    what is asked next is not screens away."""
    every = list(Resource.objects.filter(practice_id=partner.practice_id).order_by("position"))
    # Where nobody has entered numbers in the person's language, the practice's own are better than none.
    rows = [r for r in every if r.locale == locale] or every
    kinds = list(dict.fromkeys(["emergency", *(first or [r.kind for r in rows])]))
    titles = dict(Resource.Kind.choices)
    groups = [
        Help(
            kind,
            str(_(titles[kind])),
            tuple(Number(r.label, r.phone, r.about) for r in rows if r.kind == kind),
        )
        for kind in kinds
    ]
    return tuple(g for g in groups if g.numbers)


def _item(sent: SentGuidance, zone: str) -> SentItem:
    return SentItem(
        id=sent.pk,
        title=sent.title,
        sent_by=sent.sent_by.name,
        sent_on=show_day(sent.sent_at, zone),
        is_new=sent.first_opened_at is None,
        answer=sent.answer,
        body=markdown(sent.body),
        line=sent.line or "",
        source=sent.source,
        answer_line=sent.answer_line or "",
    )


def guidance_list(partner: Partner, zone: str) -> tuple[SentItem, ...]:
    return tuple(_item(sent, zone) for sent in guidance.list_for(partner))


def guidance_item(partner: Partner, sent_id: UUID, zone: str) -> tuple[SentItem, SentGuidance]:
    sent = (
        SentGuidance.objects.select_related("sent_by")
        .filter(pk=sent_id, partner=partner, withdrawn_at__isnull=True)
        .first()
    )
    if sent is None:
        raise Http404
    return _item(sent, zone), sent
