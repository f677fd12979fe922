"""Pictures as PNG, drawn anew; every look at a signature is audited."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from customers.models import Specimen
from sigweb.accounts.models import User
from sigweb.audit.services import audit_record
from verification.closer import LAYERS, closer_png
from verification.images import VIEWS, ImageLost, verification_png
from verification.models import Identification, Verification
from verification.views.access import verification_for


@login_required
@require_safe
def image(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The questioned signature as PNG: the page, or the ink that was compared. Every look is audited."""
    user, verification = verification_for(request, public_id, image=True)
    return questioned_response(request, user, verification)


@login_required
@require_safe
def closer(request: HttpRequest, public_id: UUID, specimen_id: UUID) -> HttpResponse:
    """The questioned signature and one of the specimens it was compared with: a layer to lay over, or the heat."""
    user, verification = verification_for(request, public_id, image=True)
    layer = request.GET.get("layer", "")
    compared = {entry["specimen"] for entry in verification.distances}
    if layer not in LAYERS or str(specimen_id) not in compared:
        raise Http404
    specimen = get_object_or_404(Specimen, public_id=specimen_id)
    try:
        png = closer_png(verification=verification, specimen=specimen, layer=layer)
    except ImageLost:
        return HttpResponse(_("This picture can not be drawn any more."), status=503, content_type="text/plain")
    details = {"view": layer, "specimen": str(specimen_id)}
    audit_record(actor=user, action="signature.viewed", obj=verification, request=request, details=details)
    return png_response(png)


def questioned_response(request: HttpRequest, user: User, asked: Verification | Identification) -> HttpResponse:
    """The view of a questioned image that the address names, audited; the caller has checked the right to see it."""
    view = request.GET.get("view", "original")
    if view not in VIEWS:
        raise Http404
    try:
        png = verification_png(verification=asked, view=view)
    except ImageLost:
        return HttpResponse(_("This picture can not be read any more."), status=503, content_type="text/plain")
    audit_record(actor=user, action="signature.viewed", obj=asked, request=request, details={"view": view})
    return png_response(png)


def png_response(png: bytes) -> HttpResponse:
    """A picture that no browser or proxy keeps."""
    return HttpResponse(
        png,
        content_type="image/png",
        headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"},
    )
