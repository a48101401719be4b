"""Forms of the desk: they clean; the acts decide and the tables guarantee."""

import calendar
import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings

from clients import care, flags
from clients.cases import SCREENED_BY, SCREENING_RESULTS
from clients.duty import AFTER_HOURS, NUMBER_KINDS, Number

from .notes import fields


class ResolveForm(forms.Form):
    reason = forms.ChoiceField(
        label="Why is it closed?",
        choices=[("", "Pick a reason"), *flags.REASONS.items()],
        error_messages={"required": "Please pick a reason; without one a flag stays open."},
    )


class SafetyResolveForm(forms.Form):
    """Danger: what was done next is part of closing it; the act insists."""

    reason = forms.ChoiceField(
        label="Why is it closed?",
        choices=[("", "Pick a reason"), *flags.SAFETY_REASONS.items()],
        error_messages={"required": "Please pick a reason; without one a flag stays open."},
    )
    follow_up = forms.CharField(
        label="What was done next",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Kept sealed, and read by whoever takes the second look.",
        error_messages={"required": "Please say what was done next; a safety flag is not closed without it."},
    )


class ReopenForm(forms.Form):
    reason = forms.ChoiceField(
        label="Why is it opened again?",
        choices=[("", "Pick a reason"), *flags.REOPEN_REASONS.items()],
        error_messages={"required": "Please say why it is opened again."},
    )
    words = forms.CharField(label="A few words", required=False, widget=forms.Textarea(attrs={"rows": 2}))


class SnoozeForm(forms.Form):
    until = forms.DateField(
        label="Set aside until",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Please pick a day."},
    )


