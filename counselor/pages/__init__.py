"""What each room of the desk shows: every read query, returned as frozen values; templates ask the database nothing.

`triage` is Today, `cases` the case with its cards (`flags`, `stream`) and its course (`progress`), `notes` a session note and what
is shared from it (`facts` what happened before it), `papers` all around it, `audit` the trail,
`alerts` what stands above every page, `safety` a case for somebody who stands in.
"""

from .alerts import ALERTS_KEPT, Alerts, alerts
from .audit import ACTS, trail
from .care import arrangements
from .cases import STREAM_LENGTH, CasePage, Choice, case, case_version
from .flag_list import Wanted, flag_list, looks_to_take, second_look, second_looks
from .flags import FlagPage, flag
from .notes import as_text, fact_of, note, share, side_of
from .papers import (
    case_notes,
    note_settings,
    notes_room,
    private,
    private_versions,
    queue,
    search,
    versions,
    waiting,
)
from .practice import cover, half_day_of, numbers, practice, rota, team_page
from .rules import catalogue, practice_rules
from .safety import safety
from .stream import Entry
from .triage import forget_kept, today

__all__ = [
    "ACTS",
    "ALERTS_KEPT",
    "STREAM_LENGTH",
    "Alerts",
    "CasePage",
    "Choice",
    "Entry",
    "FlagPage",
    "Wanted",
    "alerts",
    "arrangements",
    "as_text",
    "case",
    "case_notes",
    "case_version",
    "catalogue",
    "cover",
    "fact_of",
    "flag",
    "flag_list",
    "forget_kept",
    "half_day_of",
    "looks_to_take",
    "note",
    "note_settings",
    "notes_room",
    "numbers",
    "practice",
    "practice_rules",
    "private",
    "private_versions",
    "queue",
    "rota",
    "safety",
    "search",
    "second_look",
    "second_looks",
    "share",
    "side_of",
    "team_page",
    "today",
    "trail",
    "versions",
    "waiting",
]
