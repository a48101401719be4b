"""The check-in PC-12 as a form (checkin.md). Fields carry the item codes; `answers()` gives what the record stores.

Leaving an item untouched and choosing Skip are the same answer. The safety item is never filled in again when the form
comes back with a refusal: it travels sealed, so it is neither lost nor shown (decisions 4).
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from clients import crypto
from clients.checkins import SOON, Answers
from clients.instrument import ACTS, C8_TIMES, CHIPS, NO_CONTACT_DROPS, QUESTIONS, SCALES, Choices

NO_NUL = {
    "null_characters_not_allowed": _("The text has a character in it that cannot be kept (a NUL). Please take it out.")
}
YES_NO = [("yes", _("Yes")), ("no", _("No"))]
PLEASE_PICK = _("Please answer yes or no.")
BAD_CHOICE = {"invalid_choice": _("This is not one of the answers. Please pick one, or skip it.")}


class Radios(forms.RadioSelect):
    """Radio buttons that tell the script which one skips the item and which one means no."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        if value in {"skip", "no"}:
            option["attrs"][f"data-{value}"] = True
        option["skips"] = value == "skip"
        return option


class Boxes(forms.CheckboxSelectMultiple):
    """Tick boxes; "none of these" clears the others."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        if value == "none":
            option["attrs"]["data-none"] = True
        return option


class Unseen:
    """A widget that never shows what was chosen: safety answers come back sealed in `kept` instead (decisions 4)."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, None, attrs)  # type: ignore[misc, no-any-return]


class UnseenBoxes(Unseen, Boxes):
    pass


class UnseenTick(Unseen, forms.CheckboxInput):
    pass


class UnseenLine(Unseen, forms.TextInput):
    pass


@dataclass(frozen=True, slots=True)
class Item:
    """One screen of the check-in, ready for the template."""

    code: str
    question: str
    hint: str
    fields: tuple[forms.BoundField, ...]
    unless_no_contact: bool = False
    only_no_contact: bool = False
    skip: bool = True
    errors: tuple[str, ...] = field(default=())


