from __future__ import annotations

from pathlib import Path

import pytest

from customers.importing import folder_import, folders_found
from customers.models import Customer, Specimen
from sigweb.accounts.models import User
from tests.customers.making import blank, branch, customer, signature, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def teller() -> User:
    return user("teller", username="tara")


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


def test_a_customer_is_enrolled_and_a_second_run_changes_nothing(tmp_path: Path, teller: User) -> None:
    folder(tmp_path, "4711 - José Müller", signature(1), signature(2), blank(), b"junk", signature(1))
    (found,) = folders_found(tmp_path)
    result = folder_import(folder=found, branch=branch(), enrol_as=teller)
    assert (result.enrolled, result.known) == (2, 0)
    assert len(result.remarks) == 3
    assert all(remark.startswith("4711 - José Müller/") for remark in result.remarks)
    made = Customer.objects.get()
    assert (made.number, made.name, made.specimens.filter(state="pending").count()) == ("4711", "José Müller", 2)
    again = folder_import(folder=found, branch=branch(), enrol_as=teller)
    assert (again.enrolled, again.known) == (0, 3)
    assert Specimen.objects.exclude(state="draft").count() == 2


@pytest.mark.parametrize("title", ["Jose Muller", "JOSÉ  müller", ""])
def test_the_name_of_a_known_number_is_compared_as_a_search_does(tmp_path: Path, teller: User, title: str) -> None:
    customer(number="4711", name="José Müller")
    folder(tmp_path, "4711", signature(1), title=title)
    (found,) = folders_found(tmp_path)
    assert folder_import(folder=found, branch=branch(), enrol_as=teller).enrolled == 1


def test_a_folder_of_another_name_is_refused_and_the_next_goes_on(tmp_path: Path, teller: User) -> None:
    customer(number="1", name="Ann Lee")
    folder(tmp_path, "1 - José Müller", signature(1))
    folder(tmp_path, "2 - José Müller", signature(2))
    wrong, right = folders_found(tmp_path)
    refused = folder_import(folder=wrong, branch=branch(), enrol_as=teller)
    assert (refused.enrolled, refused.customer) == (0, None)
    assert "1 - José Müller: The customer of this number has another name" in refused.remarks[0]
    assert folder_import(folder=right, branch=branch(), enrol_as=teller).enrolled == 1
    assert Specimen.objects.get().customer == Customer.objects.get(number="2")


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


def test_a_closed_customer_is_told(tmp_path: Path, teller: User) -> None:
    customer(number="1", status="closed")
    folder(tmp_path, "1", signature(1))
    (closed,) = folders_found(tmp_path)
    assert "closed" in folder_import(folder=closed, branch=branch(), enrol_as=teller).remarks[0]


def test_a_file_that_can_not_be_opened_is_told(tmp_path: Path, teller: User) -> None:
    made = folder(tmp_path, "4711", signature(1))
    (found,) = folders_found(tmp_path)
    (made / "1.png").unlink()
    result = folder_import(folder=found, branch=branch(), enrol_as=teller)
    assert "No such file" in result.remarks[0]
