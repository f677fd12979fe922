import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_folded_names"), ("mlcore", "0005_run_given_back")]

    operations = [
        migrations.AddField(
            model_name="promotion",
            name="dead_turns",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="promotion",
            name="suspect",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="customers.specimen",
            ),
        ),
    ]
