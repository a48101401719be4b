"""A rule as people read it: behind "Why this flag?" and in docs/rules.md, the same text."""

from collections.abc import Iterable
from dataclasses import dataclass

from clients.rules.record import Rule

FAMILIES = {
    "safety": "Safety",
    "conduct": "Own conduct",
    "signs": "Signs from the partner",
    "interactions": "Conduct and signs together",
    "engagement": "How the check-ins come in",
    "wellbeing": "Wellbeing",
}
LIFECYCLES = {
    "L1": "Filed once. Closes by itself after 28 days and is quiet for 28 more.",
    "L2": "One card a person; new evidence joins it. Clears by itself after two check-ins and 14 days without a new "
    "sign, then keeps quiet for 14 days unless it weighs more.",
    "L3": "One card a person; new evidence joins it. Clears by itself after 28 days without a new sign, once a "
    "counselor has seen it. What comes back within 56 days opens the same card with its history.",
    "L4": "Stays until a named person closes it with a reason and a follow-up, and another one has looked again. "
    "Never muted, put off, counted against a budget or joined with another person’s. New danger opens it anew.",
}
# Where a row of evidence comes from, as the desk names it.
ITEMS = {
    "c1": "contacts", "c2": "contacts", "c3": "how the partner was", "c4": "what came from the partner",
    "c6": "tension", "c7": "talk about problems", "c8": "own acts", "c8g": "own good conduct", "c9": "waiting when the urge came",
    "c10": "how sure it feels", "c11": "how they are doing", "c12": "daily life", "s1": "safety question", "t1": "own words",
    "n1": "for the next session", "line": "a line back", "p1": "contacts", "p2": "contacts", "p4": "how contact was",
    "p5": "the partner’s acts", "p6": "wished contact", "p8": "ready to talk", "wish": "own wish", "limit": "limit on contact",
    "phase": "where the two stand", "review": "agreed day", "gate": "room for talk", "form": "how it was filled in",
    "plan": "agreed check-in", "flag": "flag",
}  # fmt: skip
_INTRO = """\
# The rules

Generated from the catalogue in `clients/rules` by `manage.py rules_doc`; a test holds it up to date. The same texts stand
behind “Why this flag?”.

Each rule is a pure function over one reporter’s history. It says what was reported, shows where it rests, what speaks
against it and what clears it. A counselor decides; nothing goes to a client by itself but the help screen. Rules that
rest only on words read by software weigh no more than *watch* until a counselor confirms the words; danger is the
exception, and is then called possible. While fear or hurt was told within 90 days, no rule about own conduct speaks.

*Info* is filed; *watch* means by the next session; *elevated* the same working day; *urgent* at once (*now*) or by the end
of the day (*today*). Thresholds are our own, provisional, and no norms.
"""


@dataclass(frozen=True, slots=True)
class Description:
    """One rule in words; `guidance` are ids of library cards."""

    id: str
    version: int
    family: str
    name: str
    severity: str
    trigger: str
    evidence: str
    against: str
    clears: str
    guidance: tuple[str, ...]
    lifecycle: str
    literature: str


def describe(rule: Rule) -> Description:
    return Description(
        rule.id, rule.version, FAMILIES[rule.family], rule.name, rule.weighs, rule.trigger, rule.shows, rule.against,
        rule.clears, rule.guidance, lifecycle(rule), rule.literature,
    )  # fmt: skip


def lifecycle(rule: Rule) -> str:
    """The life of its flags in words; "L2>L3" lives as L2 while at watch, as L3 once elevated; "L3>L4" as L4
    once urgent."""
    codes = rule.lifecycle.split(">")
    if len(codes) == 1:
        return LIFECYCLES[codes[0]]
    low, high = (_small(LIFECYCLES[code]) for code in codes)
    if codes[1] == "L4":
        return f"While elevated: {low} Once urgent: {high}"
    return f"At watch: {low} Once elevated: {high}"


def _small(words: str) -> str:
    return words[:1].lower() + words[1:]


def page(rules: Iterable[Rule]) -> str:
    """docs/rules.md."""
    parts = [_INTRO]
    told = [describe(rule) for rule in rules]
    for family in FAMILIES.values():
        own = sorted((d for d in told if d.family == family), key=lambda d: d.id)
        if own:
            parts.append(f"## {family}\n")
            parts += [_section(d) for d in own]
    return "\n".join(parts)


def _section(d: Description) -> str:
    rows = (
        ("Weight", d.severity),
        ("Speaks when", d.trigger),
        ("Shows", d.evidence),
        ("What speaks against it", d.against),
        ("What clears it", d.clears),
        ("Life of the flag", d.lifecycle),
        ("Cards", ", ".join(d.guidance)),
        ("Rests on", d.literature),
    )
    lines = "\n".join(f"- **{name}:** {words}" for name, words in rows)
    return f"### {d.id} {d.name} (version {d.version})\n\n{lines}\n"
