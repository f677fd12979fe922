"""A page of a PDF to grey levels, drawn by a process of its own.

PDFium reads a large format in C++ and can not be told to stop. Whatever a hostile file makes of it (a crash, a loop,
all memory), it makes it of a child without the environment's secrets, with little memory and little time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from mlcore.imaging.types import Grey, ImageRefused, Limits

MEDIA_TYPE = "application/pdf"
_CHILD = Path(__file__).with_name("pdf_child.py")
_SECONDS = 20
SENTENCES = {
    "encrypted": "The PDF is locked with a password. Please save it without one and upload the new file.",
    "too_many_pages": "The file has more than %(pages)d pages. Please split it.",
    "no_such_page": "The file has %(pages)d page(s); page %(page)d does not exist.",
    "too_many_pixels": "The page of the PDF is too large. Please scan only the part with the signature.",
    "too_slow": "Drawing the page of the PDF takes too long. Please upload a scan of it as a picture.",
    "damaged": "The PDF is damaged or cut short. Please scan or save it again and upload the new file.",
}


def is_pdf(data: bytes) -> bool:
    """Does the file say that it is a PDF?"""
    return data[:1024].lstrip(b"\xef\xbb\xbf\x00\t\n\x0c\r ").startswith(b"%PDF-")


def pdf_page(data: bytes, *, page: int, limits: Limits) -> tuple[Grey, int]:
    """Page `page` (from 0) of a PDF at 300 dpi, or as fine as max_pixels allows, and how many pages there are.

    grey: uint8 (H, W), 0 black .. 255 white. Raises ImageRefused.
    """
    arguments = [sys.executable, "-I", str(_CHILD), str(page), str(limits.max_pages), str(limits.max_pixels)]
    try:
        done = subprocess.run(arguments, input=data, capture_output=True, timeout=_SECONDS, env={}, check=False)
    except subprocess.TimeoutExpired:
        raise _refused("too_slow") from None
    line, _, levels = done.stdout.partition(b"\n")
    if done.returncode or not line:
        raise _refused("damaged")
    head = json.loads(line)
    if "refused" in head:
        # Of a file with too many, as many as are allowed.
        pages = limits.max_pages if head["refused"] == "too_many_pages" else head.get("pages", 0)
        raise _refused(head["refused"], page=page + 1, pages=pages)
    return np.frombuffer(levels, dtype=np.uint8).reshape(head["height"], head["width"]), int(head["pages"])


def _refused(code: str, **values: int) -> ImageRefused:
    return ImageRefused(code, SENTENCES[code], **values)
