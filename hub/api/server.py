"""The web server inside the hub's own loop: starts by `async with`, stops by leaving it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp

from hub.errors import ConfigError, Problem

GRACE_SECONDS = 1
"""How long open streams may finish at a stop; the whole hub has 5 s."""


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
async def serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[str]:
    """Serve `app` on the socket while the block runs; yields the base URL."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="web server")
    try:
        # uvicorn has no event for this.
        while not (server.started or task.done()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        host, port = listener.getsockname()[:2]
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        server.should_exit = True
        await task
