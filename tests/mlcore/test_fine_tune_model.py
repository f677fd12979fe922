"""Fine-tuning from the command line, on genuine signatures alone: a model that installs, and sentences."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from mlcore.bundle import BASE_DIRECTORY, load_bundle, write_bundle
from mlcore.embedding.export import export_network
from mlcore.models import ModelVersion
from mlcore.runtime import file_digest
from mlcore.synthesis import make_signer, signature_png
from tests.mlcore.embedding.graphs import plain_graphs

__all__ = ["plain_graphs"]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("plain_graphs")]

WRITERS = 8


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A model folder with a small untrained network under the shipped decision; such networks are built here."""
    from mlcore.embedding.network import build_network

    folder = tmp_path_factory.mktemp("start")
    small = partial(build_network, ((8, 1), (8, 0), (16, 0)), stem=8)
    keras.utils.set_random_seed(1)
    keras_file, onnx_file = export_network(small(), folder / "export")
    shipped = load_bundle(BASE_DIRECTORY)
    facts = {"decision": shipped.manifest["decision"], "figures": shipped.manifest["figures"]}
    write_bundle(
        folder / "model", name="start", keras_file=keras_file, onnx_file=onnx_file, scorer=shipped.scorer, facts=facts
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlcore.embedding.network.build_network", small)
        yield folder / "model"


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Genuine signatures alone, two a writer and one of the first; a broken file, and one kept for measuring."""
    folder = tmp_path_factory.mktemp("scans")
    lines = ["path,dataset,writer,label,split"]
    for writer in range(WRITERS):
        for index in range(2 if writer else 1):
            (folder / f"{writer}-{index}.png").write_bytes(signature_png(make_signer(writer + 1), index))
            lines.append(f"{writer}-{index}.png,bank,{writer},genuine,")
    (folder / "broken.png").write_bytes(b"no image")
    lines += ["broken.png,bank,1,genuine,", "1-0.png,bank,99,genuine,test"]
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(autouse=True)
def few_signers(settings: Any) -> None:
    settings.REHEARSAL_SIGNERS, settings.COMPARED_SIGNERS = 2, 3


def fine_tune(model: Path, images: Path, folder: Path, **options: object) -> str:
    """What the command printed."""
    defaults = {"start": model, "data": images, "steps": 2, "name": "tuned", "work": folder / "work"}
    told = StringIO()
    call_command("fine_tune_model", stdout=told, **{**defaults, "output": folder / "tuned", **options})
    return told.getvalue()


@pytest.mark.django_db
def test_genuine_signatures_alone_give_a_model_that_installs(
    start: Path, scans: Path, tmp_path: Path, settings: Any
) -> None:
    told = fine_tune(start, scans, tmp_path).splitlines()
    assert told[0] == "1 image could not be used."
    assert told[1].startswith(f"Model tuned is in {tmp_path / 'tuned'}, digest ")
    before, after = load_bundle(start), load_bundle(tmp_path / "tuned")
    # The first writer's only signature counts twice; four forgeries are made of each.
    assert after.manifest["data"] == {
        "customers": {"writers": WRITERS, "genuine": 2 * WRITERS, "forged": 4 * WRITERS},
        "synthetic": {"writers": 2, "genuine": 12, "forged": 8},
    }
    assert after.manifest["training"] == {
        "steps": 2,
        "seed": 1,
        "rehearsal_signers": 2,
        "parent": before.digest,
        "manifest": file_digest(scans / "manifest.csv"),
        "refused": 1,
    }
    assert after.carried_over
    assert after.manifest["decision"] == before.manifest["decision"]
    assert "figures" not in after.manifest  # those are of the network before
    old, new = (keras.models.load_model(bundle.keras_file, compile=False) for bundle in (before, after))
    moved = [not np.array_equal(a, b) for a, b in zip(old.get_weights(), new.get_weights(), strict=True)]
    assert any(moved) and not all(moved)  # its beginning is frozen
    for count, head in before.scorer.heads.items():
        stretch, _shift = after.manifest["equated"][str(count)]
        assert np.allclose(after.scorer.heads[count].weights, stretch * head.weights)
        assert after.scorer.calibrations[count].t_match == before.scorer.calibrations[count].t_match
    settings.MODELS_DIR = tmp_path
    call_command("install_model", "tuned", stdout=StringIO())
    assert ModelVersion.objects.get(name="tuned").state == ModelVersion.State.CANDIDATE
    with pytest.raises(CommandError, match="There is a model in"):
        fine_tune(start, scans, tmp_path)


def test_too_few_writers_are_a_sentence_before_anything_is_drawn(start: Path, scans: Path, tmp_path: Path) -> None:
    lines = (scans / "manifest.csv").read_text().splitlines()
    few = [line for line in lines if ",bank,7," not in line]
    folder = with_manifest(scans, few, tmp_path)
    sentence = r"^There are 7 writers with a genuine signature to learn from; at least 8 are needed\.$"
    with pytest.raises(CommandError, match=sentence):
        fine_tune(start, folder, tmp_path)
    measured = with_manifest(scans, [lines[0], lines[-1]], tmp_path)
    with pytest.raises(CommandError, match=r"lines of the splits validation and test alone; those are kept apart\.$"):
        fine_tune(start, measured, tmp_path)
    assert not (tmp_path / "corpus").exists()


def with_manifest(scans: Path, lines: list[str], folder: Path) -> Path:
    (folder / "data").mkdir(exist_ok=True)
    for scan in scans.glob("*.png"):
        if not (folder / "data" / scan.name).exists():
            (folder / "data" / scan.name).symlink_to(scan)
    (folder / "data" / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder / "data"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"steps": 0}, r"^--steps takes a number above 0\.$"),
        ({"seed": 0}, r"^--seed takes a number above 0\.$"),
        ({"start": Path("nowhere")}, r"^There is no model in nowhere: model\.json is missing\.$"),
        ({"data": Path("nowhere")}, r"^There is no manifest\.csv in nowhere"),
    ],
)
def test_options_that_make_no_sense_get_a_sentence(
    start: Path, scans: Path, tmp_path: Path, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        fine_tune(start, scans, tmp_path, **options)
