"""The course chart: geometry that holds for any history, words that only observe, markup that stays small."""

import ast
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.progress.level import levels
from counselor import chart
from counselor.chart import Act, Course, Mark, Reading, Window, describe, draw, table
from counselor.chart.course import ALONE, KINDS, LANES, check_ins_in, put_together
from counselor.chart.drawing import INSET, LETTER, NARROW, WIDE
from counselor.chart.marks import STEPS, dates_in

START = datetime(2026, 10, 17, 9, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"]
BANNED = re.compile(
    r"\b(likelihood|likely|chances?|odds|success rate|winning back|win back|probabl\w*|because|forecast|will|"
    r"tactics?|strateg\w+|come back|due to)\b",
    re.I,
)
SOURCES = [path.read_text(encoding="utf-8") for path in sorted(Path(chart.__file__).parent.glob("*.py"))]
WIDTHS = pytest.mark.parametrize("width", [860, 360])

# Helpers ----------------------------------------------------------------------------------------------------


def day(days, hours=0):
    return START + timedelta(days=days, hours=hours)


def series(days, values):
    found = levels(list(zip(days, values, strict=True)))
    return tuple(
        Reading(day(d), v, level.mean if level else None, level.var if level else None)
        for d, v, level in zip(days, values, found, strict=True)
    )


def course(days=(), warmth=(), pressing=(), end=None, **others):
    given = {
        "start": START,
        "end": day(max(days, default=0) + 1 if end is None else end),
        "partner": series(days, warmth),
        "client": series(days, pressing),
        "acts": (),
        "windows": (),
        "marks": (),
        "client_name": "Alex",
        "partner_name": "Sam",
        "zone": "Europe/Berlin",
    }
    return Course(**{**given, **others})


DAYS = [3, 7, 10, 14, 17, 21, 24, 28, 31, 35]
STORY = course(
    DAYS,
    [15.6, 19.2, 12.5, 19.2, 35, 45, 41.7, 58.3, 60.8, 58.3],
    [63, 53, 39, 45, 22, 22, 0, 39, 0, 22],
    acts=(
        Act(day(3), "asking", "asked when Sam comes home"),
        Act(day(10), "chasing", "wrote again without an answer"),
        Act(day(14), "controlling", "asked others where Sam was"),
        Act(day(24), "good", "felt the urge to push, and waited"),
        Act(day(28), "asking", "asked about living together"),
    ),
    windows=(Window(day(17), day(31)),),
    marks=(
        Mark(day(14, 2), "flag", "asked others to step in", "/desk/cases/1/flags/2/"),
        Mark(day(17), "shift", "warmth"),
        Mark(day(18), "note", "session", "/desk/notes/3/"),
        Mark(day(30), "sent", "Let them raise it"),
    ),
)


def history(n, every=7.0):
    """Two invented years, or ten of them: gaps, missing scores, an act or two and marks now and then."""
    days, at = [], 0.0
    for i in range(n):
        at += every * (1 + 0.2 * ((i * 7) % 5 - 2) / 2) + (30 if i in (n // 3, n // 2) else 0)
        days.append(at)
    warmth = [None if i % 17 == 5 else float(30 + i * 13 % 41 + i * 20 // n) for i in range(n)]
    pressing = [float(max(0, 60 - i * 40 // n + i * 29 % 31 - 15)) for i in range(n)]
    lanes = ["asking", "chasing", "good", "good", "controlling"]
    words = ["asked about living together", "wrote again without an answer", "gave Sam the room asked for"]
    case = "/desk/cases/01931b5e-7c2a-7b31-9d0a-6f2f6d0f3c11/flags/01931b5e-7c2a-7b31-9d0a-6f2f6d0f3c22/"
    flag = "brought up problems when it was not wanted (own report)"
    return course(
        days,
        warmth,
        pressing,
        acts=tuple(Act(day(d), lanes[i % 5], words[i % 3]) for i, d in enumerate(days) if i % 4 == 0),
        windows=(Window(day(days[n // 2]), day(days[n // 2] + 28)),),
        marks=tuple(
            mark
            for i, d in enumerate(days)
            for mark in (
                *([Mark(day(d, 1), "flag", flag, case)] if i % 8 == 3 else []),
                *([Mark(day(d + 2), "note", "session", "/desk/notes/01931b5e-7c2a/")] if i % 4 == 1 else []),
                *([Mark(day(d + 2), "sent", "Let them raise it")] if i % 9 == 2 else []),
                *([Mark(day(d), "shift", "warmth")] if i == n // 2 else []),
            )
        ),
    )


def view(a_course):
    return SimpleNamespace(
        wide=draw(a_course, 860), narrow=draw(a_course, 360), words=describe(a_course), rows=table(a_course)
    )


def render(a_course):
    return render_to_string("desk/_chart.html", {"chart": view(a_course)})


def runs(path):
    """Every place a path goes through, one list a stretch."""
    found = []
    x = y = 0.0
    for command, rest in re.findall(r"([Mmlhvz])([^Mmlhvz]*)", path):
        numbers = [float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", rest)]
        if command in "Mml":
            for i in range(0, len(numbers), 2):
                x, y = numbers[i : i + 2] if command == "M" else (x + numbers[i], y + numbers[i + 1])
                found.append([]) if command in "Mm" and i == 0 else None
                found[-1].append((round(x, 1), round(y, 1)))
        elif command in "hv":
            for n in numbers:
                x, y = (x + n, y) if command == "h" else (x, y + n)
                found[-1].append((round(x, 1), round(y, 1)))
        else:
            x, y = found[-1][0]
    return found


def places(path):
    return [place for run in runs(path) for place in run]


def labels(drawing):
    yield from drawing.names
    yield from drawing.ticks
    yield from drawing.counts
    for panel in drawing.panels:
        yield from filter(None, (panel.name, panel.end, panel.note))
    yield from (window.name for window in drawing.windows if window.name)


# Any history --------------------------------------------------------------------------------------------------

scores = st.none() | st.floats(0, 100)
words = st.text("abc dé<&", min_size=1, max_size=90)


@st.composite
def courses(draw_, most=60):
    gaps = draw_(st.lists(st.floats(0.01, 40), max_size=most))
    days = [sum(gaps[: i + 1]) for i in range(len(gaps))]
    last = days[-1] if days else 0.0
    size = {"min_size": len(days), "max_size": len(days)}
    moment = st.floats(-10, last + 30).map(day)
    start = draw_(st.floats(-20, last))
    lane = st.sampled_from(LANES)
    spans = st.tuples(moment, moment).map(sorted)
    return course(
        days,
        draw_(st.lists(scores, **size)),
        draw_(st.lists(scores, **size)),
        start=day(start),
        end=last + draw_(st.floats(0, 60)),
        acts=tuple(draw_(st.lists(st.builds(Act, moment, lane, words), max_size=30))),
        windows=tuple(draw_(st.lists(spans.map(lambda s: Window(*s)), max_size=3))),
        marks=tuple(draw_(st.lists(st.builds(Mark, moment, st.sampled_from(KINDS), words), max_size=30))),
        client_name=draw_(words),
        zone=draw_(st.sampled_from(ZONES)),
    )


any_course = given(courses(), st.sampled_from([860, 360]))
patient = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@patient
@any_course
def test_everything_lies_inside_the_drawing_and_data_inside_their_ledger(a_course, width):
    drawing = draw(a_course, width)
    left, right = float(drawing.left), float(drawing.right)
    for panel in drawing.panels:
        top, bottom = float(panel.top), float(panel.bottom)
        for path in (panel.band, panel.line, panel.gaps, panel.dots):
            for x, y in places(path):
                assert left <= x <= right
                assert top - 0.1 <= y <= bottom + 0.1
    top, foot = float(drawing.top), float(drawing.foot)
    for path in (*(stop.d for stop in drawing.stops), *(lane.d for lane in drawing.lanes), drawing.caps):
        assert all(left - 8 <= x <= right + 8 and top - 20 <= y <= foot for x, y in places(path))
    for glyph in drawing.glyphs:
        assert all(left - 8 <= x <= right + 8 and top <= y <= foot for x, y in places(glyph.d))
    for window in drawing.windows:
        assert left <= float(window.x) <= float(window.right) <= right
        assert float(window.y) + float(window.height) <= foot + 0.1
    for label in labels(drawing):
        assert 0 <= float(label.x) <= width
        assert 10 <= float(label.y) <= drawing.height


@patient
@any_course
def test_time_runs_from_left_to_right(a_course, width):
    drawing = draw(a_course, width)
    for panel in drawing.panels:
        for run in [*runs(panel.line), *runs(panel.gaps), places(panel.dots)]:
            assert all(one[0] <= two[0] for one, two in pairwise(run))
    assert all(float(one.x) <= float(two.x) for one, two in pairwise(drawing.stops))
    assert all(float(one.x) < float(two.x) for one, two in pairwise(drawing.ticks))


@patient
@any_course
def test_the_band_holds_the_level_wherever_it_is_drawn(a_course, width):
    for panel in draw(a_course, width).panels:
        edge = places(panel.band)
        over, under = edge[: len(edge) // 2], edge[len(edge) // 2 :]
        for x, y in [*places(panel.line), *places(panel.gaps)]:
            assert min(h for place, h in over if abs(place - x) < 0.15) <= y + 0.15
            assert max(h for place, h in under if abs(place - x) < 0.15) >= y - 0.15


@patient
@given(courses(most=18), st.sampled_from([860, 360]))
def test_a_silence_is_dashed_and_never_a_plain_line(a_course, width):
    a_course = replace(a_course, start=min(a_course.start, START))
    drawing = draw(a_course, width)
    for panel, readings in zip(drawing.panels, (a_course.partner, a_course.client), strict=True):
        times = [r.at for r in readings if r.value is not None]
        if len(times) < 3:
            assert panel.line == panel.gaps == panel.band == ""
            continue
        end = max(a_course.end, a_course.start + timedelta(days=1))
        quiet = [two - one > timedelta(days=14) for one, two in pairwise(times)]
        quiet += [True] if end - times[-1] > timedelta(days=14) else []
        gaps, line = runs(panel.gaps), runs(panel.line)
        assert len(gaps) == sum(quiet)
        assert sum(len(run) - 1 for run in line) == len(times) - 1 - sum(quiet[: len(times) - 1])
        for one, two in gaps:
            assert not any(run[0][0] < two[0] and one[0] < run[-1][0] for run in line)


@patient
@any_course
def test_date_labels_leave_air(a_course, width):
    ticks = [tick for tick in draw(a_course, width).ticks if tick.words]
    for one, two in pairwise(ticks):
        half = (len(one.words) + len(two.words)) * LETTER / 2
        assert float(two.x) - float(one.x) - half >= 13.8


@patient
@any_course
def test_words_are_said_about_any_history(a_course, width):
    assert describe(a_course).endswith(".")
    for row in table(a_course):
        assert row.when
    for stop in draw(a_course, width).stops:
        assert stop.words.startswith(stop.title.split(":")[0])


# Little, much ---------------------------------------------------------------------------------------------------


@WIDTHS
@pytest.mark.parametrize("n", [0, 1, 2])
def test_below_three_check_ins_there_are_points_and_words_but_no_line(width, n):
    drawing = draw(course([5, 12][:n], [40, 50][:n], [20, 30][:n]), width)
    for panel in drawing.panels:
        assert panel.line == panel.gaps == panel.band == ""
        assert panel.end is None
        assert panel.note.words == f"not enough data yet ({n} of 3)"
        assert len(runs(panel.dots)) == n
    assert len(drawing.stops) == n


def test_little_is_said_of_little():
    assert describe(course()) == "From Alex's check-ins: not enough data yet (0 of 3)."
    assert describe(course([1, 8], [10, 20], [0, 0])) == "From Alex's check-ins: not enough data yet (2 of 3)."
    assert table(course()) == ()
    row = table(course([1, 8], [10, 20], [0, 0]))[0]
    assert (row.warmth, row.warmth_level) == ("20", "")


def test_one_side_may_be_missing():
    no_contact = course([1, 8, 15, 22], [None] * 4, [40, 30, 20, 10])
    upper, lower = draw(no_contact, 860).panels
    assert upper.note.words == "not enough data yet (0 of 3)"
    assert lower.note is None
    assert lower.line
    assert describe(no_contact).startswith("How Sam has been: not enough data yet (0 of 3). Asking, chasing")
    assert draw(no_contact, 860).stops[0].words == "18 Oct: warmth not known, pressing 40"


@WIDTHS
@pytest.mark.parametrize("n", [104, 1040])
def test_a_long_history_stays_small(width, n):
    drawing = draw(history(n), width)
    assert len(drawing.stops) <= 130
    for panel in drawing.panels:
        assert len(runs(panel.dots)) <= (WIDE if width == 860 else NARROW)
        assert panel.gaps  # putting check-ins together hides no silence
    assert len(drawing.glyphs) <= 20
    assert len(table(history(n))) <= WIDE


def test_two_years_are_at_most_forty_kilobytes_and_ten_are_bounded():
    assert len(render(history(104)).encode()) <= 40_000
    assert len(render(history(1040)).encode()) <= 60_000


def test_the_newest_check_ins_stand_alone_and_no_check_in_is_lost():
    check_ins = check_ins_in(history(1040))
    groups = put_together(check_ins, WIDE)
    assert [check_in for group in groups for check_in in group] == check_ins
    assert all(len(group) == 1 for group in groups[-ALONE:])


# The story ------------------------------------------------------------------------------------------------------


def test_the_story_in_words():
    assert describe(STORY) == (
        "Sam has been warmer since about 3 November, as Alex reports it; asking came up once since. "
        "Alex is pressing less than around 24 October."
    )
    assert [stop.words for stop in draw(STORY, 860).stops][-3:] == [
        "14 Nov: warmth 58, pressing 39; asked about living together",
        "17 Nov: warmth 61, pressing 0; 16 Nov guidance sent: Let them raise it",
        "21 Nov: warmth 58, pressing 22",
    ]


def test_the_other_ways_a_course_can_go():
    def said(warmth, pressing, **others):
        weeks = [7 * i for i in range(len(warmth))]
        return describe(course(weeks, warmth, pressing, **others))

    assert "Sam has stayed about as warm since around" in said([50] * 6, [20] * 6)
    assert "asking, chasing or controlling did not come up since." in said([50] * 6, [20] * 6)
    cooler = said([80, 80, 80, 20, 20, 20], [0, 0, 0, 70, 80, 80])
    assert "Sam has been cooler than around 24 October, as Alex reports it" in cooler
    assert "Alex is pressing more than around 24 October." in cooler
    assert said([50] * 4, [0] * 4, end=60).endswith("No check-in since 7 November.")
    assert "own conduct: not enough data yet (1 of 3)" in said([50] * 4, [None, None, None, 0])
    three = tuple(Act(day(20 + i), "asking", "asked") for i in range(3))
    assert "asking came up 3 times and chasing came up twice since" in said(
        [50] * 5, [0] * 5, acts=(*three, *(Act(day(20), "chasing", "wrote") for _ in range(2)))
    )
    assert "since around 17 October 2026" in said([50] * 3, [0] * 3, end=120)


def test_the_table_has_the_numbers_of_the_drawing():
    rows = table(STORY)
    assert len(rows) == 10
    assert rows[0].when == "21 Nov"
    assert (rows[0].warmth, rows[0].pressing) == ("58", "22")
    level = STORY.partner[-1]
    half = 1.28 * level.var**0.5
    assert rows[0].warmth_level == f"{level.level:.0f} ({level.level - half:.0f}–{level.level + half:.0f})"
    assert rows[6].remarks == "asked others where Sam was; flag: asked others to step in"
    assert rows[5].remarks == "possible shift: warmth; 4 Nov note: session"


def test_a_merged_row_says_how_many_it_stands_for():
    long = history(104)
    assert re.fullmatch(r".+, \d check-ins", table(long)[-1].when)
    assert "check-ins: warmth about" in draw(long, 360).stops[0].words


def test_the_line_enters_from_before_the_span_and_fades_after_the_last_word():
    later = replace(STORY, start=day(22), end=day(60))
    panel = draw(later, 860).panels[0]
    first, last = places(panel.line)[0], places(panel.gaps)[-1]
    assert first[0] == pytest.approx(float(draw(later, 860).left) + INSET, abs=0.1)
    assert last[0] == pytest.approx(float(draw(later, 860).right) - INSET, abs=0.1)
    edge = places(panel.band)
    half = len(edge) // 2
    assert edge[half][1] - edge[half - 1][1] > 15  # the band is wide by then
    assert len(runs(panel.dots)) == 4
    assert draw(replace(STORY, start=day(40), end=day(60)), 860).panels[0].note.words == (
        "nothing reported in this time"
    )


def test_a_band_opens_over_a_silence_and_closes_after_it():
    quiet = course([0, 7, 14, 56, 63], [50] * 5, [20] * 5)
    edge = places(draw(quiet, 860).panels[0].band)
    over, under = edge[: len(edge) // 2], list(reversed(edge[len(edge) // 2 :]))
    widths = [low - high for (_, high), (_, low) in zip(over, under, strict=True)]
    widest = widths.index(max(widths[3:]))
    assert widths[2] < widths[widest]
    assert widths[widest + 1] < widths[widest]


def test_marks_that_would_cover_each_other_become_one_with_a_count():
    close = replace(STORY, marks=tuple(Mark(day(20, i), "flag", f"flag {i}", "/x/") for i in range(5)))
    drawing = draw(close, 860)
    assert [glyph.words for glyph in drawing.glyphs] == ["6 Nov, 5 flags"]
    assert drawing.glyphs[0].href == ""
    assert [count.words for count in drawing.counts] == ["5"]
    assert draw(close, 360).glyphs[0].words == ""


@pytest.mark.parametrize("zone", ZONES)
def test_dates_stand_at_midnight_of_the_zone(zone):
    for step in STEPS:
        for date, moment in dates_in(START, START + timedelta(days=900), ZoneInfo(zone), step):
            assert moment.astimezone(ZoneInfo(zone)).date() == date
            assert step != ("day", 7) or date.weekday() == 0


def test_years_are_named_only_where_they_begin():
    words_of = [tick.words for tick in draw(history(104), 860).ticks]
    assert [w for w in words_of if w[-4:].isdigit()] == ["Jan 2027", "Jan 2028"]
    assert all(not tick.words[-4:].isdigit() for tick in draw(STORY, 860).ticks)


# Words and markup -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("a_course", [STORY, history(104), course()], ids=["story", "long", "empty"])
def test_no_word_promises_or_explains(a_course):
    """Every word of ours: the names, acts and marks here are as plain."""
    html = render(a_course)
    assert not BANNED.findall(re.sub(r"<[^>]*>", " ", html))
    assert not BANNED.findall(" ".join(re.findall(r'(?:data-read|aria-label)="([^"]*)"', html)))
    trees = [ast.parse(source) for source in SOURCES]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    strings = [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert not BANNED.findall(" ".join(text for text in strings if "\n" not in text))
    assert "%" not in describe(a_course)


@pytest.mark.parametrize("a_course", [STORY, history(104), course()], ids=["story", "long", "empty"])
def test_markup_asks_no_database_and_keeps_the_policy(a_course):
    """Without the `django_db` mark a single query fails this test."""
    html = render(a_course)
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=|javascript:", html)
    assert html.count('role="group"') == html.count("<desc>") == 2
    assert html.count("data-read=") == html.count('class="pt"') == len(re.findall(r'class="pt"[^>]*><title>', html))
    assert 'class="readout" aria-live="polite"' in html
    assert len(re.findall(r'id="', html)) == len(set(re.findall(r'id="([^"]*)"', html)))


def test_markup_escapes_names_and_words():
    html = render(replace(STORY, client_name="<b>A</b>", acts=(Act(day(3), "asking", "<i>x</i>"),)))
    assert "<b>" not in html
    assert "<i>" not in html
    assert "&lt;b&gt;A&lt;/b&gt;" in html


def test_marks_lead_to_their_page():
    html = render(STORY)
    assert '<a href="/desk/cases/1/flags/2/"><path class="glyph mark-flag"' in html
    assert html.count('href="/desk/notes/3/"') == 1


def test_coordinates_are_the_same_in_every_language():
    with translation.override("de"):
        german = re.findall(r'\sd="([^"]*)"', render(STORY))
    assert german == re.findall(r'\sd="([^"]*)"', render(STORY))


def test_geometry_knows_no_framework_and_no_clock():
    assert len(SOURCES) > 1
    for source in SOURCES:
        assert "django" not in source
        assert not re.search(r"\b(now|today|open|print)\(", source)
