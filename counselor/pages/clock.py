"""What every room needs: times in words, and whether a person's own conduct is shown at all."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import formats

from clients import course
from clients.models import (
    CaseSummary,
    User,
)


class Clock:
    """Times in words, in one person's zone, seen from `now`."""

    def __init__(self, user: User, now: datetime) -> None:
        self.zone, self.now = ZoneInfo(user.zone), now
        self.today = now.astimezone(self.zone).date()
        self._weekdays: dict[date, str] = {}

    def day(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return formats.date_format(local, "j M" if local.year == self.today.year else "j M Y")

    def weekday(self, day: date) -> str:
        """The same few days stand in many rows."""
        if day not in self._weekdays:
            self._weekdays[day] = formats.date_format(day, "D j M")
        return self._weekdays[day]

    def time(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%H:%M")

    def stamp(self, at: datetime) -> str:
        return f"{self.day(at)}, {self.time(at)}"

    def last(self, until: datetime) -> str:
        """The end of a span: where it ends at midnight, the last day that it holds."""
        if until.astimezone(self.zone).time() == datetime.min.time():
            return f"the end of {self.day(until - timedelta(minutes=1))}"
        return self.stamp(until)

    def ago(self, at: datetime) -> str:
        days = (self.today - at.astimezone(self.zone).date()).days
        return "today" if days <= 0 else "yesterday" if days == 1 else f"{days} days ago"

    def midnight(self) -> datetime:
        """When the next day begins."""
        return datetime.combine(self.today + timedelta(days=1), datetime.min.time(), self.zone)

    def due(self, at: datetime) -> str:
        if at <= self.now:
            return f"since {self.stamp(at)}"
        days = (at.astimezone(self.zone).date() - self.today).days
        return f"today {self.time(at)}" if days == 0 else f"tomorrow {self.time(at)}" if days == 1 else self.day(at)


def is_held(held: CaseSummary, clock: Clock, side: str = "") -> bool:
    """A frightened reporter's own conduct is neither judged nor drawn (decisions 3): the one on `side`, or who leads."""
    until = course.held_until(held, side) if side else held.held_until
    return until is not None and until > clock.now
