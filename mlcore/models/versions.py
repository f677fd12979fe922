"""Model versions, and what they make of specimens: embeddings, failures, canvases."""

from __future__ import annotations

import uuid

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from pgvector.django import VectorField

VECTOR_DIMENSIONS = 128
DIGEST_PATTERN = r"^[0-9a-f]{64}$"
# One path component, so that a directory can never point outside of settings.MODELS_DIR.
DIRECTORY_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
# Of a model version, 120 kB of JSON that its own page alone shows.
LONG_COLUMNS = ("figures", "thresholds", "data_snapshot")


def long_columns(*sides: str) -> list[str]:
    """What to defer where a query leads to model versions; sides: the names of the relations that lead there."""
    return [f"{side}__{column}" for side in sides for column in LONG_COLUMNS]


class ModelVersion(models.Model):
    """An exported network with its cohort, calibration and thresholds: everything that decides a verdict."""

    class State(models.TextChoices):
        CANDIDATE = "candidate", _("Candidate")
        CHAMPION = "champion", _("Champion")
        RETIRED = "retired", _("Retired")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100, unique=True)
    directory = models.CharField(
        max_length=120,
        validators=[RegexValidator(DIRECTORY_PATTERN)],
        help_text=_("Folder of the artefact under MODELS_DIR; “base” is the one shipped with the product."),
    )
    digest = models.CharField(
        max_length=64,
        unique=True,
        validators=[RegexValidator(DIGEST_PATTERN)],
        help_text=_("SHA-256 of model.json, which carries the digests of all other files."),
    )
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    figures = models.JSONField(default=dict, blank=True)
    thresholds = models.JSONField(default=dict, blank=True)
    data_snapshot = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CANDIDATE)
    installed_at = models.DateTimeField(auto_now_add=True)
    promoted_at = models.DateTimeField(null=True, blank=True)
    replaced = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="replaced_by",
        help_text=_("The champion before it, to which a roll back returns; none once the vectors of that are pruned."),
    )

    class Meta:
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        ordering = ["-installed_at"]
        permissions = [("promote_modelversion", _("Can promote a model version to champion"))]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="champion"), name="mlcore_modelversion_one_champion"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["candidate", "champion", "retired"]),
                name="mlcore_modelversion_state_known",
            ),
            models.CheckConstraint(condition=Q(digest__regex=DIGEST_PATTERN), name="mlcore_modelversion_digest_sha256"),
            models.CheckConstraint(
                condition=Q(directory__regex=DIRECTORY_PATTERN), name="mlcore_modelversion_directory_plain"
            ),
            models.CheckConstraint(
                condition=~Q(state="champion") | Q(promoted_at__isnull=False),
                name="mlcore_modelversion_champion_promoted_at",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Embedding(models.Model):
    """The features of one specimen under one model version; never stale, since both keys are in it."""

    specimen = models.ForeignKey("customers.Specimen", on_delete=models.CASCADE, related_name="embeddings")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="embeddings")
    vector = VectorField(dimensions=VECTOR_DIMENSIONS)
    local = models.BinaryField(default=b"", help_text=_("Local descriptors, as the network's runtime packs them."))
    sketch = models.BinaryField(
        default=b"", editable=False, help_text=_("The strokes in small, encrypted, to find copies of the specimen.")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("embedding")
        verbose_name_plural = _("embeddings")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["specimen", "model_version"], name="mlcore_embedding_once_per_model_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.specimen_id} / {self.model_version_id}"


class EmbeddingFailure(models.Model):
    """A specimen that can not be embedded, recorded so that no sweep tries it for ever.

    Deleting the row (in the admin) has the specimen tried again.
    """

    specimen = models.ForeignKey("customers.Specimen", on_delete=models.CASCADE, related_name="embedding_failures")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="embedding_failures")
    code = models.CharField(max_length=40)
    sentence = models.CharField(max_length=400)
    failed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("embedding failure")
        verbose_name_plural = _("embedding failures")
        ordering = ["-failed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["specimen", "model_version"], name="mlcore_embeddingfailure_once_per_model_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.specimen_id}: {self.code}"


class EmbeddingAttempt(models.Model):
    """That somebody is about to make a specimen's vector; what stays has ended the process (mlcore.attempts)."""

    specimen = models.ForeignKey("customers.Specimen", on_delete=models.CASCADE, related_name="+")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="+")
    times = models.PositiveSmallIntegerField()
    begun_at = models.DateTimeField()

    class Meta:
        verbose_name = _("attempt at an embedding")
        verbose_name_plural = _("attempts at embeddings")
        constraints = [
            models.UniqueConstraint(
                fields=["specimen", "model_version"], name="mlcore_embeddingattempt_once_per_model_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.specimen_id} / {self.model_version_id}: {self.times}"


class SpecimenCanvas(models.Model):
    """A specimen as it was laid on the canvas, sealed: another model version needs no decoding and normalising again.

    A cache: what can not be read any more, or was laid out by another version of the program, is made anew.
    """

    specimen = models.OneToOneField("customers.Specimen", on_delete=models.CASCADE, related_name="kept_canvas")
    sealed = models.BinaryField(editable=False)
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("canvas of a specimen")
        verbose_name_plural = _("canvases of specimens")

    def __str__(self) -> str:
        return str(self.specimen_id)
