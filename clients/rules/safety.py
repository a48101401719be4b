"""Family S: safety outranks everything (rules.md, Safety; decisions 2, 3, 7, 11, 13, 33).

Tuned for recall and worded "please look"."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from clients.pressure import Finding
from clients.rules.record import (
    FRIGHTENING,
    Act,
    Entry,
    Evidence,
    History,
    Hit,
    Limit,
    Rule,
    Severity,
    Standing,
    cite,
    cite_words,
    not_by_check_in,
    spoken,
    times,
)

_CHIPS = {
    "self_harm": "Ticked: thoughts of harming myself or not wanting to live",
    "hurt": "Ticked: someone was hurt, threatened or forced",
    "afraid": "Ticked: I am afraid of {other}",
    "might_hurt": "Ticked: I am afraid I might hurt someone",
    "child": "Ticked: a child is not safe",
    "must_not_contact": "Ticked: I am not to contact {other}",
    "partner_must_not": "Ticked: {other} is not to contact me",
}
_LOOK = (
    "Only words raised this; they may be a figure of speech, about somebody else, or long past. It is still looked at."
)
SAID = {
    "S01": "Thoughts of self-harm or of not wanting to live.",
    "S02": "Violence, threats or fear.",
    "S04": "A child may not be safe.",
    "S05": "Afraid of hurting someone.",
}
LADDER = (timedelta(minutes=15), timedelta(minutes=30), timedelta(minutes=60))  # cover, practice lead, telephone
GOES_ON = timedelta(days=14)
_CHASING = ("pursuit", "uninvited", "monitoring")


def speed_of(danger: Mapping[str, str]) -> Literal["now", "today"]:
    """`now` unless the reporter said they are safe for now (decisions 7)."""
    return "today" if danger.get("safe_now") == "yes" else "now"


def is_self_harm(finding: Finding) -> bool:
    return finding.label == "self_harm" and finding.actor != "other"


def is_violence(finding: Finding) -> bool:
    return finding.label == "violence"


def _is_ban_broken(finding: Finding) -> bool:
    return finding.label == "no_contact"


def is_child_in_danger(finding: Finding) -> bool:
    return finding.label == "child_safety"


def _possible(sentence: str) -> str:
    return f"Possible: {sentence[0].lower()}{sentence[1:]}"


def _ticked(history: History, entry: Entry, chip: str) -> Evidence:
    return Evidence(entry.id, entry.at, "s1", _CHIPS[chip].format(other=history.other), chip)


def _quoted(entry: Entry, counts: Callable[[Finding], bool]) -> tuple[Evidence, ...]:
    """The words of one check-in that count, from both of its texts."""
    return (
        *(cite_words(entry, f) for f in entry.findings if counts(f)),
        *(cite_words(entry, f, item="n1") for f in entry.aside_findings if counts(f)),
    )


def _raise(
    history: History,
    rule: str,
    chips: frozenset[str],
    counts: Callable[[Finding], bool],
    sentence: str,
    also: tuple[Evidence, ...] = (),
) -> Hit | None:
    now = history.now
    told = (*(_ticked(history, now, chip) for chip in sorted(now.safety & chips)), *also)
    quoted = _quoted(now, counts)
    if not (told or quoted):
        return None
    return Hit(
        rule,
        Severity.URGENT,
        sentence if told else _possible(sentence),
        (*told, *quoted),
        () if told else (_LOOK,),
        speed="now" if rule in {"S01", "S05"} else speed_of(now.danger),
    )


def self_harm(history: History) -> Hit | None:
    now, sentence = history.now, SAID["S01"]
    found = [f for f in (*now.findings, *now.aside_findings) if is_self_harm(f)]
    if found and "self_harm" not in now.safety and all(f.actor == "spouse" for f in found):
        sentence = f"Thoughts of self-harm, told of {history.other}."
    hit = _raise(history, "S01", frozenset({"self_harm"}), is_self_harm, SAID["S01"])
    if hit is None or sentence == SAID["S01"]:
        return hit
    return Hit(hit.rule, hit.severity, _possible(sentence), hit.evidence, hit.against, hit.speed)


def violence(history: History) -> Hit | None:
    return _raise(
        history, "S02", frozenset({"hurt", "afraid"}), is_violence, SAID["S02"], _frightening(history, history.now)
    )


def _frightening(history: History, entry: Entry) -> tuple[Evidence, ...]:
    """Answered in the mirrored form: contact with the other one is frightening."""
    if entry.number("p4") != FRIGHTENING:
        return ()
    words = f"Answered: {history.other}’s contact was frightening"
    return (Evidence(entry.id, entry.at, "p4", words, "afraid"),)


# S03: no contact has a direction (decisions 2). Whoever is protected is never the one who broke it.

_UNWISHED = "Contact although none is wished: please check who is to keep away."
_Found = tuple[str, tuple[Evidence, ...], tuple[str, ...], bool]  # sentence, evidence, against, told in an answer


def unwished_contact(history: History) -> Hit | None:
    found = [
        one
        for one in (_by_the_other(history), _by_the_reporter(history), _goes_on(history), _goes_on_here(history))
        if one is not None
    ]
    words = _quoted(history.now, _is_ban_broken)
    if not found and words:
        found = [(_UNWISHED, words, (_LOOK,), False)]
    elif words:
        sentence, rows, against, sure = found[0]
        found[0] = (sentence, rows + words, against, sure)
    if not found:
        return _asked_for_none(history)
    sure = any(one[3] for one in found)
    sentence = " ".join(dict.fromkeys(one[0] for one in found))
    return Hit(
        "S03",
        Severity.URGENT,
        sentence if sure else _possible(sentence),
        tuple(dict.fromkeys(row for one in found for row in one[1])),
        tuple(dict.fromkeys(line for one in found for line in one[2])),
        speed="today",
    )


def _by_the_other(history: History) -> _Found | None:
    """The reporter is the one to be protected, and the other one made contact all the same."""
    now = history.now
    told = _contacts(now, ("c2", "p2"), f"{history.other} started contact")
    words = tuple(cite_words(now, f) for f in now.said("initiates") if f.actor == "spouse" and f.status == "done")
    if not (told or words):
        return None
    ground = _ground(history, history.arranged.kept_from, "partner_must_not", f"{history.other} is to keep away")
    if not ground:
        asked = next((e for e in reversed(history.since(90)) if e.answers.get("p6") not in (None, "skip")), None)
        if asked is None or asked.answers["p6"] != "none":
            return None
        ground = (Evidence(asked.id, asked.at, "p6", "Answered: no contact is wished", "no_contact"),)
    against = _scope_line(history.arranged.kept_from)
    return (
        f"Contact by {history.other} although none is wished: please check. {history.name} is the one to be helped.",
        (*ground, *told, *words),
        (against,) if against else (),
        bool(told),
    )


def _by_the_reporter(history: History) -> _Found | None:
    """The reporter is to keep away, and tells of contact: a row not marked as allowed, a visit, a gift, a check."""
    now, limit = history.now, history.arranged.keeps_away
    ground = _ground(history, limit, "must_not_contact", f"{history.name} is to keep away")
    if not ground:
        return None
    allowed = now.answers.get("c1_allowed") is True
    told = () if allowed else _contacts(now, ("c1", "p1"), "Started contact")
    own = now.acts(*_CHASING)
    if not (told or own):
        return None
    against = [_scope_line(limit)]
    if allowed:
        against.append("Contact was ticked as allowed by the order; this is about something else.")
    return (
        f"Contact with {history.other} although none is wished: please check.",
        (*ground, *told, *cite(history, now, own)),
        tuple(line for line in against if line),
        bool(told) or any(act.sure for act in own),
    )


def _ground(history: History, limit: Limit | None, chip: str, words: str) -> tuple[Evidence, ...]:
    """What says that no contact is wished in this direction: on the case, or ticked within 90 days."""
    now = history.now
    rows = []
    if limit is not None and limit.runs(now.today):
        source = {"order": "an order", "own_wish": "a clear wish", "told": "as told"}[limit.source]
        since = f" since {spoken(limit.since)}" if limit.since else ""
        rows.append(Evidence("", now.at, "limit", f"On the case{since}: {words} ({source})", "no_contact"))
    ticked = next((e for e in reversed(history.since(90)) if chip in e.safety), None)
    if ticked is not None:
        rows.append(_ticked(history, ticked, chip))
    return tuple(rows)


def _scope_line(limit: Limit | None) -> str:
    if limit is None:
        return "An order may allow contact about the children; the scope is not known here."
    if limit.scope:
        return f"Contact about {' and '.join(sorted(limit.scope))} is allowed."
    return ""


def _contacts(entry: Entry, items: Iterable[str], words: str) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(entry.id, entry.at, item, f"{words}: {count}")
        for item in items
        if (count := entry.number(item)) is not None and count > 0
    )


def _goes_on(history: History) -> _Found | None:
    """The reporter keeps pursuing for more than 14 days what the other one, or the reporter's own words, call unwelcome.
    Never said of a frightened reporter, and never on the other one's word alone (decisions 3, 13)."""
    if history.frightened or not _sure(history.now.acts("pursuit", "uninvited")):
        return None
    told = [(e, acts) for e in history.since(90) if (acts := _sure(e.acts("pursuit", "uninvited")))]
    if told[-1][0].at - told[0][0].at <= GOES_ON:
        return None
    since = told[0][0].at - GOES_ON
    unwelcome = [s for s in history.arranged.said if s.at >= since and s.unwelcome & {"pursuit", "uninvited"}]
    rows: list[Evidence] = [row for e, acts in (told[0], told[-1]) for row in cite(history, e, acts)]
    against: tuple[str, ...] = ()
    own = [(e, f) for e, _ in told for f in e.said("pursuit") if f.frame == "pursuit.unwanted" and f.actor == "client"]
    if unwelcome:
        rows.append(Evidence("", unwelcome[-1].at, "p5", f"{history.other} calls it unwelcome", "pursuit"))
        against = (f"What {history.other} told is for the desk alone. Speak with {history.other} alone first.",)
    elif own:
        rows += [cite_words(e, f) for e, f in own]
    else:
        return None
    days = (told[-1][0].at - told[0][0].at).days
    return (
        f"Contact that is not welcome has gone on for {times(days, 'day')} (own report): please check.",
        tuple(rows),
        against,
        True,
    )


