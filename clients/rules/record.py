"""What a rule sees and what it says: frozen values, no framework, no clock.

`History` ends with the check-in that was just sent. Times are aware datetimes; `day` is days as a float from one
fixed origin, the time axis of the progress maths.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import IntEnum
from functools import cached_property
from typing import Literal

from clients.pressure import Finding
from clients.progress import Level, Share, Shift

PRESSING = (
    "push_return",
    "reassurance",
    "pursuit",
    "uninvited",
    "forced_talk",
    "ultimatum",
    "monitoring",
    "leverage",
)
WARM_CHIPS = frozenset({"kind", "memory", "together"})


FRIGHTENING = 4  # p4, the mirrored form's question on contact


class Severity(IntEnum):
    INFO = 1
    WATCH = 2
    ELEVATED = 3
    URGENT = 4


@dataclass(frozen=True, slots=True)
class Act:
    """One of the reporter's own acts in one check-in: ticked (`chip`) or read in the words (`text`)."""

    label: str
    source: Literal["chip", "text"]
    times: int = 1
    partner_first: bool = False
    finding: Finding | None = None
    confirmed: bool = False

    @property
    def sure(self) -> bool:
        """Ticked, or read and confirmed by a counselor. Only these raise a rule above watch (rules.md, Generic)."""
        return self.source == "chip" or self.confirmed

    @property
    def planned(self) -> bool:
        """Meant, not done yet."""
        return self.finding is not None and self.finding.status == "planned"


@dataclass(frozen=True)
class Entry:
    """One check-in as the rules see it. Findings mark spans of `text` and of `aside`.

    What the course stored with it is handed over, never worked out again: `gate` after it, the partner's `share` of
    contacts, `shifts` (the tier that held at it, by index) and `blocks` (last three less the three before)."""

    id: str
    at: datetime
    day: float
    answers: Mapping[str, object]
    safety: frozenset[str] = frozenset()
    danger: Mapping[str, str] = field(default_factory=dict)  # s2: who, safe_now
    safety_skipped: bool = False  # s1 was passed over
    call_me: str = ""  # when it is safe to call, where a call was asked for
    findings: tuple[Finding, ...] = ()
    confirmed: frozenset[tuple[str, int]] = frozenset()  # (label, start) of findings a counselor confirmed
    text: str = ""
    aside_findings: tuple[Finding, ...] = ()  # n1, the line for the next session: read for safety only
    aside: str = ""
    w: float | None = None
    t: float | None = None
    cpi: float | None = None
    d: float | None = None
    levels: Mapping[str, Level] = field(default_factory=dict)
    gate: str = ""
    share: Share | None = None
    shifts: Mapping[str, Shift] = field(default_factory=dict)
    blocks: Mapping[str, float] = field(default_factory=dict)
    on: date | None = None  # the day in the reporter's own zone
    seconds: int | None = None  # from the form being opened to its being sent
    device: str = ""
    at_desk: bool = False  # entered for the client

    @property
    def today(self) -> date:
        return self.on or self.at.date()

    def acts(self, *labels: str) -> tuple[Act, ...]:
        """Own acts with one of these labels, done or planned; a text finding counts only where its chip is not ticked.
        `pursuit` findings that are uninvited count as `uninvited`, the chip's name for it. Asking for the return after
        the partner had brought it up is an event without weight, not an act (`answered_return`)."""
        if not self._own:
            return ()
        wanted = labels or PRESSING
        found = [act for label in wanted for act in self._own if act.source == "chip" and act.label == label]
        return (*found, *(act for act in self._own if act.source == "text" and act.label in wanted))

    @cached_property
    def _own(self) -> tuple[Act, ...]:
        """Every own act, of any label: worked out once for all rules."""
        ticked = self._ticked
        found = [
            Act(label, "chip", count)
            for label, count in ticked.items()
            if not (label == "push_return" and "partner_first" in ticked)
        ]
        for finding in self.findings:
            label = "uninvited" if finding.label == "pursuit" and finding.uninvited else finding.label
            if finding.actor == "client" and finding.status in {"done", "planned"} and label not in ticked:
                sure = (finding.label, finding.start) in self.confirmed
                found.append(Act(label, "text", finding=finding, confirmed=sure))
        return tuple(found)

    @property
    def answered_return(self) -> Act | None:
        """Ticked asking for the return, and that the partner brought it up first."""
        ticked = self._ticked
        if "push_return" not in ticked or "partner_first" not in ticked:
            return None
        return Act("push_return", "chip", ticked["push_return"], partner_first=True)

    @property
    def return_raised(self) -> bool:
        """The partner brought up living together again in the same period: by a chip, or as read in the words."""
        read = any(f.actor == "spouse" and f.status == "done" for f in self.said("raises_return"))
        return read or "return" in self.chips("c4") or "partner_first" in self._ticked

    @cached_property
    def _ticked(self) -> dict[str, int]:
        value = self.answers.get("c8")
        return {act: int(times) for act, times in value.items()} if isinstance(value, Mapping) else {}

    def chips(self, item: str) -> frozenset[str]:
        value = self.answers.get(item)
        return frozenset(value) if isinstance(value, list | tuple) else frozenset()

    def said(self, *labels: str) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.label in labels)

    def number(self, item: str) -> int | None:
        """The answer as a number; None where it was skipped, not asked, or answered in words."""
        value = self.answers.get(item)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def talk(self) -> Mapping[str, object]:
        value = self.answers.get("c7")
        return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True, slots=True)
