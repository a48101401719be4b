"""Family P: the reporter's own conduct (rules.md, Client pressure; decisions 3, 24, 25, 34)."""

from clients.progress import lack
from clients.rules.record import (
    CHIP_WORDS,
    PLAN_WORDS,
    Act,
    Entry,
    Evidence,
    History,
    Hit,
    Rule,
    Severity,
    cite,
    cite_score,
    times,
)

SETTLING_IN = 3  # In the first three check-ins of a client only P03, P05 and P09 of this family speak.
HIGH_TENSION = 50.0

_TEXT_ONLY = "It rests on words read by software, without a matching tick; please read them in place."
_PLAN_ONLY = "It is a plan so far; nothing has happened yet."

Group = tuple[Entry, tuple[Act, ...]]


def _held(history: History) -> bool:
    return history.frightened or history.before < SETTLING_IN


def _acts_in(entries: tuple[Entry, ...], *labels: str) -> list[Group]:
    return [(entry, acts) for entry in entries if (acts := entry.acts(*labels))]


def _sure(acts: tuple[Act, ...]) -> bool:
    return any(act.sure for act in acts)


def _only_planned(acts: tuple[Act, ...]) -> bool:
    return bool(acts) and all(act.planned for act in acts)


def _against(history: History, groups: list[Group], *also: str) -> tuple[str, ...]:
    said = list(also)
    acts = tuple(act for _, group in groups for act in group)
    if acts and not _sure(acts):
        said.append(_TEXT_ONLY)
    if _only_planned(acts):
        said.append(_PLAN_ONLY)
    if any("kept_short" in e.chips("c8g") or "left_next_step" in e.chips("c8g") for e, _ in groups):
        said.append(f"{history.name} also reports keeping contact short or leaving the next step to {history.other}.")
    return tuple(said)


def _tense(history: History) -> bool:
    """The level of tension is high, and enough is known to speak of a level (progress.md 3.7)."""
    level = history.now.levels.get("t")
    if level is None or level.mean < HIGH_TENSION or history.now.day - level.day > 28:
        return False
    return lack("level", [day for day, _ in history.points("t")]) is None


def asked_return(history: History) -> Hit | None:
    now = history.now
    acts, answered = now.acts("push_return"), now.answered_return
    if _held(history) or not (acts or answered):
        return None
    recent = _acts_in(history.since(28), "push_return")
    # A check-in in which the partner brought it up, and a reading without a tick, raise nothing above watch.
    weighty = [e for e, group in recent if _sure(group) and not e.return_raised]
    severity, also = Severity.WATCH, []
    if now.return_raised:
        severity = Severity.INFO
        also = [f"{history.other} brought up living together in the same period."]
    elif now in weighty and (len(weighty) >= 2 or _tense(history)):
        severity = Severity.ELEVATED
    asked = sum(1 for _, group in recent if not _only_planned(group))
    parts = []
    if answered:
        parts.append(f"Spoke about living together again after {history.other} had brought it up.")
    if asked:
        parts.append(f"Asked or hinted about living together again in {times(asked, 'check-in')} of the last 28 days.")
    if _only_planned(acts):
        parts.append(f"Plans {PLAN_WORDS['push_return']}.")
    shown = [*recent, *([(now, (answered,))] if answered else [])]
    rows = [row for entry, group in shown for row in cite(history, entry, group)]
    for item, name, index in (("c3", "Warmth", "w"), ("c6", "Tension", "t")):
        last = next((e for e in reversed(history.entries) if getattr(e, index) is not None), None)
        if last is not None:
            rows.append(cite_score(last, item, name, getattr(last, index)))
    return Hit("P01", severity, " ".join(parts), tuple(rows), _against(history, shown, *also))


def pushed_in_window(history: History) -> Hit | None:
    window, now = history.window, history.now
    acts = now.acts("push_return", "reassurance", "ultimatum", "leverage", "uninvited")
    if _talk_forced(now):
        acts += now.acts("forced_talk")
    # A tense talk that went on is a forced talk as well, where its chip is not ticked.
    talk = (
        (_talk_row(now),) if _talk_went_on(now) and not any(a.label == "forced_talk" and a.sure for a in acts) else ()
    )
    if _held(history) or window is None or not (acts or talk):
        return None
    strong = {"push_return", "ultimatum", "uninvited", "leverage"}
    sure = [act for act in acts if act.sure]
    weighs = sum(act.times for act in sure) + len(talk) >= 2 or any(act.label in strong for act in sure)
    named = [f"plans {PLAN_WORDS[a.label]}" if a.planned else CHIP_WORDS[a.label] for a in sorted(acts, key=_planned)]
    named += ["began a talk about problems that was tense and went on"] if talk else []
    days = (now.at - window.opened_at).days
    also = ["The warmer phase itself may be a swing that passes: it is possible, not confirmed."]
    if now.return_raised:
        also.append(f"{history.other} brought up living together in the same period.")
    return Hit(
        "P02",
        Severity.ELEVATED if weighs else Severity.WATCH,
        f"In the steady window, {_on_day(days)} the first warmer weeks were noticed: "
        f"{', '.join(dict.fromkeys(named)).format(other=history.other)}.",
        cite(history, now, acts) + talk,
        _against(history, [] if talk else [(now, acts)], *also),
    )


def _planned(act: Act) -> bool:
    return act.planned


def _on_day(days: int) -> str:
    return "on the day" if days == 0 else f"{times(days, 'day')} after"


