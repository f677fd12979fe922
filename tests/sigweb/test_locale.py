"""The catalogues themselves: complete, well formed, compiled, and of the sentences that are in the sources."""

from __future__ import annotations

import gettext
import re
import shutil
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import django
import pytest
from django.template import Context, Template
from django.utils import translation

from sigweb import borrowed
from tests.catalogues import HINDI, ROOT, Entry, read_catalogue, sentences_of_sources

PLACEHOLDERS = re.compile(r"%\(\w+\)[a-z.0-9]*[sdfr]|%%\w?|%[sd]|\{\w*\}|</?\w+[^>]*>")
# What is the same in every language: a name, and signs.
UNTRANSLATED = {"SigWeb", "…", "%(truncated_text)s…", "(Hidden field %(name)s) %(error)s"}


@pytest.fixture(scope="module")
def catalogue() -> dict[tuple[str, str], Entry]:
    entries = read_catalogue(HINDI)
    entries.pop(("", ""))
    return entries


def test_no_sentence_is_left_untranslated(catalogue: dict[tuple[str, str], Entry]) -> None:
    assert len(catalogue) > 900
    empty = [entry.singular for entry in catalogue.values() if not all(entry.translations.values())]
    assert empty == []


def test_no_translation_is_a_guess_of_the_tools(catalogue: dict[tuple[str, str], Entry]) -> None:
    assert [entry.singular for entry in catalogue.values() if "fuzzy" in entry.flags] == []
    assert "\n#~" not in HINDI.read_text(encoding="utf-8"), "sentences that nobody says any more"


def test_every_plural_form_is_there(catalogue: dict[tuple[str, str], Entry]) -> None:
    header = read_catalogue(HINDI)[("", "")].translations[0]
    assert "nplurals=2" in header
    wrong = [
        entry.singular
        for entry in catalogue.values()
        if sorted(entry.translations) != ([0, 1] if entry.plural else [0])
    ]
    assert wrong == []


def test_translations_keep_placeholders_and_markup(catalogue: dict[tuple[str, str], Entry]) -> None:
    def held(text: str) -> Counter[str]:
        return Counter(PLACEHOLDERS.findall(text))

    wrong = []
    for entry in catalogue.values():
        for form, text in entry.translations.items():
            # The form for one may name its number or not, as the English one or the other does.
            allowed = [entry.singular, entry.plural] if form == 0 else [entry.plural]
            if held(text) not in [held(one) for one in allowed if one]:
                wrong.append((entry.singular, text))
    assert wrong == []


def test_translations_are_hindi(catalogue: dict[tuple[str, str], Entry]) -> None:
    """Devanagari letters in each, no Devanagari digits, no English full stop at the end of a sentence."""
    for entry in catalogue.values():
        for text in entry.translations.values():
            bare = PLACEHOLDERS.sub("", text)
            if entry.singular not in UNTRANSLATED and re.search(r"[A-Za-z]{2}", PLACEHOLDERS.sub("", entry.singular)):
                assert re.search(r"[\u0904-\u0939]", bare), entry.singular
            assert not re.search(r"[\u0966-\u096f]", text), text
            assert not re.search(r"[\u0900-\u097f]\.(\s|$)", text), text
            assert text == text.strip() or entry.singular != entry.singular.strip(), text


def test_the_compiled_catalogue_is_that_of_the_sentences(catalogue: dict[tuple[str, str], Entry]) -> None:
    with HINDI.with_suffix(".mo").open("rb") as compiled:
        made = gettext.GNUTranslations(compiled)
    expected: dict[str | tuple[str, int], str] = {}
    for entry in catalogue.values():
        name = f"{entry.context}\x04{entry.singular}" if entry.context else entry.singular
        if entry.plural:
            expected |= {(name, form): text for form, text in entry.translations.items()}
        else:
            expected[name] = entry.translations[0]
    found = {key: text for key, text in made._catalog.items() if key != ""}  # type: ignore[attr-defined]
    assert found == expected


def test_every_sentence_of_the_sources_is_in_the_catalogue(catalogue: dict[tuple[str, str], Entry]) -> None:
    sources = sentences_of_sources()
    assert len(sources) > 900
    missing = {text: where for (context, text), where in sources.items() if (context, text) not in catalogue}
    assert missing == {}, "Run manage.py makemessages, translate, and compilemessages (docs/guides/admin.md)."


def test_the_catalogue_has_nothing_but_sentences_of_the_sources(catalogue: dict[tuple[str, str], Entry]) -> None:
    assert set(catalogue) - set(sentences_of_sources()) == set()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("xgettext"), reason="The gettext tools are not installed here.")
def test_makemessages_finds_nothing_new(catalogue: dict[tuple[str, str], Entry], tmp_path: Path) -> None:
    for folder in ("customers", "mlcore", "sigweb", "verification", "templates", "locale"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.npy", "*.keras", "*.onnx"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    command = [sys.executable, "manage.py", "makemessages", "--locale", "hi"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    again = read_catalogue(tmp_path / HINDI.relative_to(ROOT))
    again.pop(("", ""))
    assert again == catalogue


def test_what_is_borrowed_is_still_said_by_django() -> None:
    said: set[tuple[str, str]] = set()
    for app in ("conf", "contrib/admin", "contrib/auth", "contrib/humanize", "contrib/contenttypes"):
        path = Path(django.__file__).parent / app / "locale" / "en" / "LC_MESSAGES" / "django.po"
        said |= set(read_catalogue(path))
    source = Path(borrowed.__file__).relative_to(ROOT)
    ours = {key for key, where in sentences_of_sources().items() if where == str(source)}
    assert len(ours) > 150
    assert ours - said == set()


def rendered(template: str, **context: object) -> str:
    return Template("{% load humanize %}" + template).render(Context(context))


def test_hindi_writes_lakh_and_crore_and_plain_digits() -> None:
    with translation.override("hi"):
        assert rendered('{{ n|floatformat:"2g" }}', n=Decimal("1234567.5")) == "12,34,567.50"
        assert rendered("{{ n|intcomma }}", n=98765432) == "9,87,65,432"
    with translation.override("en"):
        assert rendered('{{ n|floatformat:"2g" }}', n=Decimal("1234567.5")) == "1,234,567.50"


def test_hindi_writes_days_and_times_in_its_own_way() -> None:
    when = datetime(2026, 11, 4, 15, 5, tzinfo=UTC)
    with translation.override("hi"):
        assert rendered('{{ when|date:"DATETIME_FORMAT" }}', when=when) == "4 नवंबर 2026, 15:05"
        assert rendered('{{ when|date:"SHORT_DATETIME_FORMAT" }}', when=when) == "04-11-2026, 15:05"
        assert (
            rendered("{{ when|timesince:now }}", when=when, now=datetime(2026, 11, 6, 15, 5, tzinfo=UTC))
            == "2\u00a0दिन"
        )
