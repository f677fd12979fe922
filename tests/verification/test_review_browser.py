"""Deciding with the keys alone, in a real browser; and a signature's whole way without a mouse."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from customers.models import Specimen
from mlcore.models import ModelVersion
from mlcore.synthesis import make_signer, signature_png
from sigweb.accounts.models import Branch
from tests.mlcore.making import VERIFIER, drawn_png, make_specimen, make_user
from tests.verification.test_browser import SUPERVISOR, TELLER, log_in, picture
from verification.decisions import verification_decide
from verification.models import Verification

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
REVIEWER = (*VERIFIER, "verification.review_verification")


def referred(ask: Any, count: int) -> list[Verification]:
    made = [ask(data=drawn_png(40 + number), cheque_number=f"CH{number}") for number in range(count)]
    Verification.objects.update(verdict="refer")
    return made


def seen(page: Page) -> None:
    """Wait until the referral was long enough on the screen to be decided."""
    expect(page.locator("html:not([data-unseen])")).to_be_attached()


def tab_to(page: Page, target: Locator, *, within: int) -> None:
    """Go to a control as somebody without a mouse does; it must be reached with so many presses of Tab."""
    for _press in range(within):
        if target.evaluate("(control) => control === document.activeElement"):
            return
        page.keyboard.press("Tab")
    expect(target).to_be_focused()


def choose_file(page: Page, files: Any) -> None:
    """Open the file dialog by keyboard. It belongs to the system; the browser is handed what it would have chosen."""
    with page.expect_file_chooser() as dialog:
        page.keyboard.press("Space")
    dialog.value.set_files(files)


def test_three_referrals_are_decided_by_keys_alone(page: Page, live_server: Any, ask: Any) -> None:
    first, second, third = referred(ask, 3)
    log_in(page, live_server, make_user(*REVIEWER, username="rita"))
    page.goto(f"{live_server.url}/review/")
    expect(page.get_by_text("3 referrals wait for you")).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_text("CH1")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    expect(page.get_by_text("CH1")).to_be_visible()
    seen(page)
    page.keyboard.press("a")
    expect(page.get_by_text("Accepted: the signature of Ada Sample.")).to_be_visible()
    expect(page.get_by_text("CH2")).to_be_visible()
    seen(page)
    # Letters in the note are letters, and Enter there accepts nothing.
    tab_to(page, page.get_by_label("Note"), within=25)
    page.keyboard.type("a rare one")
    page.keyboard.press("Enter")
    expect(page.get_by_text("CH2")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("CH0")).to_be_visible()
    seen(page)
    page.keyboard.press("r")
    expect(page.get_by_label("Reason for a rejection")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("r")
    expect(page.get_by_text("No referral waits for you.")).to_be_visible()
    page.wait_for_load_state("networkidle")
    decisions = {row.pk: (row.human_decision, row.reason_code, row.reason_note) for row in Verification.objects.all()}
    assert decisions == {
        first.pk: ("rejected", "differs", ""),
        second.pk: ("accepted", "", ""),
        third.pk: ("accepted", "", "a rare one"),
    }


@pytest.mark.parametrize("how", ["keys", "clicks", "keys of a rejection"])
def test_a_double_press_decides_one_and_the_next_once_its_pictures_were_seen(
    page: Page, live_server: Any, ask: Any, how: str
) -> None:
    referred(ask, 3)
    log_in(page, live_server, make_user(*REVIEWER, username="rita"))
    page.goto(f"{live_server.url}/review/")
    decisions = Verification.objects.exclude(human_decision="")

    def press() -> None:
        if how == "clicks":
            page.get_by_role("button", name="Accept").click()
        else:
            page.keyboard.press("a" if how == "keys" else "r")

    held: list[Route] = []
    for count, coming in enumerate(("CH1", "CH2"), start=1):
        seen(page)
        if how == "keys of a rejection":
            page.get_by_label("Reason for a rejection").select_option("differs")
        page.route("**/verifications/*/image.png*", lambda route: held.append(route))
        press()
        expect(page.get_by_text(coming)).to_be_visible()
        page.wait_for_load_state("domcontentloaded")
        press()
        assert held, "its pictures have not come yet"
        expect(page.locator("select:focus, input:focus")).to_have_count(0)
        while held:
            held.pop().continue_()
        page.unroute("**/verifications/*/image.png*")
        page.wait_for_load_state("networkidle")
        expect(page.get_by_text(coming)).to_be_visible()
        assert decisions.count() == count


def test_half_a_second_passes_before_the_next_is_decided(page: Page, live_server: Any, ask: Any) -> None:
    (made,) = referred(ask, 1)
    log_in(page, live_server, make_user(*REVIEWER, username="rita"))
    page.clock.install()
    page.clock.pause_at(timezone.now() + timedelta(minutes=1))
    page.goto(f"{live_server.url}/review/", wait_until="load")
    page.clock.run_for(450)
    page.keyboard.press("a")
    page.get_by_role("button", name="Accept").click()
    page.wait_for_load_state("networkidle")
    made.refresh_from_db()
    assert made.human_decision == ""
    page.clock.run_for(100)
    page.keyboard.press("a")
    expect(page.get_by_text("No referral waits for you.")).to_be_visible()


def test_another_reason_wants_a_note_and_enter_in_the_note_rejects(page: Page, live_server: Any, ask: Any) -> None:
    (made,) = referred(ask, 1)
    log_in(page, live_server, make_user(*REVIEWER, username="rita"))
    page.goto(f"{live_server.url}/verifications/{made.public_id}/")
    page.keyboard.press("r")
    page.keyboard.press("End")
    expect(page.get_by_label("Reason for a rejection")).to_have_value("other")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Note")).to_be_focused()
    page.keyboard.type("Signed by his wife.")
    page.keyboard.press("Enter")
    expect(page.get_by_text("“Signed by his wife.”")).to_be_visible()
    page.wait_for_load_state("networkidle")
    made.refresh_from_db()
    assert (made.human_decision, made.reason_code) == ("rejected", "other")


def test_a_verdict_prints_on_one_page_with_decision_and_reference(page: Page, live_server: Any, ask: Any) -> None:
    (made,) = referred(ask, 1)
    reviewer = make_user(*REVIEWER, username="rita", first_name="Rita", last_name="Reviewer")
    verification_decide(actor=reviewer, verification=made, decision="rejected", reason_code="differs")
    log_in(page, live_server, reviewer)
    page.goto(f"{live_server.url}/verifications/{made.public_id}/")
    page.wait_for_load_state("networkidle")
    # Chromium counts its pages in clear: one node of the kind /Page for each.
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1
    page.emulate_media(media="print")
    expect(page.get_by_text("Rita Reviewer", exact=False).last).to_be_visible()
    expect(page.get_by_text("Signature differs")).to_be_visible()
    expect(page.get_by_text(str(made.public_id))).to_be_visible()
    expect(page.locator("nav")).to_be_hidden()


def test_blind_review_shows_the_verdict_only_afterwards(page: Page, live_server: Any, ask: Any) -> None:
    (made,) = referred(ask, 1)
    log_in(page, live_server, make_user(*REVIEWER, username="rita"))
    page.goto(f"{live_server.url}/review/")
    page.get_by_role("button", name="Review blind").press("Enter")
    expect(page.get_by_text("Blind: the verdict is hidden until you decide")).to_be_visible()
    expect(page.get_by_text("score")).to_have_count(0)
    seen(page)
    page.keyboard.press("a")
    expect(page.get_by_text("The system had said “Refer”")).to_be_visible()
    page.wait_for_load_state("networkidle")
    made.refresh_from_db()
    assert made.human_decision == "accepted"


def test_a_badge_tells_of_referrals_without_a_reload(page: Page, live_server: Any, ask: Any) -> None:
    referred(ask, 2)
    log_in(page, live_server, make_user(*REVIEWER, username="rita"))
    page.clock.install()
    page.goto(f"{live_server.url}/review/")
    expect(page.locator("#waiting-badge")).to_contain_text("2")
    Verification.objects.filter(cheque_number="CH0").update(verdict="match")
    page.clock.fast_forward(21_000)
    expect(page.locator("#waiting-badge")).to_contain_text("1")
    expect(page.locator("#nav-count")).to_be_hidden()
    page.set_viewport_size({"width": 768, "height": 1024})
    expect(page.locator("#waiting-badge")).to_be_hidden()
    expect(page.locator("#nav-count")).to_be_visible()
    expect(page.locator("#nav-count")).to_contain_text("1")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(live_server.url)
    expect(page.get_by_text("1 referral waits for you")).to_be_visible()
    Verification.objects.filter(cheque_number="CH0").update(verdict="refer")
    page.clock.fast_forward(21_000)
    expect(page.get_by_text("2 referrals wait for you")).to_be_visible()
    page.goto(f"{live_server.url}/review/")
    expect(page.locator("#waiting-badge")).to_contain_text("2")
    page.context.clear_cookies()
    page.get_by_label("Note").fill("half a sentence")
    page.clock.fast_forward(21_000)
    expect(page.locator("[data-poll]")).to_have_count(0)
    assert page.get_by_label("Note").input_value() == "half a sentence"


def test_enrol_approve_verify_and_review_without_a_mouse(page: Page, live_server: Any, base: ModelVersion) -> None:
    signer = make_signer(11)
    Branch.objects.create(code="001", name="Main Street")
    log_in(page, live_server, make_user(*TELLER, username="teller"))
    page.goto(f"{live_server.url}/customers/enrol/")
    tab_to(page, page.get_by_label("Customer number"), within=15)
    page.keyboard.type("K-4711")
    page.keyboard.press("Tab")
    page.keyboard.type(signer.name)
    page.keyboard.press("Tab")
    page.keyboard.type("001")
    tab_to(page, page.locator("#files"), within=5)
    choose_file(page, [picture(f"{seed}.png", signature_png(signer, seed)) for seed in range(3)])
    expect(page.locator("[data-draft]")).to_have_count(3)
    expect(page.get_by_text("All 3 signatures agree with each other.")).to_be_visible()
    tab_to(page, page.locator("#submit"), within=25)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=signer.name)).to_be_visible()

    log_in(page, live_server, make_user(*SUPERVISOR, "verification.review_verification", username="supervisor"))
    page.reload()
    for left in (3, 2, 1):
        expect(page.get_by_role("button", name="Approve")).to_have_count(left)
        page.wait_for_load_state("networkidle")
        tab_to(page, page.get_by_role("button", name="Approve").first, within=25 if left == 3 else 3)
        page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    assert Specimen.objects.filter(state="approved").count() == 3

    log_in(page, live_server, make_user(*VERIFIER, username="vera"))
    page.goto(f"{live_server.url}/verify/")
    expect(page.locator("#vf-text")).to_be_focused()
    page.keyboard.type("K-4711")
    expect(page.locator(".results a").filter(has_text="K-4711")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/verify/*-*/")
    tab_to(page, page.locator("input[type=file]"), within=20)
    choose_file(page, picture("cheque.png", signature_png(signer, 90)))
    tab_to(page, page.locator("#vf-submit"), within=10)
    page.keyboard.press("Enter")
    page.wait_for_url("**/verifications/*-*/")
    page.wait_for_load_state("networkidle")
    made = Verification.objects.get()
    Verification.objects.filter(pk=made.pk).update(verdict="refer")

    supervisor = made.asked_by.__class__.objects.get(username="supervisor")
    log_in(page, live_server, supervisor)
    page.goto(f"{live_server.url}/review/")
    expect(page.get_by_role("heading", name=signer.name)).to_be_visible()
    seen(page)
    page.keyboard.press("a")
    expect(page.get_by_text("No referral waits for you.")).to_be_visible()
    page.wait_for_load_state("networkidle")
    made.refresh_from_db()
    assert (made.human_decision, made.decided_by) == ("accepted", supervisor)


def test_with_special_instructions_a_full_set_is_seen_at_once_as_well(
    page: Page, live_server: Any, ask: Any, base: ModelVersion
) -> None:
    (made,) = referred(ask, 1)
    type(made.customer).objects.update(special_instructions="Only with a second signature.", always_refer=True)
    extra = [make_specimen(made.customer, data=drawn_png(60 + number)) for number in range(7 - len(made.distances))]
    made.distances += [{**made.distances[0], "specimen": str(specimen.public_id)} for specimen in extra]
    made.save(update_fields=["distances"])
    page.set_viewport_size({"width": 1280, "height": 900})
    log_in(page, live_server, make_user(*REVIEWER, username="rita"))
    page.goto(f"{live_server.url}/review/")
    expect(page.get_by_text("Only with a second signature.")).to_be_visible()
    bar = page.locator(".submit-bar").bounding_box()
    last = page.locator(".rv-specimens > li").last.locator("figcaption").bounding_box()
    assert bar is not None and last is not None
    assert last["y"] + last["height"] <= bar["y"]


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (1366, 768)])
def test_a_full_set_and_the_buttons_are_seen_at_once_and_specimens_open_by_keyboard(
    page: Page, live_server: Any, ask: Any, base: ModelVersion, width: int, height: int
) -> None:
    (made,) = referred(ask, 1)
    extra = [make_specimen(made.customer, data=drawn_png(60 + number)) for number in range(7 - len(made.distances))]
    made.distances += [{**made.distances[0], "specimen": str(specimen.public_id)} for specimen in extra]
    made.save(update_fields=["distances"])
    page.set_viewport_size({"width": width, "height": height})
    log_in(page, live_server, make_user(*REVIEWER, username="rita"))
    page.goto(f"{live_server.url}/review/")
    specimens = page.locator(".rv-specimens > li")
    expect(specimens).to_have_count(7)
    bar = page.locator(".submit-bar").bounding_box()
    assert bar is not None and bar["y"] + bar["height"] <= height
    last = specimens.last.locator("figcaption").bounding_box()
    assert last is not None and last["y"] + last["height"] <= bar["y"]
    tab_to(page, page.get_by_role("button", name="Look closer: Specimen 1"), within=20)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Specimen 1")).to_be_visible()
    seen(page)
    page.keyboard.press("a")  # decides nothing while the dialog is open
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Look closer: Specimen 1")).to_be_focused()
