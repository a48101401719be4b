"""Family P: the reporter's own conduct (rules.md, Client pressure; decisions 3, 13, 20, 24, 25, 32, 34)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median

from clients.pressure import Finding
from clients.progress import BLOCK_CHANGE, lack
from clients.progress.initiative import beta_cdf
from clients.rules import days
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
    as_agreed,
    cite,
    cite_count,
    cite_score,
    cite_words,
    times,
    weekly,
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
    return lack("level", [e.day for e in history.since(90) if e.t is not None]) is None


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
        last = next((e for e in reversed(history.since(90)) if getattr(e, index) is not None), None)
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


OFTEN = 8.0  # contacts a week
FEW_ANSWERS = 0.30  # the partner's share of contacts, by the upper end of its band
LASTING = 14.0
PURSUED_REACH = 42.0


def unreturned_pursuit(history: History) -> Hit | None:
    if _held(history):
        return None
    recent = history.since(PURSUED_REACH)
    spans = history.gaps(recent)
    ticked = [e for e in history.since(14) if e.acts("pursuit")]
    by_chip = history.now in ticked and len(ticked) >= 2
    a_week = weekly(recent, spans)
    by_count = _often(recent, spans)
    if not (by_chip or by_count):
        return _unwelcome(history, "P04", "pursuit", "keeps being written to or called", "unwelcome contact")
    groups = [(e, e.acts("pursuit")) for e in ticked] if by_chip else []
    sure = by_count or sum(_sure(acts) for _, acts in groups) >= 2
    lasted = _lasted(recent, spans)
    parts = []
    if by_chip:
        parts.append(f"Kept writing or calling without a reply in {len(ticked)} check-ins of the last 14 days.")
    if by_count and history.now.share is not None:
        parts.append(
            f"Started contact at least {a_week:.0f} times a week; about {history.now.share.tenths} of 10 contacts came from "
            f"{history.other}."
        )  # fmt: skip
    if lasted > LASTING:
        parts.append(f"This has gone on for {lasted:.0f} days.")
    rows = [row for entry, acts in groups for row in cite(history, entry, acts)]
    if by_count:
        for item, words in (("c1", "Started contact"), ("c2", f"{history.other} started contact")):
            rows += cite_count(history.now, item, words)
    hit = Hit(
        "P04",
        Severity.ELEVATED if sure and lasted > LASTING else Severity.WATCH,
        " ".join(parts),
        tuple(rows),
        _against(
            history, groups, "Messages about the children may have been counted; a joking chat can look like this."
        ),
    )
    return as_agreed(history, hit, "contact_rate", a_week=a_week)


def _often(entries: Sequence[Entry], spans: list[float]) -> bool:
    """Eight contacts a week or more at the last of these, while the partner surely starts few of them. The upper end of
    the band lies below the bar exactly where nine tenths of the distribution do."""
    share, a_week = entries[-1].share, weekly(tuple(entries), spans)
    if a_week is None or a_week < OFTEN or share is None or not share.enough:
        return False
    return beta_cdf(FEW_ANSWERS, share.a, share.b) > 0.9


def _lasted(recent: tuple[Entry, ...], spans: list[float]) -> float:
    """Days since the first of the check-ins in a row, none more than 14 days from the next, that tell of it."""
    since = recent[-1].day
    for place in range(len(recent) - 1, -1, -1):
        entry = recent[place]
        told = any(act.sure for act in entry.acts("pursuit")) or _often(recent[: place + 1], spans[: place + 1])
        if since - entry.day > LASTING:
            break
        if told:
            since = entry.day
    return recent[-1].day - since


def _unwelcome(history: History, rule: str, act: str, what: str, subject: str) -> Hit | None:
    """What only the other one reports: at most watch, and for the desk alone; an open flag stays free of it
    (decisions 13)."""
    if history.live(rule):
        return None
    told = next((s for s in reversed(history.arranged.said) if act in s.unwelcome), None)
    if told is None or not timedelta(0) <= history.now.at - told.at <= timedelta(days=28):
        return None
    row = Evidence(history.now.id, history.now.at, "p5", f"{history.other} reports {subject}.", act)
    return Hit(
        rule,
        Severity.WATCH,
        f"{history.other} {what}, as {history.other} reports it. Speak with {history.other} alone first.",
        (row,),
        (f"It rests on {history.other}'s report alone; nothing of it may reach {history.name}.",),
        from_other=True,
    )


def went_uninvited(history: History) -> Hit | None:
    acts = history.now.acts("uninvited")
    if history.frightened or not acts:
        return None
    verb = "Plans to go and see" if _only_planned(acts) else "Went to see"
    also = ["A shared home, or handing over a child, can look like this."]
    if history.arranged.phase in {"trying", "together"}:
        also.append("The two are trying again, or live together.")
    hit = Hit(
        "P05",
        Severity.ELEVATED if _sure(acts) else Severity.WATCH,
        f"{verb} {history.other} without it being agreed.",
        cite(history, history.now, acts),
        _against(history, [(history.now, acts)], *also),
    )
    return as_agreed(history, hit, "visits")


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


SURE = 3  # c10: rather, or fully
HOPE_AGAIN = timedelta(days=56)
# What turns a private joy into something that presses or costs: told to the family, a date set, things moved.
ACTED_ON = "overreading.acted"


def sure_early(history: History) -> Hit | None:
    """Private joy is fine: it is filed once in eight weeks, and worth a look only where it was acted on."""
    if _held(history):
        return None
    now, month = history.now, history.since(28)
    found = [(e, f) for e in history.since(14) for f in e.said("overreading") if _concluded(f)]
    acted = [f for e, f in found if e is now and (f.frame == ACTED_ON or f.when is not None)]
    level, hope = now.levels.get("w"), now.number("c10")
    rising = history.confirmed.get("w")
    ground = level is not None and level.mean >= 60 and rising is not None and rising.delta > 0
    hopes = hope is not None and hope >= SURE and not ground and not any(e.return_raised for e in month)
    reads = len(found) >= 2 and any(e is now for e, _ in found)
    if not (hopes or reads or acted):
        return None
    before = history.raised("P07")
    if not acted and before is not None and now.at - before.opened_at < HOPE_AGAIN:
        return None
    rows = [cite_words(e, f) for e, f in found]
    parts = []
    if hopes:
        words = "fully" if hope == 4 else "rather"
        rows.append(Evidence(now.id, now.at, "c10", f"Feels sure to live together again: {words}", "overreading"))
        parts.append(f"Feels sure of living together again; {history.other} has not spoken of it in the last 28 days.")
    if acted:
        parts.append("Spoke of it as settled, or set a date.")
    elif reads:
        parts.append("Took good signs as settled more than once in 14 days.")
    return Hit(
        "P07",
        Severity.WATCH if acted else Severity.INFO,
        " ".join(parts),
        tuple(rows),
        ("Some people hope easily, and private joy is fine.", *([_TEXT_ONLY] if acted else [])),
    )


def _concluded(finding: Finding) -> bool:
    """Whoever a conclusion speaks of ("Robin is coming home"), it is the reporter's, unless another person is quoted."""
    return finding.actor != "other" and finding.status in {"done", "planned"}


