"""The whole report, small."""

from __future__ import annotations

import json
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from mlcore.bundle import load_bundle
from mlcore.embedding.sources import read_manifest
from mlcore.evaluation import honesty
from mlcore.evaluation.heatmaps import heat_maps
from mlcore.evaluation.honesty_tables import honesty_markdown
from mlcore.evaluation.robustness import robustness
from tests.mlcore.bundles import make_bundle
from tests.mlcore.embedding.signers import write_manifest


def test_a_report_is_json_tables_and_markdown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(honesty, "heat_maps", partial(heat_maps, pairs=2))
    monkeypatch.setattr(honesty, "robustness", partial(robustness, references=2, trials=1))
    folder = write_manifest(tmp_path / "data", writers=4, genuine=4, forged=2)
    (folder / "signer001" / "forged_00.png").write_bytes(b"broken")
    told: list[str] = []
    bundle = load_bundle(make_bundle(tmp_path / "tiny"))
    report = honesty.measure_honesty(read_manifest(folder), bundle, lambda title, done, total: told.append(title))

    figures = json.loads(json.dumps(report.as_dict()))
    assert [item["of"] for item in figures["shortcuts"]] == ["file", "canvas"]
    assert figures["shortcuts"][0]["images"] == 4 * 6 - 1
    assert [(item["limit"], item["within"] is None) for item in figures["shortcuts"]] == [(None, True), (0.6, False)]
    assert 0.0 <= figures["robustness"]["clean_eer"] <= 1.0
    for item in figures["robustness"]["disturbed"]:
        assert (item["limit"], item["within"]) == (0.03, item["difference"] <= 0.03)
    *single, pooled = figures["heat_maps"]["found"]
    assert (pooled["alteration"], pooled["limit"], pooled["within"]) == ("all", 0.9, pooled["of_ink"] >= 0.9)
    for item in (*single, *figures["heat_maps"]["varied"]):
        assert (item["limit"], item["within"]) == (None, None)
    assert [item["references"] for item in figures["identification"]] == [1, 3]
    assert list(dict.fromkeys(told)) == ["images", "robustness", "heat maps", "identification"]

    console = Console(width=240, record=True, file=StringIO())
    for table in report.tables():
        console.print(table)
    shown = console.export_text()
    assert len(report.tables()) == report.markdown().count("### ") == 6
    assert report.markdown() == honesty_markdown(figures)
    for text in (shown, report.markdown()):
        assert "JPEG quality 30" in text and "moved" in text and "synthetic" in text
        assert "at most 500 probes" in text
    assert all(line.count("|") > 3 for line in report.markdown().splitlines() if line.startswith("|"))

    limited = 0
    for part in report.markdown().split("### ")[1:]:
        columns, _, *lines = [line.split("|") for line in part.splitlines() if line.startswith("|")]
        for place in (place for place, column in enumerate(columns) if "within the limit" in column):
            said = {line[place].strip() for line in lines}
            assert said <= {"yes", "no", "-"}
            assert said & {"yes", "no"} or "97.0" in columns[place]  # of rank 1 with five specimens, which nobody has
            limited += 1
    assert limited == 6
