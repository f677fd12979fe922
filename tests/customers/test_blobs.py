from __future__ import annotations

import base64

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from customers.blobs import BlobDamaged, keyed_digest, seal, unseal

OLD = base64.b64encode(b"o" * 32).decode()
NEW = base64.b64encode(b"n" * 32).decode()
PLAIN = b"\x89PNG the bytes of an image"


@pytest.fixture(autouse=True)
def _keys(settings: Settings) -> None:
    settings.DATA_KEYS = [OLD]
    settings.DIGEST_KEY = base64.b64encode(b"d" * 32).decode()


def test_what_was_sealed_is_unsealed() -> None:
    assert unseal(seal(PLAIN, context="a"), context="a") == PLAIN
    assert unseal(memoryview(seal(b"", context="a")), context="a") == b""


def test_sealing_hides_the_bytes_and_never_repeats_itself() -> None:
    first, second = seal(PLAIN, context="a"), seal(PLAIN, context="a")
    assert PLAIN not in first
    assert first != second


def test_the_context_of_another_row_does_not_open_it() -> None:
    with pytest.raises(BlobDamaged):
        unseal(seal(PLAIN, context="a"), context="b")


@pytest.mark.parametrize("position", [0, 1, 5, 14, 20, -1])
def test_a_changed_byte_is_noticed_wherever_it_is(position: int) -> None:
    sealed = bytearray(seal(PLAIN, context="a"))
    sealed[position] ^= 1
    with pytest.raises(BlobDamaged):
        unseal(bytes(sealed), context="a")


@pytest.mark.parametrize("length", [0, 1, 14, 29])
def test_a_truncated_blob_is_noticed(length: int) -> None:
    with pytest.raises(BlobDamaged):
        unseal(seal(PLAIN, context="a")[:length], context="a")


def test_after_rotation_old_blobs_stay_readable_and_new_ones_use_the_new_key(settings: Settings) -> None:
    old = seal(PLAIN, context="a")
    settings.DATA_KEYS = [NEW, OLD]
    new = seal(PLAIN, context="a")
    assert unseal(old, context="a") == PLAIN
    settings.DATA_KEYS = [NEW]
    assert unseal(new, context="a") == PLAIN
    with pytest.raises(BlobDamaged):
        unseal(old, context="a")


def test_keys_that_share_an_id_are_both_tried(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customers.blobs._key_id", lambda key: 7)
    old = seal(PLAIN, context="a")
    settings.DATA_KEYS = [NEW, OLD]
    assert unseal(old, context="a") == PLAIN


def test_the_digest_finds_equal_bytes_and_survives_rotation(settings: Settings) -> None:
    before = keyed_digest(PLAIN)
    settings.DATA_KEYS = [NEW, OLD]
    assert keyed_digest(PLAIN) == before
    assert keyed_digest(PLAIN + b"x") != before
    settings.DIGEST_KEY = NEW
    assert keyed_digest(PLAIN) != before


@pytest.mark.parametrize("keys", [[], ["not base64!"], [base64.b64encode(b"short").decode()]])
def test_a_missing_or_malformed_key_is_said_plainly(settings: Settings, keys: list[str]) -> None:
    settings.DATA_KEYS = keys
    with pytest.raises(ImproperlyConfigured, match="DATA_KEYS"):
        seal(PLAIN, context="a")
