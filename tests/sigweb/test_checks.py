"""System checks: a start without a secret refuses, and says which, by id."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from sigweb.checks import TAG, refuse_misconfiguration
from tests.production import PRODUCTION

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = base64.b64encode(b"k" * 32).decode()


def ids(*, deploy: bool = False) -> set[str]:
    found = checks.run_checks(tags=[TAG], include_deployment_checks=deploy)
    return {str(message.id).removeprefix("sigweb.") for message in found}


@pytest.fixture(autouse=True)
def _good(settings: Any) -> None:
    settings.CONFIGURATION_PROBLEMS = {}
    settings.DEBUG = False
    settings.HTTPS = True


def test_the_settings_of_the_tests_are_good() -> None:
    assert ids(deploy=True) == set()
    refuse_misconfiguration()


@pytest.mark.parametrize("key", ["", "development-only-insecure-key-that-everybody-can-read-in-the-repo", "short"])
def test_secret_key(settings: Any, key: str) -> None:
    settings.SECRET_KEY = key
    assert ids() == {"E001"}


def test_debug_takes_the_published_keys(settings: Any) -> None:
    settings.DEBUG = True
    settings.SECRET_KEY = "development-only"
    settings.DATA_KEYS = ["ZGV2ZWxvcG1lbnQgb25seSwgbm90IHNlY3JldCBrZXk="]
    settings.ALLOWED_HOSTS = []
    assert ids() == set()
    assert ids(deploy=True) == {"E007"}


@pytest.mark.parametrize("keys", [[], [KEY, KEY], ["ZGV2ZWxvcG1lbnQgb25seSwgbm90IHNlY3JldCBrZXk="]])
def test_data_keys(settings: Any, keys: list[str]) -> None:
    settings.DATA_KEYS = keys
    assert ids() == {"E002"}


def test_a_malformed_data_key_is_reported_without_its_value(settings: Any) -> None:
    settings.CONFIGURATION_PROBLEMS = {"DATA_KEYS": "DATA_KEYS must be base64."}
    with pytest.raises(ImproperlyConfigured, match=r"\(sigweb.E002\) DATA_KEYS must be base64."):
        refuse_misconfiguration()


@pytest.mark.parametrize("key", ["", "ZGV2ZWxvcG1lbnQgb25seTogdGhlIGRpZ2VzdHMga2U="])
def test_digest_key(settings: Any, key: str) -> None:
    settings.DIGEST_KEY = key
    assert ids() == {"E008"}


def test_the_digest_key_is_not_a_data_key(settings: Any) -> None:
    settings.DATA_KEYS = [KEY]
    settings.DIGEST_KEY = KEY
    assert ids() == {"E008"}


def test_database(settings: Any) -> None:
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
    assert ids() == {"E003"}


@pytest.mark.parametrize("url", ["", "amqp://localhost"])
def test_redis(settings: Any, url: str) -> None:
    settings.REDIS_URL = url
    assert ids() == {"E004"}


@pytest.mark.parametrize("hosts", [[], ["*"], ["bank.example", "*"]])
def test_hosts(settings: Any, hosts: list[str]) -> None:
    settings.ALLOWED_HOSTS = hosts
    assert ids() == {"E005"}


def test_other_values(settings: Any) -> None:
    settings.CONFIGURATION_PROBLEMS = {"FOUR_EYES": "FOUR_EYES must be true or false."}
    assert ids() == {"E006"}


def test_warnings_of_a_deployment(settings: Any) -> None:
    settings.FOUR_EYES = False
    settings.HTTPS = False
    assert ids() == set()
    assert ids(deploy=True) == {"W001", "W002"}


BARE = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull}
STARTS = {
    "web": [sys.executable, "-c", "import sigweb.wsgi"],
    "worker": [sys.executable, "-m", "celery", "-A", "sigweb.celery", "worker", "-Q", "embed", "-c", "1"],
    "beat": [sys.executable, "-m", "celery", "-A", "sigweb.celery", "beat", "--pidfile="],
    "command": [sys.executable, str(ROOT / "manage.py"), "check"],
}


@pytest.mark.parametrize("name", STARTS)
def test_a_production_start_without_secrets_refuses(name: str, tmp_path: Path) -> None:
    # In a folder of its own: beat writes its schedule where it is started.
    environment = {**BARE, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(STARTS[name], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    for number in ("E001", "E002", "E003", "E004", "E005", "E008"):
        assert f"sigweb.{number}" in done.stderr + done.stdout


def test_a_production_start_with_every_secret_passes_the_deployment_checks() -> None:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env={**BARE, **PRODUCTION}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_example_file_runs_unchanged_in_development() -> None:
    environment = {**BARE, "ENV_FILE": str(ROOT / ".env.example")}
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_example_file_is_refused_in_production() -> None:
    environment = {**BARE, "ENV_FILE": str(ROOT / ".env.example"), "DEBUG": "false", "ALLOWED_HOSTS": "bank.example"}
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    for number in ("E001", "E002", "E008"):
        assert f"sigweb.{number}" in done.stderr
