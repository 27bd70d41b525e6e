"""Makes a photo harmless: recognised by its content, bounded before it is decoded, drawn anew.

What comes out is a JPEG of our own making, upright and without EXIF, places or anything else that
stood in the file. Run as a program (`python -m` with this module's name) it reads a photo from its
standard input, within limits of memory and time that the kernel keeps: a file that kills the
decoder kills that process, and not the hub.
"""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable
from enum import StrEnum

from hub.model.photo import Picture

LARGEST_FILE = 10 * 1024 * 1024
LARGEST_PICTURE = 25_000_000
"""Pixels that are decoded: a telephone's 24 megapixels, but no bomb."""
SIDE = 1600
"""Pixels of the longer side that are kept: a plate or a crack can be read, a folder stays small."""
QUALITY = 80
MEMORY = 768 * 1024 * 1024
SECONDS = 10
REFUSED = 3
"""The exit code where the photo is refused; standard error then has the `Fault`."""

FORMATS: dict[str, Callable[[bytes], bool]] = {
    "JPEG": lambda head: head.startswith(b"\xff\xd8\xff"),
    "PNG": lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
    "WEBP": lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP",
}
"""What is taken, and how its bytes begin. No SVG: it is a program."""


class Fault(StrEnum):
    """Why a photo is refused."""

    UNKNOWN = "unknown"
    HEAVY = "heavy"
    LARGE = "large"
    BROKEN = "broken"


class RefusedPictureError(Exception):
    """The photo is refused; carries the `Fault`."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


def sniff(data: bytes) -> str:
    """Return the format of a photo by how it begins, or refuse it."""
    if len(data) > LARGEST_FILE:
        raise RefusedPictureError(Fault.HEAVY)
    for name, fits in FORMATS.items():
        if fits(data[:16]):
            return name
    raise RefusedPictureError(Fault.UNKNOWN)


def develop(data: bytes) -> Picture:
    """Return the photo drawn anew, or raise RefusedPictureError."""
    from PIL import Image  # noqa: PLC0415 - only the process that draws needs it

    Image.MAX_IMAGE_PIXELS = LARGEST_PICTURE
    name = sniff(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _draw(data, name)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError, MemoryError) as error:
        raise RefusedPictureError(Fault.LARGE) from error
    # Pillow says of a damaged file in many ways that it is one.
    except (OSError, ValueError, SyntaxError, ArithmeticError, LookupError, TypeError) as error:
        raise RefusedPictureError(Fault.BROKEN) from error


def _draw(data: bytes, name: str) -> Picture:
    from PIL import Image, ImageOps  # noqa: PLC0415 - as above

    with Image.open(io.BytesIO(data), formats=[name]) as found:
        found.draft("RGB", (SIDE, SIDE))
        upright = ImageOps.exif_transpose(found)
        upright.thumbnail((SIDE, SIDE))
        paper = Image.new("RGB", upright.size, "white")
        colours = upright.convert("RGBA") if upright.mode in {"P", "LA", "PA"} else upright
        mask = colours.getchannel("A") if colours.mode == "RGBA" else None
        paper.paste(colours.convert("RGB"), mask=mask)
    drawn = io.BytesIO()
    paper.save(drawn, "JPEG", quality=QUALITY, optimize=True)
    return Picture(body=drawn.getvalue(), width=paper.width, height=paper.height)


def main() -> int:
    """Draw what comes in; write sides and JPEG, or why not."""
    import resource  # noqa: PLC0415 - limits are this process's alone

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        picture = develop(sys.stdin.buffer.read(LARGEST_FILE + 1))
    except RefusedPictureError as error:
        sys.stderr.write(error.fault)
        return REFUSED
    sys.stdout.buffer.write(b"%d %d\n" % (picture.width, picture.height))
    sys.stdout.buffer.write(picture.body)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
