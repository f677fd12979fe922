from __future__ import annotations

import io
import re
import uuid
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from customers import services
from customers.models import Customer, Specimen
from sigweb.accounts.models import User
from tests.customers.making import blank, branch, client_of, customer, cut, draft, signature, specimens, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def teller() -> User:
    return user("teller")


@pytest.fixture
def desk(teller: User) -> Client:
    return client_of(teller)


def upload(data: bytes, name: str = "card.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/png")


def form(enrolment: UUID, chosen: list[Specimen], **fields: Any) -> dict[str, Any]:
    return {
        "enrolment": str(enrolment),
        "drafts": [str(row.public_id) for row in chosen],
        "source": "card",
        "number": "4711",
        "name": "José Müller",
        "branch": str(branch().public_id),
        **fields,
    }


# --- who may, and how --------------------------------------------------------------------------------------


def test_strangers_and_other_roles_do_not_enrol(client: Client) -> None:
    pages = ("/customers/enrol/", f"/customers/{customer().public_id}/enrol/")
    for page in pages:
        assert client.get(page)["Location"].startswith("/login/")
        assert client_of(user("supervisor")).post(page).status_code == 403
    assert client.post("/customers/drafts/").status_code == 302
    assert client_of(user("verifier")).post("/customers/drafts/").status_code == 403
    assert not Specimen.objects.exists()


def test_other_verbs_are_refused(desk: Client, teller: User) -> None:
    assert desk.put("/customers/enrol/").status_code == 405
    assert desk.delete(f"/customers/{customer().public_id}/enrol/").status_code == 405
    assert desk.get("/customers/drafts/").status_code == 405
    assert desk.get(f"/customers/drafts/{draft(teller).public_id}/").status_code == 405


# --- single files ------------------------------------------------------------------------------------------


def test_a_good_file_answers_with_its_card(desk: Client) -> None:
    response = desk.post("/customers/drafts/", {"enrolment": uuid.uuid4(), "file": upload(signature(), "a <b>.png")})
    row = Specimen.objects.get()
    card = response.content.decode()
    assert response.status_code == 200
    assert f'data-draft="{row.public_id}"' in card
    assert "view=ink" in card
    assert "checked" in card
    assert "a &lt;b&gt;.png" in card


@pytest.mark.parametrize(("data", "words"), [(blank(), "No ink"), (b"GIF89a", "Save it as PNG, JPEG"), (b"", "empty")])
def test_a_bad_file_answers_with_the_reason_and_no_box_to_tick(desk: Client, data: bytes, words: str) -> None:
    response = desk.post("/customers/drafts/", {"enrolment": uuid.uuid4(), "file": upload(data)})
    card = response.content.decode()
    assert response.status_code == 200
    assert words in card
    assert 'name="drafts"' not in card
    assert "Refused" in card


def test_a_picture_of_twenty_thousand_by_twenty_thousand_is_refused_without_being_drawn(desk: Client) -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000), 1).save(out, "PNG")
    page = desk.post("/customers/drafts/", {"enrolment": uuid.uuid4(), "file": upload(out.getvalue())}).content.decode()
    assert "more pixels than can be read here" in page
    assert "Crop it to the signature" in page
    assert not Specimen.objects.exists()


def test_a_sideways_photograph_is_set_upright_by_its_own_note(desk: Client) -> None:
    upright = Image.open(io.BytesIO(signature())).convert("L")
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", quality=95, exif=exif)
    desk.post("/customers/drafts/", {"enrolment": uuid.uuid4(), "file": upload(out.getvalue(), "phone.jpg")})
    row = Specimen.objects.get()
    assert (row.width, row.height) == upright.size
    assert row.quality_grade == "good"


def test_every_remark_comes_with_what_to_do(desk: Client) -> None:
    for data in (blank(), cut(), b"", b"junk"):
        card = desk.post("/customers/drafts/", {"enrolment": uuid.uuid4(), "file": upload(data)}).content.decode()
        assert "bi-arrow-return-right" in card


def test_a_cut_out_answers_with_whom_it_replaced(desk: Client, teller: User) -> None:
    row = draft(teller)
    data = {"enrolment": row.enrolment, "file": upload(cut()), "replaces": str(row.public_id)}
    assert f'data-replaced="{row.public_id}"' in desk.post("/customers/drafts/", data).content.decode()
    assert desk.get(f"/specimens/{Specimen.objects.get().public_id}/image.png?view=whole").status_code == 200
    assert desk.get(f"/specimens/{Specimen.objects.get().public_id}/image.png?view=other").status_code == 404


