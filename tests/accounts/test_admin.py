from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.customers.making import branch, client_of, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    return client_of(user(username="ada", is_staff=True, is_superuser=True))


def test_an_admin_sets_a_new_password_for_somebody(admin: Client) -> None:
    tara = user("teller", username="tara", password="forgotten long ago")
    new = "a quite different phrase"
    address = f"/admin/accounts/user/{tara.pk}/password/"
    assert admin.get(address).status_code == 200
    response = admin.post(address, {"password1": new, "password2": new, "usable_password": "true"})
    assert response.status_code == 302
    tara.refresh_from_db()
    assert tara.check_password(new)
    event = AuditEvent.objects.get(action="user.password_reset")
    assert (event.actor_name, event.object_id) == ("ada", tara.public_id)


def test_a_new_password_unlocks_who_had_tried_too_often(admin: Client) -> None:
    tara = user("teller", username="tara", password="forgotten long ago")
    stranger = Client()
    for _ in range(6):
        locked = stranger.post("/login/", {"username": "tara", "password": "a wrong guess"})
    assert locked.status_code == 429
    new = "a quite different phrase"
    address = f"/admin/accounts/user/{tara.pk}/password/"
    admin.post(address, {"password1": new, "password2": new, "usable_password": "true"})
    assert stranger.post("/login/", {"username": "tara", "password": new}).status_code == 302


def test_an_admin_adds_a_person_with_branch_and_role(admin: Client) -> None:
    new = "a quite different phrase"
    teller = Group.objects.get(name="teller")
    data = {
        "username": "nina",
        "usable_password": "true",
        "password1": new,
        "password2": new,
        "branch": branch().pk,
        "groups": teller.pk,
    }
    assert admin.post("/admin/accounts/user/add/", data).status_code == 302
    nina = User.objects.get(username="nina")
    assert nina.branch == branch()
    assert nina.has_perm("customers.enrol_specimen")
    assert AuditEvent.objects.filter(action="user.created", object_id=nina.public_id).exists()


def test_people_are_listed_with_roles_and_never_deleted(admin: Client) -> None:
    tara = user("teller", "auditor", username="tara")
    assert "auditor" in admin.get("/admin/accounts/user/").content.decode()
    assert admin.get(f"/admin/accounts/user/{tara.pk}/delete/").status_code == 403


def test_staff_without_the_right_can_not_see_people() -> None:
    staff = client_of(user("model-admin", is_staff=True))
    assert staff.get("/admin/accounts/user/").status_code == 403


def test_branches_are_managed(admin: Client) -> None:
    assert admin.post("/admin/accounts/branch/add/", {"code": "099", "name": "New Quarter"}).status_code == 302
    assert "New Quarter" in admin.get("/admin/accounts/branch/?q=099").content.decode()


def test_who_looks_after_log_ins_can_not_become_superuser() -> None:
    helper = user(username="hal", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client, root, new = client_of(helper), user(username="ada", is_superuser=True), "a quite different phrase"
    passwords = {"password1": new, "password2": new, "usable_password": "true"}
    assert client.post(f"/admin/accounts/user/{root.pk}/password/", passwords).status_code == 403
    assert client.post(f"/admin/accounts/user/{root.pk}/change/", {"username": "ada"}).status_code == 403

    own = {"username": "hal", "first_name": "Hal", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    own["user_permissions"] = str(Permission.objects.get(codename="approve_specimen").pk)
    assert client.post(f"/admin/accounts/user/{helper.pk}/change/", own).status_code == 302
    helper = User.objects.get(pk=helper.pk)
    assert helper.first_name == "Hal"
    assert not helper.is_superuser
    assert not helper.has_perm("customers.approve_specimen")
    assert client.post(f"/admin/accounts/user/{user('teller').pk}/password/", passwords).status_code == 302
