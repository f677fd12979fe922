"""How a training ended is stored in English and told in the reader's language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

import mlcore
from mlcore.evaluation.gate import _verdict
from mlcore.models import GateReport, ModelVersion
from mlcore.retraining.gate_words import gate_in_words
from mlcore.retraining.run_words import CLOSINGS, run_message
from mlcore.retraining.runs import run_cancel
from tests.mlcore.retraining.candidates import make_candidate
from tests.mlcore.retraining.making import make_run, model_admin, succeeded
from tests.mlcore.retraining.test_gate_words import trial

pytestmark = pytest.mark.django_db

ROOT = Path(mlcore.__file__).parent


def texts(node: ast.AST) -> Iterator[str]:
    """What is given to gettext within a part of a program."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("_", "gettext_noop"):
            yield str(ast.literal_eval(call.args[0]))


def said() -> Iterator[str]:
    """Every closing sentence: all of execute, what `compared` returns, and what runs ends with."""
    execute, comparing, runs = (
        ast.parse((ROOT / path).read_text(encoding="utf-8"))
        for path in ("trainer/execute.py", "trainer/comparing.py", "retraining/runs.py")
    )
    yield from texts(execute)
    for function in ast.walk(comparing):
        if isinstance(function, ast.FunctionDef) and function.name == "compared":
            for node in ast.walk(function):
                if isinstance(node, ast.Return):
                    yield from texts(node)
    for node in ast.walk(runs):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_end":
            yield from texts(node)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "message":
            yield from texts(node)


def test_every_closing_sentence_is_known_and_no_other() -> None:
    assert set(said()) == set(CLOSINGS)


def test_each_is_told_in_hindi() -> None:
    for closing in CLOSINGS:
        stored = closing.replace("%(why)s", "EIO").replace("%(kind)s", "KeyError").replace("%(times)d", "3")
        run = make_run(state="failed", message=stored.replace("%(rest)s", "The champion is untouched."))
        assert run_message(run) == run.message
        with translation.override("hi"):
            told = run_message(run)
        assert not any(word in told for word in (" the ", "The ", "Cancelled", "%(")), told


def test_a_loss_that_is_no_number_is_told_in_the_readers_language_on_the_page(client: Client) -> None:
    stored = "The loss is not a number at step 130. The last checkpoint is kept. The champion is untouched."
    run = make_run(state="failed", message=stored)
    client.force_login(model_admin())
    page = reverse("admin:mlcore_trainingrun_change", args=[run.public_id])
    assert stored in client.get(page).content.decode()
    with translation.override("hi"):  # and back to what it was, which the request alone would not do
        told = client.get(page, headers={"accept-language": "hi"}).content.decode()
    assert "चरण 130 पर हानि कोई संख्या नहीं है। पिछला चेकपॉइंट रखा गया है। चैंपियन वैसा ही है।" in told
    assert stored not in told


def test_what_the_gate_found_is_told_in_the_words_of_the_comparison(champion: ModelVersion) -> None:
    candidate = make_candidate()
    report = _verdict([trial("customers", -0.005, 0.005)], {"customers": [2], "elsewhere": [2]}, ())
    GateReport.objects.create(candidate=candidate, champion=champion, promotable=False, report=report)
    run = succeeded(candidate, message=f"The candidate does not pass the gate: {' '.join(report['sentences'])}")
    assert run_message(run) == f"The candidate does not pass the gate: {' '.join(gate_in_words(report))}"
    with translation.override("hi"):
        told = run_message(run)
        assert told == f"प्रत्याशी जाँच-द्वार पार नहीं करता: {' '.join(gate_in_words(report))}"
    assert "संयोग से परे कुछ भी बेहतर नहीं हुआ।" in told


def test_who_cancels_in_hindi_leaves_an_english_record() -> None:
    run = make_run()
    with translation.override("hi"):
        run_cancel(run=run, actor=None)
        run.refresh_from_db()
        assert run.message == "Cancelled before it had begun."
        assert run_message(run) == "शुरू होने से पहले ही रद्द किया गया।"


def test_a_run_that_goes_on_says_nothing() -> None:
    assert run_message(make_run()) == ""
