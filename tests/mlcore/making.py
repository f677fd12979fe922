"""Users, customers and specimens for the tests of embedding and verification; the signatures are drawn."""

from __future__ import annotations

import itertools
import uuid
from datetime import date

import cv2
import numpy as np
from django.contrib.auth.models import Permission
from django.utils import timezone

from customers.blobs import keyed_digest, seal
from customers.models import Customer, Specimen
from sigweb.accounts.models import Branch, User

_numbers = itertools.count(1)

VERIFIER = (
    "customers.view_customer",
    "customers.view_signature",
    "verification.add_verification",
    "verification.view_verification",
)


def drawn_page(seed: int = 1, *, size: tuple[int, int] = (320, 640), again: int = 0) -> np.ndarray:
    """A grey page, uint8, with one pen-like curve that depends on the seed; `again` draws it anew, a little apart."""
    rng = np.random.default_rng(seed)
    height, width = size
    t = np.linspace(0, 1, 400)
    x = 0.12 + 0.76 * t + 0.03 * np.sin(2 * np.pi * (3 + rng.integers(0, 4)) * t + rng.uniform(0, 6))
    y = 0.5 + sum(rng.uniform(0.05, 0.14) * np.sin(2 * np.pi * k * t + rng.uniform(0, 6)) for k in (1, 3, 7, 11))
    if again:
        drift = np.random.default_rng([seed, again])
        y = y + sum(drift.choice((-0.022, 0.022)) * np.sin(2 * np.pi * k * t + drift.uniform(0, 6)) for k in (2, 5, 8))
    points = np.stack([x * width, y * height], axis=1).round().astype(np.int32)
    page = np.full(size, 250, np.uint8)
    cv2.polylines(page, [points], False, 30, thickness=4, lineType=cv2.LINE_AA)
    return page


def drawn_png(seed: int = 1, *, again: int = 0) -> bytes:
    done, data = cv2.imencode(".png", drawn_page(seed, again=again))
    assert done
    return data.tobytes()


def make_user(*permissions: str, username: str | None = None, **fields: object) -> User:
    """Without a password, since hashing one takes longer than most tests; use Client.force_login."""
    user = User.objects.create_user(username=username or f"user{next(_numbers)}", **fields)
    for name in permissions:
        label, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=label, codename=codename))
    return user


def make_customer(**fields: object) -> Customer:
    number = next(_numbers)
    branch, _ = Branch.objects.get_or_create(code="T1", defaults={"name": "Test Street"})
    return Customer.objects.create(
        **{"number": f"C{number:06}", "name": f"Customer {number}", "branch": branch, **fields}
    )


def make_specimen(
    customer: Customer,
    *,
    data: bytes | None = None,
    state: str = Specimen.State.APPROVED,
    expires_on: date | None = None,
    **fields: object,
) -> Specimen:
    data = drawn_png(10_000 + next(_numbers)) if data is None else data
    teller, _ = User.objects.get_or_create(username="the-teller")
    supervisor, _ = User.objects.get_or_create(username="the-supervisor")
    specimen = Specimen(
        customer=customer,
        enrolment=uuid.uuid4(),
        digest=keyed_digest(data),
        media_type="image/png",
        width=640,
        height=320,
        quality_grade=Specimen.Grade.GOOD,
        state=state,
        expires_on=expires_on,
        enrolled_by=teller,
    )
    if state == Specimen.State.APPROVED:
        specimen.approved_by, specimen.approved_at = supervisor, timezone.now()
    for name, value in fields.items():
        setattr(specimen, name, value)
    specimen.image = seal(data, context=str(specimen.public_id))
    specimen.save()
    return specimen
