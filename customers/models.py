"""Customers (one signatory, one hand) and their specimens (enrolled reference signatures)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_APPROVED = 7
THIN_BELOW = 3


class Fold(Func):
    """Lower case without accents, by an immutable database function, so that an index can hold it."""

    function = "customers_fold"
    arity = 1
    output_field = models.TextField()


class Customer(models.Model):
    """A person whose signature is known here. Not an account: accounts will point here."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        CLOSED = "closed", _("Closed")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("customer number"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=200)
    # Kept by the database: folding every candidate anew was most of the time of a search.
    name_folded = models.GeneratedField(
        expression=Fold("name"), output_field=models.TextField(), db_persist=True, editable=False
    )
    branch = models.ForeignKey(
        "accounts.Branch", verbose_name=_("branch"), on_delete=models.PROTECT, related_name="customers"
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ACTIVE)
    special_instructions = models.TextField(_("special instructions"), blank=True, max_length=2000)
    always_refer = models.BooleanField(
        _("always refer"),
        default=False,
        help_text=_("A person decides every verification of this customer."),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
    )

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ("name", "number")
        permissions = (("view_signature", _("Can see images of signatures")),)
        indexes = (
            GinIndex(OpClass("name_folded", name="gin_trgm_ops"), name="customers_folded_trigram"),
            models.Index(fields=("name", "number"), name="customers_by_name"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(number=Upper("number")) & ~Q(number=""), name="customers_number_upper"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE


class Specimen(models.Model):
    """One enrolled reference signature, or the draft of one; its image is sealed by `customers.blobs`."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PENDING = "pending", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        RETIRED = "retired", _("Retired")

    class Grade(models.TextChoices):
        GOOD = "good", _("Good")
        USABLE = "usable", _("Usable")
        REFUSED = "refused", _("Refused")

    class Source(models.TextChoices):
        CARD = "card", _("Signature card")
        FORM = "form", _("Account opening form")
        DOCUMENT = "document", _("Identity document")
        CHEQUE = "cheque", _("Paid cheque")
        OTHER = "other", _("Other")

    public_id = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, verbose_name=_("customer"), null=True, on_delete=models.PROTECT, related_name="specimens"
    )
    enrolment = models.UUIDField(_("enrolment"), editable=False, db_index=True)
    image = models.BinaryField(editable=False)
    digest = models.CharField(max_length=64, editable=False)
    filename = models.CharField(_("file"), max_length=120, blank=True)
    media_type = models.CharField(_("kind of file"), max_length=40)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    quality = models.JSONField(_("quality"), default=dict)
    quality_grade = models.CharField(_("grade"), max_length=8, choices=Grade)
    source = models.CharField(_("source"), max_length=10, choices=Source, default=Source.CARD)
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DRAFT)
    enrolled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("enrolled by"), on_delete=models.PROTECT, related_name="+"
    )
    enrolled_at = models.DateTimeField(_("enrolled"), default=timezone.now)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("approved by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    approved_at = models.DateTimeField(_("approved"), null=True)
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("retired by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    retired_at = models.DateTimeField(_("retired"), null=True)
    # Set when the stored bytes could not be opened or decoded; a person has to enrol the picture anew.
    unreadable_at = models.DateTimeField(_("found unreadable"), null=True, editable=False)
    # Of one that waits (customers.marks): whether something speaks against it; when the others were last compared.
    doubtful = models.BooleanField(_("doubtful"), null=True, editable=False)
    looked_at = models.DateTimeField(_("compared with the others"), null=True, editable=False)

    class Meta:
        verbose_name = _("specimen")
        verbose_name_plural = _("specimens")
        ordering = ("enrolled_at", "pk")
        permissions = (
            ("enrol_specimen", _("Can enrol specimens")),
            ("approve_specimen", _("Can approve specimens")),
            ("retire_specimen", _("Can retire specimens")),
        )
        indexes = (
            models.Index(fields=("digest",), name="specimens_digest"),
            models.Index(fields=("customer", "expires_on"), condition=Q(state="approved"), name="specimens_approved"),
            models.Index(
                fields=("enrolled_at",), condition=Q(state__in=("draft", "pending")), name="specimens_waiting"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(state="draft", customer__isnull=True) | (~Q(state="draft") & Q(customer__isnull=False)),
                name="specimens_draft_has_no_customer",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | ~Q(quality_grade="refused"), name="specimens_refused_stays_draft"
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="specimens_approved_by_somebody",
            ),
            models.UniqueConstraint(
                fields=("customer", "digest"), condition=~Q(state="draft"), name="specimens_once_a_customer"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.public_id}"

    @property
    def has_expired(self) -> bool:
        """Nothing is compared with it from the day after `expires_on`."""
        return self.expires_on is not None and self.expires_on < timezone.localdate()
