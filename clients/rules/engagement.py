"""Family E: how the check-ins come in (rules.md, Engagement and data quality; decisions 25)."""

import math
from datetime import datetime, timedelta
from hashlib import blake2b

from clients.rules.record import (
    Entry,
    Evidence,
    History,
    Hit,
    Rule,
    Severity,
    Standing,
    cite_score,
    not_by_check_in,
    times,
)

TOO_FAST = 12  # seconds
ALIKE = 4  # forms in a row
NO_CONTACT_DAYS = 28.0
EXTRA = 3  # check-ins a week beyond the plan
TOGETHER = timedelta(minutes=15)
SHINGLE, KEPT, FEWEST = 4, 32, 16  # words in a row, prints kept of a text, and the fewest that are compared
ALIKE_FROM = 0.7
WEEK = timedelta(days=7)
SILENCE = timedelta(hours=24)
HIGH_DISTRESS = 60.0


def missed(standing: Standing, at: datetime) -> Hit | None:
    """Found by the sweep: two or more agreed check-ins let go in a row."""
    gone = standing.missed
    if len(gone) < 2 or not standing.news("E01", gone[-1]):
        return None
    heavy = standing.d is not None and standing.d >= HIGH_DISTRESS
    rows = [Evidence("", moment, "plan", "Not answered") for moment in gone]
    why = []
    if standing.elevated_open:
        why.append("a flag that weighs was open")
    if heavy and standing.d is not None:
        why.append("distress was high")
        rows.append(Evidence("", at, "c11", f"Distress {standing.d:.0f} of 100", "distress"))
    sentence = f"{standing.name} let {len(gone)} check-ins in a row go"
    return Hit(
        "E01",
        Severity.ELEVATED if why else Severity.WATCH,
        f"{sentence} while {' and '.join(why)}." if why else f"{sentence}.",
        tuple(rows),
        ("A holiday can look like this; a pause can be set.",),
    )


def silence_after_safety(standing: Standing, at: datetime) -> Hit | None:
    """Found by the sweep: nothing heard of the reporter, and no word of staff, for 24 hours after an urgent flag; or an
    urgent flag of the slower kind not seen by its time (the faster kind has a ladder of its own, S08)."""
    heard = [moment for moment in (standing.last_check_in, standing.last_sign_in, standing.last_staff) if moment]
    rows, parts = [], []
    waiting = [u for u in standing.urgent if u.waits_for_answer]
    quiet = [
        u
        for u in waiting
        if at - u.since >= SILENCE
        and standing.news("E02", u.since + SILENCE)
        and not any(moment > u.since for moment in heard)
    ]
    late = [
        u
        for u in waiting
        if u.speed == "today"
        and u.seen_at is None
        and u.due is not None
        and at >= u.due
        and standing.news("E02", u.due)
    ]
    if quiet:
        parts.append(
            f"Nothing was heard of {standing.name}, and nobody reached out, for 24 hours after an urgent flag."
        )
        rows += [Evidence(u.entry, u.since, "flag", f"Nothing since: {u.name}", u.rule) for u in quiet]
    if late:
        parts.append("An urgent flag has not been marked as seen by its time.")
        rows += [Evidence(u.entry, u.since, "flag", f"Not seen: {u.name}", u.rule) for u in late]
    if not rows:
        return None
    return Hit(
        "E02",
        Severity.URGENT,
        f"{' '.join(parts)} Please call, as the safety plan says.",
        tuple(rows),
        ("A call that was made but not entered cannot be seen here.",),
        speed="now",
    )