def _goes_on_here(history: History) -> _Found | None:
    """In the mirrored form: the reporter has called the other one's pursuit unwelcome for more than 14 days."""
    if not _unwelcome(history.now):
        return None
    told = [(e, acts) for e in history.since(90) if (acts := _unwelcome(e))]
    if told[-1][0].at - told[0][0].at <= GOES_ON:
        return None
    rows = [
        Evidence(e.id, e.at, "p5", f"Answered: {history.other} made contact that was unwelcome", act)
        for e, acts in (told[0], told[-1])
        for act in acts
    ]
    sentence = (
        f"Contact by {history.other} has been unwelcome for more than 14 days: please check. "
        f"{history.name} is the one to be helped."
    )
    return (sentence, tuple(rows), (), True)


def _unwelcome(entry: Entry) -> tuple[str, ...]:
    value = entry.answers.get("p5")
    if not isinstance(value, Mapping):
        return ()
    return tuple(act for act in _CHASING if value.get(act) == "unwelcome")


def _sure(acts: tuple[Act, ...]) -> tuple[Act, ...]:
    return tuple(act for act in acts if act.sure and not act.planned)


def _asked_for_none(history: History) -> Hit | None:
    """The other one answered, in their own form, that no contact is wished: on that word alone a matter to look at, for
    the desk alone (decisions 13)."""
    now, said = history.now, history.arranged.said
    newest = next((s for s in reversed(said) if s.wants), None)
    told = _contacts(now, ("c1", "p1"), "Started contact")
    if newest is None or newest.wants != "none" or not told or now.answers.get("c1_allowed") is True:
        return None
    if history.frightened or (history.arranged.kept_from is not None and history.arranged.kept_from.runs(now.today)):
        return None  # who is protected, or afraid, is never the one it is said of (decisions 2, 3)
    return Hit(
        "S03",
        Severity.WATCH,
        f"{history.other} asks for no contact; {history.name} started some. Speak with {history.other} alone first.",
        (Evidence("", newest.at, "p6", f"{history.other} asks for no contact", "no_contact"), *told),
        ("It rests on one answer of the other person, and is for the desk alone.",),
        from_other=True,
    )


