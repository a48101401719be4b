"""Family O: signs from the partner, with brakes (rules.md, Progress; decisions 24 to 26, 38)."""

from datetime import datetime, timedelta

from clients.progress import BLOCK_CHANGE, Shift, lack
from clients.rules.record import (
    CHIP_WORDS,
    WARM_CHIPS,
    Entry,
    Evidence,
    History,
    Hit,
    Rule,
    Severity,
    Standing,
    SteadyWindow,
    cite_score,
    cite_words,
    not_by_check_in,
    spoken,
    times,
)

WINDOW = timedelta(days=28)
HALF_YEAR = timedelta(weeks=26)
SOFT_OPENERS = frozenset({"O01", "SIGN"})
SOFT_OPENINGS = 2  # at most, in 26 weeks, by the soft tier
SIGN_FREE_DAYS = 21
FIRST_PERIOD_DAYS = 7.0  # the first check-in asks about the last seven days
LONG_WAIT = timedelta(days=90)
SAY_AGAIN = timedelta(days=60)

_GOOD = {
    "kept_short": "kept contact short and easy",
    "left_next_step": "left the next step to {other}",
    "listened": "listened without arguing",
    "stopped": "stopped when it got tense",
    "thanked": "thanked, or was kind without asking anything",
    "own_good": "did something good for oneself",
    "new_thing": "tried something new",
}
_UNSAFE = "Danger was told within 90 days: warmth that follows it may be part of a cycle. Safety comes first."


def early_warming(history: History) -> Hit | None:
    shift, firm = history.now.shifts.get("w"), history.confirmed.get("w")
    if shift is None or shift.tier != "possible" or shift.delta <= 0:
        return None
    if firm is not None and firm.delta > 0 and shift.onset <= firm.found:
        return None  # the same rise, which has been confirmed since: the scan begins anew amidst it
    against = ["About one client in four shows such a rise in half a year without any real change."]
    return Hit(
        "O01",
        Severity.INFO,
        f"{history.other} has been warmer lately, as {history.name} reports it: about {shift.before:.0f} before, "
        f"{shift.after:.0f} since. Too early to say that it will hold.",
        _warmth_since(history, shift),
        tuple([*against, _UNSAFE] if _unsafe(history) else against),
    )


def confirmed_warming(history: History) -> Hit | None:
    """Speaks once, at the check-in at which a rise of warmth is confirmed."""
    shift = history.now.shifts.get("w")
    if shift is None or shift.tier != "confirmed" or shift.delta <= 0:
        return None
    since = [e for e in history.since(90) if e.day >= shift.onset - 14]
    kept = {chip: e for e in since for chip in _GOOD if chip in e.chips("c8g")}
    good = tuple(
        Evidence(e.id, e.at, "c8g", f"Ticked: {_GOOD[chip].format(other=history.other)}", "own_good")
        for chip, e in kept.items()
    )
    go_on = "what went well" if not kept else ", ".join(_GOOD[chip].format(other=history.other) for chip in kept)
    against = ["It rests on one person’s reports, which can be coloured by hope."]
    return Hit(
        "O02",
        Severity.INFO,
        f"{history.other} has been warmer, and it has held for two weeks or more, as {history.name} reports it: about "
        f"{shift.before:.0f} before, {shift.after:.0f} since. Time to enjoy it; to go on as in these weeks ({go_on}); "
        f"and to leave it to {history.other} to raise what comes next.",
        _warmth_since(history, shift) + good,
        tuple([*against, _UNSAFE] if _unsafe(history) else against),
    )


def _warmth_since(history: History, shift: Shift) -> tuple[Evidence, ...]:
    return tuple(
        cite_score(e, "c3", "Warmth", e.w) for e in history.last(12) if e.w is not None and e.day >= shift.onset
    )


def _unsafe(history: History) -> bool:
    return history.frightened or history.unsafe


def partner_initiative(history: History) -> Hit | None:
    now, band = history.now, history.band
    if band is None or now.share is None or band[0] <= 0.40:
        return None
    earlier = [e for e in history.since(42) if e.day <= now.day - 28 and e.share is not None and e.share.enough]
    if not earlier:
        return None
    then = earlier[-1]
    assert then.share is not None
    if now.share.mean - then.share.mean < 0.20 - 1e-9:
        return None
    return Hit(
        "O03",
        Severity.INFO,
        f"{history.other} starts more of the contact: about {now.share.tenths} of 10, "
        f"{then.share.tenths} of 10 four weeks ago.",
        (
            Evidence(then.id, then.at, "c2", f"About {then.share.tenths} of 10 contacts", "initiates"),
            Evidence(now.id, now.at, "c2", f"About {now.share.tenths} of 10 contacts", "initiates"),
        ),
        ("Some of these contacts may be about children, money or the house.",),
    )


