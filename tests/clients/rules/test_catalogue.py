"""What holds for every rule: pure, the same for everybody, in plain words, and no slower for a long history."""

import hashlib
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from clients.rules import CATALOGUE, VERSION, Entry, History, Hit, Outcome, evaluate
from clients.rules.record import CHIP_WORDS, PLAN_WORDS, PRESSING
from tests.clients.rules.build import entry, past, renamed, said, window

ACTS = ["push_return", "reassurance", "pursuit", "uninvited", "forced_talk", "ultimatum", "monitoring", "leverage"]
LABELS = [*ACTS, "raises_return", "setback", "self_harm", "violence", "affection"]


def invented(seed: int, length: int) -> History:
    """A history by chance; the same seed gives the same one."""
    by = random.Random(seed)
    entries = []
    mood = 0  # now and then it tips: from little contact to much
    for n in range(length):
        mood = by.choice([mood] * 8 + [4 - mood])
        answers: dict[str, Any] = {
            "c1": by.choice([0, 2, "skip", *[11] * mood]),
            "c2": by.choice([0, 1, 2, 6 - min(n, 6)]),
            "c9": by.choice(["no_urge", 0, 1, 4]),
            "c10": by.choice([None, 1, 3, 4, "rather_not"]),
            "c11": by.choice([0, 1, 2, 4]),
            "c12": by.choice(["skip", 0, 3]),
            "c4": by.choice(["none", "skip", ["kind"], ["memory", "return"], ["over"], ["space"]]),
            "c7": by.choice([{"talk": "no"}, {"talk": "yes", "began": by.choice(["me", "partner"]), "ended": by.randrange(5)}]),
            "c8": by.choice(["none", "skip", {act: by.choice([1, 2]) for act in by.sample(ACTS, 3)}]),
            "c8g": by.choice(["none", ["kept_short"]]),
        }  # fmt: skip
        read = [
            said(
                by.choice(LABELS),
                by.choice(["client", "spouse", "other"]),
                by.choice(["done", "planned", "urge"]),
                when=by.choice([None, (0, 5, by.choice(["weekday:6", "day:+1", "date:--12-25"]))]),
            )
            for _ in range(by.choice([0, 0, 0, 0, 1, 3]))
        ]
        w, t, d, cpi = (by.choice([None, by.uniform(0, 100), by.uniform(60, 100)]) for _ in range(4))
        safety = by.choice(
            [[]] * 40 + [["afraid"], ["self_harm"], ["hurt"], ["child"], ["might_hurt"], ["must_not_contact"]]
        )
        entries.append(
            entry(
                7 * n,
                read=read,
                safety=safety,
                call_me=by.choice([""] * 40 + ["after six"]),
                w=w,
                t=t,
                d=d,
                cpi=cpi,
                gate=by.choice(["", "wait", "go"]),
                levels={"t": t or 50, "d": d or 50},
                **answers,
            )
        )
    windows = [window(7 * by.randrange(length), by.choice(["O01", "SIGN"])) for _ in range(by.choice([0, 1, 2]))]
    return past(*entries, before=by.choice([0, length - 1]), windows=windows)


HISTORIES = [invented(seed, 1 + seed % 14) for seed in range(400)]
SCORED = {"O07", "W01", "W02", "I01", "I05", "P04", "P11"}  # they rest on answers that are counted, not on words
RARE = {
    "I03",
    "I04",
    "I06",
    "P14",
    "P15",
    "O02",
    "O03",
    "O05",
    "O06",
    "S06",
    "E03",
    "E04",
    "E05",
    "E06",
}  # too rare for chance; their own tables show them


LIVES = {
    "L1": "O01 O02 O03 O05 O06 I06 E03 E04",
    "L2": "P06 P07 P12 P13 P15 O04 O08 I03 I04 E05",
    "L3": "P02 P03 P05 O07 I01 I07 E06 W03",
    "L2>L3": "P01 P04 P08 P10 P11 P14 I02 I05 E01 W01 W02",
    "L3>L4": "P09",
    "L4": "E02 S01 S02 S03 S04 S05 S06 S07 S08",
}


