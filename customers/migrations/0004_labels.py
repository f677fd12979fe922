# Labels for people alone: nothing changes in the database.

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_folded_names"),
    ]

    operations = [
        migrations.AlterField(
            model_name="specimen",
            name="public_id",
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="reference"),
        ),
    ]