def child_in_danger(history: History) -> Hit | None:
    return _raise(history, "S04", frozenset({"child"}), is_child_in_danger, SAID["S04"])


_THREATS = frozenset({"violence.threat", "violence.weapon", "violence.message"})


def harm_to_others(history: History) -> Hit | None:
    """The reporter's own threat. Words count only where nobody was feared or hurt by the other one: what a frightened
    person repeats is not that person's threat (decisions 3, 11), and S02 holds it either way."""
    now = history.now

    def threatens(finding: Finding) -> bool:
        return not history.frightened and _is_own_threat(finding, now.findings)

    return _raise(history, "S05", frozenset({"might_hurt"}), threatens, SAID["S05"])


def _is_own_threat(finding: Finding, beside: Iterable[Finding]) -> bool:
    """A threat or a weapon, by the writer, against somebody else: not the same words said of oneself."""
    return (
        finding.frame in _THREATS
        and finding.actor == "client"
        and not any(is_self_harm(f) and f.start < finding.end and finding.start < f.end for f in beside)
    )


# S06: several danger signs by the person who is feared, each resting on its own event


@dataclass(frozen=True, slots=True)
class _Sign:
    """One sign of danger: `kind`, where it was told, and the event it belongs to. Words of one sentence are one event,
    and so are a tick and the words about violence beside it."""

    kind: str
    entry: Entry
    row: Evidence
    event: tuple[object, ...]


