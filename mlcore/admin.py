"""Embeddings, to look at: editing a vector by hand would falsify it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mlcore.models import Embedding, EmbeddingFailure, long_columns
from mlcore.sentences import sentence_in_words

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
