"""Several specimens retired at once: first what that means, then the deed."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from customers.retiring import MOST, Outcome, retirement_sheet, specimens_retire
from customers.views.access import uuids_in
from customers.views.several import several_url
from sigweb.accounts.access import person


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def retire_several(request: HttpRequest) -> HttpResponse:
    """The chosen specimens (`specimen`, several times) by customer, and what each is left with; POST retires them."""
    user = person(request, "customers.retire_specimen")
    onward = reverse("admin:customers_specimen_changelist" if user.is_staff else "home")
    if request.method == "POST":
        chosen = uuids_in(request.POST.getlist("specimen"))
        outcome = specimens_retire(actor=user, chosen=chosen, told=request.POST.get("told", ""), request=request)
        _tell(request, outcome)
        return redirect(several_url("customers:retire_several", chosen) if outcome.changed else onward)
    sheet = retirement_sheet(chosen=uuids_in(request.GET.getlist("specimen")))
    context = {"sheet": sheet, "most": MOST, "onward": onward, "today": timezone.localdate()}
    return render(request, "customers/retire.html", context)


def _tell(request: HttpRequest, outcome: Outcome) -> None:
    if outcome.changed:
        messages.warning(request, _("Nothing was retired: the specimens have changed since you looked. Look again."))
    elif outcome.retired:
        text = ngettext(
            "%(count)d specimen retired. It stays on record and is not compared any more.",
            "%(count)d specimens retired. They stay on record and are not compared any more.",
            outcome.retired,
        )
        messages.success(request, text % {"count": outcome.retired})
    else:
        messages.info(request, _("Nothing was left to retire: the chosen specimens are not in use any more."))
