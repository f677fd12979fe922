"""Pictures of the vector space: everybody's for those who look after models, the neighbourhood of one verdict."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mlcore.selectors import NoChampion, model_champion
from sigweb.accounts.access import person
from verification.questions import VerificationRefused
from verification.vector_space import MOST, everybody_plane, neighbourhood
from verification.views.access import SEES, verification_for


@login_required
@require_safe
def vectors(request: HttpRequest) -> HttpResponse:
    """All enrolled signatures on a plane."""
    person(request, "mlcore.view_modelversion", "customers.view_customer")
    try:
        version = model_champion()
    except NoChampion:
        version = None
    plane = everybody_plane(version=version) if version else None
    return render(request, "verification/vectors.html", {"plane": plane, "version": version, "most": MOST})


@login_required
@require_safe
def nearby(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A fragment of the verdict page."""
    _user, verification = verification_for(request, public_id, SEES, image=True)
    try:
        plane = neighbourhood(verification=verification)
    except VerificationRefused:
        plane = None
    return render(request, "verification/_nearby.html", {"plane": plane})
