"""Untrusted bytes to an upright grey page, within limits."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, replace

import numpy as np
from PIL import (
    BmpImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from mlcore.imaging.pdf import MEDIA_TYPE, SENTENCES, is_pdf, pdf_page
from mlcore.imaging.types import Grey, ImageRefused, Limits

# Naming the plug-ins registers them; no other decoder is ever tried on uploaded bytes.
# (Phones write JPEG with a second picture inside; the JPEG plug-in opens it and calls it MPO.)
FORMATS = tuple(
    plugin.format
    for plugin in (
        PngImagePlugin.PngImageFile,
        JpegImagePlugin.JpegImageFile,
        TiffImagePlugin.TiffImageFile,
        WebPImagePlugin.WebPImageFile,
        BmpImagePlugin.BmpImageFile,
    )
)

TURNS = (0, 90, 180, 270)

# The caller's limits are checked before a pixel is decoded; Pillow's own global guard stays as the second fence.
_DECODE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError)


@dataclass(frozen=True, slots=True)
class DecodedPage:
    """grey: uint8 (H, W), 0 black .. 255 white; media_type of the file; pages in the file."""

    grey: Grey
    media_type: str
    pages: int


def decode(data: bytes, *, page: int = 0, turn: int = 0, limits: Limits | None = None) -> DecodedPage:
    """Decode one page of an image file or PDF to grey, upright, with transparency laid on white.

    turn: 0, 90, 180 or 270 degrees to the right, after what the file itself says of how it was held.

    Raises ImageRefused when the file is empty, too large, has too many pixels or pages, is of another format or is
    damaged.
    """
    if turn not in TURNS:
        raise ValueError(f"A page is turned by quarters, not by {turn} degrees.")
    decoded = _decode(data, page, limits or Limits())
    if not turn:
        return decoded
    return replace(decoded, grey=np.ascontiguousarray(np.rot90(decoded.grey, -turn // 90)))


def _decode(data: bytes, page: int, limits: Limits) -> DecodedPage:
    _check_bytes(data, limits)
    if is_pdf(data):
        grey, pages = pdf_page(data, page=page, limits=limits)
        return DecodedPage(grey=grey, media_type=MEDIA_TYPE, pages=pages)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _decode_checked(data, page, limits)
    except ImageRefused:
        raise
    except UnidentifiedImageError:
        raise ImageRefused(
            "unknown_format",
            "This file is not a picture that can be read here. Please use PNG, JPEG, TIFF, WebP, BMP or PDF.",
        ) from None
    except Image.DecompressionBombError:
        raise _too_many_pixels(limits) from None
    except MemoryError:
        raise _too_many_pixels(limits) from None
    except _DECODE_ERRORS:
        raise ImageRefused(
            "damaged", "The picture is damaged or cut short. Please scan or save it again and upload the new file."
        ) from None


def _check_bytes(data: bytes, limits: Limits) -> None:
    if not data:
        raise ImageRefused("empty_file", "The file is empty. Please choose the file again or scan it anew.")
    if len(data) > limits.max_bytes:
        raise ImageRefused(
            "too_large",
            # Not how large: of an upload, no more is kept than shows that it is too large.
            "The file is larger than %(megabytes)d MB. Please scan at 300 dpi in grey or cut out the signature.",
            megabytes=limits.max_bytes // (1024 * 1024),
        )


def _too_many_pixels(limits: Limits) -> ImageRefused:
    return ImageRefused(
        "too_many_pixels",
        "The picture has more than %(millions)d million pixels. Please scan at 300 dpi or cut out the signature.",
        millions=round(limits.max_pixels / 1e6),
    )


def _decode_checked(data: bytes, page: int, limits: Limits) -> DecodedPage:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        pages = _pages(image, limits)
        if not 0 <= page < pages:
            raise ImageRefused("no_such_page", SENTENCES["no_such_page"], pages=pages, page=page + 1)
        if pages > 1:
            image.seek(page)
        if image.width * image.height > limits.max_pixels:
            raise _too_many_pixels(limits)
        media_type = "image/jpeg" if image.format == "MPO" else Image.MIME[image.format or "PNG"]
        image.load()
        upright = ImageOps.exif_transpose(image)
        return DecodedPage(grey=to_grey(upright), media_type=media_type, pages=pages)


def _pages(image: Image.Image, limits: Limits) -> int:
    """Pages of the file, counted up to the limit: 10 MB hold more headers of pages than Pillow counts in minutes."""
    if image.format != "TIFF":
        return 1
    for page in range(1, limits.max_pages + 1):
        try:
            image.seek(page)
        except EOFError:
            return page
    raise ImageRefused("too_many_pages", SENTENCES["too_many_pages"], pages=limits.max_pages)


def to_grey(image: Image.Image) -> Grey:
    """Grey levels uint8 (H, W) of any Pillow mode; transparency becomes white paper."""
    if image.mode.startswith("I") or image.mode == "F":
        return _scale_to_eight_bits(np.asarray(image))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, rgba)
    if image.mode in ("L", "1"):
        return np.asarray(image.convert("L"))
    return np.asarray(image.convert("RGB").convert("L"))


def _scale_to_eight_bits(values: np.ndarray) -> Grey:
    """16-bit scans use 8, 12 or 16 bits, floating point pages 0..1 or more: the range found decides."""
    data = values.astype(np.float32)
    finite = data[np.isfinite(data)]
    top = float(finite.max()) if finite.size else 1.0
    ranges = (255.0, 4095.0, 65535.0) if values.dtype.kind in "iu" else (1.0, 255.0, 65535.0)
    full = next((limit for limit in ranges if top <= limit), max(top, 1.0))
    return np.asarray(np.nan_to_num(np.clip(data / full, 0, 1) * 255.0).round(), dtype=np.uint8)
