from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("verification", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="verification",
            name="calibration",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Both shares with 95 % interval and counts, and the likelihood ratio.",
            ),
        ),
    ]
