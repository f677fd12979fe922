"""Uploaded files stay in memory and a file that is too large is still seen."""

from __future__ import annotations

import pytest
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile, SimpleUploadedFile
from django.test import RequestFactory

from sigweb.uploads import KEPT_BYTES, REQUEST_BYTES


def uploaded(*contents: bytes) -> list[InMemoryUploadedFile]:
    files = [SimpleUploadedFile(f"{number}.png", content, "image/png") for number, content in enumerate(contents)]
    request = RequestFactory().post("/", {"files": files, "other": "field"})
    assert request.POST["other"] == "field"
    return request.FILES.getlist("files")


def test_files_are_kept_in_memory_unchanged() -> None:
    first, second = uploaded(b"one", b"two" * 100_000)
    assert isinstance(first, InMemoryUploadedFile)
    assert (first.name, first.content_type, first.read()) == ("0.png", "image/png", b"one")
    assert second.read() == b"two" * 100_000
    assert second.size == 300_000


def test_a_file_that_is_too_large_is_cut_one_byte_above_the_limit_and_the_next_one_is_whole() -> None:
    large, small = uploaded(b"x" * (KEPT_BYTES + 5_000_000), b"small")
    assert large.size == KEPT_BYTES
    assert len(large.read()) == KEPT_BYTES
    assert small.read() == b"small"


def test_a_request_larger_than_any_form_is_refused_before_it_is_read() -> None:
    request = RequestFactory().post("/", {"files": SimpleUploadedFile("a.png", b"x", "image/png")})
    request.META["CONTENT_LENGTH"] = str(REQUEST_BYTES + 1)
    with pytest.raises(RequestDataTooBig):
        len(request.FILES)


def test_the_limit_is_one_byte_more_than_imaging_takes() -> None:
    from mlcore.imaging import Limits

    assert Limits().max_bytes + 1 == KEPT_BYTES


def test_an_empty_file_arrives_as_an_empty_file() -> None:
    (empty,) = uploaded(b"")
    assert empty.size == 0
