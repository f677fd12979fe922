"""Verifications, to look at: what was judged is evidence and is never edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from mlcore.models import long_columns
from verification.models import Identification, Verification
from verification.views.blind import referrals_hidden

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

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


def column(name: str, title: _StrPromise) -> Callable[[Any], Any]:
    """A column of a list under a title in the reader's language, sorted by the field it shows."""

    @admin.display(description=title, ordering=name)
    def shown(row: Any) -> Any:
        in_words = getattr(row, f"get_{name}_display", None)
        value = in_words() if in_words else getattr(row, name)
        return number_format(round(value, 2), 2) if isinstance(value, float) else value

    shown.__name__ = name  # the column's class in the page
    return shown


REFERENCE, VERDICT = column("public_id", _("Reference")), column("verdict", _("Verdict"))
ASKED_BY, ASKED_AT = column("asked_by", _("Asked by")), column("asked_at", _("Asked at"))


@admin.register(Verification)
class VerificationAdmin(ReadOnly, VerificationModelAdmin):
    # Not the image: whoever may see signatures sees them, audited, on the verdict page.
    exclude = ("image", "digest", "sketch")
    list_display = (
        REFERENCE,
        VERDICT,
        column("score", _("Score")),
        column("model_version", _("Decided by model")),
        ASKED_BY,
        ASKED_AT,
    )
    list_filter = ("verdict", "model_version")
    list_select_related = ("model_version", "asked_by")
    search_fields = ("public_id",)
    date_hierarchy = "asked_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Verification]:
        rows = super().get_queryset(request).defer("image", "sketch", *long_columns("model_version"))
        # Neither list, filter nor page tells a reviewer what he is still to decide blind.
        return rows.exclude(pk__in=referrals_hidden(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if hidden := referrals_hidden(request).count():
            told = ngettext(
                "%(count)d referral is not listed, since you review blind and have not decided it yet.",
                "%(count)d referrals are not listed, since you review blind and have not decided them yet.",
                hidden,
            )
            self.message_user(request, told % {"count": hidden}, messages.INFO)
        return super().changelist_view(request, extra_context)


@admin.register(Identification)
class IdentificationAdmin(ReadOnly, IdentificationModelAdmin):
    exclude = ("image", "digest")
    list_display = (REFERENCE, VERDICT, column("purpose", _("What the search is for")), ASKED_BY, ASKED_AT)
    list_filter = ("verdict", "model_version")
    list_select_related = ("asked_by",)
    search_fields = ("public_id", "purpose")
    date_hierarchy = "asked_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Identification]:
        return super().get_queryset(request).defer("image")
