"""After a rotation everything is sealed anew with the new key, and the old one can be given up."""

from __future__ import annotations

import base64
import hashlib
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import BinaryField
from pytest_django import Settings

from customers import blobs
from customers.blobs import BlobDamaged, seal, seal_anew, unseal
from customers.models import Specimen
from mlcore.canvases import canvases_kept
from mlcore.models import Embedding
from mlcore.services import specimen_embed
from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import drawn_png
from tests.verification.test_identify import search
from verification import resealing
from verification.images import questioned_signature
from verification.models import Verification
from verification.resealing import PLACES, place_reseal

pytestmark = pytest.mark.django_db
NEW = base64.b64encode(b"n" * 32).decode()


@pytest.fixture
def asked(ask: Any, verifier: User) -> Verification:
    """A verification, with all that is stored on its way, and an identification."""
    made: Verification = ask()
    search(verifier, 2)
    for specimen in Specimen.objects.all():
        specimen_embed(specimen=specimen)
    return made


def rotate(settings: Settings) -> str:
    """A new key before the old one, which is returned."""
    (old,) = settings.DATA_KEYS
    settings.DATA_KEYS = [NEW, old]
    return str(old)


def reseal() -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("reseal_images", stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def stored() -> list[bytes]:
    columns = [place.model._default_manager.order_by("pk").values_list(place.column, flat=True) for place in PLACES]
    return [bytes(sealed) for column in columns for sealed in column if sealed]


def test_no_place_is_forgotten() -> None:
    binary = {
        (model, column.name)
        for model in apps.get_models()
        for column in model._meta.fields
        if isinstance(column, BinaryField)
    }
    not_sealed = {(Embedding, "local")}
    assert {(place.model, place.column) for place in PLACES} == binary - not_sealed


def test_everything_is_sealed_anew_and_the_old_key_may_go(asked: Verification, settings: Settings) -> None:
    rotate(settings)
    before = stored()
    out, err = reseal()
    settings.DATA_KEYS = [NEW]
    for title in ("specimens: 3", "canvases of specimens: 3", "sketches of specimens: 3", "verifications: 1"):
        assert f"{title} sealed anew." in out
    assert "sketches of verifications: 1 sealed anew." in out
    assert "identifications: 1 sealed anew." in out
    assert out.endswith("\nNothing needs an earlier key of DATA_KEYS any more.\n")
    assert err == ""
    assert not set(before) & set(stored())
    specimens = list(Specimen.objects.all())
    assert [unseal(row.image, context=str(row.public_id)) for row in specimens] == [drawn_png(n) for n in (1, 2, 3)]
    assert len(canvases_kept(specimens)) == 3
    asked.refresh_from_db()
    assert questioned_signature(asked).quality.refused is False
    for place in PLACES:
        for owner, sealed in place.model._default_manager.values_list(place.owner, place.column):
            assert unseal(sealed, context=f"{owner}{place.suffix}")
    events = AuditEvent.objects.filter(action="images.resealed")
    assert sum(event.details["anew"] for event in events) == len(before)


def test_a_second_run_finds_nothing_and_leaves_every_byte(asked: Verification, settings: Settings) -> None:
    rotate(settings)
    reseal()
    before = stored()
    out, _ = reseal()
    assert out.count(": 0 sealed anew.") == len(PLACES)
    assert stored() == before
    assert AuditEvent.objects.filter(action="images.resealed").count() == len(PLACES)


def test_what_is_damaged_is_named_and_stays_and_the_others_are_sealed(asked: Verification, settings: Settings) -> None:
    rotate(settings)
    first, *_ = Specimen.objects.all()
    broken = bytes(first.image)[:-1] + bytes([bytes(first.image)[-1] ^ 1])
    Specimen.objects.filter(pk=first.pk).update(image=broken)
    out, err = reseal()
    assert "specimens: 2 sealed anew." in out
    assert out.endswith("\nNothing else needs an earlier key of DATA_KEYS any more.\n")
    assert f"specimens: 1 can not be opened with any key of DATA_KEYS and stay as they are: {first.public_id}." in err
    first.refresh_from_db()
    assert bytes(first.image) == broken


def test_what_is_changed_meanwhile_is_not_overwritten(
    asked: Verification, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody enrols the lost picture anew between the look and the write."""
    rotate(settings)
    specimen = Specimen.objects.latest("pk")
    restored = seal(b"another picture", context=str(specimen.public_id))

    def meanwhile(sealed: bytes, *, context: str) -> bytes | None:
        if context == str(specimen.public_id):
            Specimen.objects.filter(pk=specimen.pk).update(image=restored)
        return seal_anew(sealed, context=context)

    monkeypatch.setattr(resealing, "seal_anew", meanwhile)
    assert place_reseal(PLACES[0]).anew == 2
    specimen.refresh_from_db()
    assert bytes(specimen.image) == restored


def test_more_than_one_batch_and_the_progress(
    asked: Verification, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "_BATCH", 2)
    rotate(settings)
    told: list[tuple[int, int]] = []
    assert place_reseal(PLACES[0], lambda done, total: told.append((done, total))).anew == 3
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_two_keys_of_the_same_id_are_told_apart(asked: Verification, settings: Settings) -> None:
    old = rotate(settings)
    wanted = hashlib.sha256(base64.b64decode(old)).digest()[0]
    alike = next(key for key in (n.to_bytes(32) for n in range(10_000)) if hashlib.sha256(key).digest()[0] == wanted)
    settings.DATA_KEYS = [base64.b64encode(alike).decode(), old]
    assert blobs.current_head() is None
    assert place_reseal(PLACES[0]).anew == 3
    assert place_reseal(PLACES[0]).anew == 0
    settings.DATA_KEYS = settings.DATA_KEYS[:1]
    assert all(unseal(row.image, context=str(row.public_id)) for row in Specimen.objects.all())


def test_sealing_anew_needs_the_context_and_a_key(settings: Settings) -> None:
    sealed = seal(b"picture", context="a")
    assert seal_anew(sealed, context="a") is None
    settings.DATA_KEYS = [NEW]
    with pytest.raises(BlobDamaged):
        seal_anew(sealed, context="a")
