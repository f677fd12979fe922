"""Uploads stay in memory: no signature is ever written to a temporary file."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

# One byte more than imaging takes, so that it sees the file as too large and says so.
KEPT_BYTES = 10 * 1024 * 1024 + 1
# Seven specimens of the largest size and their form: nobody, logged in or not, makes a thread hold more.
REQUEST_BYTES = 8 * 10 * 1024 * 1024


class CappedMemoryUploadHandler(FileUploadHandler):
    """Keeps the first `kept_bytes` of each file and lets the rest pass.

    Django's own memory handler drops the files of a large request without a word, so a form could only say that
    the file is missing. Here a form gets a file that is too large, and says that. A page that takes larger ones sets
    a subclass of its own.
    """

    kept_bytes = KEPT_BYTES

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],  # noqa: N803  # Django's name for it
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Refuse a request that is larger than any form needs, before a byte of it is read."""
        if content_length > REQUEST_BYTES:
            raise RequestDataTooBig(f"A request may have {REQUEST_BYTES // (1024 * 1024)} MB at most.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self._kept = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep what fits."""
        room = self.kept_bytes - self._kept.tell()
        if room > 0:
            self._kept.write(raw_data[:room])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Hand the file to the form; its size is the size of what was kept."""
        size = self._kept.tell()
        self._kept.seek(0)
        return InMemoryUploadedFile(
            self._kept,
            self.field_name,
            self.file_name or "",
            self.content_type,
            size,
            self.charset,
            self.content_type_extra,
        )
