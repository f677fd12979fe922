"""What an administrator may choose for a training and ask about one, and why a gate is overridden."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from mlcore.models import DEFAULT_STEPS, TrainingRun
from mlcore.retraining.runs import MOST_STEPS

MOST_SEED = 2_147_483_647  # what the column holds


class RetrainForm(forms.Form):
    """The options of a training run; every one has a default that needs no thought."""

    start = forms.ChoiceField(
        label=_("Start from"),
        choices=TrainingRun.Start.choices,
        initial=TrainingRun.Start.CHAMPION,
        widget=forms.RadioSelect,
    )
    with_decisions = forms.BooleanField(
        label=_("Also learn from decided verifications"),
        required=False,
        help_text=_("Questioned signatures that reviewers have accepted as genuine or rejected as different."),
    )
    steps = forms.IntegerField(
        label=_("Training steps"),
        min_value=1,
        max_value=MOST_STEPS,
        initial=DEFAULT_STEPS,
        help_text=_("More take longer, and beyond some hundreds seldom help."),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=MOST_SEED,
        initial=1,
        help_text=_("The same seed, signatures and machine give the same model again."),
    )


class CustomerForm(forms.Form):
    """Which customer is asked about."""

    customer = forms.CharField(
        label=_("Customer number or public id"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "size": "40"}),
        help_text=_("A number is known while the customer is here; the public id outlives an erasure."),
    )


class OverrideForm(forms.Form):
    """Why a candidate is promoted that the gate does not let pass."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        min_length=10,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("Give a reason: the second administrator and the audit trail need it."),
            "min_length": _("Give the reason in a sentence."),
        },
    )
