"""Files that a customer has already, told by their digest: none is stored a second time.

A specimen whose stored picture can not be read any more gets it back from the very same file, enrolled anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest
from django.utils.translation import gettext as _

from customers.blobs import seal
from customers.models import Customer, Specimen
from customers.selectors import specimen_bytes
from sigweb.accounts.models import User
from sigweb.audit.services import audit_record


def split_known(customer: Customer, drafts: Sequence[Specimen]) -> tuple[list[Specimen], list[Specimen]]:
    """The drafts to store, and those whose very bytes the customer has already."""
    digests = [draft.digest for draft in drafts]
    found = customer.specimens.filter(digest__in=digests).defer("image")
    existing = {specimen.digest: specimen for specimen in found}
    known = [existing[digest] for digest in digests if digest in existing]
    stored = [draft for draft in drafts if draft.digest not in existing]
    return stored, known


def known_notes(known: Sequence[Specimen]) -> list[str]:
    """What to tell of those that the customer has already, whole."""
    states = {
        Specimen.State.PENDING: _("The picture “%(file)s” is already waiting for approval at this customer."),
        Specimen.State.APPROVED: _("The picture “%(file)s” is already an approved specimen of this customer."),
        Specimen.State.RETIRED: _("The picture “%(file)s” was a specimen of this customer and has been retired."),
    }
    return [states[Specimen.State(specimen.state)] % {"file": specimen.filename} for specimen in known]


def pictures_restore(
    *, lost: Sequence[Specimen], drafts: Sequence[Specimen], actor: User, request: HttpRequest | None = None
) -> None:
    """Store the picture of the draft with the same keyed digest with each specimen that has lost its own.

    Within the caller's transaction. One in use stays what it was, since not a byte is new; a retired one is made ready
    to wait for approval again, as enrolled by whoever enrolled the draft.
    """
    by_digest = {draft.digest: draft for draft in drafts}
    for specimen in lost:
        draft = by_digest[specimen.digest]
        specimen.image = seal(specimen_bytes(specimen=draft), context=str(specimen.public_id))
        specimen.unreadable_at = None
        if specimen.state == Specimen.State.RETIRED:
            specimen.enrolment, specimen.enrolled_by = draft.enrolment, draft.enrolled_by
            specimen.filename = draft.filename
            specimen.approved_by = specimen.approved_at = specimen.retired_by = specimen.retired_at = None
        specimen.save()
        specimen.embedding_failures.all().delete()  # it is tried anew
        audit_record(actor=actor, action="specimen.picture_restored", obj=specimen, request=request)


def restored_notes(lost: Sequence[Specimen], stored: Sequence[Specimen]) -> list[str]:
    """What to tell of those that stayed in use."""
    sentence = _("The stored picture “%(file)s” could not be read any more; it is whole again.")
    return [sentence % {"file": specimen.filename} for specimen in lost if specimen not in stored]