class CheckInForm(forms.Form):
    """`other`: the partner's name as this client says it; `since`: the day the period begins, in words; `monthly`: which
    of wish and c10 are due; `turn`: how far this person's chips are rotated (fixed per person, checkin.md); `allowed`: a
    limit on contact that was told to this person allows some of it; `texts`: whether free text is asked for.

    What is posted is checked with fields that everybody shares; this person's words are put in when the form is shown.
    """

    key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), _("Please open the check-in again.")),
    )
    kept = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        other: str,
        since: str,
        monthly: tuple[str, ...] = (),
        turn: int = 0,
        first: bool = False,
        owner: str = "",
        allowed: bool = False,
        texts: bool = True,
        **kwargs: Any,
    ):
        super().__init__(*args, **kwargs)
        self.words = {"P": other, "since": since}
        self.owner, self.first, self.turn = owner, first, turn
        self.monthly, self.allowed, self.texts = monthly, allowed, texts
        self.fields.update(_wordless(monthly))
        self._worded = self._cleaning = False

    def _say(self, text: Any) -> str:
        return str(text).replace("{P}", self.words["P"]).replace("{since}", self.words["since"])

    def full_clean(self) -> None:
        self._cleaning = True
        super().full_clean()
        self._cleaning = False

    def __getitem__(self, name: str) -> forms.BoundField:
        if not (self._worded or self._cleaning):
            self._worded = True
            self.fields.update(_fields(self._say, self.monthly, self.turn))
            self._bound_fields_cache: dict[str, forms.BoundField] = {}
        return super().__getitem__(name)

    def items(self) -> list[Item]:
        """The screens, in order."""
        groups = {
            "c1": ("c1", "c1_allowed") if self.allowed else ("c1",),
            "c7": ("c7", "c7_began", "c7_ended"),
            "c8": (
                *(name for name in self.fields if name.startswith("c8_") and name != "c8_partner_first"),
                "c8_partner_first",
                "c8",
            ),
            "s1": ("s1", "s1_call", "s1_when"),
        }
        order = [
            "c1",
            "c2",
            "c3",
            "c4",
            "c4n",
            "c5",
            "c6",
            "c7",
            "c8",
            "c8g",
            "c9",
            *self.monthly,
            "c11",
            "c12",
            "s1",
            *(("n1", "t1") if self.texts else ()),
        ]
        found = []
        for code in order:
            names = groups.get(code, (code,))
            question, hint = QUESTIONS["s1_first" if code == "s1" and self.first else code]
            found.append(
                Item(
                    code, self._say(question), self._say(hint), tuple(self[name] for name in names),
                    unless_no_contact=code in NO_CONTACT_DROPS, only_no_contact=code == "c4n",
                    errors=tuple(str(e) for name in names for e in self[name].errors),
                )
            )  # fmt: skip
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        ticked = [a for a, _words in ACTS if data.get(f"c8_{a}") in {"1", "2"}]
        if ticked and "none" in (data.get("c8") or []):
            self.add_error("c8", _("“None of these” and a tick above do not go together. Please keep one of them."))
        for code in ("c4", "c8g", "s1"):
            chosen = data.get(code) or []
            if "none" in chosen and len(chosen) > 1:
                self.add_error(code, _("“None of these” does not go with another tick. Please keep one of them."))
        return data

    def answers(self) -> Answers:
        """What the record stores; call after `is_valid()`."""
        data = self.cleaned_data
        away = data.get("c3") == "no_contact"
        items: dict[str, Any] = {}
        for code in ("c1", "c2", "c3", "c5", "c6", "c9", "wish", "c10", "c11", "c12"):
            if code not in self.fields or (away and code in NO_CONTACT_DROPS):
                continue
            value = data.get(code) or "skip"
            items[code] = int(value) if value.isdigit() else value
        if away:
            items["c6"] = "no_contact"
            items["c4"] = _chips(data.get("c4n"))
        else:
            items["c4"] = _chips(data.get("c4"))
            items["c7"] = self._talk(data)
        if self.allowed and data.get("c1_allowed"):
            items["c1_allowed"] = True
        items["c8"] = self._acts(data)
        items["c8g"] = _chips(data.get("c8g"))
        safety, call, none = self._safety(data)
        return Answers(
            items=items,
            safety=safety,
            safety_skipped=not (safety or none),
            call_me=call,
            next_session=data.get("n1") or "",
            text=data.get("t1") or "",
        )

    def _talk(self, data: Mapping[str, Any]) -> Any:
        if data.get("c7") == "no":
            return {"talk": "no"}
        if data.get("c7") != "yes":
            return "skip"
        talk: dict[str, Any] = {"talk": "yes"}
        if data.get("c7_began") not in {"", "skip", None}:
            talk["began"] = data["c7_began"]
        if data.get("c7_ended") not in {"", "skip", None}:
            talk["ended"] = int(data["c7_ended"])
        return talk

    def _acts(self, data: Mapping[str, Any]) -> Any:
        ticked = {act: int(data[f"c8_{act}"]) for act, _words in ACTS if data.get(f"c8_{act}") in {"1", "2"}}
        if ticked:
            first = {"partner_first": True} if data.get("c8_partner_first") and "push_return" in ticked else {}
            return ticked | first
        answered_no = any(data.get(f"c8_{act}") == "no" for act, _words in ACTS)
        return "none" if answered_no or "none" in (data.get("c8") or []) else "skip"

    def _safety(self, data: Mapping[str, Any]) -> tuple[tuple[str, ...], str, bool]:
        """The ticks of this post together with those that came back sealed from a refused one; "none of these" last."""
        chosen = set(data.get("s1") or [])
        call = data.get("s1_when") or (SOON if data.get("s1_call") else "")
        if data.get("kept"):
            earlier = self._unseal(data["kept"], data["key"])
            chosen |= set(earlier.get("s1", ()))
            call = call or earlier.get("call", "")
        return tuple(c for c, _words in CHIPS["s1"] if c in chosen), call, "none" in chosen

    def sealed_safety(self) -> str:
        """The safety answers of a refused post for the hidden field `kept`, readable only by the server."""
        key = _uuid(self.data.get("key", ""))
        chosen = set(self.data.getlist("s1")) if hasattr(self.data, "getlist") else set()
        earlier = self._unseal(self.data.get("kept", ""), key)
        chosen |= set(earlier.get("s1", ()))
        chips = [c for c in (*dict(CHIPS["s1"]), "none") if c in chosen]
        asked = SOON if self.data.get("s1_call") else earlier.get("call", "")
        call = self.data.get("s1_when") or asked
        if not (chips or call) or key is None:
            return ""
        return self._seal({"s1": chips, "call": call}, key)

    def has_more(self) -> bool:
        """Whether there is something that is never shown again: a text, a safety answer, a wish to be called."""
        return bool(self.ticked_safety() or any(self.data.get(name) for name in ("t1", "n1", "s1_call", "s1_when")))

    def with_key(self, key: UUID) -> "CheckInForm":
        """The same form under a new key, its sealed safety answers with it."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["key"] = str(key)
        again = CheckInForm(
            data, other=self.words["P"], since=self.words["since"], first=self.first, monthly=self.monthly, turn=self.turn,
            owner=self.owner, allowed=self.allowed, texts=self.texts,
        )  # fmt: skip
        earlier = self._unseal(self.data.get("kept", ""), _uuid(self.data.get("key", "")))
        data["kept"] = again._seal(earlier, key) if earlier else ""
        return again

    def _seal(self, answers: dict[str, Any], key: UUID) -> str:
        return base64.urlsafe_b64encode(crypto.seal(json.dumps(answers), f"portal.s1.{self.owner}.{key}")).decode()

    def _unseal(self, token: str, key: UUID | None) -> dict[str, Any]:
        """Opens only for the person and the form it was sealed for."""
        if not token or key is None:
            return {}
        try:
            found = json.loads(crypto.open_sealed(base64.urlsafe_b64decode(token), f"portal.s1.{self.owner}.{key}"))
        except (binascii.Error, crypto.Unreadable, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def ticked_safety(self) -> tuple[str, ...]:
        """Safety chips in a post that may be invalid elsewhere: help must not wait for the rest of the form."""
        earlier = self._unseal(self.data.get("kept", ""), _uuid(self.data.get("key", "")))
        chosen = set(self.data.getlist("s1")) | set(earlier.get("s1", ())) if hasattr(self.data, "getlist") else set()
        return tuple(c for c, _words in CHIPS["s1"] if c in chosen)


def _fields(say: Callable[[Any], str], monthly: tuple[str, ...], turn: int) -> dict[str, forms.Field]:
    """The fields of the items, by name; `say` puts the person's words into ours."""
    fields: dict[str, forms.Field] = {}

    def radio(code: str, choices: Choices, label: Any = None, skip: bool = True, look: str = "words") -> None:
        said = [(value, say(text)) for value, text in choices]
        if skip:
            said.append(("skip", say(_("Skip"))))
        fields[code] = forms.ChoiceField(
            required=False, choices=said, widget=Radios(attrs={"class": look}), error_messages=BAD_CHOICE,
            label=say(label if label is not None else QUESTIONS[code][0]),
        )  # fmt: skip

    def boxes(code: str, choices: Choices) -> None:
        fields[code] = forms.MultipleChoiceField(
            required=False, choices=[(value, say(text)) for value, text in choices],
            widget=(UnseenBoxes if code == "s1" else Boxes)(attrs={"class": "chips"}), error_messages=BAD_CHOICE, label=say(QUESTIONS[code][0]),
        )  # fmt: skip

    for code, choices in SCALES.items():
        if code not in {"wish", "c10"} or code in monthly:
            radio(code, choices, look="scale" if code in {"c1", "c2"} else "words")
    for code, chips in CHIPS.items():
        shift = turn % len(chips) if code != "s1" else 0
        boxes(code, [*chips[shift:], *chips[:shift], ("none", _("None of these"))])
    boxes("c4n", [("heard_over", _("Heard that it is over, or that {P} sees someone")), ("none", _("No"))])
    shift = turn % (len(ACTS) - 1)
    for act, words in [*ACTS[:-1][shift:], *ACTS[:-1][:shift], ACTS[-1]]:
        radio(f"c8_{act}", C8_TIMES, label=words, skip=False, look="segments")
    fields["c1_allowed"] = forms.BooleanField(required=False, label=say(_("It was contact that is allowed")))
    fields["c8_partner_first"] = forms.BooleanField(required=False, label=say(_("{P} brought it up first")))
    boxes("c8", [("none", _("None of these"))])
    fields["s1_call"] = forms.BooleanField(required=False, label=_("Please call me"), widget=UnseenTick)
    fields["s1_when"] = forms.CharField(
        required=False,
        max_length=120,
        label=_("When is it safe to call?"),
        widget=UnseenLine(attrs={"autocomplete": "off"}),
    )
    for code, rows, limit in (("n1", 2, 200), ("t1", 6, 2000)):
        fields[code] = forms.CharField(
            required=False, strip=False, label=say(QUESTIONS[code][0]), error_messages=NO_NUL,
            widget=forms.Textarea(attrs={"rows": rows, "data-count": limit, "autocomplete": "off"}),
        )  # fmt: skip
    return fields


