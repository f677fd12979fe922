"""The only door to the bytes of images: authenticated encryption, and a keyed digest to find equal bytes.

Sealed form: version byte 1, key id byte (first byte of SHA-256 of the key), 12 bytes nonce, AES-256-GCM
ciphertext with its 16-byte tag. The context (the public_id of the row) is authenticated with it, so that one
row's bytes can not be moved to another row.

Rotation: put a new key first in `settings.DATA_KEYS`. What was sealed before stays readable while its key is
in the list, and `manage.py reseal_images` seals it anew, so that the earlier key can leave it. Digests have a key of
their own, `settings.DIGEST_KEY`, which therefore survives rotation.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

VERSION = 1
NONCE_BYTES = 12
TAG_BYTES = 16
KEY_BYTES = 32


class BlobDamaged(Exception):
    """The stored bytes were changed, belong to another row, or their key is no longer configured."""


def seal(plain: bytes, *, context: str) -> bytes:
    """Encrypt `plain` with the current key, bound to `context`."""
    key = _keys()[0]
    nonce = os.urandom(NONCE_BYTES)
    return bytes((VERSION, _key_id(key))) + nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def unseal(sealed: bytes | memoryview, *, context: str) -> bytes:
    """Decrypt what `seal` returned for the same context.

    Raises BlobDamaged where the bytes are not exactly what was sealed, or no configured key fits.
    """
    return _opened(sealed, context)[0]


def seal_anew(sealed: bytes | memoryview, *, context: str) -> bytes | None:
    """The same, sealed with the current key; None where it is already. Raises BlobDamaged as `unseal` does."""
    plain, key = _opened(sealed, context)
    return None if key == _keys()[0] else seal(plain, context=context)


def current_head() -> bytes | None:
    """The two bytes with which begins what the current key has sealed; None where another key's begin alike."""
    first, *others = map(_key_id, _keys())
    return None if first in others else bytes((VERSION, first))


def _opened(sealed: bytes | memoryview, context: str) -> tuple[bytes, bytes]:
    """What was sealed, and the key that it was sealed with."""
    data = bytes(sealed)
    if len(data) < 2 + NONCE_BYTES + TAG_BYTES or data[0] != VERSION:
        raise BlobDamaged("These bytes were not sealed here.")
    nonce, ciphertext = data[2 : 2 + NONCE_BYTES], data[2 + NONCE_BYTES :]
    for key in _keys():
        if _key_id(key) != data[1]:
            continue
        try:
            return AESGCM(key).decrypt(nonce, ciphertext, context.encode()), key
        except InvalidTag:
            continue  # two keys may share an id
    raise BlobDamaged("The stored image was changed, or its key is not configured any more.")


def key_known(head: bytes | memoryview) -> bool:
    """Whether bytes that begin with these two may have been sealed with a configured key."""
    first = bytes(head[:2])
    return len(first) == 2 and first[0] == VERSION and first[1] in map(_key_id, _keys())


def keyed_digest(plain: bytes) -> str:
    """HMAC-SHA256 of `plain` in hex: equal bytes are found without keeping a plain hash of an image."""
    return hmac.new(_decode(settings.DIGEST_KEY, "DIGEST_KEY"), plain, hashlib.sha256).hexdigest()


def _keys() -> list[bytes]:
    keys = [_decode(text, "DATA_KEYS") for text in settings.DATA_KEYS]
    if not keys:
        raise ImproperlyConfigured("DATA_KEYS holds no key; images can neither be stored nor read.")
    return keys


def _key_id(key: bytes) -> int:
    return hashlib.sha256(key).digest()[0]


@lru_cache(maxsize=16)
def _decode(text: str, setting: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImproperlyConfigured(f"{setting} holds something that is not base64.") from error
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"{setting} holds a key of {len(key)} bytes; it must be {KEY_BYTES}.")
    return key
