"""The web server inside the hub's own loop: starts by `async with`, stops by leaving it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from hub.errors import ConfigError, Problem

HEADERS_WITHIN = 10.0
"""Seconds in which a request's headers have to be complete."""
GRACE_SECONDS = 1
"""How long open streams may finish at a stop; the whole hub has 5 s."""


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on whoever does not get a request's headers together in time.

    uvicorn waits for them for ever: some hundred connections that send a letter now and then
    would be all that the hub's process may have open.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on while headers are incomplete, from when their first byte came."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._deadline is None:
            self._wait()

    def on_response_complete(self) -> None:
        """Wait for the next request, of which some bytes may be here already."""
        super().on_response_complete()
        if self.conn.trailing_data[0] and (self.cycle is None or self.cycle.response_complete):
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(HEADERS_WITHIN, self.timeout_keep_alive_handler)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the hub alone decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def listen(host: str, port: int, *, file: str) -> socket.socket:
    """Open the listening socket; port 0 picks a free one. Raises ConfigError naming `file`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            Problem(
                file=file,
                message=f"[web] cannot listen on {host} port {port}: {error.strerror}",
                hint="stop the program that uses the port, or choose another",
            )
        ) from error
    return listener


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp, listener: socket.socket, context: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Serve `app` on the socket while the block runs, encrypted by `context`; yields the URL."""
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_context_factory=(lambda _config, _usual: context) if context else None,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="web server")
    try:
        # uvicorn has no event for this.
        while not (server.started or task.done()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        host, port = listener.getsockname()[:2]
        scheme = "https" if context else "http"
        yield f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        server.should_exit = True
        await task
