"""Reading a .po file and the sentences of the sources, without the gettext tools."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
HINDI = ROOT / "locale" / "hi" / "LC_MESSAGES" / "django.po"
SOURCES = ("customers", "mlcore", "sigweb", "verification", "templates")

# The place of the sentences among the arguments of each function: context, singular, plural.
_PLACES = {
    "_": (None, 0, None),
    **dict.fromkeys(("gettext", "gettext_lazy", "gettext_noop"), (None, 0, None)),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (None, 0, 1)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), (0, 1, None)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), (0, 1, 2)),
}
_LITERAL = r"""u?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
_IN_TEMPLATES = re.compile(rf"\b(_|n?p?gettext)\(\s*({_LITERAL}(?:\s*,\s*{_LITERAL})*)", re.DOTALL)

Key = tuple[str, str]


@dataclass(slots=True)
class Entry:
    """One sentence of a catalogue. translations: one, or as many as the language has plural forms."""

    context: str = ""
    singular: str = ""
    plural: str = ""
    translations: dict[int, str] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()

    @property
    def key(self) -> Key:
        return self.context, self.singular


def read_catalogue(path: Path) -> dict[Key, Entry]:
    """The entries of a .po file by context and sentence, the header under ("", "") among them."""
    found: dict[Key, Entry] = {}
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#~")]
        if any(not line.startswith("#") for line in lines):
            entry = _entry(lines)
            assert entry.key not in found, f"{entry.key} stands twice in {path.name}"
            found[entry.key] = entry
    return found


def _entry(lines: list[str]) -> Entry:
    values: dict[str, str] = {}
    flags: list[str] = []
    keyword = ""
    for line in lines:
        if line.startswith("#,"):
            flags += [flag.strip() for flag in line[2:].split(",")]
        elif line.startswith("#"):
            continue
        elif line.startswith('"'):
            values[keyword] += ast.literal_eval(line)
        else:
            keyword, _, literal = line.partition(" ")
            values[keyword] = ast.literal_eval(literal)
    translations = {
        int(keyword[7:-1] or 0) if keyword != "msgstr" else 0: text
        for keyword, text in values.items()
        if keyword.startswith("msgstr")
    }
    return Entry(
        values.get("msgctxt", ""),
        values["msgid"],
        values.get("msgid_plural", ""),
        translations,
        frozenset(flags),
    )


def sentences_of_sources() -> dict[Key, str]:
    """Every marked sentence of the product's Python files and templates, with the file it stands in."""
    found: dict[Key, str] = {}
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            where = str(path.relative_to(ROOT))
            if path.suffix == ".py":
                found |= dict.fromkeys(_of_python(path.read_text(encoding="utf-8")), where)
            elif path.suffix in {".html", ".svg"} and "static" not in path.parts:
                found |= dict.fromkeys(_of_template(path.read_text(encoding="utf-8")), where)
    return found


def _of_python(source: str) -> Iterator[Key]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _PLACES:
            texts = [one.value if isinstance(one, ast.Constant) else None for one in node.args]
            yield from _key(node.func.id, texts)


def _of_template(source: str) -> Iterator[Key]:
    for name, literals in _IN_TEMPLATES.findall(templatize(source)):
        yield from _key(name, [ast.literal_eval(literal) for literal in re.findall(_LITERAL, literals, re.DOTALL)])


def _key(name: str, texts: list[object]) -> Iterator[Key]:
    context, singular, _ = _PLACES[name]
    text = texts[singular] if len(texts) > singular else None
    if isinstance(text, str):
        yield (str(texts[context]) if context is not None else "", text)