_SIGN_OF = {
    "violence.choking": "choking",
    "violence.weapon": "weapon",
    "violence.control": "monitoring",
    "violence.rule_over": "monitoring",
    "no_contact.stalking": "monitoring",
    "violence.physical": "violence",
    "violence.marks": "violence",
    "violence.more": "violence",
    "violence.unwilling": "violence",
    "violence.sexual": "violence",
    "violence.threat": "violence",
    "violence.possessive": "violence",
    "violence.message": "violence",
}
SIGN_NAMES = {
    "choking": "choking",
    "weapon": "a weapon within reach",
    "self_harm": "a threat of self-harm",
    "monitoring": "being followed or watched",
    "violence": "violence or threats",
    "parting": "a recent parting or a new partner",
}


def several_signs(history: History) -> Hit | None:
    """Fear, and within 90 days two signs by the one who is feared. Speaks where this check-in adds to it."""
    if not history.frightened:
        return None
    seen = history.since(90)
    fear = [row for e in seen for row in _fear(history, e)]
    if not fear:
        return None
    signs = [sign for e in seen for sign in _signs(history, e)]
    parted = _parted(history, seen)
    kept = _apart(signs)
    if len(kept) + bool(parted) < 2:
        return None
    new = any(sign.entry is history.now for sign in signs) or any(row.entry == history.now.id for row in fear)
    if not new and not any(row.entry == history.now.id for row in parted):
        return None
    named = [SIGN_NAMES[kind] for kind in SIGN_NAMES if kind in kept or (kind == "parting" and parted)]
    return Hit(
        "S06",
        Severity.URGENT,
        f"Several danger signs beside fear of {history.other} within 90 days: {', '.join(named)}.",
        (*dict.fromkeys((*fear, *(kept[kind].row for kind in SIGN_NAMES if kind in kept), *parted)),),
        ("One event told twice can look like two; each sign here rests on its own words or answer.",),
        speed="today",
    )


def _fear(history: History, entry: Entry) -> tuple[Evidence, ...]:
    ticked = (_ticked(history, entry, "afraid"),) if "afraid" in entry.safety else ()
    return (
        *ticked,
        *_frightening(history, entry),
        *_quoted(entry, lambda f: f.frame in {"violence.fear", "violence.dread"} and f.actor == "spouse"),
    )


def _signs(history: History, entry: Entry) -> tuple[_Sign, ...]:
    """The signs of one check-in, by the other one only; the reporter's own chips are never among them."""
    found = []
    for item, text, findings in (("t1", entry.text, entry.findings), ("n1", entry.aside, entry.aside_findings)):
        for f in findings:
            kind = "self_harm" if f.label == "self_harm" else _SIGN_OF.get(f.frame, "")
            if kind and f.actor == "spouse":
                place = (entry.id, item, _sentence(text, f.start))
                found.append(_Sign(kind, entry, cite_words(entry, f, item=item), place))
    by_the_other = entry.danger.get("who") not in {"by_me", "someone_else"}
    if "hurt" in entry.safety and by_the_other:
        told = next((s for s in found if s.kind in {"violence", "choking"}), None)
        event = told.event if told else (entry.id, "s1")
        found.append(_Sign("violence", entry, _ticked(history, entry, "hurt"), event))
    elif "threats" in entry.chips("c4"):
        told = next((s for s in found if s.kind == "violence"), None)
        row = Evidence(entry.id, entry.at, "c4", f"Ticked: insults or threats from {history.other}", "violence")
        found.append(_Sign("violence", entry, row, told.event if told else (entry.id, "c4")))
    if "monitoring" in _unwelcome(entry):
        row = Evidence(entry.id, entry.at, "p5", f"Answered: was checked on by {history.other}", "monitoring")
        found.append(_Sign("monitoring", entry, row, (entry.id, "p5")))
    return tuple(found)


