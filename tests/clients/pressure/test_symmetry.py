"""No label depends on who is the husband and who is the wife."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.pressure import read

CORPUS = sorted((Path(__file__).parent / "corpus").glob("train-*.jsonl"))
SWAP = {
    "he": "she",
    "she": "he",
    "him": "her",
    "his": "her",
    "himself": "herself",
    "herself": "himself",
    "husband": "wife",
    "wife": "husband",
    "boyfriend": "girlfriend",
    "girlfriend": "boyfriend",
}
# "her" is both "him" and "his", so passages are built from forms that name the case.
PEOPLE = (
    {"S": "he", "O": "him", "D": "his", "N": "my husband"},
    {"S": "she", "O": "her", "D": "her", "N": "my wife"},
    {"S": "he", "O": "him", "D": "his", "N": "my boyfriend"},
    {"S": "she", "O": "her", "D": "her", "N": "my girlfriend"},
    {"S": "he", "O": "him", "D": "his", "N": "my partner"},
    {"S": "she", "O": "her", "D": "her", "N": "my partner"},
    {"S": "he", "O": "him", "D": "his", "N": "my ex"},
)
OPENINGS = ("", "Yesterday ", "So ", "Last week ", "Well, ")
ACTS = (
    "I asked {O} to come home",
    "I begged {N} to give us another chance",
    "I keep texting {O}",
    "I asked {N} if {S} still loves me",
    "I checked {D} phone",
    "I told {O} the kids need {O}",
    "I told {N} it's over if {S} does not stop",
    "{S} called me last night",
    "{N} said {S} misses me",
    "{S} wants a divorce",
    "{S} never answers my texts",
    "{N} told me {S} needs space",
    "{S} hit me",
    "I am afraid of {O}",
    "{S} got angry and yelled at me",
    "I wanted to call {O} but I didn't",
    "{S} held my hand and kissed me",
    "{S} talked about our wedding",
    "I followed {O} around the house and kept bringing it up",
    "{N} threatened to kill me",
    "I did not ask {N} to come back",
    "I want to see {D} phone",
)
JOINS = (". ", " and ", " but ", "! ", ", ")


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(OPENINGS),
    st.lists(st.sampled_from(ACTS), min_size=1, max_size=3),
    st.sampled_from(JOINS),
    st.sampled_from(["note", "mirrored"]),
)
def test_swapping_the_partner_changes_no_label(opening: str, acts: list[str], join: str, voice: str) -> None:
    pattern = opening + join.join(acts) + "."
    readings = {tuple(finding.label for finding in read(pattern.format(**people), voice).findings) for people in PEOPLE}
    assert len(readings) == 1


def swapped(text: str) -> str:
    """He for she and husband for wife, where the swap is unambiguous (no "her", no second gender)."""

    def change(match: re.Match[str]) -> str:
        word = match.group()
        other = SWAP[word.lower()]
        return other.capitalize() if word[0].isupper() else other

    return re.sub(r"\b(" + "|".join(SWAP) + r")\b", change, text, flags=re.IGNORECASE)


def one_gendered(text: str) -> bool:
    """Only men named, so that every "his" and "him" has one counterpart; nobody else of either gender in it."""
    words = set(re.findall(r"[a-z]+", text.lower()))
    return not words & {
        "she", "her", "hers", "herself", "shes", "wife", "girlfriend", "gf", "mother", "mom", "mum", "sister", "daughter", "girl",
        "girls", "woman", "women", "father", "dad", "brother", "son", "boy", "boys", "man", "men", "ow", "om", "bf", "hubby", "hubbie",
        "wh", "dh", "stbxh", "hes", "mil", "fil", "dd", "ds", "guy", "lad", "nan", "gran", "mate", "missus", "mrs", "uncle", "aunt",
        "hubs", "mothers", "fathers", "sisters", "brothers", "daddy", "mommy", "mummy", "husbands", "wives", "xh", "h", "w",
    } and "he" in words  # fmt: skip


@pytest.mark.skipif(not CORPUS, reason="no corpus in this checkout")
def test_the_corpus_reads_the_same_for_her() -> None:
    tried = 0
    for path in CORPUS:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            text, voice = row["text"], row.get("voice") or "note"
            if voice == "message" or not one_gendered(text):
                continue
            tried += 1
            assert read(swapped(text), voice).labels == read(text, voice).labels, row["id"]
    assert tried > 50


@pytest.mark.parametrize("name", ["Robin", "Zoë", "Kaja", "Will", "Mary-Ann", "O'Neil"])
def test_any_name_of_the_partner_reads_the_same(name: str) -> None:
    story = (
        "{n} called me on Tuesday. I asked {n} to come home by Friday. {n} went quiet. "
        "I told {n} that if I hear nothing I will file. {n}'s mother was kind."
    )
    found = [(f.label, f.actor, f.status) for f in read(story.format(n=name), partner=name).findings]
    assert found == [(f.label, f.actor, f.status) for f in read(story.format(n="Alex"), partner="Alex").findings]
    assert {"initiates", "push_return", "withdrawal", "ultimatum"} <= {label for label, _, _ in found}
