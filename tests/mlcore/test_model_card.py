"""A model's card tells what its network and its decision were made of, whatever a foreign manifest says."""

from __future__ import annotations

from typing import Any

from mlcore.model_card import card

MANIFEST: dict[str, Any] = {"name": "tiny", "format": 4, "files": {"network.onnx": "0" * 64}}
DECISION: dict[str, Any] = {
    "manifest": "a" * 64,
    "split": "validation",
    "datasets": {"cedar": {"writers": 9, "genuine": 200, "forged": 180}},
    "refused": 2,
    "trials": {"5": {"genuine": 700, "skilled": 900, "random": 8000}},
}


def test_what_the_decision_was_fitted_on_has_a_heading_of_its_own() -> None:
    told = card({**MANIFEST, "decision": DECISION}, "d" * 64)
    part = told.split("## What its decision was fitted on")[1]
    assert part.split() and "## " not in part
    assert [line for line in part.splitlines() if line] == [
        f"- SHA-256 of manifest.csv: {'a' * 64}",
        "- split: validation",
        "- refused images: 2",
        "- cedar: {'writers': 9, 'genuine': 200, 'forged': 180}",
        "- trials by number of specimens, 5: {'genuine': 700, 'skilled': 900, 'random': 8000}",
    ]


def test_a_manifest_that_does_not_say_or_says_nonsense_has_none() -> None:
    for decision in (None, "validation", [1]):
        assert "fitted on" not in card({**MANIFEST, "decision": decision}, "d" * 64)
    odd = card({**MANIFEST, "decision": {"split": "# a\n| b <script>", "trials": 5}}, "d" * 64)
    assert "- split: # a  b script\n" in odd
    assert not any(letter in odd.split("fitted on")[1] for letter in "|<>")
