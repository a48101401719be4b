"""One check-in's answers to its five indices (instrument PC-12, section "Scoring").

The answers, as stored: one mapping from item code to value, JSON types only.

    c1, c2   int, the lower bound of the row ticked: 0 1 2 3 4 6 8 11 (11 is "11 or more")
    c1_allowed  true: the contact was of the kind that an order allows (decisions 2)
    c3       int 0 (cold) .. 4 (warm), or "changed", "practical", "no_contact"
    c4       list of chips (kind, memory, together, return, space, over, someone_else, threats,
             withholding; on the no-contact route only heard_over), or "none"
    c5       int 0 (heavy) .. 3 (easy and fun), or "none"
    c6       int 0 (never) .. 4 (always)
    c7       {"talk": "no"}, or {"talk": "yes", "began": "me" | "partner" | "both", "ended": 0 .. 4}
    c8       {act: 1 (once) | 2 (more than once)} over the keys of `WEIGHTS`, with an optional
             "partner_first": true beside push_return; or "none"
    c8g      list of chips (kept_short, left_next_step, listened, stopped, thanked, own_good, new_thing),
             or "none"
    c9       int 4 (always) 3 1 0 (not this time), or "no_urge"
    c10      int 0 .. 4, or "rather_not"
    c11      int 0 (very bad) .. 4 (very good)
    c12      int 0 (not at all) .. 4 (extremely)
    wish     "together" | "unsure" | "apart" | "rather_not"
    s1       list of chips (self_harm, hurt, afraid, might_hurt, child, must_not_contact,
             partner_must_not), or "none"

Three kinds of nothing stay three values. "skip": the item was asked and passed over. "none" (or "no_urge",
"practical" and so on): it was answered, and the answer holds no number. "no_contact": there was nobody to
report on. An item that was not asked is absent, or holds "no_contact".

Free text is not here. What a reading of it found reaches `score` as labels.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Index = Literal["w", "t", "cpi", "rs", "d"]
State = Literal["value", "skip", "none", "no_contact"]

CONTACTS: Final = (0, 1, 2, 3, 4, 6, 8, 11)
WARM_CHIPS: Final = frozenset({"kind", "memory", "together"})
DISTANT_CHIPS: Final = frozenset({"space", "over", "someone_else"})
CHIPS: Final = WARM_CHIPS | DISTANT_CHIPS | {"return", "threats", "withholding", "heard_over"}
WEIGHTS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "push_return": 2.0,
        "reassurance": 1.0,
        "pursuit": 2.0,
        "uninvited": 3.0,
        "forced_talk": 2.0,
        "ultimatum": 3.0,
        "monitoring": 3.0,
        "leverage": 3.0,
        "limit_set": 0.0,
    }
)
UNCONFIRMED: Final = 0.5
CONFIRMED: Final = 1.0
_MIRROR: Final = {"p1": "c1", "p2": "c2", "p9": "c8", "p10": "c11", "p11": "c12"}


@dataclass(frozen=True, slots=True)
class Scores:
    """The indices of one check-in, each 0 to 100 and higher for more of its name, or None where missing.

    `w` warmth and `t` tension of the partner, `cpi` the client's own pressure, `rs` restraint where there was
    an urge, `d` distress. `raw` is the sum of weighted acts and contacts before it is scaled to a week (None
    where CPI is). `urge` says whether this check-in counts among those with an urge. `states` says of every
    index why it has or lacks a value; "none" also covers what was not asked (the mirrored form's W and T).
    """

    w: float | None
    t: float | None
    cpi: float | None
    rs: float | None
    d: float | None
    raw: float | None
    urge: bool
    states: Mapping[Index, State]


def score(
    answers: Mapping[str, object], days: float, text_labels: Mapping[str, float] = MappingProxyType({})
) -> Scores:
    """Score one check-in. Pure; sees nothing but these answers.

    `days`: days since the last check-in, 7 for the first; pressure is scaled to a week over 7 to 14 of them.
    `text_labels`: label to `UNCONFIRMED` (0.5) or `CONFIRMED` (1.0, a counselor's word). A label adds its
    weight times that only where c8 was answered and its chip is not ticked, so text never doubles a chip.
    A label without a weight adds nothing: all labels of a reading may be handed over.

    Required: c3 for W, c6 for T, c8 for CPI, c9 for Rs, one of c11 and c12 for D. Other parts that are
    missing drop out and the remaining weights are scaled up; nothing is imputed. Contacts count only with
    both c1 and c2. Raises ValueError naming the item for a value outside the format above, and for
    impossible days or factors.
    """
    if not (math.isfinite(days) and days >= 0):
        raise ValueError(f"days: {days!r} is not a length of time")
    away = answers.get("c3") == "no_contact"
    c3 = _number(answers, "c3", range(5), ("changed", "practical"))
    c4 = _chips(answers)
    c5 = _number(answers, "c5", range(4), ("none",))
    c6 = _number(answers, "c6", range(5))
    c9 = _number(answers, "c9", (4, 3, 1, 0), ("no_urge",))
    c11, c12 = _number(answers, "c11", range(5)), _number(answers, "c12", range(5))

    w = t = cpi = d = None
    if c3 is not None:
        w = _percent(
            (0.5, c3 / 4),
            (0.3, None if c4 is None else len(c4 & WARM_CHIPS) / 3),
            (0.2, None if c5 is None else c5 / 3),
        )
    if c6 is not None and not away:
        t = _percent((0.7, c6 / 4), (0.3, None if c4 is None else min(len(c4 & DISTANT_CHIPS), 2) / 2))
    raw = _raw(answers, text_labels)
    if raw is not None:
        cpi = 100 * (1 - math.exp(-raw * 7 / min(max(days, 7), 14) / 4))
    if c11 is not None or c12 is not None:
        d = _percent((0.5, None if c12 is None else c12 / 4), (0.5, None if c11 is None else (4 - c11) / 4))

    states: dict[Index, State] = {
        "w": _state(answers, "c3"),
        "t": "no_contact" if away else _state(answers, "c6"),
        "cpi": "value" if cpi is not None else _state(answers, "c8"),
        "rs": _state(answers, "c9"),
        "d": _state(answers, "c11", "c12"),
    }
    return Scores(w, t, cpi, None if c9 is None else 25.0 * c9, d, raw, c9 is not None, states)


def mirrored(answers: Mapping[str, object]) -> dict[str, object]:
    """The partner's mirrored form under the codes `score` reads: contacts, own acts, mood and distress.

    p1, p2, p9, p10, p11 become c1, c2, c8, c11, c12. The rest is shown raw and never scored, so W, T and Rs
    come out as "none".
    """
    return {own: answers[code] for code, own in _MIRROR.items() if code in answers}


def _number(
    answers: Mapping[str, object], item: str, allowed: Collection[int], words: tuple[str, ...] = ()
) -> int | None:
    value = answers.get(item)
    if type(value) is int and value in allowed:
        return value
    if value is None or value in ("skip", "no_contact") or value in words:
        return None
    raise ValueError(f"{item}: {value!r} is not an answer")


def _chips(answers: Mapping[str, object]) -> frozenset[str] | None:
    value = answers.get("c4")
    if value is None or value in ("skip", "no_contact"):
        return None
    if value == "none":
        return frozenset()
    if isinstance(value, list | tuple) and all(isinstance(chip, str) and chip in CHIPS for chip in value):
        return frozenset(value)
    raise ValueError(f"c4: {value!r} is not an answer")


def _raw(answers: Mapping[str, object], labels: Mapping[str, float]) -> float | None:
    value = answers.get("c8")
    if value is None or value == "skip":
        return None
    acts = {} if value == "none" else value
    if not isinstance(acts, Mapping) or not all(
        times is True if act == "partner_first" else act in WEIGHTS and times in (1, 2) and times is not True
        for act, times in acts.items()
    ):
        raise ValueError(f"c8: {value!r} is not an answer")
    total = 0.0
    for act, weight in WEIGHTS.items():
        if act in acts:
            answered_only = act == "push_return" and "partner_first" in acts
            total += 0.0 if answered_only else weight * (1.5 if acts[act] == 2 else 1.0)
        elif act in labels:
            if labels[act] not in (UNCONFIRMED, CONFIRMED):
                raise ValueError(f"{act}: {labels[act]!r} is not what a text label counts")
            total += weight * labels[act]
    started, received = _number(answers, "c1", CONTACTS), _number(answers, "c2", CONTACTS)
    if started is not None and received is not None:
        total += 0.4 * min(max(started - received - 2, 0), 5)
    return total


def _percent(*parts: tuple[float, float | None]) -> float:
    """Percent, over the (weight, share) parts that were answered; at least one must be."""
    total = weights = 0.0
    for weight, share in parts:
        if share is not None:
            total += weight * share
            weights += weight
    return 100 * total / weights


def _state(answers: Mapping[str, object], *items: str) -> State:
    values = [answers.get(item) for item in items]
    for value in values:
        if isinstance(value, int):
            return "value"
    if "no_contact" in values:
        return "no_contact"
    return "skip" if "skip" in values else "none"
