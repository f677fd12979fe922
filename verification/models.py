"""The questions put to the system (did this customer write it? whose is it?) and what the system answered."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mlcore.imaging.decoding import TURNS

DIGEST_PATTERN = r"^[0-9a-f]{64}$"


class Verification(models.Model):
    """A questioned signature judged against a customer's specimens; what it stood on is kept with it.

    ``distances`` holds one entry a specimen, in the order judged:
    ``{"specimen": public_id, "vector": [0, 2], "local": [0, 2], "hinge": [0, 1]}``, the last where model and specimen
    have one. ``calibration`` holds ``genuine_beyond`` (of which ``frr`` is the value) and ``skilled_within``
    (``far``), each ``{"value", "low", "high", "trials", "writers"}``, and ``likelihood_ratio``; it is empty for
    verifications made before it was kept.
    """

    class Verdict(models.TextChoices):
        MATCH = "match", _("Match")
        REFER = "refer", _("Refer")
        NO_MATCH = "no_match", _("No match")

    class Reason(models.TextChoices):
        DIFFERS = "differs", _("Signature differs")
        INCOMPLETE = "incomplete", _("Signature incomplete")
        MANDATE = "mandate", _("Not as per mandate")
        UNREADABLE = "unreadable", _("Image unreadable")
        OTHER = "other", _("Other, see the note")

    class Decision(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")

    public_id = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        "customers.Customer", verbose_name=_("customer"), on_delete=models.PROTECT, related_name="verifications"
    )
    image = models.BinaryField(help_text=_("The questioned image, encrypted."))
    digest = models.CharField(max_length=64, help_text=_("Keyed digest of the questioned image."))
    media_type = models.CharField(_("kind of file"), max_length=40)
    page = models.PositiveSmallIntegerField(_("page"), default=0, help_text=_("Page of the file, from 0."))
    turn = models.PositiveSmallIntegerField(
        _("turned"),
        default=0,
        help_text=_("Degrees to the right by which the page was turned; area and box are on it as turned."),
    )
    area = models.JSONField(
        _("judged part"), null=True, blank=True, help_text=_("The part of the page that was judged, in pixels.")
    )
    box = models.JSONField(_("ink"), null=True, blank=True, help_text=_("Ink box on the page, in pixels."))
    amount = models.DecimalField(
        _("amount"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    cheque_number = models.CharField(_("cheque number"), max_length=30, blank=True)

    distances = models.JSONField(_("distances"), default=list)
    skipped = models.JSONField(
        _("specimens left out"), default=list, blank=True, help_text=_("Specimens that could not be compared, and why.")
    )
    score = models.FloatField(_("score"))
    probability = models.FloatField(_("probability"), help_text=_("Genuine against skilled forgery, equal priors."))
    own_probability = models.FloatField(
        _("probability by the customer's own head"),
        null=True,
        blank=True,
        help_text=_("The same by the customer's own head, where one had been learnt."),
    )
    far = models.FloatField(
        _("skilled forgeries within"), help_text=_("Share of skilled forgeries with this score or a smaller one.")
    )
    frr = models.FloatField(
        _("genuine signatures beyond"), help_text=_("Share of genuine signatures with a larger score.")
    )
    calibration = models.JSONField(
        _("intervals"),
        default=dict,
        blank=True,
        # xgettext:no-python-format
        help_text=_("Both shares with 95 % interval and counts, and the likelihood ratio."),
    )
    t_match = models.FloatField(_("threshold for a match"))
    t_no_match = models.FloatField(_("threshold for no match"))
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices)
    reasons = models.JSONField(_("reasons"), default=list)
    quality = models.JSONField(_("quality"), default=dict)
    sketch = models.BinaryField(
        default=b"", editable=False, help_text=_("The strokes in small, encrypted, to find copies of it later.")
    )
    copy_of = models.JSONField(
        _("copy of"),
        default=dict,
        blank=True,
        help_text=_("The specimen or verification that this picture is a copy of."),
    )
    model_version = models.ForeignKey(
        "mlcore.ModelVersion", verbose_name=_("model version"), on_delete=models.PROTECT, related_name="verifications"
    )
    policy_version = models.CharField(_("policy"), max_length=40)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("asked by"),
        on_delete=models.PROTECT,
        related_name="verifications_asked",
    )
    asked_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    request_token = models.UUIDField(unique=True, editable=False)

    human_decision = models.CharField(_("decision"), max_length=8, choices=Decision.choices, blank=True)
    reason_code = models.CharField(_("reason"), max_length=40, choices=Reason.choices, blank=True)
    reason_note = models.CharField(_("note"), max_length=500, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="verifications_decided",
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        ordering = ["-asked_at", "-pk"]
        permissions = [("review_verification", _("Can decide on referrals and override verdicts"))]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=Q(verdict="refer", human_decision=""),
                name="verification_waits_for_review",
            ),
            models.Index(fields=["customer", "-asked_at"], name="verification_customer_latest"),
            models.Index(fields=["asked_by", "-asked_at"], name="verification_own_latest"),
            models.Index(fields=["verdict", "-asked_at"], name="verification_verdict_latest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=["match", "refer", "no_match"]), name="verification_verdict_known"
            ),
            models.CheckConstraint(condition=Q(digest__regex=DIGEST_PATTERN), name="verification_digest_sha256"),
            models.CheckConstraint(condition=Q(turn__in=TURNS), name="verification_turned_by_quarters"),
            models.CheckConstraint(
                condition=Q(probability__gte=0, probability__lte=1, far__gte=0, far__lte=1, frr__gte=0, frr__lte=1),
                name="verification_shares_in_range",
            ),
            models.CheckConstraint(condition=Q(t_match__lte=F("t_no_match")), name="verification_thresholds_in_order"),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="verification_amount_not_negative"
            ),
            # A decision is whole or absent.
            models.CheckConstraint(
                condition=Q(human_decision="", decided_by__isnull=True, decided_at__isnull=True)
                | Q(human_decision__in=["accepted", "rejected"], decided_by__isnull=False, decided_at__isnull=False),
                name="verification_decision_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} {self.public_id}"


class Identification(models.Model):
    """Whose signature is this? A search over everybody who is enrolled; asked for a purpose, and kept.

    ``candidates`` is the ranking, the closest first: ``{"customer": public_id, "score", "probability", "local",
    "vector", "specimens", "near": bool}``.
    """

    class Verdict(models.TextChoices):
        KNOWN = "known", _("Known")
        UNKNOWN = "unknown", _("Unknown")

    public_id = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    purpose = models.CharField(_("purpose"), max_length=200)
    image = models.BinaryField(help_text=_("The questioned image, encrypted."))
    digest = models.CharField(max_length=64)
    media_type = models.CharField(_("kind of file"), max_length=40)
    page = models.PositiveSmallIntegerField(_("page"), default=0)
    turn = models.PositiveSmallIntegerField(_("turned"), default=0)
    area = models.JSONField(_("judged part"), null=True, blank=True)
    box = models.JSONField(_("ink"), null=True, blank=True)
    quality = models.JSONField(_("quality"), default=dict)
    candidates = models.JSONField(_("candidates"), default=list)
    searched = models.PositiveIntegerField(
        _("customers searched"), default=0, help_text=_("Customers that were searched.")
    )
    threshold = models.FloatField(
        _("threshold"), help_text=_("Score up to which a candidate is near enough to be named.")
    )
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices)
    model_version = models.ForeignKey(
        "mlcore.ModelVersion", verbose_name=_("model version"), on_delete=models.PROTECT, related_name="identifications"
    )
    policy_version = models.CharField(_("policy"), max_length=40)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("asked by"), on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    request_token = models.UUIDField(unique=True, editable=False)

    class Meta:
        verbose_name = _("identification")
        verbose_name_plural = _("identifications")
        ordering = ["-asked_at", "-pk"]
        indexes = [models.Index(fields=["asked_by", "-asked_at"], name="identification_own_latest")]
        constraints = [
            models.CheckConstraint(condition=Q(verdict__in=["known", "unknown"]), name="identification_verdict_known"),
            models.CheckConstraint(condition=~Q(purpose=""), name="identification_has_a_purpose"),
            models.CheckConstraint(condition=Q(digest__regex=DIGEST_PATTERN), name="identification_digest_sha256"),
            models.CheckConstraint(condition=Q(turn__in=TURNS), name="identification_turned_by_quarters"),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} {self.public_id}"
