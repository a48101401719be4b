"""What a rule sees and what it says: frozen values, no framework, no clock.

`History` ends with the check-in that was just sent. Times are aware datetimes; `day` is days as a float from one
fixed origin, the time axis of the progress maths.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Literal

from clients.pressure import Finding
from clients.progress import Level

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


@dataclass(frozen=True, slots=True)
class Entry:
    """One check-in as the rules see it. Findings mark spans of `text` and of `aside`."""

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

    def acts(self, *labels: str) -> tuple[Act, ...]:
        """Own acts with one of these labels, done or planned; a text finding counts only where its chip is not ticked.
        `pursuit` findings that are uninvited count as `uninvited`, the chip's name for it. Asking for the return after
        the partner had brought it up is an event without weight, not an act (`answered_return`)."""
        wanted = labels or PRESSING
        ticked = self._ticked
        found = [
            Act(label, "chip", ticked[label])
            for label in wanted
            if label in ticked and not (label == "push_return" and "partner_first" in ticked)
        ]
        for finding in self.findings:
            label = "uninvited" if finding.label == "pursuit" and finding.uninvited else finding.label
            counts = finding.actor == "client" and finding.status in {"done", "planned"}
            if counts and label in wanted and label not in ticked:
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

    @property
    def _ticked(self) -> dict[str, int]:
        value = self.answers.get("c8")
        return {act: int(times) for act, times in value.items()} if isinstance(value, Mapping) else {}

    def chips(self, item: str) -> frozenset[str]:
        value = self.answers.get(item)
        return frozenset(value) if isinstance(value, list | tuple) else frozenset()

    def said(self, *labels: str) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.label in labels)

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
class History:
    """One reporter's record up to and including the check-in just sent. `before` counts check-ins ever sent before
    it, also those out of view. `name` and `other` only fill sentences."""

    entries: tuple[Entry, ...]
    before: int
    windows: tuple[SteadyWindow, ...] = ()
    name: str = "The client"
    other: str = "the partner"

    @property
    def now(self) -> Entry:
        return self.entries[-1]

    def since(self, days: float) -> tuple[Entry, ...]:
        start = self.now.at - timedelta(days=days)
        return tuple(e for e in self.entries if e.at >= start)

    def last(self, count: int) -> tuple[Entry, ...]:
        return self.entries[-count:]

    @property
    def window(self) -> SteadyWindow | None:
        return next((w for w in reversed(self.windows) if w.covers(self.now.at)), None)

    @property
    def frightened(self) -> bool:
        """The shared guard of decisions 3: afraid or hurt within 90 days; then nobody is read as pressing. Where it is
        not told who was hurt by whom, the guard holds."""
        return any(
            "afraid" in e.safety
            or ("hurt" in e.safety and e.danger.get("who") != "by_me")
            or any(f.label == "violence" and f.actor == "spouse" for f in (*e.findings, *e.aside_findings))
            for e in self.since(90)
        )

    def points(self, index: Literal["w", "t", "cpi", "d"]) -> list[tuple[float, float]]:
        return [(e.day, value) for e in self.entries if (value := getattr(e, index)) is not None]


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
    card takes this hit in."""

    rule: str
    severity: Severity
    sentence: str
    evidence: tuple[Evidence, ...]
    against: tuple[str, ...] = ()
    speed: Literal["", "now", "today"] = ""
    head: str = ""

    def joined(self, other: "Hit") -> "Hit":
        """One card for two hits of the same rule."""
        return replace(self, severity=max(self.severity, other.severity), evidence=self.evidence + other.evidence)


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of the catalogue (rules.md). `name` is reported behaviour (decisions 34); `trigger`, `against` and
    `clears` are what a counselor reads under "Why this flag?"."""

    id: str
    version: int
    family: Literal["conduct", "signs", "wellbeing", "safety"]
    name: str
    trigger: str
    against: str
    clears: str
    guidance: tuple[str, ...]
    lifecycle: str
    literature: str
    check: Callable[[History], Hit | None]

    @property
    def safety(self) -> bool:
        return self.family == "safety"


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
