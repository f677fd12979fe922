from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

import mlcore
from mlcore.imaging import ImageRefused, Limits, decode
from mlcore.imaging.pdf import SENTENCES
from mlcore.sentences import COLLECTED, refusal_in_words, sentence_in_words

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
