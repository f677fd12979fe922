from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from django.utils import translation

import mlcore
from mlcore.imaging import ImageRefused, Limits, decode
from mlcore.imaging.pdf import SENTENCES
from mlcore.selectors import NoChampion
from mlcore.sentences import COLLECTED, ENDINGS, EXCHANGED, refusal_in_words, sentence_in_words, stored_in_words

ROOT = Path(mlcore.__file__).parent
SAYING = {"ImageRefused", "Remark", "Reason", "SpecimenUnusable"}


def said() -> Iterator[str]:
    """Every sentence written out where the science, or what embeds specimens, says something with a code."""
    for path in [*ROOT.glob("imaging/*.py"), *ROOT.glob("scoring/*.py"), ROOT / "services.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in SAYING:
                continue
            second = node.args[1] if len(node.args) > 1 else None
            if isinstance(second, ast.Constant) and isinstance(second.value, str):
                yield second.value
    yield from SENTENCES.values()


def test_every_sentence_of_the_science_is_collected_for_translation() -> None:
    assert set(said()) - set(COLLECTED) == set()


def test_nothing_is_collected_that_nobody_says() -> None:
    # One is chosen by a condition within mlcore.services, where the search above does not see it.
    assert set(COLLECTED) - set(said()) == {"No signature was found on the stored image."}


def test_a_refusal_is_told_in_the_readers_language_with_its_values() -> None:
    with pytest.raises(ImageRefused) as refused:
        decode(b"x" * (3 * 1024 * 1024), limits=Limits(max_bytes=2 * 1024 * 1024))
    with translation.override("hi"):
        told = refusal_in_words(refused.value)
    assert "2 MB" in told
    assert told != refused.value.sentence
    with translation.override("en"):
        assert refusal_in_words(refused.value) == refused.value.sentence == str(refused.value)


def test_a_stored_sentence_is_told_in_the_readers_language() -> None:
    with translation.override("hi"):
        assert sentence_in_words("The picture is too poor for a sure verdict.") == ("चित्र पक्के निष्कर्ष के लिए बहुत ख़राब है।")
        assert sentence_in_words("Nobody translates this.") == "Nobody translates this."
        assert sentence_in_words("") == ""


ERRORS = {"DataError", "TrainingStopped", "CheckpointError", "ExportError", "FitError", "ArtefactError"}
# Where a training run passes through; what these say can end it.
PASSED = (
    *("embedding/training.py", "embedding/checkpoint.py", "embedding/export.py", "embedding/finetuning.py"),
    *("embedding/sampling.py", "embedding/corpus.py", "scoring/equating.py", "scoring/own_head.py"),
    *("trainer/gathering.py", "trainer/making.py", "trainer/measuring.py", "bundle.py", "runtime.py"),
)
ELSEWHERE = {
    "There is nothing to train on: name images, pen recordings or a number of synthetic signers.",
    "Every data set of manifest.csv is left out; nothing remains to train on.",
    "The stored description of a specimen has another format; it must be made anew.",
}


def skeleton(node: ast.expr) -> str | None:
    """A sentence as it is written, with a mark for each value."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(skeleton(part) or "\0" for part in node.values)
    return None


def raised(paths: Iterable[str], errors: set[str]) -> Iterator[str | None]:
    """What these errors are made with in these files; None where it is not written out."""
    for path in paths:
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in errors:
                yield skeleton(node.args[0])


def endings_said() -> Iterator[str]:
    for sentence in raised(PASSED, ERRORS):
        yield sentence or pytest.fail("what an error says can not be read")


def test_whatever_ends_a_training_is_collected_for_translation() -> None:
    collected = {re.sub(r"%\(\w+\)s", "\0", wording) for wording in ENDINGS}
    said = {sentence.removesuffix("\0") if sentence.endswith(".\0") else sentence for sentence in endings_said()}
    assert said - collected == ELSEWHERE
    # Said by what is called there, in pieces or without an error of its own.
    assert collected - said == {
        "Not one signature of the synthetic signers could be used.",
        "What was there before lies in \0.",
        "The last checkpoint is kept.",
        "There is no checkpoint yet.",
        "to start from",
        "the disk is full",
        str(NoChampion()),
    }


def test_whatever_refuses_a_file_is_collected_for_translation() -> None:
    collected = {re.sub(r"%\(\w+\)[sd]", "\0", wording) for wording in EXCHANGED}
    said = set(raised(["exchange.py", "retraining/exchange.py"], {"ExchangeRefused"}))
    # What the bundle says of the folder that the file was unpacked to; one is told of the files of any model.
    of_the_bundle = {
        sentence.replace("The model \0", "The model in this file", 1)
        for sentence in raised(["bundle.py"], {"ArtefactError"})
        if sentence and sentence.startswith("The model \0 ")
    }
    never = {sentence for sentence in of_the_bundle if "on record" in sentence or "written" in sentence}
    assert collected == (said | of_the_bundle) - never - {None}


def test_what_is_wrong_with_a_file_is_told_in_the_readers_language() -> None:
    damaged = "The model in this file is damaged: the figures in model.json can not be read."
    with translation.override("hi"):
        told = stored_in_words(damaged, EXCHANGED + ENDINGS)
        assert told == "इस फ़ाइल का मॉडल क्षतिग्रस्त है: model.json के आँकड़े पढ़े नहीं जा सकते।"
        told = stored_in_words("The model in this file has no usable name of at most 80 characters.", EXCHANGED)
        assert told == "इस फ़ाइल के मॉडल का अधिकतम 80 अक्षरों का कोई उपयोगी नाम नहीं है।"
        told = stored_in_words("The model could not be stored: the disk is full.", EXCHANGED + ENDINGS)
        assert told == "मॉडल सहेजा नहीं जा सका: डिस्क भर गई है।"


def test_stored_sentences_are_told_one_after_the_other_with_their_values() -> None:
    stored = (
        "There are 3 customers to learn from; at least 8 are needed. Enrol more first. "
        "There is no model in run-1: model.json is missing. What was there before lies in run-1.old."
    )
    assert stored_in_words(stored) == stored
    with translation.override("hi"):
        assert stored_in_words(stored) == (
            "सीखने के लिए 3 ग्राहक हैं; कम से कम 8 चाहिए। पहले और पंजीकृत करें। "
            "run-1 में कोई मॉडल नहीं है: model.json नहीं मिली। वहाँ पहले जो था वह run-1.old में है।"
        )


def test_a_value_that_is_a_sentence_is_told_too() -> None:
    with translation.override("hi"):
        assert stored_in_words("The model run-1 could not be written: the disk is full.") == (
            "मॉडल run-1 लिखा नहीं जा सका: डिस्क भर गई है।"
        )
        assert stored_in_words("Why: it rains. It is wet.", ("Why: %(why)s",), {"it rains. It is wet.": "वर्षा"}) == (
            "Why: वर्षा"
        )


def test_what_nobody_translates_stays_as_it_was_stored() -> None:
    stored = "The training ended before its last step. Nobody translates this. Nor this."
    with translation.override("hi"):
        told = stored_in_words(stored)
    assert told == "प्रशिक्षण अपने अंतिम चरण से पहले समाप्त हो गया। Nobody translates this. Nor this."
    assert stored_in_words("") == ""
