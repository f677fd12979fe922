"""Whose signature is it? Named only where he is close enough; nobody, plainly, where nobody is."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.blobs import BlobDamaged, unseal
from customers.models import Customer, Specimen
from mlcore.imaging import Box
from mlcore.models import ModelVersion
from mlcore.scoring.calibration import Calibration
from mlcore.selectors import model_bundle
from mlcore.services import specimen_embed
from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import VERIFIER, drawn_page, drawn_png, make_customer, make_specimen, make_user
from tests.mlcore.pages_of_cheques import tiff
from verification import identification
from verification.identification import identification_ranking, identification_run
from verification.models import Identification
from verification.questions import VerificationRefused

pytestmark = pytest.mark.django_db
SEARCHER = (*VERIFIER, "verification.add_identification", "verification.view_identification")
PAGE = "/identify/"


@pytest.fixture
def searcher() -> User:
    return make_user(*SEARCHER, username="sam", first_name="Sam", last_name="Searcher")


@pytest.fixture
def client(searcher: User) -> Client:
    made = Client()
    made.force_login(searcher)
    return made


@pytest.fixture
def people(champion: ModelVersion) -> list[Customer]:
    """Four customers, each with three specimens of one drawing, embedded."""
    made = []
    for number in range(4):
        customer = make_customer(name=f"Person {number}")
        for copy in range(3):
            specimen_embed(
                specimen=make_specimen(customer, data=drawn_png(50 + number) + b"\0" * copy), version=champion
            )
        made.append(customer)
    return made


def search(actor: User, seed: int, **fields: Any) -> Identification:
    asked = {"actor": actor, "data": drawn_png(seed), "purpose": "returned mail", "request_token": uuid.uuid4()}
    return identification_run(**{**asked, **fields})


def test_the_writer_is_named_and_comes_first(people: list[Customer], searcher: User) -> None:
    made = search(searcher, 52)
    assert made.verdict == "known"
    assert made.searched == 4
    ranking = identification_ranking(made)
    assert ranking[0].customer == people[2]
    assert ranking[0].near
    assert len(ranking[0].specimens) == 3
    assert [row.score for row in ranking] == sorted(row.score for row in ranking)
    assert not ranking[1].near


def test_a_stranger_is_nobody_but_the_closest_are_shown(people: list[Customer], searcher: User) -> None:
    made = search(searcher, 999)
    assert made.verdict == "unknown"
    assert identification_ranking(made)
    assert not any(row.near for row in identification_ranking(made))


def test_who_is_named_depends_on_how_many_are_searched(
    people: list[Customer], searcher: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def threshold(calibration: Calibration, searched: int) -> float:
        asked.append(searched)
        return -100.0

    monkeypatch.setattr(identification, "naming_threshold", threshold)
    made = search(searcher, 52)
    assert set(asked) == {4}
    assert (made.verdict, made.threshold) == ("unknown", -100.0)


def test_each_candidate_is_ranked_by_his_own_threshold(
    people: list[Customer], searcher: User, monkeypatch: pytest.MonkeyPatch, champion: ModelVersion
) -> None:
    specimen_embed(specimen=make_specimen(people[1], data=drawn_png(51) + b"\0" * 3), version=champion)
    narrow = model_bundle(champion).scorer.calibrations[3]
    monkeypatch.setattr(
        identification, "naming_threshold", lambda calibration, searched: -50.0 if calibration is narrow else 100.0
    )
    made = search(searcher, 52)
    first, second, *_ = identification_ranking(made)
    assert (first.customer, first.near) == (people[1], True)
    assert (second.customer, second.near) == (people[2], False)
    assert first.score > second.score
    assert made.verdict == "known"


def test_closed_customers_retired_and_expired_specimens_are_not_searched(
    people: list[Customer], searcher: User
) -> None:
    Customer.objects.filter(pk=people[0].pk).update(status="closed")
    Specimen.objects.filter(customer=people[1]).update(state="retired", retired_at=timezone.now())
    Specimen.objects.filter(customer=people[2]).update(expires_on=timezone.localdate() - timedelta(days=1))
    made = search(searcher, 50)
    assert made.searched == 1
    assert {row.customer for row in identification_ranking(made)} == {people[3]}


def test_the_purpose_is_asked_kept_and_audited(people: list[Customer], searcher: User) -> None:
    with pytest.raises(VerificationRefused, match="what the search is for") as refusal:
        search(searcher, 50, purpose="  ")
    assert refusal.value.field == "purpose"
    assert not Identification.objects.exists()
    made = search(searcher, 50, purpose="case  2041 ")
    event = AuditEvent.objects.get(action="identification.asked")
    assert event.details["purpose"] == made.purpose == "case 2041"
    assert event.details["candidates"][0] == str(people[0].public_id)


def test_the_picture_is_kept_sealed_and_bound_to_its_search(people: list[Customer], searcher: User) -> None:
    made, other = search(searcher, 50), search(searcher, 51)
    made.refresh_from_db()
    assert drawn_png(50)[:64] not in bytes(made.image)
    assert unseal(bytes(made.image), context=str(made.public_id)) == drawn_png(50)
    with pytest.raises(BlobDamaged):
        unseal(bytes(made.image), context=str(other.public_id))


def test_a_double_click_is_one_search(people: list[Customer], searcher: User) -> None:
    token = uuid.uuid4()
    first, again = (search(searcher, 50, request_token=token) for _ in range(2))
    assert first == again
    assert search(searcher, 51, request_token=token) != first
    assert Identification.objects.count() == 2


def test_nobody_enrolled_and_a_blank_picture_are_sentences(champion: ModelVersion, searcher: User) -> None:
    with pytest.raises(VerificationRefused, match="Nobody with approved specimens"):
        search(searcher, 1)
    with pytest.raises(VerificationRefused) as refusal:
        search(searcher, 1, data=b"no picture")
    assert refusal.value.field == "image"


def post(client: Client, **fields: Any) -> Any:
    data = {
        "image": SimpleUploadedFile("s.png", drawn_png(51), "image/png"),
        "purpose": "returned mail",
        "token": str(uuid.uuid4()),
        **fields,
    }
    return client.post(PAGE, data)


def test_the_pages_from_question_to_answer(people: list[Customer], client: Client) -> None:
    answer = post(client)
    page = client.get(answer["Location"]).content.decode()
    assert "Most likely Person 1" in page
    assert "4 customers searched" in page
    assert "returned mail" in page
    assert "image.png?view=ink" in page
    latest = client.get(PAGE).content.decode()
    assert answer["Location"] in latest
    picture = client.get(answer["Location"] + "image.png?view=clip")
    assert picture["Content-Type"] == "image/png"
    assert AuditEvent.objects.filter(action="signature.viewed").exists()
    assert client.get(answer["Location"] + "image.png?view=other").status_code == 404


def test_only_the_box_on_the_page_named_is_searched_for_kept_and_shown(people: list[Customer], client: Client) -> None:
    sheet = np.full((2400, 1600), 250, np.uint8)
    sheet[40:360, 20:660] = drawn_page(53)
    sheet[1500:1820, 640:1280] = drawn_page(51)
    letter = tiff(np.full_like(sheet, 250), sheet)

    def ask(**fields: str) -> Any:
        upload = SimpleUploadedFile("letter.tif", letter, "image/tiff")
        return post(client, image=upload, token=str(uuid.uuid4()), **fields)

    assert ask().status_code == 422
    answer = ask(page="2", area="640,1500,1280,1820")
    made = Identification.objects.get()
    assert (made.page, made.area) == (1, {"left": 640, "top": 1500, "right": 1280, "bottom": 1820})
    assert made.media_type == "image/tiff"
    shown = client.get(answer["Location"]).content.decode()
    assert "Most likely Person 1" in shown
    assert "Where on page 2" in shown
    for view in ("place", "clip", "ink"):
        assert client.get(f"{answer['Location']}image.png?view={view}").status_code == 200
    assert "Most likely Person 3" in client.get(ask(page="2", area="20,40,660,360")["Location"]).content.decode()
    assert "view=place" not in client.get(ask(page="2")["Location"]).content.decode()
    assert ask(page="2", area="1,2").status_code == 422


def test_another_box_with_an_old_token_is_another_search(people: list[Customer], searcher: User) -> None:
    token = uuid.uuid4()
    first = search(searcher, 50, request_token=token)
    assert search(searcher, 50, request_token=token, area=Box(0, 0, 600, 320)) != first


def test_who_may_search_but_not_verify_sees_the_page(champion: ModelVersion) -> None:
    client = Client()
    client.force_login(make_user("verification.add_identification", "customers.view_customer"))
    picture = SimpleUploadedFile("s.png", drawn_png(51), "image/png")
    assert client.post(reverse("verification:preview"), {"image": picture})["X-Pages"] == "1"


def test_two_who_are_close_enough_are_both_told(
    people: list[Customer], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "More than one customer is close enough." not in client.get(post(client)["Location"]).content.decode()
    monkeypatch.setattr(identification, "naming_threshold", lambda calibration, searched: 100.0)
    page = client.get(post(client, token=str(uuid.uuid4()))["Location"]).content.decode()
    assert "More than one customer is close enough." in page


def test_a_slip_is_said_and_the_words_stay(people: list[Customer], client: Client) -> None:
    answer = post(client, image=SimpleUploadedFile("s.txt", b"words", "text/plain"))
    assert answer.status_code == 422
    assert "Nothing was judged." in answer.content.decode()
    assert 'value="returned mail"' in answer.content.decode()
    assert post(client, purpose="").status_code == 422


def test_who_opens_somebody_else_s_search_is_in_the_trail(people: list[Customer], client: Client) -> None:
    where = post(client)["Location"]
    client.get(where)
    assert not AuditEvent.objects.filter(action="identification.viewed").exists()
    other, reader = Client(), make_user("verification.view_identification", "customers.view_customer")
    other.force_login(reader)
    other.get(where)
    event = AuditEvent.objects.get(action="identification.viewed")
    assert (event.actor, event.object_id) == (reader, Identification.objects.get().public_id)


def test_nobody_close_is_said_plainly(people: list[Customer], client: Client) -> None:
    answer = post(client, image=SimpleUploadedFile("s.png", drawn_png(999), "image/png"))
    assert "Nobody enrolled is close enough" in client.get(answer["Location"]).content.decode()


def test_the_wrong_role_and_the_wrong_verb(people: list[Customer], client: Client, as_verifier: Client) -> None:
    where = post(client)["Location"]
    assert as_verifier.get(PAGE).status_code == 403
    assert as_verifier.get(where).status_code == 403
    assert as_verifier.get(where + "image.png").status_code == 403
    assert Client().get(where).status_code == 302
    assert client.post(where).status_code == 405
    assert client.delete(PAGE).status_code == 405
    auditor = Client()
    auditor.force_login(make_user("verification.view_identification", "customers.view_customer"))
    assert "Your role does not see signatures." in auditor.get(where).content.decode()
    assert auditor.get(where + "image.png").status_code == 403
    assert auditor.get(reverse("verification:identification", args=[uuid.uuid4()])).status_code == 404
