"""The part of a customer's page that tells what was learnt of him alone, and learns it anew."""

from __future__ import annotations

import logging
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers.models import Customer
from customers.views.access import customer_for
from mlcore.bundle import ArtefactError
from mlcore.models import CustomerHead
from mlcore.retraining.relearning import RelearningRefused, customer_relearn
from mlcore.selectors import NoChampion, model_champion, specimens_digest
from verification.selectors import specimens_usable

logger = logging.getLogger(__name__)

PERMISSION = "mlcore.start_trainingrun"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_head(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """GET shows it, POST learns it anew, which takes about a second. A fragment, and a page without JavaScript."""
    user, customer = customer_for(request, public_id, PERMISSION)
    refused = ""
    if request.method == "POST":
        try:
            customer_relearn(customer=customer, actor=user)
        except RelearningRefused as error:
            refused = str(error)
        except NoChampion:
            refused = _("No model is in use yet, so nothing can be judged. Ask an administrator to install one.")
        except ArtefactError:
            logger.exception("The champion can not be loaded.")
            refused = _("The model in use can not be loaded, so nothing was judged. Tell an administrator.")
    fragment = bool(getattr(request, "htmx", False))
    if request.method == "POST" and not fragment and not refused:
        return redirect("customers:detail", public_id)
    context = {"customer": customer, "refused": refused, "fragment": fragment, **_head(customer)}
    return render(request, "retraining/_own_head.html" if fragment else "retraining/own_head.html", context)


def _head(customer: Customer) -> dict[str, object]:
    """The head under the champion, and whether the specimens are still those it was learnt from."""
    try:
        row = CustomerHead.objects.filter(customer=customer, model_version=model_champion()).first()
    except NoChampion:
        row = None
    specimens = list(specimens_usable(customer=customer, on=timezone.localdate()))
    current = row is not None and row.specimens == specimens_digest(specimens)
    return {"head": row, "current": current, "learnable": bool(specimens)}
