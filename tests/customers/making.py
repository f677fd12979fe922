"""People, customers and specimens for tests; signatures come from synthetic signers."""

from __future__ import annotations

import itertools
import uuid
import zlib
from functools import cache
from typing import Any

import numpy as np
from django.contrib.auth.models import Group
from django.test import Client

from customers import services
from customers.models import Customer, Specimen
from mlcore.imaging import prepare
from mlcore.synthesis import make_signer, page_png_bytes, signature_png
from sigweb.accounts.models import Branch, User

_count = itertools.count(1)


@cache
def _rendered(seed: int, signer: int) -> bytes:
    return signature_png(make_signer(signer), seed)


def signature(seed: int = 1, signer: int = 11) -> bytes:
    """A genuine signature of a synthetic signer as PNG bytes; other seeds, other bytes.

    Eight pictures a signer are drawn; a comment in the file makes the bytes of each seed unique.
    """
    png = _rendered(seed % 8, signer)
    note = b"tEXtComment\0%d" % seed
    chunk = (len(note) - 4).to_bytes(4, "big") + note + zlib.crc32(note).to_bytes(4, "big")
    return png[:-12] + chunk + png[-12:]  # before IEND


def blank() -> bytes:
    """A sheet without ink: readable, but refused."""
    return page_png_bytes(np.full((300, 600), 245, np.uint8))


def cut() -> bytes:
    """A signature cut off at the left edge: usable, with a remark."""
    signature_ = prepare(signature())
    box = signature_.box
    assert box is not None
    return page_png_bytes(np.ascontiguousarray(signature_.page[:, box.left + box.width // 20 :]))


def branch(code: str = "T1") -> Branch:
    return Branch.objects.get_or_create(code=code, defaults={"name": f"Branch {code}"})[0]


def user(*roles: str, username: str = "", **fields: Any) -> User:
    """A person with the permissions of the roles; without roles somebody who may log in and nothing else."""
    made = User.objects.create_user(
        username=username or f"person{next(_count)}", branch=fields.pop("branch", None) or branch(), **fields
    )
    made.groups.set(Group.objects.filter(name__in=roles))
    return made


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def customer(**fields: Any) -> Customer:
    number = f"C{next(_count):05}"
    return Customer.objects.create(**{"number": number, "name": f"Customer {number}", "branch": branch(), **fields})


def draft(actor: User, enrolment: uuid.UUID | None = None, data: bytes | None = None) -> Specimen:
    """A good draft of a form."""
    result = services.draft_add(
        actor=actor, enrolment=enrolment or uuid.uuid4(), data=data or signature(next(_count)), filename="card.png"
    )
    assert result.specimen is not None
    return result.specimen


def erased(*gone: Specimen) -> None:
    """Gone as after an erasure, which the owner of the database does: the application may delete drafts alone."""
    rows = Specimen.objects.filter(pk__in=[row.pk for row in gone])
    rows.update(state=Specimen.State.DRAFT, customer=None)
    rows.delete()


def specimens(of: Customer, count: int, *, approved: bool = False, actor: User | None = None) -> list[Specimen]:
    """`count` specimens of a customer, waiting or approved, through the services."""
    teller = actor or user("teller")
    enrolment = uuid.uuid4()
    drafts = [draft(teller, enrolment) for _ in range(count)]
    done = services.specimens_submit(
        actor=teller, enrolment=enrolment, chosen=[row.public_id for row in drafts], customer=of
    )
    if approved:
        supervisor = user("supervisor")
        return [services.specimen_approve(actor=supervisor, specimen=row) for row in done.specimens]
    return list(done.specimens)
