"""Whatever goes wrong in the middle of a verification: a clear sentence, and what was entered is kept.

A picture of 20,000 by 20,000, a picture on its side and Back are in test_answer_browser.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, Route, expect

from customers.models import Customer
from mlcore.models import ModelVersion
from sigweb.accounts.models import User
from tests.mlcore.making import VERIFIER, drawn_png, make_user
from tests.verification.test_browser import log_in, picture
from tests.verification.test_review_browser import seen
from verification.models import Identification, Verification

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EVERYTHING = (
    *VERIFIER,
    "verification.review_verification",
    "verification.add_identification",
    "verification.view_identification",
)
PASSWORD = "correct horse battery"
KEPT = "JSON.stringify(Object.entries(sessionStorage).filter(([key]) => key.startsWith('sigweb:')))"
NOT_KEPT = "the picture was not kept, choose it again"


@pytest.fixture
def teller(db: None) -> User:
    made = make_user(*EVERYTHING, username="tara")
    made.set_password(PASSWORD)
    made.save(update_fields=["password"])
    return made


@pytest.fixture
def form(page: Page, live_server: Any, champion: ModelVersion, customer: Customer, teller: User) -> Page:
    """The form of a customer with an amount and a cheque number in it."""
    log_in(page, live_server, teller)
    page.goto(f"{live_server.url}/verify/{customer.public_id}/")
    page.get_by_label("Amount").fill("1,250.50")
    page.get_by_label("Cheque number").fill("000123")
    return page


def expect_filled(page: Page) -> None:
    expect(page.get_by_label("Amount")).to_have_value("1,250.50")
    expect(page.get_by_label("Cheque number")).to_have_value("000123")


def verify(page: Page) -> None:
    page.get_by_role("button", name="Verify", exact=True).click()


def log_in_again(page: Page, username: str = "tara") -> None:
    expect(page.get_by_text("you will come back to where you were")).to_be_visible()
    page.fill("#id_username", username)
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("name", "data", "at_once", "sentence"),
    [
        ("words.txt", b"no picture at all", "not a picture that can be read", "not a picture that can be read"),
        ("nothing.png", b"", "This file is empty", "The file is empty."),
        ("half.png", drawn_png(1)[:2000], "damaged or cut short", "damaged or cut short"),
        ("huge.png", b"\0" * 50 * 1024 * 1024, "larger than 10 MB and will be refused", "larger than 10 MB"),
    ],
    ids=["wrong type", "0 bytes", "cut short", "50 MB"],
)
def test_a_file_that_can_not_be_judged_is_told_at_once_and_when_it_is_sent_and_nothing_typed_is_lost(
    form: Page, name: str, data: bytes, at_once: str, sentence: str, tmp_path: Any
) -> None:
    (tmp_path / name).write_bytes(data)
    form.set_input_files("input[type=file]", tmp_path / name)
    expect(form.locator("#vf-file")).to_contain_text(at_once)
    verify(form)
    alert = form.get_by_role("alert").filter(has_text="Nothing was judged.").filter(visible=True)
    expect(alert).to_contain_text(sentence)
    expect(alert).to_be_focused()
    expect_filled(form)
    assert not Verification.objects.exists()
    # Another file, and it goes on from there.
    form.set_input_files("input[type=file]", picture("cheque.png", drawn_png(1)))
    # The page moves when the picture appears, and a press that began where the button was would miss it.
    expect(form.locator("#vf-preview")).to_be_visible()
    verify(form)
    form.wait_for_url("**/verifications/*-*/")
    form.wait_for_load_state("networkidle")
    assert Verification.objects.get().cheque_number == "000123"


def test_the_page_does_not_move_under_a_pressed_pointer(form: Page) -> None:
    held: list[Route] = []
    form.route("**/preview/", lambda route: held.append(route))
    form.set_input_files("input[type=file]", picture("cheque.png", drawn_png(1)))
    while not held:
        form.wait_for_timeout(20)
    button = form.get_by_role("button", name="Verify", exact=True)
    button.hover()
    form.mouse.down()
    before = button.bounding_box()
    with form.expect_response("**/preview/"):
        held[0].continue_()
    form.wait_for_timeout(300)
    assert button.bounding_box() == before
    form.mouse.up()
    form.wait_for_url("**/verifications/*-*/")
    form.wait_for_load_state("networkidle")
    assert Verification.objects.count() == 1


def test_a_double_click_is_one_verification(form: Page) -> None:
    form.set_input_files("input[type=file]", picture("cheque.png", drawn_png(1)))
    form.get_by_role("button", name="Verify", exact=True).dblclick()
    form.wait_for_url("**/verifications/*-*/")
    form.wait_for_load_state("networkidle")
    made = Verification.objects.get()
    assert form.url.endswith(f"{made.public_id}/")


def test_enter_pressed_again_and_again_is_one_verification(form: Page) -> None:
    form.set_input_files("input[type=file]", picture("cheque.png", drawn_png(1)))
    form.get_by_label("Amount").focus()
    form.evaluate(
        """() => {
          const form = document.getElementById("vf-form");
          for (let times = 0; times < 5; times += 1) form.requestSubmit(document.getElementById("vf-submit"));
        }"""
    )
    form.wait_for_url("**/verifications/*-*/")
    form.wait_for_load_state("networkidle")
    assert Verification.objects.count() == 1


def test_two_tellers_on_one_customer_each_get_their_own_answer(
    form: Page, open_page: Any, live_server: Any, customer: Customer
) -> None:
    form.set_input_files("input[type=file]", picture("cheque.png", drawn_png(70)))
    with open_page({"width": 1280, "height": 900}) as other:
        log_in(other, live_server, make_user(*VERIFIER, username="theo"))
        other.goto(f"{live_server.url}/verify/{customer.public_id}/")
        other.set_input_files("input[type=file]", picture("cheque.png", drawn_png(70)))
        verify(other)
        other.wait_for_url("**/verifications/*-*/")
        other.wait_for_load_state("networkidle")
        verify(form)
        form.wait_for_url("**/verifications/*-*/")
        form.wait_for_load_state("networkidle")
        expect(form.get_by_text("The same picture was verified before").first).to_be_visible()
        first, second = Verification.objects.order_by("pk")
        assert [first.asked_by.username, second.asked_by.username] == ["theo", "tara"]
        assert other.url.endswith(f"{first.public_id}/")
        assert form.url.endswith(f"{second.public_id}/")


def test_a_customer_closed_by_a_colleague_meanwhile_is_said(form: Page, customer: Customer) -> None:
    form.set_input_files("input[type=file]", picture("cheque.png", drawn_png(1)))
    Customer.objects.filter(pk=customer.pk).update(status="closed")
    verify(form)
    alert = form.get_by_role("alert").filter(has_text="Nothing was judged.").filter(visible=True)
    expect(alert).to_contain_text("This customer is closed")
    expect_filled(form)
    assert form.evaluate("document.querySelector('#vf-form input[type=file]').files.length") == 1
    assert not Verification.objects.exists()


def test_a_log_in_that_ran_out_keeps_amount_cheque_and_customer_and_says_that_the_picture_is_gone(
    form: Page, customer: Customer
) -> None:
    form.set_input_files("input[type=file]", picture("cheque.png", drawn_png(1)))
    expect(form.get_by_alt_text("The chosen file")).to_be_visible()
    Session.objects.all().delete()
    verify(form)
    log_in_again(form)
    expect(form.get_by_role("link", name=customer.name)).to_be_visible()
    expect_filled(form)
    note = form.get_by_role("alert").filter(has_text=NOT_KEPT)
    expect(note).to_be_visible()
    assert not Verification.objects.exists()
    form.set_input_files("input[type=file]", picture("cheque.png", drawn_png(1)))
    expect(note).to_be_hidden()
    verify(form)
    form.wait_for_url("**/verifications/*-*/")
    form.wait_for_load_state("networkidle")
    made = Verification.objects.get()
    assert (str(made.amount), made.cheque_number, made.customer) == ("1250.50", "000123", customer)
    # The next cheque of the same customer starts empty.
    form.get_by_role("link", name="Same customer again").click()
    expect(form.get_by_label("Amount")).to_have_value("")
    expect(form.get_by_text(NOT_KEPT)).to_be_hidden()
    assert form.evaluate(KEPT) == "[]"


def test_a_picture_chosen_after_the_log_in_ran_out_is_answered_with_a_sentence(form: Page) -> None:
    Session.objects.all().delete()
    form.set_input_files("input[type=file]", picture("cheque.png", drawn_png(1)))
    expect(form.locator("#vf-file")).to_contain_text("You have been logged out.")
    verify(form)
    log_in_again(form)
    expect_filled(form)
    expect(form.get_by_text(NOT_KEPT)).to_be_visible()


def test_what_was_typed_is_kept_for_the_same_person_and_this_page_alone(
    form: Page, live_server: Any, customer: Customer
) -> None:
    address = form.url
    kept = form.evaluate(KEPT)
    assert "000123" in kept
    assert customer.name not in kept
    form.reload()
    expect_filled(form)
    expect(form.get_by_text(NOT_KEPT)).to_be_hidden()
    form.goto(f"{live_server.url}/customers/")
    assert form.evaluate(KEPT) == "[]"
    form.goto(address)
    expect(form.get_by_label("Amount")).to_have_value("")

    form.get_by_label("Amount").fill("7")
    other = make_user(*VERIFIER, username="theo")
    log_in(form, live_server, other)
    form.goto(address)
    expect(form.get_by_label("Amount")).to_have_value("")
    assert form.evaluate(KEPT) == "[]"


def test_a_log_in_that_ran_out_keeps_the_purpose_of_a_search(form: Page, live_server: Any) -> None:
    form.goto(f"{live_server.url}/identify/")
    form.set_input_files("input[type=file]", picture("letter.png", drawn_png(1)))
    form.get_by_label("What the search is for").fill("returned mail, case 2041")
    Session.objects.all().delete()
    form.keyboard.press("Enter")
    log_in_again(form)
    expect(form.get_by_label("What the search is for")).to_have_value("returned mail, case 2041")
    expect(form.get_by_text(NOT_KEPT)).to_be_visible()
    assert not Identification.objects.exists()


@pytest.mark.parametrize(
    ("path", "label"),
    [("/", "Name or customer number"), ("/verify/", "Name or customer number"), ("/customers/", "Name or number")],
)
def test_a_log_in_that_ran_out_while_one_looked_for_a_customer_keeps_the_letters_and_finds_him(
    form: Page, live_server: Any, customer: Customer, path: str, label: str
) -> None:
    form.goto(live_server.url + path)
    Session.objects.all().delete()
    form.get_by_label(label).press_sequentially(customer.name[:3])
    form.wait_for_selector("#id_password")
    form.fill("#id_username", "tara")
    form.fill("#id_password", PASSWORD)
    form.keyboard.press("Enter")
    expect(form.get_by_label(label)).to_have_value(customer.name[:3])
    expect(form.get_by_role("link", name=customer.name).first).to_be_visible()
    form.get_by_role("link", name=customer.name).first.click()
    form.wait_for_load_state("networkidle")
    assert form.evaluate(KEPT) == "[]"


@pytest.mark.parametrize("where", ["review", "verdict", "verdict without a reload"])
def test_a_log_in_that_ran_out_keeps_reason_and_note_of_a_decision(
    form: Page, live_server: Any, ask: Any, where: str
) -> None:
    if where == "verdict without a reload":
        form.set_input_files("input[type=file]", picture("cheque.png", drawn_png(99)))
        verify(form)
        form.wait_for_url("**/verifications/*-*/")
        form.wait_for_load_state("networkidle")
        made = Verification.objects.get()
        assert made.verdict == "no_match"
    else:
        first, made = (ask(data=drawn_png(60 + number), cheque_number=f"CH{number}") for number in range(2))
        Verification.objects.update(verdict="refer")
        address = f"/review/?after={first.public_id}" if where == "review" else f"/verifications/{made.public_id}/"
        form.goto(live_server.url + address)
        form.wait_for_load_state("networkidle")
    here = form.url
    form.get_by_label("Reason for a rejection").select_option("other")
    form.get_by_label("Note").fill("Signed by his wife.")
    seen(form)
    Session.objects.all().delete()
    form.get_by_role("button", name="Reject").click()
    log_in_again(form)
    expect(form).to_have_url(here)
    expect(form.get_by_text("Nothing was decided. What you wrote is here again.")).to_be_visible()
    expect(form.get_by_label("Reason for a rejection")).to_have_value("other")
    expect(form.get_by_label("Note")).to_have_value("Signed by his wife.")
    made.refresh_from_db()
    assert made.human_decision == ""
    seen(form)
    form.get_by_role("button", name="Reject").click()
    form.wait_for_load_state("networkidle")
    expect(form.get_by_text("Nothing was decided.")).to_be_hidden()
    assert form.evaluate(KEPT) == "[]"
    made.refresh_from_db()
    assert (made.human_decision, made.reason_code, made.reason_note) == ("rejected", "other", "Signed by his wife.")
