from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from sigweb.accounts.access import person
from sigweb.accounts.forms import LoginForm, PasswordForm
from sigweb.audit.services import audit_record


class LoginView(auth_views.LoginView):
    form_class = LoginForm
    redirect_authenticated_user = True


class PasswordView(auth_views.PasswordChangeView):
    """A person's own password; other people's are set in the admin."""

    form_class = PasswordForm
    template_name = "registration/password.html"
    success_url = reverse_lazy("home")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        response = super().form_valid(form)
        audit_record(actor=person(self.request), action="user.password_changed", request=self.request)
        messages.success(self.request, _("Your password has been changed."))
        return response


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """What django-axes answers after too many failed attempts: the log-in page, for when it is open again."""
    form = LoginForm(request, initial={"username": request.POST.get("username", "")})
    context = {"form": form, "locked": True, "next": request.POST.get("next", "")}
    return render(request, "registration/login.html", context, status=429)