_GATES = {
    "wait": "not now",
    "try_small": "a small step",
    "go": "room to talk",
    "no_data": "too little known",
}


def return_raised(history: History) -> Hit | None:
    """A decision point: the first time in 28 days that the partner speaks of living together again."""
    now = history.now
    if history.arranged.phase in {"trying", "together"}:
        return None
    if not now.return_raised or any(e.return_raised for e in history.since(28)[:-1]):
        return None
    told = [f for f in now.said("raises_return") if f.actor == "spouse" and f.status == "done"]
    ticked = "return" in now.chips("c4")
    rows = [cite_words(now, f) for f in told]
    if ticked:
        rows.insert(0, Evidence(now.id, now.at, "c4", "Ticked: talk of living together again", "raises_return"))
    if "partner_first" in _ticks(now):
        words = f"Ticked: {history.other} brought up living together first"
        rows.append(Evidence(now.id, now.at, "c8", words, "raises_return"))
    rows.append(Evidence(now.id, now.at, "gate", f"Talk about problems: {_GATES.get(now.gate, _GATES['no_data'])}"))
    talked = next((e for e in reversed(history.since(90)) if e.talk.get("talk") == "yes"), None)
    if talked is None:
        rows.append(Evidence(now.id, now.at, "c7", "No talk about problems was told of in the last 90 days"))
    elif isinstance(ended := talked.talk.get("ended"), int):
        well = "with give and take" if ended >= 3 else "neither way" if ended == 2 else "tense"
        rows.append(Evidence(talked.id, talked.at, "c7", f"The last talk about problems ended {well}"))
    against = ["A vague remark, or a talk about rent and housing, can sound like it."]
    if not ticked and "partner_first" not in _ticks(now):
        against.append("It rests on words read by software, without a matching tick; please read them in place.")
    if _unsafe(history):
        against.insert(0, "Danger was told within 90 days: look at safety before anything else.")
    return Hit(
        "O04",
        Severity.WATCH,
        f"{history.other} spoke of living together again. A point to decide slowly: a planned talk, no hurry.",
        tuple(rows),
        tuple(against),
    )


def _ticks(entry: Entry) -> frozenset[str]:
    value = entry.answers.get("c8")
    return frozenset(value) if isinstance(value, dict) else frozenset()


def held_back_well(history: History) -> Hit | None:
    now = history.now
    if now.number("c9") != 4 or history.frightened:
        return None
    level = now.levels.get("cpi")
    waited = [e for e in history.last(4) if e.number("c9") == 4]
    if len(waited) < 3 or level is None or level.mean >= 20:
        return None
    if lack("level", [e.day for e in history.since(90) if e.cpi is not None]) is not None:
        return None
    return Hit(
        "O05",
        Severity.INFO,
        f"{history.name} waited every time the urge came, in {len(waited)} of the last 4 check-ins (own report).",
        tuple(Evidence(e.id, e.at, "c9", "Answered: always waited", "held_back") for e in waited),
        ("People like to tell of themselves what sounds good.",),
    )


def gate_opens(history: History) -> Hit | None:
    now = history.now
    if history.gate_before != "wait" or now.gate not in {"try_small", "go"} or _unsafe(history):
        return None
    rows = [cite_score(now, "c6", "Tension", now.t)] if now.t is not None else []
    if now.w is not None:
        rows.append(cite_score(now, "c3", "Warmth", now.w))
    return Hit(
        "O06",
        Severity.INFO,
        f"Talk about problems: from “not now” to “{_GATES[now.gate]}”.",
        tuple(rows) or (Evidence(now.id, now.at, "gate", _GATES[now.gate]),),
        ("Somebody who is frightened may be giving way; what looks like calm is asked about alone.",),
    )


def gain_reversed(history: History) -> Hit | None:
    now = history.now
    shift, block = now.shifts.get("w"), now.blocks.get("w")
    fell = shift is not None and shift.tier == "confirmed" and shift.delta < 0
    if now.w is None or not (fell or (block is not None and block <= -BLOCK_CHANGE)):
        return None
    rise = _last_confirmed(history)
    if rise is None or rise.delta <= 0:
        return None
    since = [e for e in history.since(90) if e.day > rise.found]
    if fell and shift is not None:
        before, after = shift.before, shift.after
    else:
        scores = [e.w for e in history.last(12) if e.w is not None][-6:]
        before, after = sum(scores[:3]) / 3, sum(scores[3:]) / 3
    rows = [cite_score(e, "c3", "Warmth", e.w) for e in since if e.w is not None][-6:]
    return Hit(
        "O07",
        Severity.ELEVATED,
        f"Warmth that had held has come down again, as {history.name} reports it: about {before:.0f} before, "
        f"{after:.0f} since.",
        (*rows, *_events(history, since)),
        ("The end of a holiday, an illness or other troubles can look like this.",),
    )


