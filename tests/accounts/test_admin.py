from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from sigweb.accounts.models import Branch, User
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
    assert save(client, f"/admin/accounts/user/{helper.pk}/change/", own).status_code == 302
    helper = User.objects.get(pk=helper.pk)
    assert helper.first_name == "Hal"
    assert not helper.is_superuser
    assert not helper.has_perm("customers.approve_specimen")
    assert client.post(f"/admin/accounts/user/{user('teller').pk}/password/", passwords).status_code == 302


def test_what_becomes_of_a_branch_is_in_the_trail(admin: Client) -> None:
    def told(action: str) -> dict[str, object]:
        event = AuditEvent.objects.get(action=action)
        assert (event.actor_name, event.object_type) == ("ada", "accounts.branch")
        return event.details

    admin.post("/admin/accounts/branch/add/", {"code": "099", "name": "New Quarter"})
    assert told("branch.created") == {"code": "099", "fields": ["code", "name"]}
    made = Branch.objects.get(code="099")
    admin.post(f"/admin/accounts/branch/{made.pk}/change/", {"code": "098", "name": "New Quarter"})
    assert told("branch.changed") == {"code": "098", "fields": ["code"]}
    admin.post(f"/admin/accounts/branch/{made.pk}/delete/", {"post": "yes"})
    assert told("branch.deleted") == {"code": "098"}
    other = branch("T9")
    several = {"action": "delete_selected", "_selected_action": [other.pk], "post": "yes"}
    assert admin.post("/admin/accounts/branch/", several).status_code == 302
    assert AuditEvent.objects.filter(action="branch.deleted", object_id=other.public_id).exists()


# --- rights ------------------------------------------------------------------------------------------------


def shown_by(client: Client, address: str) -> dict[str, str]:
    """The rights that a page's form carries, as the browser sends them back."""
    form = client.get(address).context["adminform"].form
    return {"rights_shown": form["rights_shown"].value()}


def save(client: Client, address: str, data: dict[str, Any]) -> Any:
    return client.post(address, {**shown_by(client, address), **data})