def test_each_rule_lives_as_the_catalogue_says() -> None:
    lives = {id: code for code, ids in LIVES.items() for id in ids.split()}
    assert {rule.id: rule.lifecycle for rule in CATALOGUE.values()} == {id: lives[id] for id in CATALOGUE}
    assert {id for id, rule in CATALOGUE.items() if rule.safety} == set(LIVES["L4"].split())
    assert all(rule.id == id for id, rule in CATALOGUE.items())


def test_most_rules_speak_somewhere_in_the_invented_histories() -> None:
    """So that the properties below say something of each."""
    assert {hit.rule for history in HISTORIES for hit in evaluate(history).hits} >= {
        id for id, rule in CATALOGUE.items() if rule.swept is None
    } - RARE


def test_the_same_history_gives_the_same_outcome_and_stays_as_it_was() -> None:
    for number, history in enumerate(HISTORIES):
        twin = invented(number, 1 + number % 14)
        assert evaluate(history) == evaluate(history) == evaluate(twin)
        assert history == twin


def _bare(outcome: Outcome) -> list[Any]:
    """All but the words."""
    return [
        (hit.rule, hit.severity, hit.speed, hit.head, len(hit.against), [replace(row, words="") for row in hit.evidence])
        for hit in outcome.hits
    ] + [outcome.windows]  # fmt: skip


def test_names_change_the_words_and_nothing_else() -> None:
    for history in HISTORIES:
        one, two = evaluate(renamed(history, "Ines", "Robin")), evaluate(renamed(history, "Tariq", "Mai {0} %s"))
        assert _bare(one) == _bare(two)
        for a, b in zip(one.hits, two.hits, strict=True):
            assert a.sentence.replace("Robin", "{other}").replace("Ines", "{name}") == b.sentence.replace("Mai {0} %s", "{other}").replace("Tariq", "{name}")  # fmt: skip


def test_hits_come_in_order_danger_first_and_once_each() -> None:
    for history in HISTORIES:
        found = evaluate(history).hits
        assert len({hit.rule for hit in found}) == len(found)
        ranks = [(not CATALOGUE[h.rule].safety, -h.severity) for h in found]
        assert ranks == sorted(ranks)
        heads = {hit.rule: hit for hit in found}
        for hit in found:
            assert not hit.head or (hit.head in heads and heads[hit.head].severity >= hit.severity)


def test_words_alone_never_weigh_more_than_watch_unless_it_is_danger() -> None:
    for history in HISTORIES:
        silent = {"c4": "none", "c7": {"talk": "no"}, "c8": "none", "c10": None}
        unticked = [replace(e, answers=e.answers | silent) for e in history.entries]
        for hit in evaluate(replace(history, entries=tuple(unticked))).hits:
            assert hit.severity <= 2 or CATALOGUE[hit.rule].safety or hit.rule in SCORED, hit


def test_evidence_quotes_the_very_words() -> None:
    for history in HISTORIES:
        entries = {e.id: e for e in history.entries}
        for hit in evaluate(history).hits:
            assert hit.evidence
            for row in hit.evidence:
                assert row.at == entries[row.entry].at
                if row.start is not None:
                    text = entries[row.entry].text if row.item == "t1" else entries[row.entry].aside
                    assert row.words == text[row.start : row.end]


SAID_OF_SOMEBODY = re.compile(r"\b(he|him|his|she|her|hers|husband|wife|man|woman|boyfriend|girlfriend)\b", re.I)
BLAMING = re.compile(
    r"\b(you|your|fault|guilty|manipulat\w*|abus\w*|liar|lied|lying|stalk\w*|obsess\w*|violat\w*|breach\w*|failed|bad behaviou?r|"
    r"victim|perpetrator|toxic|needy|win back|%)\b",
    re.I,
)


