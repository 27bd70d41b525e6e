"""A mail server on loopback: takes mails as RFC 5321 has it, with TLS and a password if told."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import NamedTuple


class Mail(NamedTuple):
    """A mail as it came: envelope, content, and who had signed in."""

    sender: str
    to: list[str]
    content: EmailMessage
    user: str
    safe: bool


class PostOffice:
    """`answers` replaces the answer to a command: `{"RCPT": "550 no such user"}`."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.mails: list[Mail] = []
        self.answers: dict[str, str] = {}
        self.offers_tls = tls is not None
        self.port = 0
        self._tls = tls

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            await _Visit(self, reader, writer).serve()
        writer.close()

    @property
    def tls(self) -> ssl.SSLContext:
        assert self._tls
        return self._tls


class _Visit:
    def __init__(
        self, office: PostOffice, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._office = office
        self._reader = reader
        self._writer = writer
        self._user, self._sender = "", ""
        self._to: list[str] = []

    async def serve(self) -> None:
        await self._say(self._office.answers.get("HELLO", "220 post.example ESMTP"))
        while line := (await self._reader.readline()).decode().strip():
            word = line.split(" ")[0].split(":")[0].upper()
            if word in self._office.answers:
                await self._say(self._office.answers[word])
                continue
            if await self._obey(word, line):
                return

    async def _obey(self, word: str, line: str) -> bool:
        if word == "EHLO":
            safe = self._is_safe()
            offered = ["STARTTLS"] if self._office.offers_tls and not safe else []
            lines = ["post.example", *offered, "AUTH PLAIN", "SMTPUTF8"]
            marks = ["-"] * (len(lines) - 1) + [" "]
            for mark, text in zip(marks, lines, strict=True):
                await self._say(f"250{mark}{text}")
        elif word == "STARTTLS":
            await self._say("220 go on")
            await self._writer.start_tls(self._office.tls)
        elif word == "AUTH":
            _, self._user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
            good = password == "sesame"
            await self._say("235 welcome" if good else "535 5.7.8 wrong password")
        elif word == "MAIL":
            self._sender, self._to = line.partition("<")[2].partition(">")[0], []
            await self._say("250 ok")
        elif word == "RCPT":
            self._to.append(line.partition("<")[2].partition(">")[0])
            await self._say("250 ok")
        elif word == "DATA":
            await self._take()
        else:
            await self._say("221 bye" if word == "QUIT" else "250 ok")
        return word == "QUIT"

    async def _take(self) -> None:
        await self._say("354 go on")
        raw = await self._reader.readuntil(b"\r\n.\r\n")
        content = message_from_bytes(raw[:-3], policy=default)
        assert isinstance(content, EmailMessage)
        mail = Mail(self._sender, self._to, content, self._user, self._is_safe())
        self._office.mails.append(mail)
        await self._say("250 taken")

    async def _say(self, text: str) -> None:
        self._writer.write(text.encode() + b"\r\n")
        await self._writer.drain()

    def _is_safe(self) -> bool:
        return self._writer.get_extra_info("ssl_object") is not None


@contextlib.asynccontextmanager
async def post_office(
    tls: ssl.SSLContext | None = None, *, wrapped: bool = False
) -> AsyncIterator[PostOffice]:
    """Serve on a free port; `wrapped` speaks TLS from the first byte."""
    office = PostOffice(tls)
    server = await asyncio.start_server(
        office.receive, "127.0.0.1", 0, ssl=tls if wrapped else None
    )
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        await server.wait_closed()
