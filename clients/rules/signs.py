"""Family O: signs from the partner, with brakes (rules.md, Progress; decisions 24, 38)."""

from datetime import timedelta

from clients.progress import possible
from clients.rules.record import WARM_CHIPS, Entry, History, Hit, Rule, Severity, SteadyWindow, cite_score

WINDOW = timedelta(days=28)
HALF_YEAR = timedelta(weeks=26)
SOFT_OPENERS = frozenset({"O01", "SIGN"})
SOFT_OPENINGS = 2  # at most, in 26 weeks, by the soft tier
SIGN_FREE_DAYS = 21
FIRST_PERIOD_DAYS = 7.0  # the first check-in asks about the last seven days


def early_warming(history: History) -> Hit | None:
    if history.now.w is None:
        return None
    points = history.points("w")
    shift = possible(points)
    if shift is None or shift.after <= shift.before:
        return None
    rows = tuple(
        cite_score(e, "c3", "Warmth", e.w) for e in history.entries if e.w is not None and e.day >= shift.onset
    )
    return Hit(
        "O01",
        Severity.INFO,
        f"{history.other} has been warmer lately, as {history.name} reports it: about {shift.before:.0f} before, "
        f"{shift.after:.0f} since. Too early to say that it will hold.",
        rows,
        ("About one client in four shows such a rise in half a year without any real change.",),
    )


def open_windows(history: History, hits: tuple[Hit, ...]) -> tuple[SteadyWindow, ...]:
    """The steady window this check-in opens, if any (decisions 24).

    One warmer phase opens one window: a shift that began before an earlier window was opened is the one that opened
    it. After a person has ended a window the soft tier opens none for half a year; a confirmed shift may.
    """
    at = history.now.at
    if any(w.opened_at >= at for w in history.windows) or history.window is not None:
        return ()
    half_year = [w for w in history.windows if w.opened_at >= at - HALF_YEAR]
    soft = [w for w in half_year if w.opened_by in SOFT_OPENERS]
    if len(soft) >= SOFT_OPENINGS or any(w.ended_at is not None for w in half_year):
        return ()
    shift = next((h for h in hits if h.rule == "O01"), None)
    if shift is not None and not any(w.opened_at >= shift.evidence[0].at for w in history.windows):
        opener = "O01"
    elif _two_signs(history):
        opener = "SIGN"
    else:
        return ()
    return (SteadyWindow(at, opener, at + WINDOW),)


def _has_sign(entry: Entry) -> bool:
    return bool(entry.chips("c4") & WARM_CHIPS)


def _observed(entry: Entry) -> bool:
    """Whether it is known that no sign came: the question was answered, or there was no contact at all."""
    return entry.answers.get("c4") not in (None, "skip") or entry.answers.get("c3") == "no_contact"


def _two_signs(history: History) -> bool:
    """A positive chip in two successive check-ins after at least 21 observed days without any. A check-in observes the
    days since the one before it; one that skipped the question observes nothing."""
    entries = history.entries
    if len(entries) < 3 or not all(_has_sign(e) for e in history.last(2)):
        return False
    quiet = 0.0
    for place in range(len(entries) - 3, -1, -1):
        entry = entries[place]
        if _has_sign(entry):
            break
        if _observed(entry):
            quiet += entry.day - entries[place - 1].day if place else FIRST_PERIOD_DAYS
        if quiet >= SIGN_FREE_DAYS:
            return True
    return False


RULES = (
    Rule(
        "O01", 1, "signs", "Warmer lately (possible)",
        "Warmth in the last check-ins lies at least 20 points above the ones before, clearly beyond its usual spread "
        "(soft tier of the shift scan). Opens a steady window of 28 days.",
        "Reports vary; about one client in four shows such a rise in half a year although nothing has changed.",
        "Closes by itself after 28 days.",
        ("G09", "G10", "G01"), "L1", "a lay author's position (Leslie Cane); sudden gains (Tang & DeRubeis 1999)",
        early_warming,
    ),
)  # fmt: skip
