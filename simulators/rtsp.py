"""Cameras that speak RTSP: they describe their stream, send frames, and can misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from enum import StrEnum, auto
from hashlib import md5

REALM, NONCE = "IP Camera(12345)", "66f3c1"
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=Media\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
    "a=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n"
    "m=audio 0 RTP/AVP 8\r\na=control:trackID=2\r\n"
)
FRAME = b"$\x00\x00\x10" + b"\x80\x60" + bytes(14)


class Mishap(StrEnum):
    """What a camera does instead of what it should."""

    SILENCE = auto()
    """It takes the call and says nothing."""
    NO_STREAM = auto()
    NO_VIDEO = auto()
    FROZEN = auto()
    """It plays, and no frame comes."""
    BUSY = auto()
    MUTE = auto()
    """It answers OPTIONS and then no more."""
    ENDLESS = auto()
    """The head of its answer has no end."""
    NONSENSE = auto()
    BASIC = auto()
    """It wants a sign-in without a digest."""


class RtspCamera:
    """One camera; `asked` are the methods that it was asked for, `refused` wrong passwords."""

    def __init__(self, path: str, login: tuple[str, str]) -> None:
        self.mishap: Mishap | None = None
        self.asked: list[str] = []
        self.refused = 0
        self._path = path
        self._login = login
        self._talks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def serving(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
        """Listen while the block runs, and yield the port."""
        server = await asyncio.start_server(self._welcome, host, port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for talk in self._talks:
                talk.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._converse(reader, writer), name="rtsp camera")
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, EOFError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                method = head.split(" ", 1)[0]
                self.asked.append(method)
                writer.write(self._answer(method, head))
                if method == "PLAY" and self.mishap is not Mishap.FROZEN:
                    writer.write(FRAME * 40)
                await writer.drain()

    def _answer(self, method: str, head: str) -> bytes:
        number = re.findall(r"CSeq: (\d+)", head)[0]
        if self.mishap is Mishap.SILENCE or (self.mishap is Mishap.MUTE and method != "OPTIONS"):
            return b""
        if self.mishap is Mishap.ENDLESS:
            return b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 20_000
        if self.mishap is Mishap.NONSENSE:
            return b"HTTP/1.1 400 Bad Request\r\n\r\n"
        if method == "OPTIONS":
            return _reply(number, "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        if not self._is_let_in(method, head):
            self.refused += "Authorization" in head
            kind = "Basic" if self.mishap is Mishap.BASIC else "Digest"
            asked = f'WWW-Authenticate: {kind} realm="{REALM}", nonce="{NONCE}", stale="FALSE"'
            return _reply(number, "401 Unauthorized", asked)
        return self._serve(method, number)

    def _serve(self, method: str, number: str) -> bytes:
        if method == "DESCRIBE":
            if self.mishap is Mishap.NO_STREAM:
                return _reply(number, "404 Stream Not Found", "X: y")
            sdp = SDP[SDP.index("m=audio") :] if self.mishap is Mishap.NO_VIDEO else SDP
            return _reply(number, "200 OK", "Content-Type: application/sdp", sdp)
        if method == "SETUP" and self.mishap is Mishap.BUSY:
            return _reply(number, "453 Not Enough Bandwidth", "X: y")
        return _reply(number, "200 OK", "Session: 7; timeout=60")

    def _is_let_in(self, method: str, head: str) -> bool:
        uri = head.split(" ")[1]
        fields = dict(re.findall(r'(\w+)="([^"]*)"', head))
        name, password = self._login
        secret, asked = _md5(f"{name}:{REALM}:{password}"), _md5(f"{method}:{uri}")
        right = fields.get("response") == _md5(f"{secret}:{NONCE}:{asked}")
        return right and fields.get("uri") == uri and self._path in uri


def _reply(number: str, status: str, field: str, body: str = "") -> bytes:
    length = f"\r\nContent-Length: {len(body)}" if body else ""
    return f"RTSP/1.0 {status}\r\nCSeq: {number}\r\n{field}{length}\r\n\r\n{body}".encode()


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
