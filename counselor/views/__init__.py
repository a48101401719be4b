"""The counselor's rooms: HTTP only. A view cleans the form, makes one call, answers; the doorkeeper has opened the
case. One module a room, and no room knows another; `entry` is what they share.
"""

from .. import frame, pages
from .alerts import alerts_kept
from .case import pages_kept
from .today import todays_kept


def forget_kept() -> None:
    """Have everything rendered anew."""
    alerts_kept.clear()
    pages_kept.clear()
    todays_kept.clear()
    pages.forget_kept()
    frame.forget()
