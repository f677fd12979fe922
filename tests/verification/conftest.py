from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from customers.models import Customer
from mlcore.models import ModelVersion
from sigweb.accounts.models import User
from tests.mlcore.champions import base, champion, tiny
from tests.mlcore.making import VERIFIER, drawn_png, make_customer, make_specimen, make_user
from verification.models import Verification
from verification.services import verification_run

__all__ = ["base", "champion", "tiny"]


@pytest.fixture
def verifier(db: None) -> User:
    return make_user(*VERIFIER, username="vera", first_name="Vera", last_name="Verifier")


@pytest.fixture
def customer(db: None) -> Customer:
    """A customer with three approved specimens: drawings 1, 2 and 3."""
    made = make_customer(name="Ada Sample")
    for seed in (1, 2, 3):
        make_specimen(made, data=drawn_png(seed))
    return made


@pytest.fixture
def as_verifier(verifier: User) -> Client:
    client = Client()
    client.force_login(verifier)
    return client


@pytest.fixture
def ask(champion: ModelVersion, customer: Customer, verifier: User) -> Any:
    """Ask for a verification, by the service; fields may be changed."""

    def run(**fields: Any) -> Verification:
        asked = {
            "actor": verifier,
            "customer": customer,
            "data": drawn_png(1),
            "request_token": uuid.uuid4(),
        }
        return verification_run(**{**asked, **fields})

    return run
