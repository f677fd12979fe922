"""A picture that lies on its side is turned before it is judged; by how much is kept, the bytes stay as they came."""

from django.db import migrations, models
from django.db.models import Q

QUARTERS = (0, 90, 180, 270)


class Migration(migrations.Migration):
    dependencies = [("verification", "0003_workplace")]

    operations = [
        migrations.AddField(
            model_name="identification",
            name="turn",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="verification",
            name="turn",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="Degrees to the right by which the page was turned; area and box are on it as turned.",
            ),
        ),
        migrations.AddConstraint(
            model_name="identification",
            constraint=models.CheckConstraint(
                condition=Q(("turn__in", QUARTERS)), name="identification_turned_by_quarters"
            ),
        ),
        migrations.AddConstraint(
            model_name="verification",
            constraint=models.CheckConstraint(
                condition=Q(("turn__in", QUARTERS)), name="verification_turned_by_quarters"
            ),
        ),
    ]
