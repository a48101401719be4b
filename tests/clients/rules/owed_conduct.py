"""Family P."""

from typing import Any

from clients.rules import History
from tests.clients.rules.build import entry, past, said, window
from tests.clients.rules.owed import Owed

SATURDAY = (3, 8, "weekday:6")


def ticked(*acts: str, **more: Any) -> History:
    return past(entry(0, c8=dict.fromkeys(acts, 1), **more))


def read(label: str, actor: str = "client", status: str = "done", **more: Any) -> History:
    return past(entry(0, read=[said(label, actor, status, **more)]))


def over(act: str, days: float = 7) -> History:
    """Ticked at a check-in before, and not now."""
    return past(entry(0, c8={act: 1}), entry(days))


def counts(*rows: tuple[int, int], step: float = 7) -> History:
    """Contacts started by the reporter and by the other one, a check-in each."""
    return past(*(entry(step * n, c1=c1, c2=c2) for n, (c1, c2) in enumerate(rows)))


def pressing(*scores: float | None, before: int = 10, **last: Any) -> History:
    rows = [entry(7 * n, cpi=cpi) for n, cpi in enumerate(scores[:-1])]
    return past(*rows, entry(7 * (len(scores) - 1), cpi=scores[-1], **last), before=before)


def waited(*answers: object) -> History:
    return past(*(entry(7 * n, c9=c9) for n, c9 in enumerate(answers)))


def planned(label: str = "push_return", actor: str = "client", status: str = "planned", **more: Any) -> History:
    return read(label, actor, status, **({"when": SATURDAY} | more))


OWED = {
    "P01": Owed(
        "watch",
        fires=ticked("push_return"),
        below=ticked("limit_set"),
        swapped=read("push_return", "spouse"),
        negated=read("push_return", status="asking"),
        past=over("push_return"),
        frightened="held",
    ),
    "P02": Owed(
        "elevated",
        fires=past(entry(0), entry(7, c8={"push_return": 1}), windows=[window(0)]),
        below=past(entry(0), entry(7, c8={"pursuit": 1}), windows=[window(0)]),
        swapped=past(entry(0), entry(7, read=[said("push_return", "spouse")]), windows=[window(0)]),
        negated=past(entry(0), entry(7, c8={"push_return": 1}), windows=[window(0, ended=3)]),
        past=past(entry(0), entry(28.5, c8={"push_return": 1}), windows=[window(0)]),
        frightened="held",
    ),
    "P03": Owed(
        "elevated",
        fires=ticked("ultimatum"),
        below=ticked("limit_set"),
        swapped=read("ultimatum", "spouse"),
        negated=read("ultimatum", status="urge"),
        past=over("ultimatum"),
        frightened="held",
    ),
    "P04": Owed(
        "watch",
        fires=past(entry(0, c8={"pursuit": 1}), entry(14, c8={"pursuit": 1})),
        below=past(entry(0, c8={"pursuit": 1}), entry(14.1, c8={"pursuit": 1})),
        swapped=past(*(entry(n, read=[said("pursuit", "spouse")]) for n in (0, 14))),
        negated=past(*(entry(n, read=[said("pursuit", status="urge")]) for n in (0, 14))),
        past=past(entry(0, c8={"pursuit": 1}), entry(7, c8={"pursuit": 1}), entry(14)),
        frightened="held",
    ),
    "P05": Owed(
        "elevated",
        fires=ticked("uninvited"),
        below=ticked("pursuit"),
        swapped=read("pursuit", "spouse", uninvited=True),
        negated=read("pursuit", status="past", uninvited=True),
        past=over("uninvited"),
        frightened="held",
    ),
    "P06": Owed(
        "watch",
        fires=past(*(entry(n, c8={"reassurance": 1}) for n in (0, 7))),
        below=past(entry(0), entry(7, c8={"reassurance": 1})),
        swapped=past(*(entry(n, read=[said("reassurance", "spouse")] * 2) for n in (0, 7))),
        negated=past(*(entry(n, read=[said("reassurance", status="urge")] * 2) for n in (0, 7))),
        past=past(*(entry(n, c8={"reassurance": 1}) for n in (0, 7)), entry(14)),
        frightened="held",
    ),
    "P07": Owed(
        "info",
        fires=past(entry(0), entry(7, c10=3)),
        below=past(entry(0), entry(7, c10=2)),
        swapped=past(entry(0), entry(7, read=[said("overreading", "other")] * 2)),
        negated=past(entry(0), entry(7, c10=4, c4=["return"])),
        past=past(entry(0, c10=4), entry(7)),
        frightened="held",
    ),
    "P08": Owed(
        "watch",
        fires=ticked("forced_talk"),
        below=past(entry(0, c7={"talk": "yes", "began": "me", "ended": 1})),
        swapped=ticked("forced_talk", c7={"talk": "yes", "began": "partner", "ended": 0}),
        negated=ticked("forced_talk", c7={"talk": "yes", "began": "me", "ended": 3}),
        past=over("forced_talk"),
        frightened="held",
    ),
    "P09": Owed(
        "elevated",
        fires=ticked("monitoring"),
        below=("watch", read("monitoring", frame="monitoring.tracker")),
        swapped=read("monitoring", "spouse"),
        negated=read("monitoring", status="urge"),
        past=over("monitoring"),
        frightened="held",
    ),
    "P10": Owed(
        "watch",
        fires=ticked("leverage"),
        below=past(entry(0)),
        swapped=read("leverage", "other"),
        negated=read("leverage", status="asking"),
        past=over("leverage"),
        frightened="held",
    ),
    "P11": Owed(
        "watch",
        fires=pressing(60, 60, 60),
        below=pressing(40, 40, 60),
        swapped="pressing is only ever scored from the reporter's own answers",
        negated=pressing(60, 60, 60, c8={"push_return": 1}),  # it speaks itself, of the same acts
        past=pressing(60, 60, 60, None),
        frightened="held",
    ),
    "P12": Owed(
        "watch",
        fires=pressing(10, 10, 10, 32, 32, 32),
        below=pressing(10, 10, 10, 31.9, 31.9, 31.9),
        swapped="pressing is only ever scored from the reporter's own answers",
        negated=pressing(32, 32, 32, 10, 10, 10),
        past=pressing(*[10] * 12, *[32] * 8),
        frightened="held",
    ),
    "P13": Owed(
        "watch",
        fires=waited(1, "no_urge", 0),
        below=waited(3, "no_urge", 0),
        swapped="it is asked of oneself alone",
        negated=waited(4, 3, 4),
        past=waited(0, 0, "no_urge"),
        frightened="held",
    ),
    "P14": Owed(
        "watch",
        fires=planned(),
        below=planned(when=(3, 8, "day:+15")),
        swapped=planned(actor="spouse"),
        negated=planned(status="asking"),
        past=planned(when=(3, 8, "day:-1")),
        frightened="held",
    ),
    "P15": Owed(
        "watch",
        fires=counts(*[(2, 2)] * 6, (8, 2), (8, 2)),
        below=counts(*[(2, 2)] * 6, (6, 2), (8, 2)),
        swapped=counts(*[(2, 2)] * 6, (2, 8), (2, 8)),
        negated=counts(*[(6, 2)] * 6, (11, 2), (11, 2)),
        past=counts(*[(2, 2)] * 6, (8, 2), (8, 2), (2, 2)),
        frightened="held",
    ),
}
