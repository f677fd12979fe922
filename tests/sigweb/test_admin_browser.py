"""The administration's lists in a browser: every column within the page, beside the menu and on small screens."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from playwright.sync_api import Page

from customers.models import Specimen
from mlcore.models import ModelVersion
from mlcore.synthesis import make_signer, signature_png
from sigweb.accounts.models import User
from tests.browser import WIDE
from tests.mlcore.champions import base
from tests.mlcore.making import make_customer, make_specimen
from tests.test_accessibility import log_in
from verification.identification import identification_run
from verification.services import verification_run

__all__ = ["base"]

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LISTS = (
    *("customers/specimen", "customers/customer", "accounts/user", "accounts/branch", "auth/group"),
    *("verification/verification", "verification/identification", "mlcore/modelversion", "audit/auditevent"),
)
SIZES = (WIDE, {"width": 820, "height": 1180}, {"width": 400, "height": 860})
WIDER = "Math.max(...[...document.querySelectorAll('html, .results')].map(part => part.scrollWidth - part.clientWidth))"


@pytest.fixture
def everything(base: ModelVersion) -> None:
    root = User.objects.create_superuser("root", password="not used here")
    supervisor = User.objects.create_user("supervisor", first_name="Konstantinos", last_name="Papadopoulos")
    customer = make_customer(name="Konstantinos Papadopoulos-Weatherby")
    for seed in range(3):
        made = make_specimen(customer, data=signature_png(make_signer(3), seed))
        Specimen.objects.filter(pk=made.pk).update(enrolled_by=supervisor, approved_by=supervisor)
    make_specimen(customer, data=signature_png(make_signer(3), 4), state=Specimen.State.PENDING)
    data = signature_png(make_signer(3), 9)
    verification_run(actor=root, customer=customer, data=data, request_token=uuid.uuid4())
    identification_run(actor=root, data=data, purpose="Returned mail without a name", request_token=uuid.uuid4())


def test_no_list_is_cut_off(open_page: Any, live_server: Any, everything: None) -> None:
    cut = []
    for size in SIZES:
        with open_page(size) as page:
            log_in(page, live_server)
            for name in LISTS:
                page.goto(f"{live_server.url}/admin/{name}/")
                assert page.locator("#result_list tbody tr").count()
                if wider := page.evaluate(WIDER):
                    cut.append((name, size["width"], wider))
    assert cut == []


def test_on_a_tablet_the_filter_stands_above_the_list(open_page: Any, live_server: Any, everything: None) -> None:
    with open_page({"width": 820, "height": 1180}) as page:
        log_in(page, live_server)
        page.goto(f"{live_server.url}/admin/customers/specimen/")
        assert top(page, "#changelist-filter") < top(page, "#result_list") < 500


def top(page: Page, selector: str) -> float:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["y"]
