"""A photo is drawn anew: nothing of the file is left but the picture, and no file does harm."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from PIL import Image

from hub.assembly.darkroom import develop as develop_apart
from hub.errors import InvalidRequestError
from hub.services.reports.picture import LARGEST_FILE, SIDE, Fault, RefusedPictureError, develop
from tests.support.photos import bomb, photo, text_bomb

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<html><script>alert(1)</script></html>"


def opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body), formats=["JPEG"])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_comes_out_is_a_jpeg_that_tells_nothing_of_where_it_was_taken(form: str) -> None:
    given = photo(form=form)
    assert b"tells all" in given
    picture = develop(given)
    image = opened(picture.body)
    assert (image.format, image.size) == ("JPEG", (120, 80))
    assert dict(image.getexif()) == {}
    assert b"tells all" not in picture.body
    assert b"Exif" not in picture.body


def test_it_stands_upright() -> None:
    image = opened(develop(photo(turned=6)).body)
    assert image.size == (80, 120)
    red, _, blue = image.getpixel((78, 2))
    assert (red > 200, blue < 100) == (True, True), "the corner has turned with it"


def test_a_large_one_is_made_small_and_keeps_its_form() -> None:
    picture = develop(photo(4000, 3000))
    assert (picture.width, picture.height) == (SIDE, SIDE * 3 // 4)
    assert len(picture.body) < 200_000


def test_what_is_transparent_or_has_a_palette_lies_on_white() -> None:
    body = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(body, "PNG")
    assert opened(develop(body.getvalue()).body).getpixel((5, 5)) == (255, 255, 255)
    body = io.BytesIO()
    Image.new("P", (10, 10)).save(body, "PNG")
    assert develop(body.getvalue()).width == 10


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", Fault.UNKNOWN),
        (SVG, Fault.UNKNOWN),
        (HTML, Fault.UNKNOWN),
        (b"GIF89a" + bytes(100), Fault.UNKNOWN),
        (b"PK\x03\x04" + bytes(100), Fault.UNKNOWN),
        (b"\xff\xd8\xff" + HTML, Fault.BROKEN),
        (photo()[:500], Fault.BROKEN),
        (photo(form="PNG")[:-30], Fault.BROKEN),
        (b"RIFF\0\0\0\0WEBP" + bytes(50), Fault.BROKEN),
        (bomb(), Fault.LARGE),
        (bomb(6000, 6000), Fault.LARGE),
        (b"\xff\xd8\xff" + bytes(LARGEST_FILE), Fault.HEAVY),
    ],
)
def test_what_is_no_photo_or_a_bomb_is_refused_with_its_reason(data: bytes, fault: Fault) -> None:
    with pytest.raises(RefusedPictureError) as caught:
        develop(data)
    assert caught.value.fault is fault


def test_a_picture_that_is_also_a_page_leaves_the_page_behind() -> None:
    assert b"script" not in develop(photo() + HTML).body


async def test_the_process_that_draws_gives_the_same() -> None:
    assert await develop_apart(photo()) == develop(photo())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (HTML, "JPEG, PNG or WebP"),
        (bomb(), "megapixels"),
        (text_bomb(), "cannot be opened"),
        (photo()[:500], "cannot be opened"),
    ],
)
async def test_the_hub_hears_from_that_process_why_not(data: bytes, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words) as caught:
        await develop_apart(data)
    assert caught.value.texts["zh"]
    assert list(caught.value.problems) == ["photo"]


def test_the_hub_itself_has_no_decoder_of_pictures() -> None:
    look = "import sys, hub.app; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0
