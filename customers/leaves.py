"""Another page of a draft's file, or the same page turned, as a draft of its own."""

from __future__ import annotations

from django.utils.translation import gettext as _

from customers import services
from customers.models import Customer, Specimen
from customers.results import DraftResult
from customers.selectors import specimen_bytes
from mlcore.imaging import ImageRefused, array_png, decode
from sigweb.accounts.models import User

MOST_SIDE = 3200  # pixels; a grey PNG of this size stays below the limit of a file, whatever is on it


def draft_leaf(
    *, actor: User, specimen: Specimen, page: int = 0, turn: int = 0, customer: Customer | None = None
) -> DraftResult:
    """Draw one page of a draft's file and add the picture to the same form.

    page: from 0. turn: degrees to the right, by quarters; a turned picture takes the draft's place. Every specimen is
    the first page of its file, so that nobody has to remember which. Raises Refused as draft_add does, and BlobDamaged.
    """
    try:
        drawn = decode(specimen_bytes(specimen=specimen), page=page, turn=turn)
    except ImageRefused as refusal:
        return services.draft_unread(filename=specimen.filename, refusal=refusal)
    name = specimen.filename
    return services.draft_add(
        actor=actor,
        enrolment=specimen.enrolment,
        data=array_png(drawn.grey, max_side=MOST_SIDE),
        filename=_("%(file)s, page %(page)d") % {"file": name, "page": page + 1} if page else name,
        customer=customer,
        replaces=specimen.public_id if turn else None,
    )
