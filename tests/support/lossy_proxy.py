"""A way to a hub that can be shut, and that can lose an answer after the hub has given it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from simulators.demo_files import HOST

PIECE = 65536


class LossyProxy:
    """Carries connections to one port; `is_cut` refuses all, `lose` names what loses its answer."""

    def __init__(self, upstream: int) -> None:
        self.port = 0
        self.is_cut = False
        self.lose = b""
        self.lost = 0
        self._upstream = upstream
        self._open: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Shut the way, in the middle of whatever is on it."""
        self.is_cut = True
        for writer in list(self._open):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to its end."""
        if self.is_cut:
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection(HOST, self._upstream)
        self._open |= {writer, there_writer}
        doomed = asyncio.Event()

        async def carry(
            source: asyncio.StreamReader, target: asyncio.StreamWriter, *, forth: bool
        ) -> None:
            with contextlib.suppress(OSError):
                while data := await source.read(PIECE):
                    if forth and self.lose and self.lose in data:
                        doomed.set()
                        self.lose = b""
                    if not forth and doomed.is_set():
                        # The hub has answered, so it has done its work; nobody will hear of it.
                        self.lost += 1
                        break
                    target.write(data)
                    await target.drain()
            target.transport.abort()

        try:
            await asyncio.gather(
                carry(reader, there_writer, forth=True), carry(there_reader, writer, forth=False)
            )
        finally:
            self._open -= {writer, there_writer}
            for each in (writer, there_writer):
                each.transport.abort()


@contextlib.asynccontextmanager
async def lossy(upstream: int) -> AsyncIterator[LossyProxy]:
    """Serve a proxy while the block runs."""
    proxy = LossyProxy(upstream)
    tasks: set[asyncio.Task[None]] = set()

    def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(proxy.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(take, HOST, 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
