"""The check-in as an act: everything in one transaction, once, within its budget; the promise to read; kept posts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from clients import access, accounts, audit, checkins, flags, history
from clients.checkins import Answers
from clients.models import AuditEvent, CaseSummary, CheckIn, Flag, FlagEvent, HeldPost, Notice, Reading, SteadyWindow
from tests import make, tables
from tests.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
KEY = UUID("01920000-0000-7000-8000-000000000001")


def submit(cast: Cast, answers: Answers, at: datetime = make.START, key: UUID = KEY) -> checkins.Sent:
    return checkins.submit(partner=cast.a, by=cast.alma, at=at, key=key, answers=answers)


def statements(queries: CaptureQueriesContext) -> list[str]:
    return [q["sql"] for q in queries if not q["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))]


# What one check-in leaves


def test_one_check_in_leaves_row_reading_flag_notice_summary_and_trail(cast: Cast) -> None:
    text = "I gave her an ultimatum. I want to die."
    sent = make.check_in(cast.a, 0, text, safety=("self_harm",), c8={"ultimatum": 1}, c3=4)
    row = CheckIn.objects.get()
    assert (row.partner, row.case, row.at, row.text) == (cast.a, cast.couple, make.START, text)
    assert row.answers["c3"] == 4
    assert "c8" in row.answers
    assert "s1" not in row.answers, "safety answers are sealed, not among the plain ones"
    assert row.w is not None
    assert row.cpi is not None
    assert row.d is not None
    assert {"w", "cpi", "d"} <= row.levels.keys()
    assert row.reading == Reading.objects.get()
    assert "self_harm" in {f.label for f in history.findings_of(row)}
    assert {f.rule for f in Flag.objects.all()} >= {"S01", "P03"}
    assert FlagEvent.objects.filter(kind="raised", checkin=row).count() == Flag.objects.count()
    assert list(Notice.objects.values_list("kind", "to__name", "sent_at")) == [("urgent", "Dana", None)]
    summary = CaseSummary.objects.get(case=cast.couple)
    assert (summary.check_ins, summary.unread, summary.safety_open) == (1, 1, 1)
    assert AuditEvent.objects.filter(act="checkin.sent", subject=row.pk).count() == 1
    assert sent.help_kinds == ("crisis",)
    assert not sent.worded


def test_the_partner_and_other_cases_are_not_touched(cast: Cast) -> None:
    other = CaseSummary.objects.filter(case=cast.single).values().get()
    make.check_in(cast.a, 0, "I want to die.", safety=("afraid",))
    assert CaseSummary.objects.filter(case=cast.single).values().get() == other
    assert not Flag.objects.exclude(partner=cast.a).exists()
    assert not Notice.objects.filter(to__role="client").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("broken", ["clients_flag", "clients_notice", "clients_auditevent", "clients_casesummary"])
def test_when_any_part_fails_nothing_of_it_stands(cast: Cast, broken: str) -> None:
    """The table refuses writes, as a full disk would: no check-in, reading, flag or link is left behind."""
    before = tables.dump()
    event = "UPDATE" if broken == "clients_casesummary" else "INSERT"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                f"CREATE TRIGGER broken BEFORE {event} ON {broken} BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )
        else:
            cursor.execute(
                "CREATE FUNCTION broken() RETURNS trigger AS $x$ BEGIN RAISE EXCEPTION 'disk full'; END $x$"
                f" LANGUAGE plpgsql; CREATE TRIGGER broken BEFORE {event} ON {broken}"
                " FOR EACH ROW EXECUTE FUNCTION broken()"
            )
    try:
        with pytest.raises(DatabaseError, match="disk full"):
            make.check_in(cast.a, 0, "I want to die.", safety=("self_harm",))
    finally:
        with connection.cursor() as cursor:
            on = "" if connection.vendor == "sqlite" else f" ON {broken}; DROP FUNCTION broken()"
            cursor.execute(f"DROP TRIGGER broken{on}")
    assert tables.dump() == before
    make.check_in(cast.a, 0)
    assert CheckIn.objects.count() == 1


# Said twice


def test_the_same_key_and_body_is_one_row_and_the_first_result(cast: Cast) -> None:
    first = submit(cast, Answers(make.items(), safety=("self_harm",), text="once"))
    stored = tables.dump()
    again = submit(cast, Answers(make.items(), safety=("self_harm",), text="once"), make.START + timedelta(hours=1))
    assert tables.dump() == stored
    assert (first.first, again.first) == (True, False)
    assert again.checkin.pk == first.checkin.pk
    assert again.help_kinds == first.help_kinds == ("crisis",)


@pytest.mark.parametrize(
    "other",
    [
        {"text": "twice"}, {"next_session": "x"}, {"safety": ()}, {"call_me": "now"}, {"items": make.items(c3=0)},
        {"safety": (), "safety_skipped": True},
    ],
    ids=lambda o: "+".join(o),
)  # fmt: skip
def test_another_body_under_a_used_key_is_already_sent(cast: Cast, other: dict[str, Any]) -> None:
    body: dict[str, Any] = {"items": make.items(), "safety": ("self_harm",), "text": "once"}
    submit(cast, Answers(**body))
    stored = tables.dump()
    with pytest.raises(checkins.AlreadySent):
        submit(cast, Answers(**body | other))
    assert tables.dump() == stored


def test_both_partners_may_use_the_same_key(cast: Cast) -> None:
    make.check_in(cast.a, 0, key=KEY)
    make.check_in(cast.b, 0, key=KEY)
    assert CheckIn.objects.filter(key=KEY).count() == 2


# What cannot be taken


@pytest.mark.parametrize(
    ("answers", "item"),
    [
        (Answers({"c1": "skip", "c2": "skip"}, safety_skipped=True), ""),
        (Answers({}, text="  \n ", next_session=" ", safety_skipped=True), ""),
        (Answers(make.items(), text="x" * 2_001), "t1"),
        (Answers(make.items(), next_session="x" * 201), "n1"),
        (Answers(make.items(), text="a\x00b"), "t1"),
        (Answers(make.items(), next_session="\x00"), "n1"),
    ],
    ids=["all skipped", "blank", "text too long", "line too long", "NUL", "NUL in the line"],
)
def test_what_cannot_be_taken_is_refused_in_a_sentence(cast: Cast, answers: Answers, item: str) -> None:
    before = tables.dump()
    with pytest.raises(checkins.Refused) as refusal:
        submit(cast, answers)
    assert refusal.value.item == item
    assert str(refusal.value).endswith((".", "”."))
    assert tables.dump() == before


@pytest.mark.parametrize(
    "answers",
    [
        Answers({}, safety_skipped=True, text="x"), Answers({}, safety=("child",)), Answers({}, call_me="any time"),
        Answers({"c8": "none"}, safety_skipped=True), Answers({}, safety_skipped=True, next_session="x"),
    ],
    ids=["text", "safety", "call me", "none of these", "line"],
)  # fmt: skip
def test_one_answer_is_enough(cast: Cast, answers: Answers) -> None:
    submit(cast, answers)
    assert CheckIn.objects.count() == 1


def test_length_counts_code_points_and_line_ends_count_once(cast: Cast) -> None:
    """2,000 fit as the counter in the page counts them: an emoji is one, a new line is one (decisions 47)."""
    text = "\U0001f331\r\n" * 1_000
    submit(cast, Answers(make.items(), text=text, next_session="\r\n" * 100 + "\r" * 100))
    row = CheckIn.objects.get()
    assert row.text == "\U0001f331\n" * 1_000
    assert row.next_session == "\n" * 200


def test_text_is_stored_as_typed_and_spans_point_into_it(cast: Cast) -> None:
    text = "  \U0001f331\r\n\tI gave her an ultimatum.  \r\n"
    submit(cast, Answers(make.items(), text=text))
    row = CheckIn.objects.get()
    assert row.text == "  \U0001f331\n\tI gave her an ultimatum.  \n"
    found = [row.text[f.start : f.end] for f in history.findings_of(row) if f.label == "ultimatum"]
    assert found
    assert "ultimatum" in found[0]


# Consent, and the three kinds of nothing


def test_without_consent_words_are_stored_unread(cast: Cast) -> None:
    accounts.answer_consent(partner=cast.a, kind="text", given=False, by=cast.alma, at=make.START)
    sent = make.check_in(cast.a, 0, "I want to die.", next_session="I want to die.")
    assert sent.checkin.text_read is False
    assert sent.help_kinds == ()
    assert CheckIn.objects.get().text == "I want to die."
    assert not Reading.objects.exists()
    assert not Flag.objects.exists()
    ticked = make.check_in(cast.a, 1, "I want to die.", safety=("self_harm",))
    assert ticked.help_kinds == ("crisis",), "a tick needs no consent to reading"
    accounts.answer_consent(partner=cast.a, kind="text", given=True, by=cast.alma, at=make.START + timedelta(days=2))
    assert make.check_in(cast.a, 3, "I want to die.").checkin.text_read


def test_skip_none_and_no_contact_are_stored_differently(cast: Cast) -> None:
    make.check_in(cast.a, 0, c4="skip", c3="skip")
    make.check_in(cast.a, 7, c4="none", c3=0)
    make.check_in(cast.a, 14, c4=["heard_over"], c3="no_contact")
    rows = list(CheckIn.objects.order_by("at"))
    assert [r.answers["c4"] for r in rows] == ["skip", "none", ["heard_over"]]
    assert [r.answers["c3"] == "no_contact" for r in rows] == [False, False, True]


def test_skipped_safety_none_of_these_and_a_call_are_stored_differently(cast: Cast) -> None:
    for answers in (
        Answers(make.items(), safety_skipped=True),
        Answers(make.items()),
        Answers(make.items(), safety_skipped=True, call_me="after six"),
    ):
        submit(cast, answers, key=uuid4())
    stored = [history.safety_of(row) for row in CheckIn.objects.order_by("id")]
    assert stored == [{}, {"s1": [], "call_me": ""}, {"s1": [], "call_me": "after six"}]


# Help on the spot


@pytest.mark.parametrize(
    ("chip", "kind"),
    [
        ("self_harm", "crisis"),
        ("hurt", "violence"),
        ("afraid", "violence"),
        ("might_hurt", "own_anger"),
        ("child", "child"),
    ],
)
def test_each_danger_brings_its_help(cast: Cast, chip: str, kind: str) -> None:
    sent = make.check_in(cast.a, 0, safety=(chip,))
    assert (sent.help_kinds, sent.worded) == ((kind,), False)


def test_help_that_only_words_raised_says_so(cast: Cast) -> None:
    assert make.check_in(cast.a, 0, "I want to die.").worded
    line = make.check_in(cast.a, 1, next_session="I want to die.")
    assert (line.help_kinds, line.worded) == (("crisis",), True)
    assert make.check_in(cast.a, 2, "A calm week.").help_kinds == ()


def test_safe_now_gives_the_alert_until_the_end_of_the_day(cast: Cast) -> None:
    sent = make.check_in(cast.a, 0, safety=("afraid", "self_harm"))
    due = {f.rule: f.due_at for f in Flag.objects.all()}
    assert due == dict.fromkeys(("S01", "S02"), make.START + timedelta(minutes=15))
    said: dict[str, Any] = {"partner": cast.a, "checkin_id": sent.checkin.pk, "by": cast.alma, "who": "to_me"}
    for safe, wait in [("yes", flags.DUE_TODAY), ("not_sure", timedelta(minutes=15)), ("yes", timedelta(minutes=15))]:
        told = checkins.tell_danger(at=make.START + timedelta(minutes=2), safe_now=safe, **said)
        due = {f.rule: f.due_at for f in Flag.objects.all()}
        assert due == {"S02": make.START + wait, "S01": make.START + timedelta(minutes=15)}
        assert CaseSummary.objects.get(case=cast.couple).due_at == min(due.values())
    assert history.safety_of(CheckIn.objects.get())["s2"] == {"who": "to_me", "safe_now": "not_sure"}
    assert (told.first, set(told.help_kinds)) == (False, {"crisis", "violence"})


def test_nobody_answers_for_another_persons_check_in(cast: Cast) -> None:
    sent = make.check_in(cast.a, 0, safety=("afraid",))
    before = tables.dump()
    with pytest.raises(CheckIn.DoesNotExist):
        checkins.tell_danger(
            partner=cast.b, checkin_id=sent.checkin.pk, by=cast.bruno, at=make.START, who="to_me", safe_now="yes"
        )
    assert tables.dump() == before


# The promise to read


@pytest.mark.parametrize(
    ("sent_at", "promised"),
    [
        (datetime(2026, 9, 7, 17, tzinfo=UTC), date(2026, 9, 9)),  # Monday
        (datetime(2026, 9, 10, 17, tzinfo=UTC), date(2026, 9, 14)),  # Thursday: Friday, Monday
        (datetime(2026, 9, 11, 17, tzinfo=UTC), date(2026, 9, 15)),  # Friday: Monday, Tuesday
        (datetime(2026, 9, 12, 17, tzinfo=UTC), date(2026, 9, 15)),  # Saturday
        (datetime(2026, 9, 13, 21, 59, tzinfo=UTC), date(2026, 9, 15)),  # Sunday in Berlin
        (datetime(2026, 9, 13, 22, 1, tzinfo=UTC), date(2026, 9, 16)),  # Monday in Berlin
    ],
)
def test_the_promise_skips_weekends_in_the_persons_own_zone(cast: Cast, sent_at: datetime, promised: date) -> None:
    assert checkins.promise(cast.couple, sent_at, "Europe/Berlin") == promised
    assert submit(cast, Answers(make.items()), sent_at).checkin.read_by_on == promised


def test_marking_as_read_says_who_and_when_and_once(cast: Cast) -> None:
    first, second = make.check_in(cast.a, 0), make.check_in(cast.b, 1)
    other = make.check_in(cast.c, 0)
    at = make.START + timedelta(days=2)
    assert checkins.mark_read(case=cast.couple, by=cast.dana, at=at, ids=[other.checkin.pk]) == 0
    assert checkins.mark_read(case=cast.couple, by=cast.dana, at=at, ids=[first.checkin.pk]) == 1
    summary = CaseSummary.objects.get(case=cast.couple)
    assert (summary.unread, summary.oldest_unread_at) == (1, second.checkin.at)
    assert make.read_all(cast.couple, cast.dana, at) == 1
    length = audit.verify(cast.practice.pk)
    later = at + timedelta(days=1)
    assert checkins.mark_read(case=cast.couple, by=cast.dana, at=later, ids=[first.checkin.pk]) == 0
    assert audit.verify(cast.practice.pk) == length, "said twice is not recorded twice"
    assert list(CheckIn.objects.filter(case=cast.couple).values_list("read_at", "read_by__name")) == [(at, "Dana")] * 2
    assert CheckIn.objects.get(pk=other.checkin.pk).read_at is None
    summary.refresh_from_db()
    assert (summary.unread, summary.oldest_unread_at, summary.read_by_on) == (0, None, None)


# What it costs


def _warm_up(cast: Cast) -> None:
    for week in range(6):
        make.check_in(cast.a, 7 * week, "A quiet week.")
        make.check_in(cast.b, 7 * week + 1)


def test_a_calm_check_in_takes_at_most_14_statements(cast: Cast) -> None:
    _warm_up(cast)
    partner = access.own_side(cast.alma)
    with CaptureQueriesContext(connection) as queries:
        sent = make.check_in(partner, 49, "We cooked together and it was easy.")
    assert not Flag.objects.filter(checkin=sent.checkin).exists()
    assert len(statements(queries)) <= 14, "\n".join(statements(queries))


def test_flags_take_at_most_four_more_however_many(cast: Cast) -> None:
    _warm_up(cast)
    partner = access.own_side(cast.alma)
    acts = {"push_return": 2, "ultimatum": 2, "reassurance": 2, "forced_talk": 1}
    counts, raised = [], []
    for day, text, safety, c8 in (
        (49, "A quiet week.", (), "none"),
        (56, "A quiet week.", (), {"ultimatum": 1}),
        (63, "I want to die.", ("self_harm", "afraid"), acts),
        (70, "I want to die. I gave her an ultimatum.", ("self_harm",), acts),
    ):
        with CaptureQueriesContext(connection) as queries:
            sent = make.check_in(partner, day, text, safety=safety, c8=c8, c11=0 if safety else 2, c12=4)
        counts.append(len(statements(queries)))
        raised.append(FlagEvent.objects.filter(checkin=sent.checkin).count())
    assert raised[0] < 2 < raised[2], raised
    assert max(counts) <= 18, counts


def test_the_whole_request_takes_at_most_24_statements(cast: Cast, enter: Any) -> None:
    _warm_up(cast)
    browser = enter(cast.alma)
    browser.get("/portal/")
    form = {"key": str(uuid4()), "c3": "3", "c11": "3", "s1": "none", "t1": "An easy week."}
    with CaptureQueriesContext(connection) as queries:
        assert browser.post("/portal/check-in/", form).status_code == 302
    assert len(statements(queries)) <= 24, "\n".join(statements(queries))


# Posts whose session had ended


def test_a_kept_post_is_only_that_persons_and_for_48_hours(cast: Cast) -> None:
    at = make.START
    assert checkins.hold(user_id=cast.alma.pk, key=KEY, body="t1=first", at=at)
    assert checkins.hold(user_id=cast.alma.pk, key=KEY, body="t1=second", at=at + timedelta(hours=1))
    assert [p.body for p in HeldPost.objects.all()] == ["t1=first", "t1=second"], "each is kept"
    found = checkins.held(cast.alma, at + timedelta(hours=47, minutes=59))
    assert found is not None
    assert found.body == "t1=first"
    assert checkins.held(cast.alma, at + timedelta(hours=49)) is None
    assert checkins.held(cast.bruno, at) is None
    checkins.drop_held(found)
    assert checkins.tidy_held(before=at + timedelta(hours=1)) == 0
    assert checkins.tidy_held(before=at + timedelta(hours=1, seconds=1)) == 1


def test_nothing_is_kept_for_somebody_who_cannot_sign_in(cast: Cast) -> None:
    cast.alma.is_active = False
    cast.alma.save()
    assert not checkins.hold(user_id=cast.alma.pk, key=KEY, body="t1=x", at=make.START)
    assert not checkins.hold(user_id=uuid4(), key=KEY, body="t1=x", at=make.START)
    assert not HeldPost.objects.exists()


def test_warmth_after_cool_weeks_opens_one_steady_window(cast: Cast) -> None:
    make.warming(cast.a)
    window = SteadyWindow.objects.get()
    assert window.partner == cast.a
    assert (window.opened_at, window.ends_at) == (
        make.START + timedelta(days=28),
        make.START + timedelta(days=35 + 28),
    ), "opened by the first warm week, moved on by the second, which confirms it"
    assert CaseSummary.objects.get(case=cast.couple).window_until == window.ends_at
