"""Family P: the reporter's own conduct (rules.md, Client pressure; decisions 3, 24, 25, 34)."""

from clients.rules.record import (
    CHIP_WORDS,
    Act,
    Entry,
    Evidence,
    History,
    Hit,
    Rule,
    Severity,
    capped,
    cite,
    times,
)

SETTLING_IN = 3  # In the first three check-ins of a client only P03, P05 and P09 of this family speak.

_TEXT_ONLY = "It rests on words read by software, without a matching tick; please read them in place."


def _held(history: History) -> bool:
    return history.frightened or history.before < SETTLING_IN


def _acts_in(entries: tuple[Entry, ...], *labels: str) -> list[tuple[Entry, tuple[Act, ...]]]:
    return [(entry, acts) for entry in entries if (acts := entry.acts(*labels))]


def _against(history: History, acts: list[tuple[Entry, tuple[Act, ...]]], *also: str) -> tuple[str, ...]:
    said = list(also)
    if not any(act.sure for _, group in acts for act in group):
        said.append(_TEXT_ONLY)
    if any("kept_short" in e.chips("c8g") or "left_next_step" in e.chips("c8g") for e, _ in acts):
        said.append(f"{history.name} also reports keeping contact short or leaving the next step to {history.other}.")
    return tuple(said)


def _return_raised(entry: Entry) -> bool:
    chips = entry.answers.get("c8")
    asked_first = isinstance(chips, dict) and "partner_first" in chips
    return "return" in entry.chips("c4") or bool(entry.said("raises_return")) or asked_first


def asked_return(history: History) -> Hit | None:
    if _held(history) or not history.now.acts("push_return"):
        return None
    recent = _acts_in(history.since(28), "push_return")
    now = history.now.acts("push_return")
    severity = Severity.ELEVATED if len(recent) >= 2 else Severity.WATCH
    tension = history.now.levels.get("t")
    if tension is not None and tension.mean >= 50:
        severity = Severity.ELEVATED
    also: tuple[str, ...] = ()
    if _return_raised(history.now):
        severity, also = Severity.INFO, (f"{history.other} brought up living together in the same period.",)
    sentence = f"Asked or hinted about living together again in {times(len(recent), 'check-in')} of the last 28 days."
    return Hit(
        "P01",
        capped(severity, tuple(a for _, acts in recent for a in acts) or now),
        sentence,
        tuple(row for entry, acts in recent for row in cite(history, entry, acts)),
        _against(history, recent, *also),
    )


def pushed_in_window(history: History) -> Hit | None:
    window = history.window
    acts = history.now.acts("push_return", "reassurance", "forced_talk", "ultimatum", "leverage", "uninvited")
    if _held(history) or window is None or not acts:
        return None
    strong = {"push_return", "ultimatum", "uninvited", "leverage"}
    weight = sum(max(act.times, 1) for act in acts)
    severity = Severity.ELEVATED if weight >= 2 or any(a.label in strong for a in acts) else Severity.WATCH
    days = (history.now.at - window.opened_at).days
    named = ", ".join(dict.fromkeys(CHIP_WORDS[a.label].format(other=history.other) for a in acts))
    return Hit(
        "P02",
        capped(severity, acts),
        f"In the steady window, {_on_day(days)} the first warmer weeks were noticed: {named}.",
        cite(history, history.now, acts),
        _against(
            history,
            [(history.now, acts)],
            "The warmer phase itself may be chance: it was called possible, not confirmed.",
            *(
                (f"{history.other} brought up living together in the same period.",)
                if _return_raised(history.now)
                else ()
            ),
        ),
    )


def _on_day(days: int) -> str:
    return "on the day" if days == 0 else f"{times(days, 'day')} after"


def set_ultimatum(history: History) -> Hit | None:
    acts = history.now.acts("ultimatum")
    if history.frightened or not acts:
        return None
    return Hit(
        "P03",
        capped(Severity.ELEVATED, acts),
        f"Gave {history.other} a deadline or a condition about the two of them.",
        cite(history, history.now, acts),
        _against(
            history,
            [(history.now, acts)],
            "A limit on money, safety or fidelity, or a lawyer's date, is not an ultimatum.",
        ),
    )


