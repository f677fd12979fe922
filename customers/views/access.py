"""Look-ups that check the right and return the object: no view can have the one without the other."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from customers.models import Customer, Specimen
from sigweb.accounts.access import person
from sigweb.accounts.models import User


def customer_for(request: HttpRequest, public_id: UUID, *permissions: str) -> tuple[User, Customer]:
    """The person with all `permissions` and the customer. Raises PermissionDenied, Http404."""
    user = person(request, "customers.view_customer", *permissions)
    return user, get_object_or_404(Customer.objects.select_related("branch"), public_id=public_id)


def specimen_for(request: HttpRequest, public_id: UUID, *permissions: str) -> tuple[User, Specimen]:
    """The person with all `permissions` and a specimen that belongs to a customer."""
    user = person(request, *permissions)
    rows = Specimen.objects.exclude(state=Specimen.State.DRAFT).select_related("customer").defer("image")
    return user, get_object_or_404(rows, public_id=public_id)


def draft_for(request: HttpRequest, public_id: UUID) -> tuple[User, Specimen]:
    """One's own draft; somebody else's does not exist."""
    user = person(request, "customers.enrol_specimen")
    rows = Specimen.objects.filter(state=Specimen.State.DRAFT, enrolled_by=user).defer("image")
    return user, get_object_or_404(rows, public_id=public_id)


def uuid_in(text: str | None) -> UUID | None:
    """An id out of a form or an address; None for whatever is none."""
    try:
        return UUID(text or "")
    except ValueError:
        return None


def uuids_in(texts: Iterable[str]) -> list[UUID]:
    """The ids among what a form or an address gives several times."""
    return [public_id for text in texts if (public_id := uuid_in(text))]


def picture_for(request: HttpRequest, public_id: UUID) -> tuple[User, Specimen]:
    """A specimen whose picture the person may see: any with the right, and drafts of one's own."""
    user = person(request)
    specimen = get_object_or_404(Specimen, public_id=public_id)
    if specimen.state == Specimen.State.DRAFT:
        if specimen.enrolled_by_id != user.pk or not user.has_perm("customers.enrol_specimen"):
            raise Http404
    elif not user.has_perm("customers.view_signature"):
        raise PermissionDenied
    return user, specimen
