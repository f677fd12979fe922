"""Look-ups that check the right and return the object: no view can have the one without the other."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from customers.models import Customer
from mlcore.models import long_columns
from sigweb.accounts.access import person
from sigweb.accounts.models import User
from verification.models import Verification

ASKS = ("verification.add_verification", "customers.view_customer")
SEARCHES = ("verification.add_identification", "customers.view_customer")
READS = "verification.view_verification"
SEES = "customers.view_signature"


def asker(request: HttpRequest) -> User:
    """The person, who may ask about a questioned signature: for a customer, or whose it is."""
    user = person(request)
    return user if user.has_perms(ASKS) else person(request, *SEARCHES)


def customer_for(request: HttpRequest, public_id: UUID) -> tuple[User, Customer]:
    """The person, who may ask for verifications, and the customer."""
    user = person(request, *ASKS)
    return user, get_object_or_404(Customer.objects.select_related("branch"), public_id=public_id)


def verification_for(
    request: HttpRequest, public_id: UUID, *permissions: str, image: bool = False
) -> tuple[User, Verification]:
    """The person with all `permissions`, and a verification that he may read; with `image`, its signature too."""
    user = person(request, READS, *([SEES] if image else []), *permissions)
    found = Verification.objects.select_related("customer__branch", "asked_by", "decided_by", "model_version").defer(
        *long_columns("model_version")
    )
    return user, get_object_or_404(found if image else found.defer("image"), public_id=public_id)