def _own(finding: Finding) -> bool:
    return finding.actor == "client" and finding.status in {"done", "planned"}


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
    # The gate as it stood when the talk was held, not as the talk has left it.
    shut = history.gate_before == "wait"
    if shut:
        parts.append("It was no time for it, as the check-ins before had it.")
    return Hit(
        "P08",
        Severity.ELEVATED if history.now in weighty and (shut or len(weighty) >= 2) else Severity.WATCH,
        " ".join(parts),
        tuple(rows),
        _against(history, groups, "An urgent matter about a child, money or safety has to be raised."),
    )


def _talk_row(entry: Entry) -> Evidence:
    return Evidence(
        entry.id, entry.at, "c7", "Answered: I began the talk; it was tense and we kept going", "forced_talk"
    )


def monitored(history: History) -> Hit | None:
    now = history.now
    acts = now.acts("monitoring")
    if history.frightened or not acts:
        return None
    # A tick beside words of a tracker, or such words that a counselor confirmed. Words alone stay at watch.
    found = tuple(f for f in now.said("monitoring") if _own(f) and f.frame == "monitoring.tracker")
    tracked = bool(found) and _sure(acts)
    danger = tracked or (_sure(acts) and bool(now.safety))
    rows = cite(history, now, acts)
    quoted = {(row.item, row.start) for row in rows}
    rows += tuple(cite_words(now, f) for f in found if ("t1", f.start) not in quoted)
    verb = "Plans" if _only_planned(acts) else "Reports"
    hit = Hit(
        "P09",
        Severity.URGENT if danger else Severity.ELEVATED if _sure(acts) else Severity.WATCH,
        f"{verb} checking {history.other}'s phone, accounts or whereabouts"
        + (", with something that follows them." if tracked else "." if not danger else ", beside a safety answer."),
        rows,
        _against(
            history,
            [(now, acts)],
            "An agreed location, a parent's controls on a child's phone, or posts everybody can see.",
        ),
        speed="today" if danger else "",
    )
    return hit if danger else as_agreed(history, hit, "location")


