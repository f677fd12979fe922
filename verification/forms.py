"""Cleaning what people enter about a questioned signature."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mlcore.imaging import Box
from sigweb.accounts.models import Branch
from verification.models import Verification

# 1250, 1250.5, 1,250.50, 1,25,000 - and not 1,50, which is one and a half to some and a slip to others.
_MOST_PIXELS = 100_000
_GROUPED = re.compile(r"^\d{1,3}(,\d{2,3})*,\d{3}(\.\d+)?$")
_PLAIN = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)$")  # no 1e9, nan, inf or 1_000, which Decimal takes as well


class AmountField(forms.DecimalField):
    """Money as people write it, in plain digits."""

    default_error_messages = {
        "invalid": _("Write the amount in digits, for example 1250.50."),
        "max_digits": _("This amount is too large. At most 12 digits may stand before the point."),
        "max_whole_digits": _("This amount is too large. At most 12 digits may stand before the point."),
        "max_decimal_places": _("An amount has at most two digits after the point, for example 1250.50."),
        "min_value": _("An amount can not be negative."),
    }

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = value.strip().replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
            if _GROUPED.match(value):
                value = value.replace(",", "")
            if value and not _PLAIN.match(value):
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class AreaField(forms.CharField):
    """A box in pixels of the page, "left,top,right,bottom"; None where it is empty."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            left, top, right, bottom = (int(part) for part in text.split(","))
        except ValueError:
            raise forms.ValidationError(_("Draw the box around the signature again."), code="area") from None
        if not (0 <= left < right <= _MOST_PIXELS and 0 <= top < bottom <= _MOST_PIXELS):
            raise forms.ValidationError(_("Draw the box around the signature again."), code="area")
        return Box(left, top, right, bottom)


class PictureForm(forms.Form):
    """A questioned signature: a file, and which part of which page of it is judged."""

    image = forms.FileField(
        label=_("Questioned signature"),
        # Empty, too large or unreadable: imaging has the sentence for it.
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".png,.jpg,.jpeg,.tif,.tiff,.webp,.bmp,.pdf,image/*"}),
        error_messages={"required": _("Choose the image of the signature.")},
    )
    page = forms.IntegerField(
        label=_("Page"),
        required=False,
        min_value=1,
        max_value=99,
        widget=forms.NumberInput(attrs={"class": "form-control", "inputmode": "numeric"}),
    )
    turn = forms.TypedChoiceField(
        label=_("Turn"),
        choices=[
            ("0", _("As it is")),
            ("90", _("A quarter to the right")),
            ("180", _("Upside down")),
            ("270", _("A quarter to the left")),
        ],
        coerce=int,
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    area = AreaField(required=False, widget=forms.HiddenInput)
    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    @property
    def part(self) -> dict[str, Any]:
        """Of the cleaned form, what is judged: `page` from 0, `turn` in degrees to the right, and `area`."""
        cleaned = self.cleaned_data
        return {"page": (cleaned["page"] or 1) - 1, "turn": cleaned["turn"] or 0, "area": cleaned["area"]}


class VerifyForm(PictureForm):
    """A questioned signature and, if known, the cheque it stands on."""

    amount = AmountField(
        label=_("Amount"),
        required=False,
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "form-control"}),
    )
    cheque_number = forms.RegexField(
        regex=r"^[0-9A-Za-z][0-9A-Za-z /.-]*$",
        label=_("Cheque number"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "form-control"}),
        error_messages={"invalid": _("A cheque number holds letters, digits, spaces, hyphens, dots and slashes.")},
    )


class IdentifyForm(PictureForm):
    """A signature whose writer is unknown, and what the search is for."""

    purpose = forms.CharField(
        label=_("What the search is for"),
        max_length=200,
        help_text=_("Kept in the audit trail with your name, for example “returned mail without a name, case 2041”."),
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
        error_messages={"required": _("Say what the search is for; it is kept with it.")},
    )


class ListForm(forms.Form):
    """The filter of the list of verifications. Whatever is not understood filters nothing."""

    whose = forms.ChoiceField(label=_("Asked by"), choices=[("own", _("Me")), ("all", _("Everybody"))], required=False)
    verdict = forms.ChoiceField(
        label=_("Verdict"), choices=[("", _("Any verdict")), *Verification.Verdict.choices], required=False
    )


class ReviewFilterForm(forms.Form):
    """The filter of the review queue. Whatever is not understood filters nothing, and the page says so."""

    branch = forms.ModelChoiceField(
        queryset=Branch.objects.order_by("name"),
        to_field_name="public_id",
        label=_("Branch"),
        required=False,
        empty_label=_("Every branch"),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    amount_from = AmountField(
        label=_("Amount from"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "form-control"}),
    )
    amount_to = AmountField(
        label=_("to"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "form-control"}),
    )
    reason = forms.ChoiceField(
        label=_("Referred because"),
        choices=[
            ("", _("Any reason")),
            ("between_thresholds", _("Between the thresholds")),
            ("thin_set", _("Few specimens")),
            ("poor_image", _("Poor picture")),
            ("incomplete_image", _("Cut off")),
            ("always_refer", _("Rule of the customer")),
            ("copy_of_specimen", _("Copy of a specimen")),
            ("copy_of_earlier", _("Copy of an earlier one")),
            ("same_picture", _("The same picture again")),
        ],
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
