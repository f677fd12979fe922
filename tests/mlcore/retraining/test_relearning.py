"""One customer is learnt anew at once, and nothing of it touches a verdict."""

from __future__ import annotations

import numpy as np
import pytest
from django.utils import translation

from customers.models import Specimen
from mlcore.models import CustomerHead, ModelVersion
from mlcore.retraining import relearning
from mlcore.retraining.relearning import RelearningRefused, customer_relearn
from mlcore.selectors import NoChampion, specimens_digest
from mlcore.services import specimen_embed
from sigweb.audit.models import AuditEvent
from tests.customers.making import customer, specimens
from tests.mlcore.trainer.enrolled import enrol_bank

pytestmark = pytest.mark.django_db


def test_a_customer_with_specimens_gets_a_head_and_figures(base: ModelVersion) -> None:
    of, *_others = enrol_bank(3)
    for other in Specimen.objects.exclude(customer=of):
        specimen_embed(specimen=other)
    row = customer_relearn(customer=of, actor=None)
    assert row.model_version == base
    assert row.head["stretch"] > 0
    assert row.calibration["specimens"] == 3
    assert row.calibration["genuine"]["trials"] == 3 * 9
    assert row.calibration["forged"]["trials"] == 3 * 8
    assert row.calibration["strangers"]["trials"] == 6
    assert row.calibration["genuine"]["match"] > row.calibration["strangers"]["match"]
    assert row.specimens == specimens_digest(list(of.specimens.all()))
    assert AuditEvent.objects.get(action="customer.relearned").object_id == of.public_id


def test_once_more_gives_the_same_and_keeps_one_row(base: ModelVersion) -> None:
    (of,) = enrol_bank(1)
    first, second = customer_relearn(customer=of, actor=None), customer_relearn(customer=of, actor=None)
    assert first.pk == second.pk
    assert first.head == second.head
    assert CustomerHead.objects.count() == 1


def test_a_lone_specimen_will_do(base: ModelVersion) -> None:
    (of,) = enrol_bank(1, 1)
    row = customer_relearn(customer=of, actor=None)
    assert row.calibration["genuine"]["trials"] == 8
    assert "strangers" not in row.calibration


def test_without_approved_specimens_it_is_refused(base: ModelVersion) -> None:
    of = customer()
    specimens(of, 2)
    with pytest.raises(RelearningRefused, match="no approved specimen"):
        customer_relearn(customer=of, actor=None)
    assert not CustomerHead.objects.exists()


def test_without_a_champion_it_says_so() -> None:
    (of,) = enrol_bank(1, 1)
    with pytest.raises(NoChampion):
        customer_relearn(customer=of, actor=None)


def test_what_can_not_be_fitted_is_told_in_the_readers_language(
    base: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    (of,) = enrol_bank(1, 1)

    def odds(*_given: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return np.array([np.nan]), np.array([np.nan]), np.array([])

    monkeypatch.setattr(relearning, "_odds", odds)
    with translation.override("hi"), pytest.raises(RelearningRefused, match="सीमित आँकड़े नहीं"):
        customer_relearn(customer=of, actor=None)
    assert not CustomerHead.objects.exists()
