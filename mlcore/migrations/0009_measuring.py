import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("mlcore", "0008_embedding_attempts")]

    operations = [
        migrations.AddField(
            model_name="trainingrun",
            name="measured",
            field=models.ForeignKey(
                blank=True,
                help_text="Where nothing is trained: the model version that is compared with the champion.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="measurings",
                to="mlcore.modelversion",
            ),
        ),
        migrations.AddConstraint(
            model_name="trainingrun",
            constraint=models.CheckConstraint(
                condition=Q(measured__isnull=True) | Q(produced__isnull=True, parent__isnull=True),
                name="mlcore_trainingrun_trains_or_measures",
            ),
        ),
    ]
