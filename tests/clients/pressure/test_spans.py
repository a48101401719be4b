"""A finding's span is its words in the untouched text, whatever the text is made of."""

from __future__ import annotations

import json
from bisect import bisect_right

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.pressure import GROUPS, LABELS, VERSION, Finding, Reading, read
from clients.pressure.tokens import tokenise

SENTENCES = (
    "I asked him to come home last night",
    "she hasn't answered my texts",
    "He said \u201cI miss you\u201d and kissed me",
    "I keep checking her phone",
    "he wants a divorce",
    "I didn\u2019t call her, I gave her space",
    "he grabbed me by the throat",
    "I don't want to live anymore",
)
JOINS = (
    ". ",
    "\r\n\r\n",
    "!! ",
    " \U0001f62d ",
    "\u200f ",
    "\u0301. ",
    "\n",
    "\u2026 ",
    " \u202bx\u202c. ",
    ", and ",
    "\ufe0f? ",
    "\x00 ",
)
NOISE = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8"), st.sampled_from("\u0301\u200f\u202e\u2019\u201c\u201d\U0001f600\r\n\t'\"")
    ),
    max_size=8,
)


@st.composite
def passages(draw: st.DrawFn) -> str:
    parts = []
    for _ in range(draw(st.integers(1, 5))):
        parts.append(draw(st.sampled_from(SENTENCES)))
        parts.append(draw(st.one_of(st.sampled_from(JOINS), NOISE)))
    return "".join(parts)


@settings(max_examples=120, deadline=None)
@given(passages(), st.sampled_from(["note", "message", "mirrored"]))
def test_spans_lie_in_the_text_and_start_and_end_on_words(text: str, voice: str) -> None:
    reading = read(text, voice)
    for found in (*reading.findings, *reading.off):
        assert 0 <= found.start < found.end <= len(text)
        words = text[found.start : found.end]
        assert words == words.strip()
        assert words[0].isalnum()
    for finding in reading.findings:
        assert finding.label in LABELS
        assert 0 < finding.score <= 1
        assert finding.reason
        assert Finding.from_dict(json.loads(json.dumps(finding.as_dict()))) == finding
        if finding.when:
            assert 0 <= finding.when[0] < finding.when[1] <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f62d\U0001f62d I asked him to come home",
        "cafe\u0301 time. I asked him to come home",
        "first line\r\n\r\nI asked him to come home",
        "\u200fI asked him to come home\u200f",
        "\u201cWell\u201d. I asked him to come home\u2026",
        "\ufeffI asked him to come home",
    ],
)
def test_the_words_are_the_words(text: str) -> None:
    finding = next(finding for finding in read(text).findings if finding.label == "push_return")
    assert text[finding.start : finding.end] == "I asked him to come home"


def test_marks_inside_words_do_not_hide_them() -> None:
    text = "I a\u200bsked hi\u00adm to come home"
    assert read(text).labels == {"push_return"}


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n\n", "\x00", "\ud800", "\ud83d I asked him to come home \udc00", "?!", "'" * 50]
)
def test_odd_texts_are_read_without_a_fuss(text: str) -> None:
    for voice in ("note", "message", "mirrored"):
        reading = read(text, voice)
        assert reading.version == VERSION
        assert reading.truncated_at is None


def test_a_huge_text_is_cut_and_says_so() -> None:
    text = "I asked him to come home. " * 10_000
    reading = read(text)
    assert reading.truncated_at == 200_000
    assert max(finding.end for finding in reading.findings) <= 200_000


def test_a_reading_survives_json_and_reading_twice() -> None:
    text = "I begged him to come home by Sunday. He never answered. I did not text her."
    reading = read(text)
    assert read(text) == reading
    assert Reading.from_dict(json.loads(json.dumps(reading.as_dict()))) == reading


def test_an_unknown_voice_is_refused() -> None:
    with pytest.raises(ValueError, match="voice"):
        read("x", "letter")


def test_groups_hold_every_label_once() -> None:
    assert sorted(label for labels in GROUPS.values() for label in labels) == sorted(LABELS)
    assert len(LABELS) == 23


@settings(max_examples=60, deadline=None)
@given(passages())
def test_a_span_ends_with_its_sentence(text: str) -> None:
    tokens = tokenise(text)
    edges = [tokens.start[first] for first, _ in tokens.sentences]
    for found in read(text).findings:
        assert bisect_right(edges, found.start) == bisect_right(edges, found.end - 1)


def test_two_acts_of_one_kind_in_two_sentences_are_two_findings() -> None:
    text = "He put his hands on my throat. He threatened to kill me."
    found = [text[one.start : one.end] for one in read(text).findings if one.label == "violence"]
    assert len(found) == 2
    assert not any(". " in words for words in found)