def _last_confirmed(history: History) -> Shift | None:
    """The last confirmed shift of warmth before this check-in."""
    for entry in reversed(history.since(90)[:-1]):
        shift = entry.shifts.get("w")
        if shift is not None and shift.tier == "confirmed":
            return shift
    carried = history.confirmed.get("w")
    return carried if carried is not None and carried.found < history.now.day else None


def _events(history: History, since: list[Entry]) -> tuple[Evidence, ...]:
    """What was told of in between, at most eight rows; a frightened reporter's own acts are left out."""
    chips = {
        "space": "asking for space or time",
        "over": "saying that it is over",
        "someone_else": "seeing someone else",
        "threats": "insults or threats",
    }
    rows = []
    for entry in since:
        rows += [
            Evidence(entry.id, entry.at, "c4", f"Ticked: {chips[c]}") for c in sorted(entry.chips("c4") & chips.keys())
        ]
        if entry.talk.get("ended") in {0, 1}:
            rows.append(Evidence(entry.id, entry.at, "c7", "A talk about problems ended tense"))
        if not history.frightened:
            rows += [
                Evidence(
                    entry.id, entry.at, "c8", f"Ticked: {CHIP_WORDS[a.label].format(other=history.other)}", a.label
                )
                for a in entry.acts()
                if a.source == "chip"
            ]
    return tuple(rows[-8:])


def long_wait(standing: Standing, at: datetime) -> Hit | None:
    """Found by the sweep: 90 days of hoping without a confirmed warming, or the agreed day has passed. An agreed day
    that is still to come is the plan, and keeps it still; it is said again after 60 days."""
    today = standing.today
    if standing.phase == "ended":
        return None
    passed = standing.review_on is not None and standing.review_on < today
    start = max((d for d in (standing.leaning_since, standing.warmed_on) if d is not None), default=None)
    waits = (
        standing.phase == "separated"
        and standing.leaning_since is not None
        and start is not None
        and today - start >= LONG_WAIT
    )
    planned = standing.review_on is not None and not passed
    if not (passed or (waits and not planned)) or not standing.news("O08", at - SAY_AGAIN):
        return None
    rows, parts = [], []
    if passed and standing.review_on is not None:
        parts.append(f"The agreed day to look at the waiting again has passed ({spoken(standing.review_on)}).")
        rows.append(Evidence("", at, "review", f"Agreed for {spoken(standing.review_on)}"))
    if waits and start is not None and standing.leaning_since is not None:
        days = (today - start).days
        parts.append(
            f"{standing.name} has hoped to live together again for {times(days, 'day')} with no lasting change."
        )
        rows.append(Evidence("", at, "wish", f"Wish: together, since {spoken(standing.leaning_since)}"))
    if standing.d is not None:
        rows.append(Evidence("", at, "c11", f"Distress {standing.d:.0f} of 100", "distress"))
    return Hit(
        "O08",
        Severity.WATCH,
        " ".join(parts),
        tuple(rows),
        ("Waiting until an agreed day may be just what was planned.",),
    )


def open_windows(history: History, hits: tuple[Hit, ...]) -> tuple[SteadyWindow, ...]:
    """The steady window this check-in opens, or moves to a later end (decisions 24).

    One warmer phase opens one window: a shift that began before an earlier window was opened is the one that opened
    it. After a person has ended a window the soft tier opens none for half a year. A confirmed shift moves the end of
    an open window to 28 days from now; where none is open it opens one, also after a person ended the last.
    """
    at, found = history.now.at, {hit.rule: hit for hit in hits}
    if history.arranged.phase in {"together", "ended"}:
        return ()  # nothing left to hurry
    if any(w.opened_at >= at or (w.ended_at is not None and w.ended_at >= at) for w in history.windows):
        return ()
    running = history.window
    if "O02" in found:
        if running is None:
            return (SteadyWindow(at, "O02", at + WINDOW),)
        return (SteadyWindow(running.opened_at, running.opened_by, at + WINDOW, moved=True),)
    if running is not None:
        return ()
    half_year = [w for w in history.windows if w.opened_at >= at - HALF_YEAR]
    soft = [w for w in half_year if w.opened_by in SOFT_OPENERS]
    if len(soft) >= SOFT_OPENINGS or any(w.ended_at is not None for w in half_year):
        return ()
    shift = found.get("O01")
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


