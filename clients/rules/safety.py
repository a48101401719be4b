"""Family S: safety outranks everything (rules.md, Safety; decisions 7, 33).

Tuned for recall and worded "please look"."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from clients.pressure import Finding
from clients.rules.record import Entry, Evidence, History, Hit, Rule, Severity, cite, cite_words

_CHIPS = {
    "self_harm": "Ticked: thoughts of harming myself or not wanting to live",
    "hurt": "Ticked: someone was hurt, threatened or forced",
    "afraid": "Ticked: I am afraid of {other}",
    "might_hurt": "Ticked: I am afraid I might hurt someone",
    "child": "Ticked: a child is not safe",
    "must_not_contact": "Ticked: I am not to contact {other}",
    "partner_must_not": "Ticked: {other} is not to contact me",
}
_LOOK = (
    "Only words raised this; they may be a figure of speech, about somebody else, or long past. It is still looked at."
)
SAID = {
    "S01": "Thoughts of self-harm or of not wanting to live.",
    "S02": "Violence, threats or fear.",
    "S04": "A child may not be safe.",
    "S05": "Afraid of hurting someone.",
}


def speed_of(danger: Mapping[str, str]) -> Literal["now", "today"]:
    """`now` unless the reporter said they are safe for now (decisions 7)."""
    return "today" if danger.get("safe_now") == "yes" else "now"


def is_self_harm(finding: Finding) -> bool:
    return finding.label == "self_harm" and finding.actor != "other"


def is_violence(finding: Finding) -> bool:
    return finding.label == "violence"


def is_child_in_danger(finding: Finding) -> bool:
    return finding.label == "child_safety"


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
        speed="now" if rule in {"S01", "S05"} else speed_of(now.danger),
    )


def self_harm(history: History) -> Hit | None:
    return _raise(history, "S01", frozenset({"self_harm"}), is_self_harm, SAID["S01"])


def violence(history: History) -> Hit | None:
    return _raise(history, "S02", frozenset({"hurt", "afraid"}), is_violence, SAID["S02"])


def unwished_contact(history: History) -> Hit | None:
    """Contact in the direction that an order or a clear wish forbids (decisions 2): ticked in this check-in or in the last
    90 days. The person who is protected is never the one who broke it."""
    now = history.now
    ticked = {
        chip: e for e in history.since(90) for chip in ("must_not_contact", "partner_must_not") if chip in e.safety
    }
    own = now.acts("pursuit", "uninvited", "monitoring")
    rows: tuple[Evidence, ...] = ()
    sentence = ""
    if "must_not_contact" in ticked and (_some(now, "c1") or own):
        sentence = f"Contact with {history.other} although none is wished: please check."
        rows = (
            _ticked(history, ticked["must_not_contact"], "must_not_contact"),
            *_contacts(now, "c1", "Started contact"),
        )
        rows += cite(history, now, own)
    elif "partner_must_not" in ticked and _some(now, "c2"):
        sentence = f"Contact by {history.other} although none is wished: please check."
        rows = (
            _ticked(history, ticked["partner_must_not"], "partner_must_not"),
            *_contacts(now, "c2", f"{history.other} started contact"),
        )
    if not rows:
        return None
    against = ("An order may allow contact about the children; the scope is not known here.",)
    return Hit("S03", Severity.URGENT, sentence, rows, against, speed="today")


def _some(entry: Entry, item: str) -> bool:
    value = entry.answers.get(item)
    return isinstance(value, int) and value > 0


def _contacts(entry: Entry, item: str, words: str) -> tuple[Evidence, ...]:
    return (Evidence(entry.id, entry.at, item, f"{words}: {entry.answers[item]}"),) if _some(entry, item) else ()


def _ticked(history: History, entry: Entry, chip: str) -> Evidence:
    return Evidence(entry.id, entry.at, "s1", _CHIPS[chip].format(other=history.other), chip)


def child_in_danger(history: History) -> Hit | None:
    return _raise(history, "S04", frozenset({"child"}), is_child_in_danger, SAID["S04"])


def harm_to_others(history: History) -> Hit | None:
    return _raise(history, "S05", frozenset({"might_hurt"}), lambda finding: False, SAID["S05"])


def call_me(history: History) -> Hit | None:
    now = history.now
    if not now.call_me:
        return None
    alone = not (now.safety - {"must_not_contact", "partner_must_not"})
    return Hit(
        "S07",
        Severity.ELEVATED if alone else Severity.URGENT,
        f"Asks to be called: {now.call_me}.",
        (Evidence(now.id, now.at, "s1", f"Please call me: {now.call_me}", "call_me"),),
    )


def read_danger(
    text: str, findings: tuple[Finding, ...], at: datetime, *, entry: str = "", item: str = "line"
) -> tuple[Hit, ...]:
    """The safety rules over one text by itself: a line back (decisions 6), or a check-in read again (decisions 29)."""
    hits = []
    for rule, counts in (("S01", is_self_harm), ("S02", is_violence), ("S04", is_child_in_danger)):
        rows = tuple(
            Evidence(entry, at, item, text[f.start : f.end], f.label, f.start, f.end, False)
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
    Rule(
        "S03", 1, "safety", "Contact although none is wished: please check",
        "No contact was ticked within 90 days, and this check-in reports contact in that very direction.",
        "An order may allow contact about the children.",
        "Only a named person closes it, with a reason.",
        ("X2",), "L4", "repeated intrusions (Purcell, Pathé & Mullen 2004)", unwished_contact,
    ),
    Rule(
        "S04", 1, "safety", "A child may not be safe: please look",
        "The safety question, or any reading of a child in danger.",
        "Worry about an ordinary day. It is still looked at.",
        "Only a named person closes it, with a reason.",
        ("X1",), "L4", "reporting duties of the place", child_in_danger,
    ),
    Rule(
        "S05", 1, "safety", "Afraid of hurting someone: please look now",
        "The safety question.",
        "A figure of speech. It is still looked at.",
        "Only a named person closes it, with a reason.",
        ("X1",), "L4", "duty to protect, as the place has it", harm_to_others,
    ),
    Rule(
        "S07", 1, "safety", "Asks to be called",
        "“Please call me” was ticked. Urgent together with another safety answer.",
        "A question about an appointment.",
        "Only a named person closes it, with a reason.",
        ("X1",), "L4", "safety planning with follow-up calls (Stanley et al. 2018)", call_me,
    ),
)  # fmt: skip
