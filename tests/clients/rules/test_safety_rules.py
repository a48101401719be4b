"""Family S: looked at whatever else is the case, and how fast."""

from dataclasses import replace
from typing import Any

import pytest

from clients.rules import History, Standing, Urgent, sweep
from clients.rules.record import Arranged, Limit, Said
from clients.rules.safety import LADDER, read_danger, rung
from tests.clients.rules.build import DAY_0, at, entry, hits, past, said

TABLE = {
    "S01 ticked": ("S01", True, past(entry(0, safety=["self_harm"]))),
    "S01 read": ("S01", True, past(entry(0, read=[said("self_harm")]))),
    "S01 read with a very low score": ("S01", True, past(entry(0, read=[said("self_harm", score=0.01)]))),
    "S01 an urge": ("S01", True, past(entry(0, read=[said("self_harm", status="urge")]))),
    "S01 the partner's words": ("S01", True, past(entry(0, read=[said("self_harm", "spouse")]))),
    "S01 somebody else's": ("S01", False, past(entry(0, read=[said("self_harm", "other")]))),
    "S01 in the line for the session": ("S01", True, past(entry(0, aside=[said("self_harm")]))),
    "S01 an earlier check-in": ("S01", False, past(entry(0, safety=["self_harm"]), entry(7))),
    "S01 the first check-in of all": ("S01", True, past(entry(0, safety=["self_harm"]), before=0)),
    "S01 asked, none": ("S01", False, past(entry(0))),
    "S02 hurt": ("S02", True, past(entry(0, safety=["hurt"]))),
    "S02 afraid": ("S02", True, past(entry(0, safety=["afraid"]))),
    "S02 by the partner": ("S02", True, past(entry(0, read=[said("violence", "spouse")]))),
    "S02 by the client": ("S02", True, past(entry(0, read=[said("violence", "client")]))),
    "S02 in the line for the session": ("S02", True, past(entry(0, aside=[said("violence", "spouse")]))),
    "S02 self-harm alone": ("S02", False, past(entry(0, safety=["self_harm"]))),
    "S02 an earlier check-in": ("S02", False, past(entry(0, safety=["hurt"]), entry(7))),
}


@pytest.mark.parametrize(("rule", "expected", "history"), [pytest.param(*row, id=name) for name, row in TABLE.items()])
def test_when_it_speaks(rule: str, expected: bool, history: History) -> None:
    hit = hits(history).get(rule)
    assert (hit is not None) == expected
    assert hit is None or hit.severity.name == "URGENT"


@pytest.mark.parametrize(
    ("rule", "safety", "danger", "speed"),
    [
        ("S01", "self_harm", {}, "now"),
        ("S01", "self_harm", {"who": "", "safe_now": "yes"}, "now"),
        ("S02", "afraid", {}, "now"),
        ("S02", "afraid", {"who": "to_me", "safe_now": "yes"}, "today"),
        ("S02", "afraid", {"who": "to_me", "safe_now": "unsure"}, "now"),
        ("S02", "afraid", {"who": "to_me", "safe_now": "no"}, "now"),
        ("S02", "hurt", {"who": "by_me", "safe_now": ""}, "now"),
    ],
)
def test_how_fast(rule: str, safety: str, danger: dict[str, str], speed: str) -> None:
    assert hits(past(entry(0, safety=[safety], danger=danger)))[rule].speed == speed


def test_words_alone_are_called_possible_and_still_looked_at() -> None:
    read = hits(past(entry(0, read=[said("violence", "spouse")])))["S02"]
    assert read.sentence == "Possible: violence, threats or fear."
    assert "It is still looked at." in read.against[0]
    ticked = hits(past(entry(0, read=[said("violence", "spouse")], safety=["afraid"])))["S02"]
    assert ticked.sentence == "Violence, threats or fear."
    assert ticked.against == ()
    assert [row.words for row in ticked.evidence] == ["Ticked: I am afraid of Robin", "those wor"[:9]]


def test_each_item_is_quoted_from_its_own_text() -> None:
    rows = hits(past(entry(0, read=[said("self_harm", end=5)], aside=[said("self_harm", end=4)])))["S01"].evidence
    assert [(row.item, row.words) for row in rows] == [("t1", "those"), ("n1", "this")]


def test_both_stand_side_by_side() -> None:
    found = hits(past(entry(0, safety=["self_harm", "afraid"], c8={"ultimatum": 1})))
    assert list(found) == ["S01", "S02"]


