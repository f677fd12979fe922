from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_labels"),
    ]

    operations = [
        migrations.AddField(
            model_name="specimen",
            name="doubtful",
            field=models.BooleanField(editable=False, null=True, verbose_name="doubtful"),
        ),
        migrations.AddField(
            model_name="specimen",
            name="looked_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="compared with the others"),
        ),
    ]
