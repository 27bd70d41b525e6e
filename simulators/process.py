"""Child processes that end with their parent, whatever end that is."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
from collections.abc import Mapping
from pathlib import Path

PR_SET_PDEATHSIG = 1
PATIENCE = 6.0
"""Seconds that the demo gives a child, so that Ctrl-C is over soon."""
TAIL = 12
"""Lines of a log that explain a death."""


class Child:
    """One program with its log; it is started again and again under the same name.

    `patience`: seconds between asking it to stop and making it.
    """

    def __init__(
        self, name: str, command: list[str], folder: Path, patience: float = PATIENCE
    ) -> None:
        self.name = name
        self._command = command
        self._folder = folder
        self._patience = patience
        self._log = folder / f"{name}.log"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The number of the running process; 0 when there is none."""
        return self._process.pid if self._process and self._process.returncode is None else 0

    async def start(self, *, talks: bool = False) -> asyncio.StreamReader | None:
        """Run the program; with `talks` its output is returned to be read, else it is logged."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self._folder,
                env=_environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if talks else log,
                stderr=log,
                # A session of its own: Ctrl-C reaches the parent alone, which stops in order.
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        return self._process.stdout

    async def wait(self) -> int:
        """Return the exit code once the program has ended."""
        if self._process is None:
            return 0
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask the program to stop, and kill it when it takes too long."""
        if not self.pid or self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), self._patience)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def last_words(self) -> str:
        """Return the end of the program's log."""
        lines = self._log.read_text("utf-8", "replace").splitlines() if self._log.exists() else []
        return "\n".join(lines[-TAIL:])


def allow_many_sockets() -> None:
    """Raise this process's limit of open files, and its children's, as far as it may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _environment() -> Mapping[str, str]:
    """Return our environment, with Python's output unbuffered."""
    return {**os.environ, "PYTHONUNBUFFERED": "1"}


def _die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies, be it by `kill -9`."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
