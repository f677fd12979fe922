# Labels for people alone: nothing changes in the database.

import uuid

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_labels"),
        ("mlcore", "0006_promotion_dead_turns"),
        ("verification", "0005_second_opinion"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="identification",
            name="area",
            field=models.JSONField(blank=True, null=True, verbose_name="judged part"),
        ),
        migrations.AlterField(
            model_name="identification",
            name="asked_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="asked at"),
        ),
        migrations.AlterField(
            model_name="identification",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="asked by",
            ),
        ),
        migrations.AlterField(
            model_name="identification",
            name="box",
            field=models.JSONField(blank=True, null=True, verbose_name="ink"),
        ),
        migrations.AlterField(
            model_name="identification",
            name="candidates",
            field=models.JSONField(default=list, verbose_name="candidates"),
        ),
        migrations.AlterField(
            model_name="identification",
            name="media_type",
            field=models.CharField(max_length=40, verbose_name="kind of file"),
        ),
        migrations.AlterField(
            model_name="identification",
            name="model_version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="identifications",
                to="mlcore.modelversion",
                verbose_name="model version",
            ),
        ),
        migrations.AlterField(
            model_name="identification",
            name="page",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="page"),
        ),
        migrations.AlterField(
            model_name="identification",
            name="policy_version",
            field=models.CharField(max_length=40, verbose_name="policy"),
        ),
        migrations.AlterField(
            model_name="identification",
            name="public_id",
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="reference"),
        ),
        migrations.AlterField(
            model_name="identification",
            name="purpose",
            field=models.CharField(max_length=200, verbose_name="purpose"),
        ),
        migrations.AlterField(
            model_name="identification",
            name="quality",
            field=models.JSONField(default=dict, verbose_name="quality"),
        ),
        migrations.AlterField(
            model_name="identification",
            name="searched",
            field=models.PositiveIntegerField(
                default=0, help_text="Customers that were searched.", verbose_name="customers searched"
            ),
        ),
        migrations.AlterField(
            model_name="identification",
            name="threshold",
            field=models.FloatField(
                help_text="Score up to which a candidate is near enough to be named.", verbose_name="threshold"
            ),
        ),
        migrations.AlterField(
            model_name="identification",
            name="turn",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="turned"),
        ),
        migrations.AlterField(
            model_name="identification",
            name="verdict",
            field=models.CharField(
                choices=[("known", "Known"), ("unknown", "Unknown")], max_length=8, verbose_name="verdict"
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="amount",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                max_digits=14,
                null=True,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="amount",
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="area",
            field=models.JSONField(
                blank=True,
                help_text="The part of the page that was judged, in pixels.",
                null=True,
                verbose_name="judged part",
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="asked_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="asked at"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="verifications_asked",
                to=settings.AUTH_USER_MODEL,
                verbose_name="asked by",
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="box",
            field=models.JSONField(
                blank=True, help_text="Ink box on the page, in pixels.", null=True, verbose_name="ink"
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="calibration",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Both shares with 95 % interval and counts, and the likelihood ratio.",
                verbose_name="intervals",
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="cheque_number",
            field=models.CharField(blank=True, max_length=30, verbose_name="cheque number"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="copy_of",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="The specimen or verification that this picture is a copy of.",
                verbose_name="copy of",
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="verifications",
                to="customers.customer",
                verbose_name="customer",
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="decided_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="verifications_decided",
                to=settings.AUTH_USER_MODEL,
                verbose_name="decided by",
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="distances",
            field=models.JSONField(default=list, verbose_name="distances"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="far",
            field=models.FloatField(
                help_text="Share of skilled forgeries with this score or a smaller one.",
                verbose_name="skilled forgeries within",
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="frr",
            field=models.FloatField(
                help_text="Share of genuine signatures with a larger score.", verbose_name="genuine signatures beyond"
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="human_decision",
            field=models.CharField(
                blank=True,
                choices=[("accepted", "Accepted"), ("rejected", "Rejected")],
                max_length=8,
                verbose_name="decision",
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="media_type",
            field=models.CharField(max_length=40, verbose_name="kind of file"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="model_version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="verifications",
                to="mlcore.modelversion",
                verbose_name="model version",
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="own_probability",
            field=models.FloatField(
                blank=True,
                help_text="The same by the customer's own head, where one had been learnt.",
                null=True,
                verbose_name="probability by the customer's own head",
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="page",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Page of the file, from 0.", verbose_name="page"
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="policy_version",
            field=models.CharField(max_length=40, verbose_name="policy"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="probability",
            field=models.FloatField(
                help_text="Genuine against skilled forgery, equal priors.", verbose_name="probability"
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="public_id",
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="reference"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="quality",
            field=models.JSONField(default=dict, verbose_name="quality"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="reason_code",
            field=models.CharField(
                blank=True,
                choices=[
                    ("differs", "Signature differs"),
                    ("incomplete", "Signature incomplete"),
                    ("mandate", "Not as per mandate"),
                    ("unreadable", "Image unreadable"),
                    ("other", "Other, see the note"),
                ],
                max_length=40,
                verbose_name="reason",
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="reason_note",
            field=models.CharField(blank=True, max_length=500, verbose_name="note"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="reasons",
            field=models.JSONField(default=list, verbose_name="reasons"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="score",
            field=models.FloatField(verbose_name="score"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="skipped",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="Specimens that could not be compared, and why.",
                verbose_name="specimens left out",
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="t_match",
            field=models.FloatField(verbose_name="threshold for a match"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="t_no_match",
            field=models.FloatField(verbose_name="threshold for no match"),
        ),
        migrations.AlterField(
            model_name="verification",
            name="turn",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="Degrees to the right by which the page was turned; area and box are on it as turned.",
                verbose_name="turned",
            ),
        ),
        migrations.AlterField(
            model_name="verification",
            name="verdict",
            field=models.CharField(
                choices=[("match", "Match"), ("refer", "Refer"), ("no_match", "No match")],
                max_length=8,
                verbose_name="verdict",
            ),
        ),
    ]
