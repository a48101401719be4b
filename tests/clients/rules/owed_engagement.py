"""Family E."""

from typing import Any

from clients.rules import History, Standing, Urgent
from clients.rules.record import Arranged
from tests.clients.rules.build import at, entry, past
from tests.clients.rules.owed import Clock, Owed


def still(day: float, **more: Any) -> Clock:
    fields: dict[str, Any] = {"today": at(day).date(), "name": "Ines", "other": "Robin"}
    return Clock(Standing(**(fields | more)), at(day))


def urgent(day: float, **more: Any) -> tuple[Urgent, ...]:
    return (Urgent("S02", "Violence, threats or fear: please look now", at(day), **more),)


def without_contact(*days: float) -> History:
    return past(*(entry(day, c3="no_contact", c4="none") for day in days))


def busy(*days: float, **more: Any) -> History:
    return past(entry(0), *(entry(day, **more) for day in days))


def from_device(minutes: float, device: str = "tablet", **more: Any) -> History:
    arranged = Arranged(devices=((at(0), "tablet"),))
    return past(entry(minutes / 1440, device=device, **more), arranged=arranged)


OWED = {
    "E01": Owed(
        "watch",
        fires=still(20, missed=(at(5), at(12))),
        below=still(20, missed=(at(12),)),
        swapped="a prompt is only ever the reporter's own",
        negated=still(20, missed=()),
        past=still(20, missed=(at(5), at(12)), told={"E01": at(13)}),
    ),
    "E02": Owed(
        "urgent",
        fires=still(1, urgent=urgent(0, seen_at=at(0.01)), last_check_in=at(0), last_staff=at(-2)),
        below=still(0.99, urgent=urgent(0, seen_at=at(0.01)), last_check_in=at(0)),
        swapped=still(2, urgent=()),
        negated=still(1, urgent=urgent(0), last_staff=at(0.5)),
        past=still(9, urgent=urgent(0), told={"E02": at(1)}),
    ),
    "E03": Owed(
        "info",
        fires=past(entry(0, seconds=11)),
        below=past(entry(0, seconds=12)),
        swapped=past(entry(0, seconds=5, at_desk=True)),
        negated=past(entry(0)),
        past=past(entry(0, seconds=5), entry(7, seconds=90)),
    ),
    "E04": Owed(
        "info",
        fires=without_contact(0, 7, 14, 21),
        below=without_contact(0, 7, 13.9),
        swapped="no contact has no actor",
        negated=past(*(entry(7 * n, c1=0, c2=1) for n in range(5))),
        past=past(*(entry(7 * n, c3="no_contact") for n in range(5)), entry(35, c1=1, c2=0)),
    ),
    "E05": Owed(
        "watch",
        fires=busy(15, 16, 17, 18, 19),
        below=busy(15, 16, 17, 18),
        swapped=busy(15, 16, 17, 18, 19, at_desk=True),
        negated=busy(15, 16, 17, 18, 19, call_me="after six"),
        past=busy(15, 16, 17, 18, 19, 26),
    ),
    "E06": Owed(
        "watch",
        fires=from_device(15),
        below=from_device(15.1),
        swapped=from_device(3, at_desk=True),
        negated=from_device(3, device="telephone"),
        past=from_device(1440),
    ),
}
