"""Attempts at a specimen's vector: noted before they begin, forgotten when they have ended, however they did.

An image can end the process that reads it (a fault in a library, all memory taken), and would end each one that the
sweep sends it to. What such a process leaves behind is the note of its attempt. A process may also end for another
reason, memory that somebody else takes or an update, so a specimen is given up only after several have ended at it
alone; enrolment and promotions hold to the same number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.db import DatabaseError, InterfaceError
from django.db.models import Q
from django.utils import timezone

from customers.models import Specimen
from mlcore.models import EmbeddingAttempt, ModelVersion

# A vector takes well under a second: an attempt noted so long ago has ended with its process.
DEAD_AFTER = timedelta(seconds=15)
# Processes that may end at a specimen before it is given up; and specimens given up so by a promotion, or in a day at
# enrolment: beyond, it is not the specimens.
GIVE_UP_AFTER, MOST_GIVEN_UP = 3, 5


@contextmanager
def attempt_noted(*, specimen: Specimen, version: ModelVersion, left: EmbeddingAttempt | None) -> Iterator[None]:
    """Try within; only where the process ends the note stays. Commits it first, unless the caller is in a transaction.

    left: the note that was there before; where it is fresh, several may be at it at once, and count as one. The first
    of them that is done removes the note of all.
    """
    if left is None or attempt_died(left):
        times = left.times + 1 if left is not None else 1
        EmbeddingAttempt.objects.bulk_create(
            [EmbeddingAttempt(specimen=specimen, model_version=version, times=times, begun_at=timezone.now())],
            update_conflicts=True,
            unique_fields=["specimen", "model_version"],
            update_fields=["times", "begun_at"],
        )
    try:
        yield
    finally:
        # A database that is away leaves it too; the next attempt that ends well removes it.
        with suppress(DatabaseError, InterfaceError):
            attempt_forget(specimen=specimen, version=version)


def attempt_left(*, specimen: Specimen, version: ModelVersion) -> EmbeddingAttempt | None:
    """The note that earlier attempts have left, or that of one that is under way."""
    return EmbeddingAttempt.objects.filter(specimen=specimen, model_version=version).first()


def attempt_died(note: EmbeddingAttempt) -> bool:
    """Whether it has ended with its process, and is not under way."""
    return note.begun_at <= timezone.now() - DEAD_AFTER


def attempt_hopeless(note: EmbeddingAttempt) -> bool:
    """Whether so many processes have ended at the specimen that it is given up."""
    return note.times >= GIVE_UP_AFTER and attempt_died(note)


def attempt_forget(*, specimen: Specimen, version: ModelVersion) -> None:
    """Begin to count anew."""
    EmbeddingAttempt.objects.filter(specimen=specimen, model_version=version).delete()


def attempts_forget(*, version: ModelVersion) -> None:
    """Begin to count anew at all specimens under this version."""
    EmbeddingAttempt.objects.filter(model_version=version).delete()


def attempts_died(*, version: ModelVersion, specimens: Sequence[Specimen] | None = None) -> set[int]:
    """Those specimens, of these or of all, by primary key, at which a process has ended and that are not given up."""
    died = Q(begun_at__lte=timezone.now() - DEAD_AFTER) | Q(times__gt=1)
    notes = EmbeddingAttempt.objects.filter(died, model_version=version)
    if specimens is not None:
        notes = notes.filter(specimen__in=specimens)
    return set(notes.values_list("specimen_id", flat=True))
