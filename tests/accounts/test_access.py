from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory

from sigweb.accounts.access import person
from tests.customers.making import user

pytestmark = pytest.mark.django_db


def test_it_returns_the_person_who_has_every_permission(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = user("teller")
    assert person(request, "customers.view_customer", "customers.enrol_specimen") == request.user


def test_one_missing_permission_is_enough_to_refuse(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = user("teller")
    with pytest.raises(PermissionDenied):
        person(request, "customers.view_customer", "customers.approve_specimen")


def test_strangers_and_people_who_left_are_refused(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    with pytest.raises(PermissionDenied):
        person(request)
    request.user = user("teller", is_active=False)
    with pytest.raises(PermissionDenied):
        person(request, "customers.view_customer")
