from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from customers.changing import customer_update
from customers.forms import CustomerChangeForm, ListForm
from customers.models import MAX_APPROVED, THIN_BELOW, Customer
from customers.results import Overtaken
from customers.selectors import IN_USE, customers_filtered, specimens_approvable, specimens_cards
from customers.views.access import customer_for
from sigweb.accounts.access import person
from sigweb.accounts.models import User
from sigweb.audit.services import audit_record

PAGE_SIZE = 25


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def customer_list(request: HttpRequest) -> HttpResponse:
    """The customers, searched and filtered. Text to search for comes by POST only."""
    person(request, "customers.view_customer")
    given = request.POST if request.method == "POST" else request.GET
    form = ListForm(given)
    form.is_valid()  # what does not fit is simply not filtered by
    clean = form.cleaned_data
    branch = clean.get("branch")
    customers = customers_filtered(
        text=clean.get("q", "") if request.method == "POST" else "",
        status=clean.get("status", ""),
        branch=branch.public_id if branch else None,
        show=clean.get("show", ""),
    )
    page = Paginator(customers, PAGE_SIZE).get_page(given.get("page"))
    filtered = any(clean.get(name) for name in ("q", "status", "branch", "show"))
    context = {"form": form, "page": page, "filtered": filtered, "thin_below": THIN_BELOW}
    whole = not getattr(request, "htmx", False)
    return render(request, "customers/list.html" if whole else "customers/_table.html", context)


@login_required
@require_safe
def customer_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A customer with all specimens, their states and what this person may do with them."""
    user, customer = customer_for(request, public_id)
    cards = specimens_cards(customer=customer, viewer=user)
    approved = sum(card.specimen.state == "approved" for card in cards)
    usable = sum(card.specimen.state == "approved" and not card.expired for card in cards)
    in_use = sum(card.specimen.state in IN_USE for card in cards)
    audit_record(actor=user, action="customer.viewed", obj=customer, request=request)
    context: dict[str, Any] = {
        "customer": customer,
        "cards": [card for card in cards if card.specimen.state != "retired"],
        "retired": [card for card in cards if card.specimen.state == "retired"],
        "approved": approved,
        "usable": usable,
        "pending": in_use - approved,
        "expired": sum(card.expired and card.specimen.state in IN_USE for card in cards),
        "room": max(0, MAX_APPROVED - in_use),
        "most": MAX_APPROVED,
        "thin": usable < THIN_BELOW,
        "thin_below": THIN_BELOW,
        "elsewhere": specimens_approvable(viewer=user).exclude(customer=customer).first(),
        "mine_wait": any(card.may_approve for card in cards),
    }
    return render(request, "customers/detail.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def customer_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change everything about a customer but his number."""
    user, customer = customer_for(request, public_id, "customers.change_customer")
    initial = {
        "name": customer.name,
        "branch": customer.branch.public_id,
        "status": customer.status,
        "special_instructions": customer.special_instructions,
        "always_refer": customer.always_refer,
    }
    form = CustomerChangeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _changed(request, user, customer, form):
        messages.success(request, _("The changes have been saved."))
        return redirect("customers:detail", customer.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "customers/edit.html", {"form": form, "customer": customer}, status=status)


def _changed(request: HttpRequest, user: User, customer: Customer, form: CustomerChangeForm) -> bool:
    """Whether it was saved; otherwise the form tells what a colleague has changed meanwhile."""
    try:
        customer_update(actor=user, customer=customer, fields=form.cleaned_data, shown=form.shown(), request=request)
    except Overtaken as error:
        form.tell_overtaken(error.present, error.customer)
        return False
    return True
