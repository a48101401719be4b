"""The demo: an invented practice through the real acts, made once, with the course of its first case as promised."""

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from clients import accounts, audit, summary
from clients.models import Case, CheckIn, Flag, Practice, SteadyWindow, User
from clients.progress import possible
from counselor import pages
from counselor.management.commands import demo
from tests import make, tables

pytestmark = [pytest.mark.django_db(databases="__all__")]
ROLES = [
    "owner", "supervisor", "counselor", "counselor_no_cases", "counselor_other_practice", "client", "partner_client",
    "other_client",
]  # fmt: skip
COURSE = {3: 15.6, 7: 19.2, 10: 12.5, 14: 19.2, 17: 35.0, 21: 45.0, 24: 41.7, 28: 58.3, 31: 60.8, 35: 58.3}


def run(*options: str) -> str:
    out = StringIO()
    call_command("demo", *options, stdout=out, stderr=StringIO())
    return out.getvalue()


def told() -> dict[str, Any]:
    found = json.loads(run("--json"))
    assert isinstance(found, dict)
    return found


@pytest.mark.db_both
def test_it_says_how_everybody_signs_in_and_they_can(client: Any) -> None:
    found = told()
    assert found.keys() == {"address", "mail_dir", "users"}
    assert [user["role"] for user in found["users"]] == ROLES
    for user in found["users"]:
        assert user.keys() == {"role", "name", "email", "password", "start", "practice", "totp_secret"}
        assert user["totp_secret"] is None
        row = User.objects.select_related("practice").get(email=user["email"])
        assert (row.name, row.practice.name) == (user["name"], user["practice"])
        client.logout()
        signed_in = client.post("/accounts/login/", {"login": user["email"], "password": user["password"]})
        assert signed_in.status_code == 302, user["role"]
        assert client.get("/").headers["Location"] == user["start"]
        assert client.get(user["start"]).status_code == 200
    by_role = {user["role"]: user for user in found["users"]}
    assert by_role["counselor_other_practice"]["practice"] != by_role["counselor"]["practice"]
    rows = {role: User.objects.get(email=user["email"]) for role, user in by_role.items()}
    now = timezone.now()
    assert pages.today(rows["counselor_no_cases"], now).cases == 0
    assert pages.today(rows["counselor_other_practice"], now).cases == 1
    couple = Case.objects.filter(partners__user__in=[rows["client"], rows["partner_client"]]).distinct()
    assert couple.count() == 1
    assert not couple.filter(partners__user=rows["other_client"]).exists()


@pytest.mark.db_both
def test_running_it_twice_changes_nothing() -> None:
    first = told()
    before = tables.dump()
    assert told() == first
    run("--cases", "3", "--seed", "9")
    assert tables.dump() == before


def test_the_first_case_runs_the_promised_course() -> None:
    """Possible at day 21, one push on day 28 in the steady window, the shift card beside the act."""
    run("--cases", "1")
    case = Case.objects.get(partners__name="Ines")
    rows = list(CheckIn.objects.filter(case=case).order_by("at"))
    start = rows[0].at - timedelta(days=3)

    def day(at: datetime) -> int:
        return round((at - start) / timedelta(days=1))  # a change of the clocks may lie between

    assert {day(row.at): round(row.w or 0, 1) for row in rows} == COURSE
    shift = possible([(float(day(row.at)), row.w) for row in rows[:6] if row.w is not None])
    assert shift is not None
    assert shift.g == pytest.approx(2.70, abs=0.005)
    flags = {flag.rule: flag for flag in Flag.objects.filter(case=case)}
    assert day(flags["O01"].opened_at) == 21
    window = SteadyWindow.objects.get(case=case)
    assert (day(window.opened_at), window.opened_by) == (21, "O01")
    assert day(flags["P02"].opened_at) == 28
    assert flags["P02"].severity == Flag.Severity.ELEVATED
    assert flags["P01"].head == flags["P02"]


def test_every_group_of_today_has_a_case_and_the_newest_check_in_is_of_yesterday() -> None:
    run()
    dana = User.objects.get(email=demo.address("dana.whitlow"))
    page = pages.today(dana, timezone.now())
    assert page.cases == 8
    assert {group.key for group in page.groups if group.rows} == set(summary.GROUPS)
    newest = CheckIn.objects.latest("at")
    assert (timezone.now() - newest.at).days in {0, 1}
    assert newest.at < timezone.now()
    for practice in Practice.objects.all():
        assert audit.verify(practice.pk) > 0
    assert not User.objects.exclude(email__endswith="@example.org").exists()


def test_more_cases_come_by_seed() -> None:
    run("--cases", "11", "--weeks", "3", "--seed", "5")
    dana = User.objects.get(email=demo.address("dana.whitlow"))
    assert pages.today(dana, timezone.now()).cases == 11
    assert CheckIn.objects.filter(case__partners__name__endswith=" 9").distinct().count() == 3


def test_it_stays_out_of_a_real_practice() -> None:
    accounts.open_practice(name="A real one", zone="UTC", at=make.START)
    before = tables.dump()
    with pytest.raises(CommandError, match="stays out of it") as refusal:
        run()
    assert refusal.value.returncode == 1
    assert tables.dump() == before


@pytest.mark.parametrize(
    "options",
    [["--cases", "0"], ["--cases", "2001"], ["--weeks", "0"], ["--cases", "many"], ["--unknown"]],
    ids=" ".join,
)
def test_bad_arguments_end_with_two(options: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        demo.Command(stderr=StringIO()).run_from_argv(["manage.py", "demo", *options])
    assert end.value.code == 2
    assert not Practice.objects.exists()
