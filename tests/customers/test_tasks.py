from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from customers.models import Specimen
from customers.tasks import drafts_purge
from tests.customers.making import customer, draft, specimens, user

pytestmark = pytest.mark.django_db


def test_abandoned_drafts_are_forgotten_and_nothing_else() -> None:
    kept = [draft(user("teller")), *specimens(customer(), 2)]
    old = draft(user("teller"))
    long_ago = timezone.now() - timedelta(days=3)
    Specimen.objects.exclude(pk=kept[0].pk).update(enrolled_at=long_ago)
    assert drafts_purge() == 1
    assert set(Specimen.objects.all()) == set(kept)
    assert drafts_purge() == 0
    assert not Specimen.objects.filter(pk=old.pk).exists()


def test_how_long_is_long_can_be_set(settings: Settings) -> None:
    draft(user("teller"))
    Specimen.objects.update(enrolled_at=timezone.now() - timedelta(hours=2))
    settings.DRAFT_HOURS = 3
    assert drafts_purge() == 0
    settings.DRAFT_HOURS = 1
    assert drafts_purge() == 1