def _sentence(text: str, start: int) -> int:
    """The number of the sentence that holds this place."""
    return sum(text.count(end, 0, start) for end in ".!?\n")


def _apart(signs: list[_Sign]) -> dict[str, _Sign]:
    """As many kinds as can each be given an event of their own, in the order of SIGN_NAMES (a matching by augmenting
    paths; six kinds at most)."""
    holder: dict[tuple[object, ...], str] = {}
    kept: dict[str, _Sign] = {}

    def place(kind: str, tried: set[tuple[object, ...]]) -> bool:
        for sign in signs:
            if sign.kind != kind or sign.event in tried:
                continue
            tried.add(sign.event)
            other = holder.get(sign.event)
            if other is None or place(other, tried):
                holder[sign.event], kept[kind] = kind, sign
                return True
        return False

    for kind in SIGN_NAMES:
        place(kind, set())
    return kept


def _parted(history: History, seen: tuple[Entry, ...]) -> tuple[Evidence, ...]:
    """They parted within 90 days, or a new partner was told of."""
    now, since = history.now, history.arranged.phase_since
    rows = [
        Evidence(e.id, e.at, "c4", f"Ticked: {history.other} is seeing someone else", "setback")
        for e in seen
        if "someone_else" in e.chips("c4")
    ]
    recent = since is not None and timedelta(0) <= now.today - since <= timedelta(days=90)
    if history.arranged.phase == "separated" and since is not None and recent:
        rows.append(Evidence("", now.at, "phase", f"On the case: separated since {spoken(since)}", "parting"))
    return tuple(rows)


def call_me(history: History) -> Hit | None:
    now = history.now
    if not now.call_me:
        return None
    alone = not (now.safety - {"must_not_contact", "partner_must_not"})
    return Hit(
        "S07",
        Severity.ELEVATED if alone else Severity.URGENT,
        f"Asks to be called: {now.call_me}.",
        (Evidence(now.id, now.at, "s1", f"Please call me: {now.call_me}", "call_me"),),
        speed="" if alone else "now" if now.safety & {"self_harm", "might_hurt"} else speed_of(now.danger),
    )


def rung(since: datetime, at: datetime) -> int:
    """Who is to know by now: 0 the counselor, 1 cover and duty, 2 the practice lead, 3 the telephone instruction."""
    return sum(at - since >= step for step in LADDER)


def unacknowledged(standing: Standing, at: datetime) -> Hit | None:
    """Found by the sweep: an urgent flag of the fast kind that nobody has marked as seen when the ladder has ended."""
    late = [
        u
        for u in standing.urgent
        if u.speed == "now" and u.waits_for_answer and u.seen_at is None and rung(u.since, at) == len(LADDER)
        and standing.news("S08", u.since + LADDER[-1])
    ]  # fmt: skip
    if not late:
        return None
    oldest = min(late, key=lambda u: u.since)
    return Hit(
        "S08",
        Severity.URGENT,
        "Nobody has marked an urgent flag as seen within 60 minutes. Please call.",
        tuple(Evidence(u.entry, u.since, "flag", f"Raised, not seen: {u.name}", u.rule) for u in late),
        ("It may have been answered by telephone without being marked here.",)
        if standing.staff_after(oldest.since)
        else (),
        speed="now",
    )


def read_danger(
    text: str, findings: tuple[Finding, ...], at: datetime, *, entry: str = "", item: str = "line"
) -> tuple[Hit, ...]:
    """The safety rules over one text by itself: a line back (decisions 6), or a check-in read again (decisions 29). Nothing
    else is known of its writer here, so a threat counts as the writer's own only where the text tells of no violence by
    the other one."""
    suffered = any(f.label == "violence" and f.actor == "spouse" for f in findings)
    hits = []
    for rule, counts, sentence in (
        ("S01", is_self_harm, SAID["S01"]),
        ("S02", is_violence, SAID["S02"]),
        ("S03", _is_ban_broken, _UNWISHED),
        ("S04", is_child_in_danger, SAID["S04"]),
        ("S05", lambda f: not suffered and _is_own_threat(f, findings), SAID["S05"]),
    ):
        rows = tuple(
            Evidence(entry, at, item, text[f.start : f.end], f.label, f.start, f.end, False)
            for f in findings
            if counts(f)
        )
        if rows:
            speed: Literal["now", "today"] = "today" if rule == "S03" else "now"
            hits.append(Hit(rule, Severity.URGENT, _possible(sentence), rows, (_LOOK,), speed=speed))
    return tuple(hits)


