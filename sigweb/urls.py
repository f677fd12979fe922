"""The URLs of the whole product; each app brings its own."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from sigweb.accounts.views import PasswordView
from sigweb.health import healthz
from verification.views.home import home

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("admin/password_change/", PasswordView.as_view()),  # in place of the administration's, which audits nothing
    path("admin/", admin.site.urls),
    path("language/", set_language, name="set_language"),
    path("", home, name="home"),
    path("", include("sigweb.accounts.urls")),
    path("", include("customers.urls")),
    path("", include("verification.urls")),
    path("", include("mlcore.retraining.urls")),
]
