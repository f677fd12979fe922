from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission

from sigweb.accounts.models import RoleGrant
from sigweb.accounts.roles import ROLES, roles_sync

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", ROLES)
def test_each_role_holds_its_permissions_after_migrate(role: str) -> None:
    held = {
        f"{permission.content_type.app_label}.{permission.codename}"
        for permission in Group.objects.get(name=role).permissions.select_related("content_type")
    }
    assert held == set(ROLES[role])


def test_what_a_bank_has_taken_away_or_added_stays_so_after_the_next_migrate() -> None:
    group = Group.objects.get(name="teller")
    added = Permission.objects.get(content_type__app_label="audit", codename="view_auditevent")
    group.permissions.add(added)
    group.permissions.remove(Permission.objects.get(codename="view_signature"))
    roles_sync(apps.get_app_config("customers"))
    codenames = set(group.permissions.values_list("codename", flat=True))
    assert "view_signature" not in codenames
    assert "view_auditevent" in codenames


def test_a_permission_that_is_new_in_a_release_is_handed_to_its_role_once() -> None:
    group = Group.objects.get(name="teller")
    group.permissions.remove(Permission.objects.get(codename="enrol_specimen"))
    RoleGrant.objects.filter(role="teller", permission="customers.enrol_specimen").delete()
    roles_sync(apps.get_app_config("customers"))
    assert group.permissions.filter(codename="enrol_specimen").exists()
    assert RoleGrant.objects.filter(role="teller", permission="customers.enrol_specimen").count() == 1


def test_an_app_that_no_role_mentions_is_left_alone(django_assert_num_queries: object) -> None:
    before = Group.objects.count()
    roles_sync(apps.get_app_config("sessions"))
    assert Group.objects.count() == before


def test_nobody_but_the_supervisor_approves() -> None:
    holders = Group.objects.filter(permissions__codename="approve_specimen")
    assert [group.name for group in holders] == ["supervisor"]
