"""Family W."""

from typing import Any

from clients.rules import History
from tests.clients.rules.build import entry, past, said
from tests.clients.rules.owed import Owed


def distress(*scores: float | None, **last: Any) -> History:
    rows = [entry(7 * n, d=d) for n, d in enumerate(scores[:-1])]
    return past(*rows, entry(7 * (len(scores) - 1), d=scores[-1], **last))


def setback(days: float = 7, before: Any = ("over",), **now: Any) -> History:
    return past(entry(0, c4=list(before) if before != "none" else before), entry(days, **({"c11": 1} | now)))


OWED = {
    "W01": Owed(
        "watch",
        fires=distress(50, 60),
        below=distress(50, 59.9),
        swapped="it is asked of oneself alone",
        negated=distress(60, 20),
        past=distress(70, None),
    ),
    "W02": Owed(
        "watch",
        fires=distress(20, 20, 20, 42, 42, 42),
        below=distress(20, 20, 20, 41.9, 41.9, 41.9),
        swapped="it is asked of oneself alone",
        negated=distress(42, 42, 42, 20, 20, 20),
        past=distress(20, 20, 20, 42, 42, 42, 42, 42, 42),
    ),
    "W03": Owed(
        "elevated",
        fires=setback(),
        below=setback(c11=2, c12=2),
        swapped=past(entry(0, c11=0, read=[said("setback", "client")])),
        negated=past(entry(0, c11=0, read=[said("setback", "spouse", "asking")])),
        past=setback(days=14.5),
    ),
}
