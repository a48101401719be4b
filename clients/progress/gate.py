"""Is this a time to talk about the problems between two people? A gate with memory (progress maths, 3.4).

Four states, and what is said to them: "no_data" too little known, "wait" not now, "try_small" a small step,
"go" room to talk. Entering "no_data" or "wait" is immediate. Leaving "wait" takes two contact check-ins in a
row that would allow it, or one that reports a talk the partner began or that ended well. An open safety flag
means "wait" whatever else is known. Children, money, law and safety have their own channel; the gate does not
concern them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from clients.progress.level import Level, levels, step
from clients.progress.shift import Shift, recent_fall, scan

State = Literal["no_data", "wait", "try_small", "go"]


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk about problems (c7): who began it, and how it ended from 0 (tense, went on) to 4 (real give and
    take); None where skipped."""

    began: Literal["me", "partner", "both"] | None
    ended: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What the gate reads of one check-in: its day, warmth and tension (0 to 100, None if missing), the talk
    reported, and whether the partner asked for space. One with tension is a contact check-in."""

    day: float
    w: float | None = None
    t: float | None = None
    talk: Talk | None = None
    space: bool = False


class Told(Protocol):
    """What `Entry` tells, whoever tells it."""

    @property
    def day(self) -> float: ...
    @property
    def w(self) -> float | None: ...
    @property
    def t(self) -> float | None: ...
    @property
    def talk(self) -> Talk | None: ...
    @property
    def space(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground or one thing asked for, as a code for the words, with what it rests on.

    `day`: of the check-in or event it comes from. `value` against `bar`: what was found and what is asked
    (points, a count, days, or an ending, by code). `until`: the last day it holds, where time alone clears
    it. `holds`: False where it is asked for and not there.
    """

    code: str
    day: float | None = None
    value: float | None = None
    bar: float | None = None
    until: float | None = None
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Gate:
    """The state on the day asked for.

    `since`: the evaluated day on which it was entered. `because`: what decides it. `lacking`: what the next
    better state still needs; empty at "go". `states`: (day, state) of every evaluated day (check-ins, safety
    flags, the partner's answers), the day asked for last.

    Codes of grounds: few_contacts, silent; safety_open, tension_high, talk_ended_badly, space_asked,
    warmth_fell, partner_not_now. Of things asked for: tension_low and warmth_enough for a small step;
    two_talks, talk_ended_well, warmth_held_after_talk, tension_surely_low for "go"; second_check_in for
    leaving "wait". partner_not_now comes from the partner's own form and is for the counselor alone.
    """

    state: State
    since: float
    because: tuple[Reason, ...]
    lacking: tuple[Reason, ...]
    states: tuple[tuple[float, State], ...]
    met: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """What the gate carries from one evaluated day to the next: its state, since when, and how many contact check-ins
    in a row would have allowed leaving "wait"."""

    state: State
    since: float
    met: int


def readiness(
    entries: Iterable[Entry],
    *,
    at: float,
    safety: Iterable[tuple[float, float | None]] = (),
    partner_ready: Iterable[tuple[float, str]] = (),
) -> Gate:
    """The gate on day `at`, from the check-ins up to then in order of time.

    `safety`: (opened, closed or None) of every safety flag. `partner_ready`: (day, answer) to "Ready to talk
    about problems?" on the partner's form, where "not_now" holds for 28 days or until the next answer; leave
    it out for any page the client sees. All days are floats of one origin.
    """
    entries = [entry for entry in entries if entry.day <= at]
    warmth = [(entry.day, entry.w) for entry in entries]
    record = _Record(
        entries,
        levels(warmth),
        levels((entry.day, entry.t) for entry in entries),
        scan(warmth),
        [(opened, closed) for opened, closed in safety if opened <= at],
        sorted((day, answer) for day, answer in partner_ready if day <= at),
    )
    return _walk(record, None, record.days_to_evaluate(at))


def resume(
    memory: Memory | None,
    entries: Sequence[Told],
    warmth: Sequence[Level | None],
    tension: Sequence[Level | None],
    *,
    shifts: Iterable[Shift],
    after: float,
    at: float,
    safety: Iterable[tuple[float, float | None]] = (),
) -> Gate:
    """The same gate, gone on with: from what it remembers of day `after` to day `at`.

    `entries`: at least the check-ins of the 42 days before `after` and all since, with the levels after each;
    `shifts`: the last confirmed shift of warmth. `states` holds the days evaluated here only.
    """
    record = _Record(entries, warmth, tension, list(shifts), [s for s in safety if s[0] <= at], [])
    days = [day for day in record.days_to_evaluate(at) if day > after or day == at]
    return _walk(record, memory, days)


def _walk(record: "_Record", memory: Memory | None, days: Sequence[float]) -> Gate:
    contacts = {entry.day: entry for entry in record.entries if entry.t is not None}
    states: list[tuple[float, State]] = []
    state: State = memory.state if memory else "no_data"
    since, met = (memory.since, memory.met) if memory else (days[0], 0)
    because: list[Reason] = []
    lacking: list[Reason] = []
    for day in days:
        allowed, because, lacking = record.evaluate(day)
        if state == "wait" and allowed in ("try_small", "go"):
            met += day in contacts
            if met < 2 and not (day in contacts and _loosens(contacts[day].talk)):
                allowed = "wait"
                because = lacking = [Reason("second_check_in", value=met, bar=2, holds=False)]
        else:
            met = 0
        if allowed != state or (memory is None and not states):
            state, since = allowed, day
        states.append((day, state))
    return Gate(state, since, tuple(because), tuple(lacking), tuple(states), met)