_LINE = "A line on the case page, never a notice; it closes by itself after 28 days."
_LC = "a lay author’s position (Leslie Cane)"

RULES = (
    Rule(
        "O01", 2, "signs", "Warmer lately (possible)",
        "Warmth in the last check-ins lies at least 20 points above the ones before, clearly beyond its usual spread "
        "(soft tier of the shift scan). Opens a steady window of 28 days.",
        "Reports vary; about one client in four shows such a rise in half a year although nothing has changed.",
        "Closes by itself after 28 days.",
        ("G09", "G10", "G07", "G01"), "L1", f"{_LC}; sudden gains (Tang & DeRubeis 1999)",
        early_warming,
        weighs="Info.",
        shows="Mean warmth before and since, and the warmth of each check-in since.",
    ),
    Rule(
        "O02", 1, "signs", "Warmer, and it has held (own report)",
        "Warmth has moved up by at least 15 points, three check-ins on each side, 14 days or more since it began (firm "
        "tier of the shift scan). Moves the end of the steady window to 28 days from now, or opens one.",
        "Hope colours reports; the other person’s own view may differ.",
        "Closes by itself after 28 days.",
        ("G09", "G10", "G07", "G01"), "L1", f"{_LC}; sudden gains and their reversal (Shalom & Aderka 2020)",
        confirmed_warming,
        weighs="Info.",
        shows="Mean warmth before and since, and own good conduct ticked around its beginning.",
    ),
    Rule(
        "O03", 1, "signs", "The partner starts more of the contact",
        "The partner’s share of started contacts is surely above 4 of 10 and at least 2 of 10 higher than four weeks ago.",
        "Contacts about children, money or the house may be among them.",
        _LINE,
        ("G07", "G11"), "L1", "reciprocity of contact", partner_initiative,
        line_only=True,
        weighs="Info: a line on the case page, never a notice.",
        shows="The share now and four weeks ago, in tenths.",
    ),
    Rule(
        "O04", 1, "signs", "Living together again was brought up by the partner",
        "The first tick or reading in 28 days that the partner spoke of living together again. Silent where they try "
        "together or live together already.",
        "A vague remark; a talk about rent or housing.",
        "Two check-ins and 14 days without it.",
        ("G05", "G07", "G18", "G23"), "L2",
        "couples who part and come together again (Dailey et al. 2009; Halpern-Meekin et al. 2013)",
        return_raised,
        weighs="Watch: a point to decide.",
        shows="The tick or the words, how talks about problems stand, and the last such talk; danger first, where told.",
    ),
    Rule(
        "O05", 1, "signs", "Waited every time the urge came (own report)",
        "“Always” in at least three of the last four check-ins, while the level of pressing is below 20.",
        "People like to tell of themselves what sounds good.",
        "Closes by itself after 28 days.",
        ("G09", "G22"), "L1", "reinforcement", held_back_well,
        weighs="Info.",
        shows="The check-ins in which it was answered.",
    ),
    Rule(
        "O06", 1, "signs", "Room for talk about problems",
        "The readiness gate moves from “not now” to “a small step” or “room to talk”. Silent with any safety flag "
        "within 90 days.",
        "Somebody who is frightened may be giving way.",
        _LINE,
        ("G15", "G17"), "L1", "soft start-up and repair (Gottman)", gate_opens,
        line_only=True,
        weighs="Info: a line on the case page, never a notice.",
        shows="Tension and warmth at this check-in.",
    ),
    Rule(
        "O07", 1, "signs", "Warmth that had held has come down",
        "After a confirmed rise of warmth: a confirmed fall, or the last three check-ins at least 22 points below the "
        "three before.",
        "The end of a holiday, an illness, other troubles.",
        "28 days without it and a counselor’s look.",
        ("G08", "G19", "G22"), "L3", "reversal of sudden gains (Shalom & Aderka 2020)", gain_reversed,
        weighs="Elevated.",
        shows="Warmth since the rise, and what was told of in between.",
    ),
    Rule(
        "O08", 1, "signs", "A long wait",
        "90 days or more of wishing to live together again, separated and without a confirmed warming; or the agreed day "
        "to look at it again has passed. Found by the clock, once in 60 days.",
        "An agreed plan with a day that is still to come keeps it still.",
        "Two check-ins and 14 days after it no longer holds.",
        ("G22", "X3", "X5"), "L2", "ambiguous separation (Crabtree & Harris 2020)", not_by_check_in,
        weighs="Watch.",
        shows="How long, the agreed day, and the level of distress.",
        swept=long_wait,
    ),
)  # fmt: skip
