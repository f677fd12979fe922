"""Forms clean what people type; rules that need other rows are in the services."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, Specimen
from mlcore.imaging.decoding import TURNS
from sigweb.accounts.models import Branch

EARLIEST = date(1920, 1, 1)  # whoever signed before does not sign any more; a year of two digits ends up there
NUMBER = re.compile(r"[0-9A-Z]([0-9A-Z ./-]*[0-9A-Z])?")


class StyledForm(forms.Form):
    """Bootstrap's classes for the widgets, and the marks that tell screen readers of errors."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            widget = field.widget
            if isinstance(widget, forms.CheckboxInput):
                css = "form-check-input"
            elif isinstance(widget, forms.Select):
                css = "form-select"
            else:
                css = "form-control"
            widget.attrs["class"] = css

    def add_error(self, field: str | None, error: Any) -> None:
        super().add_error(field, error)
        for name in self.errors:
            if name in self.fields:
                attrs = self.fields[name].widget.attrs
                attrs["class"] = attrs["class"].removesuffix(" is-invalid") + " is-invalid"


class CustomerFields(StyledForm):
    """What may be changed about a customer."""

    name = forms.CharField(label=_("Name"), max_length=200)
    branch = forms.ModelChoiceField(
        label=_("Branch"), queryset=Branch.objects.all(), to_field_name="public_id", empty_label=_("Choose a branch")
    )
    special_instructions = forms.CharField(
        label=_("Special instructions"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Shown at every verification, for example “signs with the left hand since 2024”."),
    )
    always_refer = forms.BooleanField(
        label=_("Always refer to a person"),
        required=False,
        help_text=_("No verification of this customer is decided by the system alone."),
    )

    field_order = ["number"]

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class CustomerForm(CustomerFields):
    """A new customer."""

    number = forms.CharField(label=_("Customer number"), max_length=32)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}

    def clean_number(self) -> str:
        return number_clean(self.cleaned_data["number"])


class ShownBefore(forms.BaseForm):
    """A form that sends back, beside what was typed, what it had shown: Django's hidden initial values."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True

    def shown(self) -> dict[str, Any]:
        """What each field held before the person changed it; without those that did not come along."""
        found = {}
        for name, field in self.fields.items():
            sent = field.hidden_widget().value_from_datadict(self.data, self.files, self[name].html_initial_name)
            if sent is not None:
                with suppress(ValidationError):  # a branch that is gone
                    found[name] = field.to_python(sent)
        return found

    def tell_overtaken(self, present: Mapping[str, str], row: object) -> None:
        """Say at each field what it is now, in words; who saves again has seen what stands in `row`."""
        data: Any = copy(self.data)
        for name, words in present.items():
            sentence = _(
                "Somebody else has changed “%(field)s” meanwhile; now it is: %(value)s. "
                "Save again to put yours in its place."
            )
            self.add_error(name, sentence % {"field": self[name].label, "value": words})
            data[self[name].html_initial_name] = str(self.fields[name].prepare_value(getattr(row, name)))
        self.data = data


class CustomerChangeForm(ShownBefore, CustomerFields):
    """An existing customer: the number stays, the status may change."""

    status = forms.ChoiceField(
        label=_("Status"),
        choices=Customer.Status.choices,
        help_text=_("A closed customer is kept on record; nothing can be enrolled or verified."),
    )
    field_order = ["name", "branch", "status"]


class EnrolForm(StyledForm):
    """The set of pictures: which drafts of which form, and where they come from."""

    enrolment = forms.UUIDField(widget=forms.HiddenInput)
    source = forms.ChoiceField(label=_("Taken from"), choices=Specimen.Source.choices, initial=Specimen.Source.CARD)
    signed_on = forms.DateField(
        label=_("Signed on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("If known. Old signatures say less."),
    )
    expires_on = forms.DateField(
        label=_("Expires on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("If the bank wants a fresh set by then."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.fields["signed_on"].widget.attrs |= {"min": EARLIEST.isoformat(), "max": today.isoformat()}
        self.fields["expires_on"].widget.attrs |= {"min": (today + timedelta(days=1)).isoformat()}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        today = timezone.localdate()
        signed, expires = data.get("signed_on"), data.get("expires_on")
        if signed and signed > today:
            self.add_error("signed_on", _("This day is in the future."))
        if signed and signed < EARLIEST:
            self.add_error("signed_on", _("This day is too long ago. Is the year right?"))
        if expires and expires <= today:
            self.add_error("expires_on", _("The expiry must lie in the future."))
        return data


class LeafForm(forms.Form):
    """Which page of a draft's file to add, or how to turn the picture."""

    page = forms.IntegerField(min_value=1, max_value=99, required=False)
    turn = forms.TypedChoiceField(choices=[(str(turn), str(turn)) for turn in TURNS], coerce=int, required=False)


class ListForm(StyledForm):
    """Search, filters and the page of the customer list; whatever does not fit is taken as not given."""

    q = forms.CharField(label=_("Name or number"), max_length=100, required=False)
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("Every status")), *Customer.Status.choices]
    )
    branch = forms.ModelChoiceField(
        label=_("Branch"),
        required=False,
        queryset=Branch.objects.all(),
        to_field_name="public_id",
        empty_label=_("Every branch"),
    )
    show = forms.ChoiceField(
        label=_("Specimens"),
        required=False,
        choices=[
            ("", _("Any number")),
            ("thin", _("Fewer than 3")),
            ("pending", _("Some waiting")),
        ],
    )


def number_clean(text: str) -> str:
    """A customer number as it is stored: upper case, single spaces. Raises forms.ValidationError."""
    number = " ".join(text.split()).upper()
    if not NUMBER.fullmatch(number):
        raise forms.ValidationError(
            _("A customer number has digits and letters; dots, dashes, slashes and spaces may stand between them."),
            code="number",
        )
    return number
