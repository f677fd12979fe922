"""Verifications, to look at: what was judged is evidence and is never edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from verification.models import Verification

if TYPE_CHECKING:
    VerificationModelAdmin = admin.ModelAdmin[Verification]
else:
    VerificationModelAdmin = admin.ModelAdmin  # takes no type argument at run time


@admin.register(Verification)
class VerificationAdmin(VerificationModelAdmin):
    # Not the image: whoever may see signatures sees them, audited, on the verdict page.
    exclude = ("image", "digest", "sketch")
    list_display = ("public_id", "verdict", "score", "model_version", "asked_by", "asked_at")
    list_filter = ("verdict", "model_version")
    list_select_related = ("model_version", "asked_by")
    search_fields = ("public_id",)
    date_hierarchy = "asked_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Verification]:
        return super().get_queryset(request).defer("image", "sketch")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
