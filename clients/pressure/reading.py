"""`read`: one text in, one frozen reading out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from clients.pressure import frames, story
from clients.pressure.clauses import analyse
from clients.pressure.findings import Finding, Off, Reading, When
from clients.pressure.frames import Match
from clients.pressure.labels import GROUP_OF, LABELS, PRESSURE, SAFETY, VOICES
from clients.pressure.note import Note, exchanged
from clients.pressure.tokens import tokenise
from clients.pressure.vocabulary import HELPERS, Vocabulary, load
from clients.pressure.weighing import weigh, words_of
from clients.pressure.when import times

VERSION: Final = "1.2"
LIMIT: Final = 200_000
_ORDER: Final = {label: number for number, label in enumerate(LABELS)}
_SMALL_WORD: Final = 4
_SPOUSE_CONDUCT: Final = ("progress", "resistance")
# Where several scopes apply, the one that explains most is shown.
_WORST: Final = (
    "idiom",
    "negation",
    "past",
    "habit",
    "advice",
    "question",
    "urge",
    "condition",
    "doubt",
    "hearsay",
    "plan",
)
_REASONS: Final = {
    "pursuit.unanswered": "wrote or called {partner} without getting an answer",
    "pursuit.space": "went on contacting {partner} after space was asked for",
    "pursuit.unwanted": "went on contacting {partner} although it was not wished",
    "no_contact.breach": "contact although none is wished: please check",
    "no_contact.order_named": "an order or a ban was named: please check whether it is kept",
    "forced_talk.kept_on": "went on about problems when it was not wanted",
    "ultimatum.deadline": "gave {partner} a condition or deadline",
    "held_back.urge": "felt the urge to act and let it pass",
    "overreading.settled": "took an early good sign as settled",
    "overreading.acted": "acted on an early good sign as if all were settled",
    "self_harm.hints": "several small signs of not wanting to live: please look at this",
    "violence.hints": "several small signs of fear or force: please look at this",
    "child_safety.hints": "several small signs that a child may be at risk: please look at this",
    "no_contact.hints": "several small signs of contact that is not wished: please check",
    "child_safety.witness": "a child was there when something frightening happened: please look at this",
}


def read(text: str, voice: str = "note", partner: str = "") -> Reading:
    """Labelled spans of `text`. Voices: note (about the partner), message (to the partner), mirrored.

    `partner` is what the writer calls the partner; any name gives the same findings.
    """
    if voice not in VOICES:
        raise ValueError(f"voice must be one of {', '.join(VOICES)}, not {voice!r}")
    words = load()
    cut = LIMIT if len(text) > LIMIT else None
    tokens = tokenise(text[:LIMIT] if cut else text, partner)
    note = analyse(tokens, words, voice)
    return _Judge(note, words, voice).reading(cut)


def vocabulary_of(text: str) -> frozenset[str]:
    """The words of a text as the net weighs them."""
    note = analyse(tokenise(text[:LIMIT]), load(), "note")
    return frozenset(word for first, last in note.tokens.sentences for word in words_of(note, first, last) if word)


def count_steps(text: str, voice: str = "note") -> int:
    """How many matching steps a text costs: the same on every machine, for the test of linear time."""
    words = load()
    note = analyse(tokenise(text[:LIMIT]), words, voice)
    frames.find(note, words.told[voice])
    if voice == "mirrored":
        pressed = exchanged(note)
        frames.find(pressed, words.pressed)
        note.steps += pressed.steps
    return note.steps + len(note.norm)


class _Judge:
    def __init__(self, note: Note, words: Vocabulary, voice: str) -> None:
        self.note = note
        self.words = words
        self.voice = voice
        self.whens: dict[int, list[tuple[int, When]]] = {}
        self.starts = [note.tokens.start[first] for first, _ in note.tokens.sentences]

    def reading(self, cut: int | None) -> Reading:
        matches = frames.find(self.note, self.words.told[self.voice])
        if self.voice == "mirrored":
            # The writer is the one being pressed: the same frames are read with the two roles exchanged.
            matches += frames.find(exchanged(self.note), self.words.pressed)
        idioms: dict[int, list[Match]] = {}
        for match in matches:
            if match.label == "idiom":
                idioms.setdefault(match.sentence, []).append(match)
        scene = story.Scene()
        standing: list[Match] = []
        for match in matches:
            if match.rule.frame.startswith("idiom."):
                continue
            scope = self._off_scope(match, idioms)
            if scope:
                scene.off.append((match, scope))
            else:
                scene.stand(match)
                standing.append(match)
        findings = []
        for match in standing:
            if story.unwelcome(scene, match):
                scene.off.append((match, "ban"))
            elif match.label == "held_back" and story.pushed_after(scene, match):
                continue
            elif match.label not in HELPERS and self._heard(match.label):
                findings.append(self._finding(match))
        for rule in story.RULES:
            findings.extend(
                self._told(told)
                for told in rule(scene)
                if self._heard(told.label) and not (told.label == "held_back" and story.pushed_after(scene, told.match))
            )
        findings = [finding for finding in findings if finding.score >= self._threshold(finding.label)]
        if self.voice != "message":
            findings.extend(self._weighed(findings))
        kept = _best(_narrowed(findings), self.starts)
        off = self._offs(scene, kept)
        return Reading(VERSION, self.voice, kept, off, cut)

    def _heard(self, label: str) -> bool:
        """A message or a mirrored note says nothing reliable about the partner's conduct."""
        return self.voice == "note" or GROUP_OF[label] not in (*_SPOUSE_CONDUCT, "restraint")

    def _threshold(self, label: str) -> float:
        return self.words.threshold.get(label, self.words.threshold["default"])

    def _off_scope(self, match: Match, idioms: dict[int, list[Match]]) -> str:
        group = GROUP_OF.get(match.label, {"act": "pressure", "sign": "sign", "ground": "ground"}.get(match.label, ""))
        table = self.words.off.get(group, {})
        for idiom in idioms.get(match.sentence, ()):
            meant = idiom.rule.frame.partition(".")[2]
            if (
                (meant == match.label or (meant == "figure" and group == "safety"))
                and idiom.first < match.last
                and match.first < idiom.last
            ):
                return "idiom"
        if match.label == "violence" and match.actor == "client" and match.rule.frame == "violence.physical":
            table = {**table, **self.words.off["client_violence"]}
        for scope in _WORST:
            if scope in match.scopes and table.get(scope) and scope not in match.rule.keeps:
                return scope
        return ""

    def _finding(self, match: Match) -> Finding:
        score = match.rule.score
        for scope, factor in self.words.factor.items():
            if scope in match.scopes:
                score *= factor
        planned = "plan" in match.scopes and match.label in PRESSURE
        return self._span(
            match.label,
            match.rule.frame,
            match,
            match.first,
            match.last,
            score,
            "planned" if planned else "done",
            match.rule.uninvited,
            match.rule.reason,
        )

    def _told(self, told: story.Told) -> Finding:
        status = "urge" if told.label == "held_back" else "done"
        return self._span(
            told.label,
            told.frame,
            told.match,
            told.first,
            told.last,
            told.score,
            status,
            told.match.rule.uninvited,
            _REASONS[told.frame],
        )

    def _span(
        self,
        label: str,
        frame: str,
        match: Match,
        first: int,
        last: int,
        score: float,
        status: str,
        uninvited: bool,
        reason: str,
    ) -> Finding:
        tokens = self.note.tokens
        actor = match.actor
        group = GROUP_OF[label]
        if group in _SPOUSE_CONDUCT:
            actor = actor or "spouse"
        elif label == "held_back" or not actor:
            actor = "client" if label in PRESSURE or label in ("held_back", "self_harm") else actor or "spouse"
        if self.voice == "mirrored" and label in PRESSURE:
            actor = "spouse" if actor == "client" else "client"
        if label in SAFETY:
            status = "done"
        return Finding(
            label=label,
            start=tokens.start[first],
            end=tokens.end[last - 1],
            frame=frame,
            actor=actor,
            status=status,
            uninvited=uninvited,
            score=round(min(score, 1.0), 3),
            scope=", ".join(sorted(match.scopes)) or "none",
            when=self._when(match.sentence, first, last),
            reason=reason,
        )

    def _weighed(self, findings: list[Finding]) -> Iterator[Finding]:
        """The net under the safety frames, for sentences near which none of them found anything."""
        tokens = self.note.tokens
        marked = {bisect_right(self.starts, one.start) - 1 for one in findings if one.label in SAFETY}
        for weighed in weigh(self.note, self.words.weights, self.words.enough, self.words.small, marked):
            yield Finding(
                label=weighed.label,
                start=tokens.start[weighed.first],
                end=tokens.end[weighed.last - 1],
                frame=f"{weighed.label}.weighed",
                actor=frames.ACTORS.get(self.note.subject[weighed.first], "client"),
                status="done",
                uninvited=False,
                score=self._threshold(weighed.label),
                scope="none",
                when=self._when(weighed.sentence, weighed.first, weighed.last),
                reason=_REASONS[f"{weighed.label}.hints"],
            )

    def _when(self, sentence: int, first: int, last: int) -> When | None:
        known = self.whens.get(sentence)
        if known is None:
            known = self.whens[sentence] = times(self.note.tokens, *self.note.tokens.sentences[sentence])
        best: tuple[int, When] | None = None
        for at, when in known:
            distance = 0 if first <= at < last else min(abs(at - first), abs(at - last + 1))
            if distance < 12 and (best is None or distance < best[0]):
                best = (distance, when)
        return best[1] if best else None

    def _offs(self, scene: story.Scene, kept: tuple[Finding, ...]) -> tuple[Off, ...]:
        tokens = self.note.tokens
        taken = {(finding.label, finding.start) for finding in kept}
        found: dict[tuple[str, int], Off] = {}
        for match, scope in scene.off:
            if match.label in HELPERS or not self._heard(match.label):
                continue
            key = (match.label, tokens.start[match.first])
            if key in taken or key in found:
                continue
            why = (
                self.words.off[GROUP_OF[match.label]].get(scope)
                or self.words.off["safety"].get(scope)
                or self.words.off["client_violence"][scope]
            )
            found[key] = Off(
                match.label,
                tokens.start[match.first],
                tokens.end[match.last - 1],
                match.rule.frame,
                match.actor or "other",
                scope,
                why,
            )
        return tuple(sorted(found.values(), key=lambda off: (off.start, _ORDER[off.label], off.end)))


