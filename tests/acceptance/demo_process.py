"""`lingdang demo` as somebody would start it from a shell, and its doors: HTTP, control, MQTT."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from tests.support.patience import PATIENCE

LINGDANG = str(Path(sys.executable).with_name("lingdang"))
LOOK = 0.05
T = TypeVar("T")


class Demo:
    """One demo; `ready` is its ready file as of the start, `took` how many seconds that needed."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.ready_file = folder / "ready.json"
        self.ready: dict[str, Any] = {}
        self.took = 0.0
        self._options = options
        self._output = folder / "output.txt"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def output(self) -> str:
        """What the demo has printed so far."""
        return self._output.read_text("utf-8")

    def start(self) -> None:
        """Start as from a terminal, in a process group of its own, and return once it is ready."""
        self.ready_file.unlink(missing_ok=True)
        words = [LINGDANG, "demo", "--port", "0", "--no-keyboard", "--data", str(self.data)]
        started = time.monotonic()
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [*words, "--ready-file", str(self.ready_file), *self._options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        ended = self._process.poll
        until(
            lambda: self.ready_file.exists() or ended() is not None,
            within=PATIENCE,
            say=lambda: self.output,
        )
        assert ended() is None, f"the demo has ended: {self.output}"
        self.took = time.monotonic() - started
        self.ready = self.read_ready()

    def read_ready(self) -> dict[str, Any]:
        """Read the ready file as it stands."""
        content: dict[str, Any] = json.loads(self.ready_file.read_bytes())
        return content

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Press Ctrl-C, or send another signal to the whole group; return the exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)
        try:
            return self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()

    def call(
        self,
        method: str,
        path: str,
        role: str = "administrator",
        *,
        headers: dict[str, str] | None = None,
        **words: object,
    ) -> httpx2.Response:
        """Call the hub by the key of a role; `role` empty calls without one."""
        headers = headers or {}
        if role:
            headers = {"Authorization": f"Bearer {self.ready['keys'][role]}"} | headers
        with httpx2.Client(base_url=self.ready["url"], trust_env=False, timeout=PATIENCE) as client:
            return client.request(method, path, headers=headers, **words)  # type: ignore[arg-type]

    def get(self, path: str, role: str = "administrator", **params: object) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return the JSON of a call that must succeed."""
        answer = self.call("GET", path, role, params=params)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def act(self, number: str, do: str, role: str, **fields: object) -> httpx2.Response:
        """Try a step of a ticket."""
        path = f"/api/v1/tickets/{number}/actions"
        return self.call("POST", path, role, json={"do": do, **fields})

    def control(self, method: str, path: str, **words: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Call the simulator's control, which must accept."""
        with httpx2.Client(
            base_url=self.ready["control"], trust_env=False, timeout=PATIENCE
        ) as client:
            answer = client.request(method, path, **words)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def cause(self, name: str, device: str = "", **words: str) -> dict[str, Any]:
        """Cause a fault and return it."""
        wish = {"name": name} | ({"device": device} if device else {}) | words
        fault: dict[str, Any] = self.control("POST", "/faults", json=wish)
        return fault

    def clear(self, fault: dict[str, Any]) -> None:
        """End a fault."""
        self.control("DELETE", f"/faults/{fault['id']}")

    def devices(self, kind: str = "") -> list[dict[str, Any]]:
        """Return the devices, of one kind if given."""
        found: list[dict[str, Any]] = self.get("/api/v1/devices", limit=1000, kind=kind)["items"]
        return found

    def tickets(self, subject: str = "") -> list[dict[str, Any]]:
        """Return the tickets, oldest first, of one subject if given."""
        page = self.get("/api/v1/tickets", limit=1000, subject=subject)
        return sorted(page["items"], key=lambda ticket: str(ticket["number"]))

    def ticket_of(self, subject: str, within: float = PATIENCE) -> dict[str, Any]:
        """Return the one ticket of a subject once it is there."""
        found = until(lambda: self.tickets(subject), within=within, say=lambda: subject)
        assert len(found) == 1, found
        return found[0]

    def journal(self, subject: str = "") -> list[dict[str, Any]]:
        """Return the whole journal, or what it holds about a subject."""
        found: list[dict[str, Any]] = []
        after = 0
        while page := self.get("/api/v1/journal", after=after, limit=1000)["items"]:
            found += page
            after = page[-1]["seq"]
        return [entry for entry in found if subject in {"", entry["subject"]}]

    def feed(self) -> list[dict[str, Any]]:
        """Return the grid platform's feed from the start."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while (page := self.get("/grid/v1/feed", "grid", **cursor))["items"]:
            found += page["items"]
            cursor = {"after": page["next"]}
        return found


@contextlib.contextmanager
def running_demo(folder: Path, *options: str) -> Iterator[Demo]:
    """Run a demo while the block runs."""
    demo = Demo(folder, *options)
    try:
        demo.start()
        yield demo
    finally:
        demo.stop()


def until(
    ask: Callable[[], T], *, within: float = PATIENCE, say: Callable[[], object] = lambda: ""
) -> T:
    """Ask another process until its answer counts as true, and return that."""
    end = time.monotonic() + within
    while not (answer := ask()):
        assert time.monotonic() < end, f"after {within:g} s still {answer!r:.500}; {say()}"
        time.sleep(LOOK)
    return answer


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and waits to be buried does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