def used_others(history: History) -> Hit | None:
    now = history.now
    acts = now.acts("leverage")
    if _held(history) or not acts:
        return None
    children = tuple(f for f in now.said("leverage") if _own(f) and f.frame == "leverage.children")
    rows = cite(history, now, acts)
    quoted = {(row.item, row.start) for row in rows}
    rows += tuple(cite_words(now, f) for f in children if ("t1", f.start) not in quoted)
    who = "the children" if children else "others"
    verb = "Plans to ask" if _only_planned(acts) else "Asked"
    hit = Hit(
        "P10",
        Severity.ELEVATED if children and _sure(acts) else Severity.WATCH,
        f"{verb} {who} to step in between the two, or used what they mean to {history.other}.",
        rows,
        _against(history, [(now, acts)], "Asking a friend for comfort is something else."),
    )
    return as_agreed(history, hit, "messenger")


PRESSING_OFTEN, PRESSING_VERY_OFTEN = (50.0, 25.0), (65.0, 35.0)  # level, and the lower end of its band


def pressed_often(history: History) -> Hit | None:
    """Two check-ins in a row, because one heavy week can look like this."""
    if _held(history) or history.now.cpi is None:
        return None
    scored = [e for e in history.since(90) if e.cpi is not None]
    if lack("level", [e.day for e in scored]) is not None:
        return None

    def over(bars: tuple[float, float]) -> bool:
        levels = [e.levels["cpi"] for e in scored[-2:]]
        return all(level.mean >= bars[0] and level.mean - level.half > bars[1] for level in levels)

    if not over(PRESSING_OFTEN):
        return None
    groups = _acts_in(history.since(28))
    rows = [cite_score(e, "c8", "Pressing", e.cpi or 0.0) for e in scored[-2:]]
    return Hit(
        "P11",
        Severity.ELEVATED if over(PRESSING_VERY_OFTEN) else Severity.WATCH,
        "Many acts that press, for more than one check-in. What they were stands below.",
        (*rows, *(row for entry, acts in groups for row in cite(history, entry, acts))),
        _against(history, groups, "One heavy week can still weigh on the level; it falls again by itself."),
    )


def presses_more(history: History) -> Hit | None:
    if _held(history) or history.before < EARLY:
        return None
    change, shift = history.now.blocks.get("cpi"), history.now.shifts.get("cpi")
    rose = change is not None and change >= BLOCK_CHANGE
    shifted = shift is not None and shift.tier == "confirmed" and shift.delta > 0
    if not (rose or shifted):
        return None
    shown = [e for e in history.since(90) if e.cpi is not None][-6:]
    if shifted and shift is not None:
        told = f"about {shift.before:.0f} of 100 before, {shift.after:.0f} since"
    else:
        told = f"{change:.0f} points more in the last three check-ins than in the three before"
    return Hit(
        "P12",
        Severity.WATCH,
        f"More acts that press than before, as {history.name} reports it: {told}.",
        tuple(cite_score(e, "c8", "Pressing", e.cpi or 0.0) for e in shown),
        ("Growing openness in the form can look like this.",),
    )


EARLY = 4  # check-ins in which growing openness looks like growing pressure
RARELY = 1  # c9: waited sometimes, or not this time