def _narrowed(findings: list[Finding]) -> list[Finding]:
    """Without those read from broad slots on words that a narrower frame of another pressure has."""
    narrow = sorted(
        (one.start, one.end, one.label) for one in findings if one.label in PRESSURE and one.frame not in story.BROAD
    )
    starts = [start for start, _, _ in narrow]

    def taken(finding: Finding) -> bool:
        at = bisect_left(starts, finding.end)
        return any(end > finding.start and label != finding.label for _, end, label in narrow[max(0, at - 8) : at])

    return [one for one in findings if one.frame not in story.BROAD or not taken(one)]


def _best(findings: list[Finding], sentences: list[int]) -> tuple[Finding, ...]:
    """One finding per label and place: the strongest, then the longest. Neighbours become one."""
    kept: list[Finding] = []
    by_label: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda one: (-one.score, one.start - one.end, one.start, one.frame)):
        by_label.setdefault(finding.label, []).append(finding)
    for found in by_label.values():
        starts: list[int] = []
        placed: dict[int, Finding] = {}
        for finding in found:
            at = bisect_left(starts, finding.end)
            if at and placed[starts[at - 1]].end > finding.start:
                continue
            insort(starts, finding.start)
            placed[finding.start] = finding
        kept.extend(_joined([placed[start] for start in starts], sentences))
    return tuple(sorted(kept, key=lambda one: (one.start, _ORDER[one.label], one.end)))


def _joined(findings: list[Finding], sentences: list[int]) -> Iterator[Finding]:
    """ "Taking the initiative to call me" is one act: spans a small word apart in one sentence are one finding."""
    current: Finding | None = None
    for finding in findings:
        if (
            current is not None
            and finding.start - current.end <= _SMALL_WORD
            and finding.actor == current.actor
            and bisect_right(sentences, finding.start) == bisect_right(sentences, current.start)
        ):
            stronger = finding if finding.score > current.score else current
            current = replace(stronger, start=current.start, end=finding.end)
        else:
            if current is not None:
                yield current
            current = finding
    if current is not None:
        yield current
