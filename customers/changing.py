"""What is changed about a customer himself, without undoing what a colleague has changed meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.results import Overtaken
from sigweb.accounts.models import User
from sigweb.audit.services import audit_record

FIELDS = ("name", "branch", "status", "special_instructions", "always_refer")


@transaction.atomic
def customer_update(
    *,
    actor: User,
    customer: Customer,
    fields: Mapping[str, Any],
    shown: Mapping[str, Any] | None = None,
    request: HttpRequest | None = None,
) -> Customer:
    """Change name, branch, status, special instructions or always-refer; the audit row names what, not to what.

    shown: what the person saw before he changed it. What he left alone is not written, and where the row says
    something else by now, Overtaken is raised. None: `fields` holds only what is to be changed.
    """
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    wanted = {name: fields[name] for name in FIELDS if name in fields}
    if shown is not None:
        if overtaken := customer_overtaken(customer=customer, fields=fields, shown=shown):
            raise Overtaken(overtaken, customer=customer)
        wanted = {name: value for name, value in wanted.items() if _touched(name, fields, shown)}
    changed = [name for name, value in wanted.items() if getattr(customer, name) != value]
    for name in changed:
        setattr(customer, name, wanted[name])
    if changed:
        customer.save(update_fields=changed)
        audit_record(actor=actor, action="customer.changed", obj=customer, request=request, details={"fields": changed})
    return customer


def customer_overtaken(*, customer: Customer, fields: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, str]:
    """What there is now, in words, of each field that the person has changed, and a colleague to something else.

    A field that `shown` does not tell of counts as one that nobody has looked at.
    """
    return {
        name: _in_words(customer, name)
        for name in FIELDS
        if name in fields and _touched(name, fields, shown) and _overtaken(getattr(customer, name), name, fields, shown)
    }


def _touched(name: str, fields: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    return name not in shown or shown[name] != fields[name]


def _overtaken(present: object, name: str, fields: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    return not _same(present, fields[name]) and not (name in shown and _same(present, shown[name]))


def _same(one: Any, other: Any) -> bool:
    """A browser sends other spaces and ends of lines than it was given."""
    if isinstance(one, str) and isinstance(other, str):
        return one.split() == other.split()
    return bool(one == other)


def _in_words(customer: Customer, name: str) -> str:
    value = getattr(customer, name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "status":
        return customer.get_status_display()
    return f"“{value}”" if str(value) else _("empty")
