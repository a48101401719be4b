"""Family I."""

from typing import Any

from clients.progress import Share
from clients.rules import History
from tests.clients.rules.build import entry, past, said
from tests.clients.rules.owed import Owed


def both(*rows: tuple[float, float]) -> History:
    """Pressing and warmth, a check-in each."""
    return past(*(entry(7 * n, cpi=cpi, w=w) for n, (cpi, w) in enumerate(rows)))


def talk(began: str = "me", ended: int = 2, gate: str = "wait", **after: Any) -> History:
    rows = [entry(0, gate=gate), entry(7, c7={"talk": "yes", "began": began, "ended": ended}, **after)]
    return past(*rows)


def turns(*rows: tuple[bool, float], **more: Any) -> History:
    """Whether there was an act that presses, and tension; a check-in each."""
    return past(
        *(entry(7 * n, t=t, c8={"push_return": 1} if act else "none", **more) for n, (act, t) in enumerate(rows))
    )


CALM = [(False, 20.0)] * 3
TURNED = [(True, 20.0), (False, 45.0), (True, 20.0), (False, 45.0)]


FEW, MANY = Share(1.5, 15, 30, 4), Share(15, 1.5, 30, 4)


def answers(*counts: int, share: Share = FEW) -> History:
    return past(*(entry(7 * n, c1=3, c2=c2, share=share) for n, c2 in enumerate(counts)))


def space(*counts: int, days: float = 7, c4: Any = ("space",)) -> History:
    """Space asked for at the first check-in, and the contacts started in each."""
    first = entry(0, c1=counts[0], c4=list(c4) if c4 != "none" else c4)
    return past(first, *(entry(days * n, c1=count) for n, count in enumerate(counts[1:], 1)))


def stood(*gates: str, **last: Any) -> History:
    rows = [entry(7 * n, gate=gate) for n, gate in enumerate(gates[:-1])]
    return past(*rows, entry(7 * (len(gates) - 1), gate=gates[-1], **last))


OWED = {
    "I01": Owed(
        "elevated",
        fires=both(*[(10, 50)] * 3, *[(22, 38)] * 3),
        below=both(*[(10, 50)] * 3, *[(21.9, 38)] * 3),
        swapped=both(*[(10, 50)] * 3, *[(10, 38)] * 3),  # the other one is cooler, and nobody presses
        negated=both(*[(22, 38)] * 3, *[(10, 50)] * 3),
        past=both(*[(10, 50)] * 3, *[(22, 38)] * 6),
        frightened="held",
    ),
    "I02": Owed(
        "watch",
        fires=talk(),
        below=talk(ended=3),
        swapped=talk(began="partner", ended=0),
        negated=talk(gate="go"),
        past=past(entry(0, gate="wait"), entry(7, c7={"talk": "yes", "began": "me", "ended": 0}), entry(14)),
        frightened="held",
    ),
    "I03": Owed(
        "watch",
        fires=turns(*CALM, *TURNED),
        below=turns(*CALM, *TURNED[:2]),
        swapped=turns(*CALM, *((False, t) for _, t in TURNED)),
        negated=turns(*((act, 20.0) for act, _ in (*CALM, *TURNED))),
        past=turns(*CALM, *TURNED, (False, 45.0)),
        frightened="held",
    ),
    "I04": Owed(
        "watch",
        fires=answers(6, 4, 3, 2),
        below=answers(6, 4, 3, 3),
        swapped=answers(6, 4, 3, 2, share=MANY),
        negated=answers(2, 3, 4, 6),
        past=answers(6, 4, 3, 2, 2),
        frightened="held",
    ),
    "I05": Owed(
        "watch",
        fires=space(8, 6),
        below=space(11, 6),
        swapped=past(entry(0, c1=8, c2=8, read=[said("wants_space", "client")]), entry(7, c1=8)),
        negated=space(8, 8, c4="none"),
        past=space(8, 8, days=15),
        frightened="held",
    ),
    "I06": Owed(
        "info",
        fires=stood("try_small", *["go"] * 7),
        below=stood(*["go"] * 7),
        swapped="nobody acts here",
        negated=stood("go", *["go"] * 6, "go", c7={"talk": "yes", "began": "partner", "ended": 4}),
        past=stood("go", *["go"] * 7, "wait"),
        frightened="held",
    ),
    "I07": Owed(
        "elevated",
        fires=past(entry(0, c4=["over"]), entry(7, c8={"push_return": 1})),
        below=past(entry(0, c4=["over"]), entry(7, c10=2)),
        swapped=past(entry(0, read=[said("setback", "other")]), entry(7, c8={"push_return": 1})),
        negated=past(entry(0, c8={"push_return": 1}), entry(7, c4=["over"])),
        past=past(entry(0, c4=["over"]), entry(14.5, c8={"push_return": 1})),
        frightened="held",
    ),
}
