"""One conversation with a camera by RTSP: bounded answers, Digest, frames that are counted."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping

from device_drivers.codecs.digest import Challenge, Login, Request, answer, read_challenge
from device_drivers.codecs.rtsp import (
    LONGEST_HEAD,
    UNAUTHORIZED,
    Answer,
    Place,
    read_head,
    write_request,
)
from hub.errors import ProtocolError

MOST_FRAMES = 20_000
"""Interleaved frames before an answer; a stream that is not stopped must not be read for ever."""


class RtspCall:
    """One connection; every wait is the caller's to limit.

    Each call raises OSError, EOFError or ProtocolError.
    """

    def __init__(self, place: Place, login: Login) -> None:
        self._place = place
        self._login = login
        self._number = 0
        self._challenge: Challenge | None = None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.frames = 0
        """Frames of video so far."""

    async def open(self) -> None:
        """Connect."""
        self._streams = await asyncio.open_connection(
            self._place.host, self._place.port, limit=LONGEST_HEAD
        )

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()

    async def ask(
        self, method: str, uri: str = "", fields: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the answer to a request, signed as soon as the camera has asked for that."""
        uri = uri or self._place.uri
        found = await self._exchange(method, uri, fields or {})
        if found.status != UNAUTHORIZED or self._challenge is not None or method == "OPTIONS":
            return found
        try:
            self._challenge = read_challenge(found.challenges)
        except ProtocolError:
            # It wants a sign-in that is not known here: as good as a refusal.
            return found
        return await self._exchange(method, uri, fields or {})

    async def _exchange(self, method: str, uri: str, fields: Mapping[str, str]) -> Answer:
        reader, writer = self._connected()
        self._number += 1
        signed = dict(fields)
        if self._challenge is not None:
            request = Request(method, uri)
            signed["Authorization"] = answer(
                self._challenge, request, self._login, secrets.token_hex(8)
            )
        writer.write(write_request(method, uri, self._number, signed))
        await writer.drain()
        for _ in range(MOST_FRAMES):
            first = await reader.readexactly(1)
            if first != b"$":
                return await self._read_answer(first, reader)
            await self._skip_frame(reader)
        raise ProtocolError("it sends frames and no answer")

    async def count_frames(self, most: int) -> None:
        """Read frames until there are so many."""
        reader, _ = self._connected()
        while self.frames < most:
            if await reader.readexactly(1) == b"$":
                await self._skip_frame(reader)

    async def _skip_frame(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readexactly(3)
        await reader.readexactly(int.from_bytes(head[1:], "big"))
        self.frames += head[0] == 0

    async def _read_answer(self, first: bytes, reader: asyncio.StreamReader) -> Answer:
        try:
            head = first + await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            raise ProtocolError("the head of its answer has no end") from error
        found, length = read_head(head.lstrip(b"\r\n"))
        body = await reader.readexactly(length)
        return found._replace(body=body.decode("utf-8", "replace"))

    def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            raise ConnectionError("not connected")
        return self._streams
