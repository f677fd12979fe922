from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mlcore", "0006_promotion_dead_turns")]

    operations = [
        migrations.AddField(
            model_name="trainingrun",
            name="images",
            field=models.PositiveIntegerField(
                editable=False,
                help_text="Images in the training set, with made forgeries and rehearsal; an epoch draws as many.",
                null=True,
            ),
        ),
    ]
