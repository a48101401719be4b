"""Staffed hours of a practice, in its own zone: is somebody there, when again, and by when a call can be expected."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from ..models import Practice, PracticeHours

CALL_WITHIN = timedelta(hours=2)  # of staffed time; what a client who asks to be called is told
AHEAD = 15  # days looked ahead; a week without hours has none after them either

Stretch = tuple[int, time, time]  # weekday (0 is Monday), opens, closes


@dataclass(frozen=True, slots=True)
class Week:
    """The staffed stretches of every week, in order."""

    zone: ZoneInfo
    stretches: tuple[Stretch, ...]

    def staffed(self, at: datetime) -> bool:
        return any(opens <= at < closes for opens, closes in self._from(at))

    def next_open(self, at: datetime) -> datetime | None:
        """The next moment at which hours begin; None for a practice that has none."""
        return next((opens for opens, _closes in self._from(at) if opens > at), None)

    def closes(self, at: datetime) -> datetime | None:
        """The end of the day's last staffed stretch, if it still lies ahead on this very day."""
        day = at.astimezone(self.zone).date()
        ends = [closes for opens, closes in self._from(at) if opens.astimezone(self.zone).date() == day]
        return max(ends, default=None)

    def after(self, at: datetime, wait: timedelta) -> datetime | None:
        """The moment at which so much staffed time has gone by since `at`."""
        for opens, closes in self._from(at):
            start = max(opens, at)
            if start + wait <= closes:
                return start + wait
            wait -= closes - start
        return None

    def _from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Stretches that have not ended at `at`, each as moments: a day's hours stand on the wall clock, so a change of
        the clocks moves no one's working day."""
        first = at.astimezone(self.zone).date()
        for ahead in range(AHEAD):
            day = first + timedelta(days=ahead)
            for weekday, opens, closes in self.stretches:
                if weekday == day.weekday():
                    ends = datetime.combine(day, closes, self.zone).astimezone(UTC)
                    if ends > at:
                        yield datetime.combine(day, opens, self.zone).astimezone(UTC), ends

    def words(self) -> str:
        """Monday to Friday, 9:00 to 17:00; days with the same hours stand together."""
        names = [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]
        days: list[tuple[list[int], Sequence[tuple[time, time]]]] = []
        for weekday in range(7):
            hours = [(opens, closes) for day, opens, closes in self.stretches if day == weekday]
            if not hours:
                continue
            if days and days[-1][1] == hours and days[-1][0][-1] == weekday - 1:
                days[-1][0].append(weekday)
            else:
                days.append(([weekday], hours))
        if not days:
            return str(_("no set hours"))
        return "; ".join(f"{_span(run, names)}, {_and([_hours(*pair) for pair in hours])}" for run, hours in days)


def _span(run: Sequence[int], names: Sequence[str]) -> str:
    if len(run) == 1:
        return names[run[0]]
    first, last = names[run[0]], names[run[-1]]
    if len(run) == 2:
        return _("%(first)s and %(last)s") % {"first": first, "last": last}
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


def _hours(opens: time, closes: time) -> str:
    shown = {"opens": formats.time_format(opens, "G:i"), "closes": formats.time_format(closes, "G:i")}
    return _("%(opens)s to %(closes)s") % shown


def _and(parts: Sequence[str]) -> str:
    return str(_(" and ")).join(parts)


def week_of(practice: Practice) -> Week:
    """One query."""
    rows = PracticeHours.objects.filter(practice=practice).order_by("weekday", "opens")
    return Week(ZoneInfo(practice.zone), tuple(rows.values_list("weekday", "opens", "closes")))