@pytest.mark.parametrize(
    ("findings", "rules"),
    [
        ([said("self_harm")], ["S01"]),
        ([said("self_harm", "other")], []),
        ([said("violence", "spouse"), said("self_harm")], ["S01", "S02"]),
        ([said("ultimatum")], []),
        ([said("no_contact")], ["S03"]),
        ([said("violence", frame="violence.threat")], ["S02", "S05"]),
        ([said("violence", frame="violence.threat"), said("violence", "spouse")], ["S02"]),
        ([said("violence", frame="violence.weapon"), said("self_harm")], ["S01", "S02"]),
    ],
)
def test_a_text_outside_a_check_in(findings: list[Any], rules: list[str]) -> None:
    found = read_danger("one line back", tuple(findings), DAY_0)
    assert [hit.rule for hit in found] == rules
    assert all(hit.sentence.startswith("Possible: ") for hit in found)
    assert {hit.speed for hit in found if hit.rule != "S03"} <= {"now"}


# No contact has a direction (decisions 2)

AWAY = Arranged(keeps_away=Limit("order"))
ONLY_CHILDREN = Arranged(keeps_away=Limit("order", frozenset({"children"})))
FROM = Arranged(kept_from=Limit("own_wish"))
BOTH = Arranged(keeps_away=Limit("order"), kept_from=Limit("order"))
ASKS_NONE = Arranged(said=(Said(at(-3), wants="none"),))
WITH, BY = (
    "Contact with Robin although none is wished: please check.",
    "Contact by Robin although none is wished: please check.",
)
HELP = f"{BY} Ines is the one to be helped."
WORDS = "Possible: contact although none is wished: please check who is to keep away."


@pytest.mark.parametrize(
    ("sentence", "history"),
    [
        pytest.param(WITH, past(entry(0, c1=1), arranged=AWAY), id="must keep away, and started contact"),
        pytest.param(None, past(entry(0, c1=0, c2=5), arranged=AWAY), id="must keep away, and was written to"),
        pytest.param(None, past(entry(0, c1="skip"), arranged=AWAY), id="must keep away, nothing told"),
        pytest.param(WITH, past(entry(0, c1=0, c8={"uninvited": 1}), arranged=AWAY), id="must keep away, and went there"),
        pytest.param(WITH, past(entry(0, c1=0, c8={"monitoring": 1}), arranged=AWAY), id="must keep away, and checked"),
        pytest.param(None, past(entry(0, c1=0, c8={"reassurance": 1}), arranged=AWAY), id="another act is no contact by itself"),
        pytest.param(
            f"Possible: {WITH[0].lower()}{WITH[1:]}",
            past(entry(0, c1=0, read=[said("pursuit", frame="pursuit.repeated")]), arranged=AWAY),
            id="must keep away, and a gift read in the words",
        ),
        pytest.param(None, past(entry(0, c1=3, c1_allowed=True), arranged=ONLY_CHILDREN), id="allowed by the order"),
        pytest.param(WITH, past(entry(0, c1=3), arranged=ONLY_CHILDREN), id="an order with a scope, not ticked as allowed"),
        pytest.param(
            WITH, past(entry(0, c1=3, c1_allowed=True, c8={"uninvited": 1}), arranged=ONLY_CHILDREN), id="allowed contact, and a visit"
        ),
        pytest.param(HELP, past(entry(0, c1=0, c2=1), arranged=FROM), id="is protected, and was written to"),
        pytest.param(None, past(entry(0, c1=4, c2=0), arranged=FROM), id="is protected, and wrote: never a breach"),
        pytest.param(None, past(entry(0, c1=0, c2=0, c8={"uninvited": 1, "pursuit": 2}), arranged=FROM), id="is protected, and went there"),
        pytest.param(f"{HELP} {WITH}", past(entry(0, c1=1, c2=1), arranged=BOTH), id="both must keep away"),
        pytest.param(WITH, past(entry(0, safety=["must_not_contact"]), entry(90, c1=1)), id="ticked 90 days ago"),
        pytest.param(None, past(entry(0, safety=["must_not_contact"]), entry(91, c1=1)), id="ticked 91 days ago"),
        pytest.param(HELP, past(entry(0, safety=["partner_must_not"], c1=0, c2=2)), id="ticked now, the other direction"),
        pytest.param(HELP, past(entry(0, p6="none", p2=2)), id="own wish in the mirrored form"),
        pytest.param(None, past(entry(0, p6="none"), entry(7, p6="less", p2=2)), id="a wish that has changed since"),
        pytest.param(None, past(entry(0, c1=2), arranged=Arranged(keeps_away=Limit("order", since=at(1).date()))), id="not begun yet"),
        pytest.param(WORDS, past(entry(0, read=[said("no_contact")])), id="read in the words, nothing on the case"),
        pytest.param(WORDS, past(entry(0, aside=[said("no_contact", "spouse")])), id="in the line for the session"),
        pytest.param(HELP, past(entry(0, c2=1, read=[said("no_contact")]), arranged=FROM), id="words beside an answer"),
    ],
)  # fmt: skip
def test_no_contact_by_its_direction(sentence: str | None, history: History) -> None:
    hit = hits(history).get("S03")
    assert (hit.sentence if hit else None) == sentence
    assert hit is None or (hit.severity.name, hit.speed) == ("URGENT", "today")


