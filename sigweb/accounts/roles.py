"""The roles a bank starts with: groups of permissions, handed out after a migrate.

Code never asks for a group; it asks for a permission. A bank may add and take away groups and permissions in the
admin: each permission is handed to a role once, so that what the bank has taken away does not come back with the next
release.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from sigweb.accounts.models import RoleGrant

VERIFIER = (
    "customers.view_customer",
    "customers.view_signature",
    "verification.add_verification",
    "verification.view_verification",
)
REVIEWER = (*VERIFIER, "verification.review_verification")

# Who enrols does not change the record afterwards: "always refer" and a closed customer are for a second person.
ROLES: dict[str, tuple[str, ...]] = {
    "teller": (
        *VERIFIER,
        "customers.add_customer",
        "customers.enrol_specimen",
    ),
    "verifier": REVIEWER,
    "supervisor": (
        *REVIEWER,
        "verification.add_identification",
        "verification.view_identification",
        "customers.change_customer",
        "customers.approve_specimen",
        "customers.retire_specimen",
    ),
    "model-admin": (
        "customers.view_customer",
        "mlcore.view_modelversion",
        "mlcore.change_modelversion",
        "mlcore.view_trainingrun",
        "mlcore.view_driftreport",
        "mlcore.start_trainingrun",
        "mlcore.promote_modelversion",
    ),
    "auditor": (
        "audit.view_auditevent",
        "customers.view_customer",
        "verification.view_verification",
        "verification.view_identification",
        # With view_customer: whether somebody was in a training. Not view_modelversion: that opens the vector space.
        "mlcore.view_trainingrun",
    ),
}


def roles_sync(sender: AppConfig, *, using: str = "default", verbosity: int = 0, **kwargs: Any) -> None:
    """After `sender` has been migrated, put its permissions into the groups that have never been given them.

    Runs once per app, since an app's permissions exist only after its own migration. Idempotent.
    """
    wanted = {(role, name) for role, names in ROLES.items() for name in names if name.startswith(f"{sender.label}.")}
    if not wanted:
        return
    create_permissions(sender, verbosity=verbosity, interactive=False, using=using)
    with transaction.atomic(using=using):
        given = RoleGrant.objects.using(using)
        for role, name in sorted(wanted - set(given.values_list("role", "permission"))):
            group, _created = Group.objects.using(using).get_or_create(name=role)
            app_label, codename = name.split(".")
            group.permissions.add(
                Permission.objects.using(using).get(content_type__app_label=app_label, codename=codename)
            )
            given.create(role=role, permission=name)
