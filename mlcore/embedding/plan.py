"""What decides the outcome of a training run, besides the data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from mlcore.embedding.augmentation import Augmentation
from mlcore.embedding.pseudo_writers import WriterChanges
from mlcore.embedding.sampling import BatchShape


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Everything that decides the outcome of a run, besides the data."""

    steps: int = 6000
    seed: int = 1
    batch: BatchShape = field(default_factory=BatchShape)
    shares: Mapping[str, float] = field(default_factory=dict)
    augmentation: Augmentation = field(default_factory=Augmentation)
    changes: WriterChanges = field(default_factory=WriterChanges)
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    warmup: int = 100
    vector_margin: float = 0.3
    local_margin: float = 0.12
    local_weight: float = 2.0
    forgery_weight: float = 4.0
    across_weight: float = 0.5
    sets_weight: float = 0.5
    frozen_stages: int = 0  # of the network's beginning, the stem counted as the first; 0: all learns
    taught_weight: float = 3.0
    teachers: tuple[str, ...] = ()  # SHA-256 of the networks whose distances are learnt as well
    checkpoint_every: int = 200
    report_every: int = 20

    @property
    def key(self) -> str:
        """Names the plan whatever its number of steps: a run may be lengthened, not go on by other rules."""
        passing = {"steps", "report_every"} | (set() if self.teachers else {"teachers", "taught_weight"})
        rules = {name: value for name, value in asdict(self).items() if name not in passing}
        return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()[:16]
