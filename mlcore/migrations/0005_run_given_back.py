from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mlcore", "0004_promotion_in_two_steps")]

    operations = [
        migrations.AddField(
            model_name="trainingrun",
            name="given_back",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
    ]