def sought_reassurance(history: History) -> Hit | None:
    if _held(history) or not history.now.acts("reassurance"):
        return None
    of_three = _acts_in(history.last(3), "reassurance")
    recent = _acts_in(history.since(21), "reassurance")
    read = sum(1 for _, acts in recent for act in acts if act.source == "text")
    if len(of_three) < 2 and read < 3:
        return None
    shown = of_three if len(of_three) >= 2 else recent
    return Hit(
        "P06",
        Severity.WATCH,
        f"Asked how {history.other} feels in {len(of_three)} of the last {len(history.last(3))} check-ins.",
        tuple(row for entry, acts in shown for row in cite(history, entry, acts)),
        _against(history, shown, "One sincere question in a close moment is not a pattern."),
    )


def _talk_forced(entry: Entry) -> bool:
    talk = entry.talk
    if talk.get("talk") == "yes":
        ended = talk.get("ended")
        badly = isinstance(ended, int) and ended <= 2
        if talk.get("began") != "me" or not badly:
            return False  # A talk the partner began, or one that ended well, is no forced talk (decisions 25).
        return ended == 0 or bool(entry.acts("forced_talk"))
    return bool(entry.acts("forced_talk"))


def forced_talk(history: History) -> Hit | None:
    if _held(history) or not _talk_forced(history.now):
        return None
    recent = [e for e in history.since(28) if _talk_forced(e)]
    acts = tuple(a for e in recent for a in e.acts("forced_talk"))
    rows = []
    for entry in recent:
        own = entry.acts("forced_talk")
        rows.extend(cite(history, entry, own))
        if entry.talk.get("ended") == 0 and entry.talk.get("began") == "me":
            rows.append(_talk_row(entry))
    sure = any(a.sure for a in acts) or any(e.talk.get("ended") == 0 for e in recent)
    severity = Severity.ELEVATED if len(recent) >= 2 and sure else Severity.WATCH
    return Hit(
        "P08",
        severity,
        f"Brought up problems when it was not wanted, in {times(len(recent), 'check-in')} of the last 28 days.",
        tuple(rows),
        (
            "An urgent matter about a child, money or safety has to be raised.",
            *(() if sure else (_TEXT_ONLY,)),
        ),
    )


def _talk_row(entry: Entry) -> Evidence:
    return Evidence(
        entry.id, entry.at, "c7", "Answered: I began the talk; it was tense and we kept going", "forced_talk"
    )


_L = "demand and withdrawal in couples (Christensen & Heavey 1990; Papp, Kouros & Cummings 2009)"

RULES = (
    Rule(
        "P01", 1, "conduct", "Asked about living together again (own report)",
        "At least one tick or reading in this check-in. Elevated at two check-ins in 28 days, or while tension is high.",
        "The partner may have asked first; then it is only filed as information.",
        "Two check-ins and 14 days without it; 28 days and a counselor's look once it was elevated.",
        ("G03", "G07"), "L2>L3", _L, asked_return,
    ),
    Rule(
        "P02", 1, "conduct", "Pushed soon after the first warmer weeks (own report)",
        "An act that asks, presses or brings in others while a steady window is open. Elevated for asking for the return, "
        "deadlines, uninvited visits, using others, or any two acts.",
        "The warmer phase may be chance; it is called possible until it has held.",
        "28 days without it and a counselor's look.",
        ("G03", "G04", "G08"), "L3",
        "a lay author's position (Leslie Cane); reactance (Brehm 1966); sudden gains can reverse (Shalom & Aderka 2020)",
        pushed_in_window,
    ),
    Rule(
        "P03", 1, "conduct", "Gave a deadline or condition (own report)",
        "At least one tick or reading in this check-in.",
        "A legitimate limit on money, safety or fidelity, or a date set by a lawyer: close it as an agreed boundary.",
        "28 days without it and a counselor's look.",
        ("G03", "G05"), "L3", "coercive demands in close relationships", set_ultimatum,
    ),
    Rule(
        "P06", 1, "conduct", "Asked for reassurance again and again (own report)",
        "In two of the last three check-ins, or three readings in 21 days.",
        "One sincere question is not a pattern.",
        "Two check-ins and 14 days without it.",
        ("G20", "G22"), "L2", "excessive reassurance seeking (Starr & Davila 2008)", sought_reassurance,
    ),
    Rule(
        "P08", 1, "conduct", "Brought up problems when it was not wanted (own report)",
        "A tick or reading, or a talk the client began that was tense and went on. Elevated at two in 28 days.",
        "An urgent matter about a child or safety; naming harm that was done.",
        "Two check-ins and 14 days without it; 28 days and a counselor's look once it was elevated.",
        ("G15", "G16", "G19"), "L2>L3", _L, forced_talk,
    ),
)  # fmt: skip

ABSORBS = {"P02": ("P01", "P03", "P05", "P06", "P07", "P08", "P10", "P11")}
