"""Celery tasks; thin, what they do is in the services."""

from __future__ import annotations

import time

from celery import shared_task

from customers.marks import specimens_unlooked
from customers.models import Customer
from mlcore.selectors import specimens_without_embedding
from verification.approval import marks_outdated, waiting_look
from verification.questions import VerificationRefused, model_demand

TURN_SECONDS = 8.0  # one turn takes hardly longer, however many wait; the next goes on
TURN_SPECIMENS = 500


@shared_task(name="verification.tasks.waiting_marks", ignore_result=True)
def waiting_marks() -> int:
    """Look at customers whose waiting specimens have no fresh mark, the longest wait first; returns how many.

    Those without a vector are left until the embed workers have made it: they know how to survive a bad picture.
    """
    until = time.monotonic() + TURN_SECONDS
    try:
        version, _bundle = model_demand()
    except VerificationRefused:
        return 0
    unlooked = specimens_unlooked(before=marks_outdated(version=version))
    without = specimens_without_embedding(version=version).order_by().values("customer")
    keys = dict.fromkeys(unlooked.exclude(customer__in=without).values_list("customer", flat=True)[:TURN_SPECIMENS])
    for looked, key in enumerate(keys):
        if time.monotonic() > until:
            return looked
        waiting_look(customer=Customer.objects.get(pk=key))
    return len(keys)
