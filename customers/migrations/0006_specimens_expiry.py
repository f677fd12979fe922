from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Who has enough specimens is still answered from the index alone, now that expired ones do not count."""

    dependencies = [
        ("customers", "0005_specimen_marks"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="specimen", name="specimens_approved"),
        migrations.AddIndex(
            model_name="specimen",
            index=models.Index(
                condition=models.Q(("state", "approved")), fields=["customer", "expires_on"], name="specimens_approved"
            ),
        ),
    ]
