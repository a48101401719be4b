"""Family W: how the reporter is doing (rules.md, Wellbeing; decisions 25)."""

from clients.rules.record import Evidence, History, Hit, Rule, Severity

INTAKE = 4
HIGH, VERY_HIGH, OVER_OWN = 60.0, 87.5, 22.0


def high_distress(history: History) -> Hit | None:
    now = history.now
    if now.d is None or now.d < HIGH:
        return None
    words = f"Distress {now.d:.0f} of 100"
    rows = (Evidence(now.id, now.at, "c11", words, "distress"),)
    against = ("A single bad day can look like this.",)
    if history.before < INTAKE:
        return Hit("W01", Severity.INFO, "The separation weighs heavily in these first weeks.", rows, against)
    severity, sentence = Severity.WATCH, "The separation gets in the way of daily life a good deal."
    earlier = [e for e in history.entries[:-1] if e.d is not None]
    own = earlier[-1].levels.get("d") if earlier else None
    before = earlier[-1].d if earlier else None
    if own is not None and now.d >= own.mean + OVER_OWN:
        severity, sentence = Severity.ELEVATED, "Doing clearly worse than usual."
    elif now.d >= VERY_HIGH and before is not None and before >= VERY_HIGH:
        severity, sentence = Severity.ELEVATED, "Very high distress, twice in a row."
    elif now.chips("c4") & {"over", "someone_else", "heard_over"} or now.said("setback"):
        severity, sentence = Severity.ELEVATED, "High distress together with a setback."
    return Hit("W01", severity, sentence, rows, against)


RULES = (
    Rule(
        "W01", 1, "wellbeing", "Distress is high",
        "Distress of 60 or more. Elevated when it is 22 points above the person's own level, 87.5 or more twice in a row, "
        "or together with a setback. The first four check-ins give one line only.",
        "A single bad day.",
        "Two check-ins and 14 days below it; 28 days and a counselor's look once it was elevated.",
        ("G22", "X4"), "L2>L3", "routine outcome monitoring; ambiguous separation (Crabtree & Harris 2020)", high_distress,
    ),
)  # fmt: skip
