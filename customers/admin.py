from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.changing import customer_overtaken, customer_update
from customers.forms import ShownBefore
from customers.models import Customer, Specimen
from customers.selectors import IN_USE
from customers.views.several import several_url
from sigweb.accounts.access import person
from sigweb.accounts.public_ids import PublicIdAdmin

HIDDEN = ("id", "image", "digest", "customer")
MOST_CHOSEN = 50  # more would make the address too long; the page says how many it looks at once


if TYPE_CHECKING:
    CustomerModelForm = ModelForm[Customer]
else:
    CustomerModelForm = ModelForm


class StoredChoices(admin.ChoicesFieldListFilter):
    """Without the choices that no specimen of the list has: drafts are not shown, and a refused one stays a draft."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        never = {Specimen.State.DRAFT.label, Specimen.Grade.REFUSED.label}
        return (choice for choice in super().choices(changelist) if choice["display"] not in never)


class CustomerAdminForm(ShownBefore, CustomerModelForm):
    """Refuses what would undo a colleague's change."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        # Locked until the administration's transaction ends, so that it still holds when it is saved.
        present = Customer.objects.select_for_update().get(pk=self.instance.pk)
        if overtaken := customer_overtaken(customer=present, fields=data, shown=self.shown()):
            self.tell_overtaken(overtaken, present)
        return data


@admin.register(Customer)
class CustomerAdmin(PublicIdAdmin):
    """Customers are added by enrolment and never deleted. No search here: its text would be part of the address."""

    form = CustomerAdminForm
    list_display = ("name", "number", "branch", "status", "always_refer", "page")
    list_filter = ("status", "branch", "always_refer")
    list_select_related = ("branch",)
    fields = (
        "number",
        "name",
        "branch",
        "status",
        "special_instructions",
        "always_refer",
        "created_at",
        "created_by",
        "page",
    )
    readonly_fields = ("number", "created_at", "created_by", "page")
    actions = None

    @admin.display(description=_("page"))
    def page(self, customer: Customer) -> SafeString:
        return format_html(
            '<a href="{}">{}</a>', reverse("customers:detail", args=[customer.public_id]), _("Open with specimens")
        )

    def save_model(self, request: HttpRequest, obj: Customer, form: CustomerAdminForm, change: bool) -> None:
        customer_update(
            actor=person(request), customer=obj, fields=form.cleaned_data, shown=form.shown(), request=request
        )


@admin.register(Specimen)
class SpecimenAdmin(PublicIdAdmin):
    """What is known about specimens; pictures come from the page that checks the right to see them."""

    list_display = ("customer", "state", "mark", "quality_grade", "enrolled_by", "enrolled_at", "approved_by")
    list_filter = (("state", StoredChoices), ("quality_grade", StoredChoices), "source")
    list_select_related = ("customer", "enrolled_by", "approved_by")
    exclude = ("digest",)
    actions = ("approve", "retire")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Specimen]:
        return Specimen.objects.exclude(state=Specimen.State.DRAFT).defer("image")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = ["of", *(field.name for field in Specimen._meta.fields if field.name not in HIDDEN)]
        return ["picture", *fields] if request.user.has_perm("customers.view_signature") else fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_readonly_fields(request, obj)

    @admin.display(description=_("customer"))
    def of(self, specimen: Specimen) -> SafeString | str:
        if specimen.customer is None:
            return ""
        address = reverse("admin:customers_customer_change", args=[specimen.customer.public_id])
        return format_html('<a href="{}">{}</a>', address, specimen.customer)

    @admin.display(description=_("picture"))
    def picture(self, specimen: Specimen) -> SafeString:
        return format_html(
            '<img src="{}?view=original" alt="" height="160">',
            reverse("customers:specimen_image", args=[specimen.public_id]),
        )

    @admin.display(description=_("compared"))
    def mark(self, specimen: Specimen) -> str:
        if specimen.state != Specimen.State.PENDING:
            return ""
        if specimen.doubtful:
            return gettext("⚠ look closely")
        return gettext("nothing against it") if specimen.looked_at else gettext("not yet")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(("customers.approve_specimen", "customers.view_signature"))

    def has_retire_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("customers.retire_specimen")

    @admin.action(description=_("Approve the chosen specimens"), permissions=["approve"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Specimen]) -> HttpResponse | None:
        """To the page that shows them with what speaks against each; nothing is approved unseen."""
        if chosen := _public_ids(queryset.filter(state=Specimen.State.PENDING)):
            return redirect(several_url("verification:approve_several", chosen))
        self.message_user(request, _("None of the chosen specimens waits for approval."), messages.WARNING)
        return None

    @admin.action(description=_("Retire the chosen specimens"), permissions=["retire"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Specimen]) -> HttpResponse | None:
        """To the page that tells what their customers are left with, and asks."""
        if chosen := _public_ids(queryset.filter(state__in=IN_USE)):
            return redirect(several_url("customers:retire_several", chosen))
        self.message_user(request, _("None of the chosen specimens is in use."), messages.WARNING)
        return None


def _public_ids(specimens: QuerySet[Specimen]) -> list[UUID]:
    return list(specimens.order_by("enrolled_at", "pk").values_list("public_id", flat=True)[:MOST_CHOSEN])
