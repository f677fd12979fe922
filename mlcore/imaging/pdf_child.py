"""Run as a program: draws one page of the PDF on its input. Kept apart, since PDFium is a large parser in C++.

python -I pdf_child.py PAGE MOST_PAGES MOST_PIXELS < file.pdf. It writes a line of JSON, `{"pages", "width", "height"}`
or `{"refused", "pages"}`, and then the page's grey levels, row by row. It imports nothing of this project.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

DPI = 300
LEAST_DPI = 100  # a page that is so large that it must be drawn coarser than this is refused
_POINTS = 72  # to an inch
_MEMORY = 1536 * 1024 * 1024
_SECONDS = 20
_PASSWORD = 4  # FPDF_ERR_PASSWORD


def draw(data: bytes, page: int, most_pages: int, most_pixels: int) -> tuple[dict[str, Any], bytes]:
    """The answer's first line and the grey levels, uint8 height x width, empty when refused."""
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
        pages = len(document)
        if pages > most_pages:
            return {"refused": "too_many_pages", "pages": pages}, b""
        if not 0 <= page < pages:
            return {"refused": "no_such_page" if pages else "damaged", "pages": pages}, b""
        width, height = document[page].get_size()
        # The drawn page's sides are rounded up.
        dpi = min(DPI, 0.995 * _POINTS * (most_pixels / max(width * height, 1e-6)) ** 0.5)
        if not dpi >= LEAST_DPI:
            return {"refused": "too_many_pixels", "pages": pages}, b""
        bitmap = document[page].render(scale=dpi / _POINTS, grayscale=True)
    except pdfium.PdfiumError as error:
        return {"refused": "encrypted" if getattr(error, "err_code", None) == _PASSWORD else "damaged"}, b""
    rows = memoryview(bitmap.buffer).cast("B")
    stride, wide = bitmap.stride, bitmap.width
    grey = b"".join(rows[row * stride : row * stride + wide] for row in range(bitmap.height))
    return {"pages": pages, "width": wide, "height": bitmap.height}, grey


def main() -> None:
    """Take no more memory and time than a page needs, then draw."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    page, most_pages, most_pixels = (int(argument) for argument in sys.argv[1:4])
    head, grey = draw(sys.stdin.buffer.read(), page, most_pages, most_pixels)
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + grey)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
