"""A small bank: customers who are synthetic signers, with approved specimens."""

from __future__ import annotations

import uuid

from customers import services
from customers.models import Customer
from tests.customers.making import customer, signature, user

FIRST_SIGNER = 5_001  # below the seeds that are trained on


def enrol_bank(customers: int, specimens: int = 3) -> list[Customer]:
    """`customers` customers with `specimens` approved specimens each, through the services."""
    teller, supervisor = user("teller"), user("supervisor")
    made = []
    for number in range(customers):
        of, enrolment = customer(), uuid.uuid4()
        for seed in range(specimens):
            data = signature(seed, FIRST_SIGNER + number)
            drafted = services.draft_add(actor=teller, enrolment=enrolment, data=data, filename="card.png")
            assert drafted.specimen is not None
        chosen = [row.public_id for row in of.specimens.model.objects.filter(enrolment=enrolment)]
        done = services.specimens_submit(actor=teller, enrolment=enrolment, chosen=chosen, customer=of)
        for row in done.specimens:
            services.specimen_approve(actor=supervisor, specimen=row)
        made.append(of)
    return made
