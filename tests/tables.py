"""What stands in the database, table by table, as it is stored."""

from collections.abc import Collection
from typing import Any

from django.db import connection

# Written by looking around: sessions, the trail of what was looked at, the counters of the rate limits,
# and the row that allauth keeps of a person's own address.
LOOKING = {"django_session", "clients_auditevent", "clients_audithead", "cache_entry", "account_emailaddress"}


def dump(without: Collection[str] = ()) -> dict[str, list[Any]]:
    """Every row of every table, also the sealed bytes."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table not in without:
                cursor.execute(f'SELECT * FROM "{table}"')
                rows = [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor.fetchall()]
                found[table] = sorted(rows, key=repr)
    return found
