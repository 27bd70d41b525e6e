"""The reference receiver as a child process: started, asked, killed, started again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2

from simulators.process import Child
from tests.support.hub_process import HubProcess
from tests.support.patience import PATIENCE
from tests.support.site import KEYS

CITY, POWER = "grid", "供电所"
"""The names that the seats' keys have at the hub."""


class ReceiverProcess:
    """One platform with its books in `folder`."""

    def __init__(self, url: str, seats: dict[str, str], folder: Path, *more: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.hook = self._control = ""
        self._ready = folder / "receiver.ready"
        words = [word for name, key in seats.items() for word in ("--seat", f"{name}={key}")]
        command = [sys.executable, "-m", "simulators.platform", url, *words, *more]
        command += ["--data", str(folder), "--ready-file", str(self._ready)]
        self._child = Child("receiver", command, folder)

    async def start(self) -> None:
        """Start, and return once it is up."""
        await self._child.start()
        async with asyncio.timeout(PATIENCE):
            while not self._is_up():
                assert self._child.pid, f"it has ended: {self._child.last_words()}"
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """`kill -9`, and return once it is gone."""
        os.kill(self._child.pid, signal.SIGKILL)
        await self._child.wait()

    async def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        await self._child.stop()
        return await self._child.wait()

    async def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """GET a path of its control, or POST a body to it."""
        async with httpx2.AsyncClient(base_url=self._control, trust_env=False) as client:
            method = "GET" if body is None else "POST"
            answer = await client.request(method, path, json=body, timeout=PATIENCE)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def steps(self) -> list[tuple[str, str]]:
        """Return who did what, in order."""
        found = (await self.ask("/log"))["steps"]
        return [(step["receiver"], step["do"]) for step in found]

    def _is_up(self) -> bool:
        with contextlib.suppress(FileNotFoundError):
            ready = json.loads(self._ready.read_bytes())
            self._control, self.hook = ready["control"], ready["hook"]
            return bool(ready["pid"] == self._child.pid)
        return False


async def make_seats(hub: HubProcess) -> dict[str, str]:
    """Return the keys of the city and of its department of power, made at the hub."""
    made = await hub.post("/api/v1/keys", "administrator", name=POWER, role="grid")
    return {CITY: KEYS["grid"], POWER: made["token"]}


@contextlib.asynccontextmanager
async def receiving(hub: HubProcess, folder: Path, *more: str) -> AsyncIterator[ReceiverProcess]:
    """Run a platform with two seats while the block runs."""
    receiver = ReceiverProcess(hub.url, await make_seats(hub), folder, *more)
    try:
        await receiver.start()
        yield receiver
    finally:
        await receiver.stop()
