"""What the machine-learning side stores."""

from __future__ import annotations

from mlcore.models.retraining import (
    DEFAULT_STEPS,
    CustomerHead,
    DriftReport,
    GateReport,
    Promotion,
    SnapshotItem,
    TrainingRun,
    TrainingSnapshot,
)
from mlcore.models.versions import (
    LONG_COLUMNS,
    Embedding,
    EmbeddingAttempt,
    EmbeddingFailure,
    ModelVersion,
    SpecimenCanvas,
    long_columns,
)

__all__ = [
    "DEFAULT_STEPS",
    "LONG_COLUMNS",
    "CustomerHead",
    "DriftReport",
    "Embedding",
    "EmbeddingAttempt",
    "EmbeddingFailure",
    "GateReport",
    "ModelVersion",
    "Promotion",
    "SnapshotItem",
    "SpecimenCanvas",
    "TrainingRun",
    "TrainingSnapshot",
    "long_columns",
]
