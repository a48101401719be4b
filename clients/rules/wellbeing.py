"""Family W: how the reporter is doing (rules.md, Wellbeing; decisions 25)."""

from clients.progress import BLOCK_CHANGE, lack
from clients.rules.record import Entry, Evidence, History, Hit, Rule, Severity, cite_score, cite_setbacks

INTAKE = 4
HIGH, VERY_HIGH, OVER_OWN = 60.0, 87.5, 22.0


def high_distress(history: History) -> Hit | None:
    now = history.now
    if now.d is None or now.d < HIGH:
        return None
    rows = [cite_score(now, "c11", "Distress", now.d)]
    against = ("A single bad day can look like this.",)
    if history.before < INTAKE:
        return Hit("W01", Severity.INFO, "The separation weighs heavily in these first weeks.", tuple(rows), against)
    earlier = [e for e in history.since(90)[:-1] if e.d is not None]
    setbacks = cite_setbacks(history, now)
    severity, sentence = Severity.ELEVATED, f"High distress, as {history.name} reports it."
    if _over_own_level(now.d, earlier):
        sentence = "Doing clearly worse than usual."
    elif now.d >= VERY_HIGH and earlier and (earlier[-1].d or 0.0) >= VERY_HIGH:
        sentence = "Very high distress, twice in a row."
        rows.insert(0, cite_score(earlier[-1], "c11", "Distress", earlier[-1].d or 0.0))
    elif any(row.sure for row in setbacks):
        sentence = "High distress together with a setback."
    else:
        severity = Severity.WATCH  # A setback that is only read in the words raises nothing above it.
    return Hit("W01", severity, sentence, (*rows, *setbacks), against)


def _over_own_level(value: float, earlier: list[Entry]) -> bool:
    """So far above the person's own level before this check-in, where enough is known of it (progress.md 3.7)."""
    if lack("level", [e.day for e in earlier]) is not None:
        return False
    own = earlier[-1].levels.get("d")
    return own is not None and value >= own.mean + OVER_OWN


def distress_rises(history: History) -> Hit | None:
    change = history.now.blocks.get("d")
    if change is None or change < BLOCK_CHANGE:
        return None
    shown = [e for e in history.since(90) if e.d is not None][-6:]
    setbacks = [row for e in history.since(14) for row in cite_setbacks(history, e)]
    near = any(row.sure for row in setbacks)
    return Hit(
        "W02",
        Severity.ELEVATED if near else Severity.WATCH,
        f"Distress is {change:.0f} points higher in the last three check-ins than in the three before"
        + (", with a setback in the last 14 days." if near else "."),
        (*(cite_score(e, "c11", "Distress", e.d or 0.0) for e in shown), *setbacks),
        ("The season or work can do this.",),
    )


BAD, MUCH = 1, 3  # c11: bad or worse; c12: a lot or more
MOOD = {0: "very bad", 1: "bad", 2: "so-so", 3: "good", 4: "very good"}
IMPACT = {0: "not at all", 1: "a little", 2: "quite a bit", 3: "a lot", 4: "extremely"}


def setback_and_low(history: History) -> Hit | None:
    """A call within one working day: the weeks after a separation are the hardest for some."""
    now = history.now
    mood, impact = now.number("c11"), now.number("c12")
    low = (mood is not None and mood <= BAD) or (impact is not None and impact >= MUCH)
    setbacks = [row for e in history.since(14) for row in cite_setbacks(history, e)] if low else []
    if not setbacks:
        return None
    rows = [*setbacks]
    if mood is not None:
        rows.append(Evidence(now.id, now.at, "c11", f"Doing: {MOOD[mood]}", "mood"))
    if impact is not None:
        rows.append(Evidence(now.id, now.at, "c12", f"It gets in the way of daily life: {IMPACT[impact]}", "distress"))
    return Hit(
        "W03",
        Severity.ELEVATED if any(row.sure for row in setbacks) else Severity.WATCH,
        "A setback, and doing badly: please get in touch within one working day.",
        tuple(rows),
        ("For some it is a relief.",),
    )


RULES = (
    Rule(
        "W01", 1, "wellbeing", "Distress is high",
        "Distress of 60 or more. Elevated when it is 22 points above the person's own level, 87.5 or more twice in a "
        "row, or together with a ticked setback. The first four check-ins give one line only.",
        "A single bad day.",
        "Two check-ins and 14 days below it; 28 days and a counselor's look once it was elevated.",
        ("G22", "X4"), "L2>L3", "routine outcome monitoring; ambiguous separation (Crabtree & Harris 2020)",
        high_distress,
        weighs="Watch; elevated far above the own level, very high twice, or with a setback; info in the first four check-ins.",
        shows="The distress of this check-in, the one before where it counts, and the setback.",
    ),
    Rule(
        "W02", 1, "wellbeing", "Distress is rising",
        "The last three check-ins at least 22 points above the three before. Elevated with a ticked setback in the last 14 "
        "days.",
        "The season, or work.",
        "Two check-ins and 14 days without it; 28 days and a counselor's look once it was elevated.",
        ("G22", "X4"), "L2>L3", "routine outcome monitoring (Hannan et al. 2005; de Jong et al. 2021)", distress_rises,
        weighs="Watch; elevated with a setback.",
        shows="The distress of the last six check-ins.",
    ),
    Rule(
        "W03", 1, "wellbeing", "A setback, and doing badly: please get in touch",
        "In the last 14 days the partner said it is over, is with somebody else or sent papers, and this check-in tells "
        "that the client is doing badly or that daily life suffers a lot. What is only read in the words stays at watch.",
        "For some it is a relief.",
        "28 days without it and a counselor's look.",
        ("X4",), "L3", "self-harm after a separation, highest early (Wilson et al. 2025)", setback_and_low,
        weighs="Elevated; watch where only read in the words.",
        shows="The setback, and the answers.",
    ),
)  # fmt: skip
