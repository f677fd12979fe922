"""Training runs and what came of them: snapshots, gate reports, promotions, drift, heads of customers."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mlcore.models.versions import DIGEST_PATTERN, ModelVersion

DEFAULT_STEPS = 400  # of a training run


class TrainingSnapshot(models.Model):
    """What a training run used, frozen: named by the digest of its items, so that the same content is the same row."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, validators=[RegexValidator(DIGEST_PATTERN)])
    customers = models.PositiveIntegerField()
    held_out = models.PositiveIntegerField(help_text=_("Customers that were not trained on but measured with."))
    images = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("training snapshot")
        verbose_name_plural = _("training snapshots")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.digest[:12]


class SnapshotItem(models.Model):
    """One image of a snapshot. Its names are kept, not the rows: they outlive the customer's erasure."""

    class Kind(models.TextChoices):
        SPECIMEN = "specimen", _("Specimen")
        DECIDED = "decided", _("Decided verification")

    snapshot = models.ForeignKey(TrainingSnapshot, on_delete=models.CASCADE, related_name="items")
    customer = models.UUIDField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    source = models.UUIDField(help_text=_("Public id of the specimen or the verification."))
    content = models.CharField(max_length=64, help_text=_("Keyed digest of the image."))
    genuine = models.BooleanField(default=True)
    held_out = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("snapshot item")
        verbose_name_plural = _("snapshot items")
        ordering = ["snapshot", "customer", "source"]
        constraints = [models.UniqueConstraint(fields=["snapshot", "source"], name="mlcore_snapshotitem_once")]
        indexes = [models.Index(fields=["customer"], name="mlcore_snapshotitem_customer")]

    def __str__(self) -> str:
        return f"{self.kind} {self.source}"


