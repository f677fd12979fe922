"""Each run keeps its own gate report; a later measurement of the same pair no longer takes its place."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("mlcore", "0010_default_steps")]

    operations = [migrations.RemoveConstraint(model_name="gatereport", name="mlcore_gatereport_once")]