def test_a_file_that_is_too_large_is_refused_in_words(desk: Client) -> None:
    response = desk.post("/customers/drafts/", {"enrolment": uuid.uuid4(), "file": upload(b"x" * (10 * 1024**2 + 1))})
    assert "larger than 10 MB" in response.content.decode()
    assert not Specimen.objects.exists()


@pytest.mark.parametrize("missing", ["enrolment", "file"])
def test_a_request_that_lacks_something_is_told_so(desk: Client, missing: str) -> None:
    data = {"enrolment": str(uuid.uuid4()), "file": upload(signature())}
    del data[missing]
    response = desk.post("/customers/drafts/", data)
    assert response.status_code == 400
    assert "No file arrived." in response.content.decode()


def test_a_form_of_somebody_else_is_refused(desk: Client) -> None:
    enrolment = draft(user("teller")).enrolment
    response = desk.post("/customers/drafts/", {"enrolment": enrolment, "file": upload(signature())})
    assert response.status_code == 409
    assert "belongs to somebody else" in response.content.decode()


def test_the_card_warns_when_the_customer_has_the_picture(desk: Client, teller: User) -> None:
    known = customer()
    row = draft(teller, data=signature())
    services.specimens_submit(actor=teller, enrolment=row.enrolment, chosen=[row.public_id], customer=known)
    data = {"enrolment": uuid.uuid4(), "file": upload(signature()), "customer": known.public_id}
    assert "already has this very picture" in desk.post("/customers/drafts/", data).content.decode()
    data = {"enrolment": uuid.uuid4(), "file": upload(signature()), "customer": uuid.uuid4()}
    assert desk.post("/customers/drafts/", data).status_code == 404


@pytest.mark.parametrize("verb", ["post", "delete"])
def test_a_draft_is_taken_out(desk: Client, teller: User, verb: str) -> None:
    row = draft(teller)
    address = f"/customers/drafts/{row.public_id}/"
    assert client_of(user("teller")).post(address).status_code == 404
    assert getattr(desk, verb)(address).status_code == 204
    assert getattr(desk, verb)(address).status_code == 404
    assert not Specimen.objects.exists()


# --- the whole form ----------------------------------------------------------------------------------------


def test_the_page_starts_with_a_fresh_form_and_the_own_branch(desk: Client, teller: User) -> None:
    first, second = (desk.get("/customers/enrol/").content.decode() for _ in range(2))
    found = [re.findall(r'name="enrolment" value="([0-9a-f-]{36})"', page) for page in (first, second)]
    assert found[0] != found[1]
    assert teller.branch is not None
    assert f'value="{teller.branch.public_id}" selected' in first


def test_the_chosen_drafts_become_specimens_of_a_new_customer(desk: Client, teller: User) -> None:
    enrolment = uuid.uuid4()
    rows = [draft(teller, enrolment) for _ in range(3)]
    response = desk.post("/customers/enrol/", form(enrolment, rows[:2]), follow=True)
    made = Customer.objects.get()
    assert response.redirect_chain == [(f"/customers/{made.public_id}/", 302)]
    assert "2 specimens are enrolled and wait for approval." in response.content.decode()
    assert (made.number, made.name, made.specimens.count()) == ("4711", "José Müller", 2)
    assert Specimen.objects.count() == 2


def test_sending_the_form_twice_leads_to_the_same_customer(desk: Client, teller: User) -> None:
    enrolment = uuid.uuid4()
    data = form(enrolment, [draft(teller, enrolment)])
    first, second = desk.post("/customers/enrol/", data), desk.post("/customers/enrol/", data)
    assert first["Location"] == second["Location"]
    assert (Customer.objects.count(), Specimen.objects.count()) == (1, 1)
    back = desk.get(f"/customers/enrol/?enrolment={enrolment}")
    assert back["Location"] == first["Location"]


