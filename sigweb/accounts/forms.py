from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

TROUBLE = "log-in-trouble"  # id of the sentence that tells why nobody was logged in


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": _("This user name and password do not belong together. Passwords are case-sensitive."),
        "inactive": _("This log-in has been switched off. Ask your administrator."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("User name")
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"
        if self.data.get("username") or self.initial.get("username"):
            self._focus("password")

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except ValidationError:
            self.fields["password"].widget.attrs["aria-describedby"] = TROUBLE  # what the page tells at its top
            raise

    def _focus(self, name: str) -> None:
        for field in self.fields.values():
            field.widget.attrs.pop("autofocus", None)
        self.fields[name].widget.attrs["autofocus"] = True


class PasswordForm(PasswordChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = _("Present password")
        self.fields["new_password2"].label = _("New password again")
        self.fields["new_password2"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"
