"""Family I: own conduct and the partner's signs, side by side (rules.md, Interactions; decisions 3, 13, 20, 25).

No sentence here says that one caused the other."""

from datetime import timedelta

from clients.progress.initiative import beta_cdf
from clients.rules.record import (
    Entry,
    Evidence,
    History,
    Hit,
    Rule,
    Severity,
    as_agreed,
    cite,
    cite_count,
    cite_score,
    cite_setbacks,
    weekly,
)

UP, DOWN, APART = 12.0, -12.0, 14.0


def pressing_up_warmth_down(history: History) -> Hit | None:
    if history.frightened:
        return None
    now = history.now
    pressing, warmth = now.blocks.get("cpi"), now.blocks.get("w")
    by_blocks = pressing is not None and warmth is not None and pressing >= UP and warmth <= DOWN
    if not (by_blocks or _opposite_shifts(history)):
        return None
    shown = [e for e in history.since(90) if e.cpi is not None or e.w is not None][-6:]
    rows = [cite_score(e, "c8", "Pressing", e.cpi) for e in shown if e.cpi is not None]
    rows += [cite_score(e, "c3", "Warmth", e.w) for e in shown if e.w is not None]
    told = f" ({pressing:+.0f} and {warmth:+.0f} points, three check-ins against three)" if by_blocks else ""
    return Hit(
        "I01",
        Severity.ELEVATED,
        f"In the same weeks more acts that press and less warmth from {history.other}, as {history.name} reports it{told}.",
        tuple(rows),
        ("A third event may stand behind both, or the partner's conduct may have come first.",),
    )


def _opposite_shifts(history: History) -> bool:
    """Confirmed, one up and one down, found within 14 days of each other, the later one now."""
    up, down = history.confirmed.get("cpi"), history.confirmed.get("w")
    if up is None or down is None or up.delta <= 0 or down.delta >= 0:
        return False
    return max(up.found, down.found) == history.now.day and abs(up.found - down.found) <= APART


FALL = 20.0


def talk_under_tension(history: History) -> Hit | None:
    if history.frightened:
        return None
    now, before = history.now, history.last_time
    recent = history.since(28)
    talks = [e for e, gate in zip(recent, history.gates(recent), strict=True) if gate == "wait" and _pressed_talk(e)]
    fell = (
        before is not None
        and before in talks
        and before.w is not None
        and now.w is not None
        and before.w - now.w >= FALL
    )
    if not (talks and talks[-1] is now) and not fell:
        return None
    rows = [_talk_row(e) for e in talks]
    sentence = "Began a talk about problems when the check-ins before said that it was no time for it."
    if fell and before is not None:
        rows += [cite_score(e, "c3", "Warmth", e.w or 0.0) for e in (before, now)]
        sentence += " In the check-in after it there was clearly less warmth."
    return Hit(
        "I02",
        Severity.ELEVATED if fell or len(talks) >= 2 else Severity.WATCH,
        sentence,
        tuple(rows),
        ("A matter about a child, money or the law has to be raised.",),
    )


def _pressed_talk(entry: Entry) -> bool:
    """A talk about problems that the client began and that did not end well (decisions 25)."""
    ended = entry.talk.get("ended")
    return entry.talk.get("talk") == "yes" and entry.talk.get("began") == "me" and isinstance(ended, int) and ended <= 2


def _talk_row(entry: Entry) -> Evidence:
    words = {0: "tense, and we kept going", 1: "tense, and we stopped", 2: "neither way"}[int(str(entry.talk["ended"]))]
    return Evidence(entry.id, entry.at, "c7", f"Answered: I began the talk; {words}", "forced_talk")


RISE = 20.0
FOLLOWED = 3  # pressed check-ins that are looked at
CALM_AT_LEAST = 2


