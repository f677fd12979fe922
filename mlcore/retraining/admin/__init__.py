"""The pages of retraining in Django admin: runs, model versions, their comparison and promotion."""

from __future__ import annotations

from mlcore.retraining.admin.drift import DriftReportAdmin
from mlcore.retraining.admin.runs import TrainingRunAdmin
from mlcore.retraining.admin.versions import ModelVersionAdmin

__all__ = ["DriftReportAdmin", "ModelVersionAdmin", "TrainingRunAdmin"]
