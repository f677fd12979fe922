"""The admin pages of retraining through axe-core, in light and dark; and none wider than a telephone."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from mlcore.models import ModelVersion, Promotion
from sigweb.accounts.models import User
from tests.browser import NARROW, WIDE
from tests.mlcore.making import make_customer
from tests.mlcore.retraining.candidates import make_candidate
from tests.mlcore.retraining.making import CURVES, bank, make_run, succeeded
from tests.mlcore.retraining.reports import make_gate
from tests.mlcore.retraining.test_membership import trained, using
from tests.mlcore.retraining.test_version_pages import candidate
from tests.test_accessibility import THEMES, log_in, violations, violations_by_theme

__all__ = ["candidate"]

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def of(name: str, row: Any) -> str:
    return reverse(f"admin:mlcore_{name}", args=[row.public_id])


@pytest.fixture
def everything(champion: ModelVersion, candidate: ModelVersion) -> dict[str, str]:
    """Each kind of page in the states that look different; the pages by name."""
    root = User.objects.create_superuser("root", password="not used here")
    bank(able=9)
    make_gate(candidate, champion)
    other = User.objects.create_user("otto")
    Promotion.objects.create(version=candidate, champion=champion, requested_by=other, state="waiting")
    third = make_candidate("third", 6)
    running = make_run(state="running", phase="training", curves=CURVES, log="one\ntwo", requested_by=root)
    return {
        "runs": reverse("admin:mlcore_trainingrun_changelist"),
        "retrain": reverse("admin:mlcore_trainingrun_retrain"),
        "running": of("trainingrun_change", running),
        "queued": of("trainingrun_change", make_run()),
        "failed": of("trainingrun_change", make_run(state="failed", message="The disk is full.")),
        "succeeded": of("trainingrun_change", succeeded(candidate, log="one")),
        "versions": reverse("admin:mlcore_modelversion_changelist") + "?q=t",
        "was a customer in it": reverse("admin:mlcore_trainingrun_customer"),
        "champion": of("modelversion_change", champion),
        "candidate": of("modelversion_change", candidate),
        "comparison": of("modelversion_comparison", candidate),
        "never measured": of("modelversion_comparison", third),
        "measured": of("trainingrun_change", succeeded(measured=third, curves={}, log="one")),
    }


def choose_in_admin(page: Page, theme: str) -> None:
    """As the administration's own button does."""
    page.evaluate("theme => { localStorage.theme = theme; document.documentElement.dataset.theme = theme }", theme)


@pytest.mark.parametrize("theme", THEMES)
def test_the_theme_that_was_chosen_is_there_when_a_page_opens(
    page: Page, live_server: Any, champion: ModelVersion, theme: str
) -> None:
    User.objects.create_superuser("root", password="not used here")
    log_in(page, live_server)
    page.goto(live_server.url + reverse("admin:mlcore_trainingrun_changelist"))
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page.goto(live_server.url + of("modelversion_change", champion))
    assert page.locator("html").get_attribute("data-theme") == theme


def test_no_page_has_a_violation_or_is_wider_than_a_telephone(
    page: Page, live_server: Any, everything: dict[str, str]
) -> None:
    log_in(page, live_server)
    wrong, wide = {}, {}
    for name, path in everything.items():
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        page.goto(live_server.url + path)
        if (width := page.evaluate("document.documentElement.scrollWidth")) > NARROW["width"]:
            wide[name] = width
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        wrong[name] = violations_by_theme(page, choose_in_admin)
    assert {name: found for name, found in wrong.items() if found} == {}
    assert wide == {}


def test_a_list_without_runs_has_no_violation(page: Page, live_server: Any) -> None:
    User.objects.create_superuser("root", password="not used here")
    log_in(page, live_server)
    page.goto(live_server.url + reverse("admin:mlcore_trainingrun_changelist"))
    assert violations(page) == []


@pytest.fixture
def asked_about(champion: ModelVersion) -> str:
    """A customer who was in trainings; the public id."""
    User.objects.create_superuser("root", password="not used here")
    customer = make_customer()
    first = trained("first", using(customer.public_id))
    trained("second", using(customer.public_id, held_out=True), parent=first)
    return str(customer.public_id)


def ask(page: Page, live_server: Any, given: str) -> None:
    page.goto(live_server.url + reverse("admin:mlcore_trainingrun_customer"))
    page.get_by_label("Customer number or public id").fill(given)
    page.get_by_role("button", name="Look").click()


def test_the_answer_about_a_customer_has_no_violation_and_is_no_wider_than_a_telephone(
    page: Page, live_server: Any, asked_about: str
) -> None:
    log_in(page, live_server)
    for given, answer in ((asked_about, "Learnt from."), ("NOBODY-1", "No customer has this number.")):
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        ask(page, live_server, given)
        expect(page.get_by_text(answer)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        assert violations_by_theme(page, choose_in_admin) == {}
