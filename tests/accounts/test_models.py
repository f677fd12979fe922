from __future__ import annotations

import pytest
from django.db.models import ProtectedError

from sigweb.accounts.models import Branch, User
from tests.customers.making import branch, user


def test_people_and_branches_have_readable_names() -> None:
    assert str(Branch(code="014", name="Harbour Street")) == "014 Harbour Street"
    assert User(username="tara", first_name="Tara", last_name="Ellison").display_name == "Tara Ellison"
    assert User(username="tara").display_name == "tara"


@pytest.mark.django_db
def test_a_branch_with_people_can_not_be_deleted() -> None:
    user(branch=branch("014"))
    with pytest.raises(ProtectedError):
        branch("014").delete()
