"""Times named in a text, as days: the normal forms of the text engine, resolved with the day of the check-in
(decisions 32)."""

from datetime import date, timedelta
from typing import Final

Span = tuple[date, date]
_FIXED: Final = "date:--"


def resolve(normal: str, today: date) -> Span | None:
    """The first and last day that are meant, the nearest from `today` on; None for what lies behind or is not known.

    A weekday is the next one, today included; a month is named whole, also where it has begun."""
    kind, _, value = normal.partition(":")
    try:
        if kind == "day":
            return _one(today + timedelta(days=int(value)), today)
        if kind == "weekday":
            return _one(today + timedelta(days=(int(value) - today.isoweekday()) % 7), today)
        if kind == "week":
            return today, today + timedelta(days=7 - today.isoweekday())
        if kind == "month":
            ahead = int(value) if value[:1] in "+-" else (int(value) - today.month) % 12
            return _month(today, ahead) if ahead >= 0 else None
        if kind == "date":
            if not normal.startswith(_FIXED):
                return _one(date.fromisoformat(value), today)
            month, day = int(value[2:4]), int(value[5:7])
            return _nearest([_day_of(today.year + n, month, day) for n in range(9)], today)
        if kind == "feast":
            feast = {"easter": _easter, "thanksgiving": _thanksgiving}[value]
            return _nearest([feast(today.year), feast(today.year + 1)], today)
    except (ValueError, KeyError, OverflowError):
        return None
    return None


def _one(day: date, today: date) -> Span | None:
    return (day, day) if day >= today else None


def _nearest(days: list[date | None], today: date) -> Span | None:
    return next(((day, day) for day in days if day is not None and day >= today), None)


def _day_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None  # the 29th of February in most years


def _month(today: date, ahead: int) -> Span:
    months = today.year * 12 + today.month - 1 + ahead
    first, following = (date(n // 12, n % 12 + 1, 1) for n in (months, months + 1))
    return max(first, today), following - timedelta(days=1)


def _easter(year: int) -> date:
    """Western Easter Sunday (the anonymous Gregorian reckoning)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    day = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * day) // 451
    month, rest = divmod(h + day - 7 * m + 114, 31)
    return date(year, month, rest + 1)


def _thanksgiving(year: int) -> date:
    first = date(year, 11, 1)
    return first + timedelta(days=(4 - first.isoweekday()) % 7 + 21)


def tell(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"
