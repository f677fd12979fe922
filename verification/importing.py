"""Approving what was taken over from folders: as several at once, only what nothing speaks against.

Nobody has seen these pictures beside each other, so that whoever lent his name to the approval leaves to a person what
the comparison doubts, and whatever else waits for the customer.
"""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.importing import FolderResult
from customers.models import Customer, Specimen
from sigweb.accounts.models import User
from verification.approval import waiting_look
from verification.bulk import specimens_approve


def imported_approve(*, result: FolderResult, enrolled_by: User, actor: User) -> None:
    """Approve the folder's own pictures, also those that an earlier run enrolled; what is left is said in `result`."""
    if result.customer is None:
        return
    waiting = result.customer.specimens.filter(state=Specimen.State.PENDING, digest__in=result.digests)
    own = waiting.filter(enrolled_by=enrolled_by)
    foreign = waiting.exclude(enrolled_by=enrolled_by).count()
    if own.exists():
        barred = _barred(result.customer, enrolled_by, actor)
        if barred:
            result.remark(barred)
        else:
            _approve(result, own, actor)
    if foreign:
        result.remark(
            ngettext(
                "%(n)d picture was enrolled by somebody else and waits.",
                "%(n)d pictures were enrolled by somebody else and wait.",
                foreign,
            )
            % {"n": foreign}
        )
    result.waiting = waiting.count()


def _barred(customer: Customer, enrolled_by: User, actor: User) -> str:
    """Why nothing of this customer can be approved; empty where it can."""
    if settings.FOUR_EYES and enrolled_by == actor:
        return _("You enrolled this specimen yourself; another person has to approve it.")
    if not customer.is_active:
        return _("This customer is closed; his specimens can not be changed.")
    if not waiting_look(customer=customer).compared:
        return _("No model serves, so that nothing could be compared: all wait. Run the import again when one does.")
    return ""


def _approve(result: FolderResult, own: QuerySet[Specimen], actor: User) -> None:
    outcome = specimens_approve(actor=actor, chosen=list(own.values_list("public_id", flat=True)))
    result.approved = outcome.approved
    for sentence in dict.fromkeys(outcome.refusals):
        result.remark(sentence)
    doubtful = len(outcome.unclear)
    if doubtful:
        result.remark(
            ngettext(
                "%(n)d picture waits: something speaks against it. Look at it at the customer.",
                "%(n)d pictures wait: something speaks against them. Look at them at the customer.",
                doubtful,
            )
            % {"n": doubtful}
        )
