"""Embeddings, to look at: editing a vector by hand would falsify it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mlcore.models import Embedding, EmbeddingFailure, long_columns
from mlcore.sentences import sentence_in_words
from sigweb.accounts.access import person
from sigweb.audit.services import audit_record

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


@admin.register(Embedding)
class EmbeddingAdmin(ReadOnlyAdmin):
    # Neither the vector nor the descriptors: they are the person's signature in another form.
    fields = ("specimen", "model_version", "created_at")
    readonly_fields = fields
    list_display = fields
    list_filter = ("model_version",)
    list_select_related = ("specimen", "model_version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Embedding]:
        return super().get_queryset(request).defer("specimen__image", "vector", "local", *long_columns("model_version"))


@admin.register(EmbeddingFailure)
class EmbeddingFailureAdmin(ReadOnlyAdmin):
    list_display = ("specimen", "model_version", "code", "told", "failed_at")
    list_filter = ("code",)
    list_select_related = ("specimen", "model_version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[EmbeddingFailure]:
        return super().get_queryset(request).defer("specimen__image", *long_columns("model_version"))

    @admin.display(description=_("what is wrong"))
    def told(self, failure: EmbeddingFailure) -> str:
        """The stored sentence in the reader's language."""
        return sentence_in_words(failure.sentence)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Deleting the record has the specimen tried again.
        return request.user.has_perm("mlcore.delete_embeddingfailure")

    def delete_model(self, request: HttpRequest, obj: EmbeddingFailure) -> None:
        self._record(request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[EmbeddingFailure]) -> None:
        for failure in queryset.select_related("specimen", "model_version"):
            self._record(request, failure)
        super().delete_queryset(request, queryset)

    def _record(self, request: HttpRequest, failure: EmbeddingFailure) -> None:
        details = {"code": failure.code, "model_version": str(failure.model_version.public_id)}
        audit_record(
            actor=person(request),
            action="embedding_failure.deleted",
            obj=failure.specimen,
            request=request,
            details=details,
        )
