"""The card is rewritten between its marks, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlcore.evaluation.honesty_card import BEGIN, END, card_section, check_card, keep_honesty
from tests.mlcore.honesty_figures import figures


def kept() -> dict[str, object]:
    return {"model_version": "tiny", "digest": "0123456789abcdef", "split": "test", "honesty": figures()}


def test_the_tables_stand_between_the_marks_and_the_figures_beside_the_card(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(f"before\n\n{BEGIN}\nold tables\n{END}\n\nafter\n", encoding="utf-8")
    check_card(tmp_path)
    keep_honesty(tmp_path, kept())
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert card == f"before\n\n{BEGIN}\n{card_section(kept())}{END}\n\nafter\n"
    assert json.loads((tmp_path / "honesty.json").read_text(encoding="utf-8")) == kept()
    keep_honesty(tmp_path, kept())
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == card


def test_the_section_names_the_model_and_the_writers() -> None:
    lines = card_section(kept()).partition("\n\n")[0].splitlines()
    head = " ".join(lines)
    assert max(len(line) for line in lines) <= 125
    assert "`test` writers" in head and "`tiny`" in head and "begins with 0123456789ab." in head
    assert card_section({**kept(), "split": None}).startswith("Measured on all writers")


@pytest.mark.parametrize("text", ["no marks", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_a_card_without_the_marks_is_refused_before_anything_is_written(tmp_path: Path, text: str) -> None:
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    for attempt in (lambda: check_card(tmp_path), lambda: keep_honesty(tmp_path, kept())):
        with pytest.raises(ValueError, match="lacks the two lines"):
            attempt()
    assert not (tmp_path / "honesty.json").exists()


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="can not be read"):
        check_card(tmp_path)
