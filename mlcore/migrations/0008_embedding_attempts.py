import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_folded_names"), ("mlcore", "0007_run_images")]

    operations = [
        migrations.CreateModel(
            name="EmbeddingAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("times", models.PositiveSmallIntegerField()),
                ("begun_at", models.DateTimeField()),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="mlcore.modelversion"
                    ),
                ),
                (
                    "specimen",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="customers.specimen"
                    ),
                ),
            ],
            options={
                "verbose_name": "attempt at an embedding",
                "verbose_name_plural": "attempts at embeddings",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("specimen", "model_version"),
                        name="mlcore_embeddingattempt_once_per_model_version",
                    )
                ],
            },
        ),
    ]
