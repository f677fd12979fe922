"""The main paths in a real browser: log-in, enrolment, double click, search as one types."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from customers.models import Customer, Specimen
from tests.customers.making import blank, customer, signature, specimens, user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery"


def log_in(page: Page, server: LiveServer, *roles: str) -> None:
    user(*roles, username="tara", password=PASSWORD, first_name="Tara", last_name="Ellison")
    page.goto(f"{server.url}/login/")
    expect(page.locator("#id_username")).to_be_focused()
    page.keyboard.type("tara")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Find a customer")).to_be_visible()


def files(folder: Path, **pictures: bytes) -> list[Path]:
    made = []
    for name, data in pictures.items():
        made.append(folder / f"{name}.png")
        made[-1].write_bytes(data)
    return made


def test_the_log_in_works_by_keyboard_and_says_when_it_fails(page: Page, live_server: LiveServer) -> None:
    log_in(page, live_server, "teller")
    page.get_by_role("button", name="Tara Ellison").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{live_server.url}/login/")
    page.fill("#id_username", "tara")
    page.fill("#id_password", "wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("do not belong together")
    expect(page.locator("#id_username")).to_have_value("tara")


def test_a_customer_is_enrolled_with_pictures_checked_one_by_one(
    page: Page, live_server: LiveServer, tmp_path: Path
) -> None:
    log_in(page, live_server, "teller")
    page.get_by_role("link", name="Enrol a customer").click()
    made = files(tmp_path, one=signature(1), two=signature(2), three=signature(3), blank=blank(), junk=b"junk")
    page.set_input_files("#files", made)
    expect(page.get_by_label("Enrol this one")).to_have_count(3)
    expect(page.locator(".draft", has_text="blank.png")).to_contain_text("No ink was found")
    expect(page.locator(".draft", has_text="junk.png")).to_contain_text("Refused")
    expect(page.locator("#tally")).to_have_text("3 chosen.")
    # Not by wait_for_function: its polling uses eval, which the page's policy forbids.
    for image in page.locator(".draft img").all():
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("image => image.naturalWidth") > 0

    page.get_by_role("button", name="Enrol the chosen pictures").click()
    expect(page.locator("#id_number_error")).to_be_visible()
    expect(page.get_by_label("Enrol this one")).to_have_count(3)
    page.get_by_label("Customer number").fill("4711")
    page.get_by_label("Name", exact=True).fill("José Müller")
    page.locator(".draft", has_text="three.png").get_by_role("button", name="Take out").click()
    expect(page.locator("#tally")).to_contain_text("2 chosen. Works")
    page.get_by_role("button", name="Enrol the chosen pictures").click()

    expect(page.get_by_role("heading", name="José Müller")).to_be_visible()
    expect(page.get_by_role("status").first).to_contain_text("2 specimens are enrolled")
    assert Customer.objects.get(number="4711").specimens.count() == 2
    assert Specimen.objects.count() == 2


def test_a_double_click_enrols_once(page: Page, live_server: LiveServer, tmp_path: Path) -> None:
    log_in(page, live_server, "teller")
    page.goto(f"{live_server.url}/customers/enrol/")
    page.set_input_files("#files", files(tmp_path, one=signature(1)))
    expect(page.get_by_label("Enrol this one")).to_have_count(1)
    page.get_by_label("Customer number").fill("4711")
    page.get_by_label("Name", exact=True).fill("José Müller")
    page.get_by_role("button", name="Enrol the chosen pictures").dblclick()
    expect(page.get_by_role("heading", name="José Müller")).to_be_visible()
    assert (Customer.objects.count(), Specimen.objects.count()) == (1, 1)


def test_a_reload_keeps_the_pictures(page: Page, live_server: LiveServer, tmp_path: Path) -> None:
    log_in(page, live_server, "teller")
    page.goto(f"{live_server.url}/customers/enrol/")
    page.set_input_files("#files", files(tmp_path, one=signature(1)))
    expect(page.get_by_label("Enrol this one")).to_be_checked()
    page.reload()
    expect(page.get_by_label("Enrol this one")).to_be_checked()
    expect(page.locator("#tally")).to_contain_text("1 chosen")


def test_results_appear_while_typing_and_lead_to_the_customer(page: Page, live_server: LiveServer) -> None:
    known = customer(name="José Müller", number="4711")
    specimens(known, 1)
    log_in(page, live_server, "verifier")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("jose mul")
    expect(page.get_by_role("link", name="José Müller")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="José Müller")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="José Müller")).to_be_visible()
    assert "mul" not in page.url
    page.get_by_role("button", name="As compared").click()
    expect(page.locator(".sig img")).to_have_attribute(
        "src", f"/specimens/{known.specimens.get().public_id}/image.png?view=ink"
    )


def test_what_was_typed_before_the_scripts_arrived_is_searched_for(page: Page, live_server: LiveServer) -> None:
    customer(name="Ulrike Blum")
    log_in(page, live_server, "verifier")
    held: list[Route] = []
    page.route("**/htmx*.js", lambda route: held.append(route))
    page.goto(live_server.url, wait_until="commit")
    page.locator("#q").press_sequentially("blum")
    expect(page.locator("#results")).not_to_contain_text("Ulrike Blum")
    held[0].continue_()
    expect(page.locator("#results")).to_contain_text("Ulrike Blum")


def test_an_answer_that_failed_is_told_until_one_succeeds(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_page()  # the fixture `page` would refuse the error that htmx logs
    customer(name="Ulrike Blum")
    log_in(page, live_server, "verifier")
    page.route("**/customers/search/", lambda route: route.fulfill(status=403, body="no"))
    with page.expect_event("requestfinished"):
        page.fill("#q", "ulrike")
    expect(page.locator("#trouble")).to_contain_text("You may not do this")
    page.unroute("**/customers/search/")
    page.fill("#q", "blum")
    expect(page.locator("#results")).to_contain_text("Ulrike Blum")
    expect(page.locator("#trouble")).to_be_hidden()
    page.close()


def test_a_supervisor_approves_and_retires_after_a_question(page: Page, live_server: LiveServer) -> None:
    known = customer()
    specimens(known, 1)
    log_in(page, live_server, "supervisor")
    page.get_by_role("link", name=known.name).click()
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").first).to_contain_text("Approved: ")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Retire").click()
    assert known.specimens.get().state == "approved"
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Retire").click()
    expect(page.get_by_text("1 retired specimen")).to_be_visible()


def test_nothing_is_wider_than_a_telephone(narrow_page: Page, live_server: LiveServer, tmp_path: Path) -> None:
    page, known = narrow_page, customer(name="A rather long name " * 5)
    specimens(known, 2)
    log_in(page, live_server, "teller", "supervisor")
    for address in ("/", "/customers/", f"/customers/{known.public_id}/", "/customers/enrol/", "/password/"):
        page.goto(f"{live_server.url}{address}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


def test_the_list_filters_and_turns_pages_without_a_reload(page: Page, live_server: LiveServer) -> None:
    made = customer(name="Zoe Last")
    Customer.objects.bulk_create(
        Customer(number=f"N{index:03}", name=f"Anna {index:03}", branch=made.branch) for index in range(30)
    )
    log_in(page, live_server, "verifier")
    page.goto(f"{live_server.url}/customers/")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("26–31 of 31")).to_be_visible()
    page.get_by_label("Name or number").fill("zoe")
    expect(page.get_by_text("1–1 of 1")).to_be_visible()
    expect(page.get_by_role("link", name="Zoe Last")).to_be_visible()
    assert page.url == f"{live_server.url}/customers/"


def log_in_again(page: Page) -> None:
    expect(page.get_by_text("you will come back to where you were")).to_be_visible()
    page.fill("#id_username", "tara")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")


def test_a_log_in_that_ran_out_keeps_what_was_changed_about_a_customer(page: Page, live_server: LiveServer) -> None:
    known = customer(name="Old Name", special_instructions="Signs with the left.")
    log_in(page, live_server, "supervisor")
    page.goto(f"{live_server.url}/customers/{known.public_id}/edit/")
    page.get_by_label("Special instructions").fill("Signs with both.")
    page.get_by_label("Always refer to a person").check()
    Session.objects.all().delete()
    # Meanwhile a colleague is at it too; that is told although the page was loaded anew.
    Customer.objects.filter(pk=known.pk).update(name="New Name", special_instructions="Signs with the right.")
    page.get_by_role("button", name="Save").click()
    log_in_again(page)
    expect(
        page.get_by_role("alert").filter(has_text="Nothing was saved. What you typed is here again.")
    ).to_be_visible()
    expect(page.get_by_label("Special instructions")).to_have_value("Signs with both.")
    expect(page.get_by_label("Always refer to a person")).to_be_checked()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("now it is: “Signs with the right.”")).to_be_visible()
    expect(page.get_by_label("Special instructions")).to_have_value("Signs with both.")
    expect(page.get_by_text("Nothing was saved. What you typed")).to_be_hidden()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The changes have been saved.")).to_be_visible()
    known.refresh_from_db()
    assert (known.name, known.special_instructions, known.always_refer) == ("New Name", "Signs with both.", True)
    page.goto(f"{live_server.url}/customers/{known.public_id}/edit/")
    expect(page.get_by_label("Name")).to_have_value("New Name")
    expect(page.get_by_text("Nothing was saved. What you typed")).to_be_hidden()


def test_changes_that_were_given_up_are_not_kept(page: Page, live_server: LiveServer) -> None:
    known = customer(name="Old Name")
    log_in(page, live_server, "supervisor")
    page.goto(f"{live_server.url}/customers/{known.public_id}/edit/")
    page.get_by_label("Name").fill("Other Name")
    page.reload()
    expect(page.get_by_label("Name")).to_have_value("Other Name")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_label("Name")).to_have_value("Old Name")
