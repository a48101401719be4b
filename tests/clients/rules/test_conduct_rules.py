"""Family P: when each rule speaks, how loudly, and when it keeps still."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from clients.progress import Level, Share
from clients.rules import Arranged, History, Raised
from clients.rules.record import Agreement, Limit, Said
from tests.clients.rules.build import at, entry, hits, past, said, severity, window

ASKED: dict[str, Any] = {"c8": {"push_return": 1}}
ASKED_BACK: dict[str, Any] = {"c8": {"push_return": 1, "partner_first": True}}
REASSURED: dict[str, Any] = {"c8": {"reassurance": 1}}
TALKED: dict[str, Any] = {"c8": {"forced_talk": 1}}
DEADLINE: dict[str, Any] = {"c8": {"ultimatum": 1}}
READ_ASKED = {"read": [said("push_return")]}
TENSE: dict[str, Any] = {"t": 60, "levels": {"t": 55}}


def agreed(kind: str) -> Arranged:
    return Arranged(agreements=(Agreement(kind, welcome=True),))


def unwelcome(act: str) -> Arranged:
    return Arranged(said=(Said(at(0), unwelcome=frozenset({act})),))


def raised(rule: str, day: float) -> Raised:
    return Raised(rule, 1, at(day), at(day))


def talk(began: str | None, ended: int | None) -> dict[str, Any]:
    told: dict[str, Any] = {"talk": "yes"}
    told |= {"began": began} if began else {}
    told |= {"ended": ended} if ended is not None else {}
    return {"c7": told}


P01 = {
    "one tick": ("watch", past(entry(0, **ASKED))),
    "no act": (None, past(entry(0))),
    "the item skipped": (None, past(entry(0, c8="skip"))),
    "a tick in an earlier check-in only": (None, past(entry(0, **ASKED), entry(7))),
    "two in 28 days": ("elevated", past(entry(0, **ASKED), entry(28, **ASKED))),
    "the first one long past": ("watch", past(entry(0, **ASKED), entry(28.1, **ASKED))),
    "twice in one check-in is one check-in": ("watch", past(entry(0, c8={"push_return": 2}))),
    "read in the words": ("watch", past(entry(0, **READ_ASKED))),
    "read twice stays at watch": ("watch", past(entry(0, **READ_ASKED), entry(7, **READ_ASKED))),
    "ticked before, only read now": ("watch", past(entry(0, **ASKED), entry(7, **READ_ASKED))),
    "read before, ticked now": ("watch", past(entry(0, **READ_ASKED), entry(7, **ASKED))),
    "settled intent": ("watch", past(entry(0, read=[said("push_return", status="planned")]))),
    "an urge": (None, past(entry(0, read=[said("push_return", status="urge")]))),
    "asking for advice": (None, past(entry(0, read=[said("push_return", status="asking")]))),
    "long past": (None, past(entry(0, read=[said("push_return", status="past")]))),
    "the partner asked": (None, past(entry(0, read=[said("push_return", actor="spouse")]))),
    "somebody else asked": (None, past(entry(0, read=[said("push_return", actor="other")]))),
    "the partner brought it up, by a chip": ("info", past(entry(0, **ASKED, c4=["return"]))),
    "the partner brought it up, in the words": ("info", past(entry(0, **ASKED, read=[said("raises_return", "spouse")]))),
    "a friend brought it up": ("watch", past(entry(0, **ASKED, read=[said("raises_return", "other")]))),
    "ticked that the partner was first": ("info", past(entry(0, **ASKED_BACK))),
    "the partner brought it up a week before": ("watch", past(entry(0, c4=["return"]), entry(7, **ASKED))),
    "the earlier one was an answer": ("watch", past(entry(0, **ASKED_BACK), entry(7, **ASKED))),
    "the earlier one came with the partner's wish": ("watch", past(entry(0, **ASKED, c4=["return"]), entry(7, **ASKED))),
    "while tension is high": ("elevated", past(*(entry(n, **TENSE) for n in (0, 7)), entry(14, **ASKED, **TENSE))),
    "only read, while tension is high": ("watch", past(*(entry(n, **TENSE) for n in (0, 7)), entry(14, **READ_ASKED, **TENSE))),
    "tension just below": ("watch", past(*(entry(n, **TENSE) for n in (0, 7)), entry(14, **ASKED, t=50, levels={"t": 49.9}))),
    "too little known of tension": ("watch", past(entry(0), entry(7, **TENSE), entry(14, **ASKED, **TENSE))),
    "tension known only from long ago": (
        "watch", past(*(entry(n, **TENSE) for n in (0, 7, 14)), replace(entry(43, **ASKED), levels={"t": Level(60, 40, 14)})),
    ),
    "the third check-in of a client": (None, past(entry(0, **ASKED), before=2)),
    "the fourth check-in of a client": ("watch", past(entry(0, **ASKED), before=3)),
}  # fmt: skip
P02 = {
    "no window": (None, past(entry(0, **ASKED))),
    "asked inside": ("elevated", past(entry(7, **ASKED), windows=[window(0)])),
    "on its last day": ("elevated", past(entry(28, **ASKED), windows=[window(0)])),
    "a day after it": (None, past(entry(29, **ASKED), windows=[window(0)])),
    "a window a person has ended": (None, past(entry(7, **ASKED), windows=[window(0, ended=5)])),
    "before it was ended": ("elevated", past(entry(4, **ASKED), windows=[window(0, ended=5)])),
    "a check-in for a time before it": (None, past(entry(7, **ASKED), windows=[window(8)])),
    "one reassurance": ("watch", past(entry(7, **REASSURED), windows=[window(0)])),
    "reassurance more than once": ("elevated", past(entry(7, c8={"reassurance": 2}), windows=[window(0)])),
    "one forced talk": ("watch", past(entry(7, **TALKED), windows=[window(0)])),
    "any two acts": ("elevated", past(entry(7, c8={"reassurance": 1, "forced_talk": 1}), windows=[window(0)])),
    "a visit": ("elevated", past(entry(7, c8={"uninvited": 1}), windows=[window(0)])),
    "others as levers": ("elevated", past(entry(7, c8={"leverage": 1}), windows=[window(0)])),
    "a deadline": ("elevated", past(entry(7, **DEADLINE), windows=[window(0)])),
    "keeping on writing is no such act": (None, past(entry(7, c8={"pursuit": 2}), windows=[window(0)])),
    "looking into the phone is no such act": (None, past(entry(7, c8={"monitoring": 1}), windows=[window(0)])),
    "only read": ("watch", past(entry(7, **READ_ASKED), windows=[window(0)])),
    "several, only read": ("watch", past(entry(7, read=[said("push_return"), said("ultimatum")]), windows=[window(0)])),
    "a weak tick beside a reading": ("watch", past(entry(7, **REASSURED, **READ_ASKED), windows=[window(0)])),
    "a visit read in the words": ("watch", past(entry(7, read=[said("pursuit", uninvited=True)]), windows=[window(0)])),
    "planned": ("watch", past(entry(7, read=[said("ultimatum", status="planned")]), windows=[window(0)])),
    "an urge": (None, past(entry(7, read=[said("push_return", status="urge")]), windows=[window(0)])),
    "the partner's act": (None, past(entry(7, read=[said("push_return", actor="spouse")]), windows=[window(0)])),
    "answered the partner's wish": (None, past(entry(7, **ASKED_BACK), windows=[window(0)])),
    "a talk the client forced": ("watch", past(entry(7, **talk("me", 0)), windows=[window(0)])),
    "a talk the client forced, and reassurance": ("elevated", past(entry(7, **REASSURED, **talk("me", 0)), windows=[window(0)])),
    "a talk told twice is one": ("watch", past(entry(7, **TALKED, **talk("me", 0)), windows=[window(0)])),
    "a talk the partner began": (None, past(entry(7, **TALKED, **talk("partner", 0)), windows=[window(0)])),
    "a talk that ended well": (None, past(entry(7, **TALKED, **talk("me", 3)), windows=[window(0)])),
    "a new client": (None, past(entry(7, **ASKED), windows=[window(0)], before=2)),
}  # fmt: skip
P03 = {
    "one tick": ("elevated", past(entry(0, **DEADLINE))),
    "in the very first check-in": ("elevated", past(entry(0, **DEADLINE), before=0)),
    "a limit for safety, money or children": (None, past(entry(0, c8={"limit_set": 2}))),
    "read": ("watch", past(entry(0, read=[said("ultimatum")]))),
    "planned": ("watch", past(entry(0, read=[said("ultimatum", status="planned")]))),
    "considered, and asked about": (None, past(entry(0, read=[said("ultimatum", status="asking")]))),
    "the partner's": (None, past(entry(0, read=[said("ultimatum", actor="spouse")]))),
    "long past": (None, past(entry(0, **DEADLINE), entry(7))),
}  # fmt: skip
P06 = {
    "once": (None, past(entry(0), entry(7), entry(14, **REASSURED))),
    "two of the last three": ("watch", past(entry(0, **REASSURED), entry(7), entry(14, **REASSURED))),
    "two, but of the last four": (None, past(entry(0, **REASSURED), entry(7), entry(14), entry(21, **REASSURED))),
    "two of three, none now": (None, past(entry(0, **REASSURED), entry(7, **REASSURED), entry(14))),
    "three readings in 21 days": ("watch", past(entry(0), entry(7), entry(14, read=[said("reassurance")] * 3))),
    "two readings": (None, past(entry(0), entry(7), entry(14, read=[said("reassurance")] * 2))),
    "three times in 21 days, far apart": (
        "watch", past(entry(0, c8={"reassurance": 2}), *(entry(n) for n in (4, 8, 12)), entry(21, **REASSURED))
    ),
    "three times in 22 days": (
        None, past(entry(0, c8={"reassurance": 2}), *(entry(n) for n in (4, 8, 12)), entry(22, **REASSURED))
    ),
    "in much distress all the same": ("watch", past(entry(0, **REASSURED), entry(7, **REASSURED, d=80))),
    "the partner asks": (None, past(entry(0), entry(7, read=[said("reassurance", actor="spouse")] * 3))),
    "a new client": (None, past(entry(0, **REASSURED), entry(7, **REASSURED), before=1)),
}  # fmt: skip
P08 = {
    "one tick": ("watch", past(entry(0, **TALKED))),
    "two in 28 days": ("elevated", past(entry(0, **TALKED), entry(28, **TALKED))),
    "the first long past": ("watch", past(entry(0, **TALKED), entry(29, **TALKED))),
    "two, only read": ("watch", past(entry(0, read=[said("forced_talk")]), entry(7, read=[said("forced_talk")]))),
    "ticked twice before, only read now": (
        "watch", past(entry(0, **TALKED), entry(7, **TALKED), entry(14, read=[said("forced_talk")])),
    ),
    "begun by the client, tense, went on": ("watch", past(entry(0, **talk("me", 0)))),
    "that, twice": ("elevated", past(entry(0, **talk("me", 0)), entry(7, **talk("me", 0)))),
    "begun by the client, tense, stopped": (None, past(entry(0, **talk("me", 1)))),
    "that, with the tick": ("watch", past(entry(0, **TALKED, **talk("me", 1)))),
    "neither way, with the tick": ("watch", past(entry(0, **TALKED, **talk("me", 2)))),
    "ended well, with the tick": (None, past(entry(0, **TALKED, **talk("me", 3)))),
    "begun by the partner": (None, past(entry(0, **talk("partner", 0)))),
    "begun by the partner, with the tick": (None, past(entry(0, **TALKED, **talk("partner", 0)))),
    "begun by both, with the tick": (None, past(entry(0, **TALKED, **talk("both", 0)))),
    "not told who began, with the tick": ("watch", past(entry(0, **TALKED, **talk(None, None)))),
    "not told who began": (None, past(entry(0, **talk(None, 0)))),
    "the partner pushed the talk": (None, past(entry(0, read=[said("forced_talk", actor="spouse")]))),
    "a new client": (None, past(entry(0, **TALKED), before=2)),
}  # fmt: skip
P08 |= {
    "when it was no time for it": ("elevated", past(entry(0, gate="wait"), entry(7, **TALKED))),
    "only read, when it was no time for it": ("watch", past(entry(0, gate="wait"), entry(7, read=[said("forced_talk")]))),
    "begun by the partner, when it was no time for it": (
        None, past(entry(0, gate="wait"), entry(7, **TALKED, **talk("partner", 0))),
    ),
    "the talk itself shut the gate": ("watch", past(entry(0, gate="go"), entry(7, gate="wait", **TALKED))),
}  # fmt: skip
OFTEN = Share(1.5, 15, 30, 4)
RATE = Agreement("contact_rate", per_week=8, welcome=True)
P04 = {
    "often, and few answers": ("watch", past(entry(0, c1=8, share=OFTEN))),
    "a little less often": (None, past(entry(0, c1=6, share=OFTEN))),
    "often, with some answers": (None, past(entry(0, c1=8, share=Share(4, 12, 30, 4)))),
    "often, and too little known": (None, past(entry(0, c1=8, share=Share(1.5, 15, 30, 1)))),
    "in one week of two, it is not often": (None, past(entry(0, c1=0), entry(14, c1=11, share=OFTEN))),
    "in half a week and the half before": ("watch", past(*(entry(n, c1=4, share=OFTEN) for n in (0, 3.5, 7)))),
    "for 14 days": ("watch", past(*(entry(n, c1=8, share=OFTEN) for n in (0, 7, 14)))),
    "for more than 14 days": ("elevated", past(*(entry(n, c1=11, share=OFTEN) for n in (0, 7, 15)))),
    "ticked for more than 14 days": ("elevated", past(*(entry(n, c8={"pursuit": 1}) for n in (0, 8, 16)))),
    "read for more than 14 days": ("watch", past(*(entry(n, read=[said("pursuit")]) for n in (0, 8, 16)))),
    "with a pause of more than 14 days": ("watch", past(*(entry(n, c8={"pursuit": 1}) for n in (0, 15, 22)))),
    "as agreed": ("info", past(entry(0, c1=8, share=OFTEN), arranged=Arranged(agreements=(RATE,)))),
    "more than agreed": ("watch", past(entry(0, c1=11, share=OFTEN), arranged=Arranged(agreements=(RATE,)))),
    "agreed, but not known to be welcome": (
        "watch", past(entry(0, c1=8, share=OFTEN), arranged=Arranged(agreements=(replace(RATE, welcome=False),))),
    ),
    "agreed until last week": (
        "watch",
        past(entry(0, c1=8, share=OFTEN), arranged=Arranged(agreements=(replace(RATE, until=date(2026, 3, 1)),))),
    ),
    "agreed, and under an order": (
        "watch",
        past(entry(0, c1=8, share=OFTEN), arranged=Arranged(agreements=(RATE,), keeps_away=Limit("order"))),
    ),
    "only the partner calls it unwelcome": ("watch", past(entry(0), arranged=unwelcome("pursuit"))),
    "the partner called it so a month ago": (None, past(entry(29), arranged=unwelcome("pursuit"))),
    "the partner calls something else unwelcome": (None, past(entry(0), arranged=unwelcome("monitoring"))),
    "a new client": (None, past(entry(0, c1=8, share=OFTEN), before=2)),
}  # fmt: skip
P05 = {
    "read": ("watch", past(entry(0, read=[said("pursuit", uninvited=True)]))),
    "read and confirmed": (
        "elevated", past(replace(entry(0, read=[said("pursuit", uninvited=True)]), confirmed=frozenset({("pursuit", 0)}))),
    ),
    "in the very first check-in": ("elevated", past(entry(0, c8={"uninvited": 1}), before=0)),
    "agreed visits": ("info", past(entry(0, c8={"uninvited": 1}), arranged=agreed("visits"))),
    "something else is agreed": ("elevated", past(entry(0, c8={"uninvited": 1}), arranged=agreed("location"))),
}  # fmt: skip
OVERREAD = [said("overreading", frame="overreading.settled")]
P07 = {
    "sure, and the partner spoke of it": (None, past(entry(0, c4=["return"]), entry(20, c10=4))),
    "sure, and the partner spoke of it long ago": ("info", past(entry(0, c4=["return"]), entry(29, c10=4))),
    "warm, and held": (None, past(*(entry(7 * n, w=20 if n < 4 else 80, c10=4 if n == 9 else None) for n in range(10)))),
    "warm, not held": ("info", past(*(entry(7 * n, w=80, c10=4 if n == 9 else None) for n in range(10)))),
    "rather not say": (None, past(entry(0, c10="rather_not"))),
    "one reading": (None, past(entry(0, read=OVERREAD))),
    "two in 14 days": ("info", past(entry(0, read=OVERREAD), entry(14, read=OVERREAD))),
    "two in 15 days": (None, past(entry(0, read=OVERREAD), entry(15, read=OVERREAD))),
    "a date was set": ("watch", past(entry(0, read=[said("overreading", when=(0, 5, "date:--06-01"))]))),
    "two, about what the partner will do": ("info", past(entry(0, read=[said("overreading", "spouse")] * 2))),
    "told to the family": ("watch", past(entry(0, read=[said("overreading", frame="overreading.acted")]))),
    "filed seven weeks ago": (None, past(entry(60, c10=4), flags=[raised("P07", 11)])),
    "filed eight weeks ago": ("info", past(entry(60, c10=4), flags=[raised("P07", 4)])),
    "filed lately, and now a date was set": (
        "watch", past(entry(60, read=[said("overreading", when=(0, 5, "month:+1"))]), flags=[raised("P07", 50)]),
    ),
    "a new client": (None, past(entry(0, c10=4), before=2)),
}  # fmt: skip
MONITORED: dict[str, Any] = {"c8": {"monitoring": 1}}
TRACKER = [said("monitoring", frame="monitoring.tracker")]
P09 = {
    "with words of a tracker": ("urgent", past(entry(0, **MONITORED, read=TRACKER))),
    "words of a tracker alone": ("watch", past(entry(0, read=TRACKER))),
    "words of a tracker, confirmed": (
        "urgent", past(replace(entry(0, read=TRACKER), confirmed=frozenset({("monitoring", 0)}))),
    ),
    "with another safety answer": ("urgent", past(entry(0, **MONITORED, safety=["might_hurt"]))),
    "in the very first check-in": ("elevated", past(entry(0, **MONITORED), before=0)),
    "an agreed location": ("info", past(entry(0, **MONITORED), arranged=agreed("location"))),
    "an agreed location, and a tracker": ("urgent", past(entry(0, **MONITORED, read=TRACKER), arranged=agreed("location"))),
    "the partner's tracker": ("elevated", past(entry(0, **MONITORED, read=[replace(TRACKER[0], actor="spouse")]))),
}  # fmt: skip
CHILDREN = [said("leverage", frame="leverage.children")]
P10 = {
    "the children": ("elevated", past(entry(0, c8={"leverage": 1}, read=CHILDREN))),
    "the children, only read": ("watch", past(entry(0, read=CHILDREN))),
    "others, with the tick": ("watch", past(entry(0, c8={"leverage": 1}, read=[said("leverage")]))),
    "an agreed messenger": ("info", past(entry(0, c8={"leverage": 1}), arranged=agreed("messenger"))),
    "a new client": (None, past(entry(0, c8={"leverage": 1}), before=2)),
}  # fmt: skip
P11 = {
    "very often": ("elevated", past(*(entry(7 * n, cpi=90) for n in range(4)))),
    "one heavy week": (None, past(*(entry(7 * n, cpi=10 if n < 3 else 100) for n in range(4)))),
    "two check-ins": (None, past(*(entry(14 * n, cpi=90) for n in range(2)))),
    "in too few days": (None, past(*(entry(3 * n, cpi=90) for n in range(4)))),
    "beside reassurance, which rests on the same acts": (
        None, past(*(entry(7 * n, cpi=90, c8={"reassurance": 1}) for n in range(4))),
    ),
    "a new client": (None, past(*(entry(7 * n, cpi=90) for n in range(3)), before=2)),
}  # fmt: skip
P12 = {
    "a rise that has held": ("watch", past(*(entry(5 * n, cpi=10 if n < 8 else 32) for n in range(12)))),
    "a fall that has held": (None, past(*(entry(5 * n, cpi=32 if n < 8 else 10) for n in range(12)))),
    "the fourth check-in": (None, past(*(entry(7 * n, cpi=10 if n < 3 else 40) for n in range(6)), before=3)),
    "the fifth check-in": ("watch", past(*(entry(7 * n, cpi=10 if n < 3 else 40) for n in range(6)), before=4)),
}  # fmt: skip
PLAN: dict[str, Any] = {"status": "planned", "when": (3, 8, "weekday:6")}
P14 = {
    "confirmed": (
        "elevated", past(replace(entry(0, read=[said("ultimatum", **PLAN)]), confirmed=frozenset({("ultimatum", 0)}))),
    ),
    "no day named": (None, past(entry(0, read=[said("ultimatum", status="planned")]))),
    "in 14 days": ("watch", past(entry(0, read=[said("ultimatum", **(PLAN | {"when": (3, 8, "day:+14")}))]))),
    "done, on a day": (None, past(entry(0, read=[said("ultimatum", **(PLAN | {"status": "done"}))]))),
    "a visit": ("watch", past(entry(0, read=[said("pursuit", uninvited=True, **PLAN)]))),
    "writing again": (None, past(entry(0, read=[said("pursuit", **PLAN)]))),
    "beside the tick of the same": ("watch", past(entry(0, **DEADLINE, read=[said("ultimatum", **PLAN)]))),
    "a new client": (None, past(entry(0, read=[said("ultimatum", **PLAN)]), before=2)),
}  # fmt: skip
USUAL = [2, 1, 3, 2, 2, 4]
P15 = {
    "far more, twice": ("watch", past(*(entry(7 * n, c1=c1) for n, c1 in enumerate([*USUAL, 8, 11])))),
    "once": (None, past(*(entry(7 * n, c1=c1) for n, c1 in enumerate([*USUAL, 2, 11])))),
    "five more": (None, past(*(entry(7 * n, c1=c1) for n, c1 in enumerate([*[3] * 6, 8, 8])))),
    "over two weeks each": (None, past(*(entry(14 * n, c1=c1) for n, c1 in enumerate([*USUAL, 8, 11])))),
    "seven check-ins": (None, past(*(entry(7 * n, c1=c1) for n, c1 in enumerate([*USUAL[1:], 8, 11])))),
    "an agreed rate": (
        "info",
        past(
            *(entry(7 * n, c1=c1) for n, c1 in enumerate([*USUAL, 11, 11])),
            arranged=Arranged(agreements=(replace(RATE, per_week=14),)),
        ),
    ),
}  # fmt: skip
P13: dict[str, tuple[str | None, History]] = {
    "sometimes, in two of three": ("watch", past(entry(0, c9=1), entry(7, c9=4), entry(14, c9=1))),
    "two of the last four": (None, past(entry(0, c9=1), entry(7, c9=4), entry(14, c9="no_urge"), entry(21, c9=1))),
    "a new client": (None, past(entry(0, c9=1), entry(7, c9=1), before=2)),
}
EACH = {
    "P01": P01, "P02": P02, "P03": P03, "P04": P04, "P05": P05, "P06": P06, "P07": P07, "P08": P08, "P09": P09, "P10": P10,
    "P11": P11, "P12": P12, "P13": P13, "P14": P14, "P15": P15,
}  # fmt: skip
TABLE = [
    pytest.param(rule, expected, history, id=f"{rule} {name}")
    for rule, cases in EACH.items()
    for name, (expected, history) in cases.items()
]


@pytest.mark.parametrize(("rule", "expected", "history"), TABLE)
def test_when_it_speaks(rule: str, expected: str | None, history: History) -> None:
    assert severity(history, rule) == expected


PRESSING: dict[str, Any] = {
    "c8": {"push_return": 2, "reassurance": 2, "forced_talk": 2, "ultimatum": 2, "uninvited": 1}
}


@pytest.mark.parametrize(
    ("frightened", "held"),
    [
        (entry(0, safety=["afraid"]), True),
        (entry(0, safety=["hurt"]), True),
        (entry(0, safety=["hurt"], danger={"who": "to_me", "safe_now": "yes"}), True),
        (entry(0, safety=["hurt"], danger={"who": "by_me", "safe_now": "yes"}), False),
        (entry(0, read=[said("violence", "spouse")]), True),
        (entry(0, aside=[said("violence", "spouse")]), True),
        (entry(0, read=[said("violence", "client")]), False),
        (entry(0, safety=["self_harm"]), False),
    ],
    ids=["afraid", "hurt", "hurt, to me", "hurt, by me", "read", "read in the line for the session", "own violence", "self-harm"],
)  # fmt: skip
@pytest.mark.parametrize("day", [0, 90, 90.5])
def test_nobody_frightened_is_read_as_pressing(frightened: Any, held: bool, day: float) -> None:
    """The shared guard, for 90 days and in the very check-in that tells of it."""
    pressing = entry(day, **PRESSING) if day else entry(0.0, **PRESSING, safety=frightened.safety, danger=frightened.danger,
                                                        read=frightened.findings, aside=frightened.aside_findings)  # fmt: skip
    before = [entry(-1, **REASSURED)] if not day else [frightened, entry(80, **REASSURED)]
    found = hits(past(*before, pressing, windows=[window(day - 5)]))
    spoke = {rule for rule in found if rule.startswith("P")}
    assert spoke == (set() if held and day <= 90 else {"P01", "P02", "P03", "P05", "P06", "P08"})


def test_the_window_takes_in_what_the_check_in_raised() -> None:
    found = hits(past(entry(0, **REASSURED), entry(7, **PRESSING), windows=[window(0)]))
    assert {rule for rule, hit in found.items() if hit.head == "P02"} == {"P01", "P03", "P05", "P06", "P08"}
    assert [rule for rule, hit in found.items() if not hit.head] == ["P02"]
    assert next(iter(found)) == "P02"


def test_what_weighs_more_than_the_window_stands_by_itself() -> None:
    """A second forced talk is elevated while one forced talk in the window is watch: the card must not hide it."""
    found = hits(past(entry(0, **TALKED), entry(7, **TALKED), windows=[window(1)]))
    assert (found["P02"].severity.name, found["P08"].severity.name, found["P08"].head) == ("WATCH", "ELEVATED", "")


def test_without_the_window_no_card_is_named() -> None:
    """Then what weighs most heads what the check-in raised; the flags see to that."""
    found = hits(past(entry(0, **REASSURED), entry(7, **PRESSING)))
    assert set(found) == {"P01", "P03", "P05", "P06", "P08"}
    assert not any(hit.head for hit in found.values())


def test_the_window_takes_in_what_belongs_to_it_and_no_more() -> None:
    found = hits(past(entry(7, c8={"push_return": 2, "monitoring": 1}), windows=[window(0)]))
    assert {rule: hit.head for rule, hit in found.items()} == {"P02": "", "P09": "", "P01": "P02"}


def test_danger_comes_first_whatever_else_there_is() -> None:
    found = hits(past(entry(7, **PRESSING, safety=["self_harm"]), windows=[window(0)]))
    assert next(iter(found)) == "S01"
    assert found["S01"].head == ""


# What the card says


def test_evidence_names_the_check_ins_the_ticks_and_the_quoted_words() -> None:
    history = past(entry(0, **ASKED), entry(7, read=[said("push_return", start=6, end=11)], w=40, t=30))
    rows = hits(history)["P01"].evidence
    assert [(r.entry, r.item, r.words, r.sure) for r in rows] == [
        ("at-0", "c8", "Ticked: asked or hinted about living together again (once)", True),
        ("at-7", "t1", "words", False),
        ("at-7", "c3", "Warmth 40 of 100", True),
        ("at-7", "c6", "Tension 30 of 100", True),
    ]


def test_a_reading_never_doubles_a_tick() -> None:
    hit = hits(past(entry(0, **DEADLINE, read=[said("ultimatum")])))["P03"]
    assert [row.item for row in hit.evidence] == ["c8"]


def test_it_says_when_only_words_were_read_and_when_it_is_a_plan() -> None:
    read = hits(past(entry(0, read=[said("ultimatum", status="planned")])))["P03"]
    assert read.sentence == "Plans to give Robin a deadline or a condition about the two of them."
    assert any("read by software" in line for line in read.against)
    assert any("a plan so far" in line for line in read.against)
    ticked = hits(past(entry(0, **DEADLINE)))["P03"]
    assert ticked.sentence == "Gave Robin a deadline or a condition about the two of them."
    assert not any("software" in line or "plan" in line for line in ticked.against)


def test_a_plan_is_not_told_as_done() -> None:
    plan = entry(7, read=[said("push_return", status="planned")])
    assert hits(past(plan))["P01"].sentence == "Plans to ask about living together again."
    assert hits(past(entry(0, **ASKED), plan))["P01"].sentence == (
        "Asked or hinted about living together again in 1 check-in of the last 28 days. Plans to ask about living together again."
    )  # fmt: skip
    assert (
        "7 days after the first warmer weeks were noticed: plans to ask"
        in hits(past(plan, windows=[window(0)]))["P02"].sentence
    )
    talk_plan = entry(7, read=[said("forced_talk", status="planned")])
    assert hits(past(talk_plan))["P08"].sentence == "Plans to bring up problems when Robin does not want to."


def test_the_answer_to_the_partners_wish_is_told_as_such() -> None:
    hit = hits(past(entry(0, **ASKED_BACK)))["P01"]
    assert hit.sentence == "Spoke about living together again after Robin had brought it up."
    assert "Robin brought it up first" in hit.evidence[0].words
    assert "Robin brought up living together in the same period." in hit.against


def test_good_conduct_beside_an_act_is_said() -> None:
    hit = hits(past(entry(0, **ASKED, c8g=["left_next_step"])))["P01"]
    assert any("leaving the next step to Robin" in line for line in hit.against)


def test_reassurance_counts_times_where_the_check_ins_do_not() -> None:
    history = past(entry(0), entry(7), entry(14, read=[said("reassurance")] * 3))
    assert hits(history)["P06"].sentence == "Asked how Robin feels at least 3 times in the last 21 days."


def test_what_is_agreed_is_called_agreed() -> None:
    hit = hits(past(entry(0, c8={"uninvited": 1}), arranged=agreed("visits")))["P05"]
    assert hit.sentence == "Agreed: Went to see Robin without it being agreed."
    assert hit.against[-1] == "Agreed: visits and handovers, and Robin welcomes it."


def test_more_than_agreed_says_what_was_agreed() -> None:
    hit = hits(past(entry(0, c1=11, share=OFTEN), arranged=Arranged(agreements=(RATE,))))["P04"]
    assert hit.against[-1] == "Agreed: how often to write or call, at most 8 times a week. What is told here is more."


def test_the_partners_word_alone_is_for_the_desk() -> None:
    """And it changes nothing of what the reporter's own answers raise (decisions 13)."""
    alone = hits(past(entry(0), arranged=unwelcome("pursuit")))["P04"]
    assert alone.from_other
    assert "Speak with Robin alone first." in alone.sentence
    own = past(*(entry(n, c8={"pursuit": 1}) for n in (0, 7)))
    assert hits(replace(own, arranged=unwelcome("pursuit")))["P04"] == hits(own)["P04"]
    assert not hits(own)["P04"].from_other


def test_a_plan_names_its_day_closes_after_it_and_asks() -> None:
    plan = hits(past(entry(0, read=[said("push_return", **PLAN)])))["P14"]  # told on a Monday
    assert plan.sentence == "Plans to ask about living together again: Saturday 7 March."
    assert plan.ends_at == datetime(2026, 3, 11, tzinfo=UTC)  # the third day after it is over
    assert plan.asks == "How did it go? The day was Saturday 7 March."


def test_the_day_of_a_plan_is_counted_in_the_reporters_zone() -> None:
    late = replace(entry(0, read=[said("push_return", **(PLAN | {"when": (3, 8, "day:+1")}))]), on=date(2026, 3, 3))
    assert "Wednesday 4 March" in hits(past(late))["P14"].sentence


def test_an_urgent_look_into_a_phone_is_for_today() -> None:
    assert hits(past(entry(0, **MONITORED, read=TRACKER)))["P09"].speed == "today"
    assert hits(past(entry(0, **MONITORED)))["P09"].speed == ""
