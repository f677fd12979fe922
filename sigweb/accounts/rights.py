"""What a form of the administration says about somebody's rights: what it showed, and what it gives and takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.utils.html import format_html
from django.utils.translation import gettext as _

from sigweb.accounts.models import User

if TYPE_CHECKING:
    AnyModelForm = forms.ModelForm[Any]
    PersonForm = UserChangeForm[User]
else:
    AnyModelForm = forms.ModelForm
    PersonForm = UserChangeForm

# Fields of a person or a role that say what somebody may do; many at once, or yes and no.
MANY_RIGHTS = ("groups", "user_permissions", "permissions")
RIGHTS = ("is_active", "is_staff", "is_superuser")
SHOWN = "rights_shown"


class RightsForm(AnyModelForm):
    """Carries the rights that it shows: one that is older than they are would give back what somebody has taken."""

    rights_shown = forms.JSONField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial[SHOWN] = self._rights(self.instance)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk:
            shown = self.cleaned_data.get(SHOWN)
            self._demand_present(shown if isinstance(shown, dict) else {})
        return cleaned

    def _demand_present(self, shown: dict[str, Any]) -> None:
        # Locked, so that of two who save at once the second sees what the first has saved.
        present = self._rights(type(self.instance)._default_manager.select_for_update().get(pk=self.instance.pk))
        changed = [str(self.fields[name].label) for name in present if shown.get(name) != present[name]]
        if changed:
            sentence = _(
                'Somebody has changed this meanwhile: {fields}. Nothing was saved; <a href="">open the page anew</a>.'
            )
            self.add_error(None, format_html(sentence, fields=", ".join(changed)))

    def _rights(self, of: Model) -> dict[str, Any]:
        """Those that this form can change, as they are stored."""
        many = [name for name in MANY_RIGHTS if name in self.fields]
        rights: dict[str, Any] = {name: sorted(getattr(of, name).values_list("pk", flat=True)) for name in many}
        return rights | {name: getattr(of, name) for name in RIGHTS if name in self.fields}


class PersonRightsForm(RightsForm, PersonForm):
    """A person."""


def with_shown(fieldsets: Any) -> Any:
    """The fieldsets of an admin page and, hidden in the first, what the form shows."""
    (title, options), *others = fieldsets
    return [(title, {**options, "fields": (*options["fields"], SHOWN)}), *others]


def rights_changed(form: forms.ModelForm[Any]) -> dict[str, Any]:
    """Which rights a form gives and takes, by name, for the audit trail; without those it leaves as they are."""
    given: list[str] = []
    taken: list[str] = []
    for name in form.changed_data:
        if name in MANY_RIGHTS:
            before, after = set(form.initial.get(name) or ()), set(form.cleaned_data[name])
            given += sorted(map(_right, after - before))
            taken += sorted(map(_right, before - after))
        elif name in RIGHTS:
            (given if form.cleaned_data[name] else taken).append(name)
    return {name: rights for name, rights in (("given", given), ("taken", taken)) if rights}


def _right(right: Group | Permission) -> str:
    if isinstance(right, Group):
        return right.name
    return f"{right.content_type.app_label}.{right.codename}"
