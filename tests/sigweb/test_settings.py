"""Headers and limits that every page gets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_security_headers(client: Client) -> None:
    answer = client.get("/healthz")
    policy = answer["Content-Security-Policy"]
    for rule in ("default-src 'self'", "img-src 'self' data: blob:", "object-src 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_no_body_and_no_query_is_logged() -> None:
    from sigweb import gunicorn

    assert "%(q)s" not in gunicorn.access_log_format
    assert "%(r)s" not in gunicorn.access_log_format
    assert "%(f)s" not in gunicorn.access_log_format
    assert "django.db.backends" not in settings.LOGGING["loggers"]


def test_log_ins_are_limited_by_user_and_address() -> None:
    assert settings.AXES_FAILURE_LIMIT == 5
    assert settings.AXES_LOCKOUT_PARAMETERS == [["username", "ip_address"]]
    assert settings.AUTHENTICATION_BACKENDS[0] == "axes.backends.AxesStandaloneBackend"
    assert settings.MIDDLEWARE[-1] == "axes.middleware.AxesMiddleware"


def setting(expression: str, **environment: str) -> str:
    code = f"from django.conf import settings; print({expression})"
    values = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "sigweb.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**values, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_production_is_the_default_and_insists_on_https() -> None:
    expression = (
        "settings.DEBUG, settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SECURE_SSL_REDIRECT, "
        "settings.SECURE_HSTS_SECONDS, settings.FOUR_EYES"
    )
    assert setting(expression) == "False True True True 31536000 True"
    assert setting(expression, HTTPS="false", FOUR_EYES="0") == "False False False False 0 False"


def test_a_proxy_is_trusted_only_when_told() -> None:
    expression = "getattr(settings, 'SECURE_PROXY_SSL_HEADER', None), settings.MIDDLEWARE[0]"
    assert setting(expression) == "None django.middleware.security.SecurityMiddleware"
    assert setting(expression, BEHIND_PROXY="1").endswith("sigweb.proxy.ClientAddressMiddleware")
