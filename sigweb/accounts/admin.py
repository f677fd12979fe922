from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from sigweb.accounts.access import person
from sigweb.accounts.lockout import lockout_end
from sigweb.accounts.models import Branch, User
from sigweb.accounts.public_ids import ModelAdmin
from sigweb.accounts.rights import PersonRightsForm, RightsForm, rights_changed, with_shown
from sigweb.audit.services import audit_record

if TYPE_CHECKING:
    PeopleAdmin = DjangoUserAdmin[User]
else:
    PeopleAdmin = DjangoUserAdmin

admin.site.site_header = _("SigWeb administration")
admin.site.site_title = _("SigWeb")
admin.site.index_title = _("Administration")
admin.site.unregister(Group)


@admin.register(Branch)
class BranchAdmin(ModelAdmin):
    list_display = ("code", "name")
    search_fields = ("code", "name")

    def save_model(self, request: HttpRequest, obj: Branch, form: ModelForm[Branch], change: bool) -> None:
        super().save_model(request, obj, form, change)
        self._record(request, obj, "branch.changed" if change else "branch.created", fields=form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Branch) -> None:
        self._record(request, obj, "branch.deleted")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Branch]) -> None:
        for branch in queryset:
            self._record(request, branch, "branch.deleted")
        super().delete_queryset(request, queryset)

    def _record(self, request: HttpRequest, branch: Branch, action: str, **details: Any) -> None:
        details["code"] = branch.code
        audit_record(actor=person(request), action=action, obj=branch, request=request, details=details)


@admin.register(User)
class UserAdmin(PeopleAdmin):
    """People, their branch and roles; a forgotten password is replaced here. Nobody is deleted.

    But for superusers nobody changes his own rights: who hands out roles would approve what he has enrolled himself.
    """

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
    form = PersonRightsForm

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all())

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        found = super().get_fieldsets(request, obj)
        return with_shown(found) if obj is not None and self.has_change_permission(request, obj) else found

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        # Who looks after people's log-ins must not become superuser by setting the password of one, or by a tick.
        may = super().has_change_permission(request, obj)
        return may and (obj is None or not obj.is_superuser or person(request).is_superuser)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        actor = person(request)
        if actor.is_superuser:
            return fixed
        own = ("is_active", "is_staff", "groups") if obj == actor else ()
        return (*fixed, "is_superuser", "user_permissions", *own)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        super().save_model(request, obj, form, change)
        action = "user.changed" if change else "user.created"
        details = {"fields": form.changed_data, **rights_changed(form)}
        audit_record(actor=person(request), action=action, obj=obj, request=request, details=details)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            changed = self.get_object(request, id)
            if changed is not None:
                # Whoever forgot a password has most likely locked himself out while trying.
                lockout_end(changed)
            audit_record(actor=person(request), action="user.password_reset", obj=changed, request=request)
        return response


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    """Roles. What becomes of the rights of one is audited; but for superusers nobody changes a role of his own."""

    form = RightsForm
    fields = ("name", "permissions")

    def get_fieldsets(self, request: HttpRequest, obj: Group | None = None) -> Any:
        found = super().get_fieldsets(request, obj)
        return with_shown(found) if obj is not None and self.has_change_permission(request, obj) else found

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        actor = person(request)
        own = obj is not None and not actor.is_superuser and actor.groups.contains(obj)
        return super().has_change_permission(request, obj) and not own

    def save_model(self, request: HttpRequest, obj: Group, form: ModelForm[Group], change: bool) -> None:
        super().save_model(request, obj, form, change)
        details = {"role": obj.name, **rights_changed(form)}
        if change and "name" in form.changed_data:
            details["was"] = form.initial["name"]
        action = "role.changed" if change else "role.created"
        audit_record(actor=person(request), action=action, obj=obj, request=request, details=details)

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        self._deleted(request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        for role in queryset:
            self._deleted(request, role)
        super().delete_queryset(request, queryset)

    def _deleted(self, request: HttpRequest, role: Group) -> None:
        people = [str(public_id) for public_id in User.objects.filter(groups=role).values_list("public_id", flat=True)]
        details = {"role": role.name, "people": people}
        audit_record(actor=person(request), action="role.deleted", obj=role, request=request, details=details)
