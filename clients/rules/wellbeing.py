"""Family W: how the reporter is doing (rules.md, Wellbeing; decisions 25)."""

from clients.progress import lack
from clients.rules.record import Entry, Evidence, History, Hit, Rule, Severity, cite_score, cite_words

INTAKE = 4
HIGH, VERY_HIGH, OVER_OWN = 60.0, 87.5, 22.0
SETBACKS = {
    "over": "{other} said it is over",
    "someone_else": "{other} is seeing someone else",
    "heard_over": "heard that it is over or that {other} is seeing someone",
}


def high_distress(history: History) -> Hit | None:
    now = history.now
    if now.d is None or now.d < HIGH:
        return None
    rows = [cite_score(now, "c11", "Distress", now.d)]
    against = ("A single bad day can look like this.",)
    if history.before < INTAKE:
        return Hit("W01", Severity.INFO, "The separation weighs heavily in these first weeks.", tuple(rows), against)
    earlier = [e for e in history.entries[:-1] if e.d is not None]
    setbacks = sorted(now.chips("c4") & SETBACKS.keys())
    told = tuple(f for f in now.said("setback") if f.actor == "spouse")
    severity, sentence = Severity.ELEVATED, f"High distress, as {history.name} reports it."
    if _over_own_level(now.d, earlier):
        sentence = "Doing clearly worse than usual."
    elif now.d >= VERY_HIGH and earlier and (earlier[-1].d or 0.0) >= VERY_HIGH:
        sentence = "Very high distress, twice in a row."
        rows.insert(0, cite_score(earlier[-1], "c11", "Distress", earlier[-1].d or 0.0))
    elif setbacks:
        sentence = "High distress together with a setback."
    else:
        severity = Severity.WATCH  # A setback that is only read in the words raises nothing above it.
    rows += [
        Evidence(now.id, now.at, "c4", f"Ticked: {SETBACKS[c].format(other=history.other)}", "setback")
        for c in setbacks
    ]
    rows += [cite_words(now, finding) for finding in told]
    return Hit("W01", severity, sentence, tuple(rows), against)


def _over_own_level(value: float, earlier: list[Entry]) -> bool:
    """So far above the person's own level before this check-in, where enough is known of it (progress.md 3.7)."""
    if lack("level", [e.day for e in earlier]) is not None:
        return False
    own = earlier[-1].levels.get("d")
    return own is not None and value >= own.mean + OVER_OWN


RULES = (
    Rule(
        "W01", 1, "wellbeing", "Distress is high",
        "Distress of 60 or more. Elevated when it is 22 points above the person's own level, 87.5 or more twice in a "
        "row, or together with a ticked setback. The first four check-ins give one line only.",
        "A single bad day.",
        "Two check-ins and 14 days below it; 28 days and a counselor's look once it was elevated.",
        ("G22", "X4"), "L2>L3", "routine outcome monitoring; ambiguous separation (Crabtree & Harris 2020)",
        high_distress,
    ),
)  # fmt: skip
