"""Layer four: rules over several sentences. Each reads the frames found so far and adds what only the
sequence shows: a contact into silence, a topic kept up against resistance, an urge that was not followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from clients.pressure.frames import Match

REACH: Final = 2


@dataclass(frozen=True, slots=True)
class Told:
    """A finding-to-be that a rule made out of others; the span is in tokens."""

    label: str
    frame: str
    match: Match
    first: int
    last: int
    score: float


@dataclass(slots=True)
class Scene:
    """What a passage told, split by whether a scope turned it off."""

    standing: list[Match]
    off: list[tuple[Match, str]]

    def frames(self, *names: str) -> list[Match]:
        return [match for match in self.standing if match.rule.frame.startswith(names)]

    def urges(self) -> list[Match]:
        return [match for match, scope in self.off if scope == "urge"]


def _near(one: Match, other: Match, reach: int = REACH) -> bool:
    return abs(one.sentence - other.sentence) <= reach


def _first_near(one: Match, others: list[Match], reach: int = REACH) -> Match | None:
    for other in others:
        if _near(one, other, reach):
            return other
    return None


def pursuit_into_silence(scene: Scene) -> Iterator[Told]:
    """A contact of the client's own, then no answer: the pursuit lives in the silence after it."""
    silences = scene.frames("withdrawal.no_answer", "act.no_answer", "withdrawal.blocks")
    for contact in scene.frames("act.contact"):
        if contact.actor != "client":
            continue
        for silence in silences:
            if 0 <= silence.sentence - contact.sentence <= 1 and silence.first >= contact.last - 1:
                yield Told("pursuit", "pursuit.unanswered", contact, contact.first, contact.last, 0.7)
                break


def contact_after_request(scene: Scene) -> Iterator[Told]:
    """Space was asked for, and the client went on."""
    for asked in scene.frames("wants_space"):
        for contact in scene.frames("act.repeated"):
            if contact.first > asked.first and _near(asked, contact):
                yield Told("pursuit", "pursuit.space", contact, contact.first, contact.last, 0.7)


def contact_under_ban(scene: Scene) -> Iterator[Told]:
    """A ban on contact and a contact in one passage."""
    bans = scene.frames("ground.ban")
    if not bans:
        return
    contacts = scene.frames("act.contact", "act.repeated", "act.presence", "pursuit", "initiates", "push_return")
    for ban in bans:
        for contact in contacts:
            own = "client" if contact.actor in ("client", "") else "spouse"
            if (
                ban.actor in ("", _OTHER[own])
                and contact.head != ban.head
                and not (ban.first <= contact.first < ban.last)
            ):
                yield Told("no_contact", "no_contact.breach", contact, contact.first, contact.last, 0.8)
                if ban.rule.frame == "ground.ban_told" and contact.actor == "client":
                    yield Told("pursuit", "pursuit.unwanted", contact, contact.first, contact.last, 0.75)
                break


def kept_on(scene: Scene) -> Iterator[Told]:
    """Resistance to a topic, and more of the topic after it."""
    resisting = scene.frames("defensive", "wants_space", "withdrawal")
    for more in scene.frames("act.kept_on"):
        against = _first_near(more, resisting, 1)
        if against is not None:
            yield Told("forced_talk", "forced_talk.kept_on", more, more.first, more.last, 0.75)


def urge_not_followed(scene: Scene) -> Iterator[Told]:
    """An urge told, and then the sign that it was not followed."""
    signs = scene.frames("sign.restraint")
    for urge in scene.urges():
        if urge.actor != "client" or urge.label not in PUSHES:
            continue
        for sign in signs:
            if 0 <= sign.sentence - urge.sentence <= 1 and sign.first >= urge.first:
                first, last = urge.first, max(urge.last, sign.last) if sign.sentence == urge.sentence else urge.last
                yield Told("held_back", "held_back.urge", urge, first, last, 0.8)
                break


def read_too_early(scene: Scene) -> Iterator[Told]:
    """A sign from the partner, and a settled outcome drawn from it."""
    signs = scene.frames(
        "initiates", "affection", "good_time", "warm_memory", "raises_return", "constructive_talk", "sign.good"
    )
    for conclusion in scene.frames("sign.conclusion"):
        if any(sign.first < conclusion.last and _near(sign, conclusion, 3) for sign in signs):
            yield Told("overreading", "overreading.settled", conclusion, conclusion.first, conclusion.last, 0.7)


def child_in_the_room(scene: Scene) -> Iterator[Told]:
    """Violence with a child there."""
    for child in scene.frames("ground.child_present"):
        for act in scene.frames("violence"):
            if act.sentence == child.sentence or abs(act.sentence - child.sentence) == 1:
                yield Told("child_safety", "child_safety.witness", child, child.first, child.last, 0.7)
                break


_OTHER: Final = {"client": "spouse", "spouse": "client"}
PUSHES: Final = frozenset(
    ("push_return", "ultimatum", "pursuit", "reassurance", "forced_talk", "monitoring", "leverage", "act")
)
RULES: Final[tuple[Callable[[Scene], Iterator[Told]], ...]] = (
    pursuit_into_silence,
    contact_after_request,
    contact_under_ban,
    kept_on,
    urge_not_followed,
    read_too_early,
    child_in_the_room,
)
