"""A counselor's word on a reading, and reading history again."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from clients import flags, guards, readings
from clients.models import AuditEvent, CheckIn, Correction, Flag, Reading
from clients.pressure import VERSION as ENGINE
from tests import make

pytestmark = pytest.mark.db_both
PUSHED = "I asked her to come home last night."


def newest(cast):
    return CheckIn.objects.select_related("reading").filter(partner=cast.a).latest("at")


def judge(cast, verdict="not_accurate", label="push_return", **more):
    row = newest(cast)
    found = next(f for f in readings.every_finding(row) if f.label == label)
    return readings.judge(
        case=cast.couple, checkin_id=row.pk, label=label, start=found.start, verdict=verdict, by=cast.dana,
        at=row.at + timedelta(hours=1), **more,
    )  # fmt: skip


def test_a_reading_called_not_accurate_stops_counting_and_stays_on_record(cast):
    make.check_in(cast.a, 0, PUSHED)
    before = newest(cast)
    assert before.cpi > 0
    judge(cast, reason="She asked first.")
    after = newest(cast)
    assert after.cpi == 0
    assert after.reading_id == before.reading_id
    assert after.reading.findings == before.reading.findings
    assert Correction.objects.get().reason == "She asked first."
    cast.couple.summary.refresh_from_db()
    assert "not accurate" in cast.couple.summary.recomputed_why


def test_a_confirmed_reading_counts_in_full(cast):
    make.check_in(cast.a, 0, PUSHED)
    half = newest(cast).cpi
    judge(cast, "confirmed")
    assert newest(cast).cpi > half


def test_text_alone_is_watch_until_a_counselor_confirms_it(cast):
    for day in (0, 7, 14):
        make.check_in(cast.a, day)
    make.check_in(cast.a, 21, PUSHED)
    assert Flag.objects.get(rule="P01").severity == Flag.Severity.WATCH
    judge(cast, "confirmed")
    make.check_in(cast.a, 28, c8={"push_return": 1})
    assert Flag.objects.get(rule="P01").severity == Flag.Severity.ELEVATED


def test_raised_flags_stay_when_their_words_are_called_not_accurate(cast):
    for day in (0, 7, 14):
        make.check_in(cast.a, day)
    make.check_in(cast.a, 21, PUSHED)
    card = Flag.objects.get(rule="P01").card
    judge(cast)
    assert Flag.objects.get(rule="P01").card == card
    assert Flag.objects.get(rule="P01").state in flags.LIVE


def test_said_twice_and_said_of_words_that_are_not_marked(cast):
    make.check_in(cast.a, 0, PUSHED)
    judge(cast)
    with pytest.raises(readings.Refused, match="already"):
        judge(cast)
    with pytest.raises(readings.Refused, match="not marked any more"):
        readings.judge(
            case=cast.couple, checkin_id=newest(cast).pk, label="violence", start=0, verdict="not_accurate", by=cast.dana, at=make.START
        )  # fmt: skip
    assert Correction.objects.count() == 1


def test_a_stranger_and_the_other_partner_cannot_judge(cast, enter):
    make.check_in(cast.a, 0, PUSHED)
    address = f"/desk/cases/{cast.couple.pk}/readings/"
    value = {"not_accurate": f"{newest(cast).pk}:push_return:0"}
    for person in (cast.erik, cast.fay, cast.alma, cast.bruno):
        assert enter(person).post(address, value).status_code == 404
    assert Correction.objects.count() == 0


def test_the_button_on_the_case_page_keeps_the_word_and_shows_who_said_it(cast, enter):
    make.check_in(cast.a, 0, PUSHED)
    page = enter(cast.dana)
    address = f"/desk/cases/{cast.couple.pk}/"
    assert 'data-label="push_return"' in page.get(address).content.decode()
    found = next(f for f in readings.every_finding(newest(cast)) if f.label == "push_return")
    page.post(
        address + "readings/",
        {"not_accurate": f"{newest(cast).pk}:push_return:{found.start}", "reason": "Asked by her."},
    )
    body = page.get(address).content.decode()
    assert 'data-label="push_return"' not in body
    assert "Not accurate: Dana" in body
    assert "Recomputed on" in body
    assert AuditEvent.objects.filter(act="reading.not_accurate", by=cast.dana).count() == 1


def test_a_correction_and_a_reading_cannot_be_rewritten(cast):
    make.check_in(cast.a, 0, PUSHED)
    judge(cast)
    for rows, change in ((Correction, {"verdict": "confirmed"}), (Reading, {"version": "0"})):
        with pytest.raises(Exception, match="never rewritten") as caught, transaction.atomic():
            rows.objects.update(**change)
        assert isinstance(caught.value, IntegrityError)


def test_export_gives_evaluation_rows_without_names(cast, enter):
    make.check_in(cast.a, 0, "A calm week. I asked Bruno to come home last night. Then I slept.")
    judge(cast)
    body = enter(cast.dana).get("/desk/corrections/").content.decode()
    assert '"labels": []' in body
    assert "I asked my partner to come home last night." in body
    assert "Bruno" not in body
    assert "calm week" not in body
    assert enter(cast.erik).get("/desk/corrections/").content == b""


# An upgrade of the engine


def age(version="0.1"):
    """Every reading so far was by an older engine that read nothing."""
    with guards.lifted(connection):
        Reading.objects.update(version=version, findings={"t1": [], "n1": []})


def test_history_is_read_again_once_and_the_old_readings_stay(cast, enter):
    make.check_in(cast.a, 0, PUSHED)
    make.check_in(cast.a, 7, "She called me twice.")
    age()
    assert readings.find_outdated(limit=10) == [cast.a.pk]
    at = make.START + timedelta(days=60)
    assert readings.reread(partner_id=cast.a.pk, at=at) == 2
    assert readings.reread(partner_id=cast.a.pk, at=at) == 0
    assert Reading.objects.filter(version="0.1").count() == 2
    assert {r.reading.version for r in CheckIn.objects.select_related("reading")} == {ENGINE}
    assert CheckIn.objects.filter(partner=cast.a).earliest("at").cpi > 0
    assert "now also push return" in enter(cast.dana).get(f"/desk/cases/{cast.couple.pk}/").content.decode()


def test_reading_again_raises_old_danger_as_one_card_and_nothing_else_that_is_old(cast):
    for day in (0, 7, 14):
        make.check_in(cast.a, day)
    make.check_in(cast.a, 21, "Some nights I think about taking all my pills.")
    make.check_in(cast.a, 28, f"{PUSHED} I want to end my life.")
    age()
    with guards.lifted(connection), connection.cursor() as cursor:
        for table in ("clients_notice", "clients_flagevent", "clients_flag"):
            cursor.execute(f"DELETE FROM {table}")
    readings.reread(partner_id=cast.a.pk, at=make.START + timedelta(days=90))
    assert list(Flag.objects.values_list("rule", flat=True)) == ["S01"]


def test_the_sweep_renews_in_batches_and_goes_on(cast):
    from clients import tasks

    make.check_in(cast.a, 0, PUSHED)
    make.check_in(cast.b, 0, PUSHED)
    make.check_in(cast.c, 0, PUSHED)
    age()
    tasks.REREAD_BATCH, old = 2, tasks.REREAD_BATCH
    try:
        assert tasks.reread_outdated() == 2
        assert tasks.reread_outdated() == 1
        assert tasks.reread_outdated() == 0
    finally:
        tasks.REREAD_BATCH = old
