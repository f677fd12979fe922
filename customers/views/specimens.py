from __future__ import annotations

import logging
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from customers import services
from customers.blobs import BlobDamaged
from customers.models import Specimen
from customers.results import Refused
from customers.selectors import specimen_bytes, specimen_next
from customers.views.access import picture_for, specimen_for
from mlcore.imaging import ImageRefused, ink_png, page_png, prepare
from sigweb.accounts.models import User
from sigweb.audit.services import audit_record

logger = logging.getLogger(__name__)

SIDES = {"original": 1600, "whole": 4000}  # pixels of the longer side at most


@login_required
@require_safe
def specimen_image(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The picture as it was uploaded (view=original; view=whole: large enough to cut from it) or the normalised ink
    (view=ink), always a fresh PNG."""
    user, specimen = picture_for(request, public_id)
    view = request.GET.get("view", "original")
    if view not in ("ink", *SIDES):
        raise Http404
    try:
        data = specimen_bytes(specimen=specimen)
        png = ink_png(prepare(data).fine) if view == "ink" else page_png(data, max_side=SIDES[view])
    except (BlobDamaged, ImageRefused) as error:
        logger.error("The picture of specimen %s can not be shown: %s", specimen.public_id, error)
        reason = error.code if isinstance(error, ImageRefused) else "blob_damaged"
        services.specimen_mark_unreadable(specimen=specimen, reason=reason, request=request)
        return HttpResponse(_("This picture can not be read any more."), status=503, content_type="text/plain")
    if specimen.unreadable_at is not None and not specimen.embedding_failures.exists():
        services.specimen_mark_readable(specimen=specimen)  # its key is here again
    if specimen.state != Specimen.State.DRAFT:
        audit_record(actor=user, action="signature.viewed", obj=specimen, request=request, details={"view": view})
    return picture_response(png)


def picture_response(png: bytes) -> HttpResponse:
    """PNG bytes that no cache keeps and no browser takes for anything else."""
    return HttpResponse(
        png,
        content_type="image/png",
        headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"},
    )


@login_required
@require_POST
def specimen_approve(request: HttpRequest, public_id: UUID) -> HttpResponse:
    user, specimen = specimen_for(request, public_id, "customers.approve_specimen")
    try:
        services.specimen_approve(actor=user, specimen=specimen, request=request)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return _back(specimen, f"specimen-{specimen.public_id}")
    messages.success(
        request,
        _("Approved: %(specimen)s. It counts in verifications from now on.") % {"specimen": _named(specimen)},
    )
    return _onward(user, specimen)


@login_required
@require_POST
def specimen_retire(request: HttpRequest, public_id: UUID) -> HttpResponse:
    user, specimen = specimen_for(request, public_id, "customers.retire_specimen")
    try:
        services.specimen_retire(actor=user, specimen=specimen, request=request)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return _back(specimen, f"specimen-{specimen.public_id}")
    messages.success(
        request,
        _("Retired: %(specimen)s. It stays on record and is not compared any more.") % {"specimen": _named(specimen)},
    )
    return _onward(user, specimen)


def _named(specimen: Specimen) -> str:
    """What tells this specimen from the customer's others."""
    origin = specimen.get_source_display()
    return f"{specimen.filename} ({origin})" if specimen.filename else origin


def _onward(user: User, specimen: Specimen) -> HttpResponse:
    """To the next one of the customer that waits for this person; then to where the page tells what else waits."""
    following = specimen_next(viewer=user, after=specimen)
    return _back(specimen, f"specimen-{following.public_id}" if following else "specimens")


def _back(specimen: Specimen, place: str) -> HttpResponse:
    if specimen.customer is None:
        return redirect("home")
    return redirect(f"{reverse('customers:detail', args=[specimen.customer.public_id])}#{place}")
