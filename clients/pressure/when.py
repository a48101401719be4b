"""Times named beside an act, in a normal form that a rule resolves with the date of the check-in."""

from __future__ import annotations

import re
from typing import Final

from clients.pressure.findings import When
from clients.pressure.tokens import Tokens

_DAYS: Final = {
    name: number
    for number, name in enumerate(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], 1)
}
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ],
        1,
    )
}
_WORDS: Final = {
    "today": "day:0", "tonight": "day:0", "tomorrow": "day:+1", "yesterday": "day:-1", "now": "day:0",
    "weekend": "weekday:6", "christmas": "date:--12-25", "easter": "feast:easter", "thanksgiving": "feast:thanksgiving",
    "xmas": "date:--12-25", "halloween": "date:--10-31",
}  # fmt: skip
_PAIRS: Final = {
    ("last", "night"): "day:-1", ("next", "week"): "day:+7", ("last", "week"): "day:-7", ("this", "week"): "week:0",
    ("next", "month"): "month:+1", ("last", "month"): "month:-1", ("this", "morning"): "day:0", ("this", "evening"): "day:0",
    ("this", "afternoon"): "day:0", ("new", "year"): "date:--01-01", ("new", "years"): "date:--01-01",
    ("valentines", "day"): "date:--02-14",
}  # fmt: skip
_NUMBERS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
_UNITS: Final = {"day": 1, "days": 1, "week": 7, "weeks": 7, "month": 30, "months": 30}
_ISO: Final = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")


def times(tokens: Tokens, first: int, last: int) -> list[tuple[int, When]]:
    """(token, when) for every time named in the sentence."""
    norm, found = tokens.norm, []
    at = first
    while at < last:
        word = norm[at]
        following = norm[at + 1] if at + 1 < last else ""
        third = norm[at + 2] if at + 2 < last else ""
        normal, width = "", 1
        if (word, following) in _PAIRS:
            normal, width = _PAIRS[word, following], 2
        elif word in _DAYS or (word.endswith("s") and word[:-1] in _DAYS):
            normal = f"weekday:{_DAYS[word] if word in _DAYS else _DAYS[word[:-1]]}"
        elif word in _WORDS:
            normal = _WORDS[word]
        elif word == "in" and third in _UNITS and _number(following):
            normal, width = f"day:+{_number(following) * _UNITS[third]}", 3
        elif following in _UNITS and third == "ago" and _number(word):
            normal, width = f"day:-{_number(word) * _UNITS[following]}", 3
        elif word in _MONTHS and following[:2].isdigit() and following.rstrip("stndrh").isdigit():
            normal, width = f"date:--{_MONTHS[word]:02d}-{int(following.rstrip('stndrh')):02d}", 2
        elif word in _MONTHS and at > first and norm[at - 1] in ("in", "by", "until", "since", "next", "last"):
            normal = f"month:{_MONTHS[word]}"
        if normal:
            found.append((at, (tokens.start[at], tokens.end[at + width - 1], normal)))
            at += width
        else:
            at += 1
    if first < last:
        for match in _ISO.finditer(tokens.text, tokens.start[first], tokens.end[last - 1]):
            found.append((first, (match.start(), match.end(), f"date:{match.group()}")))
    return found


def _number(word: str) -> int:
    if word.isascii() and word.isdigit() and len(word) < 3:
        return int(word)
    return _NUMBERS.get(word, 0)
