"""Verifications, to look at: what was judged is evidence and is never edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from verification.models import Identification, Verification

if TYPE_CHECKING:
    VerificationModelAdmin = admin.ModelAdmin[Verification]
    IdentificationModelAdmin = admin.ModelAdmin[Identification]
else:
    VerificationModelAdmin = IdentificationModelAdmin = admin.ModelAdmin  # takes no type argument at run time


class ReadOnly:
    """What was asked and answered is evidence: nobody adds, changes or deletes it here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Verification)
class VerificationAdmin(ReadOnly, VerificationModelAdmin):
    # Not the image: whoever may see signatures sees them, audited, on the verdict page.
    exclude = ("image", "digest", "sketch")
    list_display = ("public_id", "verdict", "score", "model_version", "asked_by", "asked_at")
    list_filter = ("verdict", "model_version")
    list_select_related = ("model_version", "asked_by")
    search_fields = ("public_id",)
    date_hierarchy = "asked_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Verification]:
        return super().get_queryset(request).defer("image", "sketch")


@admin.register(Identification)
class IdentificationAdmin(ReadOnly, IdentificationModelAdmin):
    exclude = ("image", "digest")
    list_display = ("public_id", "verdict", "purpose", "asked_by", "asked_at")
    list_filter = ("verdict", "model_version")
    list_select_related = ("asked_by",)
    search_fields = ("public_id", "purpose")
    date_hierarchy = "asked_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Identification]:
        return super().get_queryset(request).defer("image")