_CLOSES = "Only a named person closes it, with a reason and what was done; another one looks again."

RULES = (
    Rule(
        "S01", 2, "safety", "Self-harm: please look now",
        "The safety question, or any reading of self-harm that is not an idiom, negated or about another person.",
        "A figure of speech, somebody else, long past. It is still looked at.",
        _CLOSES,
        ("X1",), "L4", "safety planning with follow-up (Stanley et al. 2018); digital monitoring (Nock et al. 2021)",
        self_harm,
        weighs="Urgent, now.",
        shows="The tick, and the words that were read, marked in place.",
    ),
    Rule(
        "S02", 2, "safety", "Violence, threats or fear: please look now",
        "The safety question, contact called frightening, or any reading of violence, threat or fear, in either direction.",
        "Anger without a threat. It is still looked at. Do not raise it with the other partner.",
        _CLOSES,
        ("X1",), "L4", "universal separate screening (Todahl & Walters 2011; Stith, McCollum & Rosen 2011)", violence,
        weighs="Urgent: now, or today where the reporter answered to be safe for now.",
        shows="The ticks, and the words that were read, marked in place.",
    ),
    Rule(
        "S03", 2, "safety", "Contact although none is wished: please check",
        "No contact is on the case, or was ticked within 90 days, and this check-in tells of contact in that very "
        "direction (started contact that is not ticked as allowed, visits, gifts, checking); words about a ban that "
        "was not kept; or unwelcome contact for more than 14 days. Who is protected is never the one it is said of.",
        "An order may allow contact about children or money: its scope is kept on the case. Resting only on the other "
        "person’s answer, it is a matter to look at, for the desk alone.",
        _CLOSES,
        ("X2",), "L4", "repeated intrusions, the two-week watershed (Purcell, Pathé & Mullen 2004)", unwished_contact,
        weighs="Urgent, today; watch where only the other person’s answer says that no contact is wished.",
        shows="What says that no contact is wished, in which direction, and the contact that was told.",
    ),
    Rule(
        "S04", 2, "safety", "A child may not be safe: please look",
        "The safety question, or any reading of a child in danger.",
        "Worry about an ordinary day. It is still looked at.",
        _CLOSES,
        ("X1",), "L4", "reporting duties of the place", child_in_danger,
        weighs="Urgent: now, or today where the reporter answered to be safe for now.",
        shows="The tick, and the words that were read, marked in place.",
    ),
    Rule(
        "S05", 2, "safety", "Afraid of hurting someone: please look now",
        "The safety question, or the reporter’s own threat or talk of a weapon as read in the words. Words count only "
        "where no fear of the other person was told within 90 days: what a frightened person repeats is not a threat.",
        "A figure of speech. It is still looked at.",
        _CLOSES,
        ("X1",), "L4", "duty to protect, as the place has it", harm_to_others,
        weighs="Urgent, now.",
        shows="The tick, and the words that were read, marked in place.",
    ),
    Rule(
        "S06", 1, "safety", "Several danger signs: please look today",
        "Fear of the other person, and within 90 days at least two of: violence or threats, choking, a weapon within "
        "reach, being followed or watched, a threat of self-harm, a recent parting or a new partner. Each by the person "
        "who is feared, each resting on an event of its own.",
        "One event told twice.",
        _CLOSES,
        ("X1",), "L4", "danger assessment (Campbell et al. 2003)", several_signs,
        weighs="Urgent, today; the practice lead is told as well.",
        shows="The fear, and one row for each sign with its date.",
    ),
    Rule(
        "S07", 2, "safety", "Asks to be called",
        "“Please call me” was ticked.",
        "A question about an appointment.",
        _CLOSES,
        ("X1",), "L4", "safety planning with follow-up calls (Stanley et al. 2018)", call_me,
        weighs="Elevated; urgent together with another safety answer.",
        shows="When it is safe to call.",
    ),
    Rule(
        "S08", 1, "safety", "An urgent flag has not been seen",
        "Nobody has marked an urgent flag as seen: after 15 minutes cover and duty are told, after 30 the practice "
        "lead, after 60 the screen asks for a call. Found by the clock, not by a check-in.",
        "It may have been answered by telephone without being marked here.",
        _CLOSES,
        ("X1",), "L4", "answer times for imminent risk (Nock et al. 2021)", not_by_check_in,
        weighs="Urgent, now.",
        shows="Which flag waits, and since when.",
        swept=unacknowledged,
    ),
)  # fmt: skip
