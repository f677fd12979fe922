"""A file of several pages, and a picture on its side: what is told at enrolment, and what can be done about it."""

from __future__ import annotations

import io
import uuid

import pytest
from PIL import Image

from customers import leaves, services
from customers.models import Specimen
from customers.results import DraftResult, Refused
from mlcore.imaging import decode, prepare
from sigweb.accounts.models import User
from tests.customers.making import blank, client_of, customer, signature, user

pytestmark = pytest.mark.django_db
PAGES, LYING = "The file has 3 pages; this is page 1.", "The signature seems to lie on its side. If so, turn it."


def scan(*pages: bytes, kind: str = "TIFF") -> bytes:
    first, *rest = [Image.open(io.BytesIO(page)).convert("L") for page in pages]
    out = io.BytesIO()
    first.save(out, kind, save_all=True, append_images=rest)
    return out.getvalue()


def sideways(png: bytes) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("L").transpose(Image.Transpose.ROTATE_90).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def teller() -> User:
    return user("teller")


def added(teller: User, data: bytes, name: str) -> DraftResult:
    return services.draft_add(actor=teller, enrolment=uuid.uuid4(), data=data, filename=name)


def of(result: DraftResult) -> Specimen:
    assert result.specimen is not None
    return result.specimen


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_a_file_of_several_pages_says_which_was_taken_and_gives_the_others(teller: User, kind: str) -> None:
    file = scan(signature(1), blank(), signature(2), kind=kind)
    first = added(teller, file, "cards.tif")
    assert (PAGES in first.warnings, first.pages) == (True, 3)
    third = leaves.draft_leaf(actor=teller, specimen=of(first), page=2)
    assert of(third).filename == "cards.tif, page 3"
    assert third.chosen
    assert (third.pages, third.warnings) == (1, ())
    assert Specimen.objects.count() == 2, "the first page stays"
    assert leaves.draft_leaf(actor=teller, specimen=of(first), page=1).grade == "refused"
    assert leaves.draft_leaf(actor=teller, specimen=of(first), page=2).already


def test_what_is_cut_from_a_file_of_several_pages_leaves_it_there_for_the_others(teller: User) -> None:
    whole = of(added(teller, scan(signature(1), signature(2)), "cards.tif"))
    cut_out = services.draft_add(
        actor=teller, enrolment=whole.enrolment, data=signature(3), filename="cards.png", replaces=whole.public_id
    )
    assert (cut_out.replaced, cut_out.whole) == (None, whole.public_id)
    assert "The whole file stays in the list, unticked" in cut_out.steps[-1]
    second = leaves.draft_leaf(actor=teller, specimen=Specimen.objects.get(pk=whole.pk), page=1)
    assert second.chosen
    again = services.draft_add(
        actor=teller, enrolment=whole.enrolment, data=signature(4), replaces=of(cut_out).public_id
    )
    assert (again.replaced, again.whole) == (of(cut_out).public_id, None), "a cut-out has one page"


def test_a_turned_page_of_several_leaves_the_file_there_too(teller: User) -> None:
    whole = of(added(teller, scan(sideways(signature(1)), signature(2)), "cards.tif"))
    turned = leaves.draft_leaf(actor=teller, specimen=whole, turn=90)
    assert (turned.replaced, turned.whole) == (None, whole.public_id)
    assert Specimen.objects.filter(pk=whole.pk).exists()


def test_a_file_of_one_page_says_nothing(teller: User) -> None:
    result = added(teller, signature(1), "card.png")
    assert (result.pages, result.lying, result.warnings) == (1, False, ())


def test_a_picture_on_its_side_is_told_of_and_turned_in_its_place(teller: User) -> None:
    lying = added(teller, sideways(signature(1)), "photo.png")
    assert lying.lying
    assert LYING in lying.warnings
    turned = leaves.draft_leaf(actor=teller, specimen=of(lying), turn=90)
    assert not turned.lying
    assert turned.replaced == of(lying).public_id
    assert of(turned).filename == "photo.png"
    (left,) = Specimen.objects.all()
    box = prepare(leaves.specimen_bytes(specimen=left)).box
    assert box is not None
    assert box.width > box.height
    assert decode(leaves.specimen_bytes(specimen=left)).grey.shape == decode(signature(1)).grey.shape


def test_a_page_that_is_not_there_changes_nothing(teller: User) -> None:
    first = added(teller, scan(signature(1), signature(2)), "cards.tif")
    result = leaves.draft_leaf(actor=teller, specimen=of(first), page=7)
    assert result.specimen is None
    assert "page 8" in " ".join(result.remarks)
    assert Specimen.objects.count() == 1


def test_a_form_that_was_submitted_takes_no_more(teller: User) -> None:
    first = added(teller, scan(signature(1), signature(2)), "cards.tif")
    services.specimens_submit(
        actor=teller, enrolment=of(first).enrolment, chosen=[of(first).public_id], customer=customer()
    )
    with pytest.raises(Refused):
        leaves.draft_leaf(actor=teller, specimen=of(first), page=1)


def test_the_card_offers_it_and_the_address_answers_with_a_card(teller: User) -> None:
    desk, form = client_of(teller), str(uuid.uuid4())
    file = io.BytesIO(scan(sideways(signature(1)), signature(2)))
    file.name = "cards.tif"
    card = desk.post("/customers/drafts/", {"enrolment": form, "file": file}).content.decode()
    draft = Specimen.objects.get()
    address = f"/customers/drafts/{draft.public_id}/leaf/"
    assert "The file has 2 pages; this is page 1." in card
    assert LYING in card
    assert card.count(f'data-leaf="{address}"') == 3
    page = desk.post(address, {"page": "2", "turn": "0"})
    assert page.status_code == 200
    assert "cards.tif, page 2" in page.content.decode()
    assert "data-leaf" not in page.content.decode()
    assert f'data-whole="{draft.public_id}"' in desk.post(address, {"page": "1", "turn": "90"}).content.decode()


@pytest.mark.parametrize("fields", [{"page": "two"}, {"page": "0"}, {"page": "1", "turn": "45"}])
def test_nonsense_is_answered_with_a_sentence(teller: User, fields: dict[str, str]) -> None:
    draft = of(added(teller, scan(signature(1), signature(2)), "cards.tif"))
    answer = client_of(teller).post(f"/customers/drafts/{draft.public_id}/leaf/", fields)
    assert answer.status_code == 400
    assert "There is no such page." in answer.content.decode()
    assert Specimen.objects.count() == 1


def test_the_draft_of_somebody_else_does_not_exist(teller: User) -> None:
    draft = of(added(teller, scan(signature(1), signature(2)), "cards.tif"))
    address = f"/customers/drafts/{draft.public_id}/leaf/"
    assert client_of(user("teller")).post(address, {"page": "2"}).status_code == 404
    assert client_of(user("verifier")).post(address, {"page": "2"}).status_code == 403
    assert client_of(teller).get(address).status_code == 405