def restraint_slips(history: History) -> Hit | None:
    if _held(history):
        return None
    gave_way = [e for e in history.last(3) if (waited := e.number("c9")) is not None and waited <= RARELY]
    if len(gave_way) < 2 or gave_way[-1] is not history.now:
        return None
    words = {0: "not this time", 1: "sometimes"}
    return Hit(
        "P13",
        Severity.WATCH,
        f"Waiting was hard when the urge to ask, push or check came, in {len(gave_way)} of the last 3 check-ins.",
        tuple(
            Evidence(e.id, e.at, "c9", f"Waited when the urge came: {words[int(str(e.answers['c9']))]}", "restraint")
            for e in gave_way
        ),
        ("The question may have been read in another way; ask how the weeks were.",),
    )


AHEAD = timedelta(days=14)
AFTER_THE_DAY = timedelta(days=3)
PLANNED = frozenset({"push_return", "ultimatum", "uninvited", "forced_talk"})


def plans_to_press(history: History) -> Hit | None:
    """Bound to its day: it closes three days after, and asks how it went."""
    now = history.now
    if _held(history):
        return None
    today = now.today
    plans = []
    for found in now.findings:
        label = "uninvited" if found.label == "pursuit" and found.uninvited else found.label
        if found.status != "planned" or found.actor != "client" or label not in PLANNED or found.when is None:
            continue
        span = days.resolve(found.when[2], today)
        if span is not None and span[0] - today <= AHEAD:
            plans.append((span, label, found))
    if not plans:
        return None
    plans.sort(key=lambda plan: plan[0])
    sure = any((found.label, found.start) in now.confirmed for _, _, found in plans)
    named = dict.fromkeys(PLAN_WORDS[label].format(other=history.other) for _, label, _ in plans)
    (first, last), *_ = plans[0]
    when = days.tell(first) if first == last else f"between {days.tell(first)} and {days.tell(last)}"
    over = max(span[1] for span, _, _ in plans) + AFTER_THE_DAY + timedelta(days=1)
    return Hit(
        "P14",
        Severity.ELEVATED if sure else Severity.WATCH,
        f"Plans {' and '.join(named)}: {when}.",
        tuple(
            cite_words(now, found, label=label, sure=(found.label, found.start) in now.confirmed)
            for _, label, found in plans
        ),
        ("Asking for advice about it is no plan.", *([] if sure else [_TEXT_ONLY])),
        ends_at=datetime(over.year, over.month, over.day, tzinfo=UTC),
        asks=f"How did it go? The day was {when}.",
    )


BURST, MORE = 2.5, 6.0
USUAL = 6  # check-ins that tell what is usual


def contact_burst(history: History) -> Hit | None:
    if _held(history):
        return None
    recent = history.last(USUAL + 2)
    rates = [
        count * 7 / max(gap, 7.0)
        for entry, gap in zip(recent, history.gaps(recent), strict=True)
        if (count := entry.number("c1")) is not None
    ]
    if len(rates) < USUAL + 2:
        return None
    usual = median(rates[:USUAL])
    if not all(rate >= BURST * usual and rate - usual >= MORE for rate in rates[USUAL:]):
        return None
    hit = Hit(
        "P15",
        Severity.WATCH,
        f"Started contact far more often than usual in the last two check-ins: at least {min(rates[USUAL:]):.0f} times a "
        f"week, about {usual:.0f} before.",
        tuple(row for e in recent[USUAL:] for row in cite_count(e, "c1", "Started contact")),
        ("A birthday, an illness or a journey can do this.",),
    )
    return as_agreed(history, hit, "contact_rate", a_week=max(rates[USUAL:]))


_L = "demand and withdrawal in couples (Christensen & Heavey 1990; Papp, Kouros & Cummings 2009)"