def set_ultimatum(history: History) -> Hit | None:
    acts = history.now.acts("ultimatum")
    if history.frightened or not acts:
        return None
    verb = "Plans to give" if _only_planned(acts) else "Gave"
    return Hit(
        "P03",
        Severity.ELEVATED if _sure(acts) else Severity.WATCH,
        f"{verb} {history.other} a deadline or a condition about the two of them.",
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
    count = sum(act.times for _, acts in recent for act in acts)
    if len(of_three) >= 2:
        shown = of_three
        sentence = f"Asked how {history.other} feels in {len(of_three)} of the last 3 check-ins."
    elif count >= 3:
        shown = recent
        sentence = f"Asked how {history.other} feels at least {count} times in the last 21 days."
    else:
        return None
    return Hit(
        "P06",
        Severity.WATCH,
        sentence,
        tuple(row for entry, acts in shown for row in cite(history, entry, acts)),
        _against(history, shown, "One sincere question in a close moment is not a pattern."),
    )


def _talk_went_on(entry: Entry) -> bool:
    """Answered: the client began a talk about problems, it was tense, and it went on."""
    return entry.talk.get("talk") == "yes" and entry.talk.get("began") == "me" and entry.talk.get("ended") == 0


def _talk_forced(entry: Entry) -> bool:
    """A tick or reading, unless the talk that is told was begun by the partner or by both, or ended well
    (decisions 25); or a tense talk that went on."""
    if _talk_went_on(entry):
        return True
    ended = entry.talk.get("ended")
    loosens = entry.talk.get("began") in {"partner", "both"} or (isinstance(ended, int) and ended > 2)
    return not loosens and bool(entry.acts("forced_talk"))


def forced_talk(history: History) -> Hit | None:
    if _held(history) or not _talk_forced(history.now):
        return None
    recent = [(e, e.acts("forced_talk")) for e in history.since(28) if _talk_forced(e)]
    weighty = [e for e, acts in recent if _sure(acts) or _talk_went_on(e)]
    rows: list[Evidence] = []
    for entry, acts in recent:
        rows.extend(cite(history, entry, acts))
        if _talk_went_on(entry):
            rows.append(_talk_row(entry))
    done = sum(1 for e, acts in recent if _talk_went_on(e) or not _only_planned(acts))
    parts = []
    if done:
        parts.append(f"Brought up problems when it was not wanted, in {times(done, 'check-in')} of the last 28 days.")
    if _only_planned(history.now.acts("forced_talk")) and not _talk_went_on(history.now):
        parts.append(f"Plans {PLAN_WORDS['forced_talk'].format(other=history.other)}.")
    groups = [(e, acts) for e, acts in recent if acts] if not weighty else []
    return Hit(
        "P08",
        Severity.ELEVATED if len(weighty) >= 2 and history.now in weighty else Severity.WATCH,
        " ".join(parts),
        tuple(rows),
        _against(history, groups, "An urgent matter about a child, money or safety has to be raised."),
    )


def _talk_row(entry: Entry) -> Evidence:
    return Evidence(
        entry.id, entry.at, "c7", "Answered: I began the talk; it was tense and we kept going", "forced_talk"
    )


_L = "demand and withdrawal in couples (Christensen & Heavey 1990; Papp, Kouros & Cummings 2009)"

RULES = (
    Rule(
        "P01", 1, "conduct", "Asked about living together again (own report)",
        "At least one tick or reading in this check-in. Elevated when ticked in two check-ins within 28 days, or while "
        "tension is high.",
        "The partner may have asked first; then it is only filed as information.",
        "Two check-ins and 14 days without it; 28 days and a counselor's look once it was elevated.",
        ("G03", "G07"), "L2>L3", _L, asked_return,
    ),
    Rule(
        "P02", 1, "conduct", "Pushed soon after the first warmer weeks (own report)",
        "An act that asks, presses or brings in others while a steady window is open. Elevated for asking for the "
        "return, deadlines, uninvited visits, using others, or any two acts, when ticked.",
        "The warmer phase may be a swing that passes; it is called possible until it has held.",
        "28 days without it and a counselor's look.",
        ("G03", "G04", "G08"), "L3",
        "a lay author's position (Leslie Cane); reactance (Brehm 1966); "
        "sudden gains can reverse (Shalom & Aderka 2020)",
        pushed_in_window,
    ),
    Rule(
        "P03", 1, "conduct", "Gave a deadline or condition (own report)",
        "At least one tick or reading in this check-in; a reading without a tick stays at watch.",
        "A legitimate limit on money, safety or fidelity, or a date set by a lawyer: close it as an agreed boundary.",
        "28 days without it and a counselor's look.",
        ("G03", "G05"), "L3", "coercive demands in close relationships", set_ultimatum,
    ),
    Rule(
        "P06", 1, "conduct", "Asked for reassurance again and again (own report)",
        "In two of the last three check-ins, or three times in 21 days.",
        "One sincere question is not a pattern.",
        "Two check-ins and 14 days without it.",
        ("G20", "G22"), "L2", "excessive reassurance seeking (Starr & Davila 2008)", sought_reassurance,
    ),
    Rule(
        "P08", 1, "conduct", "Brought up problems when it was not wanted (own report)",
        "A tick or reading, or a talk the client began that was tense and went on. Elevated at two in 28 days, "
        "when ticked or answered.",
        "An urgent matter about a child or safety; naming harm that was done.",
        "Two check-ins and 14 days without it; 28 days and a counselor's look once it was elevated.",
        ("G15", "G16", "G19"), "L2>L3", _L, forced_talk,
    ),
)  # fmt: skip

ABSORBS = {"P02": ("P01", "P03", "P05", "P06", "P07", "P08", "P10", "P11")}
