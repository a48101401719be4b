"""What was rendered once is kept in this process until what it was made from changes.

The key names every version the words rest on (a stamp of the read model, the newest entry of the trail) and whose eyes
they are for; `until` is the first moment at which the clock alone would change a word. Losing it costs time only.
"""

from collections import OrderedDict
from datetime import datetime
from threading import Lock
from typing import Any, Generic, TypeVar

from django.utils.translation import get_language

T = TypeVar("T")


def eyes(user: Any) -> tuple[Any, ...]:
    """Whose eyes a page is for, and what decides how it speaks to them; nobody is served what was made for another."""
    return user.pk, user.role, user.name, user.zone, get_language()


class Kept(Generic[T]):
    """The `most` things used last."""

    def __init__(self, most: int) -> None:
        self.most, self._held, self._lock = most, OrderedDict[Any, tuple[datetime, datetime, T]](), Lock()

    def get(self, key: Any, now: datetime) -> T | None:
        found = self._held.get(key)
        return found[2] if found is not None and found[0] <= now < found[1] else None

    def put(self, key: Any, made: datetime, until: datetime, value: T) -> None:
        with self._lock:
            self._held[key] = (made, until, value)
            self._held.move_to_end(key)
            while len(self._held) > self.most:
                self._held.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
