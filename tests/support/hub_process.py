"""A hub as a child process on a site of its own: started, stopped, killed, started again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2

from simulators.process import Child
from tests.support.patience import PATIENCE
from tests.support.site import KEYS

Word = str | int
HUB = (sys.executable, "-m", "hub")


class HubProcess:
    """One hub on one data folder; `program` runs another than the real one."""

    def __init__(self, config: Path, program: Sequence[str] = HUB) -> None:
        self.folder = config.parent
        self.store = self.folder / "lingdang.db"
        self.ready_file = self.folder / "hub.ready"
        self.url = ""
        command = [*program, "run", str(config)]
        self._child = Child("hub", command, self.folder, patience=PATIENCE)

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        return self._child.pid

    @property
    def log(self) -> str:
        """Everything that the hub has written so far."""
        return (self.folder / "hub.log").read_text("utf-8", "replace")

    async def start(self) -> None:
        """Start, and return once it is up."""
        await self.launch()
        await self.until_ready()

    async def launch(self) -> None:
        """Start, and return at once."""
        await self._child.start()

    async def until_ready(self) -> None:
        """Return once the hub says that it is up."""
        async with asyncio.timeout(PATIENCE):
            while not self._is_ready():
                assert self._child.pid, f"the hub has ended: {self._child.last_words()}"
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """`kill -9`, and return once it is gone."""
        os.kill(self._child.pid, signal.SIGKILL)
        await self._child.wait()

    async def freeze(self, seconds: float) -> None:
        """Stop the process where it stands, as a machine that hangs does, and let it go on."""
        with self.frozen():
            await asyncio.sleep(seconds)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the process where it stands while the block runs."""
        os.kill(self._child.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._child.pid, signal.SIGCONT)

    async def stop(self) -> int:
        """Send SIGTERM and return the exit code; a hub that takes too long is killed (-9)."""
        await self._child.stop()
        return await self._child.wait()

    async def wait(self) -> int:
        """Return the exit code once the hub has ended by itself."""
        return await self._child.wait()

    async def get(self, path: str, role: str = "administrator", **params: Word) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON of a call by the key of a role."""
        return json.loads(await self.read(path, role, **params))

    async def read(self, path: str, role: str = "administrator", **params: Word) -> str:
        """Return the text of a call by the key of a role."""
        async with self._client(role) as client:
            answer = await client.get(path, params=params)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.text

    async def status(self, path: str) -> tuple[int, str]:
        """Return status and text of a call by the administrator's key, whatever they are."""
        async with self._client("administrator") as client:
            answer = await client.get(path)
        return answer.status_code, answer.text

    async def act(self, number: str, do: str, role: str, **fields: Word) -> dict[str, Any]:
        """Take a step of a ticket by the key of a role."""
        path = f"/api/v1/tickets/{number}/actions"
        async with self._client(role) as client:
            answer = await client.post(path, json={"do": do, **fields})
        assert answer.status_code == 200, f"{do} {number}: {answer.status_code} {answer.text}"
        ticket: dict[str, Any] = answer.json()
        return ticket

    async def post(self, path: str, role: str, /, **body: object) -> dict[str, Any]:
        """Send JSON by the key of a role, and return the answer's."""
        async with self._client(role) as client:
            answer = await client.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    def _client(self, role: str) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {KEYS[role]}"}
        return httpx2.AsyncClient(
            base_url=self.url, headers=headers, trust_env=False, timeout=PATIENCE
        )

    def _is_ready(self) -> bool:
        """Read the ready file; one that a killed hub has left behind names another process."""
        with contextlib.suppress(FileNotFoundError):
            ready = json.loads(self.ready_file.read_bytes())
            if ready["pid"] == self._child.pid:
                self.url = str(ready["url"])
                return True
        return False


@contextlib.asynccontextmanager
async def running_hub(config: Path, program: Sequence[str] = HUB) -> AsyncIterator[HubProcess]:
    """Run a hub while the block runs."""
    hub = HubProcess(config, program)
    try:
        await hub.start()
        yield hub
    finally:
        await hub.stop()
