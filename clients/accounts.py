"""Accounts: nobody signs up; people are enrolled by a practice (decisions 44, closed sign-up)."""

from datetime import datetime, time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction

from . import audit, duty
from .models import Consent, Partner, Practice, User
from .models.prepared import Prepared

CONSENT_VERSION = 1


class ClosedDoor(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up is closed; mails stay neutral."""

    def is_open_for_signup(self, request: Any) -> bool:
        return False


@transaction.atomic
def open_practice(*, name: str, zone: str, at: datetime, closes: time = time(17)) -> Practice:
    """Staffed from Monday to Friday, nine until `closes`, until its lead says otherwise."""
    practice = Practice(name=name, zone=zone, created_at=at)
    practice.save(force_insert=True)
    audit.open_chain(practice)
    audit.record("practice.opened", by=None, at=at, practice=practice.pk, subject=practice.pk)
    duty.first_hours(practice, closes)
    return practice


@transaction.atomic
def enrol(
    *,
    practice: Practice,
    email: str,
    name: str,
    role: str,
    zone: str,
    password: str | None,
    by: User | None,
    at: datetime,
) -> User:
    user = User.objects.create_user(email, password, practice=practice, name=name, role=role, zone=zone, created_at=at)
    audit.record("account.enrolled", by=by, at=at, practice=practice.pk, subject=user.pk, role=role)
    return user


@transaction.atomic
def answer_consent(*, partner: Partner, kind: str, given: bool, by: User, at: datetime) -> Consent:
    """Record one consent answer. Only the person concerned gives or withdraws it."""
    if partner.user_id != by.pk:
        raise PermissionError("consent is given by the person concerned")
    consent = Consent.objects.create(
        practice_id=partner.practice_id,
        partner=partner,
        kind=kind,
        given=given,
        at=at,
        by=by,
        version=CONSENT_VERSION,
    )
    audit.record(
        "consent.given" if given else "consent.refused", by=by, at=at, case=partner.case, side=partner.side,
        subject=consent.pk, kind=kind,
    )  # fmt: skip
    return consent


_consents = Prepared(
    lambda partner: Consent.objects.filter(partner=partner).order_by("at", "id").values_list("kind", "given")
)


def consents(partner: Partner) -> dict[str, bool]:
    """The answer in force per kind; a kind never asked is absent. One query."""
    return dict(_consents(partner.pk))
