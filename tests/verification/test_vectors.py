"""Vectors on a plane: deterministic, honest about what is lost, nameless where names are nobody's business."""

from __future__ import annotations

import re
import uuid
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from customers.models import Customer, Specimen
from mlcore.models import ModelVersion
from mlcore.services import specimen_embed
from sigweb.accounts.models import User
from tests.mlcore.making import VERIFIER, drawn_png, make_customer, make_specimen, make_user
from verification import vector_space
from verification.vector_space import CLOSE, close_pairs, everybody_plane, neighbourhood, project

ADMIN = ("mlcore.view_modelversion", "customers.view_customer")


def test_the_plane_of_flat_vectors_keeps_everything() -> None:
    rng = np.random.default_rng(1)
    flat = rng.normal(size=(20, 2)) @ np.linalg.qr(rng.normal(size=(16, 2)))[0].T
    places, kept = project(flat)
    assert kept == pytest.approx(1.0)
    assert places.min() >= 0
    assert places.max() <= 1
    apart = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    drawn = np.linalg.norm(places[:, None] - places[None], axis=-1)
    assert np.allclose(drawn / drawn.max(), apart / apart.max())
    assert np.array_equal(places, project(flat)[0])


def test_a_lone_vector_and_equal_ones_lie_in_the_middle() -> None:
    assert project(np.ones((1, 8)))[0].tolist() == [[0.5, 0.5]]
    places, kept = project(np.ones((3, 8)))
    assert np.allclose(places, 0.5)
    assert kept == 1.0


def test_the_closest_pairs_are_of_different_customers_and_each_told_once() -> None:
    angles = np.radians([0, 1, 10, 12, 90])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)])
    found = close_pairs(vectors, np.array([0, 0, 1, 1, 2]))
    assert [(left, right) for left, right, _ in found] == [(1, 2), (3, 4), (1, 4)]
    assert [apart for *_, apart in found] == pytest.approx([2 * np.sin(np.radians(a) / 2) for a in (9, 78, 89)])
    assert close_pairs(vectors[:1], np.array([0])) == []


def test_many_customers_have_only_the_closest_told() -> None:
    angles = np.cumsum(np.linspace(0.01, 0.02, 40))
    found = close_pairs(np.column_stack([np.cos(angles), np.sin(angles)]), np.arange(40))
    assert [(left, right) for left, right, _ in found] == [(n, n + 1) for n in range(CLOSE)]


@pytest.fixture
def people(db: None, champion: ModelVersion) -> None:
    for number in range(3):
        customer = make_customer(number=f"V{number}")
        for seed in range(2):
            specimen_embed(specimen=make_specimen(customer, data=drawn_png(70 + 10 * number + seed)), version=champion)


@pytest.mark.django_db
def test_everybody_is_drawn_up_to_a_number(
    people: None, champion: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane = everybody_plane(version=champion)
    assert plane is not None
    assert (len(plane.dots), plane.total, plane.customers) == (6, 6, 3)
    assert {dot.label for dot in plane.dots} == {"V0", "V1", "V2"}
    assert len({(dot.colour, dot.shape) for dot in plane.dots}) == 3
    monkeypatch.setattr(vector_space, "MOST", 4)
    few = everybody_plane(version=champion)
    assert few is not None
    assert (len(few.dots), few.total) == (4, 6)


@pytest.mark.django_db
def test_the_neighbourhood_names_nobody(people: None, ask: Any, champion: ModelVersion) -> None:
    plane = neighbourhood(verification=ask())
    assert plane is not None
    kinds = [dot.kind for dot in plane.dots]
    assert kinds[-1] == "questioned"
    assert (kinds.count("own"), kinds.count("other")) == (3, 6)
    assert not any(dot.label or dot.link for dot in plane.dots)
    # The questioned drawing is the first specimen's; the others of the customer are drawings of their own.
    assert plane.own == 3
    assert 1 <= plane.own_nearer <= 3


@pytest.mark.django_db
def test_the_neighbourhood_keeps_the_specimens_that_were_judged_by(
    ask: Any, customer: Customer, champion: ModelVersion
) -> None:
    made = ask()
    customer.specimens.filter(pk=customer.specimens.earliest("pk").pk).update(state=Specimen.State.RETIRED)
    for seed in (91, 92):
        specimen_embed(specimen=make_specimen(customer, data=drawn_png(seed)), version=champion)
    plane = neighbourhood(verification=made)
    assert plane is not None
    assert (plane.own, plane.own_nearer) == (3, 3)
    assert [dot.kind for dot in plane.dots].count("own") == 3


@pytest.mark.django_db
def test_pages_and_rights(people: None, ask: Any, as_verifier: Client, verifier: User) -> None:
    made = ask()
    nearby = reverse("verification:nearby", args=[made.public_id])
    assert "this customer" in as_verifier.get(nearby).content.decode()
    assert nearby in as_verifier.get(reverse("verification:detail", args=[made.public_id])).content.decode()
    assert as_verifier.get("/vectors/").status_code == 403
    admin = Client()
    admin.force_login(make_user(*ADMIN))
    page = admin.get("/vectors/").content.decode()
    assert "<title>V1</title>" in page
    assert "Customers who lie closest to each other" in page
    assert admin.get(nearby).status_code == 403
    assert admin.post("/vectors/").status_code == 405
    assert as_verifier.post(nearby).status_code == 405
    assert as_verifier.get(reverse("verification:nearby", args=[uuid.uuid4()])).status_code == 404
    blindfolded = Client()
    blindfolded.force_login(make_user(*[right for right in VERIFIER if right != "customers.view_signature"]))
    assert blindfolded.get(nearby).status_code == 403


@pytest.mark.django_db
def test_nothing_enrolled_and_no_model_are_said(client: Client) -> None:
    client.force_login(make_user(*ADMIN))
    assert "There is nothing to draw yet." in client.get("/vectors/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rights", "link"), [(ADMIN, "nav-link"), ((*VERIFIER, *ADMIN), "dropdown-item"), (VERIFIER, "")]
)
def test_whoever_may_see_it_finds_the_way_once(client: Client, rights: tuple[str, ...], link: str) -> None:
    client.force_login(make_user(*rights))
    found = re.findall(r'class="([a-z-]+) [^>]*href="/vectors/"', client.get("/").content.decode())
    assert found == ([link] if link else [])
