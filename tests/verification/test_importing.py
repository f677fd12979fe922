"""Specimens taken over from folders: only the folder's own are approved, and none that is doubtful."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from customers.importing import FolderResult, folder_import, folders_found
from customers.models import Customer, Specimen
from mlcore.models import ModelVersion
from sigweb.accounts.models import User
from tests.customers.making import branch, customer, signature, specimens, user
from tests.customers.test_importing import folder, teller
from tests.verification.test_agreement import MINE, OTHER
from verification.importing import imported_approve

__all__ = ["teller"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor() -> User:
    return user("supervisor", username="susan")


def taken_over(directory: Path, teller: User, supervisor: User) -> FolderResult:
    (found,) = folders_found(directory)
    result = folder_import(folder=found, branch=branch(), enrol_as=teller)
    imported_approve(result=result, enrolled_by=teller, actor=supervisor)
    return result


def states(*rows: Specimen) -> list[str]:
    return [Specimen.objects.get(pk=row.pk).state for row in rows]


def test_what_agrees_is_approved_and_a_second_run_changes_nothing(
    tmp_path: Path, teller: User, supervisor: User, base: ModelVersion
) -> None:
    folder(tmp_path, "4711", *(signature(seed, MINE) for seed in (1, 2, 3)))
    result = taken_over(tmp_path, teller, supervisor)
    assert (result.enrolled, result.approved, result.waiting, result.remarks) == (3, 3, 0, [])
    assert set(Specimen.objects.values_list("state", "approved_by")) == {("approved", supervisor.pk)}
    again = taken_over(tmp_path, teller, supervisor)
    assert (again.enrolled, again.approved, again.waiting, again.remarks) == (0, 0, 0, [])


def test_a_run_that_was_stopped_before_the_approval_is_completed(
    tmp_path: Path, teller: User, supervisor: User, base: ModelVersion
) -> None:
    made = folder(tmp_path, "4711", signature(1, MINE))
    (found,) = folders_found(tmp_path)
    folder_import(folder=found, branch=branch(), enrol_as=teller)
    assert Specimen.objects.get().state == "pending"
    (made / "2.png").write_bytes(signature(2, MINE))
    result = taken_over(tmp_path, teller, supervisor)
    assert (result.enrolled, result.approved, result.known) == (1, 2, 1)


def test_what_was_enrolled_otherwise_goes_on_waiting(
    tmp_path: Path, teller: User, supervisor: User, base: ModelVersion
) -> None:
    known = customer(number="4711")
    foreign = specimens(known, 1)
    uploaded = specimens(known, 1, actor=teller)
    folder(tmp_path, "4711", signature(901))
    result = taken_over(tmp_path, teller, supervisor)
    assert (result.enrolled, result.approved, result.waiting) == (1, 1, 0)
    assert states(*foreign, *uploaded) == ["pending", "pending"]


def test_the_same_picture_enrolled_by_somebody_else_waits_and_is_told(
    tmp_path: Path, teller: User, supervisor: User, base: ModelVersion
) -> None:
    folder(tmp_path, "4711", signature(1, MINE), signature(2, MINE))
    (found,) = folders_found(tmp_path)
    folder_import(folder=found, branch=branch(), enrol_as=user("teller"))
    result = taken_over(tmp_path, teller, supervisor)
    assert (result.approved, result.waiting) == (0, 2)
    assert result.remarks == ["4711: 2 pictures were enrolled by somebody else and wait."]


def test_what_something_speaks_against_waits_and_is_told(
    tmp_path: Path, teller: User, supervisor: User, base: ModelVersion
) -> None:
    made = folder(tmp_path, "4711", *(signature(seed, MINE) for seed in (1, 2, 3)))
    taken_over(tmp_path, teller, supervisor)
    (made / "8.png").write_bytes(signature(1, OTHER))
    for _run in range(2):
        result = taken_over(tmp_path, teller, supervisor)
        assert (result.approved, result.waiting) == (0, 1)
        assert result.remarks == ["4711: 1 picture waits: something speaks against it. Look at it at the customer."]


def test_without_a_model_all_wait(tmp_path: Path, teller: User, supervisor: User) -> None:
    folder(tmp_path, "4711", signature(1))
    result = taken_over(tmp_path, teller, supervisor)
    assert (result.enrolled, result.approved, result.waiting) == (1, 0, 1)
    assert "No model serves" in result.remarks[0]


def test_the_same_person_and_a_closed_customer_are_told(tmp_path: Path, teller: User, supervisor: User) -> None:
    folder(tmp_path, "1", signature(1))
    result = taken_over(tmp_path, teller, teller)
    assert (result.approved, result.waiting) == (0, 1)
    assert "another person" in result.remarks[0]
    Customer.objects.update(status="closed")
    result = taken_over(tmp_path, teller, supervisor)
    assert (result.approved, result.waiting) == (0, 1)
    assert "closed" in result.remarks[0]


def test_a_refused_folder_has_nothing_approved(tmp_path: Path, teller: User, supervisor: User) -> None:
    waiting = specimens(customer(number="1", name="Ann Lee"), 1, actor=teller)
    folder(tmp_path, "1 - José Müller", signature(1))
    assert taken_over(tmp_path, teller, supervisor).approved == 0
    assert states(*waiting) == ["pending"]


# --- the command -------------------------------------------------------------------------------------------


def test_the_command_says_what_it_did(
    tmp_path: Path, teller: User, supervisor: User, base: ModelVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(tmp_path, "4711 - José Müller [x]", signature(1), b"junk")
    call_command("import_customers", str(tmp_path), "--enrol-as", "tara", "--approve-as", "susan")
    said = capsys.readouterr().out
    assert "4711 - José Müller [x]/2.png: " in said
    assert "1 folders: 1 specimens enrolled, 1 approved, 0 left waiting, 0 stored already, 1 remarks." in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--enrol-as", "nobody"], "no active log-in"),
        (["--enrol-as", "susan"], "may not do this"),
        (["--enrol-as", "tara", "--approve-as", "tara"], "may not do this"),
        (["--enrol-as", "tara", "--branch", "zz"], "no branch"),
        (["--enrol-as", "tara"], "holds no folders"),
    ],
)
def test_the_command_refuses_in_plain_words(
    tmp_path: Path, teller: User, supervisor: User, arguments: list[str], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("import_customers", str(tmp_path), *arguments)


def test_the_command_needs_a_folder_and_a_branch(tmp_path: Path, teller: User) -> None:
    with pytest.raises(CommandError, match="is no folder"):
        call_command("import_customers", str(tmp_path / "missing"), "--enrol-as", "tara")
    User.objects.update(branch=None)
    folder(tmp_path, "1", signature(1))
    branch("B2")
    with pytest.raises(CommandError, match="--branch"):
        call_command("import_customers", str(tmp_path), "--enrol-as", "tara")
    call_command("import_customers", str(tmp_path), "--enrol-as", "tara", "--branch", "B2")
    assert Customer.objects.get().branch.code == "B2"


def test_the_only_branch_is_taken_without_asking(tmp_path: Path, teller: User) -> None:
    User.objects.update(branch=None)
    folder(tmp_path, "1", signature(1))
    call_command("import_customers", str(tmp_path), "--enrol-as", "tara")
    assert Customer.objects.get().branch == branch()
