"""Pure ASGI middleware around everything: security headers, and a limit on bodies."""

from __future__ import annotations

import re

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 1024 * 1024
"""Bytes of a request's body."""
PHOTO_LIMIT = 11 * 1024 * 1024
"""The same where a photo or workbook of 10 MiB may come in a form."""
PUBLIC_PATHS = re.compile(r"/w/|/static/|/receipts/|/healthz$")
"""How the paths begin that residents need, and vendors who push what became of a message."""
PHOTO_PATHS = re.compile(
    r"(/api/v1)?/site/(check|loads)|/w/[0-9]+|/hotline$|(/api/v1)?/(tickets|projects)/[^/]+/photos|/department/[^/]+/actions"
    r"|/rounds/[^/]+/stops/[^/]+"
)

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
        "object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
"""Set unless the answer has set its own (static files cache longer)."""
TLS_HEADERS = {"strict-transport-security": "max-age=31536000"}
"""Not with an authority of the site's own: it holds for every port of a host, also for the one at
which telephones that do not trust it yet learn how to."""


class SecurityHeaders:
    """Adds the headers that keep a browser from being used against its owner."""

    def __init__(self, app: ASGIApp, *, strict: bool = True) -> None:
        self._app = app
        self._encrypted = HEADERS | TLS_HEADERS if strict else HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with its headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = self._encrypted if scope["scheme"] == "https" else HEADERS

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in wanted.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses bodies over the limit with 413, by what is announced and by what is received."""

    def __init__(self, app: ASGIApp, limit: int = BODY_LIMIT) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a body that is counted while it is read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        received = int(announced) if announced.isascii() and announced.isdigit() else 0
        limit = self._limit_of(scope.get("path", ""))
        if received <= limit:
            received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive() if received <= limit else {"type": "http.request"}
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, f"The body is over {limit} bytes; send less, or in parts.")
            return message

        await self._app(scope, receive_counted, send)

    def _limit_of(self, path: str) -> int:
        return max(self._limit, PHOTO_LIMIT) if PHOTO_PATHS.fullmatch(path) else self._limit


class PublicOnly:
    """Passes on what everybody may see, and knows of nothing else: for a listener of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 404."""
        if scope["type"] != "http" or PUBLIC_PATHS.match(scope["path"]):
            await self._app(scope, receive, send)
            return
        nothing = SecurityHeaders(PlainTextResponse("404", status_code=404))
        await nothing(scope, receive, send)


def protect(app: FastAPI, *, strict: bool = True) -> None:
    """Put both around the app; `strict` has browsers remember that it is always encrypted."""
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders, strict=strict)