class HandOnForm(forms.Form):
    to_id = forms.ChoiceField(label="Hand on to", error_messages={"required": "Please pick a person."})

    def __init__(self, people: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to: Any = self.fields["to_id"]
        to.choices = [("", "Pick a person"), *people]


class MuteForm(forms.Form):
    side = forms.ChoiceField(label="For whom", required=False)
    reason = forms.CharField(
        label="Why is it muted?",
        max_length=200,
        help_text="The practice lead reads this; please leave names out.",
        error_messages={"required": "Please say why; without a reason a rule is not muted."},
    )

    def __init__(self, side: str, who: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["side"]
        chosen.choices = [(side, f"What {who} reports"), ("", "Both sides of this case")]


class SecondLookForm(forms.Form):
    words = forms.CharField(label="A note, if you wish", required=False, widget=forms.Textarea(attrs={"rows": 2}))


class PracticeMuteForm(forms.Form):
    rule = forms.ChoiceField(label="Rule", error_messages={"required": "Please pick a rule."})
    reason = forms.CharField(
        label="Why is it muted for the practice?",
        max_length=200,
        error_messages={"required": "Please say why; without a reason a rule is not muted."},
    )

    def __init__(self, rules: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule: Any = self.fields["rule"]
        rule.choices = [("", "Pick a rule"), *rules]


class ScreeningForm(forms.Form):
    alone = forms.BooleanField(
        label="I saw this person alone",
        error_messages={"required": "A screening counts only when the person was alone."},
    )
    how = forms.ChoiceField(label="How", choices=SCREENED_BY, widget=forms.RadioSelect(attrs={"class": "segments"}))
    result = forms.ChoiceField(
        label="Result", choices=SCREENING_RESULTS, widget=forms.RadioSelect(attrs={"class": "words"})
    )


# What is arranged around a case. `values` are the act's own arguments.

DAY = {"type": "date"}


class _Arranged(forms.Form):
    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class LimitForm(_Arranged):
    source = forms.ChoiceField(
        label="Who says so?", choices=[("", "Pick one"), *care.SOURCES], error_messages={"required": "Please pick one."}
    )
    scope = forms.MultipleChoiceField(
        label="Contact is allowed for", choices=list(care.SCOPES.items()), required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
    )  # fmt: skip
    since = forms.DateField(label="Since", widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    until = forms.DateField(label="Until", required=False, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    told = forms.MultipleChoiceField(
        label="Told to", required=False, widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        help_text="Only a limit that was told to a person ever shows in that person’s check-in.",
    )  # fmt: skip
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 2}), strip=False)

    def __init__(self, people: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told: Any = self.fields["told"]
        told.choices = [(p.side, p.name) for p in people]


class AgreementForm(_Arranged):
    kind = forms.ChoiceField(
        label="About", choices=[("", "Pick one"), *care.AGREED_ABOUT], error_messages={"required": "Please pick one."}
    )
    words = forms.CharField(
        label="What was agreed", strip=False, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Please write a few words."},
    )  # fmt: skip
    per_week = forms.IntegerField(
        label="At most so many a week", required=False, help_text="Only for how often to write or call."
    )
    welcome_to_other = forms.BooleanField(label="The other one told me it is welcome", required=False)
    since = forms.DateField(label="Since", widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    until = forms.DateField(
        label="Until, or the day of the review", required=False, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d")
    )


class GoalForm(_Arranged):
    words = forms.CharField(
        label="A goal, in the client’s words", error_messages={"required": "Please write a few words."}
    )


class WishForm(_Arranged):
    wish = forms.ChoiceField(
        label="What this person wants at present", choices=[("", "Pick one"), *care.WISHES],
        error_messages={"required": "Please pick one."},
    )  # fmt: skip


class ReachForm(_Arranged):
    all_optional = True
    phone = forms.CharField(label="Safe phone", required=False)
    hours = forms.CharField(label="Safe hours", required=False)
    voicemail = forms.BooleanField(label="A voicemail may be left", required=False)
    address = forms.CharField(label="Address for a welfare check", required=False)
    contact = forms.CharField(
        label="Emergency contact", required=False, help_text="Somebody other than the partner, with a number."
    )
    safety_plan = forms.CharField(
        label="Safety plan", required=False, strip=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    shared_device = forms.ChoiceField(
        label="Can anyone else open this person’s mailbox or phone?", required=False,
        choices=[("", "Not asked"), ("no", "No"), ("yes", "Yes: no mails are sent")],
    )  # fmt: skip

    def values(self) -> dict[str, Any]:
        shared = {"": None, "no": False, "yes": True}[self.cleaned_data["shared_device"]]
        return dict(self.cleaned_data) | {"shared_device": shared}


class PasswordForm(_Arranged):
    """Typed by the client in the room; never given back."""

    password = forms.CharField(
        label="New password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Typed by the client alone; at least 12 characters.",
    )  # fmt: skip
    repeated = forms.CharField(
        label="New password, again", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )


class PlanForm(_Arranged):
    every_days = forms.IntegerField(label="Every so many days (3 to 14)", initial=7)
    at_time = forms.TimeField(
        label="At", initial="18:00", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="In the client’s own time zone.",
    )  # fmt: skip
    weekday = forms.TypedChoiceField(
        label="Weekday", required=False, coerce=int, empty_value=None,
        choices=[("", "Any"), *((number, name) for number, name in enumerate(calendar.day_name))],
        help_text="Fits every 7 or 14 days.",
    )  # fmt: skip


class PauseForm(_Arranged):
    first = forms.DateField(label="From", widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    last = forms.DateField(
        label="Until", required=False, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        help_text="Without a day it lasts until the plan is set going again.",
    )  # fmt: skip


class PhaseForm(_Arranged):
    phase = forms.ChoiceField(label="Phase", choices=care.PHASES)
    moved_out = forms.ChoiceField(label="Who moved out", required=False)

    def __init__(self, people: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        moved: Any = self.fields["moved_out"]
        moved.choices = [("", "Not known, or both"), *((p.side, p.name) for p in people)]


class LitigationForm(_Arranged):
    kinds = forms.MultipleChoiceField(
        label="What is pending", choices=list(care.LITIGATION.items()), required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
    )  # fmt: skip
    text_off = forms.BooleanField(label="Ask for no free text in the check-ins of this case", required=False)


class PaperForm(forms.Form):
    """`version` is the one the person started from, so that a later save never overwrites unseen."""

    all_optional = True
    body = forms.CharField(
        required=False,
        strip=False,
        label="Text",
        widget=forms.Textarea(attrs={"rows": 18, "class": "editor"}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class NoteForm(PaperForm):
    """The text, and the fields beside it. A post without them (an old page, the conflict page of a text) leaves them."""

    kind = forms.ChoiceField(label="Kind", choices=list(fields.KINDS.items()), required=False)
    shape = forms.ChoiceField(label="Format", choices=list(fields.SHAPES.items()), required=False)
    contact = forms.ChoiceField(label="Contact", choices=[("", "Pick one"), *fields.CONTACTS.items()], required=False)
    day = forms.DateField(label="Day", required=False, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    start = forms.TimeField(label="Start", required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    stop = forms.TimeField(label="Stop", required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    present = forms.MultipleChoiceField(
        label="Participants", choices=[("A", "A"), ("B", "B")], required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
    )  # fmt: skip
    others = forms.CharField(label="Others present", required=False)
    place = forms.ChoiceField(label="Place", choices=[("", "Pick one"), *fields.PLACES.items()], required=False)
    goal = forms.CharField(label="Goal worked on", required=False, widget=forms.Select)
    risk = forms.ChoiceField(
        label="Risk", choices=list(fields.RISKS.items()), required=False, widget=forms.RadioSelect(attrs={"class": "segments"})
    )  # fmt: skip
    risk_words = forms.CharField(label="What was said about risk", required=False)
    plan = forms.CharField(label="Plan", required=False, strip=False, widget=forms.Textarea(attrs={"rows": 2}))

    BESIDE = (
        "shape",
        "contact",
        "day",
        "start",
        "stop",
        "present",
        "others",
        "place",
        "goal",
        "risk",
        "risk_words",
        "plan",
    )

    def offer(self, people: Any, goals: Any) -> "NoteForm":
        """Name the people and the goals of this case; what was chosen before stays to choose."""
        found: dict[str, Any] = self.fields
        found["present"].choices = list(people)
        chosen = self["goal"].value()
        offered = dict.fromkeys([*goals, *([chosen] if chosen else [])])
        found["goal"].widget.choices = [("", "None"), *((words, words) for words in offered)]
        return self

    @classmethod
    def of(cls, page: Any) -> "NoteForm":
        beside = {name: getattr(page.details, name) for name in cls.BESIDE}
        initial = beside | {"body": page.body, "version": page.version, "kind": page.kind_code}
        return cls(initial=initial).offer(page.people, page.goals)

    def details(self) -> fields.Details | None:
        """The fields as posted, or None where the post has none of them."""
        if "risk" not in self.data:
            return None
        said = {name: self.cleaned_data.get(name) for name in self.BESIDE}
        clock = {name: f"{said[name]:%H:%M}" if said[name] else "" for name in ("start", "stop")}
        words = {name: (said[name] or "").replace("\r\n", "\n") for name in ("others", "goal", "risk_words", "plan")}
        return fields.Details(
            shape=said["shape"] or "free", contact=said["contact"] or "", place=said["place"] or "",
            day=said["day"].isoformat() if said["day"] else "", present=tuple(said["present"] or ()),
            risk=said["risk"] or "not_asked", **clock, **words,
        )  # fmt: skip


class StartNoteForm(forms.Form):
    kind = forms.ChoiceField(choices=list(fields.KINDS.items()), required=False)
    shape = forms.ChoiceField(choices=list(fields.SHAPES.items()), required=False)
    contact = forms.ChoiceField(choices=[("", ""), *fields.CONTACTS.items()], required=False)


class UnlockForm(forms.Form):
    reason = forms.CharField(
        label="Why it is opened again", error_messages={"required": "Please say why the note is opened again."}
    )


class CommentForm(forms.Form):
    comment = forms.CharField(
        label="Comment for the author", required=False, strip=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed to send the note back.",
    )  # fmt: skip


class NoteSettingsForm(forms.Form):
    """`order_CODE` is the place of each field in a copy; none leaves it out."""

    unlock_hours = forms.IntegerField(
        label="A signed note may be opened again for so many hours",
        help_text="0: never. A reason is asked for, and what was signed stays.",
        error_messages={"required": "Please give a number of hours."},
    )

    def __init__(self, copied: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, name in copied:
            self.fields[f"order_{code}"] = forms.IntegerField(
                label=name, required=False, min_value=1, max_value=99, widget=forms.NumberInput(attrs={"class": "narrow"})
            )  # fmt: skip

    def order(self) -> list[str]:
        placed = [
            (place, name.removeprefix("order_"))
            for name, place in self.cleaned_data.items()
            if name.startswith("order_") and place
        ]
        return [code for _, code in sorted(placed, key=lambda pair: pair[0])]


class AddendumForm(forms.Form):
    body = forms.CharField(
        strip=False,
        label="Addendum",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "The addendum is empty."},
    )


class ShareForm(forms.Form):
    line = forms.CharField(
        required=False,
        label="A personal line",
        widget=forms.Textarea(attrs={"rows": 3, "data-count": 300}),
    )


class OverrideForm(ShareForm):
    """Shown only after the share guard has named what it found."""

    override = forms.CharField(
        label="Reason to send it all the same",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Please give a reason, or take the words out."},
    )


def clean_search(data: Any) -> str:
    return str(data.get("q", ""))[:80].strip()


# What the practice lead sets

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_STRETCH = re.compile(r"(\d{1,2})(?:[:.](\d\d))?\s*(?:-|–|to)\s*(\d{1,2})(?:[:.](\d\d))?")


class HoursForm(forms.Form):
    """A line a weekday: 9:00-12:00, 13:00-17:00; an empty line is a day without hours."""

    all_optional = True

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        for number, day in enumerate(DAYS):
            self.fields[f"day_{number}"] = forms.CharField(
                required=False, label=day, max_length=80, widget=forms.TextInput(attrs={"class": "narrow"})
            )

    def clean(self) -> dict[str, Any]:
        stretches = []
        for number in range(len(DAYS)):
            for part in filter(None, (p.strip() for p in str(self.cleaned_data.get(f"day_{number}", "")).split(","))):
                found = _STRETCH.fullmatch(part)
                try:
                    opens, closes = (time(int(h), int(m or 0)) for h, m in (found.groups()[:2], found.groups()[2:]))  # type: ignore[union-attr]
                except (AttributeError, ValueError):
                    self.add_error(f"day_{number}", "Please write hours as 9:00-12:00, 13:00-17:00, up to 23:59.")
                else:
                    stretches.append((number, opens, closes))
        self.cleaned_data["stretches"] = stretches
        return self.cleaned_data


class ChecklistsForm(forms.Form):
    """One step a line; emptied, a list is again the one every practice begins with."""

    all_optional = True
    S04 = forms.CharField(
        label="A child is at risk", required=False, strip=False, widget=forms.Textarea(attrs={"rows": 6}),
        help_text="With what the law of your place asks: who reports, to whom, by when.",
    )  # fmt: skip
    S05 = forms.CharField(label="Harm to others", required=False, strip=False, widget=forms.Textarea(attrs={"rows": 6}))
    S06 = forms.CharField(
        label="Several danger signs", required=False, strip=False, widget=forms.Textarea(attrs={"rows": 6})
    )


class ChannelsForm(forms.Form):
    after_hours = forms.ChoiceField(
        label="Outside staffed hours", choices=list(AFTER_HOURS.items()),
        widget=forms.RadioSelect(attrs={"class": "words"}),
        help_text="Alerts go out day and night either way. This is what clients are told.",
    )  # fmt: skip
    pager_url = forms.CharField(
        required=False, max_length=200, label="Pager address",
        help_text="Is sent one message without content for each urgent alert: that something waits. Begins with https://.",
    )  # fmt: skip


class NumberForm(forms.Form):
    kind = forms.ChoiceField(label="For", choices=NUMBER_KINDS)
    label = forms.CharField(label="Name", max_length=80)
    phone = forms.CharField(label="Telephone", max_length=30, required=False)
    about = forms.CharField(label="A word about it", max_length=160, required=False)
    position = forms.IntegerField(label="Place in the list", min_value=0, max_value=999, initial=0)

    def number(self) -> Number:
        return Number(**{name: self.cleaned_data[name] for name in ("kind", "label", "phone", "about", "position")})


class NewNumberForm(NumberForm):
    locale = forms.ChoiceField(label="Language", choices=settings.LANGUAGES)


def _people(people: Sequence[tuple[str, str]], nobody: str) -> list[tuple[str, str]]:
    return [("", nobody), *people]


class CoverForm(forms.Form):
    """From the morning of the first day to the end of the last one, in the practice's zone."""

    def __init__(
        self, people: Sequence[tuple[str, str]], zone: str, *args: Any,
        away: Sequence[tuple[str, str]] = (), cases: Sequence[tuple[str, str]] = (), **named: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **named)
        self.zone = ZoneInfo(zone)
        if away:
            self.fields["away"] = forms.ChoiceField(label="Who is away", choices=_people(away, "Pick a person"))
        self.fields["user"] = forms.ChoiceField(label="Who stands in", choices=_people(people, "Pick a person"))
        self.fields["since"] = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
        self.fields["until"] = forms.DateField(
            label="Until and including", widget=forms.DateInput(attrs={"type": "date"})
        )
        if cases:
            self.fields["cases"] = forms.MultipleChoiceField(
                required=False, label="Cases", choices=cases, widget=forms.CheckboxSelectMultiple,
                help_text="None ticked: all of them.",
            )  # fmt: skip

    def span(self) -> tuple[datetime, datetime]:
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        if until.year > 9000:
            until = until.replace(year=9000)
        return (
            datetime.combine(since, time(), self.zone),
            datetime.combine(until + timedelta(days=1), time(), self.zone),
        )
