"""How a promotion ended is stored in English and told in the reader's language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

import mlcore
from customers.models import Specimen
from mlcore.models import ModelVersion, Promotion
from mlcore.retraining.promotion import promotion_cancel
from mlcore.retraining.promotion_words import CLOSINGS, promotion_message
from mlcore.sentences import Wording
from tests.mlcore.making import make_customer, make_specimen
from tests.mlcore.retraining.candidates import enrolled
from tests.mlcore.retraining.making import model_admin
from tests.mlcore.retraining.promoting import advance, asked, candidate, queue

__all__ = ["candidate", "queue"]

pytestmark = pytest.mark.django_db

ROOT = Path(mlcore.__file__).parent / "retraining"
# Ends with what promotion_obstacle and these say; all that is said elsewhere in the module is a refusal.
ENDING = ("promotion_obstacle", "_ungated", "promotion_cancel")


def wordings(node: ast.AST) -> Iterator[Wording]:
    """What is given to gettext within a part of a program, refusals left out."""
    if isinstance(node, ast.Raise):
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in ("_", "gettext_noop"):
            yield str(ast.literal_eval(node.args[0]))
        if node.func.id == "ngettext":
            yield str(ast.literal_eval(node.args[0])), str(ast.literal_eval(node.args[1]))
    for child in ast.iter_child_nodes(node):
        yield from wordings(child)


def said() -> Iterator[Wording]:
    promotion, advancing = (
        ast.parse((ROOT / name).read_text(encoding="utf-8")) for name in ("promotion.py", "advancing.py")
    )
    yield from wordings(advancing)
    for function in promotion.body:
        if isinstance(function, ast.FunctionDef) and function.name in ENDING:
            yield from wordings(function)


def ended(version: ModelVersion, message: str) -> Promotion:
    return Promotion.objects.create(version=version, state="failed", message=message, finished_at=timezone.now())


def test_every_closing_sentence_is_known_and_no_other() -> None:
    assert set(said()) == set(CLOSINGS)


def test_each_is_told_in_hindi(candidate: ModelVersion) -> None:
    forms = [form for wording in CLOSINGS for form in ((wording,) if isinstance(wording, str) else wording)]
    assert len(forms) == len(CLOSINGS) + 2
    for number, form in enumerate(forms):
        count = 1 if "d specimen has" in form or "d specimen that" in form else 3
        values = {"name": "run-1", "champion": "run-0", "then": "run-0", "now": "run-2", "times": 6, "count": count}
        promotion = Promotion(version=candidate, message=form % values)
        assert promotion_message(promotion) == promotion.message
        with translation.override("hi"):
            told = promotion_message(promotion)
        assert not any(word in told for word in ("champion", "specimen", "model", "orker", "%(")), told
        assert all(str(value) in told for name, value in values.items() if f"%({name})" in form), (number, told)


def test_a_promotion_that_ends_in_a_hindi_worker_leaves_an_english_record(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    enrolled(champion, 2)
    broken = make_specimen(make_customer(), data=b"damaged")
    promotion = asked(candidate)
    with translation.override("hi"):
        advance(promotion)
        assert translation.get_language() == "hi"
        assert promotion.message == (
            "other is the champion now. 1 specimen has no vector, since its image can not be used."
        )
        told = promotion_message(promotion)
    assert "other" in told
    assert "champion" not in told
    assert "specimen" not in told
    assert Specimen.objects.get(pk=broken.pk).unreadable_at is not None


def test_who_cancels_in_hindi_reads_hindi_and_leaves_english(
    champion: ModelVersion, candidate: ModelVersion, client: Client
) -> None:
    promotion = asked(candidate)
    client.force_login(model_admin())
    address = reverse("admin:mlcore_modelversion_cancel", args=[promotion.public_id])
    with translation.override("hi"):  # and back to what it was, which the request alone would not do
        page = client.post(address, follow=True, headers={"accept-language": "hi"}).content.decode()
    promotion.refresh_from_db()
    assert (promotion.state, promotion.message) == ("cancelled", "Cancelled; the champion is unchanged.")
    with translation.override("hi"):
        told = promotion_message(promotion)
    assert told != promotion.message
    # Once as what has just been done, once as how it ended the last time.
    assert (page.count(told), page.count(promotion.message)) == (2, 0)


def test_the_page_of_a_version_tells_all_of_its_promotions_in_the_readers_language(
    champion: ModelVersion, candidate: ModelVersion, client: Client
) -> None:
    messages = [
        "It was measured against no model, but tiny is the champion now; measure it anew, or give a reason.",
        "There is no model in other: model.json is missing.",
    ]
    for message in messages:
        ended(candidate, message)
    client.force_login(model_admin())
    address = reverse("admin:mlcore_modelversion_change", args=[candidate.public_id])
    english = client.get(address).content.decode()
    assert all(message in english for message in messages)
    with translation.override("hi"):
        hindi = client.get(address, headers={"accept-language": "hi"}).content.decode()
    assert not any(message in hindi for message in messages)
    assert "other में कोई मॉडल नहीं है: model.json नहीं मिली।" in hindi
    assert "no model" not in hindi


def test_a_promotion_that_goes_on_says_nothing_and_what_nobody_translates_stays(candidate: ModelVersion) -> None:
    assert promotion_message(asked(candidate)) == ""
    with translation.override("hi"):
        stored = ended(candidate, "Nobody translates this.")
        assert promotion_message(stored) == "Nobody translates this."
        promotion_cancel(promotion=Promotion.objects.get(state="queued"), actor=None)