@cache
def _wordless(monthly: tuple[str, ...]) -> dict[str, forms.Field]:
    """Fields that only check what was posted, the same for everybody and in every language."""
    return _fields(lambda _text: "", monthly, 0)


def _chips(chosen: list[str] | None) -> Any:
    if not chosen:
        return "skip"
    return "none" if "none" in chosen else list(chosen)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None


class DangerForm(forms.Form):
    """s2, after the help screen: optional taps that set how fast the alert is."""

    all_optional = True
    s2_who = forms.ChoiceField(
        required=False, widget=forms.RadioSelect, label=_("Who is it about?"),
        choices=[("to_me", _("Me")), ("by_me", _("Something I did")), ("someone_else", _("Someone else")),
                 ("rather_not", _("Rather not say"))],
    )  # fmt: skip

    s2_safe = forms.ChoiceField(
        required=False, widget=forms.RadioSelect, label=_("Are you safe for now?"),
        choices=[("yes", _("Yes")), ("not_sure", _("Not sure")), ("no", _("No"))],
    )  # fmt: skip


class ConsentForm(forms.Form):
    """Each question by itself, each refusable (trust.md 6)."""

    checkins = forms.TypedChoiceField(
        label=_("May this site keep your check-ins?"), choices=YES_NO, widget=Radios(attrs={"class": "segments"}),
        error_messages={"required": PLEASE_PICK, **BAD_CHOICE},
        help_text=_("Your counselor reads them. They are kept as the law asks. Without this there are no check-ins."),
    )  # fmt: skip
    text = forms.TypedChoiceField(
        label=_("May software read what you write?"), choices=YES_NO, widget=Radios(attrs={"class": "segments"}),
        error_messages={"required": PLEASE_PICK, **BAD_CHOICE},
        help_text=_("It marks words for your counselor and notices danger at once. It can be wrong; a person reads, too. "
                    "Without this your text waits until a person reads it."),
    )  # fmt: skip
    cover = forms.TypedChoiceField(
        label=_("May a colleague read when your counselor is away?"), choices=YES_NO, widget=Radios(attrs={"class": "segments"}),
        error_messages={"required": PLEASE_PICK, **BAD_CHOICE},
        help_text=_("Only what is needed for safety. Where life may be in danger, a colleague is alerted in any case."),
    )  # fmt: skip

    def answers(self) -> dict[str, bool]:
        return {kind: value == "yes" for kind, value in self.cleaned_data.items()}


class AnswerForm(forms.Form):
    """What a client says about guidance they were sent."""

    answer = forms.ChoiceField(
        widget=forms.RadioSelect, label=_("What did you make of it?"),
        choices=[("tried", _("Tried it")), ("not_for_me", _("Not for me"))],
        error_messages={"required": _("Please pick one of the two answers."), **BAD_CHOICE},
    )  # fmt: skip
    line = forms.CharField(
        required=False, label=_("A line back"),
        widget=forms.Textarea(attrs={"rows": 2, "data-count": 300, "autocomplete": "off"}),
    )  # fmt: skip
