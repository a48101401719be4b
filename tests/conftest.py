"""The cast. Dana holds the case of Alma and Bruno, who are both clients, and that of Carla, whose partner is not.
Erik is a counselor of the same practice without cases; Fay works in another practice and holds Gus's case."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client, TransactionTestCase

from clients import guards
from clients.models import Case, Partner, Practice, User
from tests import make

pytest_plugins = ["tests.plugins.needs"]

_empty = TransactionTestCase._fixture_teardown


def _empty_without_guards(self: Any) -> None:
    """The guards refuse to empty the trail, also for a test's clean-up."""
    with guards.lifted(connection):
        _empty(self)


TransactionTestCase._fixture_teardown = _empty_without_guards  # type: ignore[method-assign]


@dataclass
class Cast:
    practice: Practice
    elsewhere: Practice
    dana: User
    erik: User
    ruth: User
    fay: User
    alma: User
    bruno: User
    carla: User
    gus: User
    couple: Case
    single: Case
    foreign: Case
    a: Partner
    b: Partner
    c: Partner
    g: Partner

    def everybody(self) -> dict[str, User]:
        names = ("dana", "erik", "ruth", "fay", "alma", "bruno", "carla", "gus")
        return {name: getattr(self, name) for name in names}


@pytest.fixture
def cast(db: None) -> Cast:
    practice, elsewhere = make.practice(), make.practice("Harbour Practice")
    dana, erik = make.user(practice, "Dana", "counselor"), make.user(practice, "Erik", "counselor")
    ruth, fay = make.user(practice, "Ruth", "owner"), make.user(elsewhere, "Fay", "counselor")
    alma, bruno = make.user(practice, "Alma", "client"), make.user(practice, "Bruno", "client")
    carla, gus = make.user(practice, "Carla", "client"), make.user(elsewhere, "Gus", "client")
    couple = make.case(dana, ("Alma", alma), ("Bruno", bruno))
    single = make.case(dana, ("Carla", carla), ("Max", None))
    foreign = make.case(fay, ("Gus", gus), ("Ida", None))
    return Cast(
        practice, elsewhere, dana, erik, ruth, fay, alma, bruno, carla, gus, couple, single, foreign,
        make.side(couple, "A"), make.side(couple, "B"), make.side(single), make.side(foreign),
    )  # fmt: skip


@pytest.fixture
def enter() -> Iterator[Any]:
    """`enter(user)` is a browser session of that person."""

    def sign_in(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return sign_in
