"""A host with an event stream over HTTP, as recorders and access controllers are; it can misbehave.

Requests, digest and parts are made here apart from the hub's own codecs: a simulator that shared
them would agree with every mistake in them.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Iterable
from enum import StrEnum, auto
from hashlib import md5

NONCE, REALM = "9f2b1c7e", "IP Camera(12345)"


class Mishap(StrEnum):
    """What a host does instead of speaking as it should."""

    WRONG_LENGTH = auto()
    """Each part says that it is longer than it is."""
    NO_LENGTH = auto()
    CUT = auto()
    """The connection ends in the middle of a part."""
    GARBAGE = auto()
    """Bytes without any boundary, and no end of them."""
    TRICKLE = auto()
    """One byte now and then, for ever."""
    PAGE = auto()
    """A login page instead of a stream."""


class EventHost:
    """One host; what `tell` is given goes to everybody who listens.

    `boundary` stands in the header as it is given, with dashes or quotes as makers have it.
    """

    def __init__(self, path: str, login: tuple[str, str], boundary: str = "boundary") -> None:
        self.mishap: Mishap | None = None
        self.refused = 0
        self.answers: dict[str, str] = {}
        """Path → text, of what can be asked beside the stream."""
        self.opened = asyncio.Event()
        self._path = path
        self._login = login
        self._boundary = boundary
        self._listeners: set[asyncio.StreamWriter] = set()
        self._talks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def serving(
        self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[int]:
        """Listen while the block runs, and yield the port."""
        server = await asyncio.start_server(self._welcome, host, port, ssl=tls)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            self.hang_up()
            server.close()
            for talk in self._talks:
                talk.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)

    def hang_up(self) -> None:
        """End every stream."""
        self.opened.clear()
        for writer in self._listeners:
            writer.close()
        self._listeners.clear()

    def tell(self, body: str | bytes, kind: str = "application/xml; charset=UTF-8") -> None:
        """Send a part to everybody who listens."""
        raw = body.encode() if isinstance(body, str) else body
        for writer in self._listeners:
            writer.write(self._part(raw, kind))
            if self.mishap is Mishap.CUT:
                writer.close()

    def _part(self, raw: bytes, kind: str) -> bytes:
        length = len(raw) + (40 if self.mishap is Mishap.WRONG_LENGTH else 0)
        line = f"Content-Length: {length}\r\n" if self.mishap is not Mishap.NO_LENGTH else ""
        mark = self._boundary.strip('"').lstrip("-")
        head = f"--{mark}\r\nContent-Type: {kind}\r\n{line}\r\n".encode()
        whole = head + raw + b"\r\n"
        return whole[: len(head) + len(raw) // 2] if self.mishap is Mishap.CUT else whole

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._converse(reader, writer), name="event stream")
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, EOFError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line = head.split("\r\n", 1)[0]
            writer.write(self._answer(line, head))
            await writer.drain()
            is_stream = line.split(" ")[1] == self._path
            if is_stream and self._is_let_in(line, head) and self.mishap is not Mishap.PAGE:
                self._listeners.add(writer)
                self.opened.set()
                await self._misbehave(writer)
                await reader.read()
        self._listeners.discard(writer)

    def _answer(self, line: str, head: str) -> bytes:
        if not self._is_let_in(line, head):
            self.refused += "authorization:" in head.lower()
            asked = f'Digest qop="auth", realm="{REALM}", nonce="{NONCE}", stale="FALSE"'
            return _head("401 Unauthorized", f"WWW-Authenticate: {asked}\r\nContent-Length: 0")
        if self.mishap is Mishap.PAGE:
            return _head("200 OK", "Content-Type: text/html\r\nContent-Length: 0")
        if (said := self.answers.get(line.split(" ")[1])) is not None:
            return _head("200 OK", f"Content-Length: {len(said)}") + said.encode()
        return _head("200 OK", f"Content-Type: multipart/mixed; boundary={self._boundary}")

    def _is_let_in(self, line: str, head: str) -> bool:
        method, uri, _ = line.split(" ")
        fields = dict(re.findall(r'(\w+)="?([^",\r]+)"?', head.partition("Digest ")[2]))
        name, password = self._login
        secret = _md5(f"{name}:{REALM}:{password}")
        use = f"{fields.get('nc')}:{fields.get('cnonce')}:auth"
        wanted = _md5(f"{secret}:{NONCE}:{use}:{_md5(f'{method}:{uri}')}")
        return uri in {self._path, *self.answers} and fields.get("response") == wanted

    async def _misbehave(self, writer: asyncio.StreamWriter) -> None:
        pieces: Iterable[bytes] = ()
        if self.mishap is Mishap.GARBAGE:
            pieces = [b"\x00\xff<a>" * 200] * 400
        elif self.mishap is Mishap.TRICKLE:
            pieces = [b"x"] * 10_000
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02 if self.mishap is Mishap.TRICKLE else 0)


def _head(status: str, fields: str) -> bytes:
    return f"HTTP/1.1 {status}\r\n{fields}\r\nConnection: close\r\n\r\n".encode()


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