def thin_answers(history: History) -> Hit | None:
    now = history.now
    if now.at_desk:
        return None
    rows, parts = [], []
    if now.seconds is not None and now.seconds < TOO_FAST:
        parts.append(f"This check-in was filled in within {times(now.seconds, 'second')}.")
        rows.append(Evidence(now.id, now.at, "form", f"From opening to sending: {times(now.seconds, 'second')}"))
    last = history.last(ALIKE)
    if len(last) == ALIKE and all(_same(e, now) for e in last):
        parts.append(f"The last {ALIKE} check-ins are alike in every answer.")
        rows += [Evidence(e.id, e.at, "form", "The same answers") for e in last]
    if now.safety_skipped and history.last_time is not None and history.last_time.safety_skipped:
        parts.append("The safety question was skipped twice in a row.")
        rows += [Evidence(e.id, e.at, "s1", "Skipped") for e in history.last(2)]
    if not parts:
        return None
    return Hit(
        "E03", Severity.INFO, " ".join(parts), tuple(rows), ("Weeks that truly were alike give the same answers.",)
    )


def _same(one: Entry, other: Entry) -> bool:
    return one.answers == other.answers and one.text == other.text == "" and not one.at_desk


def no_contact_phase(history: History) -> Hit | None:
    """No contact at all for 28 observed days. A check-in speaks of the days since the one before it."""
    covered, rows = 0.0, []
    entries = history.since(90)
    for place in range(len(entries) - 1, -1, -1):
        entry = entries[place]
        if not _without_contact(entry):
            break
        rows.append(Evidence(entry.id, entry.at, "c3", "No contact"))
        covered += entry.day - entries[place - 1].day if place else 7.0
        if covered >= NO_CONTACT_DAYS:
            break
    if covered < NO_CONTACT_DAYS:
        return None
    return Hit(
        "E04",
        Severity.INFO,
        f"No contact with {history.other} for 28 days or more, as {history.name} reports it. Warmth, tension and the "
        "share of contacts rest until there is some; distress and safety go on.",
        tuple(reversed(rows)),
        ("Contact that goes through lawyers or others is not told of here.",),
    )


def _without_contact(entry: Entry) -> bool:
    return entry.answers.get("c3") == "no_contact" or (entry.number("c1") == 0 and entry.number("c2") == 0)


def checking_the_site(history: History) -> Hit | None:
    """More check-ins within a week than the plan asks for. Those that tell of danger are never too many."""
    now = history.now
    if history.first_day is not None and now.day - history.first_day < 7:
        return None
    week = [e for e in history.since(7) if e.at > now.at - timedelta(days=7) and not e.at_desk]
    counted = [e for e in week if not e.safety and not e.call_me]
    extra = len(counted) - math.ceil(7 / max(history.interval, 1))
    if now not in counted or extra <= EXTRA:
        return None
    rows = [Evidence(e.id, e.at, "form", "Sent a check-in") for e in counted]
    if now.d is not None:
        rows.append(cite_score(now, "c11", "Distress", now.d))
    return Hit(
        "E05",
        Severity.WATCH,
        f"{history.name} sent {times(extra, 'check-in')} more than planned within a week.",
        tuple(rows),
        ("A busy week, or interest in something new.",),
    )


def prints(text: str, key: bytes) -> frozenset[int]:
    """What is kept of a text to tell whether another one is nearly the same: the smallest keyed hashes of its runs of four
    words. No word can be read back from them, and without the key none can be tried."""
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    runs = {" ".join(words[n : n + SHINGLE]) for n in range(len(words) - SHINGLE + 1)}
    hashed = {int.from_bytes(blake2b(run.encode(), digest_size=6, key=key).digest(), "big") for run in runs}
    return frozenset(sorted(hashed)[:KEPT])


def alike(one: frozenset[int], other: frozenset[int]) -> bool:
    """Whether two texts share at least seven tenths of their runs, judged by the smallest prints of both together."""
    if min(len(one), len(other)) < FEWEST:
        return False
    together = sorted(one | other)[:KEPT]
    return sum(p in one and p in other for p in together) >= ALIKE_FROM * len(together)


