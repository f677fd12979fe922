"""The verdict page: /verifications/<verification>/."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Customer
from mlcore.models import ModelVersion
from mlcore.selectors import model_bundle
from tests.mlcore.making import VERIFIER, drawn_png, make_specimen, make_user
from verification.models import Verification

pytestmark = pytest.mark.django_db


def page_of(client: Client, verification: Verification) -> str:
    response = client.get(reverse("verification:detail", args=[verification.public_id]))
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("verdict", "words", "icon"),
    [
        ("match", "Match", "bi-check-circle-fill"),
        ("refer", "Refer to a person", "bi-person-raised-hand"),
        ("no_match", "No match", "bi-x-octagon-fill"),
    ],
)
def test_a_verdict_is_told_by_words_icon_and_colour(
    as_verifier: Client, ask: Any, verdict: str, words: str, icon: str
) -> None:
    made = ask()
    Verification.objects.update(verdict=verdict, reasons=[{"code": "x", "sentence": "Because of this."}])
    content = page_of(as_verifier, made)
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", content)
    assert heading is not None
    assert heading[1] == words
    assert f"verdict-{verdict}" in content
    assert icon in content
    assert "Because of this." in content


def test_it_shows_all_figures_and_who_asked(as_verifier: Client, ask: Any, customer: Customer) -> None:
    made = ask(amount=Decimal("12500.50"), cheque_number="000123")
    Verification.objects.update(score=-0.25, far=0.0312, frr=0.2, probability=0.00001)
    content = page_of(as_verifier, made)
    for words in (
        "Score −0.25",
        "<dt>3.1 ",
        "<dt>20 ",
        "−1.00",
        "1.00",
        customer.name,
        customer.number,
        "12,500.50",
        "000123",
        "Vera Verifier",
        made.model_version.name,
        made.model_version.digest[:12],
        str(made.public_id),
    ):
        assert words in content, words


def test_the_figures_stand_with_interval_count_and_likelihood_in_words(as_verifier: Client, ask: Any) -> None:
    made = ask()
    counted = {"trials": 4105, "writers": 43}
    Verification.objects.update(
        far=0.0312,
        frr=0.2,
        probability=0.0256,
        own_probability=0.12,
        calibration={
            "genuine_beyond": {"value": 0.2, "low": 0.156, "high": 0.253, **counted},
            "skilled_within": {"value": 0.0312, "low": 0.0, "high": 0.0612, **counted, "trials": 5325},
            "likelihood_ratio": 0.0263,
        },
    )
    content = " ".join(page_of(as_verifier, made).split())
    assert "<dt>20 <span>(16–25)</span></dt><dd>of 100 genuine signatures lie beyond this score</dd>" in content
    assert "<dt>3.1 <span>(0–6.1)</span></dt><dd>of 100 skilled forgeries lie within this score</dd>" in content
    assert (
        "<dt>38 times</dt><dd>as likely from a skilled forgery as from a genuine signature: "
        "moderate support for a forgery</dd></div> "
        "<div><dt>2.6 %</dt><dd>probability that it is genuine, if skilled forgeries were as frequent</dd></div> "
        "<div><dt>12 %</dt><dd>this probability by the customer's own head, a second opinion</dd></div>"
    ) in content
    assert (
        "Counted on 4,105 comparisons of genuine signatures and 5,325 of forgeries of 43 other writers' signatures."
    ) in content


def test_figures_that_were_carried_over_to_a_retrained_model_say_so(as_verifier: Client, ask: Any) -> None:
    said = "They were counted with an earlier model"
    assert said not in page_of(as_verifier, ask())
    bundle = model_bundle(ModelVersion.objects.get())
    bundle.manifest["equated"] = {"1": {}}
    made = ask()
    assert made.calibration["carried_over"] is True
    assert said in page_of(as_verifier, made)


def test_a_verification_from_before_intervals_were_kept_still_shows(as_verifier: Client, ask: Any) -> None:
    made = ask()
    Verification.objects.update(far=0.0312, frr=0.2, probability=0.00001, calibration={})
    content = " ".join(page_of(as_verifier, made).split())
    assert "<dt>20</dt><dd>of 100 genuine signatures lie beyond this score</dd>" in content
    assert "<dt>3.1</dt><dd>of 100 skilled forgeries lie within this score</dd>" in content
    assert "<dt>&lt; 0.1 %</dt><dd>probability that it is genuine" in content
    assert "In brackets" not in content


def test_the_drawn_scale_has_no_inline_style(as_verifier: Client, ask: Any) -> None:
    content = page_of(as_verifier, ask())
    assert "<svg" in content
    assert " style=" not in content
    assert "onclick" not in content


def test_each_specimen_stands_beside_the_questioned_signature_the_closest_first(as_verifier: Client, ask: Any) -> None:
    made = ask(data=drawn_png(2))
    content = page_of(as_verifier, made)
    shown = re.findall(r'src="/specimens/([0-9a-f-]{36})/image.png\?view=original"', content)
    expected = [entry["specimen"] for entry in sorted(made.distances, key=lambda entry: entry["local"])]
    assert shown == expected
    assert shown[0] == made.distances[1]["specimen"]
    questioned = f"/verifications/{made.public_id}/image.png"
    assert content.count(f'src="{questioned}?view=clip"') == 4  # large, and beside each specimen
    assert content.count(f'data-ink="{questioned}?view=ink"') == 4


def test_warnings_name_what_was_poor_or_left_out(as_verifier: Client, ask: Any, customer: Customer) -> None:
    make_specimen(customer, data=b"broken")
    made = ask()
    Verification.objects.update(quality={"grade": "usable", "remarks": [{"code": "pale", "sentence": "It is pale."}]})
    content = page_of(as_verifier, made)
    assert "One specimen could not be compared." in content
    assert "It is pale." in content


def test_a_specimen_retired_since_is_shown_as_such(as_verifier: Client, ask: Any, customer: Customer) -> None:
    made = ask()
    customer.specimens.update(state="retired")
    assert page_of(as_verifier, made).count("Retired since") == 3


def test_what_people_typed_is_escaped(as_verifier: Client, ask: Any, customer: Customer) -> None:
    made = ask()
    Customer.objects.update(name="<b>Ada</b>", special_instructions="<script>alert(1)</script>")
    content = page_of(as_verifier, made)
    assert "<b>Ada" not in content
    assert "<script>alert" not in content


def test_without_the_right_to_see_signatures_no_image_is_linked(client: Client, ask: Any) -> None:
    made = ask()
    client.force_login(make_user("verification.view_verification"))
    content = page_of(client, made)
    assert "image.png" not in content
    assert "Your role does not see signatures." in content
    assert "Verify another" not in content


def test_it_rejects_the_wrong_verb(as_verifier: Client, ask: Any) -> None:
    assert as_verifier.post(reverse("verification:detail", args=[ask().public_id])).status_code == 405


def test_one_that_is_not_there_is_not_found(as_verifier: Client) -> None:
    assert as_verifier.get(reverse("verification:detail", args=[uuid.uuid4()])).status_code == 404


def test_strangers_are_sent_to_the_log_in_and_others_refused(client: Client, ask: Any) -> None:
    url = reverse("verification:detail", args=[ask().public_id])
    assert client.get(url)["Location"].startswith("/login/")
    client.force_login(make_user("customers.view_customer"))
    assert client.get(url).status_code == 403


def test_a_page_costs_a_handful_of_queries(as_verifier: Client, ask: Any, django_assert_max_num_queries: Any) -> None:
    made = ask()
    with django_assert_max_num_queries(8):
        page_of(as_verifier, made)


@pytest.mark.parametrize("path", ["/verifications/{}/", "/verifications/?whose=all", "/review/", "/"])
def test_no_page_reads_the_long_figures_of_a_model(client: Client, ask: Any, path: str) -> None:
    """120 kB of them with every row would take most of a page's time."""
    made = ask()
    client.force_login(make_user(*VERIFIER, "verification.review_verification"))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path.format(made.public_id)).status_code == 200
    read = " ".join(query["sql"] for query in queries)
    assert '"verification_verification"."id"' in read
    assert '"figures"' not in read


def test_neither_does_a_verification(client: Client, champion: ModelVersion, customer: Customer) -> None:
    client.force_login(make_user(*VERIFIER))
    picture = SimpleUploadedFile("cheque.png", drawn_png(1), content_type="image/png")
    with CaptureQueriesContext(connection) as queries:
        client.post(
            reverse("verification:verify_customer", args=[customer.public_id]),
            {"token": str(uuid.uuid4()), "image": picture},
        )
    read = " ".join(query["sql"] for query in queries)
    assert 'INSERT INTO "verification_verification"' in read
    assert '"figures"' not in read