def retreat_followed(history: History) -> Hit | None:
    """Pairs of successive check-ins within 90 days. "Was followed by": with so few, nothing more can be said."""
    before = history.last_time
    if history.frightened or before is None or not _turned(before, history.now):
        return None
    recent = history.since(90)
    pressed: list[tuple[Entry, Entry, bool]] = []
    calm: list[bool] = []
    for one, two in zip(recent, recent[1:], strict=False):
        turned = _turned(one, two)
        if turned is None:
            continue
        if any(act.sure and not act.planned for act in one.acts()):
            pressed.append((one, two, turned))
        elif one.answers.get("c8") == "none" and not one.acts():
            calm.append(turned)
    last = [pair for pair in pressed[-FOLLOWED:] if pair[2]]
    if len(last) < 2 or last[-1][1] is not history.now or len(calm) < CALM_AT_LEAST or sum(calm) * 2 >= len(calm):
        return None
    rows: list[Evidence] = []
    for one, two, _ in last:
        rows += cite(history, one, tuple(act for act in one.acts() if act.sure and not act.planned))
        rows += [cite_score(e, "c3", "Warmth", e.w) for e in (one, two) if e.w is not None]
        rows += [cite_score(e, "c6", "Tension", e.t) for e in (one, two) if e.t is not None]
    return Hit(
        "I03",
        Severity.WATCH,
        f"{len(last)} of the last {len(pressed[-FOLLOWED:])} check-ins with acts that press were followed by more tension or "
        f"less warmth; of {len(calm)} without, {sum(calm)} were.",
        tuple(rows),
        ("These are few check-ins, and other things happened in the same weeks.",),
    )  # fmt: skip


def _turned(one: Entry, two: Entry) -> bool | None:
    """Whether tension rose or warmth fell by 20 from one to the next; None where neither was told in both."""
    tension = two.t - one.t if one.t is not None and two.t is not None else None
    warmth = two.w - one.w if one.w is not None and two.w is not None else None
    if tension is None and warmth is None:
        return None
    return (tension is not None and tension >= RISE) or (warmth is not None and warmth <= -FALL)


FEW, CONTACTS, FALLS = 0.25, 8, 3


def chase_and_distance(history: History) -> Hit | None:
    share = history.now.share
    if history.frightened or share is None or share.contacts < CONTACTS or not share.enough:
        return None
    shown = history.last(FALLS + 1)
    counts = [count for e in shown if (count := e.number("c2")) is not None]
    falling = len(counts) == FALLS + 1 and all(b < a for a, b in zip(counts, counts[1:], strict=False))
    if not falling or beta_cdf(FEW, share.a, share.b) <= 0.9:
        return None
    rows = [row for e in shown for row in cite_count(e, "c2", f"{history.other} started contact")]
    rows += cite_count(history.now, "c1", "Started contact")
    return Hit(
        "I04",
        Severity.WATCH,
        f"About {share.tenths} of 10 contacts came from {history.other}, fewer in each of the last {FALLS} check-ins.",
        tuple(rows),
        (f"{history.other} may be travelling, or have much to do.",),
    )


STILL, A_WEEK = 0.7, 4.0
SPACE = timedelta(days=14)


def space_not_given(history: History) -> Hit | None:
    """Space was asked for, and contact went on as before. What it was meant for is asked before anything weighs more."""
    if history.frightened:
        return None
    now = history.now
    recent = history.since(28)
    gaps = history.gaps(recent)
    asked = [n for n, e in enumerate(recent[:-1]) if "space" in e.chips("c4") and now.at - e.at <= SPACE]
    # The partner's own word raises a flag of its own, or none: one that is open stays free of it (decisions 13).
    first = asked[0] if asked else None if history.live("I05") else _before_word(history, recent)
    if first is None:
        return None
    before = weekly(recent[: first + 1], gaps[: first + 1])
    told = [
        (n, gap)
        for e, gap in zip(recent[first + 1 :], gaps[first + 1 :], strict=True)
        if (n := e.number("c1")) is not None
    ]
    if before is None or not told or now.number("c1") is None:
        return None
    after = sum(n for n, _ in told) * 7 / max(sum(gap for _, gap in told), 7.0)
    if after < A_WEEK or after <= STILL * before:
        return None
    rows = [row for e in recent[first:] for row in cite_count(e, "c1", "Started contact")]
    known = history.raised("I05")
    severity = Severity.WATCH
    if asked:
        rows.insert(
            0, Evidence(recent[first].id, recent[first].at, "c4", f"{history.other} asked for space or time", "space")
        )
        severity = Severity.ELEVATED if known is not None and known.opened_at < now.at else Severity.WATCH
    hit = Hit(
        "I05",
        severity,
        f"Contact stayed as frequent as before, at least {after:.0f} times a week, after a wish for more room.",
        tuple(rows),
        ("The wish may have been for one subject only, not for less contact.",),
        asks="Space from what?" if asked else f"Speak with {history.other} alone first.",
        from_other=not asked,
    )
    return as_agreed(history, hit, "contact_rate", a_week=after)


