"""The roles a bank starts with: groups of permissions, made again after every migrate.

Code never asks for a group; it asks for a permission. A bank may add groups and permissions of its own
in the admin: the synchronisation only adds what is missing and removes nothing.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

VERIFIER = (
    "customers.view_customer",
    "customers.view_signature",
    "verification.add_verification",
    "verification.view_verification",
)

ROLES: dict[str, tuple[str, ...]] = {
    "teller": (
        *VERIFIER,
        "customers.add_customer",
        "customers.change_customer",
        "customers.enrol_specimen",
    ),
    "verifier": VERIFIER,
    "supervisor": (
        *VERIFIER,
        "customers.change_customer",
        "customers.approve_specimen",
        "customers.retire_specimen",
    ),
    "model-admin": (
        "customers.view_customer",
        "mlcore.view_modelversion",
        "mlcore.change_modelversion",
        "mlcore.view_trainingrun",
        "mlcore.start_trainingrun",
        "mlcore.promote_modelversion",
    ),
    "auditor": (
        "audit.view_auditevent",
        "customers.view_customer",
        "verification.view_verification",
    ),
}


def roles_sync(sender: AppConfig, *, using: str = "default", verbosity: int = 0, **kwargs: Any) -> None:
    """After `sender` has been migrated, put its permissions into the groups that should hold them.

    Runs once per app, since an app's permissions exist only after its own migration. Idempotent.
    """
    wanted = {
        role: {name.split(".")[1] for name in names if name.startswith(f"{sender.label}.")}
        for role, names in ROLES.items()
    }
    if not any(wanted.values()):
        return
    create_permissions(sender, verbosity=verbosity, interactive=False, using=using)
    for role, codenames in wanted.items():
        if not codenames:
            continue
        group, _created = Group.objects.using(using).get_or_create(name=role)
        group.permissions.add(
            *Permission.objects.using(using).filter(content_type__app_label=sender.label, codename__in=codenames)
        )
