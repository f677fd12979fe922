"""Model versions out and in, on the pages of the administration."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from mlcore.bundle import ArtefactError
from mlcore.exchange import MEGABYTE, MOST_BYTES
from mlcore.retraining.admin.pages import PROMOTE, PageAdmin, require
from mlcore.retraining.exchange import Imported, export_name, model_export, model_import
from mlcore.sentences import ENDINGS, EXCHANGED, stored_in_words
from sigweb.uploads import CappedMemoryUploadHandler

if TYPE_CHECKING:
    Pages = PageAdmin
else:
    Pages = object  # a mixin, beside it

TEMPLATE = "admin/mlcore/modelversion/import.html"


class ModelUploadHandler(CappedMemoryUploadHandler):
    """As large as a model version may be, and one byte more, so that the form can say that it is larger."""

    kept_bytes = MOST_BYTES + 1


class ImportForm(forms.Form):
    """An exported model version."""

    archive = forms.FileField(
        label=gettext_lazy("Exported model version"),
        help_text=gettext_lazy("A file that “Export” has given, here or at another installation; at most 40 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,application/zip"}),
        allow_empty_file=True,  # said in our own words
    )

    def clean_archive(self) -> UploadedFile[Any]:
        """Refuse what no model version is."""
        archive: UploadedFile[Any] = self.cleaned_data["archive"]
        if (archive.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %(megabytes)d MB; no model version is.")
                % {"megabytes": MOST_BYTES // MEGABYTE}
            )
        return archive


class ExchangePages(Pages):
    """What the admin of model versions takes in: a button that exports one, and a page that imports one."""

    def get_urls(self) -> list[URLPattern]:
        name = "mlcore_modelversion_"
        return [
            path("import/", self.import_door, name=name + "import"),
            path("<uuid:public_id>/export/", self.admin_site.admin_view(self.export_view), name=name + "export"),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def export_view(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        """The version as one file to save."""
        actor = require(request, PROMOTE)
        version = self.row_or_404(request, public_id)
        target = BytesIO()
        try:
            model_export(version=version, target=target, actor=actor, request=request)
        except ArtefactError as error:
            self.message_user(request, stored_in_words(str(error)), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:mlcore_modelversion_change", args=[version.public_id]))
        target.seek(0)
        return FileResponse(target, as_attachment=True, filename=export_name(version), content_type="application/zip")

    @method_decorator(csrf_exempt)
    def import_door(self, request: HttpRequest) -> HttpResponseBase:
        """Let whoever may import send a larger file, before anything reads the request; the token is checked inside."""
        user = request.user
        if user.is_active and user.is_staff and user.has_perm(PROMOTE):
            request.upload_handlers = [ModelUploadHandler(request)]
        return self.admin_site.admin_view(self.import_view)(request)

    @method_decorator(require_http_methods(["GET", "POST"]))
    def import_view(self, request: HttpRequest) -> HttpResponse:
        """The form, and what came of it."""
        actor = require(request, PROMOTE)
        form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
        if form.is_valid():
            try:
                imported = model_import(archive=form.cleaned_data["archive"].file, actor=actor, request=request)
            except ArtefactError as error:
                form.add_error("archive", stored_in_words(str(error), EXCHANGED + ENDINGS))
            else:
                return self._imported(request, imported)
        return self.page(request, TEMPLATE, title=_("Import a model version"), form=form)

    def _imported(self, request: HttpRequest, imported: Imported) -> HttpResponseRedirect:
        name = {"name": imported.version.name}
        if imported.made:
            said = _("%(name)s was taken in as a candidate; nothing is judged with it until it is promoted.") % name
        elif imported.mended:
            said = _("%(name)s was here already; its damaged files were mended.") % name
        else:
            said = _("%(name)s was here already; nothing was changed.") % name
        self.message_user(request, said, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:mlcore_modelversion_change", args=[imported.version.public_id]))
