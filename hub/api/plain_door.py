"""What is served without encryption: how to install the site's authority, and the way to the rest.

Nothing else: a password or a ticket that goes this way could be read and changed by anybody near.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.api.shield import SecurityHeaders

PLAIN_PATHS = re.compile(r"/trust$|/ca\.crt$|/static/|/healthz$")
_HOST = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.\-]{1,253})(:[0-9]{1,5})?")


class PlainDoor:
    """Passes a few paths on, and leads whoever reads a page to the encrypted one at `port`."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or lead to the same page behind the other door."""
        if scope["type"] != "http" or PLAIN_PATHS.match(scope["path"]):
            await self._app(scope, receive, send)
            return
        await SecurityHeaders(self._answer(scope))(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        host = _HOST.fullmatch(Headers(scope=scope).get("host", ""))
        if scope["method"] not in {"GET", "HEAD"} or host is None:
            # A body has come in the clear already: nobody is to believe that it did its work.
            return PlainTextResponse("请用 https 打开。 Use https.\n", 403)
        raw = scope.get("raw_path") or scope["path"].encode()
        query = scope.get("query_string", b"")
        path = "/" + raw.decode("latin-1").lstrip("/\\") + ("?" + query.decode() if query else "")
        return RedirectResponse(f"https://{host[1]}:{self._port}{path}", 307)
