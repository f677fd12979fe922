"""The closer look: one laid over the other, heat where they differ; audited, and only of what was compared."""

from __future__ import annotations

import io
import uuid
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page, expect

from customers.models import Specimen
from customers.selectors import specimen_bytes
from mlcore.imaging import ink_png, prepare
from mlcore.models import ModelVersion
from mlcore.synthesis import make_signer, signature_png
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import VERIFIER, drawn_png, make_customer, make_specimen, make_user
from tests.verification.test_browser import log_in
from verification.closer import closer_png
from verification.models import Verification


def picture(made: Verification, specimen: Specimen, layer: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(closer_png(verification=made, specimen=specimen, layer=layer))))


def specimen_ink(specimen: Specimen) -> bytes:
    return ink_png(prepare(specimen_bytes(specimen=specimen)).fine)


def turned(data: bytes, degrees: float) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("L").rotate(degrees, expand=True, fillcolor=250).save(out, "PNG")
    return out.getvalue()


@pytest.mark.django_db
def test_a_turned_specimen_is_laid_back_onto_the_questioned_signature(ask: Any, customer: Any) -> None:
    specimen = make_specimen(customer, data=turned(drawn_png(1), 5))
    made = ask(data=drawn_png(1))
    below, above = (picture(made, specimen, layer)[..., 3] > 128 for layer in ("specimen", "questioned"))
    assert below.shape == above.shape == (384, 768)
    met = (below & above).sum() / above.sum()
    untouched = 255 - np.asarray(Image.open(io.BytesIO(specimen_ink(specimen))).resize((768, 384)))
    assert met > 0.6
    assert met > 1.5 * ((untouched > 128) & above).sum() / above.sum()


@pytest.mark.django_db
def test_heat_shows_where_another_hand_differs_and_stays_cool_on_the_same(
    base: ModelVersion, ask: Any, django_user_model: Any
) -> None:
    signer = make_signer(11)
    customer = make_customer()
    same = make_specimen(customer, data=signature_png(signer, 1))
    other = make_specimen(customer, data=signature_png(make_signer(27), 1))
    made = ask(customer=customer, data=signature_png(signer, 2))
    # Neither paper nor ink has a colour; heat is redder than it is blue.
    maps = [picture(made, specimen, "heat").astype(float) for specimen in (same, other)]
    cool, hot = ((heat[..., 0] - heat[..., 2]).mean() for heat in maps)
    assert hot > 1.5 * cool


@pytest.mark.django_db
def test_pages_rights_and_the_audit_trail(ask: Any, as_verifier: Client) -> None:
    made = ask()
    specimen = made.distances[0]["specimen"]
    url = reverse("verification:closer", args=[made.public_id, specimen])
    answer = as_verifier.get(url, {"layer": "heat"})
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/png", "private, no-store")
    event = AuditEvent.objects.filter(action="signature.viewed").latest("pk")
    assert event.details == {"view": "heat", "specimen": specimen}
    assert as_verifier.get(url, {"layer": "x"}).status_code == 404
    stranger = make_specimen(make_customer())
    elsewhere = reverse("verification:closer", args=[made.public_id, stranger.public_id])
    assert as_verifier.get(elsewhere, {"layer": "heat"}).status_code == 404
    nobody = reverse("verification:closer", args=[uuid.uuid4(), specimen])
    assert as_verifier.get(nobody, {"layer": "heat"}).status_code == 404
    assert as_verifier.post(url).status_code == 405
    blindfolded = Client()
    blindfolded.force_login(make_user(*[right for right in VERIFIER if right != "customers.view_signature"]))
    assert blindfolded.get(url, {"layer": "heat"}).status_code == 403
    Specimen.objects.filter(public_id=specimen).update(image=b"damaged")
    assert as_verifier.get(url, {"layer": "specimen"}).status_code == 503


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_dialog_by_keyboard(page: Page, live_server: Any, ask: Any) -> None:
    made = ask()
    log_in(page, live_server, make_user(*VERIFIER, username="vic"))
    page.goto(f"{live_server.url}/verifications/{made.public_id}/")
    opener = page.get_by_role("button", name="Look closer").first
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("heading")).to_contain_text("Specimen 1")
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading")).to_contain_text("Specimen 2")
    dialog.get_by_role("button", name="Laid over").press("Enter")
    slider = dialog.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    assert page.locator("#cl-top").evaluate("image => image.style.opacity") == "0"
    expect(dialog.get_by_role("heading")).to_contain_text("Specimen 2")
    dialog.get_by_role("button", name="What differs").press("Enter")
    heat = dialog.get_by_alt_text("warm colours where it differs")
    expect(heat).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert heat.evaluate("image => image.decode().then(() => image.naturalWidth)") == 768
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Look closer").nth(1)).to_be_focused()
