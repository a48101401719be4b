"""The instrument PC-12 in words: questions, answers and how the desk names them (checkin.md).

`{P}` is what the client calls the partner, `{since}` the day the period begins. Stored values as clients/progress/scores.py.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _

Choices = list[tuple[str, Any]]

CONTACTS: Choices = [
    ("0", "0"), ("1", "1"), ("2", "2"), ("3", "3"), ("4", _("4–5")), ("6", _("6–7")), ("8", _("8–10")), ("11", _("11+")),
]  # fmt: skip
C8_TIMES: Choices = [("no", _("No")), ("1", _("Once")), ("2", _("More than once"))]

# item -> choices; {P} is what the client calls the partner.
SCALES: dict[str, Choices] = {
    "c1": CONTACTS,
    "c2": CONTACTS,
    "c3": [
        ("0", _("Cold")), ("1", _("Distant")), ("2", _("Neutral")), ("3", _("Friendly")), ("4", _("Warm")),
        ("changed", _("It changed a lot")), ("practical", _("Only practical contact")), ("no_contact", _("No contact")),
    ],
    "c5": [
        ("none", _("None")), ("0", _("Heavy")), ("1", _("Mixed")), ("2", _("Easy")), ("3", _("Easy and fun")),
    ],
    "c6": [
        ("0", _("Never")), ("1", _("Seldom")), ("2", _("About half the time")), ("3", _("Mostly")), ("4", _("Always")),
    ],
    "c7": [("no", _("No")), ("yes", _("Yes"))],
    "c7_began": [("me", _("Me")), ("partner", "{P}"), ("both", _("Both"))],
    "c7_ended": [
        ("4", _("Real give and take")), ("3", _("A little give and take")), ("2", _("Neither way")),
        ("1", _("Tense, and we stopped")), ("0", _("Tense, and we kept going")),
    ],
    "c9": [
        ("no_urge", _("I did not feel like it")), ("4", _("Always")), ("3", _("Mostly")), ("1", _("Sometimes")),
        ("0", _("Not this time")),
    ],
    "c10": [
        ("0", _("Not at all")), ("1", _("A little")), ("2", _("Half and half")), ("3", _("Rather")), ("4", _("Fully")),
        ("rather_not", _("Rather not say")),
    ],
    "wish": [
        ("together", _("Together again")), ("unsure", _("Not sure")), ("apart", _("Apart")), ("rather_not", _("Rather not say")),
    ],
    "c11": [("0", _("Very bad")), ("1", _("Bad")), ("2", _("So-so")), ("3", _("Good")), ("4", _("Very good"))],
    "c12": [
        ("0", _("Not at all")), ("1", _("A little")), ("2", _("Quite a bit")), ("3", _("A lot")), ("4", _("Extremely")),
    ],
}  # fmt: skip
CHIPS: dict[str, Choices] = {
    "c4": [
        ("kind", _("Kind or loving words")), ("memory", _("A good memory of you two")),
        ("together", _("Wanting to do something together")), ("return", _("Talk of living together again")),
        ("space", _("Asking for space or time")), ("over", _("Saying it is over")),
        ("someone_else", _("Seeing someone else")), ("threats", _("Insults or threats")),
        ("withholding", _("Keeping back money, things or the children")),
    ],
    "c8g": [
        ("kept_short", _("Kept contact short and easy")), ("left_next_step", _("Left the next step to {P}")),
        ("listened", _("Listened without arguing")), ("stopped", _("Stopped when it got tense")),
        ("thanked", _("Thanked, or was kind without asking anything")), ("own_good", _("Did something good for myself")),
        ("new_thing", _("Tried something new")),
    ],
    "s1": [
        ("self_harm", _("Thoughts of harming myself or of not wanting to live")),
        ("hurt", _("Someone was hurt, threatened or forced")), ("afraid", _("I am afraid of {P}")),
        ("might_hurt", _("I am afraid I might hurt someone")), ("child", _("A child is not safe")),
        ("must_not_contact", _("I am not to contact {P} (order or clear wish)")),
        ("partner_must_not", _("{P} is not to contact me")),
    ],
}  # fmt: skip
ACTS: Choices = [
    ("push_return", _("Asked or hinted about living together again")),
    ("reassurance", _("Asked how {P} feels about me")),
    ("pursuit", _("Kept writing or calling without a reply")),
    ("uninvited", _("Went to see {P} without it being agreed")),
    ("forced_talk", _("Brought up our problems when {P} did not want to")),
    ("ultimatum", _("Gave a deadline or a condition about us")),
    ("monitoring", _("Checked {P}’s phone, accounts or location without agreement")),
    ("leverage", _("Asked children, family or friends to speak to {P} for me or to find things out")),
    ("limit_set", _("Set a limit for safety, money or children")),
]
QUESTIONS: dict[str, tuple[Any, Any]] = {
    "c1": (
        _("How many times did you start contact with {P}, answered or not?"),
        _(
            "A whole chat or call counts once; 11+ means eleven or more. Leave out purely practical messages (children, money, house)."
        ),
    ),
    "c2": (_("And how many times did {P} start contact with you?"), ""),
    "c3": (_("How was {P} with you?"), _("Pick what is closest.")),
    "c4": (_("Which of these came from {P}?"), _("Pick all that fit.")),
    "c4n": (_("Did you hear anything about {P}?"), ""),
    "c5": (_("How was the time you spent together?"), ""),
    "c6": (_("When you were in touch, how often did {P} seem tense or pull back?"), ""),
    "c7": (_("Did you two talk about problems between you?"), _("Not about children, money or the house.")),
    "c7_began": (_("Who began?"), ""),
    "c7_ended": (_("How did it end?"), ""),
    "c8": (_("Living apart is hard, and most people do some of these. Did any happen?"), ""),
    "c8g": (_("And any of these?"), _("Pick all that fit.")),
    "c9": (_("When you felt like asking, pushing or checking, how often did you wait?"), ""),
    "wish": (_("What do you want at present?"), ""),
    "c10": (_("How sure do you feel that you will live together again?"), _("A feeling, nothing more.")),
    "c11": (_("How are you doing?"), ""),
    "c12": (_("How much does the separation get in the way of sleep, work or daily life?"), ""),
    "s1": (
        _("Is any of this true, now or since {since}?"),
        _(
            "Your counselor reads it, or the colleague covering. This site never shows it to {P}. "
            "If a life or a child is in danger your counselor may have to act."
        ),
    ),
    "s1_first": (
        _("Is any of this true, now or in the last seven days?"),
        _(
            "Your counselor reads it, or the colleague covering. This site never shows it to {P}. "
            "If a life or a child is in danger your counselor may have to act."
        ),
    ),
    "n1": (_("Something for our next session?"), _("Optional, up to 200 characters.")),
    "t1": (
        _("Anything else?"),
        _("Optional, up to 2,000 characters. Not read as it arrives; in danger, call: see Help now."),
    ),
}
NO_CONTACT_DROPS = ("c4", "c5", "c6", "c7")

# How the desk names an item beside its answer.
NAMES: dict[str, Any] = {
    "c1": _("Started contact"), "c1_allowed": _("Contact of the kind that is allowed"), "c2": _("{P} started contact"), "c3": _("{P} was"), "c4": _("From {P}"),
    "c5": _("Time together"), "c6": _("{P} seemed tense"), "c7": _("Talk about problems"), "c8": _("Own acts"),
    "c8g": _("Own good conduct"), "c9": _("Waited when the urge came"), "wish": _("Wants"), "c10": _("Feels sure"),
    "c11": _("Doing"), "c12": _("Gets in the way of daily life"),
}  # fmt: skip
_HEARD: Choices = [("heard_over", _("Heard that it is over, or that {P} sees someone"))]


def tell(answers: Mapping[str, Any], other: str) -> list[tuple[str, str]]:
    """Stored answers as (name, words) in the form's order; skip, none and no contact keep their own words."""
    told = []
    for code, name in NAMES.items():
        if code in answers:
            told.append((str(name).replace("{P}", other), _words(code, answers[code], other)))
    return told


