"""Builders: states of the world, made through the real acts. The cast is in conftest.py."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from clients import accounts, cases, checkins, guidance
from clients.models import Case, Partner, Practice, Resource, SentGuidance, User
from counselor import library, notes
from counselor.models import SessionNote

START = datetime(2026, 9, 7, 17, 0, tzinfo=UTC)  # a Monday
PASSWORD = "a-long-enough-pass-phrase"


def practice(name: str = "Linden Practice", at: datetime = START) -> Practice:
    row = accounts.open_practice(name=name, zone="Europe/Berlin", at=at)
    for position, (kind, label, phone) in enumerate(
        [("emergency", "Emergency", "112"), ("crisis", "Crisis line", "0800 111"), ("violence", "Violence help line", "0800 222"),
         ("child", "Child help line", "0800 333"), ("own_anger", "Own anger line", "0800 444")]
    ):  # fmt: skip
        Resource.objects.create(practice=row, kind=kind, label=label, phone=phone, position=position)
    return row


def user(practice: Practice, name: str, role: str, password: str | None = None, zone: str = "Europe/Berlin") -> User:
    return accounts.enrol(
        practice=practice, email=f"{name.lower()}@example.org", name=name, role=role, zone=zone, password=password, by=None, at=START
    )  # fmt: skip


def trainee(practice: Practice, name: str, supervisor: User) -> User:
    row = user(practice, name, "counselor")
    row.trainee, row.supervisor = True, supervisor
    row.save()
    return row


def case(
    counselor: User, a: tuple[str, User | None], b: tuple[str, User | None], *, screened: bool = True, text: bool = True
) -> Case:
    """An open case whose clients have consented and were screened."""
    row = cases.open_case(practice=counselor.practice, by=counselor, counselor=counselor, at=START, a=a, b=b)
    for partner in row.partners.select_related("user", "case"):
        if partner.user is None:
            continue
        for kind in ("checkins", "text"):
            accounts.answer_consent(partner=partner, kind=kind, given=kind != "text" or text, by=partner.user, at=START)
        if screened:
            screen(row, partner, counselor)
    return row


def screen(case: Case, partner: Partner, by: User, at: datetime = START, result: str = "clear") -> None:
    cases.record_screening(case=case, partner=partner, by=by, at=at, how="room", result=result, alone=True)


def side(case: Case, letter: str = "A") -> Partner:
    return Partner.objects.select_related("case", "practice", "user").get(case=case, side=letter)


def items(**more: Any) -> dict[str, Any]:
    """A calm week, everything answered; keywords replace answers."""
    calm: dict[str, Any] = {
        "c1": 2, "c2": 2, "c3": 2, "c4": "none", "c5": 1, "c6": 1, "c7": {"talk": "no"}, "c8": "none", "c8g": "none",
        "c9": "no_urge", "c11": 3, "c12": 1,
    }  # fmt: skip
    return calm | more


def check_in(
    partner: Partner,
    day: float,
    text: str = "",
    *,
    safety: tuple[str, ...] = (),
    next_session: str = "",
    key: Any = None,
    **more: Any,
) -> checkins.Sent:
    """Send a check-in `day` days after START, through the act. One unscored answer differs from time to time, as people do."""
    assert partner.user is not None
    sure = ("rather_not", 0, 1, 2, "skip")[int(day) % 5]
    return checkins.submit(
        partner=partner, by=partner.user, at=START + timedelta(days=day), key=key or uuid4(),
        answers=checkins.Answers(items(**({"c10": sure} | more)), safety=safety, text=text, next_session=next_session),
    )  # fmt: skip


def warming(partner: Partner, first_day: float = 0) -> list[checkins.Sent]:
    """Four cool weeks, then two warm ones: the second warm one opens the steady window."""
    cool = [check_in(partner, first_day + 7 * n, c3=1, c5="none") for n in range(4)]
    warm = [check_in(partner, first_day + 28 + 7 * n, c3=3, c4=["kind", "memory"], c5=2) for n in range(2)]
    return cool + warm


def signed_note(case: Case, by: User, at: datetime, card: str = "G11", flag: Any = None) -> SessionNote:
    row = notes.start(case=case, by=by, at=at, flag=flag)
    notes.save(
        case=case,
        note_id=row.pk,
        by=by,
        at=at,
        body=f"Talked for an hour.\n\n{library.as_note_text(library.cards()[card])}",
        version=1,
    )
    notes.insert(case=case, note_id=row.pk, by=by, at=at, card=library.cards()[card])
    return notes.sign(case=case, note_id=row.pk, by=by, at=at)


def share(case: Case, partner: Partner, by: User, at: datetime, card: str = "G11", line: str = "") -> SentGuidance:
    note = signed_note(case, by, at, card)
    text = library.for_client(library.cards()[card], partner.other_name)
    return guidance.send(case=case, partner=partner, text=text, by=by, at=at, note=note.pk, line=line)


def read_all(case: Case, by: User, at: datetime) -> int:
    """Mark as read what is unread, as the button on the case page does with what it shows."""
    ids = list(case.checkins.filter(read_at__isnull=True).values_list("pk", flat=True))
    return checkins.mark_read(case=case, by=by, at=at, ids=ids)
