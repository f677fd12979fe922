"""Runs and banks for the tests of retraining's pages."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from customers.models import Customer
from mlcore.models import ModelVersion, TrainingRun, TrainingSnapshot
from sigweb.accounts.models import User
from tests.mlcore.making import make_customer, make_specimen, make_user
from verification.models import Verification

MODEL_ADMIN = (
    "mlcore.view_modelversion",
    "mlcore.view_trainingrun",
    "mlcore.start_trainingrun",
    "mlcore.promote_modelversion",
)
CURVES = {
    "step": [10, 20, 30, 40],
    "loss": [0.9, 0.7, 0.62, 0.58],
    "spread": [1.1, 1.2, 1.25, 1.27],
    "violating": [0.4, 0.3, 0.26, 0.24],
    "images_per_second": [50.0, 180.0, 200.0, 190.0],
}


def model_admin(*permissions: str, **fields: Any) -> User:
    """Somebody who may look at models and runs, start and promote; with `permissions`, only those."""
    return make_user(*(permissions or MODEL_ADMIN), is_staff=True, **fields)


def bank(able: int, thin: int = 0) -> list[Customer]:
    """Customers with three specimens each, and some with one."""
    customers = [make_customer() for _ in range(able + thin)]
    for number, customer in enumerate(customers):
        for _ in range(3 if number < able else 1):
            make_specimen(customer, data=uuid.uuid4().bytes)
    return customers


def make_run(**fields: Any) -> TrainingRun:
    """A run in any state, whole enough for the database."""
    if fields.get("state") == TrainingRun.State.RUNNING:
        now = timezone.now()
        fields = {"claim": uuid.uuid4(), "heartbeat_at": now, "started_at": now, "attempts": 1, **fields}
    return TrainingRun.objects.create(**fields)


def succeeded(version: ModelVersion | None = None, *, seconds: float = 600, **fields: Any) -> TrainingRun:
    """A run that ended well, with its curves and snapshot."""
    now = timezone.now()
    return make_run(
        **{
            "state": TrainingRun.State.SUCCEEDED,
            "phase": TrainingRun.Phase.DONE,
            "progress": 1.0,
            "steps": 40,
            "step": 40,
            "curves": CURVES,
            "produced": version,
            "attempts": 1,
            "started_at": now - timedelta(seconds=seconds),
            "finished_at": now,
            "snapshot": make_snapshot(),
            **fields,
        }
    )


def make_verification(customer: Customer, version: ModelVersion, **fields: Any) -> Verification:
    """A verification as it is stored, its figures made up."""
    figures = {"score": -3.0, "probability": 0.9, "far": 0.01, "frr": 0.5, "t_match": -2.0, "t_no_match": 2.0}
    return Verification.objects.create(
        **{
            "customer": customer,
            "image": b"sealed",
            "digest": uuid.uuid4().hex * 2,
            "media_type": "image/png",
            "verdict": Verification.Verdict.REFER,
            "model_version": version,
            "policy_version": "test",
            "asked_by": make_user(),
            "request_token": uuid.uuid4(),
            **figures,
            **fields,
        }
    )


def make_snapshot() -> TrainingSnapshot:
    return TrainingSnapshot.objects.create(
        digest=uuid.uuid4().hex + uuid.uuid4().hex, customers=40, held_out=8, images=160
    )
