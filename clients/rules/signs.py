"""Family O: signs from the partner, with brakes (rules.md, Progress; decisions 24, 38)."""

from datetime import timedelta

from clients.progress import possible
from clients.rules.record import WARM_CHIPS, Entry, Evidence, History, Hit, Rule, Severity, SteadyWindow

WINDOW = timedelta(days=28)
SOFT_OPENINGS = 2  # at most, in 26 weeks, by the soft tier
SIGN_FREE_DAYS = 21


def early_warming(history: History) -> Hit | None:
    if history.now.w is None:
        return None
    points = history.points("w")
    shift = possible(points)
    if shift is None or shift.after <= shift.before:
        return None
    rows = tuple(
        Evidence(e.id, e.at, "c3", f"Warmth {e.w:.0f} of 100", "warmth")
        for e in history.entries
        if e.w is not None and e.day >= shift.onset
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
    """The steady window this check-in opens, if any (decisions 24)."""
    if history.window is not None:
        return ()
    half_year = history.now.at - timedelta(weeks=26)
    soft = [w for w in history.windows if w.opened_at >= half_year and w.opened_by in {"O01", "SIGN"}]
    if len(soft) >= SOFT_OPENINGS:
        return ()
    opener = "O01" if any(h.rule == "O01" for h in hits) else "SIGN" if _two_signs(history) else ""
    return (SteadyWindow(history.now.at, opener, history.now.at + WINDOW),) if opener else ()


def _has_sign(entry: Entry) -> bool:
    return bool(entry.chips("c4") & WARM_CHIPS)


def _two_signs(history: History) -> bool:
    """A positive chip in two successive check-ins after at least 21 observed days without any."""
    if len(history.entries) < 3 or not all(_has_sign(e) for e in history.last(2)):
        return False
    quiet: list[Entry] = []
    for entry in reversed(history.entries[:-2]):
        if _has_sign(entry):
            break
        quiet.append(entry)
    return bool(quiet) and history.entries[-2].day - quiet[-1].day >= SIGN_FREE_DAYS


RULES = (
    Rule(
        "O01", 1, "signs", "Warmer lately (possible)",
        "Warmth in the last check-ins lies at least 20 points above the ones before, clearly beyond its usual spread "
        "(soft tier of the shift scan). Opens a steady window of 28 days.",
        "Reports vary; about one client in four shows such a rise in half a year by chance.",
        "Closes by itself after 28 days.",
        ("G09", "G10", "G01"), "L1", "a lay author's position (Leslie Cane); sudden gains (Tang & DeRubeis 1999)",
        early_warming,
    ),
)  # fmt: skip