class TrainingRun(models.Model):
    """One run of the trainer: queued -> running -> succeeded | failed | cancelled (queued may be cancelled too).

    A run whose worker died or was stopped goes back from running to queued and resumes from its checkpoint. One with
    `measured` trains nothing and makes nothing: it compares that version with the champion.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class Start(models.TextChoices):
        CHAMPION = "champion", _("Go on from the champion")
        BASE = "base", _("Go on from the shipped base")

    class Phase(models.TextChoices):
        WAITING = "waiting", _("Waiting for the train worker")
        PREPARING = "preparing", _("Preparing signatures")
        TRAINING = "training", _("Training")
        FITTING = "fitting", _("Fitting the decision")
        MEASURING = "measuring", _("Measuring against the champion")
        DONE = "done", _("Done")

    OPEN = (State.QUEUED, State.RUNNING)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    start = models.CharField(_("start from"), max_length=8, choices=Start.choices, default=Start.CHAMPION)
    with_decisions = models.BooleanField(
        _("with decisions"),
        default=False,
        help_text=_("Also learn from questioned signatures that reviewers have confirmed as genuine or forged."),
    )
    seed = models.PositiveIntegerField(default=1)
    steps = models.PositiveIntegerField(default=DEFAULT_STEPS, help_text=_("Training steps in all."))
    step = models.PositiveIntegerField(default=0)
    images = models.PositiveIntegerField(
        null=True,
        editable=False,
        help_text=_("Images in the training set, with made forgeries and rehearsal; an epoch draws as many."),
    )
    phase = models.CharField(max_length=9, choices=Phase.choices, default=Phase.WAITING)
    progress = models.FloatField(default=0.0, help_text=_("From 0 to 1."))
    curves = models.JSONField(
        default=dict,
        blank=True,
        help_text=_("Lists of equal length: step, loss, spread, violating, images_per_second."),
    )
    log = models.TextField(blank=True)
    message = models.TextField(blank=True)
    parent = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="trained_from"
    )
    snapshot = models.ForeignKey(TrainingSnapshot, on_delete=models.PROTECT, null=True, blank=True, related_name="runs")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="training_runs"
    )
    produced = models.OneToOneField(
        ModelVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="training_run"
    )
    measured = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="measurings",
        help_text=_("Where nothing is trained: the model version that is compared with the champion."),
    )
    claim = models.UUIDField(null=True, editable=False, help_text=_("Names the worker process that runs it."))
    attempts = models.PositiveSmallIntegerField(default=0)
    # Of the attempts, those that ended since the worker was told to stop; they are no sign of a fault.
    given_back = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("training run")
        verbose_name_plural = _("training runs")
        ordering = ["-created_at"]
        permissions = [("start_trainingrun", _("Can start a training run"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(progress__gte=0.0, progress__lte=1.0), name="mlcore_trainingrun_progress_share"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "succeeded", "failed", "cancelled"]),
                name="mlcore_trainingrun_state_known",
            ),
            # One at a time on all train workers together; the others wait.
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="running"), name="mlcore_trainingrun_one_running"
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(claim__isnull=False, heartbeat_at__isnull=False),
                name="mlcore_trainingrun_running_is_claimed",
            ),
            models.CheckConstraint(
                condition=Q(measured__isnull=True) | Q(produced__isnull=True, parent__isnull=True),
                name="mlcore_trainingrun_trains_or_measures",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.public_id}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def candidate(self) -> ModelVersion | None:
        """What it has compared with the champion, or will: the version that it has made, or was asked to measure."""
        return self.measured or self.produced


class GateReport(models.Model):
    """Candidate and champion measured on the same frozen trials, once by each run that does; the latest counts.

    report: see mlcore.evaluation.gate; shadow: what would have changed in the last verifications.
    """

    candidate = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="gates")
    champion = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="gates_against")
    promotable = models.BooleanField()
    report = models.JSONField()
    shadow = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("gate report")
        verbose_name_plural = _("gate reports")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.candidate_id} / {self.champion_id}"


class Promotion(models.Model):
    """A model version on its way to champion: its vectors are made first, then everything switches at once.

    waiting (for a second administrator, where the gate is overridden) -> queued -> running -> done | failed |
    cancelled; one open promotion at a time.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for a second administrator")
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Making vectors")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    OPEN = (State.WAITING, State.QUEUED, State.RUNNING)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="promotions")
    champion = models.ForeignKey(
        ModelVersion,
        on_delete=models.CASCADE,
        null=True,
        editable=False,
        related_name="promotions_against",
        help_text=_("The champion when it was asked for; where another one reigns by then, nothing is switched."),
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    total = models.PositiveIntegerField(default=0, help_text=_("Specimens that need a vector."))
    done = models.PositiveIntegerField(default=0)
    override_reason = models.TextField(blank=True, help_text=_("Why the gate is overridden; empty where it is not."))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="promotions_requested"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="promotions_approved"
    )
    turn = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("Which message is the next one; a worker drops any other.")
    )
    # Turns begun since vectors were last stored: all of them but the present one have died.
    dead_turns = models.PositiveSmallIntegerField(default=0, editable=False)
    # The specimen that is embedded alone; still there when the next turn begins, it has ended the worker's process.
    suspect = models.ForeignKey(
        "customers.Specimen", on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    message = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(state__in=["waiting", "queued", "running"]),
                name="mlcore_promotion_one_open",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=models.F("requested_by")),
                name="mlcore_promotion_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.version_id}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class DriftReport(models.Model):
    """One night's look at whether scores, quality and decisions still come out as they did the month before."""

    day = models.DateField(unique=True)
    alarm = models.BooleanField(default=False)
    report = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("drift report")
        verbose_name_plural = _("drift reports")
        ordering = ["-day"]

    def __str__(self) -> str:
        return str(self.day)


class CustomerHead(models.Model):
    """What was re-learnt for one customer: a logistic head and calibration of his own, under one model version.

    specimens: digest of the set of approved specimens it rests on; another set makes it out of date.
    """

    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="heads")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="customer_heads")
    specimens = models.CharField(max_length=64)
    head = models.JSONField()
    calibration = models.JSONField()
    learnt_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("head of a customer")
        verbose_name_plural = _("heads of customers")
        constraints = [models.UniqueConstraint(fields=["customer", "model_version"], name="mlcore_customerhead_once")]

    def __str__(self) -> str:
        return f"{self.customer_id} / {self.model_version_id}"
