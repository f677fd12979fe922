from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axes.utils import reset
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from sigweb.accounts.access import person
from sigweb.accounts.models import Branch, User
from sigweb.accounts.public_ids import ModelAdmin
from sigweb.audit.services import audit_record

if TYPE_CHECKING:
    PeopleAdmin = DjangoUserAdmin[User]
else:
    PeopleAdmin = DjangoUserAdmin

admin.site.site_header = _("SigWeb administration")
admin.site.site_title = _("SigWeb")
admin.site.index_title = _("Administration")


@admin.register(Branch)
class BranchAdmin(ModelAdmin):
    list_display = ("code", "name")
    search_fields = ("code", "name")


@admin.register(User)
class UserAdmin(PeopleAdmin):
    """People, their branch and roles; a forgotten password is replaced here. Nobody is deleted."""

    list_display = ("username", "first_name", "last_name", "branch", "roles", "is_active", "last_login")
    list_filter = ("is_active", "is_staff", "groups", "branch")
    list_select_related = ("branch",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "branch")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "usable_password", "password1", "password2")}),
        (_("Person"), {"fields": ("first_name", "last_name", "branch", "groups")}),
    )
    readonly_fields = ("last_login", "date_joined")

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all())

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        # Who looks after people's log-ins must not become superuser by setting the password of one, or by a tick.
        may = super().has_change_permission(request, obj)
        return may and (obj is None or not obj.is_superuser or person(request).is_superuser)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        own = () if person(request).is_superuser else ("is_superuser", "user_permissions")
        return (*super().get_readonly_fields(request, obj), *own)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        super().save_model(request, obj, form, change)
        action = "user.changed" if change else "user.created"
        audit_record(
            actor=person(request), action=action, obj=obj, request=request, details={"fields": form.changed_data}
        )

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            changed = self.get_object(request, id)
            if changed is not None:
                # Whoever forgot a password has most likely locked himself out while trying.
                reset(username=changed.username)
            audit_record(actor=person(request), action="user.password_reset", obj=changed, request=request)
        return response
