from __future__ import annotations

import pytest

from customers.advice import advice_on, specimen_advice
from customers.models import Specimen
from mlcore.imaging import quality
from mlcore.imaging.types import Remark

REMARKS = [value for value in vars(quality).values() if isinstance(value, Remark)]


def test_there_are_remarks_to_advise_on() -> None:
    assert len(REMARKS) >= 11


@pytest.mark.parametrize("remark", REMARKS, ids=lambda remark: remark.code)
def test_every_remark_of_imaging_has_a_finding_and_a_step(remark: Remark) -> None:
    advice = advice_on(code=remark.code, sentence=remark.sentence)
    assert advice.finding.endswith(".")
    assert advice.step.endswith(".")
    assert advice.step not in remark.sentence


def test_a_code_that_is_not_known_keeps_its_sentence() -> None:
    assert advice_on(code="new", sentence="Something else.").finding == "Something else."
    assert advice_on(code="new", sentence="Something else.").step == ""


def test_a_specimen_is_advised_on_by_what_was_stored_with_it() -> None:
    stored = {"remarks": [{"code": "pale", "sentence": "x"}, {"sentence": "Old."}]}
    assert [one.finding for one in specimen_advice(specimen=Specimen(quality=stored))] == ["The ink is pale.", "Old."]
    assert specimen_advice(specimen=Specimen(quality={})) == ()
