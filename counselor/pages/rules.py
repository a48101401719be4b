"""The rules in plain words, and for the practice lead what became of their flags."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clients import flags, reevaluation
from clients.models import User
from clients.rules import CATALOGUE
from clients.rules.words import FAMILIES, Description, describe

from .clock import Clock


@dataclass(frozen=True, slots=True)
class RuleFamily:
    key: str
    word: str
    rules: tuple[Description, ...]


def catalogue() -> tuple[RuleFamily, ...]:
    """The whole catalogue, family by family."""
    found = []
    for key, word in FAMILIES.items():
        own = sorted((rule for rule in CATALOGUE.values() if rule.family == key), key=lambda rule: rule.id)
        found.append(RuleFamily(key, word, tuple(describe(rule) for rule in own)))
    return tuple(family for family in found if family.rules)


@dataclass(frozen=True, slots=True)
class UseLine:
    rule: str
    version: int
    name: str
    raised: int
    live: int
    by_itself: int
    reasons: tuple[tuple[str, int], ...]
    share: str
    doubtful: bool


@dataclass(frozen=True, slots=True)
class MutedLine:
    id: Any
    name: str
    scope: str
    words: str
    can_end: bool


@dataclass(frozen=True, slots=True)
class LeadPage:
    lines: tuple[UseLine, ...]
    mutes: tuple[MutedLine, ...]
    can_mute: tuple[tuple[str, str], ...]
    done: int
    cases: int
    enough: int


def practice_rules(user: User, now: datetime) -> LeadPage:
    """For the practice lead: counts, nobody's name."""
    clock = Clock(user, now)
    done, cases = reevaluation.progress(user.practice_id)
    return LeadPage(
        lines=tuple(_use(row) for row in flags.tally(user.practice_id) if row.rule in CATALOGUE),
        mutes=tuple(
            MutedLine(
                row.pk, CATALOGUE[row.rule].name if row.rule in CATALOGUE else row.rule,
                "on one case" if row.case_id else "for the practice",
                f"{'By ' + row.by.name if row.by else 'By itself'} on {clock.day(row.at)}: {row.reason}",
                row.case_id is None,
            )
            for row in flags.of_practice(user.practice_id)
        ),
        can_mute=tuple((rule.id, f"{rule.name} ({rule.id})") for rule in CATALOGUE.values() if flags.can_mute(rule.id)),
        done=done,
        cases=cases,
        enough=flags.ENOUGH,
    )  # fmt: skip


def _use(row: flags.Tally) -> UseLine:
    low, high = row.interval
    share = (
        f"{row.right} of {row.judged}, between {low:.0%} and {high:.0%}" if row.enough else f"too few ({row.judged})"
    )
    reasons = tuple(
        (flags.REASONS[reason], count) for reason, count in sorted(row.reasons.items()) if reason in flags.REASONS
    )
    return UseLine(
        row.rule, row.version, CATALOGUE[row.rule].name, row.raised, row.live, row.by_itself, reasons, share, row.doubtful
    )  # fmt: skip
