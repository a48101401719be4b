"""Who answers when: staffed hours, duty by half-days, who is in session, and the clock of what is urgent.

`hours` says when somebody is there, `people` who is alerted on which rung, `clock` climbs the rungs, `setting` is what the
practice lead arranges. This is the door.
"""

from .clock import (
    LADDER,
    NOT_TIMED,
    PHONE,
    Speed,
    alerted,
    confirm_test,
    send_test,
    send_weekly_tests,
    watch,
)
from .hours import CALL_WITHIN, Week, week_of
from .people import IN_SESSION_FOR, begin_session, end_session, on_duty, to_phone
from .setting import (
    AFTER_HOURS,
    CHECKLISTS,
    NUMBER_KINDS,
    Number,
    Refused,
    add_number,
    change_number,
    checklist,
    drop_number,
    first_hours,
    set_channels,
    set_checklists,
    set_duty,
    set_hours,
)

__all__ = [
    "AFTER_HOURS",
    "CALL_WITHIN",
    "CHECKLISTS",
    "IN_SESSION_FOR",
    "LADDER",
    "NOT_TIMED",
    "NUMBER_KINDS",
    "PHONE",
    "Number",
    "Refused",
    "Speed",
    "Week",
    "add_number",
    "alerted",
    "begin_session",
    "change_number",
    "checklist",
    "confirm_test",
    "drop_number",
    "end_session",
    "first_hours",
    "on_duty",
    "send_test",
    "send_weekly_tests",
    "set_channels",
    "set_checklists",
    "set_duty",
    "set_hours",
    "to_phone",
    "watch",
    "week_of",
]
