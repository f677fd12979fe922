"""Pictures that were here before are referred, and the answer names what they are a copy of."""

from __future__ import annotations

import threading
import uuid
from datetime import date
from typing import Any

import cv2
import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from customers.blobs import unseal
from customers.models import Customer, Specimen
from mlcore.models import Embedding, ModelVersion
from mlcore.scoring.copies import SKETCH_BYTES
from mlcore.services import features_for
from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import drawn_page, drawn_png, make_customer, make_specimen, make_user
from verification import copies
from verification.models import Verification
from verification.services import verification_run

pytestmark = pytest.mark.django_db


def scanned_again(seed: int, *, again: int = 0) -> bytes:
    """Another file of the same drawing: smaller, askew, out of focus, as JPEG."""
    page = cv2.resize(drawn_page(seed, again=again), None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    height, width = page.shape
    askew = cv2.getRotationMatrix2D((width / 2, height / 2), 1.2, 0.95)
    page = cv2.GaussianBlur(cv2.warpAffine(page, askew, (width, height), borderValue=250), (0, 0), 0.8)
    return cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes()


def codes(made: Verification) -> list[str]:
    return [reason["code"] for reason in made.reasons]


@pytest.fixture
def drawing(db: None) -> Customer:
    """A customer with drawing 9 as the only specimen; drawn again it is a match."""
    made = make_customer()
    make_specimen(made, data=drawn_png(9))
    return made


# --- of a specimen -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [drawn_png(9), scanned_again(9)], ids=["the same file", "another scan"])
def test_a_copy_of_a_specimen_is_referred_and_names_it(ask: Any, drawing: Customer, data: bytes) -> None:
    made = Verification.objects.get(pk=ask(customer=drawing, data=data).pk)
    assert made.verdict == "refer"
    assert codes(made)[0] == "copy_of_specimen"
    assert "specimen" in made.reasons[0]["sentence"]
    specimen = drawing.specimens.get()
    assert (made.copy_of["kind"], made.copy_of["public_id"]) == ("specimen", str(specimen.public_id))
    assert 0.65 <= made.copy_of["likeness"] <= 1


def test_what_is_written_anew_is_no_copy(ask: Any, drawing: Customer) -> None:
    made = ask(customer=drawing, data=drawn_png(9, again=2))
    assert (made.verdict, made.copy_of) == ("match", {})
    assert ask(customer=drawing, data=drawn_png(9, again=3)).copy_of == {}


def test_the_copy_of_a_specimen_is_on_the_audit_trail(ask: Any, drawing: Customer) -> None:
    made = ask(customer=drawing, data=drawn_png(9))
    event = AuditEvent.objects.get(action="verification.judged", object_id=made.public_id)
    assert event.details["copy_of"] == str(drawing.specimens.get().public_id)


def test_a_specimen_that_was_embedded_before_sketches_were_kept_is_found_too(ask: Any, drawing: Customer) -> None:
    ask(customer=drawing, data=drawn_png(9, again=2))
    Embedding.objects.update(sketch=b"")
    assert codes(ask(customer=drawing, data=scanned_again(9)))[0] == "copy_of_specimen"
    sealed = bytes(Embedding.objects.get().sketch)
    specimen = drawing.specimens.get()
    assert len(unseal(sealed, context=f"{specimen.public_id}:sketch")) == SKETCH_BYTES


def test_a_damaged_sketch_of_a_specimen_is_made_anew(ask: Any, drawing: Customer) -> None:
    ask(customer=drawing, data=drawn_png(9, again=2))
    Embedding.objects.update(sketch=b"\x01damaged")
    assert codes(ask(customer=drawing, data=scanned_again(9)))[0] == "copy_of_specimen"


def test_a_specimen_whose_image_is_lost_is_judged_without_its_sketch(ask: Any, drawing: Customer) -> None:
    ask(customer=drawing, data=drawn_png(9, again=2))
    Embedding.objects.update(sketch=b"")
    drawing.specimens.update(image=b"lost")
    made = ask(customer=drawing, data=scanned_again(9))
    assert (made.verdict, made.copy_of) == ("match", {})


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"state": "retired", "retired_at": timezone.now()}, "was retired on"),
        ({"expires_on": date(2020, 1, 1)}, "valid until"),
        ({"state": "pending", "approved_at": None, "approved_by": None}, "waits for approval"),
    ],
    ids=["retired", "expired", "waiting"],
)
def test_a_copy_of_a_specimen_out_of_use_is_referred_too(
    ask: Any, as_verifier: Client, drawing: Customer, fields: dict[str, Any], told: str
) -> None:
    apart = make_specimen(drawing, data=drawn_png(9, again=2))
    features_for(specimens=[apart], version=ModelVersion.objects.get())
    Specimen.objects.filter(pk=apart.pk).update(**fields)
    made = ask(customer=drawing, data=drawn_png(9, again=2))
    assert (made.verdict, codes(made)[0]) == ("refer", "copy_of_specimen")
    assert made.copy_of["public_id"] == str(apart.public_id)
    page = as_verifier.get(reverse("verification:detail", args=[made.public_id])).content.decode()
    assert "It coincides with a specimen that it was not compared with." in page
    assert told in page