def test_what_was_entered_survives_an_error(desk: Client, teller: User) -> None:
    enrolment = uuid.uuid4()
    rows = [draft(teller, enrolment), draft(teller, enrolment)]
    response = desk.post(
        "/customers/enrol/", form(enrolment, rows[:1], number="", special_instructions="Kept.", source="form")
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "Nothing was lost" in page
    assert "José Müller" in page
    assert "Kept." in page
    assert 'value="form" selected' in page
    assert str(enrolment) in page
    boxes = {row: re.search(rf'value="{row.public_id}"[^>]*>', page) for row in rows}
    assert "checked" in boxes[rows[0]].group()  # type: ignore[union-attr]
    assert "checked" not in boxes[rows[1]].group()  # type: ignore[union-attr]
    assert not Customer.objects.exists()


def test_a_taken_number_links_to_the_customer_who_has_it(desk: Client, teller: User) -> None:
    other, enrolment = customer(number="4711"), uuid.uuid4()
    response = desk.post("/customers/enrol/", form(enrolment, [draft(teller, enrolment)]))
    assert response.status_code == 422
    assert f"/customers/{other.public_id}/" in response.content.decode()
    assert "exists already" in response.content.decode()
    assert Specimen.objects.get().state == "draft"


def test_nothing_chosen_is_told(desk: Client) -> None:
    response = desk.post("/customers/enrol/", form(uuid.uuid4(), []))
    assert "Choose at least one picture" in response.content.decode()
    assert not Customer.objects.exists()


def test_more_specimens_for_a_known_customer(desk: Client, teller: User) -> None:
    known, enrolment = customer(name="Known Person"), uuid.uuid4()
    address = f"/customers/{known.public_id}/enrol/"
    page = desk.get(address).content.decode()
    assert "Known Person" in page
    assert 'name="number"' not in page
    response = desk.post(address, form(enrolment, [draft(teller, enrolment)]))
    assert response["Location"] == f"/customers/{known.public_id}/"
    assert known.specimens.count() == 1
    assert Customer.objects.count() == 1


def test_an_eighth_specimen_is_refused_and_the_drafts_stay(desk: Client, teller: User) -> None:
    known, enrolment = customer(), uuid.uuid4()
    specimens(known, 7)
    response = desk.post(f"/customers/{known.public_id}/enrol/", form(enrolment, [draft(teller, enrolment)]))
    page = response.content.decode()
    assert response.status_code == 422
    assert "at most 7 specimens" in page
    assert 'name="drafts"' in page


def test_whoever_finds_the_form_of_another_starts_with_one_of_his_own(desk: Client) -> None:
    other = draft(user("teller"))
    page = desk.get(f"/customers/enrol/?enrolment={other.enrolment}").content.decode()
    assert f'"{other.enrolment}"' not in page  # only in the address, where he brought it himself
    assert 'name="enrolment"' in page


def test_a_closed_customer_gets_no_form(desk: Client) -> None:
    known = customer(status="closed")
    page = desk.get(f"/customers/{known.public_id}/enrol/", follow=True).content.decode()
    assert "no specimens can be enrolled" in page


def test_a_form_without_its_number_starts_anew_and_keeps_what_was_typed(desk: Client) -> None:
    response = desk.post("/customers/enrol/", form("", []))  # type: ignore[arg-type]
    assert response.status_code == 422
    page = response.content.decode()
    assert "The form was incomplete." in page
    assert "José Müller" in page
    assert re.search(r'name="enrolment" value="[0-9a-f-]{36}"', page)


# --- without JavaScript ------------------------------------------------------------------------------------


def test_files_may_come_with_the_form_itself(desk: Client) -> None:
    files = [upload(signature(1)), upload(signature(2))]
    response = desk.post("/customers/enrol/", form(uuid.uuid4(), [], files=files))
    assert response.status_code == 302
    assert Customer.objects.get().specimens.count() == 2


def test_one_bad_file_among_them_stores_nothing_and_keeps_the_good_ones(desk: Client) -> None:
    files = [upload(signature(1), "good.png"), upload(b"junk", "bad.txt")]
    response = desk.post("/customers/enrol/", form(uuid.uuid4(), [], files=files))
    page = response.content.decode()
    assert response.status_code == 422
    assert "Nothing has been stored yet." in page
    assert "bad.txt" in page
    assert "good.png" in page
    assert "checked" in page
    assert not Customer.objects.exists()


def test_somebody_elses_form_is_refused_with_files_too(desk: Client) -> None:
    enrolment = draft(user("teller")).enrolment
    response = desk.post("/customers/enrol/", form(enrolment, [], files=[upload(signature(5))]))
    assert "belongs to somebody else" in response.content.decode()