class SteadyWindow:
    """Row `SteadyWindow` (decisions 24). `opened_by` is a rule id, or "SIGN" for two successive positive chips."""

    opened_at: datetime
    opened_by: str
    ends_at: datetime
    ended_at: datetime | None = None
    moved: bool = False  # it was open already, and is given this later end

    def covers(self, at: datetime) -> bool:
        """Its last day counts; a window ended by a person is over from that moment."""
        return self.opened_at <= at <= self.ends_at and (self.ended_at is None or at < self.ended_at)


@dataclass(frozen=True, slots=True)
class Limit:
    """No contact, for one who must keep away (decisions 2). `scope`: what contact is allowed for all the same."""

    source: Literal["order", "own_wish", "told"]
    scope: frozenset[str] = frozenset()
    since: date | None = None
    until: date | None = None

    def runs(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed with the reporter (decisions 20). `welcome`: the other one told the counselor that it is."""

    kind: str
    since: date | None = None
    until: date | None = None
    per_week: int | None = None
    welcome: bool = False

    def runs(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Said:
    """What the other one said of contact in the mirrored form: p4 (3 too much, 4 frightening), p6, p8, and the acts
    called unwelcome. A rule that rests on it is for the desk alone, and at most watch (decisions 13)."""

    at: datetime
    contact: int | None = None
    wants: str = ""
    ready: str = ""
    unwelcome: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Arranged:
    """What people arranged around the case, as it concerns this reporter."""

    keeps_away: Limit | None = None  # the reporter must keep away
    kept_from: Limit | None = None  # the other one must keep away from the reporter
    agreements: tuple[Agreement, ...] = ()
    phase: str = "separated"
    phase_since: date | None = None
    moved_out: Literal["", "reporter", "other"] = ""
    wish: str = ""  # the reporter's own, as last told
    wish_on: date | None = None
    mutes: frozenset[str] = frozenset()
    said: tuple[Said, ...] = ()  # by the other one, oldest first
    devices: tuple[tuple[datetime, str], ...] = ()  # where the other one's last check-ins came from
    prints: tuple[tuple[datetime, frozenset[int]], ...] = ()  # of the other one's last texts (engagement.prints)


@dataclass(frozen=True, slots=True)
class Raised:
    """A flag as it stood before this check-in: live, or closed within 90 days. `own`: raised for this reporter."""

    rule: str
    severity: int
    opened_at: datetime
    last_at: datetime
    closed_at: datetime | None = None
    reason: str = ""
    own: bool = True

    @property
    def live(self) -> bool:
        return self.closed_at is None

    @property
    def safety(self) -> bool:
        return self.rule.startswith("S")


def frightens(
    safety: Collection[str], danger: Mapping[str, str], findings: Iterable[Finding], answers: Mapping[str, object]
) -> bool:
    """Whether one check-in tells that its reporter is afraid or was hurt. Where it is not told who was hurt by whom, it
    does; so does contact called frightening in the mirrored form."""
    return (
        "afraid" in safety
        or ("hurt" in safety and danger.get("who") != "by_me")
        or any(f.label == "violence" and f.actor == "spouse" for f in findings)
        or answers.get("p4") == FRIGHTENING
    )


@dataclass(frozen=True)
class History:
    """One reporter's record up to and including the check-in just sent. `before` counts check-ins ever sent before
    it, also those out of view; `first_day` is the day of the very first. `confirmed`: the last confirmed shift of each
    index, however long ago. `name` and `other` only fill sentences.

    `danger` is filled in by `evaluate`: the safety rules that hold for this very check-in."""

    entries: tuple[Entry, ...]
    before: int
    windows: tuple[SteadyWindow, ...] = ()
    name: str = "The client"
    other: str = "the partner"
    arranged: Arranged = Arranged()
    flags: tuple[Raised, ...] = ()
    confirmed: Mapping[str, Shift] = field(default_factory=dict)
    first_day: float | None = None
    interval: int = 7  # days between check-ins, as planned
    danger: frozenset[str] = frozenset()
    prints: frozenset[int] = frozenset()  # of the words of this check-in, where the other one's are known

    @property
    def now(self) -> Entry:
        return self.entries[-1]

    @property
    def last_time(self) -> Entry | None:
        """The check-in before this one."""
        return self.entries[-2] if len(self.entries) > 1 else None

    @property
    def gap(self) -> float:
        """Days that this check-in speaks of; the first one asks about seven."""
        return self.now.day - self.last_time.day if self.last_time else 7.0

    @property
    def gate_before(self) -> str:
        """Where the gate stood when what is told now was done: as the check-in before left it."""
        return self.last_time.gate if self.last_time else ""

    def since(self, days: float) -> tuple[Entry, ...]:
        return self.entries[bisect_left(self.entries, self.now.at - timedelta(days=days), key=_sent) :]

    def last(self, count: int) -> tuple[Entry, ...]:
        return self.entries[-count:]

    def gaps(self, recent: tuple[Entry, ...]) -> list[float]:
        """The days that each of the newest entries speaks of; the first check-in asks about seven."""
        start = len(self.entries) - len(recent)
        days = [self.entries[start - 1].day if start else recent[0].day - 7.0, *(e.day for e in recent)]
        return [later - earlier for earlier, later in zip(days, days[1:], strict=False)]

    def gates(self, recent: tuple[Entry, ...]) -> list[str]:
        """Where the gate stood before each of the newest entries: when what they tell was done."""
        start = len(self.entries) - len(recent)
        return [self.entries[start - 1].gate if start else "", *(e.gate for e in recent[:-1])]

    @property
    def window(self) -> SteadyWindow | None:
        return next((w for w in reversed(self.windows) if w.covers(self.now.at)), None)

    @cached_property
    def frightened(self) -> bool:
        """The shared guard of decisions 3: afraid or hurt within 90 days; then nobody is read as pressing."""
        return any(frightens(e.safety, e.danger, (*e.findings, *e.aside_findings), e.answers) for e in self.since(90))

    @cached_property
    def unsafe(self) -> bool:
        """A safety flag on the case within 90 days, whoever it is about, or danger told by the reporter."""
        start = self.now.at - timedelta(days=90)
        return (
            bool(self.danger)
            or self.frightened
            or any(f.safety and (f.closed_at is None or f.closed_at >= start or f.last_at >= start) for f in self.flags)
        )

    def live(self, *rules: str) -> tuple[Raised, ...]:
        """The reporter's live flags of these rules; of all, where none is named."""
        return tuple(f for f in self.flags if f.own and f.live and (not rules or f.rule in rules))

    def raised(self, rule: str) -> Raised | None:
        """The reporter's newest flag of a rule, live or closed within 90 days."""
        return max((f for f in self.flags if f.own and f.rule == rule), key=lambda f: f.opened_at, default=None)

    def agreed(self, kind: str) -> Agreement | None:
        """An agreement of that kind that runs today. Where the reporter must keep away, none excuses contact."""
        today = self.now.today
        if self.arranged.keeps_away is not None and self.arranged.keeps_away.runs(today):
            return None
        return next((a for a in self.arranged.agreements if a.kind == kind and a.runs(today)), None)

    @cached_property
    def band(self) -> tuple[float, float] | None:
        """The 80 % interval of the partner's share of contacts, where enough is known to speak of it."""
        share = self.now.share
        return share.interval() if share is not None and share.enough else None

    @property
    def wish(self) -> str:
        """What the reporter wants, as told last: here, or as carried on the case."""
        return next(
            (str(e.answers["wish"]) for e in reversed(self.since(90)) if e.answers.get("wish") not in (None, "skip")),
            self.arranged.wish,
        )


def _sent(entry: Entry) -> datetime:
    return entry.at


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a flag rests: the check-in, the item, what was said in words, and the span for quoted text."""

    entry: str
    at: datetime
    item: str
    words: str
    label: str = ""
    start: int | None = None
    end: int | None = None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that holds for the check-in just sent. `speed` is how fast a safety hit is answered; `head` the rule whose
    card takes this hit in. `ends_at`: when it closes by itself because its date has passed (`asks` is then asked)."""

    rule: str
    severity: Severity
    sentence: str
    evidence: tuple[Evidence, ...]
    against: tuple[str, ...] = ()
    speed: Literal["", "now", "today"] = ""
    head: str = ""
    ends_at: datetime | None = None
    asks: str = ""
    from_other: bool = False  # it rests on what the other one reports: for the desk alone, in nobody's copy

    def joined(self, other: "Hit") -> "Hit":
        """One card for two hits of the same rule."""
        return replace(self, severity=max(self.severity, other.severity), evidence=self.evidence + other.evidence)


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of the catalogue (rules.md). `name` is reported behaviour (decisions 34); `trigger`, `against` and
    `clears` are what a counselor reads under "Why this flag?"."""

    id: str
    version: int
    family: Literal["conduct", "signs", "interactions", "engagement", "wellbeing", "safety"]
    name: str
    trigger: str
    against: str
    clears: str
    guidance: tuple[str, ...]
    lifecycle: str
    literature: str
    check: Callable[[History], Hit | None]
    line_only: bool = False  # a line on the case page, never a notice (decisions 25)
    weighs: str = ""  # its severity in words
    shows: str = ""  # the evidence a card carries
    swept: "Callable[[Standing, datetime], Hit | None] | None" = None  # for what the clock finds, not a check-in

    @property
    def safety(self) -> bool:
        """Only a named person closes it; it is never muted, put off, counted against a budget or cleared by time."""
        return self.lifecycle == "L4"


def not_by_check_in(history: History) -> None:
    """The `check` of a rule that only the sweep finds."""


@dataclass(frozen=True, slots=True)
class Urgent:
    """An open urgent flag as the clock sees it. `since`: its newest evidence; `due`: by when it is to be seen."""

    rule: str
    name: str
    since: datetime
    speed: Literal["now", "today"] = "now"
    due: datetime | None = None
    seen_at: datetime | None = None
    entry: str = ""

    @property
    def waits_for_answer(self) -> bool:
        """Not itself a word about waiting, which would go on about itself."""
        return self.rule not in {"S08", "E02"}


@dataclass(frozen=True, slots=True)
class Standing:
    """One reporter while nothing is being sent: what the rules see that speak of time that passed.

    `missed`: the prompts that were let go since the last check-in, oldest first; those in an agreed pause are none.
    `told`: the newest evidence of each rule's last flag of this reporter, so that the sweep says nothing twice."""

    today: date  # in the reporter's own zone
    name: str = "The client"
    other: str = "the partner"
    missed: tuple[datetime, ...] = ()
    last_check_in: datetime | None = None
    last_sign_in: datetime | None = None
    last_staff: datetime | None = None  # a note, a call, a screening with this person
    urgent: tuple[Urgent, ...] = ()
    elevated_open: bool = False
    d: float | None = None  # the level of distress
    leaning_since: date | None = None  # since when the reporter wants to live together again
    warmed_on: date | None = None  # the last confirmed warming
    review_on: date | None = None  # the agreed day to look at the waiting again
    phase: str = "separated"
    told: Mapping[str, datetime] = field(default_factory=dict)

    def news(self, rule: str, since: datetime) -> bool:
        """Whether the rule has not spoken since then."""
        last = self.told.get(rule)
        return last is None or last < since

    def staff_after(self, moment: datetime) -> bool:
        return self.last_staff is not None and self.last_staff > moment


# The three lanes of marks in the conduct ledger (decisions 38); controlling never averages away.
LANES: dict[str, Literal["asking", "chasing", "controlling"]] = {
    "push_return": "asking", "reassurance": "asking", "forced_talk": "asking", "overreading": "asking",
    "pursuit": "chasing", "uninvited": "chasing",
    "ultimatum": "controlling", "monitoring": "controlling", "leverage": "controlling",
}  # fmt: skip
CHIP_WORDS = {
    "push_return": "asked or hinted about living together again",
    "reassurance": "asked how {other} feels",
    "pursuit": "kept writing or calling without a reply",
    "uninvited": "went to see {other} without it being agreed",
    "forced_talk": "brought up problems when {other} did not want to",
    "ultimatum": "gave a deadline or condition",
    "monitoring": "checked {other}'s phone, accounts or location",
    "leverage": "asked children, family or friends to speak to {other} or find things out",
}
_ROWS: dict[int | None, str] = {4: "4–5", 6: "6–7", 8: "8–10", 11: "11 or more"}
# The same acts while they are only meant: "plans ..."
PLAN_WORDS = {
    "push_return": "to ask about living together again",
    "reassurance": "to ask how {other} feels",
    "pursuit": "to keep writing or calling without a reply",
    "uninvited": "to go and see {other} without it being agreed",
    "forced_talk": "to bring up problems when {other} does not want to",
    "ultimatum": "to give a deadline or condition",
    "monitoring": "to check {other}'s phone, accounts or location",
    "leverage": "to ask children, family or friends to speak to {other} or find things out",
}


def cite(history: History, entry: Entry, acts: tuple[Act, ...]) -> tuple[Evidence, ...]:
    """Evidence rows for own acts of one check-in."""
    rows = []
    for act in acts:
        if act.finding is None:
            words = f"Ticked: {CHIP_WORDS[act.label].format(other=history.other)}"
            words += f" ({'once' if act.times == 1 else 'more than once'})"
            words += f"; {history.other} brought it up first" if act.partner_first else ""
            rows.append(Evidence(entry.id, entry.at, "c8", words, act.label))
        else:
            rows.append(cite_words(entry, act.finding, label=act.label, sure=act.sure))
    return tuple(rows)


def cite_words(entry: Entry, finding: Finding, *, label: str = "", sure: bool = False, item: str = "t1") -> Evidence:
    words = (entry.text if item == "t1" else entry.aside)[finding.start : finding.end]
    return Evidence(entry.id, entry.at, item, words, label or finding.label, finding.start, finding.end, sure)


SETBACKS = {
    "over": "{other} said it is over",
    "someone_else": "{other} is seeing someone else",
    "heard_over": "heard that it is over or that {other} is seeing someone",
}


def cite_setbacks(history: History, entry: Entry) -> tuple[Evidence, ...]:
    """Evidence for setbacks of one check-in, ticked or read in the words. Ticked before they are read."""
    ticked = sorted(entry.chips("c4") & SETBACKS.keys())
    rows = [
        Evidence(entry.id, entry.at, "c4", f"Ticked: {SETBACKS[c].format(other=history.other)}", "setback")
        for c in ticked
    ]
    for finding in entry.said("setback"):
        if finding.actor == "spouse" and finding.status == "done":
            sure = (finding.label, finding.start) in entry.confirmed
            rows.append(cite_words(entry, finding, sure=sure))
    return tuple(rows)


def cite_score(entry: Entry, item: str, name: str, value: float) -> Evidence:
    return Evidence(entry.id, entry.at, item, f"{name} {value:.0f} of 100", name.lower())


def cite_count(entry: Entry, item: str, words: str) -> tuple[Evidence, ...]:
    """Evidence for an answer that is a row of counts."""
    value = entry.number(item)
    return (Evidence(entry.id, entry.at, item, f"{words}: {_ROWS.get(value, value)}"),) if value is not None else ()


def weekly(entries: tuple[Entry, ...], gaps: list[float], item: str = "c1") -> float | None:
    """Contacts a week at the last of these entries, over as many as it takes to cover seven days. The rows hold lower
    bounds, so it is "at least"."""
    total, days = 0, 0.0
    for entry, gap in zip(reversed(entries), reversed(gaps), strict=True):
        count = entry.number(item)
        if count is None:
            break
        total, days = total + count, days + gap
        if days >= 7:
            break
    return total * 7 / max(days, 7.0) if days else None


def times(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def spoken(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


AGREED_WORDS = {
    "contact_rate": "how often to write or call", "visits": "visits and handovers", "location": "a shared location",
    "messenger": "who may carry messages", "talks": "talks about problems",
}  # fmt: skip


def as_agreed(history: History, hit: Hit, kind: str, *, a_week: float | None = None) -> Hit:
    """The same hit, filed as information where it is agreed and the other one welcomes it (decisions 20). An agreement
    that nobody but the reporter is known to welcome, or a rate that is passed, stands beside it as said."""
    agreement = history.agreed(kind)
    if agreement is None:
        return hit
    since = f" since {spoken(agreement.since)}" if agreement.since else ""
    words = f"Agreed{since}: {AGREED_WORDS[kind]}"
    if agreement.per_week is not None:
        words += f", at most {times(agreement.per_week, 'time')} a week"
    if agreement.per_week is not None and a_week is not None and a_week > agreement.per_week:
        return replace(hit, against=(*hit.against, f"{words}. What is told here is more."))
    if not agreement.welcome:
        words += f". That {history.other} welcomes it is not recorded."
        return replace(hit, against=(*hit.against, words))
    words += f", and {history.other} welcomes it."
    return replace(hit, severity=Severity.INFO, sentence=f"Agreed: {hit.sentence}", against=(*hit.against, words))
