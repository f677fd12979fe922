"""Model versions, training runs and embeddings, to look at: editing a figure or a vector by hand would falsify it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mlcore.models import Embedding, EmbeddingFailure, ModelVersion, TrainingRun

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin  # takes no type argument at run time


class ReadOnlyAdmin(AnyModelAdmin):
    """Rows that only the system writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    list_display = ("name", "state", "directory", "short_digest", "installed_at", "promoted_at")
    list_filter = ("state",)
    search_fields = ("name", "digest")
    actions = ("promote",)

    @admin.display(description=_("digest"))
    def short_digest(self, version: ModelVersion) -> str:
        return version.digest[:12]

    def has_promote_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("mlcore.promote_modelversion")

    @admin.action(description=_("Promote to champion"), permissions=["promote"])
    def promote(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        # Imported here: the list of models needs no network runtime.
        from mlcore.services import PromotionRefused, model_promote

        version = queryset.first()
        if version is None or queryset.count() != 1:
            self.message_user(request, _("Choose exactly one model version."), messages.ERROR)
            return
        try:
            promoted = model_promote(version=version, actor=request.user)  # type: ignore[arg-type]
        except PromotionRefused as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, _("%s is the champion now.") % promoted.name, messages.SUCCESS)


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "state", "share_done", "requested_by", "created_at", "finished_at", "produced")
    list_filter = ("state",)
    list_select_related = ("requested_by", "produced")

    @admin.display(description=_("progress"), ordering="progress")
    def share_done(self, run: TrainingRun) -> str:
        return f"{run.progress:.0%}"


@admin.register(Embedding)
class EmbeddingAdmin(ReadOnlyAdmin):
    # Neither the vector nor the descriptors: they are the person's signature in another form.
    fields = ("specimen", "model_version", "created_at")
    readonly_fields = fields
    list_display = fields
    list_filter = ("model_version",)
    list_select_related = ("specimen", "model_version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Embedding]:
        return super().get_queryset(request).defer("specimen__image", "vector", "local")


@admin.register(EmbeddingFailure)
class EmbeddingFailureAdmin(ReadOnlyAdmin):
    list_display = ("specimen", "model_version", "code", "sentence", "failed_at")
    list_filter = ("code",)
    list_select_related = ("specimen", "model_version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[EmbeddingFailure]:
        return super().get_queryset(request).defer("specimen__image")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Deleting the record has the specimen tried again.
        return request.user.has_perm("mlcore.delete_embeddingfailure")
