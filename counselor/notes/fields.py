"""The fields of a session note beside its text, the headings of its format, and the whole as plain text. Pure."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date

KINDS = {
    "progress": "Progress note",
    "contact": "Contact note",
    "joint": "Joint session note",
}
SHAPES = {"free": "Free text", "soap": "SOAP", "dap": "DAP", "birp": "BIRP"}
HEADINGS = {
    "free": (),
    "soap": ("Subjective", "Objective", "Assessment", "Plan"),
    "dap": ("Data", "Assessment", "Plan"),
    "birp": ("Behavior", "Intervention", "Response", "Plan"),
}
CONTACTS = {"phone": "Phone", "no_show": "No-show", "collateral": "Collateral", "crisis_call": "Crisis call"}
PLACES = {"room": "In the room", "video": "By video", "phone": "By phone", "elsewhere": "Elsewhere"}
RISKS = {"not_asked": "Not asked", "asked": "Asked"}
_DAY, _TIME = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"[0-2]\d:[0-5]\d")
WORDS_LIMIT, PLAN_LIMIT = 300, 4_000
# What a note as plain text is made of; a practice sets the order and may leave some out.
COPIED = {
    "kind": "Kind of note",
    "when": "Date, start and stop",
    "present": "Participants",
    "place": "Place",
    "goal": "Goal worked on",
    "text": "Text",
    "risk": "Risk",
    "plan": "Plan",
    "signed": "Signature",
    "added": "Addenda",
}


class Unfit(ValueError):
    """A field that cannot be kept as it is; `field` says which."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Details:
    """`day` is an ISO date, `start` and `stop` are HH:MM, both on the writer's own clock. `present` are sides; `goal` is
    in the words it had on that day."""

    shape: str = "free"
    contact: str = ""
    day: str = ""
    start: str = ""
    stop: str = ""
    present: tuple[str, ...] = ()
    others: str = ""
    place: str = ""
    goal: str = ""
    risk: str = "not_asked"
    risk_words: str = ""
    plan: str = ""

    @classmethod
    def of(cls, stored: str | None) -> "Details":
        if not stored:
            return cls()
        found = json.loads(stored)
        return cls(
            **{f.name: found[f.name] for f in fields(cls) if f.name in found} | {"present": tuple(found["present"])}
        )

    def stored(self) -> str | None:
        """JSON, or None where nothing was filled in."""
        return None if self == Details() else json.dumps(asdict(self), ensure_ascii=False)

    def check(self) -> "Details":
        """Raises Unfit for what no form offers and for what is too long."""
        for name, known in (("shape", SHAPES), ("contact", CONTACTS), ("place", PLACES), ("risk", RISKS)):
            value = getattr(self, name)
            if value and value not in known:
                raise Unfit("Please pick from the list.", name)
        for name, form in (("day", _DAY), ("start", _TIME), ("stop", _TIME)):
            if getattr(self, name) and not form.fullmatch(getattr(self, name)):
                raise Unfit("This is no day or time.", name)
        if self.day:
            try:
                date.fromisoformat(self.day)
            except ValueError:
                raise Unfit("There is no such day.", "day") from None
        for name in ("others", "goal", "risk_words", "plan"):
            words, limit = getattr(self, name), PLAN_LIMIT if name == "plan" else WORDS_LIMIT
            if "\x00" in words:
                raise Unfit("There is a character in it that cannot be kept (a NUL). Please take it out.", name)
            if len(words) > limit:
                raise Unfit(f"This is {len(words):,} characters long; {limit:,} fit.", name)
        return self

    def lines(self, names: Mapping[str, str], day: str) -> list[tuple[str, str, str]]:
        """(code, name, words) of what was filled in; the risk line always stands. `day` is the date in words."""
        span = "–".join(part for part in (self.start, self.stop) if part)
        when = ", ".join(part for part in (day, span) if part)
        people = [names[side] for side in self.present if side in names] + ([self.others] if self.others else [])
        risk = RISKS[self.risk] + (f". {self.risk_words}" if self.risk_words else "")
        found = [
            ("contact", "Contact", CONTACTS.get(self.contact, "")),
            ("when", "When", when),
            ("present", "Participants", ", ".join(people)),
            ("place", "Place", PLACES.get(self.place, "")),
            ("goal", "Goal worked on", self.goal),
            ("risk", "Risk", risk),
            ("plan", "Plan", self.plan),
        ]
        return [line for line in found if line[2]]


def shaped(body: str, shape: str) -> str:
    """The text with the headings of a format: what is written stays, missing headings are added at its end, and the
    headings of another format go where nothing stands under them."""
    known = {f"## {name}" for names in HEADINGS.values() for name in names}
    lines = body.split("\n")
    if all(not line.strip() or line.strip() in known for line in lines):
        return "\n".join(f"## {name}\n\n" for name in HEADINGS[shape]).rstrip("\n") + (
            "\n\n" if HEADINGS[shape] else ""
        )
    there = {line.strip() for line in lines}
    missing = [f"## {name}\n" for name in HEADINGS[shape] if f"## {name}" not in there]
    return "\n\n".join([body.rstrip(), *missing]) if missing else body


_MARKS = ((re.compile(r"\[([^\]\n]+)\]\([^)\s]+\)"), r"\1"), (re.compile(r"\*\*(.+?)\*\*"), r"\1"))


def unmarked(body: str) -> str:
    """Markdown as it reads without its marks: headings, quotes, links and bold as plain lines."""
    lines = []
    for line in body.split("\n"):
        line = re.sub(r"^(?:#{1,6}|>)\s?", "", line)
        for pattern, plain in _MARKS:
            line = pattern.sub(plain, line)
        lines.append(line.rstrip())
    return "\n".join(lines).strip()


def ordered(order: Sequence[str]) -> tuple[str, ...]:
    """The practice's order where it set one: known fields, each once."""
    kept = tuple(dict.fromkeys(code for code in order if code in COPIED))
    return kept or tuple(COPIED)


def as_plain(parts: Iterable[tuple[str, str, str]], order: Sequence[str], head: str, caution: str) -> str:
    """`parts` are (code, name, words); one paragraph each, in the practice's order."""
    by_code: dict[str, list[str]] = {}
    for code, name, words in parts:
        by_code.setdefault("kind" if code == "contact" else code, []).append(f"{name}: {words}" if name else words)
    told = [line for code in ordered(order) for line in by_code.get(code, ())]
    return "\n\n".join([head, *([caution] if caution else []), *told]) + "\n"
