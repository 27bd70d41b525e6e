"""Who has called a port of ours: a task for each, so many at a time, and none left at its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
LINE = 65_536
"""Bytes that asyncio holds of what has no end yet, where nobody says otherwise."""


class Callers:
    """Lets up to `most` in at a time; further ones are hung up on. `what` names their tasks."""

    def __init__(self, converse: Converse, *, most: int, what: str) -> None:
        self._converse = converse
        self._most = most
        self._what = what
        self._talks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def heard(
        self, host: str, port: int, *, limit: int = LINE
    ) -> AsyncIterator[asyncio.Server]:
        """Listen while the block runs; OSError where the port is taken."""
        server = await asyncio.start_server(self._welcome, host, port, limit=limit)
        try:
            yield server
        finally:
            server.close()
            for talk in self._talks:
                talk.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._talks) >= self._most:
            writer.close()
            return
        talk = asyncio.create_task(self._talk(reader, writer), name=self._what)
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._converse(reader, writer)
