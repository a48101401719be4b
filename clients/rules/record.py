"""What a rule sees and what it says: frozen values, no framework, no clock.

`History` ends with the check-in that was just sent. Times are aware datetimes; `day` is days as a float from one
fixed origin, the time axis of the progress maths.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
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

    @property
    def window(self) -> SteadyWindow | None:
        return next((w for w in reversed(self.windows) if w.covers(self.now.at)), None)

    @cached_property
    def frightened(self) -> bool:
        """The shared guard of decisions 3: afraid or hurt within 90 days; then nobody is read as pressing. Where it is
        not told who was hurt by whom, the guard holds."""
        return any(
            "afraid" in e.safety
            or ("hurt" in e.safety and e.danger.get("who") != "by_me")
            or any(f.label == "violence" and f.actor == "spouse" for f in (*e.findings, *e.aside_findings))
            for e in self.since(90)
        )

    @cached_property
    def unsafe(self) -> bool:
        """A safety flag on the case within 90 days, whoever it is about, or danger in this very check-in."""
        start = self.now.at - timedelta(days=90)
        return bool(self.danger) or any(
            f.safety and (f.closed_at is None or f.closed_at >= start or f.last_at >= start) for f in self.flags
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

    def points(self, index: Literal["w", "t", "cpi", "d"]) -> list[tuple[float, float]]:
        """Every score of an index in view. Rules keep to `since` and `last`; what is left of the series is stored."""
        return [(e.day, value) for e in self.entries if (value := getattr(e, index)) is not None]


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

    @property
    def safety(self) -> bool:
        return self.family == "safety" or self.lifecycle == "L4"


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


def cite_score(entry: Entry, item: str, name: str, value: float) -> Evidence:
    return Evidence(entry.id, entry.at, item, f"{name} {value:.0f} of 100", name.lower())


def times(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
