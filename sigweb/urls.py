"""The URLs of the whole product; each app brings its own."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from sigweb.health import healthz

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("admin/", admin.site.urls),
]
for urls in ("sigweb.accounts.urls", "customers.urls", "verification.urls"):
    if find_spec(urls):
        urlpatterns.append(path("", include(urls)))
