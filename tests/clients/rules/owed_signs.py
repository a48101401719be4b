"""Family O."""

from datetime import timedelta
from typing import Any

from clients.progress import Share
from clients.rules import History, Standing
from tests.clients.rules.build import at, entry, past, said
from tests.clients.rules.owed import Clock, Owed


def warmth(*scores: float | None, step: float = 7, **last: Any) -> History:
    rows = [entry(step * n, w=w) for n, w in enumerate(scores[:-1])]
    return past(*rows, entry(step * (len(scores) - 1), w=scores[-1], **last))


def shares(then: Share, now: Share, days: float = 28) -> History:
    return past(entry(0, share=then), entry(days, share=now))


def waited(*answers: object, cpi: float = 10) -> History:
    rows = [entry(7 * n, c9=c9, cpi=cpi, levels={"cpi": cpi}) for n, c9 in enumerate(answers)]
    return past(*rows)


def gates(*states: str, **last: Any) -> History:
    rows = [entry(7 * n, gate=g, t=30, w=50) for n, g in enumerate(states[:-1])]
    return past(*rows, entry(7 * (len(states) - 1), gate=states[-1], t=30, w=50, **last))


RISEN: list[float] = [15, 15, 15, 15, 45, 45, 45, 45]


def waiting(days: int, **more: Any) -> Clock:
    today = at(200).date()
    fields: dict[str, Any] = {
        "name": "Ines",
        "other": "Robin",
        "leaning_since": today - timedelta(days=days),
        "d": 40.0,
    }
    return Clock(Standing(today=today, **(fields | more)), at(200))


OWED = {
    "O01": Owed(
        "info",
        fires=warmth(15, 15, 40, 40),
        below=warmth(15, 15, 15, 15, 34.9, 34.9, 34.9, 34.9),
        swapped="warmth is only ever told of the partner",
        negated=warmth(40, 40, 15, 15),
        past=warmth(15, 15, *[40] * 11),
    ),
    "O02": Owed(
        "info",
        fires=warmth(*RISEN[:7]),
        below=warmth(*RISEN[:6]),
        swapped="warmth is only ever told of the partner",
        negated=warmth(*[60 - w for w in RISEN[:7]]),
        past=warmth(*RISEN),
    ),
    "O03": Owed(
        "info",
        fires=shares(Share(3, 9, 12, 4), Share(12, 9, 20, 4)),
        below=shares(Share(5, 7.5, 12, 4), Share(12, 9, 20, 4)),
        swapped=shares(Share(9, 3, 12, 4), Share(9, 12, 20, 4)),
        negated=shares(Share(3, 9, 12, 4), Share(2, 1, 1, 1)),
        past=shares(Share(3, 9, 12, 4), Share(12, 9, 20, 4), days=43),
    ),
    "O04": Owed(
        "watch",
        fires=past(entry(0), entry(7, c4=["return"])),
        below=past(entry(0), entry(7, c4=["kind"])),
        swapped=past(entry(0, read=[said("raises_return", "other")])),
        negated=past(entry(0, read=[said("raises_return", "spouse", "asking")])),
        past=past(entry(0, c4=["return"]), entry(7)),
    ),
    "O05": Owed(
        "info",
        fires=waited(4, 4, "no_urge", 4),
        below=waited(4, 4, 3, 3),
        swapped="it is only ever answered of oneself",
        negated=waited("no_urge", "no_urge", "no_urge", "no_urge"),
        past=waited(4, 4, 4, 4, 3),
        frightened="held",
    ),
    "O06": Owed(
        "info",
        fires=gates("wait", "try_small"),
        below=gates("no_data", "try_small"),
        swapped="the gate has no actor",
        negated=gates("try_small", "wait"),
        past=gates("wait", "try_small", "try_small"),
        frightened="held",
    ),
    "O07": Owed(
        "elevated",
        fires=warmth(*RISEN, 40, 10, 10, 10),
        below=warmth(*RISEN, 40, 35, 33, 33),
        swapped="warmth is only ever told of the partner",
        negated=warmth(*RISEN, 45, 60, 70, 70),
        past=warmth(60, 60, 60, 35, 35, 35),
    ),
    "O08": Owed(
        "watch",
        fires=waiting(90),
        below=waiting(89),
        swapped=waiting(120, leaning_since=None),
        negated=waiting(120, warmed_on=at(190).date()),
        past=waiting(120, told={"O08": at(141)}),
    ),
}
