"""Streams of parts: every way of writing them, whole or byte by byte, and what has no end."""

from __future__ import annotations

import pytest

from device_drivers.codecs.multipart import LONGEST, Part, PartReader, boundary_of
from hub.errors import ProtocolError

XML = "application/xml"


def part(body: str, kind: str = XML, mark: str = "--b", length: int | None = -1) -> bytes:
    line = "" if length is None else f"Content-Length: {len(body) if length < 0 else length}\r\n"
    return f"{mark}\r\nContent-Type: {kind}\r\n{line}\r\n{body}\r\n".encode()


def read(raw: bytes, boundary: str = "b", step: int = 0) -> list[bytes]:
    reader = PartReader(boundary)
    pieces = [raw[i : i + step] for i in range(0, len(raw), step)] if step else [raw]
    return [each.body for piece in pieces for each in reader.feed(piece) if each.body]


STREAMS = {
    "right lengths": part("<a/>") + part("<b/>"),
    "no lengths": part("<a/>", length=None) + part("<b/>", length=None) + b"--b\r\n",
    "too long": part("<a/>", length=50) + part("<b/>", length=50) + b"--b\r\n",
    "too short": part("<a/>", length=2) + part("<b/>", length=2) + b"--b\r\n",
    "more dashes": part("<a/>", mark="----b") + part("<b/>", mark="--b"),
    "bare newlines": (part("<a/>") + part("<b/>") + b"--b\r\n").replace(b"\r\n", b"\n"),
    "a picture between": part("<a/>") + part("x" * 300, "image/jpeg") + part("<b/>"),
    "a picture without a length": part("<a/>")
    + part("x" * 300, "image/jpeg", length=None)
    + part("<b/>"),
    "something in front": b"hello\r\n" + part("<a/>") + part("<b/>"),
    "a closing boundary": part("<a/>") + b"--b--\r\n" + part("<b/>"),
}


@pytest.mark.parametrize("name", STREAMS)
def test_two_parts_are_read_however_they_are_written(name: str) -> None:
    assert read(STREAMS[name]) == [b"<a/>", b"<b/>"]
    if name != "too short":
        assert read(STREAMS[name], step=1) == [b"<a/>", b"<b/>"]
    assert read(STREAMS[name], "", step=7)[-1] == b"<b/>"


def test_a_part_is_there_as_soon_as_its_length_is() -> None:
    assert read(part("<a/>").removesuffix(b"\r\n")) == [b"<a/>"]


def test_a_picture_is_thrown_away_while_it_comes() -> None:
    picture = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: 5000000\r\n\r\n"
    reader = PartReader("b")
    assert list(reader.feed(picture)) == []
    for _ in range(50):
        assert list(reader.feed(b"x" * 100_000)) == []
        assert len(reader._waiting) < 1000
    assert [each.size for each in reader.feed(b"\r\n--b\r\n")] == [5_000_000]


def drown(reader: PartReader, raw: bytes) -> None:
    for i in range(0, len(raw), 1000):
        list(reader.feed(raw[i : i + 1000]))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"x" * 2 * LONGEST, "no boundary"),
        (b"--b\r\n" + b"x: y\r\n" * LONGEST, "head of a part has no end"),
        (b"--b\r\nContent-Type: text/xml\r\n\r\n" + b"<a>" * LONGEST, "a part has no end"),
    ],
)
def test_what_has_no_end_is_given_up_in_bounded_memory(raw: bytes, why: str) -> None:
    reader = PartReader("b")
    with pytest.raises(ProtocolError, match=why):
        drown(reader, raw)
    assert len(reader._waiting) <= LONGEST + 2000


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ("multipart/mixed; boundary=boundary", "boundary"),
        ('multipart/mixed; boundary="MIME_boundary"', "MIME_boundary"),
        ("multipart/x-mixed-replace;boundary=--myboundary", "myboundary"),
        ("multipart/mixed; boundary=<frontier>", "<frontier>"),
        ("multipart/mixed", ""),
    ],
)
def test_the_boundary_is_taken_as_it_stands(header: str, boundary: str) -> None:
    assert boundary_of(header) == boundary


def test_a_page_is_no_stream() -> None:
    with pytest.raises(ProtocolError, match="answers with 'text/html'"):
        boundary_of("text/html")


def test_a_part_knows_its_type_and_size() -> None:
    (only,) = PartReader("b").feed(part("{}", "application/json; charset=UTF-8"))
    assert only == Part("application/json; charset=utf-8", b"{}", 2)
