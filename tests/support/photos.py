"""Photos of a test's own making: good ones, and those that mean harm."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

GPS_TAG, ORIENTATION, MAKER = 0x8825, 0x0112, 0x010F


def photo(
    width: int = 120, height: int = 80, *, form: str = "JPEG", turned: int = 0, **fields: object
) -> bytes:
    """Make a photo, red at its upper left; `turned` is the orientation that its EXIF tells."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("red", (0, 0, width // 4, height // 4))
    exif = Image.Exif()
    exif[MAKER] = "a camera that tells all"
    if turned:
        exif[ORIENTATION] = turned
    exif.get_ifd(GPS_TAG)[1] = "N"
    body = io.BytesIO()
    image.save(body, form, exif=exif, **fields)
    return body.getvalue()


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """Make a PNG of some kilobytes that says, and has, billions of pixels."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    row = bytes(1 + (width + 7) // 8)
    squeeze = zlib.compressobj(9)
    data = b"".join(squeeze.compress(row) for _ in range(64)) + squeeze.flush()
    chunks = _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def text_bomb() -> bytes:
    """Make a PNG whose comment of a kilobyte unfolds to many megabytes."""
    good = photo(form="PNG")
    squeezed = zlib.compress(bytes(20 * 1024 * 1024), 9)
    comment = _chunk(b"zTXt", b"Comment\0\0" + squeezed)
    return good[:33] + comment + good[33:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
