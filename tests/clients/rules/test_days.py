"""Times named in a text, resolved with the day of the check-in (decisions 32)."""

from datetime import date

import pytest

from clients.rules.days import resolve

MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("normal", "today", "expected"),
    [
        ("day:0", MONDAY, (MONDAY, MONDAY)),
        ("day:+1", MONDAY, (date(2026, 3, 3), date(2026, 3, 3))),
        ("day:+1", date(2028, 2, 28), (date(2028, 2, 29), date(2028, 2, 29))),
        ("day:-1", MONDAY, None),
        ("weekday:6", MONDAY, (date(2026, 3, 7), date(2026, 3, 7))),
        ("weekday:1", MONDAY, (MONDAY, MONDAY)),
        ("weekday:7", date(2026, 12, 29), (date(2027, 1, 3), date(2027, 1, 3))),
        ("week:0", date(2026, 3, 4), (date(2026, 3, 4), date(2026, 3, 8))),
        ("month:+1", date(2026, 12, 31), (date(2027, 1, 1), date(2027, 1, 31))),
        ("month:-1", MONDAY, None),
        ("month:3", MONDAY, (MONDAY, date(2026, 3, 31))),
        ("month:2", MONDAY, (date(2027, 2, 1), date(2027, 2, 28))),
        ("date:--12-25", MONDAY, (date(2026, 12, 25), date(2026, 12, 25))),
        ("date:--01-01", MONDAY, (date(2027, 1, 1), date(2027, 1, 1))),
        ("date:--02-29", MONDAY, (date(2028, 2, 29), date(2028, 2, 29))),
        ("date:2026-03-10", MONDAY, (date(2026, 3, 10), date(2026, 3, 10))),
        ("date:2026-03-01", MONDAY, None),
        ("feast:easter", MONDAY, (date(2026, 4, 5), date(2026, 4, 5))),
        ("feast:easter", date(2026, 4, 6), (date(2027, 3, 28), date(2027, 3, 28))),
        ("feast:thanksgiving", MONDAY, (date(2026, 11, 26), date(2026, 11, 26))),
        ("date:--13-45", MONDAY, None),
        ("day:soon", MONDAY, None),
        ("feast:", MONDAY, None),
        ("", MONDAY, None),
        ("date:9999-99-99", MONDAY, None),
        ("day:+99999999", MONDAY, None),
    ],
)
def test_a_named_time_is_the_nearest_that_lies_ahead(normal: str, today: date, expected: object) -> None:
    assert resolve(normal, today) == expected
