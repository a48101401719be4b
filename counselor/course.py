"""Where one reporter's course stands, in the words of the desk. Pure: the stored state, some rows and a moment decide.

Words only observe: nothing here says how likely anything is, why something moved, or what will come.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from clients import instrument
from clients.progress import Direction, Lack, Reason, Shift, direction
from clients.progress import course as maths
from clients.progress.shift import block_change, recent_fall
from clients.progress.track import Statement, grounds, short, stale

Words = Callable[[datetime], str]  # a day in the zone of the person who looks

GATE: Final = {
    "wait": ("watch", "Not now"),
    "try_small": ("info", "A small step"),
    "go": ("steady", "Room to talk"),
    "no_data": ("quiet", "Too little known"),
}
INDEX: Final = {"w": "Warmth", "t": "Tension", "cpi": "Own pressing", "d": "Distress"}
BETTER: Final = {"w": 1, "t": -1, "cpi": -1, "d": -1}
WAYS: Final = {"rising": "rising", "falling": "falling", "steady": "about the same", "unclear": "too uneven to say"}
TWO_WEEKS: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said: under a name, in words, and whether there is not enough data to say it."""

    name: str
    words: str
    too_few: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """One entry that decides, or one thing that would change it; `href` leads to the check-in where it is shown."""

    words: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    mark: str
    word: str
    since: str
    because: tuple[Ground, ...]
    lacking: tuple[Ground, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One of the things that stood side by side."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Before:
    """The two weeks before a shift: what was, not why."""

    title: str
    span: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    name: str
    other: str
    gate: Gate
    initiative: Line
    directions: tuple[Line, ...]
    shifts: tuple[Line, ...]
    track: tuple[str, ...]
    track_few: str
    good: str
    held: str
    stale: str
    before: Before | None


@dataclass(frozen=True, slots=True)
class Row:
    """A check-in as these words need it: when, its id, answers and stored course."""

    at: datetime
    id: str
    answers: Mapping[str, Any]
    course: Mapping[str, Any]


def when(day: float) -> datetime:
    return datetime.fromtimestamp(day * 86_400, tz=UTC)


def too_few(lack: Lack) -> str:
    """The one sentence for it, everywhere. Where the count is there and only the days are missing, it says so."""
    if lack.have >= lack.need:
        return f"not enough data yet ({lack.span:.0f} of {lack.need_span:.0f} days)"
    return f"not enough data yet ({lack.have} of {lack.need})"


def improvement(state: maths.State) -> tuple[str, Shift] | None:
    """The confirmed shift for the better that stands: warmth up, else the newer of tension or distress down."""
    found = [
        (index, series.confirmed)
        for index, series in state.series.items()
        if index != "cpi" and series.confirmed and series.confirmed.delta * BETTER[index] > 0
    ]
    return max(found, key=lambda pair: (pair[0] == "w", pair[1].onset), default=None)


def before_span(shift: Shift) -> tuple[datetime, datetime]:
    """The two weeks up to the first score after the shift."""
    return when(shift.onset) - TWO_WEEKS, when(shift.onset)


def standing(
    state: maths.State,
    *,
    now: datetime,
    day: Words,
    name: str,
    other: str,
    interval: int,
    safety: Iterable[tuple[float, float | None]],
    held_until: datetime | None,
    recent: Sequence[Row],
    before: Before | None,
    anchors: Mapping[float, str],
) -> Standing:
    """`recent`: check-ins of the last 42 days. `anchors`: day of a check-in -> the address of its entry."""
    today = max(now.timestamp() / 86_400, state.last)
    held = held_until is not None and held_until > now
    fresh = not state.count or not stale(state.last, interval, today)
    return Standing(
        name=name,
        other=other,
        gate=_gate(state, today, safety, day, other, anchors),
        initiative=_initiative(state, today, other),
        directions=tuple(_direction(state, index, today, held) for index in ("w", "cpi", "d")),
        shifts=tuple(_shifts(state, recent, day, held)),
        **_track(state, today, held),
        good=_good(recent, now, other),
        held="Own conduct is not scored while a fear or a hurt is recent: held, safety first. "
        "Acts stay in the lanes as plain history."
        if held
        else "",
        stale="" if fresh else f"The last check-in came on {day(when(state.last))}; what follows is as of then.",
        before=before,
    )


def _gate(
    state: maths.State, today: float, safety: Iterable[tuple[float, float | None]], day: Words, other: str,
    anchors: Mapping[float, str],
) -> Gate:  # fmt: skip
    found = maths.gate_at(state, today, safety)

    def grounds_of(reasons: Iterable[Reason]) -> tuple[Ground, ...]:
        said = {_ground(reason, day, other): anchors.get(reason.day or 0.0, "") for reason in reasons}
        return tuple(Ground(words, href) for words, href in said.items())

    mark, word = GATE[found.state]
    because = grounds_of(found.because)
    lacking = tuple(g for g in grounds_of(found.lacking) if g.words not in {b.words for b in because})
    changes = tuple(_change(reason, day, other) for reason in found.because if found.state in {"wait", "no_data"})
    ways = dict.fromkeys([*(w for w in changes if w), *(g.words for g in lacking)])
    since = day(when(found.since)) if state.gate and found.state != "no_data" else ""
    return Gate(mark, word, since, because, tuple(Ground(words) for words in ways))


def _ground(reason: Reason, day: Words, other: str) -> str:
    """What decides, or what is still asked for."""
    on = day(when(reason.day)) if reason.day else ""
    have = int(reason.value or 0)
    match reason.code, reason.holds:
        case "few_contacts", _:
            return f"Check-ins with contact in the last four weeks: not enough data yet ({have} of {reason.bar:.0f})."
        case "silent", _:
            return f"The last check-in with contact was on {on}, more than three weeks ago."
        case "safety_open", _:
            return f"A safety flag is open since {on}."
        case "tension_high", _:
            return f"{other} has seemed tense or pulled back much of the time, up to {on}."
        case "talk_ended_badly", _:
            return f"The last talk about problems, reported on {on}, ended tense."
        case "space_asked", _:
            return f"{other} asked for space or time, reported on {on}."
        case "warmth_fell", _:
            return f"Warmth fell, and the fall has held (seen on {on})."
        case "tension_low", True:
            return f"{other} has mostly seemed at ease, up to {on}."
        case "tension_low", False:
            return f"{other} seeming at ease more of the time."
        case "warmth_enough", True:
            return f"{other} has been friendly enough of late, up to {on}."
        case "warmth_enough", False:
            return (
                f"{other} being friendly more of the time." if reason.value is not None else "Knowing how warm it is."
            )
        case "two_talks", _:
            return f"Two talks about problems within six weeks ({have} of 2 so far)."
        case "talk_ended_well", True:
            return f"The talk reported on {on} ended with give and take."
        case "talk_ended_well", False:
            return f"Talks that end with give and take; the one reported on {on} did not."
        case "warmth_held_after_talk", True:
            return f"It stayed as warm after the talk reported on {on}."
        case "warmth_held_after_talk", False:
            return f"A talk after which it stays warm; after the one reported on {on} it cooled."
        case "tension_surely_low", True:
            return f"{other} has seemed at ease for long enough to be sure of it."
        case "tension_surely_low", False:
            return f"More check-ins in which {other} seems at ease."
        case "second_check_in", _:
            return f"Two check-ins with contact in a row that would allow it ({have} of 2 so far)."
    return reason.code.replace("_", " ")


def _change(reason: Reason, day: Words, other: str) -> str:
    """What would take a ground away."""
    until = day(when(reason.until)) if reason.until else ""
    match reason.code:
        case "few_contacts":
            return "Three check-ins with contact within four weeks."
        case "silent":
            return "A check-in with contact."
        case "safety_open":
            return "The safety flag being followed up and closed by a person."
        case "tension_high":
            return f"{other} seeming at ease more of the time."
        case "talk_ended_badly":
            return f"Time, until {until}, or a later talk that ends well."
        case "space_asked":
            return f"Time, until {until}, if {other} does not ask again."
        case "warmth_fell":
            return f"Time, until {until}, or warmth that comes back and holds."
    return ""


def _initiative(state: maths.State, today: float, other: str) -> Line:
    found = maths.share_at(state, today)
    name = "Who starts contact"
    if not found.enough:
        have, need = (found.contacts, 5) if found.contacts < 5 else (found.check_ins, 2)
        what = "contacts" if found.contacts < 5 else "check-ins"
        return Line(name, f"not enough data yet ({have} of {need} {what} in four weeks)", True)
    low, high = (round(10 * edge) for edge in found.interval())
    between = f"; from {low} to {high} with what is uncertain" if low != high else ""
    return Line(name, f"{other} starts about {found.tenths} of 10 contacts{between}.")


def lack_of(state: maths.State, statement: Statement, index: str) -> Lack | None:
    series = state.series.get(index, maths.Series())
    return short(statement, series.count, series.span)


def _direction(state: maths.State, index: str, today: float, held: bool) -> Line:
    name = INDEX[index]
    if held and index == "cpi":
        return Line(name, "held, safety first", True)
    series, level = state.series.get(index, maths.Series()), state.levels.get(index)
    found: Direction | None = direction(series.points, today, level) if level else None
    if found is None:
        inside = [at for at, _ in series.points if today - 42 < at <= today]
        lack = short("direction", len(inside), inside[-1] - inside[0] if inside else 0.0)
        return Line(name, f"{too_few(lack)} in six weeks" if lack else "not enough data yet", True)
    return Line(name, f"{WAYS[found.label]} over the last six weeks")


def _shifts(state: maths.State, recent: Sequence[Row], day: Words, held: bool) -> Iterable[Line]:
    """Every confirmed shift that stands, and a possible one at the newest check-in."""
    newest = recent[-1].course.get("s", {}) if recent else {}
    for index, name in INDEX.items():
        if held and index == "cpi":
            continue
        sure = state.series[index].confirmed if index in state.series else None
        if sure:
            yield Line(
                f"{name}: a shift",
                f"has held for two weeks or more: about {sure.before:.0f} before, about {sure.after:.0f} since {day(when(sure.onset))}.",
            )
        stored = newest.get(index)
        if stored and stored[0] == "possible":
            soft = maths.shift_from_json(stored)
            yield Line(
                f"{name}: a shift?",
                f"possibly moved: about {soft.before:.0f} before, about {soft.after:.0f} since {day(when(soft.onset))}. "
                "Too early to say that it will hold.",
            )


def _track(state: maths.State, today: float, held: bool) -> dict[str, Any]:
    lack = short("off_track", state.count, state.last - state.first)
    if lack:
        return {"track": (), "track_few": too_few(lack)}
    series = state.series

    def block(index: str) -> float | None:
        return block_change(series[index].points[-6:]) if index in series else None

    warmth = series["w"].confirmed if "w" in series else None
    found = grounds(
        block("d"),
        None if held else block("cpi"),
        None if held else state.levels.get("cpi"),
        recent_fall([warmth], today) if warmth else None,
    )
    said = {
        "distress_up": "Distress is clearly up: the last three check-ins against the three before.",
        "pressure_high": "Pressing has been high for a while.",
        "pressure_up": "Pressing is clearly up: the last three check-ins against the three before.",
        "warmth_fell": "Warmth fell and the fall has held, while pressing did not ease.",
    }
    return {"track": tuple(said[reason.code] for reason in found), "track_few": ""}


def _good(recent: Sequence[Row], now: datetime, other: str) -> str:
    count: dict[str, int] = {}
    for row in recent:
        if row.at > now - timedelta(days=42):
            for chip in row.course.get("k", ()):
                count[chip] = count.get(chip, 0) + 1
    words = dict(instrument.CHIPS["c8g"])
    said = [
        f"{_low(str(words[chip]).replace('{P}', other))} ({_times(n)})"
        for chip, n in sorted(count.items(), key=lambda pair: -pair[1])
        if chip in words
    ]
    return "; ".join(said)


def tell_before(
    index: str, shift: Shift, rows: Sequence[Row], sent: Sequence[tuple[str, str]], *, day: Words, name: str, other: str,
    acts: Callable[[str, str], str],
) -> Before:  # fmt: skip
    """`sent`: what was done with guidance in that time, as (day, words). Side by side, nothing joined by a because."""
    first, last = before_span(shift)
    started = sum(row.answers["c1"] for row in rows if isinstance(row.answers.get("c1"), int))
    received = sum(row.answers["c2"] for row in rows if isinstance(row.answers.get("c2"), int))
    waited = [row.answers["c9"] for row in rows if row.answers.get("c9") in (0, 1, 3, 4)]
    checkins = [f"{len(rows)} check-in{'' if len(rows) == 1 else 's'}: {', '.join(day(row.at) for row in rows)}."]
    if rows:
        checkins.append(f"Contacts started: {started} by {name}, {received} by {other}.")
    if waited:
        most = sum(value >= 3 for value in waited)
        checkins.append(
            f"Waited always or mostly when the urge came: in {most} of {len(waited)} check-ins with an urge."
        )
    done: dict[str, int] = {}
    for row in rows:
        for label, times, _source in row.course.get("a", ()):
            words = acts(label, other)
            done[words] = done.get(words, 0) + times
    good: dict[str, int] = {}
    names = dict(instrument.CHIPS["c8g"])
    for row in rows:
        for chip in row.course.get("k", ()):
            words = _low(str(names.get(chip, chip)).replace("{P}", other))
            good[words] = good.get(words, 0) + 1
    conduct = [f"{words} ({_times(n)})" for words, n in good.items()] or ["No own good conduct was ticked."]
    conduct += [f"Also: {words} ({_times(n)})" for words, n in done.items()]
    if not done:
        conduct.append("Asking, chasing or controlling did not come up.")
    way = f"{INDEX[index]} {'rose' if shift.delta > 0 else 'fell'}"
    title = f"{way} from about {shift.before:.0f} to about {shift.after:.0f}, and has held for two weeks or more"
    return Before(
        title,
        f"{day(first)} to {day(last)}",
        (
            Column("Check-ins", tuple(checkins) if rows else ("No check-in in these two weeks.",)),
            Column("Guidance", tuple(f"{on}: {words}" for on, words in sent) or ("No guidance was sent or opened.",)),
            Column("Own conduct", tuple(conduct) if rows else ("Nothing was reported.",)),
        ),
    )


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _low(words: str) -> str:
    return words if words.startswith("I ") else f"{words[:1].lower()}{words[1:]}"
