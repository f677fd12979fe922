"""Every page, in light and dark, through axe-core: no violation of WCAG 2.2 A and AA; and none wider than a tablet.

A page is loaded once and seen in both themes and widths, as by somebody who changes them while he looks at it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from customers.models import Customer, Specimen
from mlcore.models import ModelVersion
from mlcore.synthesis import make_signer, signature_png
from sigweb.accounts.models import User
from tests.browser import WIDE
from tests.mlcore.champions import base
from tests.mlcore.making import make_customer, make_specimen
from tests.mlcore.pages_of_cheques import cheque, png
from verification.identification import identification_run
from verification.models import Verification
from verification.services import verification_run

__all__ = ["base"]

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
THEMES = ("light", "dark")
TRANSITIONS = (
    "Promise.allSettled(document.getAnimations().filter(one => one instanceof CSSTransition).map(one => one.finished))"
    ".then(() => true)"
)
TABLET = {"width": 768, "height": 1024}


@pytest.fixture
def everything(base: ModelVersion) -> dict[str, str]:
    """A bank with a bit of everything; the pages by name."""
    signer = make_signer(3)
    customer = make_customer(name=signer.name, special_instructions="Only with a second signature.")
    for seed in range(4):
        make_specimen(customer, data=signature_png(signer, seed))
    waiting = [
        make_specimen(customer, data=data, state=Specimen.State.PENDING)
        for data in (signature_png(signer, 9), signature_png(make_signer(6), 1))
    ]
    make_specimen(customer, data=signature_png(signer, 10), state=Specimen.State.RETIRED)
    thin = make_customer(name="Ada Sample", always_refer=True)
    make_specimen(thin, data=signature_png(make_signer(4), 1))
    admin = User.objects.create_superuser("root", password="not used here")
    judged = [
        _judged(admin, customer, signature_png(signer, 50)),
        _judged(admin, customer, signature_png(make_signer(5), 1)),
        _judged(admin, thin, signature_png(make_signer(4), 2)),
    ]
    named = {
        "home": reverse("home"),
        "customers": reverse("customers:list"),
        "customer": reverse("customers:detail", args=[customer.public_id]),
        "customer with one specimen": reverse("customers:detail", args=[thin.public_id]),
        "change a customer": reverse("customers:edit", args=[customer.public_id]),
        "enrol": reverse("customers:enrol"),
        "enrol more": reverse("customers:enrol_more", args=[customer.public_id]),
        "choose whom to verify": reverse("verification:verify"),
        "verify": reverse("verification:verify_customer", args=[customer.public_id]),
        "verifications": reverse("verification:list") + "?whose=all",
        "no verification of this kind": reverse("verification:list") + "?whose=own&verdict=refer",
        "approve several": reverse("verification:approve_several")
        + "".join(f"{'&' if place else '?'}specimen={row.public_id}" for place, row in enumerate(waiting)),
        "change password": reverse("password_change"),
        "not found": "/nowhere/",
    }
    drawn, where = cheque(3, 51)
    part = verification_run(
        actor=admin, customer=customer, data=png(drawn[::-1, ::-1]), turn=180, area=where, request_token=uuid.uuid4()
    )
    Verification.objects.filter(pk=judged[2].pk).update(verdict="refer", asked_by=_somebody())
    searched = identification_run(
        actor=admin, data=signature_png(signer, 60), purpose="a test", request_token=uuid.uuid4()
    )
    named |= {
        "review": reverse("verification:review"),
        "verdict on a part of a page": _detail(part),
        "nothing to review": reverse("verification:review") + "?reason=incomplete_image",
        "vector space": reverse("verification:vectors"),
        "identify": reverse("verification:identify"),
        "identification": reverse("verification:identification", args=[searched.public_id]),
    }
    return named | {f"verdict {made.verdict} {number}": _detail(made) for number, made in enumerate(judged)}


def _somebody() -> User:
    return User.objects.create_user("somebody")


def _judged(user: User, customer: Customer, data: bytes) -> Verification:
    return verification_run(actor=user, customer=customer, data=data, request_token=uuid.uuid4())


def _detail(made: Verification) -> str:
    return reverse("verification:detail", args=[made.public_id])


def log_in(page: Page, live_server: Any) -> None:
    client = Client()
    client.force_login(User.objects.get(username="root"))
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands, one line an element; colours on their way have arrived before."""
    page.evaluate(TRANSITIONS)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    # Picked in the page: what passed is a hundred times as much, and slow to hand over.
    found = page.evaluate(f"axe.run(document, {json.dumps(RULES)}).then(results => results.violations)")
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


def prefer(page: Page, theme: str) -> None:
    """A theme that the system prefers."""
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]


def choose_and_prefer(page: Page, theme: str) -> None:
    """A theme that is chosen as well as preferred by the system."""
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    prefer(page, theme)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)


def violations_by_theme(page: Page, take: Callable[[Page, str], None] = choose_and_prefer) -> dict[str, list[str]]:
    """What axe finds in each theme; the page is loaded once. take: how a theme is taken."""
    found = {}
    for theme in THEMES:
        take(page, theme)
        found[theme] = violations(page)
    return {theme: wrong for theme, wrong in found.items() if wrong}


@pytest.mark.parametrize("theme", THEMES)
def test_the_theme_that_was_chosen_is_there_from_the_first_paint(page: Page, live_server: Any, theme: str) -> None:
    page.goto(live_server.url + reverse("login"))
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page.reload(wait_until="domcontentloaded")
    assert page.locator("html").get_attribute("data-bs-theme") == theme


def test_no_page_has_a_violation_or_is_wider_than_a_tablet(
    page: Page, live_server: Any, everything: dict[str, str]
) -> None:
    page.goto(live_server.url + reverse("login"))
    wrong: dict[str, Any] = {"log in": violations_by_theme(page)}
    wide = {}
    log_in(page, live_server)
    for name, path in everything.items():
        page.set_viewport_size(TABLET)  # type: ignore[arg-type]
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle")
        if (width := page.evaluate("document.documentElement.scrollWidth")) > TABLET["width"]:
            wide[name] = width
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        wrong[name] = violations_by_theme(page)
    assert {name: found for name, found in wrong.items() if found} == {}
    assert wide == {}


def test_axe_itself_finds_what_is_wrong(page: Page) -> None:
    page.set_content("<html><body><img src='x.png'><p style='color:#bbb;background:#fff'>pale</p></body></html>")
    found = " ".join(violations(page))
    assert "image-alt" in found
    assert "color-contrast" in found


def test_what_is_wrong_in_one_theme_only_is_found(page: Page, live_server: Any) -> None:
    page.goto(live_server.url + reverse("login"))
    page.evaluate(
        "rule => { const own = new CSSStyleSheet(); own.replaceSync(rule); document.adoptedStyleSheets = [own]; }",
        "[data-bs-theme=dark] label { color: #333 !important; background: #000 !important }",
    )
    found = violations_by_theme(page)
    assert list(found) == ["dark"]
    assert "color-contrast" in " ".join(found["dark"])