def _before_word(history: History, recent: tuple[Entry, ...]) -> int | None:
    """The last check-in before the other one's own wish for less contact, within 14 days."""
    told = next((s for s in reversed(history.arranged.said) if s.wants == "less"), None)
    if told is None or not timedelta(0) < history.now.at - told.at <= SPACE:
        return None
    return next((n for n in range(len(recent) - 1, -1, -1) if recent[n].at <= told.at), None)


PARKED = 42.0


def problems_parked(history: History) -> Hit | None:
    """Room for a talk, six weeks on end, and none was told. The gate itself closes to a small step where no talk is
    near, so both of its open states count."""
    now, recent = history.now, history.since(PARKED)
    start = len(history.entries) - len(recent)
    if history.unsafe or start == 0:
        return None
    stood = (history.entries[start - 1], *recent)  # so that it reaches back over all of the six weeks
    if any(e.gate not in {"go", "try_small"} for e in stood) or any(e.talk.get("talk") == "yes" for e in recent):
        return None
    return Hit(
        "I06",
        Severity.INFO,
        "There has been room for a talk about problems for six weeks, and no talk was told.",
        (Evidence(now.id, now.at, "c7", "No talk about problems in six weeks", "talk"),),
        ("Talks may have been held in session.",),
    )


SURE = 3
AFTER = timedelta(days=14)


def hope_against_setback(history: History) -> Hit | None:
    recent = history.since(AFTER.days)
    first = next((n for n, e in enumerate(recent) if cite_setbacks(history, e)), None)
    if first is None:
        return None
    later, now = recent[first:], history.now
    hopes = [e for e in later if (sure := e.number("c10")) is not None and sure >= SURE]
    # Where fear or hurt was told, acts stay plain history (decisions 3).
    pressed = [] if history.frightened else [(e, acts) for e in later if (acts := e.acts())]
    if not hopes and not pressed:
        return None
    if not (cite_setbacks(history, now) or any(e is now for e in (*hopes, *(e for e, _ in pressed)))):
        return None
    setbacks = [row for e in later for row in cite_setbacks(history, e)]
    rows = [*setbacks]
    rows += [Evidence(e.id, e.at, "c10", "Feels rather or fully sure to live together again", "hope") for e in hopes]
    rows += [row for e, acts in pressed for row in cite(history, e, acts)]
    every = [act for _, acts in pressed for act in acts]
    sure = any(row.sure for row in setbacks) and (bool(hopes) or any(act.sure for act in every))
    parts = ["feels sure of living together again"] if hopes else []
    if every:
        parts.append("plans of acts that press" if all(act.planned for act in every) else "acts that press")
    return Hit(
        "I07",
        Severity.ELEVATED if sure else Severity.WATCH,
        f"A setback in the last 14 days, and since then: {' and '.join(parts)}.",
        tuple(rows),
        ("It may have been said in anger.",),
    )


_WITHDRAWAL = "demand and withdrawal; pursuer and distancer (Fogarty 1976; Papp, Kouros & Cummings 2009)"
_GONE = "Two check-ins and 14 days without it."
_SEEN = "28 days without it and a counselor's look."
_EITHER = "Two check-ins and 14 days without it; 28 days and a counselor's look once it was elevated."

