from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from customers.importing import folder_import, folders_found
from customers.models import Customer, Specimen
from sigweb.accounts.models import User
from tests.customers.making import blank, branch, customer, signature, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def teller() -> User:
    return user("teller", username="tara")


@pytest.fixture
def supervisor() -> User:
    return user("supervisor", username="susan")


def folder(parent: Path, name: str, *pictures: bytes, title: str = "") -> Path:
    made = parent / name
    made.mkdir()
    for index, data in enumerate(pictures, 1):
        (made / f"{index}.png").write_bytes(data)
    if title:
        (made / "name.txt").write_text(title, encoding="utf-8")
    return made


def test_folders_are_read_in_natural_order_with_their_names(tmp_path: Path) -> None:
    folder(tmp_path, "10", b"x")
    folder(tmp_path, "9 - Ann Lee")
    folder(tmp_path, "8 - Wrong", title="  José Müller \nmore\n")
    folder(tmp_path, "A-7")
    folder(tmp_path, ".hidden")
    (tmp_path / "loose.png").write_bytes(b"x")
    (tmp_path / "10" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "10" / "10.png").write_bytes(b"x")
    (tmp_path / "10" / "2.png").write_bytes(b"x")
    found = list(folders_found(tmp_path))
    assert [(each.number, each.name) for each in found] == [
        ("8", "José Müller"),
        ("9", "Ann Lee"),
        ("10", "10"),
        ("A-7", "A-7"),
    ]
    ten = found[2]
    assert [path.name for path in ten.pictures] == ["1.png", "2.png", "10.png"]


def test_a_customer_is_enrolled_and_approved_and_a_second_run_changes_nothing(
    tmp_path: Path, teller: User, supervisor: User
) -> None:
    folder(tmp_path, "4711 - José Müller", signature(1), signature(2), blank(), b"junk", signature(1))
    ask = {"branch": branch(), "enrol_as": teller, "approve_as": supervisor}
    (found,) = folders_found(tmp_path)
    result = folder_import(folder=found, **ask)  # type: ignore[arg-type]
    assert (result.enrolled, result.approved, result.known) == (2, 2, 0)
    assert len(result.remarks) == 3
    assert all(remark.startswith("4711 - José Müller/") for remark in result.remarks)
    made = Customer.objects.get()
    assert (made.number, made.name, made.specimens.filter(state="approved").count()) == ("4711", "José Müller", 2)
    again = folder_import(folder=found, **ask)  # type: ignore[arg-type]
    assert (again.enrolled, again.approved, again.known) == (0, 0, 3)
    assert Specimen.objects.exclude(state="draft").count() == 2


def test_a_run_that_was_stopped_goes_on_where_it_stood(tmp_path: Path, teller: User, supervisor: User) -> None:
    made = folder(tmp_path, "4711", signature(1))
    (found,) = folders_found(tmp_path)
    folder_import(folder=found, branch=branch(), enrol_as=teller)
    assert Specimen.objects.get().state == "pending"
    (made / "2.png").write_bytes(signature(2))
    (found,) = folders_found(tmp_path)
    result = folder_import(folder=found, branch=branch(), enrol_as=teller, approve_as=supervisor)
    assert (result.enrolled, result.approved, result.known) == (1, 2, 1)


def test_what_finds_no_room_is_left_out_with_a_sentence(tmp_path: Path, teller: User) -> None:
    folder(tmp_path, "4711", *(signature(seed) for seed in range(1, 10)))
    (found,) = folders_found(tmp_path)
    result = folder_import(folder=found, branch=branch(), enrol_as=teller)
    assert result.enrolled == 7
    assert [remark.split(":")[0] for remark in result.remarks] == ["4711/8.png", "4711/9.png"]
    assert "as many specimens as allowed" in result.remarks[0]


@pytest.mark.parametrize(
    ("name", "words"), [("a_b", "digits and letters"), ("4711", "no picture that can be enrolled")]
)
def test_a_folder_that_is_no_customer_is_told(tmp_path: Path, teller: User, name: str, words: str) -> None:
    folder(tmp_path, name, blank())
    (found,) = folders_found(tmp_path)
    result = folder_import(folder=found, branch=branch(), enrol_as=teller)
    assert any(words in remark for remark in result.remarks)
    assert not Customer.objects.exists()


def test_a_closed_customer_and_the_same_person_twice_are_told(tmp_path: Path, teller: User) -> None:
    customer(number="1", status="closed")
    folder(tmp_path, "1", signature(1))
    folder(tmp_path, "2", signature(2))
    closed, own = folders_found(tmp_path)
    assert "closed" in folder_import(folder=closed, branch=branch(), enrol_as=teller).remarks[0]
    result = folder_import(folder=own, branch=branch(), enrol_as=teller, approve_as=teller)
    assert (result.enrolled, result.approved) == (1, 0)
    assert "another person" in result.remarks[-1]


def test_a_file_that_can_not_be_opened_is_told(tmp_path: Path, teller: User) -> None:
    made = folder(tmp_path, "4711", signature(1))
    (found,) = folders_found(tmp_path)
    (made / "1.png").unlink()
    result = folder_import(folder=found, branch=branch(), enrol_as=teller)
    assert "No such file" in result.remarks[0]


# --- the command -------------------------------------------------------------------------------------------


def test_the_command_says_what_it_did(
    tmp_path: Path, teller: User, supervisor: User, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(tmp_path, "4711 - José Müller [x]", signature(1), b"junk")
    call_command("import_customers", str(tmp_path), "--enrol-as", "tara", "--approve-as", "susan")
    said = capsys.readouterr().out
    assert "4711 - José Müller [x]/2.png: " in said
    assert "1 folders: 1 specimens enrolled, 1 approved, 0 stored already, 1 remarks." in said


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