# --- of what was asked before ------------------------------------------------------------------------------


def test_the_same_file_asked_again_is_referred_and_says_when_it_was_asked(ask: Any, drawing: Customer) -> None:
    first = ask(customer=drawing, data=drawn_png(9, again=2), cheque_number="000123")
    second = ask(customer=drawing, data=drawn_png(9, again=2), actor=make_user())
    assert (first.verdict, second.verdict) == ("match", "refer")
    assert second.copy_of == {"kind": "verification", "public_id": str(first.public_id), "likeness": 1.0}
    assert codes(second)[0] == "same_picture"
    sentence = second.reasons[0]["sentence"]
    assert date_format(timezone.localtime(first.asked_at), "DATETIME_FORMAT") in sentence
    assert "000123" in sentence


def test_another_scan_of_a_questioned_signature_is_found(ask: Any, drawing: Customer) -> None:
    first = ask(customer=drawing, data=drawn_png(9, again=2))
    second = ask(customer=drawing, data=scanned_again(9, again=2))
    assert codes(second)[0] == "copy_of_earlier"
    assert second.verdict == "refer"
    assert second.copy_of["public_id"] == str(first.public_id)


def test_a_double_click_is_the_same_verification_and_no_copy_of_itself(ask: Any, drawing: Customer) -> None:
    token = uuid.uuid4()
    first = ask(customer=drawing, data=drawn_png(9, again=2), request_token=token)
    second = ask(customer=drawing, data=drawn_png(9, again=2), request_token=token)
    assert first.pk == second.pk
    assert (second.verdict, second.copy_of) == ("match", {})


def test_another_customers_picture_is_not_looked_at(ask: Any, drawing: Customer) -> None:
    other = make_customer()
    make_specimen(other, data=drawn_png(9))
    ask(customer=other, data=drawn_png(9, again=2))
    assert ask(customer=drawing, data=drawn_png(9, again=2)).copy_of == {}


def test_what_would_be_no_match_stays_no_match_and_says_that_it_is_a_copy(ask: Any) -> None:
    ask(data=drawn_png(99))
    made = ask(data=drawn_png(99))
    assert made.verdict == "no_match"
    assert codes(made) == ["same_picture", "beyond_threshold"]


def test_another_part_of_the_same_page_is_another_signature(ask: Any, drawing: Customer) -> None:
    first = ask(customer=drawing, data=drawn_png(9, again=2))
    Verification.objects.update(area={"left": 0, "top": 0, "right": 9, "bottom": 9}, sketch=b"")
    assert ask(customer=drawing, data=drawn_png(9, again=2)).copy_of == {}
    assert first.copy_of == {}


def test_only_the_latest_are_looked_through_line_by_line_and_every_file(
    ask: Any, drawing: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "EARLIER", 1)
    ask(customer=drawing, data=drawn_png(9, again=2))
    ask(customer=drawing, data=drawn_png(99))
    assert ask(customer=drawing, data=scanned_again(9, again=2)).copy_of == {}
    assert codes(ask(customer=drawing, data=drawn_png(9, again=2)))[0] == "same_picture"


def test_a_sketch_that_can_not_be_opened_is_passed_over(ask: Any, drawing: Customer) -> None:
    ask(customer=drawing, data=drawn_png(9, again=2))
    Verification.objects.update(sketch=b"damaged")
    assert ask(customer=drawing, data=scanned_again(9, again=2)).copy_of == {}


def test_the_sketch_is_kept_sealed(ask: Any) -> None:
    made = Verification.objects.get(pk=ask().pk)
    sketch = unseal(made.sketch, context=f"{made.public_id}:sketch")
    assert len(sketch) == SKETCH_BYTES
    assert sketch[1:] not in bytes(made.sketch)
    assert np.frombuffer(sketch, np.uint8, offset=1).any()


@pytest.mark.django_db(transaction=True)
def test_of_two_tellers_with_one_picture_at_once_the_second_is_told(champion: ModelVersion, verifier: User) -> None:
    customer = make_customer()
    make_specimen(customer, data=drawn_png(9))
    start, found = threading.Barrier(2), []

    def click() -> None:
        try:
            start.wait()
            made = verification_run(
                actor=verifier, customer=customer, data=drawn_png(9, again=2), request_token=uuid.uuid4()
            )
            found.append(made.verdict)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["match", "refer"]