def test_the_card_shows_what_says_so_and_what_is_allowed() -> None:
    limit = Limit("order", frozenset({"money", "children"}), since=at(-30).date())
    hit = hits(past(entry(0, c1=3), arranged=Arranged(keeps_away=limit)))["S03"]
    assert [row.words for row in hit.evidence] == [
        "On the case since 31 January 2026: Ines is to keep away (an order)",
        "Started contact: 3",
    ]
    assert hit.against == ("Contact about children and money is allowed.",)


def test_on_the_word_of_the_other_alone_it_is_a_matter_to_look_at_for_the_desk_alone() -> None:
    hit = hits(past(entry(0, c1=2), arranged=ASKS_NONE))["S03"]
    assert (hit.severity.name, hit.speed, hit.from_other) == ("WATCH", "", True)
    assert "Speak with Robin alone first." in hit.sentence
    assert "S03" not in hits(past(entry(0, c1=0, c2=2), arranged=ASKS_NONE))
    later = Arranged(said=(Said(at(-3), wants="none"), Said(at(-1), wants="same")))
    assert "S03" not in hits(past(entry(0, c1=2), arranged=later))


UNWELCOME = Arranged(said=(Said(at(10), unwelcome=frozenset({"pursuit"})),))
CHASED = {"c8": {"pursuit": 1}}


@pytest.mark.parametrize(
    ("expected", "history"),
    [
        pytest.param(True, past(entry(0, **CHASED), entry(14.1, **CHASED), arranged=UNWELCOME), id="more than 14 days"),
        pytest.param(False, past(entry(0, **CHASED), entry(14, **CHASED), arranged=UNWELCOME), id="14 days"),
        pytest.param(False, past(entry(0, **CHASED), entry(21, **CHASED)), id="nobody calls it unwelcome"),
        pytest.param(False, past(entry(0, **CHASED), entry(21), arranged=UNWELCOME), id="not any more"),
        pytest.param(
            False, past(entry(0, **CHASED, safety=["afraid"]), entry(21, **CHASED), arranged=UNWELCOME), id="a frightened reporter"
        ),
        pytest.param(
            False, past(entry(0, read=[said("pursuit")]), entry(21, **CHASED), arranged=UNWELCOME), id="only words at its beginning"
        ),
        pytest.param(
            True,
            past(entry(0, **CHASED), entry(21, **CHASED, read=[said("pursuit", frame="pursuit.unwanted")])),
            id="the own words say that it is not wanted",
        ),
        pytest.param(
            True, past(entry(0, p5={"pursuit": "unwelcome"}), entry(15, p5={"uninvited": "unwelcome"})), id="told by the one it is done to"
        ),
        pytest.param(False, past(entry(0, p5={"pursuit": "unwelcome"}), entry(15, p5={"pursuit": "fine"})), id="now fine"),
    ],
)  # fmt: skip
def test_unwelcome_contact_that_goes_on(expected: bool, history: History) -> None:
    hit = hits(history).get("S03")
    assert (hit is not None) == expected
    assert hit is None or (hit.severity.name, hit.speed) == ("URGENT", "today")


# Harm to others, and several signs (decisions 11)


def told(frame: str, actor: str = "spouse", start: int = 0, **more: Any) -> Any:
    label = "self_harm" if frame.startswith("self_harm") else frame.partition(".")[0]
    return said(label, actor, frame=frame, start=start, end=start + 5, **more)


