from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission

from sigweb.accounts.roles import ROLES, roles_sync

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", ROLES)
def test_each_role_holds_its_permissions_after_migrate(role: str) -> None:
    held = {
        f"{permission.content_type.app_label}.{permission.codename}"
        for permission in Group.objects.get(name=role).permissions.select_related("content_type")
    }
    assert held == set(ROLES[role])


def test_a_missing_permission_comes_back_and_an_added_one_stays() -> None:
    group = Group.objects.get(name="teller")
    added = Permission.objects.get(content_type__app_label="audit", codename="view_auditevent")
    group.permissions.add(added)
    group.permissions.remove(Permission.objects.get(codename="enrol_specimen"))
    roles_sync(apps.get_app_config("customers"))
    codenames = set(group.permissions.values_list("codename", flat=True))
    assert {"enrol_specimen", "view_auditevent"} <= codenames


def test_an_app_that_no_role_mentions_is_left_alone(django_assert_num_queries: object) -> None:
    before = Group.objects.count()
    roles_sync(apps.get_app_config("sessions"))
    assert Group.objects.count() == before


def test_nobody_but_the_supervisor_approves() -> None:
    holders = Group.objects.filter(permissions__codename="approve_specimen")
    assert [group.name for group in holders] == ["supervisor"]
