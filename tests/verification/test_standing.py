"""How a customer's set stands: agreement, worth, scores over time."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Customer, Specimen
from mlcore.models import ModelVersion
from mlcore.scoring import Verdict
from mlcore.services import features_for
from mlcore.synthesis import make_signer, signature_png
from tests.mlcore.making import drawn_png, make_customer, make_specimen, make_user
from verification.models import Verification
from verification.questions import model_demand
from verification.standing import SpecimenStanding, Spread, Standing, customer_standing, score_chart
from verification.worth import Worth

pytestmark = pytest.mark.django_db


def signed(customer: Customer, *seeds: int, signer: int = 11) -> None:
    for seed in seeds:
        make_specimen(customer, data=signature_png(make_signer(signer), seed))


def test_the_odd_one_is_the_farthest_and_no_match(base: ModelVersion) -> None:
    customer = make_customer()
    signed(customer, 0, 1, 2, 3)
    odd = make_specimen(customer, data=signature_png(make_signer(27), 1))
    standing = customer_standing(customer=customer)
    by_position = {row.position: row for row in standing.specimens}
    assert by_position["farthest"].specimen == odd
    assert by_position["farthest"].verdict is Verdict.NO_MATCH
    assert by_position["closest"].local < by_position["farthest"].local
    assert standing.refused >= 1
    assert standing.matching + standing.referred + standing.refused == 5


def test_signatures_of_three_hands_are_unlike_each_other(base: ModelVersion) -> None:
    mixed = make_customer()
    for signer in (11, 27, 31):
        signed(mixed, 0, signer=signer)
    standing = customer_standing(customer=mixed)
    assert standing.spread is not None
    assert standing.spread.hand == "unlike"
    assert standing.matching == 0
    assert standing.outlook == "no_match"


def test_a_steady_hand_whose_signatures_are_referred_is_not_said_to_vary(
    base: ModelVersion, as_verifier: Client
) -> None:
    customer = make_customer()
    signed(customer, 1, 2, 3, 4, signer=63)
    standing = customer_standing(customer=customer)
    assert standing.spread is not None
    assert standing.spread.own < standing.spread.usual
    assert standing.spread.own == pytest.approx(sum(row.local for row in standing.specimens) / 4, abs=1e-4)
    assert standing.spread.hand == "steady"
    assert [row.verdict for row in standing.specimens].count(Verdict.REFER) == 3
    assert standing.outlook == "refer"
    page = as_verifier.get(reverse("verification:standing", args=[customer.public_id]), headers={"HX-Request": "true"})
    told = page.content.decode()
    assert "A steady hand." in told
    assert "varies more" not in told
    assert told.count("By the others alone it would be referred.") == 3
    assert "no match." not in told


def test_each_specimen_is_judged_by_the_thresholds_of_one_specimen_fewer(base: ModelVersion) -> None:
    customer = make_customer()
    signed(customer, 1, 2, 3, 4, signer=63)
    bundle = model_demand()[1]
    specimens = list(customer.specimens.order_by("pk"))
    features = features_for(specimens=specimens, version=base).features
    rows = {row.specimen.pk: row for row in customer_standing(customer=customer).specimens}
    for specimen in specimens:
        others = [features[other.pk] for other in specimens if other != specimen]
        score = bundle.scorer.compare(features[specimen.pk], others).score
        assert rows[specimen.pk].beyond == bundle.scorer.calibrations[3].frr(score)
        limits = bundle.scorer.calibrations[3].t_match, bundle.scorer.calibrations[3].t_no_match
        expected = (Verdict.MATCH, Verdict.REFER, Verdict.NO_MATCH)[sum(score > limit for limit in limits)]
        assert rows[specimen.pk].verdict is expected


@pytest.mark.parametrize(
    ("own", "hand"), [(0.05, "steady"), (0.19, "steady"), (0.21, "usual"), (0.35, "varied"), (0.46, "unlike")]
)
def test_a_hand_is_measured_by_how_far_other_hands_vary(own: float, hand: str) -> None:
    assert Spread(own, usual=0.25, deviation=0.1).hand == hand


@pytest.mark.parametrize(
    ("called", "outlook"),
    [
        ("mmr", "match"),
        ("mmrr", "match"),
        ("mrr", "refer"),
        ("mmnn", "refer"),
        ("mn", "refer"),
        ("mmrn", "refer"),
        ("nnrr", "refer"),
        ("nnr", "no_match"),
        ("", ""),
    ],
)
def test_most_specimens_tell_what_becomes_of_genuine_signatures(called: str, outlook: str) -> None:
    verdicts = {"m": Verdict.MATCH, "r": Verdict.REFER, "n": Verdict.NO_MATCH}
    rows = tuple(SpecimenStanding(Specimen(), 0.3, verdicts[letter], 0.5, "") for letter in called)
    assert Standing(rows, None, None, None).outlook == outlook


def test_one_more_specimen_is_worth_what_the_calibration_says(base: ModelVersion) -> None:
    customer = make_customer()
    nobody_yet = customer_standing(customer=customer)
    assert nobody_yet.now is None
    assert nobody_yet.more is not None
    assert nobody_yet.more.specimens == 1
    signed(customer, 0)
    standing = customer_standing(customer=customer)
    assert standing.specimens == ()
    assert standing.outlook == ""
    assert standing.spread is None
    assert standing.now is not None
    assert standing.more is not None
    assert (standing.now.specimens, standing.more.specimens) == (1, 2)
    assert standing.gain_matched == pytest.approx(standing.more.matched - standing.now.matched)
    assert standing.gain_matched > 0
    assert standing.gain_caught > 0
    assert standing.now.matched + standing.now.referred + standing.now.refused == pytest.approx(1.0)
    assert standing.now.passed == pytest.approx(0.01, abs=0.002)


def test_a_full_set_has_no_room_for_more(base: ModelVersion) -> None:
    customer = make_customer()
    signed(customer, *range(7))
    standing = customer_standing(customer=customer)
    assert standing.now is not None
    assert standing.now.specimens == 7
    assert (standing.more, standing.gain_matched, standing.gain_caught) == (None, 0.0, 0.0)


def test_expired_specimens_leave_no_room_for_more_until_one_is_retired(base: ModelVersion, as_verifier: Client) -> None:
    customer = make_customer()
    signed(customer, *range(7))
    first = customer.specimens.order_by("pk")[:1].values("pk")
    Specimen.objects.filter(pk__in=first).update(expires_on=timezone.localdate() - timedelta(days=1))
    standing = customer_standing(customer=customer)
    assert standing.now is not None
    assert (standing.now.specimens, standing.more) == (6, None)
    page = as_verifier.get(reverse("verification:standing", args=[customer.public_id])).content.decode()
    assert "The set is full: expired specimens take places until they are retired." in page
    assert "with one more" not in page
    Specimen.objects.filter(pk__in=first).update(state=Specimen.State.RETIRED)
    assert customer_standing(customer=customer).more is not None


def worth(matched: float, caught: float) -> Worth:
    return Worth(3, matched, 0.98 - matched, 0.02, caught, 0.01, 40)


def test_a_loss_by_chance_is_no_gain() -> None:
    standing = Standing((), None, worth(0.8, 0.9), worth(0.79, 0.93))
    assert standing.gain_matched == 0.0
    assert standing.gain_caught == pytest.approx(0.03)


def test_without_a_model_only_the_past_is_told() -> None:
    customer = make_customer()
    make_specimen(customer, data=drawn_png(1))
    standing = customer_standing(customer=customer)
    assert (standing.specimens, standing.now, standing.chart) == ((), None, None)


@pytest.mark.parametrize(
    ("specimen", "sentence"),
    [
        ({}, "The first specimen makes verification possible."),
        ({"state": "pending"}, "Verification is possible as soon as a waiting specimen is approved."),
        ({"expires_on": date(2020, 1, 1)}, "All specimens have expired; a fresh one makes verification possible"),
    ],
)
def test_what_would_make_verification_possible_is_told(
    as_verifier: Client, base: ModelVersion, specimen: dict[str, Any], sentence: str
) -> None:
    customer = make_customer()
    if specimen:
        make_specimen(customer, **specimen)
    page = as_verifier.get(reverse("verification:standing", args=[customer.public_id])).content.decode()
    assert sentence in page


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
    assert "Each judged by the others alone:" in page
    assert "Past verifications" in page
    assert "As a table" in page
    assert "3, now" in page
    assert "4, with one more" in page
    modest = Client()
    modest.force_login(make_user("customers.view_customer"))
    assert "Past verifications" not in modest.get(url).content.decode()


def test_the_cards_get_their_distances_with_the_fragment(
    customer: Customer, as_verifier: Client, champion: Any
) -> None:
    url = reverse("verification:standing", args=[customer.public_id])
    specimen = customer.specimens.first()
    assert specimen is not None
    place = f'<div id="among-{specimen.public_id}"'
    assert f"{place}></div>" in as_verifier.get(f"/customers/{customer.public_id}/").content.decode()
    fragment = as_verifier.get(url, headers={"hx-request": "true"}).content.decode()
    assert f'{place} hx-swap-oob="true">' in fragment
    assert fragment.count("Mean distance to the others") == 3
    assert "<html" not in fragment
    alone = as_verifier.get(url).content.decode()
    assert "<html" in alone
    assert "hx-swap-oob" not in alone


def test_the_wrong_role_verb_and_customer(customer: Customer, as_verifier: Client) -> None:
    url = reverse("verification:standing", args=[customer.public_id])
    assert as_verifier.post(url).status_code == 405
    assert as_verifier.get(reverse("verification:standing", args=[uuid.uuid4()])).status_code == 404
    assert Client().get(url).status_code == 302
    nobody = Client()
    nobody.force_login(make_user())
    assert nobody.get(url).status_code == 403
