"""The champion's files are damaged: who has it loaded goes on, who has not says so, and nobody takes another model."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from customers.models import Customer
from mlcore.exchange import pack
from mlcore.models import ModelVersion
from mlcore.retraining.exchange import model_import
from mlcore.retraining.promotion import model_rollback
from mlcore.runtime import file_digest
from mlcore.selectors import bundles_forget, model_champion, model_directory
from mlcore.services import model_install, model_promote
from sigweb.accounts.models import User
from tests.mlcore.bundles import make_bundle
from tests.mlcore.making import drawn_png
from verification.models import Verification
from verification.questions import VerificationRefused
from verification.services import verification_run

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def serving(champion: ModelVersion) -> Iterator[ModelVersion]:
    """A champion with files of its own, which a test may damage; the one before it is whole."""
    folder = make_bundle(Path(settings.MODELS_DIR) / f"damaged-{uuid.uuid4().hex[:8]}", name="serving", seed=51)
    version = model_promote(version=model_install(directory=folder.name)[0])
    bundles_forget()
    yield version
    bundles_forget()


@pytest.fixture
def ask(serving: ModelVersion, customer: Customer, verifier: User) -> Any:
    def run() -> Verification:
        return verification_run(actor=verifier, customer=customer, data=drawn_png(1), request_token=uuid.uuid4())

    return run


def damage(version: ModelVersion, kind: str) -> None:
    folder = model_directory(version)
    if kind == "missing":
        folder.rename(folder.with_name(folder.name + ".gone"))
    elif kind == "newer":
        # As after a step back to older code: the record is right, the format is not of this program.
        manifest = json.loads((folder / "model.json").read_text())
        (folder / "model.json").write_text(json.dumps({**manifest, "format": 99}))
        ModelVersion.objects.filter(pk=version.pk).update(digest=file_digest(folder / "model.json"))
    else:
        path = folder / kind
        path.write_bytes(path.read_bytes()[:1000])


KINDS = pytest.mark.parametrize("kind", ["network.onnx", "cohort.npy", "model.json", "missing"])


@KINDS
def test_a_process_that_has_it_loaded_goes_on_with_the_same_verdicts(
    ask: Any, serving: ModelVersion, kind: str
) -> None:
    before = ask()
    damage(serving, kind)
    after = ask()
    assert (after.verdict, after.score, after.model_version) == (before.verdict, before.score, serving)


@pytest.mark.parametrize("kind", ["network.onnx", "cohort.npy", "model.json", "missing", "newer"])
def test_a_fresh_process_says_so_and_judges_with_no_other_model(
    ask: Any, serving: ModelVersion, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    damage(serving, kind)
    with pytest.raises(VerificationRefused, match="The model in use can not be loaded, so nothing was judged"):
        ask()
    assert not Verification.objects.exists()
    assert model_champion().pk == serving.pk
    log = caplog.text
    assert {"newer": "has format 99; this program reads up to", "missing": "is missing"}.get(kind, kind) in log


def test_the_page_says_it_and_the_health_check_fails(
    ask: Any, serving: ModelVersion, customer: Customer, as_verifier: Client
) -> None:
    damage(serving, "network.onnx")
    page = as_verifier.get(reverse("verification:verify_customer", args=[customer.public_id]))
    assert "The model in use can not be loaded" in page.content.decode()
    health = as_verifier.get("/healthz")
    assert (health.status_code, health.json()["checks"]["model"]) == (503, "failed")


def test_a_roll_back_helps_at_once(ask: Any, serving: ModelVersion, champion: ModelVersion) -> None:
    damage(serving, "network.onnx")
    assert model_rollback(actor=None) == champion
    assert ask().model_version == champion


def test_importing_the_exported_file_mends_it_without_a_restart(ask: Any, serving: ModelVersion) -> None:
    exported = io.BytesIO()
    pack(model_directory(serving), exported)
    score = ask().score
    bundles_forget()
    damage(serving, "network.onnx")
    with pytest.raises(VerificationRefused):
        ask()
    assert model_import(archive=exported).mended
    assert ask().score == score


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("damaged", [False, True])
def test_a_process_that_really_is_fresh(
    serving: ModelVersion, server_environment: dict[str, Any], damaged: bool
) -> None:
    if damaged:
        damage(serving, "network.onnx")
    code = "from mlcore.selectors import *; print(model_bundle(model_champion()).name)"
    environment = {**server_environment, "MODELS_DIR": str(settings.MODELS_DIR)}
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if damaged:
        assert "The model file network.onnx is damaged: its digest is not the recorded one." in done.stderr
        assert done.returncode == 1
    else:
        assert done.stdout.strip() == "serving"
