"""What the database itself refuses, on SQLite and on PostgreSQL.

A guard is a trigger: when its condition holds for a changed row, the statement fails. Django rebuilds SQLite tables in
many migrations and drops their triggers silently, so all guards are installed again after each migrate, and a system
check names those that are missing.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .models.flags import NEVER_FOR_SAFETY, TRANSITIONS


@dataclass(frozen=True, slots=True)
class Guard:
    """Refuse `event` (INSERT, UPDATE, DELETE) on `table` where `when` holds; OLD and NEW name the row."""

    name: str
    table: str
    event: str
    when: str
    message: str


def _quoted(states: Iterable[str]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


GUARDS: list[Guard] = [
    Guard("trail_no_update", "clients_auditevent", "UPDATE", "1=1", "the trail is append-only"),
    Guard("trail_no_delete", "clients_auditevent", "DELETE", "1=1", "the trail is append-only"),
    Guard(
        "trail_in_order",
        "clients_auditevent",
        "INSERT",
        "NEW.previous <> COALESCE((SELECT e.hash FROM clients_auditevent e WHERE e.practice_id = NEW.practice_id"
        " ORDER BY e.seq DESC LIMIT 1), '') OR NEW.seq <> 1 + COALESCE((SELECT MAX(e.seq) FROM clients_auditevent e"
        " WHERE e.practice_id = NEW.practice_id), 0)",
        "this link does not continue the chain",
    ),
    Guard("trail_head_stays", "clients_audithead", "DELETE", "1=1", "the trail keeps its head"),
    Guard("trail_head_grows", "clients_audithead", "UPDATE", "NEW.seq <= OLD.seq", "the trail only grows"),
    Guard("correction_stays", "clients_correction", "UPDATE", "1=1", "a correction is never rewritten"),
    Guard("reading_kept", "clients_reading", "DELETE", "1=1", "a reading is never removed"),
    Guard("flag_event_kept", "clients_flagevent", "DELETE", "1=1", "the history of a flag is never removed"),
    Guard("sent_kept", "clients_sentguidance", "DELETE", "1=1", "what was sent is never removed"),
    Guard("reading_stays", "clients_reading", "UPDATE", "1=1", "a reading is never rewritten"),
    Guard(
        "flag_card_stays",
        "clients_flag",
        "UPDATE",
        "NOT (NEW.card = OLD.card)",
        "a raised flag is never rewritten",
    ),
    # The table of a flag's life, said in SQL: what the acts refuse, the database refuses as well.
    Guard(
        "flag_moves",
        "clients_flag",
        "UPDATE",
        "OLD.state <> NEW.state AND NOT ("
        + " OR ".join(f"OLD.state = '{a}' AND NEW.state IN ({_quoted(to)})" for a, to in TRANSITIONS.items())
        + f") OR NEW.safety AND NEW.state IN ({_quoted(NEVER_FOR_SAFETY)})",
        "a flag does not go from that state to this one",
    ),
    Guard(
        "flag_begins_open",
        "clients_flag",
        "INSERT",
        # Rows that are brought up to date arrive as inserts first.
        "NEW.state <> 'open' AND NOT EXISTS (SELECT 1 FROM clients_flag f WHERE f.id = NEW.id)",
        "a flag begins open",
    ),
    Guard(
        "flag_keeps_its_rule",
        "clients_flag",
        "UPDATE",
        "NEW.rule <> OLD.rule OR NEW.partner_id <> OLD.partner_id OR NEW.case_id <> OLD.case_id OR NEW.safety <> OLD.safety",
        "a flag keeps its rule and its person",
    ),
    Guard(
        "flag_safety_followed_up",
        "clients_flag",
        "UPDATE",
        "NEW.safety AND NEW.state = 'resolved' AND OLD.state <> 'resolved' AND NEW.follow_up IS NULL",
        "a safety flag closes with what was done next",
    ),
    Guard("flag_event_stays", "clients_flagevent", "UPDATE", "1=1", "the history of a flag is append-only"),
    Guard(
        "sent_stays",
        "clients_sentguidance",
        "UPDATE",
        "NOT (NEW.body = OLD.body) OR NOT (NEW.title = OLD.title) OR NOT (NEW.source = OLD.source)"
        " OR COALESCE(NEW.line, '') <> COALESCE(OLD.line, '')",
        "what was sent stays as it was sent",
    ),
]


def _statements(guard: Guard, vendor: str) -> tuple[str, str]:
    """(drop, create) in the dialect."""
    name = f"guard_{guard.name}"
    if vendor == "sqlite":
        return (
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} BEFORE {guard.event} ON {guard.table} WHEN {guard.when} "
            f"BEGIN SELECT RAISE(ABORT, '{guard.message}'); END",
        )
    row = "OLD" if guard.event == "DELETE" else "NEW"
    return (
        f"DROP TRIGGER IF EXISTS {name} ON {guard.table}",
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger AS $guard$ BEGIN IF {guard.when} THEN "
        f"RAISE EXCEPTION '{guard.message}' USING ERRCODE = 'check_violation'; END IF; RETURN {row}; END "
        f"$guard$ LANGUAGE plpgsql; CREATE TRIGGER {name} BEFORE {guard.event} ON {guard.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {name}()",
    )


def _tables(connection: Any) -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.table_names(cursor))


def install(connection: Any) -> None:
    there = _tables(connection)
    with connection.cursor() as cursor:
        for guard in GUARDS:
            if guard.table in there:
                drop, create = _statements(guard, connection.vendor)
                cursor.execute(drop)
                cursor.execute(create)


def remove(connection: Any) -> None:
    there = _tables(connection)
    with connection.cursor() as cursor:
        for guard in GUARDS:
            if guard.table in there:
                cursor.execute(_statements(guard, connection.vendor)[0])


@contextmanager
def lifted(connection: Any) -> Iterator[None]:
    """Without guards, for emptying a test database; never called by the product."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)


def missing(connection: Any) -> list[str]:
    """Names of guards whose table exists and which are not installed."""
    there = _tables(connection)
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        installed = {row[0] for row in cursor.fetchall()}
    return [g.name for g in GUARDS if g.table in there and f"guard_{g.name}" not in installed]
