"""Accounts: nobody signs up; people are enrolled by a practice (decisions 44, closed sign-up)."""

from datetime import datetime, time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.db import transaction

from . import audit, duty
from .models import Case, Consent, Partner, Practice, ReachCard, User
from .models.prepared import Prepared

CONSENT_VERSION = 1


class Refused(Exception):
    """A password that cannot be set; the text is for the person, `field` what it stands beside."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class ClosedDoor(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up is closed; mails stay neutral, and none goes to a mailbox that somebody else can open. The page says the
    same as for an address nobody has (decisions 5)."""

    def is_open_for_signup(self, request: Any) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        user = User.objects.filter(email=email.lower()).first()
        if user is None or not ReachCard.is_shared(user.pk):
            super().send_mail(template_prefix, email, context)


class ResetLink(PasswordResetTokenGenerator):
    """A link in a mailbox that somebody else can open sets no password, also one that was sent before that was known."""

    def check_token(self, user: Any, token: str | None) -> bool:
        return super().check_token(user, token) and not ReachCard.is_shared(user.pk)


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
def set_password_in_person(
    *, case: Case, partner: Partner, password: str, repeated: str, by: User, at: datetime
) -> None:
    """The person types a new password in the room, where a link by mail could be opened by somebody else. Every session
    of the account ends with the old one."""
    user = partner.user
    if partner.case_id != case.pk or user is None:
        raise Refused("This person has no account in this case.")
    if not ReachCard.is_shared(user.pk):
        raise Refused(f"{partner.name} can ask for a link by mail on the page to sign in.", "password")
    if password != repeated:
        raise Refused("The two are not the same.", "repeated")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refused(" ".join(error.messages), "password") from None
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record("account.password_set", by=by, at=at, case=case, side=partner.side, subject=user.pk)


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
