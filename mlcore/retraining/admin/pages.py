"""What the admin pages of this app share: rights, the frame around a page, and buttons that change something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from mlcore.admin import ReadOnlyAdmin
from mlcore.sentences import stored_in_words
from sigweb.accounts.access import person
from sigweb.accounts.public_ids import PublicIdAdmin

if TYPE_CHECKING:
    from sigweb.accounts.models import User

START = "mlcore.start_trainingrun"
PROMOTE = "mlcore.promote_modelversion"


class PageAdmin(PublicIdAdmin, ReadOnlyAdmin):
    """Rows that only the system writes, each with a page of its own in place of a form, addressed by public_id."""

    actions: Sequence[str] | None = None

    def view_or_403(self, request: HttpRequest) -> None:
        """Raises PermissionDenied where the person may not see these rows."""
        if not self.has_view_permission(request):
            raise PermissionDenied

    def row_or_404(self, request: HttpRequest, public_id: UUID | str) -> Any:
        """The row of this public_id. Raises Http404."""
        try:
            found = self.get_queryset(request).filter(public_id=public_id).first()
        except (ValidationError, ValueError):
            found = None
        if found is None:
            raise Http404(_("There is none of this address."))
        return found

    def page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        """A page within the frame of the admin."""
        request.current_app = self.admin_site.name
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "is_popup": False}
        return TemplateResponse(request, template, {**frame, **context})

    def fragment(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        """A part of a page, to be fetched anew every time."""
        response = TemplateResponse(request, template, context)
        response["Cache-Control"] = "no-store"
        return response

    def attempt(
        self,
        request: HttpRequest,
        done: Callable[[], str],
        *,
        refusal: type[Exception] | tuple[type[Exception], ...],
        back: str,
    ) -> HttpResponseRedirect:
        """Do what a button asks for and say what came of it on the page that it returns to.

        done: carries it out and returns what to say; a refusal is said in its own words.
        """
        try:
            self.message_user(request, done(), messages.SUCCESS)
        except refusal as error:
            # A refusal in the reader's language stays as it is; what is wrong with a model's files is said in English.
            self.message_user(request, stored_in_words(str(error)), messages.ERROR)
        return HttpResponseRedirect(back)


def require(request: HttpRequest, permission: str) -> User:
    """The person, who has this right. Raises PermissionDenied."""
    return person(request, permission)