def possible_coerced_entry(history: History) -> Hit | None:
    """Both partners' forms from one device within 15 minutes, or nearly the same words within a week. The practice's own
    devices leave no mark, and what the desk enters is not looked at."""
    now, arranged = history.now, history.arranged
    if now.at_desk:
        return None
    rows = []
    if now.device and any(d == now.device and abs(now.at - at) <= TOGETHER for at, d in arranged.devices):
        words = "Sent from the same device as the other partner’s, within 15 minutes"
        rows.append(Evidence(now.id, now.at, "form", words))
    if any(abs(now.at - at) <= WEEK and alike(history.prints, told) for at, told in arranged.prints):
        rows.append(Evidence(now.id, now.at, "form", "Nearly the same words as the other partner’s, within a week"))
    if not rows:
        return None
    return Hit(
        "E06",
        Severity.WATCH,
        "Both partners’ check-ins came from one hand, as it looks. Ask in private whether each could answer freely; raise "
        "it with nobody else.",
        tuple(rows),
        ("A tablet shared at home; a text written together.",),
        from_other=True,
    )


_LINE = "A line on the case page, never a notice; it closes by itself after 28 days."

RULES = (
    Rule(
        "E01", 1, "engagement", "Check-ins are not coming in",
        "Two agreed check-ins in a row were let go. A pause that was set is not a miss. Found by the clock.",
        "A holiday; a lost phone.",
        "Two check-ins and 14 days with answers; 28 days and a counselor’s look once it was elevated.",
        ("G22", "X4"), "L2>L3", "drop-out as an early sign in routine outcome monitoring", not_by_check_in,
        weighs="Watch; elevated where an elevated flag or high distress was open.",
        shows="The days that passed without an answer.",
        swept=missed,
    ),
    Rule(
        "E02", 1, "engagement", "Silence after an urgent flag",
        "No check-in, sign-in or contact by staff within 24 hours of an urgent flag; or one that was due today and has "
        "not been marked as seen. Found by the clock.",
        "A call that was made but not entered.",
        "Only a named person closes it, with a reason and what was done; another one looks again.",
        ("X1",), "L4", "follow-up calls (Stanley et al. 2018)", not_by_check_in,
        weighs="Urgent, now.",
        shows="Which flag it is, and since when nothing was heard.",
        swept=silence_after_safety,
    ),
    Rule(
        "E03", 1, "engagement", "Thin answers",
        "A form filled in within 12 seconds, four forms in a row alike in every answer and without words, or the "
        "safety question skipped twice in a row. What the desk enters is not looked at.",
        "Weeks that truly were alike.",
        _LINE,
        ("X6",), "L1", "satisficing (Krosnick 1991)", thin_answers,
        line_only=True,
        weighs="Info: a line on the case page, never a notice.",
        shows="The time taken, the forms that are alike, or the two skips.",
    ),
    Rule(
        "E04", 1, "engagement", "No contact for four weeks",
        "At least 28 days in a row in which every check-in tells of no contact at all.",
        "Contact through lawyers only.",
        "Closes by itself after 28 days.",
        ("X3", "X4"), "L1", "ambiguous separation (Crabtree & Harris 2020)", no_contact_phase,
        weighs="Info.",
        shows="The check-ins without contact.",
    ),
    Rule(
        "E05", 1, "engagement", "Many more check-ins than planned",
        "More than three check-ins beyond the plan within seven days. Not in the first week; those that tell of danger "
        "are not counted.",
        "A busy week, or interest in something new.",
        "Two check-ins and 14 days without it.",
        ("G21", "G22"), "L2", "rumination and reassurance seeking", checking_the_site,
        weighs="Watch.",
        shows="When they were sent.",
    ),
    Rule(
        "E06", 1, "engagement", "Both forms from one hand, as it looks",
        "Both partners’ check-ins from one device within 15 minutes, or nearly the same words within a week. The "
        "practice’s own devices, and what the desk enters, are not looked at. For the counselor alone.",
        "A tablet shared at home; a text written together.",
        "28 days without it and a counselor’s look.",
        ("X1",), "L3", "coercive control", possible_coerced_entry,
        weighs="Watch.",
        shows="That it happened, and when. Nothing of the other form.",
    ),
)  # fmt: skip
