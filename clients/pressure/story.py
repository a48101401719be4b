"""Layer four: rules over several sentences. Each reads the frames found so far and adds what only the
sequence shows: a contact into silence, a topic kept up against resistance, an urge that was not followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from clients.pressure.frames import Match
from clients.pressure.labels import SAFETY


@dataclass(frozen=True, slots=True)
class Told:
    """A finding-to-be that a rule made out of others; the span is in tokens."""

    label: str
    frame: str
    match: Match
    first: int
    last: int
    score: float


class Scene:
    """What a passage told, split by whether a scope turned it off, and looked up by sentence.

    Sentences have a bounded length and rules look at neighbouring ones only, so a rule's work grows with
    the length of the text and not with its square.
    """

    def __init__(self) -> None:
        self.off: list[tuple[Match, str]] = []
        self._by_family: dict[str, dict[int, list[Match]]] = {}

    def stand(self, match: Match) -> None:
        frame = match.rule.frame
        for family in (frame, frame.partition(".")[0]):
            self._by_family.setdefault(family, {}).setdefault(match.sentence, []).append(match)

    def all(self, *families: str) -> Iterator[Match]:
        for family in families:
            for matches in self._by_family.get(family, {}).values():
                yield from matches

    def near(self, match: Match, back: int, ahead: int, *families: str) -> Iterator[Match]:
        """Matches of these families from `back` sentences before to `ahead` sentences after."""
        for family in families:
            by_sentence = self._by_family.get(family)
            if by_sentence:
                for number in range(match.sentence - back, match.sentence + ahead + 1):
                    yield from by_sentence.get(number, ())

    def urges(self) -> Iterator[Match]:
        return (match for match, scope in self.off if scope == "urge")


def pursuit_into_silence(scene: Scene) -> Iterator[Told]:
    """A silence of the client's own that is broken, and no answer: the pursuit lives in the silence after it.

    One contact that goes unanswered is no pursuit yet.
    """
    for contact in scene.all("act.broke_silence"):
        if contact.actor == "client":
            silences = scene.near(contact, 0, 1, *SILENCE, "withdrawal.blocks")
            if any(silence.first >= contact.last - 1 for silence in silences):
                yield Told("pursuit", "pursuit.unanswered", contact, contact.first, contact.last, 0.7)


def again_after_silence(scene: Scene) -> Iterator[Told]:
    """No answer, and the next attempt."""
    for contact in scene.all("act.repeated"):
        if contact.actor == "client" and any(
            silence.first < contact.first for silence in scene.near(contact, 1, 0, *SILENCE)
        ):
            yield Told("pursuit", "pursuit.unanswered", contact, contact.first, contact.last, 0.7)


def deadline_and_threat(scene: Scene) -> Iterator[Told]:
    """A time that the partner has, and what follows when it is over."""
    for deadline in scene.all("act.deadline"):
        if any(threat.first >= deadline.last - 1 for threat in scene.near(deadline, 0, 1, "act.threat_told")):
            yield Told("ultimatum", "ultimatum.deadline", deadline, deadline.first, deadline.last, 0.7)


def contact_after_request(scene: Scene) -> Iterator[Told]:
    """Space was asked for, and the client went on."""
    for contact in scene.all("act.repeated"):
        if any(asked.first < contact.first for asked in scene.near(contact, 2, 0, "wants_space")):
            yield Told("pursuit", "pursuit.space", contact, contact.first, contact.last, 0.7)


def contact_around_block(scene: Scene) -> Iterator[Told]:
    """Blocked, and the client found another way."""
    for contact in scene.all("act.contact"):
        if contact.actor == "client" and any(
            block.first < contact.first for block in scene.near(contact, 2, 0, "withdrawal.blocks", "act.shut_out")
        ):
            yield Told("pursuit", "pursuit.unwanted", contact, contact.first, contact.last, 0.7)


def contact_under_ban(scene: Scene) -> Iterator[Told]:
    """A ban on contact and a contact in one passage."""
    for ban in scene.all("ground.ban_order", "ground.ban_told"):
        for contact in scene.near(
            ban,
            2,
            3,
            "act.contact",
            "act.repeated",
            "act.presence",
            "act.arrival",
            "pursuit",
            "initiates",
            "push_return",
        ):
            if contact.rule.frame == "act.presence" and any(True for _ in scene.near(ban, 1, 2, "sign.kept")):
                continue
            own = "spouse" if contact.actor == "spouse" else "client"
            if ban.actor in ("", _OTHER[own]) and not ban.first <= contact.first < ban.last:
                yield Told("no_contact", "no_contact.breach", contact, contact.first, contact.last, 0.8)
                if ban.rule.frame == "ground.ban_told" and own == "client":
                    yield Told("pursuit", "pursuit.unwanted", contact, contact.first, contact.last, 0.75)
                break


def order_named(scene: Scene) -> Iterator[Told]:
    """An order is seldom told without a breach; unless it is said that it is kept, somebody should look."""
    for order in scene.all("ground.ban_order"):
        if not any(True for _ in scene.near(order, 1, 2, "sign.kept")):
            yield Told("no_contact", "no_contact.order_named", order, order.first, order.last, 0.55)


def kept_on(scene: Scene) -> Iterator[Told]:
    """Resistance to a topic, and more of the topic after it."""
    for more in scene.all("act.kept_on"):
        if any(True for _ in scene.near(more, 1, 1, "defensive", "wants_space", "withdrawal")):
            yield Told("forced_talk", "forced_talk.kept_on", more, more.first, more.last, 0.75)


def went_on(scene: Scene) -> Iterator[Told]:
    """A topic, the sign that it is not welcome, and more of it."""
    resistance = ("act.resist", "defensive", "wants_space", "withdrawal")
    for more in scene.all("act.kept_going"):
        if more.actor == "client" and any(
            no.first <= more.first or no.sentence == more.sentence for no in scene.near(more, 1, 0, *resistance)
        ):
            yield Told("forced_talk", "forced_talk.kept_on", more, more.first, more.last, 0.7)


def urge_not_followed(scene: Scene) -> Iterator[Told]:
    """An urge told, and then the sign that it was not followed."""
    for urge in scene.urges():
        if urge.actor != "client" or urge.label not in PUSHES:
            continue
        for sign in scene.near(urge, 0, 1, "sign.restraint"):
            if sign.first >= urge.first:
                last = max(urge.last, sign.last) if sign.sentence == urge.sentence else urge.last
                yield Told("held_back", "held_back.urge", urge, urge.first, last, 0.8)
                break


def ready_not_used(scene: Scene) -> Iterator[Told]:
    """Words or a plan stood ready, and the passage tells of something else that was done instead."""
    for ready in scene.all("ground.ready"):
        for sign in scene.near(ready, 0, 2, "sign.kept_to_self"):
            if sign.first >= ready.last - 1:
                last = max(ready.last, sign.last) if sign.sentence == ready.sentence else ready.last
                yield Told("held_back", "held_back.urge", ready, ready.first, last, 0.7)
                break


def pushed_after(scene: Scene, match: Match) -> bool:
    """Held back for a while, and then not: the push is what counts."""
    return any(
        push.actor == "client" and push.first >= match.first and push.rule.frame not in BROAD
        for push in scene.near(match, 0, 1, *PUSHED)
    )


def read_too_early(scene: Scene) -> Iterator[Told]:
    """A sign from the partner, and a settled outcome drawn from it."""
    signs = ("initiates", "affection", "good_time", "warm_memory", "raises_return", "constructive_talk", "sign.good")
    for conclusion in scene.all("sign.conclusion", "sign.settled"):
        seen = signs if conclusion.rule.frame == "sign.conclusion" else (*signs, "sign.small")
        if any(
            said.first < conclusion.last and conclusion.first < said.last
            for said in scene.near(conclusion, 0, 0, "raises_return")
        ):
            continue
        if any(sign.first < conclusion.last for sign in scene.near(conclusion, 3, 1, *seen)):
            # Told to others, booked, cleared out: the writer acted on it.
            frame = "overreading.acted" if conclusion.rule.source.startswith("C:") else "overreading.settled"
            yield Told("overreading", frame, conclusion, conclusion.first, conclusion.last, 0.7)


def child_in_the_room(scene: Scene) -> Iterator[Told]:
    """Violence with a child there."""
    for child in scene.all("ground.child_present"):
        if any(not _hint(force) for force in scene.near(child, 1, 1, "violence")):
            yield Told("child_safety", "child_safety.witness", child, child.first, child.last, 0.7)


def hints_together(scene: Scene) -> Iterator[Told]:
    """Signs that say little alone. Two different ones of one danger, a sentence apart at most, say "please look"."""
    for label in SAFETY:
        for hint in scene.all(label):
            if _hint(hint):
                by_line = {hint.rule.source: hint.rule.score}
                for other in scene.near(hint, 1, 1, label):
                    if _hint(other) and (other.last <= hint.first or hint.last <= other.first):
                        by_line.setdefault(other.rule.source, other.rule.score)
                if sum(sorted(by_line.values())[-2:]) >= ENOUGH:
                    yield Told(label, f"{label}.hints", hint, hint.first, hint.last, ENOUGH)


def _hint(match: Match) -> bool:
    return match.rule.frame.partition(".")[2].startswith("hint_")


ENOUGH: Final = 0.55
SILENCE: Final = ("withdrawal.no_answer", "act.no_answer", "act.silence")
# Read from broad slots: where a narrower frame of another kind of pressure has the same words, they give way.
BROAD: Final = frozenset(
    (
        "ultimatum.put",
        "pursuit.again",
        "reassurance.asked_for",
        "forced_talk.kept_on",
    )
)
_OTHER: Final = {"client": "spouse", "spouse": "client"}


def unwelcome(scene: Scene, match: Match) -> bool:
    """Contact against a ban that protects the writer is no good sign."""
    if match.label != "initiates":
        return False
    bans = scene.near(match, 2, 2, "ground.ban_order", "ground.ban_told")
    return any(ban.rule.frame == "ground.ban_order" or ban.actor == "client" for ban in bans)


PUSHED: Final = ("push_return", "ultimatum", "pursuit", "reassurance", "forced_talk", "monitoring", "leverage")
PUSHES: Final = frozenset(
    ("push_return", "ultimatum", "pursuit", "reassurance", "forced_talk", "monitoring", "leverage", "act")
)
RULES: Final[tuple[Callable[[Scene], Iterator[Told]], ...]] = (
    pursuit_into_silence,
    again_after_silence,
    deadline_and_threat,
    contact_after_request,
    contact_around_block,
    contact_under_ban,
    order_named,
    kept_on,
    went_on,
    urge_not_followed,
    ready_not_used,
    read_too_early,
    child_in_the_room,
    hints_together,
)
