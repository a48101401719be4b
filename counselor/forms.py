"""Forms of the desk: they clean; the acts decide and the tables guarantee."""

from typing import Any

from django import forms

from clients.cases import SCREENED_BY, SCREENING_RESULTS
from clients.flags import REASONS


class ResolveForm(forms.Form):
    reason = forms.ChoiceField(
        label="Why is it closed?",
        choices=[("", "Pick a reason"), *REASONS.items()],
        error_messages={"required": "Please pick a reason; without one a flag stays open."},
    )


class ScreeningForm(forms.Form):
    alone = forms.BooleanField(
        label="I saw this person alone",
        error_messages={"required": "A screening counts only when the person was alone."},
    )
    how = forms.ChoiceField(label="How", choices=SCREENED_BY, widget=forms.RadioSelect(attrs={"class": "segments"}))
    result = forms.ChoiceField(
        label="Result", choices=SCREENING_RESULTS, widget=forms.RadioSelect(attrs={"class": "words"})
    )


class NoteForm(forms.Form):
    """`version` is the one the person started from, so that a later save never overwrites unseen."""

    all_optional = True
    body = forms.CharField(
        required=False,
        strip=False,
        label="Note",
        widget=forms.Textarea(attrs={"rows": 18, "class": "editor"}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


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