RULES = (
    Rule(
        "I01", 1, "interactions", "More pressing and less warmth in the same weeks",
        "Pressing up by 12 points and warmth down by 12, each the last three check-ins against the three before; or "
        "confirmed shifts in opposite directions found within 14 days of each other.",
        "A third event behind both; the partner's conduct came first.",
        _SEEN, ("G08",), "L3", _WITHDRAWAL, pressing_up_warmth_down,
        weighs="Elevated.",
        shows="Both lines, three check-ins against three; nothing is said of causes.",
    ),
    Rule(
        "I02", 1, "interactions", "A talk about problems while it was no time for it (own report)",
        "A talk the client began, which did not end well, while the check-ins before said: not now. Elevated at two in 28 "
        "days, or when warmth fell by 20 at the next check-in.",
        "A matter about a child, money or the law; a talk the partner began, or that ended well, does not count.",
        _EITHER, ("G15", "G16", "G19"), "L2>L3", "soft start-up and repair (Gottman & Levenson 1992)", talk_under_tension,
        weighs="Watch; elevated at the second within 28 days, or where warmth fell by 20 after it.",
        shows="How the talk ended, and where the gate stood.",
    ),
    Rule(
        "I03", 1, "interactions", "Pressing was followed by distance",
        "Two or more of the last three check-ins with acts that press were followed by 20 points more tension or less "
        "warmth, and fewer than half of those without.",
        "Few check-ins; other things happened in the same weeks.",
        _GONE, ("G08",), "L2", "looking within one person over time (Papp, Kouros & Cummings 2009)", retreat_followed,
        weighs="Watch.",
        shows="The check-ins with acts, and what the next one told.",
    ),
    Rule(
        "I04", 1, "interactions", "Most contacts from one side, and fewer answers",
        "Of eight or more contacts the partner surely started fewer than 2.5 of 10, and fewer in each of three check-ins "
        "running.",
        "The partner is travelling.",
        _GONE, ("G06", "G11"), "L2", "pursuer and distancer (Fogarty 1976)", chase_and_distance,
        weighs="Watch.",
        shows="Contacts from both sides at the last check-ins.",
    ),
    Rule(
        "I05", 1, "interactions", "Contact stayed frequent after a wish for more room",
        "Space was asked for, and in the 14 days after it contact was not down by 30 % and still four times a week or more. "
        "Worth a look first, with the question what the space was meant for; elevated when it is found again. Where only "
        "the partner's own report tells of the wish it is at most worth a look, for the desk alone.",
        "The wish was for one subject only; an agreed rate that is kept is filed as agreed.",
        _EITHER, ("G06", "X2"), "L2>L3", "unwanted pursuit (Cupach & Spitzberg 2004)", space_not_given,
        weighs="Watch; elevated when it is found again.",
        shows="When space was asked for, and contacts by week before and since.",
    ),
    Rule(
        "I06", 1, "interactions", "Room for a talk, and none for six weeks",
        "For 42 days the check-ins said that a talk was possible, and no talk about problems was told. Not within 90 days "
        "of a safety flag.",
        "Talks were held in session.",
        "Closes by itself after 28 days.",
        ("G14", "G18"), "L1", "problems that are left alone come back (Overall & McNulty 2017)", problems_parked, line_only=True,
        weighs="Info: a line on the case page, never a notice.",
        shows="Since when the gate stands so.",
    ),
    Rule(
        "I07", 1, "interactions", "Hope or pressing after a setback (own report)",
        "The partner said it is over, is with somebody else or sent papers, and in the 14 days after it the client feels "
        "sure of living together again, or there were acts that press. What is only read in the words stays at watch.",
        "It was said in anger.",
        _SEEN, ("G02", "X3", "X4"), "L3", "couples of two minds (Doherty, Willoughby & Peterson 2011)", hope_against_setback,
        weighs="Elevated; watch where only read in the words.",
        shows="The setback, and the acts or the answer after it.",
    ),
)  # fmt: skip
