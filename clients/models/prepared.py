"""Statements whose SQL is put together once in a process, for acts and pages that run all day.

Putting a queryset's SQL together costs Django several times what running it costs us. `Prepared` keeps the SQL and gives
the same rows as the queryset it was made from; `insert` and `update` write rows as `save` does, one round trip each.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection, models
from django.db.models.query import ModelIterable, ValuesListIterable, get_related_populators
from django.db.transaction import TransactionManagementError

T = TypeVar("T")


class Prepared(Generic[T]):
    """`Prepared(make)(*args)` gives the rows of `make(*args)`, a queryset of rows or of `values_list`.

    Arguments are ids, times, days, whole numbers or texts, never None, and may only stand where the queryset compares with
    them: a stand-in of the same kind takes each one's place when the SQL is put together, and is found again in it.
    """

    def __init__(self, make: Callable[..., "models.QuerySet[Any, T]"]) -> None:
        self._make = make
        self._plans: dict[str, _Plan] = {}

    def __call__(self, *args: Any) -> list[T]:
        plan = self._plans.get(connection.vendor)
        if plan is None:
            plan = self._plans[connection.vendor] = _plan(self._make, args)
        if plan.locks and not connection.in_atomic_block:
            raise TransactionManagementError("a row is locked inside a transaction only")
        ready = [_bind(value) for value in args]
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, [ready[p] if type(p) is _Place else p for p in plan.params])
            rows = cursor.fetchall()
        return plan.read(rows) if rows else []

    def first(self, *args: Any) -> T | None:
        """The first row; `make` bounds how many there are."""
        return next(iter(self(*args)), None)


class _Place(int):
    """Where an argument goes: its number."""


@dataclass(frozen=True, slots=True)
class _Plan:
    sql: str
    params: tuple[Any, ...]
    locks: bool
    read: Callable[[Sequence[Any]], list[Any]]


def _bind(value: Any) -> Any:
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    return value


def _stand_in(value: Any, number: int) -> Any:
    if isinstance(value, UUID):
        return UUID(int=2**128 - 1 - number)
    if isinstance(value, datetime):
        return datetime(1907, 3, 5, tzinfo=UTC) + timedelta(days=number)
    if isinstance(value, date):
        return date(1907, 3, 5) + timedelta(days=number)
    if isinstance(value, int) and not isinstance(value, bool):
        return 1_907_030_500 + number
    if isinstance(value, str):
        return f"stands in for {number}"
    raise TypeError(f"{value!r} cannot be an argument of a prepared statement")


def _plan(make: Callable[..., Any], args: Sequence[Any]) -> _Plan:
    stand_ins = [_stand_in(value, number) for number, value in enumerate(args)]
    queryset = make(*stand_ins)
    compiler = queryset.query.get_compiler(using=connection.alias)
    sql, found = compiler.as_sql()
    marks = {_bind(value): _Place(number) for number, value in enumerate(stand_ins)}
    params = tuple(marks.get(p, p) for p in found)
    if missing := set(marks.values()) - {p for p in params if type(p) is _Place}:
        raise TypeError(f"the arguments {sorted(missing)} are not compared with as they are")
    columns = [select for select, _, _ in compiler.select]
    converters = [(at, tuple(convert), column) for at, (convert, column) in compiler.get_converters(columns).items()]
    width = len(columns)

    def convert(rows: Sequence[Any]) -> list[list[Any]]:
        done = []
        for raw in rows:
            row = list(raw[:width])
            for at, steps, column in converters:
                value = row[at]
                for step in steps:
                    value = step(value, column, connection)
                row[at] = value
            done.append(row)
        return done

    if queryset._iterable_class is ModelIterable:
        read = _read_models(compiler, convert)
    elif queryset._iterable_class is ValuesListIterable:
        read = (lambda rows: [tuple(row) for row in convert(rows)]) if converters else list
    else:
        raise TypeError("a prepared statement gives rows or tuples")
    return _Plan(sql, params, queryset.query.select_for_update, read)


def _read_models(compiler: Any, convert: Callable[[Sequence[Any]], list[list[Any]]]) -> Any:
    info, select = compiler.klass_info, compiler.select
    model, start, end = info["model"], info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column.target.attname for column, _, _ in select[start:end]]
    alias = compiler.using
    related = get_related_populators(info, select, alias)  # type: ignore[call-arg] # stubs of a later Django

    def read(rows: Sequence[Any]) -> list[Any]:
        found = []
        for row in convert(rows):
            one = model.from_db(alias, names, row[start:end])
            for populator in related:
                populator.populate(row, one)
            found.append(one)
        return found

    return read


def insert(*rows: models.Model) -> None:
    """New rows of one table, whose ids were made in Python; one statement."""
    if not rows:
        return
    fields, sql, places = _insert_sql(type(rows[0]), connection.vendor)
    values = [f.get_db_prep_save(f.pre_save(row, True), connection) for row in rows for f in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql + ", ".join([places] * len(rows)), values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def update(rows: Iterable[models.Model], *names: str) -> None:
    """Write these columns of rows of one table; all but the id where none is named."""
    every = list(rows)
    if not every:
        return
    fields, key, sql = _update_sql(type(every[0]), names, connection.vendor)
    values = [
        [*(f.get_db_prep_save(f.pre_save(row, False), connection) for f in fields), key.get_db_prep_save(row.pk, connection)]
        for row in every
    ]  # fmt: skip
    with connection.cursor() as cursor:
        if len(every) == 1:
            cursor.execute(sql, values[0])
        else:
            cursor.executemany(sql, values)


@cache
def _insert_sql(model: type[models.Model], vendor: str) -> tuple[tuple[Any, ...], str, str]:
    quote, meta = connection.ops.quote_name, model._meta
    fields: tuple[Any, ...] = tuple(meta.concrete_fields)
    columns, places = ", ".join(quote(f.column) for f in fields), ", ".join(["%s"] * len(fields))
    return fields, f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ", f"({places})"  # noqa: S608 - own names


@cache
def _update_sql(model: type[models.Model], names: tuple[str, ...], vendor: str) -> tuple[tuple[Any, ...], Any, str]:
    quote, meta = connection.ops.quote_name, model._meta
    key: Any = meta.pk
    fields: tuple[Any, ...] = tuple(
        [meta.get_field(name) for name in names] or [f for f in meta.concrete_fields if f is not key]
    )
    columns = ", ".join(f"{quote(f.column)} = %s" for f in fields)
    return fields, key, f"UPDATE {quote(meta.db_table)} SET {columns} WHERE {quote(key.column)} = %s"  # noqa: S608 - own names