RULES = (
    Rule(
        "P01", 1, "conduct", "Asked about living together again (own report)",
        "At least one tick or reading in this check-in. Elevated when ticked in two check-ins within 28 days, or while "
        "tension is high.",
        "The partner may have asked first; then it is only filed as information.",
        "Two check-ins and 14 days without it; 28 days and a counselor's look once it was elevated.",
        ("G03", "G07"), "L2>L3", _L, asked_return,
        weighs="Watch; elevated at the second within 28 days or while tension is high; info where the partner asked first.",
        shows="The acts with their dates, and the last warmth and tension.",
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
        weighs="Elevated; watch for a single question for reassurance, a single talk, or words alone.",
        shows="The acts beside the day on which the warmer weeks were noticed.",
    ),
    Rule(
        "P03", 1, "conduct", "Gave a deadline or condition (own report)",
        "At least one tick or reading in this check-in; a reading without a tick stays at watch.",
        "A legitimate limit on money, safety or fidelity, or a date set by a lawyer: close it as an agreed boundary.",
        "28 days without it and a counselor's look.",
        ("G03", "G05"), "L3", "coercive demands in close relationships", set_ultimatum,
        weighs="Elevated; watch where only read in the words.",
        shows="The tick or the words.",
    ),
    Rule(
        "P04", 1, "conduct", "Kept starting contact with few answers (own report)",
        "Ticked or read in two check-ins within 14 days; or eight contacts a week or more while the partner surely starts "
        "fewer than 3 of 10. Elevated when it has gone on for more than 14 days. Where only the partner reports it as "
        "unwelcome it is worth a look, for the desk alone.",
        "Messages about the children may have been counted; a joking chat.",
        "Two check-ins and 14 days without it; 28 days and a counselor's look once it was elevated.",
        ("G06", "G08", "G11"), "L2>L3",
        "unwanted pursuit (Cupach & Spitzberg 2004); the first two weeks tell (Purcell, Pathé & Mullen 2004)",
        unreturned_pursuit,
        weighs="Watch; elevated where it has gone on for more than 14 days.",
        shows="Contacts by week, the ticks and the words.",
    ),
    Rule(
        "P05", 1, "conduct", "Went to see the partner without it being agreed (own report)",
        "A tick or reading in this check-in; a reading without a tick stays at watch. Where no contact is wished, the "
        "safety rule for that speaks as well.",
        "A shared home, or handing over a child; agreed visits are filed as agreed.",
        "28 days without it and a counselor's look.",
        ("G06", "X2"), "L3", "unwanted pursuit after a separation (Langhinrichsen-Rohling et al. 2000)", went_uninvited,
        weighs="Elevated; watch where only read in the words.",
        shows="The tick or the words.",
    ),
    Rule(
        "P06", 1, "conduct", "Asked for reassurance again and again (own report)",
        "In two of the last three check-ins, or three times in 21 days.",
        "One sincere question is not a pattern.",
        "Two check-ins and 14 days without it.",
        ("G20", "G22"), "L2", "excessive reassurance seeking (Starr & Davila 2008)", sought_reassurance,
        weighs="Watch.",
        shows="The check-ins in which it was told.",
    ),
    Rule(
        "P07", 1, "conduct", "Sure early (own report)",
        "Feels sure of living together again although the partner has not spoken of it in 28 days and warmth is not high "
        "and held; or signs read as settled twice in 14 days. Filed at most once in 56 days; worth a look only where it "
        "was told to the family, a date was set or things were moved.",
        "A hopeful temperament; private joy is fine.",
        "Closes by itself after 28 days; at watch after two check-ins and 14 days without it.",
        ("G01", "G02", "G04"), "L2", "goals linked to happiness keep people pursuing (Cupach et al. 2011)", sure_early,
        weighs="Info; watch where others were told, a date was set or things were moved.",
        shows="The answer or the words, and how warmth stands.",
    ),
    Rule(
        "P08", 2, "conduct", "Brought up problems when it was not wanted (own report)",
        "A tick or reading, or a talk the client began that was tense and went on. Elevated, when ticked or answered, at "
        "two in 28 days, or where the check-ins before said that it was no time for such a talk. A talk the partner began, "
        "or that ended well, does not count.",
        "An urgent matter about a child or safety; naming harm that was done.",
        "Two check-ins and 14 days without it; 28 days and a counselor's look once it was elevated.",
        ("G15", "G16", "G19"), "L2>L3", _L, forced_talk,
        weighs="Watch; elevated at the second within 28 days, or where it was no time for it.",
        shows="The ticks, the words, and how the talk ended.",
    ),
    Rule(
        "P09", 1, "conduct", "Checked the partner's phone, accounts or whereabouts (own report)",
        "A tick or reading in this check-in; a reading without a tick stays at watch. Urgent when ticked beside words of "
        "a tracker, or beside any safety answer: then only a person closes it.",
        "An agreed location, a parent's controls on a child's phone, posts everybody can see.",
        "28 days without it and a counselor's look; once urgent, only a named person closes it.",
        ("G21", "X1"), "L3>L4", "technology and control (Southworth et al. 2007; Freed et al. 2018)", monitored,
        weighs="Elevated; urgent with words of a tracker or beside a safety answer.",
        shows="The tick or the words, and the safety answer beside it.",
    ),
    Rule(
        "P10", 1, "conduct", "Asked others to step in (own report)",
        "A tick or reading in this check-in. Elevated when ticked and the words say that it was the children.",
        "Asking a friend for comfort; a messenger both have agreed on is filed as agreed.",
        "Two check-ins and 14 days without it; 28 days and a counselor's look once it was elevated.",
        ("G21", "X4"), "L2>L3", "triangles and divided loyalty in families (Bowen 1978; Buchanan, Maccoby & Dornbusch 1991)",
        used_others,
        weighs="Watch; elevated where it was the children.",
        shows="The tick or the words.",
    ),
    Rule(
        "P11", 1, "conduct", "Many acts that press, for some time (own report)",
        "The level of pressing at 50 or more at two check-ins, its lower bound above 25; elevated at 65, above 35. Silent "
        "beside asking for the return or for reassurance in the same check-in, which rest on the same acts.",
        "One heavy week, hence two.",
        "Two check-ins and 14 days below it; 28 days and a counselor's look once it was elevated.",
        ("G08",), "L2>L3", "demand and withdrawal, a meta-analysis (Schrodt, Witt & Shimkowski 2014)", pressed_often,
        weighs="Watch; elevated at a level of 65 or more.",
        shows="Which acts the level is made of.",
    ),
    Rule(
        "P12", 1, "conduct", "Pressing more than before (own report)",
        "The last three check-ins at least 22 points above the three before, or a confirmed rise. Not in the first four "
        "check-ins of a client.",
        "Growing openness in the form.",
        "Two check-ins and 14 days without it.",
        ("G08",), "L2", "routine outcome monitoring (de Jong et al. 2021)", presses_more,
        weighs="Watch.",
        shows="The acts of the last check-ins against those before.",
    ),
    Rule(
        "P13", 1, "conduct", "Waiting is hard when the urge comes (own report)",
        "An urge was there and was waited out sometimes or not at all, in two of the last three check-ins.",
        "The question was read in another way.",
        "Two check-ins and 14 days without it.",
        ("G22", "G09"), "L2", "rumination and unwanted pursuit (Foshay & O'Sullivan 2019)", restraint_slips,
        weighs="Watch.",
        shows="The answers to the question on waiting.",
    ),
    Rule(
        "P14", 1, "conduct", "Plans to press on a certain day (own words)",
        "A settled plan to ask for the return, to set a deadline, to go there uninvited or to bring up problems, on a day "
        "within 14 days. Watch until a counselor confirms the words, then elevated.",
        "Asking for advice is no plan.",
        "Three days after the day; it then asks how it went.",
        ("G03", "G07"), "L2>L3", "implementation intentions (Gollwitzer 1999)", plans_to_press,
        weighs="Watch, first in the day’s list; elevated once a counselor confirms the words.",
        shows="The words, and the day they speak of.",
    ),
    Rule(
        "P15", 1, "conduct", "Many more contacts than usual (own report)",
        "In two check-ins running, at least two and a half times the middle of the six before, and six a week more.",
        "A birthday, an illness, a journey; an agreed rate that is kept is filed as agreed.",
        "Two check-ins and 14 days without it.",
        ("G11", "G16"), "L2", "pursuit that grows (Cupach & Spitzberg 2004)", contact_burst,
        weighs="Watch.",
        shows="Contacts by week, and the usual number.",
    ),
)  # fmt: skip