@pytest.mark.parametrize(
    ("expected", "history"),
    [
        pytest.param(True, past(entry(0, safety=["might_hurt"])), id="ticked"),
        pytest.param(True, past(entry(0, read=[told("violence.threat", "client")])), id="an own threat"),
        pytest.param(True, past(entry(0, aside=[told("violence.weapon", "client")])), id="a weapon, in the line for the session"),
        pytest.param(False, past(entry(0, read=[told("violence.threat")])), id="the partner's threat is S02"),
        pytest.param(False, past(entry(0, read=[told("violence.threat", "other")])), id="somebody else's"),
        pytest.param(False, past(entry(0, read=[told("violence.physical", "client")])), id="what was done is S02"),
        pytest.param(
            False, past(entry(0, safety=["afraid"]), entry(30, read=[told("violence.threat", "client")])), id="a frightened person"
        ),
        pytest.param(True, past(entry(0, safety=["afraid", "might_hurt"])), id="ticked, and frightened"),
        pytest.param(
            False, past(entry(0, read=[told("violence.weapon", "client"), told("self_harm.words", "client")])), id="said of oneself"
        ),
    ],
)  # fmt: skip
def test_harm_to_others_needs_an_own_threat(expected: bool, history: History) -> None:
    assert ("S05" in hits(history)) == expected
    assert not history.now.findings or {"S01", "S02"} & set(hits(history)), "something safe holds it either way"


def day(offset: float, *read: Any, **more: Any) -> Any:
    """A check-in whose text has three sentences, the second from place 33 on."""
    row = entry(offset, read=read, **more)
    return replace(row, text="those words, as they were typed. And more of them! And again.")


AFRAID = day(0, safety=["afraid"])


@pytest.mark.parametrize(
    ("named", "history"),
    [
        pytest.param(None, past(AFRAID, day(7, told("violence.choking"))), id="one sign"),
        pytest.param("choking, violence or threats", past(AFRAID, day(7, told("violence.choking")), day(9, told("violence.threat"))), id="two, in two check-ins"),
        pytest.param(None, past(AFRAID, day(7, told("violence.choking"), told("violence.physical", start=10))), id="two words for one event"),
        pytest.param("choking, violence or threats", past(AFRAID, day(7, told("violence.choking"), told("violence.threat", start=40))), id="two sentences are two events"),
        pytest.param(None, past(AFRAID, day(7, told("violence.choking"), safety=["hurt"])), id="a tick and the words beside it are one event"),
        pytest.param("choking, violence or threats", past(AFRAID, day(7, told("violence.choking")), day(9, safety=["hurt"])), id="a tick at another check-in"),
        pytest.param(None, past(AFRAID, day(7, told("violence.choking")), day(9, safety=["hurt"], danger={"who": "by_me"})), id="hurt by oneself"),
        pytest.param(None, past(AFRAID, day(7, told("violence.choking")), day(9, safety=["hurt"], danger={"who": "someone_else"})), id="hurt by somebody else"),
        pytest.param("a threat of self-harm, violence or threats", past(AFRAID, day(7, told("self_harm.words")), day(9, told("violence.threat"))), id="the feared one threatens self-harm"),
        pytest.param(None, past(AFRAID, day(7, told("self_harm.words", "client")), day(9, told("violence.threat"))), id="own thoughts of self-harm are S01"),
        pytest.param("being followed or watched, violence or threats", past(AFRAID, day(7, told("no_contact.stalking")), day(9, c4=["threats"])), id="followed, and threats ticked"),
        pytest.param(None, past(AFRAID, day(7, c8={"monitoring": 2}), day(9, told("violence.threat"))), id="own checking is never one"),
        pytest.param("a weapon within reach, a recent parting or a new partner", past(AFRAID, day(7, told("violence.weapon"), c4=["someone_else"])), id="a new partner"),
        pytest.param("violence or threats, a recent parting or a new partner", past(AFRAID, day(7, safety=["hurt"]), arranged=Arranged(phase_since=at(-83).date())), id="parted 90 days ago"),
        pytest.param(None, past(AFRAID, day(7, safety=["hurt"]), arranged=Arranged(phase_since=at(-84).date())), id="parted 91 days ago"),
        pytest.param(None, past(AFRAID, day(7, safety=["hurt"]), arranged=Arranged(phase="together", phase_since=at(0).date())), id="together again"),
        pytest.param(None, past(day(0), day(7, told("violence.choking", "client")), day(9, told("violence.threat", "client"))), id="nobody is feared"),
        pytest.param(None, past(AFRAID, day(7, told("violence.choking")), day(9, told("violence.threat")), day(16)), id="nothing new at this check-in"),
        pytest.param("choking, violence or threats", past(day(0, told("violence.choking")), day(9, told("violence.threat")), day(16, p4=4)), id="the fear is new, in the mirrored form"),
        pytest.param(None, past(AFRAID, day(1, told("violence.choking")), day(92, told("violence.threat"))), id="more than 90 days apart"),
        pytest.param("choking, a weapon within reach, violence or threats", past(AFRAID, day(7, told("violence.choking"), told("violence.weapon", start=3)), day(8, told("violence.weapon"), told("violence.threat", start=50))), id="events are shared out so that most signs keep one"),
    ],
)  # fmt: skip
def test_several_danger_signs_each_on_its_own_event(named: str | None, history: History) -> None:
    hit = hits(history).get("S06")
    assert (hit.sentence if hit else None) == (
        f"Several danger signs beside fear of Robin within 90 days: {named}." if named else None
    )
    assert hit is None or (hit.severity.name, hit.speed) == ("URGENT", "today")


