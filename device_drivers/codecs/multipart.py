"""A stream of parts without an end, as cameras send it: multipart/mixed and x-mixed-replace.

Boundaries stand in the header with or without their dashes, quoted, or not at all; lengths are
right, wrong or missing. So a part ends where its length says and a boundary, a blank or nothing
follows, or else at the next boundary. Pictures are counted and thrown away as they come.
Nothing grows beyond `LONGEST` bytes. Source: RFC 2046; streams of Hikvision and Dahua devices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hub.errors import ProtocolError

LONGEST = 65_536
"""Bytes of a part, and of anything that is no part."""
LONGEST_HEAD = 4096
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;,"]{1,200}))', re.IGNORECASE)
_ANY = rb"[^\r\n]{1,200}?"
_TEXT = re.compile(r"text/|json|xml|^$")


class Part(NamedTuple):
    """One part; what is no text has no body, but the `size` that was thrown away."""

    type: str
    body: bytes
    size: int


def boundary_of(content_type: str) -> str:
    """Return the boundary without its dashes; empty where the header has none.

    Raises ProtocolError where the answer is no multipart.
    """
    if not content_type.lower().startswith("multipart/"):
        raise ProtocolError(f"it answers with {content_type!r:.80} and no stream of events")
    found = _BOUNDARY.search(content_type)
    return (found[1] or found[2]).strip("-") if found else ""


class PartReader:
    """Cuts what arrives into parts; without a `boundary` any line of two dashes is one."""

    def __init__(self, boundary: str) -> None:
        token = re.escape(boundary.encode()) if boundary else _ANY
        self._line = re.compile(rb"(?:^|\r?\n)-{2,}" + token + rb"-*[ \t]*\r?\n")
        self._longest_line = len(boundary or "x" * 200) + 80
        self._waiting = bytearray()
        self._searched = 0
        """Bytes in front in which no boundary begins."""
        self._head: Mapping[str, str] | None = None
        self._length = -1
        self._dropped = 0
        """Bytes of the part at hand that were thrown away."""

    def feed(self, data: bytes) -> Iterator[Part]:
        """Yield the parts that are whole with this data.

        Raises ProtocolError where it brings more than a part may have, and no end of one.
        """
        self._waiting += data
        while (part := self._step()) is not None:
            if part is not _NOTHING:
                yield part

    def _step(self) -> Part | None:
        """Return the next part, _NOTHING for a step without one, None where more is needed."""
        if self._head is None:
            return self._read_head()
        return self._read_body()

    def _read_head(self) -> Part | None:
        found = self._find()
        if found is None:
            self._limit(LONGEST, "it sends no boundary")
            return None
        start = found.end()
        ends = [
            (at, len(mark))
            for mark in (b"\r\n\r\n", b"\n\n")
            if (at := self._waiting.find(mark, max(start - 2, 0))) >= 0
        ]
        if not ends:
            self._limit(start + LONGEST_HEAD, "the head of a part has no end")
            return None
        at, width = min(ends)
        self._head = _fields(bytes(self._waiting[start:at]))
        self._length = _length(self._head.get("content-length", ""))
        self._dropped = 0
        self._remove(at + width)
        return _NOTHING

    def _find(self) -> re.Match[bytes] | None:
        """Return the next boundary; what was looked through before is not looked through again."""
        found = self._line.search(self._waiting, self._searched)
        if found is None:
            self._searched = max(0, len(self._waiting) - self._longest_line)
        return found

    def _remove(self, count: int) -> None:
        del self._waiting[:count]
        self._searched = 0

    def _read_body(self) -> Part | None:
        if self._is_text:
            return self._read_text()
        return self._skip()

    @property
    def _is_text(self) -> bool:
        return self._head is not None and bool(_TEXT.search(self._head.get("content-type", "")))

    def _read_text(self) -> Part | None:
        found = self._find()
        end = found.start() if found else -1
        by_length = self._end_by_length()
        if by_length >= 0 and (end < 0 or by_length <= end):
            end = by_length
        if end < 0:
            self._limit(LONGEST, "a part has no end")
            return None
        return self._finish(end)

    def _end_by_length(self) -> int:
        """Return where the part ends by its length, if what follows agrees; -1 otherwise."""
        if not 0 < self._length <= min(len(self._waiting), LONGEST):
            return -1
        behind = bytes(self._waiting[self._length : self._length + 2])
        return self._length if behind.strip(b"\r\n-") == b"" else -1

    def _skip(self) -> Part | None:
        """Throw away what is no text, up to the next boundary."""
        found = self._find()
        gone = found.start() if found else max(0, len(self._waiting) - self._longest_line)
        self._remove(gone)
        self._dropped += gone
        return self._finish(0) if found else None

    def _finish(self, end: int) -> Part:
        head = self._head or {}
        body = bytes(self._waiting[:end]).strip()
        self._remove(end)
        self._head = None
        return Part(head.get("content-type", ""), body, end + self._dropped)

    def _limit(self, most: int, why: str) -> None:
        if len(self._waiting) > most:
            raise ProtocolError(f"{why} within {most} bytes")


_NOTHING = Part("", b"", -1)


def _length(text: str) -> int:
    """Return the number of bytes that a header says, -1 where it says none."""
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else -1


def _fields(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").splitlines()
    pairs = [line.partition(":") for line in lines if ":" in line]
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs}
