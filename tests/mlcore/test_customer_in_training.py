from __future__ import annotations

import uuid

import pytest
from django.core.management import CommandError, call_command

from sigweb.audit.models import AuditEvent
from tests.mlcore.making import make_customer
from tests.mlcore.retraining.making import make_run
from tests.mlcore.retraining.test_membership import make_version, trained, using

pytestmark = pytest.mark.django_db


def said(given: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    call_command("customer_in_training", given)
    return capsys.readouterr().out.splitlines()


def test_it_prints_snapshots_runs_and_versions(capsys: pytest.CaptureFixture[str]) -> None:
    customer = make_customer()
    first = trained("first", snapshot := using(customer.public_id, specimens=4, decisions=2))
    trained("second", held := using(customer.public_id, held_out=True), parent=first)
    make_version("theirs")
    runs = {version.name: version.training_run for version in type(first).objects.filter(training_run__isnull=False)}
    for given in (customer.number, str(customer.public_id)):
        assert said(given, capsys) == [
            f"Customer {customer.public_id}",
            "Learnt from: model versions below hold something of what was learnt.",
            f"  snapshot {held}, run {runs['second'].public_id} (succeeded): 3 specimens, 0 decisions, held out",
            f"  snapshot {snapshot}, run {runs['first'].public_id} (succeeded): 4 specimens, 2 decisions, trained on",
            "  model version second (candidate): measured with, goes on from first",
            "  model version first (candidate): trained on",
            "Not made here, so what they learnt from is not on record: theirs",
        ]
    assert AuditEvent.objects.filter(action="customer.training_looked_up", actor=None).count() == 2


def test_who_is_in_none_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    nobody = uuid.uuid4()
    assert said(str(nobody), capsys) == [
        f"Customer {nobody}, not here now",
        "In none: no training here has used a signature of this customer.",
    ]


@pytest.mark.parametrize(("held_out", "answer"), [(True, "never learnt from"), (False, "no model version has come")])
def test_what_came_to_nothing_is_told(held_out: bool, answer: str, capsys: pytest.CaptureFixture[str]) -> None:
    customer = uuid.uuid4()
    make_run(state="failed", snapshot=using(customer, held_out=held_out))
    assert answer in said(str(customer), capsys)[1]


def test_a_number_of_nobody_is_an_error() -> None:
    with pytest.raises(CommandError, match="only the public id is known"):
        call_command("customer_in_training", "NOBODY-1")
