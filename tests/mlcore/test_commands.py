"""Training and measuring from the command line, on synthetic signers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mlcore.bundle import load_bundle
from tests.mlcore.bundles import make_scorer, write_network
from tests.mlcore.embedding.signers import write_manifest


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("signers"), writers=15, genuine=8, forged=2)


@pytest.mark.slow
def test_a_model_is_trained_fitted_measured_and_written(data: Path, tmp_path: Path) -> None:
    output, work = tmp_path / "model", tmp_path / "work"
    call_command("train_model", data=data, steps=2, name="trial", output=output, work=work)
    bundle = load_bundle(output)
    assert bundle.name == "trial"
    assert bundle.manifest["training"]["steps"] == 2
    assert bundle.manifest["data"]["synthetic"] == {"writers": 5, "genuine": 40, "forged": 10}
    assert set(bundle.manifest["figures"]) == {"validation", "test"}
    assert len(bundle.scorer.cohort.vectors) == 5
    assert json.loads((work / "progress.jsonl").read_text().splitlines()[-1])["step"] == 2

    with pytest.raises(CommandError, match="There is a model in"):
        call_command("train_model", data=data, steps=2, name="trial", output=output, work=work)

    # Started again it finds its checkpoint and only fits and writes anew.
    call_command("train_model", data=data, steps=2, name="trial", output=output, work=work, replace=True)
    assert load_bundle(output).manifest["training"]["steps"] == 2
    assert len((work / "progress.jsonl").read_text().splitlines()) == 1


def test_a_model_is_measured_into_a_table_json_and_plots(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
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
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {"det.png", "scores.png"}
    assert "Model tiny" in capsys.readouterr().out


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
        ({"model": Path("nowhere")}, "There is no model in nowhere"),
    ],
)
def test_bad_questions_get_a_sentence(data: Path, options: dict[str, object], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("evaluate_model", **{"data": data, **options})


def test_training_without_data_gets_a_sentence(tmp_path: Path, data: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no manifest\.csv"):
        call_command("train_model", data=tmp_path, output=tmp_path / "m", work=tmp_path / "w")
    with pytest.raises(CommandError, match="no recordings"):
        call_command("train_model", data=data, recordings=tmp_path)
    with pytest.raises(CommandError, match="above 0"):
        call_command("train_model", data=data, steps=0)
