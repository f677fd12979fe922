"""The honesty tests of the shipped model in its card: kept as JSON with the digest of the model, shown as tables."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlcore.evaluation.honesty_tables import WIDTH, honesty_markdown

KEPT, CARD = "honesty.json", "README.md"
BEGIN = "<!-- from here: written by evaluate_model --card -->"
END = "<!-- to here: written by evaluate_model --card -->"


def card_section(kept: Mapping[str, Any]) -> str:
    """What stands between the marks. kept: model_version, digest, split and honesty, as keep_honesty writes them."""
    split = f"the `{kept['split']}` writers" if kept["split"] else "all writers"
    digest = f"the SHA-256 of its `model.json` begins with {kept['digest'][:12]}"
    head = f"Measured on {split} and on synthetic signers with the model `{kept['model_version']}`; {digest}."
    return f"{textwrap.fill(head, WIDTH)}\n\n{honesty_markdown(kept['honesty'])}"


def check_card(folder: Path) -> None:
    """Raise ValueError with a sentence unless `folder` has a card with both marks, once and in order."""
    _parts(folder / CARD)


def keep_honesty(folder: Path, kept: Mapping[str, Any]) -> None:
    """Write honesty.json into `folder` and the tables of it between the marks of the card there.

    Raises ValueError as check_card does, before anything is written.
    """
    before, after = _parts(folder / CARD)
    (folder / KEPT).write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    (folder / CARD).write_text(f"{before}{BEGIN}\n{card_section(kept)}{END}{after}", encoding="utf-8")


def _parts(card: Path) -> tuple[str, str]:
    """What stands before the first mark and after the second."""
    try:
        text = card.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"{card} can not be read.") from None
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in before + after:
        raise ValueError(f"{card} lacks the two lines between which the honesty tests stand: {BEGIN} and {END}")
    return before, after
