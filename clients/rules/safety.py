"""Family S: safety outranks everything (rules.md, Safety; decisions 7, 33).

Tuned for recall and worded "please look"."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from clients.pressure import Finding
from clients.rules.record import Evidence, History, Hit, Rule, Severity, cite_words

_CHIPS = {
    "self_harm": "Ticked: thoughts of harming myself or not wanting to live",
    "hurt": "Ticked: someone was hurt, threatened or forced",
    "afraid": "Ticked: I am afraid of {other}",
}
_LOOK = (
    "Only words raised this; they may be a figure of speech, about somebody else, or long past. It is still looked at."
)
SAID = {"S01": "Thoughts of self-harm or of not wanting to live.", "S02": "Violence, threats or fear."}


def speed_of(danger: Mapping[str, str]) -> Literal["now", "today"]:
    """`now` unless the reporter said they are safe for now (decisions 7)."""
    return "today" if danger.get("safe_now") == "yes" else "now"


def is_self_harm(finding: Finding) -> bool:
    return finding.label == "self_harm" and finding.actor != "other"


def is_violence(finding: Finding) -> bool:
    return finding.label == "violence"


def _raise(
    history: History, rule: str, chips: frozenset[str], counts: Callable[[Finding], bool], sentence: str
) -> Hit | None:
    now = history.now
    ticked = sorted(now.safety & chips)
    found = tuple(f for f in now.findings if counts(f))
    aside = tuple(f for f in now.aside_findings if counts(f))
    if not (ticked or found or aside):
        return None
    rows = [Evidence(now.id, now.at, "s1", _CHIPS[c].format(other=history.other), c) for c in ticked]
    rows += [cite_words(now, f) for f in found] + [cite_words(now, f, item="n1") for f in aside]
    return Hit(
        rule,
        Severity.URGENT,
        sentence if ticked else f"Possible: {sentence[0].lower()}{sentence[1:]}",
        tuple(rows),
        () if ticked else (_LOOK,),
        speed="now" if rule == "S01" else speed_of(now.danger),
    )


def self_harm(history: History) -> Hit | None:
    return _raise(history, "S01", frozenset({"self_harm"}), is_self_harm, SAID["S01"])


def violence(history: History) -> Hit | None:
    return _raise(history, "S02", frozenset({"hurt", "afraid"}), is_violence, SAID["S02"])


def read_danger(text: str, findings: tuple[Finding, ...], at: datetime) -> tuple[Hit, ...]:
    """The safety rules over a text outside a check-in, such as a line back (decisions 6)."""
    hits = []
    for rule, counts in (("S01", is_self_harm), ("S02", is_violence)):
        rows = tuple(
            Evidence("", at, "line", text[f.start : f.end], f.label, f.start, f.end, False)
            for f in findings
            if counts(f)
        )
        if rows:
            hits.append(
                Hit(
                    rule,
                    Severity.URGENT,
                    f"Possible: {SAID[rule][0].lower()}{SAID[rule][1:]}",
                    rows,
                    (_LOOK,),
                    speed="now",
                )
            )
    return tuple(hits)


RULES = (
    Rule(
        "S01", 1, "safety", "Self-harm: please look now",
        "The safety question, or any reading of self-harm that is not an idiom, negated or about another person.",
        "A figure of speech, somebody else, long past. It is still looked at.",
        "Only a named person closes it, with a reason.",
        ("X1",), "L4", "safety planning with follow-up (Stanley et al. 2018); digital monitoring (Nock et al. 2021)",
        self_harm,
    ),
    Rule(
        "S02", 1, "safety", "Violence, threats or fear: please look now",
        "The safety question, or any reading of violence, threat or fear, in either direction.",
        "Anger without a threat. It is still looked at. Do not raise it with the other partner.",
        "Only a named person closes it, with a reason.",
        ("X1",), "L4", "universal separate screening (Todahl & Walters 2011; Stith, McCollum & Rosen 2011)", violence,
    ),
)  # fmt: skip
