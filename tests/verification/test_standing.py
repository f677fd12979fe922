"""How a customer's set stands: agreement, worth, scores over time."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import Customer
from mlcore.models import ModelVersion
from mlcore.synthesis import make_signer, signature_png
from tests.mlcore.making import drawn_png, make_customer, make_specimen, make_user
from verification.models import Verification
from verification.standing import customer_standing, score_chart

pytestmark = pytest.mark.django_db


def signed(customer: Customer, *seeds: int, signer: int = 11) -> None:
    for seed in seeds:
        make_specimen(customer, data=signature_png(make_signer(signer), seed))


def test_the_odd_one_is_the_farthest_and_does_not_match(base: ModelVersion) -> None:
    customer = make_customer()
    signed(customer, 0, 1, 2, 3)
    odd = make_specimen(customer, data=signature_png(make_signer(27), 1))
    standing = customer_standing(customer=customer)
    by_position = {row.position: row for row in standing.specimens}
    assert by_position["farthest"].specimen == odd
    assert not by_position["farthest"].matches
    assert by_position["closest"].local < by_position["farthest"].local
    assert standing.matching < 5


def test_more_specimens_are_worth_more_until_the_measured_end(base: ModelVersion) -> None:
    customer = make_customer()
    signed(customer, 0)
    standing = customer_standing(customer=customer)
    assert standing.specimens == ()
    assert standing.now is not None
    assert standing.better is not None
    assert standing.better.specimens == 3
    assert standing.better.matched > standing.now.matched
    signed(customer, 1, 2, 3, 4)
    assert customer_standing(customer=customer).better is None


def test_without_a_model_only_the_past_is_told() -> None:
    customer = make_customer()
    make_specimen(customer, data=drawn_png(1))
    standing = customer_standing(customer=customer)
    assert (standing.specimens, standing.now, standing.chart) == ((), None, None)


def row(score: float, t_match: float = -1.0, t_no_match: float = 1.0) -> Verification:
    return Verification(score=score, t_match=t_match, t_no_match=t_no_match, verdict="refer")


def test_scores_stand_where_their_own_thresholds_put_them() -> None:
    chart = score_chart([row(-1.0), row(3.0, 3.0, 5.0), row(1.0), row(500.0), row(-500.0)])
    assert chart is not None
    lowest, highest, at_no_match, other_model, at_match = (point.y for point in chart.points)
    assert at_match == other_model == chart.match
    assert at_no_match == chart.no_match
    assert 0 < highest < chart.no_match < chart.match < lowest < 100
    assert [point.x for point in chart.points] == [10.0, 30.0, 50.0, 70.0, 90.0]
    assert score_chart([]) is None


def test_the_fragment_shows_it_to_whom_it_may(ask: Any, customer: Customer, as_verifier: Client) -> None:
    ask()
    url = reverse("verification:standing", args=[customer.public_id])
    page = as_verifier.get(url).content.decode()
    assert "specimens would match by the others alone" in page
    assert "Past verifications" in page
    assert "As a table" in page
    assert "image.png?view=ink" in page
    modest = Client()
    modest.force_login(make_user("customers.view_customer"))
    page = modest.get(url).content.decode()
    assert "Past verifications" not in page
    assert "image.png" not in page


def test_the_wrong_role_verb_and_customer(customer: Customer, as_verifier: Client) -> None:
    url = reverse("verification:standing", args=[customer.public_id])
    assert as_verifier.post(url).status_code == 405
    assert as_verifier.get(reverse("verification:standing", args=[uuid.uuid4()])).status_code == 404
    assert Client().get(url).status_code == 302
    nobody = Client()
    nobody.force_login(make_user())
    assert nobody.get(url).status_code == 403
