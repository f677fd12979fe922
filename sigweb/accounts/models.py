"""Who works with SigWeb and where: users and branches."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Branch(models.Model):
    """An office of the bank; customers and users belong to one."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(_("code"), max_length=16, unique=True)
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class User(AbstractUser):
    """A person who logs in. Deactivate, never delete: the audit trail points here."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    branch = models.ForeignKey(
        Branch,
        verbose_name=_("branch"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="users",
    )

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("username",)

    @property
    def display_name(self) -> str:
        """The full name, or the log-in where no name was entered."""
        return self.get_full_name() or self.username


class RoleGrant(models.Model):
    """A permission that a release has handed to one of its roles; whether the role still holds it is the bank's say."""

    role = models.CharField(max_length=150)
    permission = models.CharField(max_length=200)  # app_label.codename

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("role", "permission"), name="accounts_rolegrant_once"),)

    def __str__(self) -> str:
        return f"{self.role}: {self.permission}"
