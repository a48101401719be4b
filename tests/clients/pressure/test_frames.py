"""Frames, actors, status, times and scopes: what rules and pages rely on."""

from __future__ import annotations

import pytest

from clients.pressure import Finding, read
from clients.pressure.labels import PRESSURE, PROGRESS, RESISTANCE
from clients.pressure.vocabulary import load


def one(text: str, label: str, voice: str = "note") -> Finding:
    return next(finding for finding in read(text, voice).findings if finding.label == label)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("He grabbed me by the throat.", "violence.choking"),
        ("He pointed a gun at me.", "violence.weapon"),
        ("He threatened to kill me.", "violence.threat"),
        ("I put a tracker on her car.", "monitoring.tracker"),
        ("I told him the kids cry for him every night.", "leverage.children"),
        ("She filed for divorce on Monday.", "setback.papers"),
        ("I showed up at his work unannounced.", "pursuit.visit"),
        ("He smiled at me. I told my parents that we are back together.", "overreading.acted"),
        ("He smiled at me. It is only a matter of time.", "overreading.settled"),
    ],
)
def test_frames_that_rules_name(text: str, frame: str) -> None:
    assert frame in {finding.frame for finding in read(text).findings}


def test_turning_up_is_uninvited() -> None:
    assert one("I turned up at her office with roses.", "pursuit").uninvited


def test_a_settled_plan_is_planned_and_has_its_time() -> None:
    finding = one("On Saturday I am going to ask her to move back in.", "push_return")
    assert finding.status == "planned"
    assert finding.when is not None
    assert finding.when[2] == "weekday:6"
    assert one("I will ask him to come home tomorrow.", "push_return").when[2] == "day:+1"  # type: ignore[index]


def test_actor_follows_the_act() -> None:
    assert one("I slapped her.", "violence").actor == "client"
    assert one("She slapped me.", "violence").actor == "spouse"
    assert one("I asked him to come home.", "push_return").actor == "client"
    assert one("He called me.", "initiates").actor == "spouse"


@pytest.mark.parametrize(
    ("text", "label", "scope"),
    [
        ("I did not ask him to come home.", "push_return", "negation"),
        ("Should I ask him to come home?", "push_return", "advice"),
        ("I want to ask him to come home.", "push_return", "urge"),
        ("Years ago I begged her to come home.", "push_return", "past"),
        ("I wonder if he loves me.", "affection", "doubt"),
    ],
)
def test_what_is_turned_off_says_why(text: str, label: str, scope: str) -> None:
    reading = read(text)
    assert label not in reading.labels
    off = next(off for off in reading.off if off.label == label)
    assert off.scope == scope
    assert off.why.endswith(".")


def test_an_urge_that_was_not_followed_is_held_back() -> None:
    assert read("I wanted to ask him to come home so badly. I kept quiet.").labels == {"held_back"}


def test_a_message_is_read_as_spoken_to_the_partner() -> None:
    assert "push_return" in read("Please come home.", "message").labels
    assert "reassurance" in read("Do you still love me?", "message").labels
    assert "ultimatum" in read("If I hear nothing by Friday I file for divorce.", "message").labels
    assert "leverage" in read("The kids cry for you every night.", "message").labels


@pytest.mark.parametrize(
    "text",
    [
        "Please pick up Sam at five.",
        "I will not discuss money by text.",
        "Thank you for driving the boys on Tuesday.",
        "Soccer is at nine, his boots are in the blue bag.",
        "If it rains I'll take them to the cinema instead.",
        "Please let me know by Friday so I can tell the school.",
        "Do you still want the blue sofa?",
        "The kids are asking if they can take the tablet this weekend.",
        "I'm sorry about yesterday. You don't need to answer.",
    ],
)
def test_a_plain_message_carries_nothing(text: str) -> None:
    assert read(text, "message").labels == frozenset()


def test_a_message_says_nothing_about_the_partners_conduct() -> None:
    for text in ("You called me yesterday.", "He ignores me and wants a divorce."):
        assert not read(text, "message").labels & {*PROGRESS, *RESISTANCE}


def test_the_mirrored_voice_turns_pressure_round() -> None:
    finding = one("My husband keeps texting me.", "pursuit", "mirrored")
    assert finding.actor == "spouse"
    assert "pursuit" not in read("My husband keeps texting me.").labels
    assert one("He asked me to come home.", "push_return", "mirrored").actor == "spouse"
    assert one("He hit me.", "violence", "mirrored").actor == "spouse"


def test_every_frame_of_a_label_has_a_kind_sentence() -> None:
    words = load()
    for frame, reason in words.reasons.items():
        if frame.partition(".")[0] in PRESSURE:
            assert reason, frame
            assert reason[0].islower() or reason.startswith("{partner}"), frame
            assert not {" he ", " she ", " his ", " her "} & {f" {word} " for word in reason.split()}, frame


def test_a_story_of_our_own() -> None:
    """The shape of many letters: distance first, one cool question, then signs of warmth."""
    text = (
        "\u201cAt first my wife seemed glad to be gone. She would ignore my calls. She would never come to see me. "
        "And when I found the courage and asked her if she missed me, I got a cold answer. Well, this month she has "
        "begun to text me first. She talked about memories of our wedding. She even said some sweet things to me. "
        "Does this mean that she may come back?\u201d"
    )
    labels = [finding.label for finding in read(text).findings]
    assert labels.count("reassurance") == 1
    assert labels.count("withdrawal") >= 2
    assert {"initiates", "warm_memory", "affection"} <= set(labels)
    assert not {"push_return", "overreading", "ultimatum"} & set(labels)
