"""Family S."""

from typing import Any

from clients.rules import History, Standing, Urgent
from clients.rules.record import Arranged, Limit
from tests.clients.rules.build import at, entry, past, said
from tests.clients.rules.owed import Clock, Owed

MUST = Arranged(keeps_away=Limit("order"))
FROM = Arranged(kept_from=Limit("order"))


def hurt(label: str, frame: str, actor: str = "spouse", **more: Any) -> Any:
    return said(label, actor, frame=frame, **more)


def feared(*rows: Any, **more: Any) -> History:
    """Afraid a week ago; then these check-ins."""
    return past(entry(0, safety=["afraid"]), *rows, **more)


def unseen(minutes: float, **more: Any) -> Clock:
    fields: dict[str, Any] = {"speed": "now"}
    urgent = Urgent("S01", "Self-harm: please look now", at(0), **(fields | more))
    now = at(minutes / 1440)
    return Clock(Standing(today=now.date(), name="Ines", other="Robin", urgent=(urgent,)), now)


CHOKED = hurt("violence", "violence.choking")
ARMED = hurt("violence", "violence.weapon")

OWED = {
    "S01": Owed(
        "urgent",
        fires=past(entry(0, safety=["self_harm"])),
        below=past(entry(0, c11=0, c12=4)),
        swapped=past(entry(0, read=[said("self_harm", "other")])),
        negated=past(entry(0)),
        past=past(entry(0, safety=["self_harm"]), entry(7)),
    ),
    "S02": Owed(
        "urgent",
        fires=past(entry(0, safety=["hurt"])),
        below=past(entry(0, c4=["threats"])),
        swapped="either direction counts",
        negated=past(entry(0)),
        past=past(entry(0, safety=["hurt"]), entry(7)),
    ),
    "S03": Owed(
        "urgent",
        fires=past(entry(0, c1=1, c2=0), arranged=MUST),
        below=past(entry(0, c1=0, c2=0), arranged=MUST),
        swapped=past(entry(0, c1=0, c2=4), arranged=MUST),
        negated=past(entry(0, c1=2, c2=0, c1_allowed=True), arranged=MUST),
        past=past(entry(0, c1=1), arranged=Arranged(keeps_away=Limit("order", until=at(-1).date()))),
    ),
    "S04": Owed(
        "urgent",
        fires=past(entry(0, safety=["child"])),
        below=past(entry(0, safety=["hurt"])),
        swapped="whoever endangers the child",
        negated=past(entry(0)),
        past=past(entry(0, safety=["child"]), entry(7)),
    ),
    "S05": Owed(
        "urgent",
        fires=past(entry(0, read=[hurt("violence", "violence.threat", "client")])),
        below=past(entry(0, read=[hurt("violence", "violence.physical", "client")])),
        swapped=past(entry(0, read=[hurt("violence", "violence.threat", "spouse")])),
        negated=past(entry(0)),
        past=past(entry(0, safety=["might_hurt"]), entry(7)),
        frightened="held",
    ),
    "S06": Owed(
        "urgent",
        fires=feared(entry(7, read=[CHOKED]), entry(14, read=[ARMED])),
        below=feared(entry(7, read=[CHOKED])),
        swapped=feared(entry(7, read=[hurt("violence", "violence.choking", "client")]), entry(14, read=[ARMED])),
        negated=past(entry(0, read=[hurt("violence", "violence.choking")]), entry(7, read=[ARMED])),
        past=feared(entry(91, read=[CHOKED]), entry(98, read=[ARMED])),
    ),
    "S07": Owed(
        "elevated",
        fires=past(entry(0, call_me="after six")),
        below=past(entry(0)),
        swapped="it is only ever asked by oneself",
        negated="there is no asking not to be called",
        past=past(entry(0, call_me="after six"), entry(7)),
    ),
    "S08": Owed(
        "urgent",
        fires=unseen(60),
        below=unseen(59.9),
        swapped=unseen(90, speed="today"),
        negated=unseen(90, seen_at=at(0.01)),
        past=Clock(
            unseen(600).standing.__class__(today=at(1).date(), urgent=unseen(1).standing.urgent, told={"S08": at(0.1)}),
            at(1),
        ),
    ),
}