def tell_safety(chips: tuple[str, ...], other: str) -> list[str]:
    words = dict(CHIPS["s1"])
    return [str(words[chip]).replace("{P}", other) for chip in chips if chip in words]


def _low(words: Any) -> str:
    """An answer as it stands within a line: small at its beginning, names as they are."""
    return str(words) if str(words).startswith(("I ", "{")) else f"{str(words)[:1].lower()}{str(words)[1:]}"


def _words(code: str, value: Any, other: str) -> str:
    if value == "skip":
        return say("skipped")
    if value is True:
        return say("yes")
    if value == "no_contact" and code != "c3":
        return say("no contact")
    if code == "c7":
        if value.get("talk") == "no":
            return say("no")
        parts = [dict(SCALES[f"c7_{part}"]).get(str(value[part]), "") for part in ("began", "ended") if part in value]
        return ", ".join([say("yes"), *map(_low, parts)]).replace("{P}", other)
    if code == "c8" and isinstance(value, Mapping):
        words = dict(ACTS)
        parts = [f"{_low(words[a])}{' (more than once)' if n == 2 else ''}" for a, n in value.items() if a in words]
        if value.get("partner_first"):
            parts.append(say("{P} brought it up first"))
        return "; ".join(parts).replace("{P}", other)
    if isinstance(value, list):
        words = dict([*CHIPS.get(code, []), *_HEARD])
        return ", ".join(_low(words.get(chip, chip)) for chip in value).replace("{P}", other)
    if value == "none":
        return say("none") if code != "c5" else say("none spent")
    return _low(dict(SCALES.get(code, [])).get(str(value), value)).replace("{P}", other)