def _texts(hits: tuple[Hit, ...]) -> Iterator[str]:
    for hit in hits:
        yield hit.sentence
        yield from hit.against
        yield from (row.words for row in hit.evidence if row.start is None)


def test_plain_words_free_of_gender_and_blame() -> None:
    texts = [
        t
        for rule in CATALOGUE.values()
        for t in (rule.name, rule.weighs, rule.trigger, rule.shows, rule.against, rule.clears)
    ]
    texts += [*CHIP_WORDS.values(), *PLAN_WORDS.values()]
    texts += {text for history in HISTORIES for text in _texts(evaluate(history).hits)}
    for text in texts:
        assert not SAID_OF_SOMEBODY.search(text), text
        assert not BLAMING.search(text), text
    for text in {text for history in HISTORIES for text in _texts(evaluate(history).hits)}:
        assert "{" not in text, text
    assert set(CHIP_WORDS) == set(PLAN_WORDS) == set(PRESSING)
    assert all(rule.guidance and rule.literature for rule in CATALOGUE.values())


def test_a_rule_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        CATALOGUE["P01"].lifecycle = "L1"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        HISTORIES[0].before = 3  # type: ignore[misc]


def test_rules_need_no_framework() -> None:
    """In a fresh interpreter: importing and running them loads neither Django nor Celery, and reads no clock."""
    script = (
        "import sys, time, datetime\n"
        "from clients.rules import evaluate\n"
        "from tests.clients.rules.build import entry, past\n"
        "def no_clock(*a): raise AssertionError('a rule reads the clock')\n"
        "time.time = time.monotonic = time.perf_counter = no_clock\n"
        "assert evaluate(past(entry(0, safety=['afraid'], c8={'ultimatum': 1}))).hits\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'django', 'celery', 'django_htmx', 'allauth', 'sqlite3', 'socket'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


class Counted(tuple[Entry, ...]):
    """Entries that count how often one is handed out."""

    visits = 0

    def __iter__(self) -> Iterator[Entry]:
        for item in super().__iter__():
            Counted.visits += 1
            yield item

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        Counted.visits += len(found) if isinstance(index, slice) else 1
        return Counted(found) if isinstance(index, slice) else found


LOUD = {"push_return": 1, "reassurance": 1, "forced_talk": 1, "ultimatum": 1, "pursuit": 1, "monitoring": 1}


@pytest.mark.parametrize("acts", ["none", LOUD], ids=["calm", "loud"])
def test_ten_times_the_history_costs_at_most_a_fifth_more(acts: Any) -> None:
    """Check-ins looked at, not seconds: rules keep to windows and to what is stored beside the last one."""

    def visits(length: int) -> int:
        rows = [
            entry(
                7 * n, w=40 + n % 2, t=30, d=65, cpi=60, levels={"t": 30, "d": 60, "cpi": 60}, c1=11, c2=n % 3, c9=n % 2,
                c4=[["kind"], ["space"], ["over"]][n % 3], gate="wait", c8=acts,
                c7={"talk": "yes", "began": "me", "ended": 0} if n % 2 else {"talk": "no"},
            )
            for n in range(length)
        ]  # fmt: skip
        history = replace(past(*rows), entries=Counted(rows))
        Counted.visits = 0
        evaluate(history)
        return Counted.visits

    few, many = visits(104), visits(1040)
    assert many <= 1.2 * few
    assert many <= 800


def test_a_changed_rule_raises_the_catalogues_version() -> None:
    """Otherwise nobody's history is put to it (clients/reevaluation.py). Add a line for a new version; never change one."""
    versions = " ".join(f"{rule.id}:{rule.version}" for rule in sorted(CATALOGUE.values(), key=lambda r: r.id))
    known = {2: "261116f625c5"}
    assert hashlib.sha256(versions.encode()).hexdigest()[:12] == known[VERSION]
