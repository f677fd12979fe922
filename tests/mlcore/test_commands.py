"""Measuring from the command line, on synthetic signers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mlcore.bundle import BASE_DIRECTORY, load_bundle
from mlcore.embedding.sources import Row
from mlcore.evaluation import honesty_card
from mlcore.evaluation.gathered import Gathered
from tests.mlcore.bundles import make_scorer, write_network
from tests.mlcore.embedding.signers import write_manifest


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("signers"), writers=15, genuine=8, forged=2)


@pytest.fixture
def few_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Typical failures are looked for among 5 signers instead of 40."""
    from mlcore.evaluation import failures

    monkeypatch.setattr(failures, "typical_failures", partial(failures.typical_failures, signers=5))


def test_a_model_is_measured_into_a_table_json_and_plots(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], few_failures: None
) -> None:
    from mlcore.bundle import write_bundle

    (tmp_path / "x.keras").write_bytes(b"x")
    onnx_file = write_network(tmp_path / "x.onnx")
    model = write_bundle(
        tmp_path / "tiny",
        name="tiny",
        keras_file=tmp_path / "x.keras",
        onnx_file=onnx_file,
        scorer=make_scorer(),
        facts={},
    )
    call_command(
        "evaluate_model", data=data, split="test", references="1,3", model=model,
        json=tmp_path / "out" / "figures.json", plots=tmp_path / "plots",
    )  # fmt: skip
    report = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert report["model_version"] == "tiny"
    assert report["datasets"]["synthetic"]["writers"] == 5
    assert set(report["all"]["references"]) == {"1", "3"}
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {
        "calibration.png", "det.png", "failures.png", "scores.png",
    }  # fmt: skip
    printed = capsys.readouterr().out
    assert "Model tiny" in printed
    assert "What the thresholds state" in printed
    assert "Stated rates that hold on all writers pooled" in printed
    assert "honesty" not in report


def test_honesty_is_measured_where_it_is_asked_for(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys
    from types import ModuleType

    from rich.table import Table

    class Report:
        def as_dict(self) -> dict[str, object]:
            return {"shortcuts": 0.5}

        def tables(self) -> list[Table]:
            return [Table("Honesty of the model")]

    asked: list[Gathered] = []

    def measure_honesty(rows: Sequence[Row], bundle: object, tell: object, *, gathered: Gathered) -> Report:
        assert gathered.data.rows == tuple(rows)
        asked.append(gathered)
        return Report()

    stand_in = ModuleType("mlcore.evaluation.honesty")
    stand_in.measure_honesty = measure_honesty  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mlcore.evaluation.honesty", stand_in)
    card = honesty_card.BEGIN + "\n" + honesty_card.END + "\n"
    (tmp_path / "README.md").write_text(card, encoding="utf-8")
    monkeypatch.setattr(honesty_card, "honesty_markdown", lambda figures: f"### {figures}\n")
    call_command(
        "evaluate_model", data=data, split="test", references="1", json=tmp_path / "f.json", honesty=True, card=tmp_path
    )
    assert json.loads((tmp_path / "f.json").read_text())["honesty"] == {"shortcuts": 0.5}
    assert json.loads((tmp_path / "honesty.json").read_text()) == {
        "model_version": "base",
        "digest": load_bundle(BASE_DIRECTORY).digest,
        "split": "test",
        "honesty": {"shortcuts": 0.5},
    }
    assert "### {'shortcuts': 0.5}" in (tmp_path / "README.md").read_text(encoding="utf-8")
    assert len(asked) == 1
    # Read once for both, and the figures are those of a plain evaluation.
    report = json.loads((tmp_path / "f.json").read_text())
    call_command("evaluate_model", data=data, split="test", references="1", json=tmp_path / "plain.json")
    assert {**json.loads((tmp_path / "plain.json").read_text()), "honesty": report["honesty"]} == report
    assert "Honesty of the model" in capsys.readouterr().out


def test_figures_are_kept_when_an_honesty_test_fails(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlcore.evaluation import honesty

    def fails(*args: object, **options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(honesty, "measure_honesty", fails)
    with pytest.raises(MemoryError):
        call_command("evaluate_model", data=data, split="test", references="1", json=tmp_path / "f.json", honesty=True)
    assert json.loads((tmp_path / "f.json").read_text())["datasets"]["synthetic"]["writers"] == 5


def test_what_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], few_failures: None) -> None:
    """No forgeries, one broken image, and nobody with five specimens and one to question."""
    folder = write_manifest(tmp_path / "data", writers=3, genuine=5, forged=0)
    (folder / "signer001" / "genuine_00.png").write_bytes(b"broken")
    plots = tmp_path / "plots"
    call_command("evaluate_model", data=folder, references="3,5", plots=plots, json=tmp_path / "figures.json")
    said = " ".join(capsys.readouterr().out.split())
    for sentence in (
        "1 of 15 images could not be used (unknown_format 1). They are never specimens and count as rejected.",
        "With 5 specimens 3 of 3 writers are left out, who have no usable genuine signature left to question.",
        "Without skilled forgeries in synthetic there is no skilled EER, FAR, FRR at 1 % or Cllr (-).",
        "No DET curve and no histogram of the scores is drawn: with 5 specimens there are not both genuine signatures "
        "and skilled forgeries to question.",
    ):
        assert sentence in said
    assert {path.name for path in plots.iterdir()} == {"calibration.png", "failures.png"}


def test_without_a_split_every_row_is_measured(data: Path, tmp_path: Path) -> None:
    call_command("evaluate_model", data=data, references="1", json=tmp_path / "figures.json")
    assert json.loads((tmp_path / "figures.json").read_text())["all"]["writers"] == 15


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"references": "one"}, "whole numbers"),
        ({"references": "0"}, "from 1 to 7"),
        ({"references": "3,8"}, "from 1 to 7"),
        ({"split": "holiday"}, "no line with split holiday"),
        ({"card": Path("nowhere")}, "add --honesty"),
        ({"card": Path("nowhere"), "honesty": True}, "nowhere/README.md can not be read"),
        ({"model": Path("nowhere")}, "There is no model in nowhere"),
    ],
)
def test_bad_questions_get_a_sentence(data: Path, options: dict[str, object], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("evaluate_model", **{"data": data, **options})