def _loosens(talk: Talk | None) -> bool:
    return talk is not None and (talk.began == "partner" or (talk.ended is not None and talk.ended >= 3))


class _Record:
    """The history up to a day, with its levels and shifts worked out once. Nothing older than 42 days is asked of it."""

    def __init__(
        self,
        entries: Sequence[Told],
        warmth: Sequence[Level | None],
        tension: Sequence[Level | None],
        shifts: Sequence[Shift],
        safety: Sequence[tuple[float, float | None]],
        answers: Sequence[tuple[float, str]],
    ) -> None:
        self.entries, self.safety, self.answers = entries, safety, answers
        self.days = [entry.day for entry in entries]
        self.warmth, self.tension, self.shifts = warmth, tension, shifts

    def days_to_evaluate(self, at: float) -> list[float]:
        return sorted({*self.days, *(day for day, _ in self.safety), *(day for day, _ in self.answers), at})

    def evaluate(self, day: float) -> tuple[State, list[Reason], list[Reason]]:
        """The state this day would allow without memory, what decides it, and what the next one lacks."""
        past = bisect_right(self.days, day)
        recent = self.entries[bisect_left(self.days, day - 42) : past]
        unsafe = [
            Reason("safety_open", day=opened)
            for opened, closed in self.safety
            if opened <= day and (closed is None or closed > day)
        ]
        unknown = self._unknown(day, past)
        tension, warmth = (self.tension[past - 1], self.warmth[past - 1]) if past else (None, None)
        if unknown or tension is None:
            return ("wait", unsafe, unsafe + unknown) if unsafe else ("no_data", unknown, unknown)

        against = unsafe + self._against(day, recent, tension)
        small = _for_small(tension, warmth)
        not_small = [reason for reason in small if not reason.holds]
        go = _for_go(recent, step(tension, day, None))
        not_go = [reason for reason in go if not reason.holds]
        if against or (not_go and not_small):
            settle = Reason("second_check_in", value=0, bar=2, holds=False)
            return "wait", against or not_small, [*against, *not_small, settle]
        return ("try_small", small, not_go) if not_go else ("go", go, [])

    def _unknown(self, day: float, past: int) -> list[Reason]:
        contacts = [entry.day for entry in self.entries[:past] if entry.t is not None]
        recent = sum(day - 28 <= contact for contact in contacts)
        found = []
        if recent < 3:
            found.append(Reason("few_contacts", value=recent, bar=3))
        if contacts and contacts[-1] < day - 21:
            found.append(Reason("silent", day=contacts[-1], value=day - contacts[-1], bar=21))
        return found

    def _against(self, day: float, recent: Sequence[Told], tension: Level) -> list[Reason]:
        found = []
        if tension.mean >= 50:
            found.append(Reason("tension_high", tension.day, value=tension.mean, bar=50))
        for entry in reversed(recent):
            if entry.talk and entry.talk.ended is not None:
                if entry.talk.ended <= 1 and entry.day >= day - 14:
                    found.append(Reason("talk_ended_badly", entry.day, entry.talk.ended, 2, entry.day + 14))
                break
        asked = [entry.day for entry in recent if entry.space and entry.day >= day - 14]
        if asked:
            found.append(Reason("space_asked", asked[-1], until=asked[-1] + 14))
        fall = recent_fall(self.shifts, day)
        if fall:
            found.append(Reason("warmth_fell", fall.found, value=fall.delta, until=fall.found + 28))
        said = [answer for answer in self.answers if day - 28 <= answer[0] <= day]
        if said and said[-1][1] == "not_now":
            found.append(Reason("partner_not_now", said[-1][0], until=said[-1][0] + 28))
        return found


def _for_small(tension: Level, warmth: Level | None) -> list[Reason]:
    warm, since = (None, None) if warmth is None else (warmth.mean, warmth.day)
    return [
        Reason("tension_low", tension.day, tension.mean, 40, holds=tension.mean <= 40),
        Reason("warmth_enough", since, warm, 40, holds=warm is not None and warm >= 40),
    ]


def _for_go(recent: Sequence[Told], tension: Level) -> list[Reason]:
    """`recent`: the last 42 days. `tension`: its level carried to the day in question."""
    found = []
    talks = [(i, entry.talk) for i, entry in enumerate(recent) if entry.talk][-2:]
    if len(talks) < 2:
        found.append(Reason("two_talks", value=len(talks), bar=2, holds=False))
    for i, talk in talks:
        day = recent[i].day
        found.append(Reason("talk_ended_well", day, talk.ended, 3, holds=(talk.ended or 0) >= 3))
        before = [entry.w for entry in recent[: i + 1] if entry.w is not None]
        after = [entry.w for entry in recent[i + 1 :] if entry.w is not None]
        if before and after:
            drop = before[-1] - after[0]
            found.append(Reason("warmth_held_after_talk", day, drop, 20, holds=drop < 20))
    upper = tension.mean + tension.half
    found.append(Reason("tension_surely_low", tension.day, upper, 45, holds=upper <= 45))
    return found