def test_called_frightening_in_the_mirrored_form_is_fear() -> None:
    found = hits(past(entry(0, p4=4, c8={"ultimatum": 1})))
    assert found["S02"].evidence[0].words == "Answered: Robin’s contact was frightening"
    assert "P03" not in found, "a frightened reporter is not read as pressing"
    assert "S02" not in hits(past(entry(0, p4=3)))


@pytest.mark.parametrize(
    ("safety", "danger", "severity", "speed"),
    [
        ([], {}, "ELEVATED", ""),
        (["must_not_contact"], {}, "ELEVATED", ""),
        (["afraid"], {}, "URGENT", "now"),
        (["afraid"], {"safe_now": "yes"}, "URGENT", "today"),
        (["self_harm"], {"safe_now": "yes"}, "URGENT", "now"),
    ],
)
def test_a_call_is_as_urgent_as_what_stands_beside_it(
    safety: list[str], danger: dict[str, str], severity: str, speed: str
) -> None:
    hit = hits(past(entry(0, safety=safety, danger=danger, call_me="after six")))["S07"]
    assert (hit.severity.name, hit.speed) == (severity, speed)


def test_self_harm_told_of_the_partner_says_whose_it_is() -> None:
    hit = hits(past(entry(0, read=[said("self_harm", "spouse")])))["S01"]
    assert hit.sentence == "Possible: thoughts of self-harm, told of Robin."
    both = hits(past(entry(0, read=[said("self_harm", "spouse"), said("self_harm")])))["S01"]
    assert both.sentence == "Possible: thoughts of self-harm or of not wanting to live."


# What the clock finds


def test_the_ladder() -> None:
    minutes = {0: 0, 14.9: 0, 15: 1, 29.9: 1, 30: 2, 59.9: 2, 60: 3, 9999: 3}
    assert {m: rung(at(0), at(m / 1440)) for m in minutes} == minutes
    assert len(LADDER) == 3


def waits(minutes: float, **more: Any) -> list[str]:
    urgent: dict[str, Any] = {"rule": "S01", "name": "Self-harm", "since": at(0), "speed": "now"}
    extra = {key: more.pop(key) for key in ("rule", "speed", "seen_at", "due") if key in more}
    now = at(minutes / 1440)
    return [hit.rule for hit in sweep(Standing(today=now.date(), urgent=(Urgent(**(urgent | extra)),), **more), now)]


@pytest.mark.parametrize(
    ("expected", "minutes", "more"),
    [
        ([], 59, {}),
        (["S08"], 60, {}),
        ([], 61, {"told": {"S08": at(60 / 1440)}}),
        ([], 600, {"seen_at": at(0.01)}),
        (["E02"], 1440, {"seen_at": at(0.01)}),
        ([], 1440, {"seen_at": at(0.01), "last_check_in": at(0.5)}),
        ([], 1440, {"seen_at": at(0.01), "last_sign_in": at(0.9)}),
        ([], 1440, {"seen_at": at(0.01), "last_staff": at(0.02)}),
        (["E02"], 1440, {"seen_at": at(0.01), "last_check_in": at(0), "last_staff": at(-1)}),
        ([], 1441, {"seen_at": at(0.01), "told": {"E02": at(1)}}),
        ([], 479, {"speed": "today", "due": at(1 / 3)}),
        (["E02"], 480, {"speed": "today", "due": at(1 / 3)}),
        (["E02", "S08"], 1440, {}),
        ([], 9999, {"rule": "S08"}),
        ([], 9999, {"rule": "E02"}),
    ],
    ids=["not yet", "the ladder has ended", "said once", "seen", "24 hours of silence", "a check-in since", "signed in since",
         "staff reached out", "only what was before", "said once, too", "due today: not yet", "not seen by its time",
         "both, where nobody looked at all", "no ladder for the ladder", "no silence about silence"],
)  # fmt: skip
def test_an_urgent_flag_that_nobody_answers(expected: list[str], minutes: float, more: dict[str, Any]) -> None:
    assert waits(minutes, **more) == expected
