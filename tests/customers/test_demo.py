from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from customers import demo
from customers.models import Customer, Specimen
from mlcore.imaging import prepare
from sigweb.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of the customers are enough here: one full, one with specimens that wait, one closed."""
    numbers = ("100004", "100008", "100011")
    monkeypatch.setattr(
        "customers.management.commands.seed_demo.CUSTOMERS",
        tuple(wanted for wanted in demo.CUSTOMERS if wanted.number in numbers),
    )
    monkeypatch.setattr(demo, "SAMPLES", demo.SAMPLES[:1])


def seed(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "logins.json"
    call_command("seed_demo", passwords_file=path, samples=tmp_path / "samples")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return dict(json.loads(path.read_text()))


@pytest.mark.usefixtures("few")
def test_the_demo_has_people_customers_and_samples_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    passwords = seed(tmp_path)
    assert list(passwords) == ["teller", "verifier", "supervisor", "modeladmin", "auditor", "admin"]
    login = Client().post("/login/", {"username": "teller", "password": passwords["teller"]})
    assert login.status_code == 302
    states = {
        number: sorted(Specimen.objects.filter(customer__number=number).values_list("state", flat=True))
        for number in Customer.objects.values_list("number", flat=True)
    }
    assert states == {
        "100004": ["approved"] * 3,
        "100008": ["approved", "pending", "pending"],
        "100011": ["approved"] * 3,
    }
    assert Customer.objects.get(number="100011").status == "closed"
    assert not Specimen.objects.filter(approved_by__username="teller").exists()
    samples = sorted((tmp_path / "samples").iterdir())
    assert [path.name for path in samples] == [
        "100001-another-signer.png",
        "100001-genuine.png",
        "100001-skilled-forgery.png",
    ]
    assert all(prepare(path.read_bytes()).quality.grade != "refused" for path in samples)
    before = list(Specimen.objects.values_list("pk", "digest"))
    hashes = list(User.objects.values_list("password", flat=True))
    assert seed(tmp_path) == passwords
    assert list(Specimen.objects.values_list("pk", "digest")) == before
    assert list(User.objects.values_list("password", flat=True)) == hashes


@pytest.mark.usefixtures("few")
def test_lost_passwords_are_made_anew(tmp_path: Path) -> None:
    before = seed(tmp_path)
    (tmp_path / "logins.json").unlink()
    after = seed(tmp_path)
    assert set(after) == set(before)
    assert after["teller"] != before["teller"]
    assert User.objects.get(username="teller").check_password(after["teller"])


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_damaged_file_of_passwords_is_said_plainly(tmp_path: Path, text: str) -> None:
    path = tmp_path / "logins.json"
    path.write_text(text)
    with pytest.raises(CommandError, match="is damaged"):
        call_command("seed_demo", passwords_file=path)


def test_the_list_of_demo_customers_makes_sense() -> None:
    assert len({wanted.number for wanted in demo.CUSTOMERS}) == len(demo.CUSTOMERS) == 12
    assert all(1 <= wanted.approved + wanted.pending <= 7 for wanted in demo.CUSTOMERS)
    assert all(sample.approved >= 5 for sample in demo.SAMPLES)