def helper_with(*codenames: str) -> User:
    """Somebody who looks after log-ins or roles and is no superuser."""
    helper = user(username="hal", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return helper


def test_nobody_but_a_superuser_gives_himself_a_role() -> None:
    helper, supervisor = helper_with("view_user", "change_user"), Group.objects.get(name="supervisor")
    client, tara = client_of(helper), user("teller", username="tara")
    data = {"is_active": "on", "is_staff": "on", "groups": [supervisor.pk]}
    own = f"/admin/accounts/user/{helper.pk}/change/"
    assert save(client, own, {**data, "username": "hal", "first_name": "Hal"}).status_code == 302
    helper.refresh_from_db()
    assert helper.first_name == "Hal"
    assert not helper.groups.exists()
    assert save(client, f"/admin/accounts/user/{tara.pk}/change/", {**data, "username": "tara"}).status_code == 302
    assert list(tara.groups.all()) == [supervisor]


def test_the_trail_tells_which_rights_of_a_person_were_given_and_taken(admin: Client) -> None:
    tara = user("teller", username="tara")
    data = {"username": "tara", "is_staff": "on", "groups": [Group.objects.get(name="supervisor").pk]}
    assert save(admin, f"/admin/accounts/user/{tara.pk}/change/", data).status_code == 302
    details = AuditEvent.objects.get(action="user.changed").details
    assert set(details["given"]) == {"is_staff", "supervisor"}
    assert set(details["taken"]) == {"is_active", "teller"}


def test_what_becomes_of_the_rights_of_a_role_is_in_the_trail(admin: Client) -> None:
    role = Group.objects.get(name="auditor")
    kept = role.permissions.exclude(codename="view_auditevent").values_list("pk", flat=True)
    added = Permission.objects.get(codename="approve_specimen")
    data = {"name": "inspector", "permissions": [*kept, added.pk]}
    assert save(admin, f"/admin/auth/group/{role.pk}/change/", data).status_code == 302
    event = AuditEvent.objects.get(action="role.changed")
    assert event.actor_name == "ada"
    assert event.details == {
        "role": "inspector",
        "was": "auditor",
        "given": ["customers.approve_specimen"],
        "taken": ["audit.view_auditevent"],
    }


STALE = "Somebody has changed this meanwhile: "


def test_a_form_of_a_person_that_is_older_than_his_rights_is_refused(admin: Client) -> None:
    tara = user("teller", username="tara", is_staff=True)
    address = f"/admin/accounts/user/{tara.pk}/change/"
    data = {"username": "tara", "first_name": "Tara", "is_active": "on", "is_staff": "on"}
    data |= {"groups": [Group.objects.get(name="teller").pk], **shown_by(admin, address)}
    tara.groups.clear()
    User.objects.filter(pk=tara.pk).update(is_staff=False)
    for _ in range(2):  # pressed again, it is as old as before
        page = admin.post(address, data)
        assert page.status_code == 200
        told = page.content.decode()
        assert f'{STALE}Groups, Staff status. Nothing was saved; <a href="">open the page anew</a>.' in told
    tara.refresh_from_db()
    assert (tara.first_name, tara.is_staff, tara.groups.count()) == ("", False, 0)
    assert admin.post(address, {**data, **shown_by(admin, address)}).status_code == 302
    assert tara.groups.count() == 1


def test_a_form_that_does_not_tell_what_it_showed_is_refused(admin: Client) -> None:
    tara = user("teller", username="tara")
    for shown in ({}, {"rights_shown": "{"}, {"rights_shown": "[1]"}):
        page = admin.post(f"/admin/accounts/user/{tara.pk}/change/", {"username": "tara", **shown})
        assert page.status_code == 200
    tara.refresh_from_db()
    assert tara.is_active
    assert tara.groups.exists()


def test_a_form_of_a_role_that_is_older_than_its_permissions_is_refused(admin: Client) -> None:
    role = Group.objects.get(name="auditor")
    address = f"/admin/auth/group/{role.pk}/change/"
    data = {"name": "auditor", "permissions": [*role.permissions.values_list("pk", flat=True)]}
    data |= shown_by(admin, address)
    role.permissions.remove(Permission.objects.get(codename="view_auditevent"))
    assert f"{STALE}Permissions" in admin.post(address, data).content.decode()
    assert not role.permissions.filter(codename="view_auditevent").exists()


def test_what_a_person_may_not_change_is_no_reason_to_refuse() -> None:
    helper, tara = helper_with("view_user", "change_user"), user("teller", username="tara")
    client, address = client_of(helper), f"/admin/accounts/user/{tara.pk}/change/"
    data = {"username": "tara", "is_active": "on", **shown_by(client, address)}
    User.objects.filter(pk=tara.pk).update(is_superuser=False)
    tara.user_permissions.add(Permission.objects.get(codename="view_auditevent"))
    assert client.post(address, data).status_code == 302


def test_who_may_only_look_is_shown_no_hidden_field() -> None:
    client, tara = client_of(helper_with("view_user", "view_group")), user("teller")
    for address in (f"/admin/accounts/user/{tara.pk}/change/", f"/admin/auth/group/{tara.groups.get().pk}/change/"):
        page = client.get(address)
        assert page.status_code == 200
        assert "rights_shown" not in page.content.decode()


def test_a_role_that_is_made_or_deleted_is_in_the_trail(admin: Client) -> None:
    assert admin.post("/admin/auth/group/add/", {"name": "night"}).status_code == 302
    assert AuditEvent.objects.get(action="role.created").details == {"role": "night"}
    night, tara = Group.objects.get(name="night"), user("night", username="tara")
    assert admin.post(f"/admin/auth/group/{night.pk}/delete/", {"post": "yes"}).status_code == 302
    gone = AuditEvent.objects.get(action="role.deleted")
    assert gone.details == {"role": "night", "people": [str(tara.public_id)]}
    several = {"action": "delete_selected", "_selected_action": [Group.objects.get(name="teller").pk], "post": "yes"}
    assert admin.post("/admin/auth/group/", several).status_code == 302
    assert AuditEvent.objects.filter(action="role.deleted", details__role="teller").exists()


def test_nobody_but_a_superuser_changes_a_role_of_his_own() -> None:
    helper = helper_with("view_group", "change_group")
    helper.groups.set(Group.objects.filter(name="teller"))
    client, data = client_of(helper), {"name": "x", "permissions": []}
    own, other = Group.objects.get(name="teller"), Group.objects.get(name="verifier")
    assert client.post(f"/admin/auth/group/{own.pk}/change/", data).status_code == 403
    assert save(client, f"/admin/auth/group/{other.pk}/change/", data).status_code == 302
    assert Group.objects.filter(name="teller").exists()


def test_a_password_changed_within_the_administration_is_in_the_trail() -> None:
    ada = user(username="ada", is_staff=True, password="forgotten long ago")
    new = "a quite different phrase"
    data = {"old_password": "forgotten long ago", "new_password1": new, "new_password2": new}
    assert client_of(ada).post("/admin/password_change/", data).status_code == 302
    ada.refresh_from_db()
    assert ada.check_password(new)
    assert AuditEvent.objects.filter(action="user.password_changed", actor=ada).exists()
