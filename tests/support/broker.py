"""A mosquitto of a test's own: the shipped profile or Debian's, killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from simulators.demo_files import HOST, free_port
from simulators.process import Child
from tests.support.patience import PATIENCE

SHIPPED_PROFILE = Path(__file__).parents[2] / "deploy" / "mosquitto" / "mosquitto.conf"
SHIPPED_LINES = (
    "max_queued_messages",
    "max_queued_bytes",
    "max_inflight_messages",
    "upgrade_outgoing_qos",
    "persistent_client_expiration",
    "max_packet_size",
    "max_keepalive",
    "persistence",
    "autosave_interval",
    "autosave_on_changes",
)
"""What a test takes over from the shipped profile: everything but who may come in."""
DURABLE_LINES = ("persistence", "autosave_interval", "autosave_on_changes")
"""Those that let it survive its own death; they cost 2.0.11 most of its speed."""
DEBIAN_LINES = ("persistence true",)
"""What Debian 12 sets in its own mosquitto.conf, of the lines above."""


def shipped_lines(*, durable: bool = True) -> tuple[str, ...]:
    """Read the values that ship, so that a test never holds to values of its own."""
    wanted = {*SHIPPED_LINES} - (set() if durable else {*DURABLE_LINES})
    lines = SHIPPED_PROFILE.read_text("utf-8").splitlines()
    return tuple(line for line in lines if line.partition(" ")[0] in wanted)


class Broker:
    """One broker; its port and its folder stay the same however often it dies."""

    def __init__(self, program: Path, folder: Path, lines: tuple[str, ...]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        config = folder / "mosquitto.conf"
        own = (
            f"listener {self.port} {HOST}",
            "allow_anonymous true",
            "user root",
            f"persistence_location {folder}/",
        )
        config.write_text("\n".join((*own, *lines)) + "\n", "utf-8")
        command = [str(program), "-c", str(config)]
        self._child = Child("mosquitto", command, folder, patience=PATIENCE)

    async def start(self) -> None:
        """Start, and return once it answers."""
        await self._child.start()
        async with asyncio.timeout(PATIENCE):
            while not await self._answers():
                assert self._child.pid, f"mosquitto has died: {self._child.last_words()}"
                await asyncio.sleep(0.02)

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        return self._child.pid

    async def kill(self) -> None:
        """`kill -9`, and return once it is gone."""
        os.kill(self._child.pid, signal.SIGKILL)
        await self.wait()

    async def wait(self) -> None:
        """Return once the process has ended."""
        await self._child.wait()

    async def stop(self) -> None:
        """Ask it to end; it writes its state first."""
        await self._child.stop()

    async def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(HOST, self.port)
            writer.close()
            await writer.wait_closed()
            return True
        return False


@contextlib.asynccontextmanager
async def running_broker(
    program: Path, folder: Path, lines: tuple[str, ...] | None = None
) -> AsyncIterator[Broker]:
    """Run a broker while the block runs; without `lines` with the profile that ships."""
    broker = Broker(program, folder, shipped_lines() if lines is None else lines)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()
