from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mlcore.imaging import prepare
from mlcore.synthesis import make_signer, page_png_bytes, signature_png
from mlcore.synthesis.contact_sheet import CELL, contact_sheet, main


def test_a_signature_comes_as_a_grey_png() -> None:
    data = signature_png(make_signer(2), 1)
    page = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert data.startswith(b"\x89PNG")
    assert page.ndim == 2


def test_the_file_is_the_same_for_the_same_seed() -> None:
    signer = make_signer(2)
    assert signature_png(signer, 1) == signature_png(signer, 1)
    assert signature_png(signer, 1) != signature_png(signer, 2)
    assert signature_png(signer, 1) != signature_png(signer, 1, forged_with=0.7)


def test_skill_is_checked() -> None:
    with pytest.raises(ValueError, match="Skill"):
        signature_png(make_signer(2), 1, forged_with=2.0)


def test_the_quality_gate_takes_synthetic_signatures() -> None:
    scans = [signature_png(make_signer(seed), 1, forged_with=skill) for seed in range(20) for skill in (None, 0.6)]
    grades = [prepare(scan).quality.grade for scan in scans]
    assert grades.count("refused") == 0
    assert grades.count("good") >= 36


@pytest.mark.parametrize("page", [np.zeros((0, 5), np.uint8), np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4))])
def test_only_grey_pages_become_files(page: np.ndarray) -> None:
    with pytest.raises(ValueError, match="grey"):
        page_png_bytes(page)


def test_the_contact_sheet_has_a_row_for_each_signer() -> None:
    short, tall = (contact_sheet([make_signer(s) for s in range(count)]) for count in (1, 2))
    assert short.shape[1] > 6 * CELL[0]
    assert tall.shape[0] - short.shape[0] > CELL[1]


def test_the_command_writes_the_sheet(tmp_path: Path) -> None:
    target = tmp_path / "images" / "sheet.png"
    main([str(target), "--signers", "2"])
    assert cv2.imread(str(target), cv2.IMREAD_GRAYSCALE) is not None
