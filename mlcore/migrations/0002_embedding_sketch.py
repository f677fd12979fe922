from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mlcore", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="embedding",
            name="sketch",
            field=models.BinaryField(
                default=b"",
                help_text="The strokes in small, encrypted, to find copies of the specimen.",
            ),
        ),
    ]
