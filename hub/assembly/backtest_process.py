"""A back-test for the API, in a process of its own: the loop that takes messages stays free."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

from hub.errors import ConflictError, InvalidRequestError
from hub.ports import BacktestWish

NICE = 10
"""How much the process stands back behind the hub."""
LINE_LIMIT = 4 * 2**20


class Backtests:
    """Runs one back-test at a time, on the history of the hub that `config` describes."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self._busy = False

    async def run(self, wish: BacktestWish) -> AsyncIterator[bytes]:
        """Yield lines of JSON; closing the iterator ends the process.

        Raises ConflictError while another runs, and InvalidRequestError, before or after some
        lines, for what cannot be tried.
        """
        if self._busy:
            raise ConflictError(
                "another back-test runs; wait for its end, or close it",
                zh="已有一个回测在运行，请稍后再试。",
            )
        self._busy = True
        try:
            with tempfile.TemporaryDirectory(prefix="lingdang-") as folder:
                async for line in self._lines(wish, Path(folder)):
                    yield line
        finally:
            self._busy = False

    async def _lines(self, wish: BacktestWish, folder: Path) -> AsyncIterator[bytes]:
        words = ["rules", "backtest", str(self._config), "--json", "--days", str(wish.days)]
        if wish.rule:
            words.append(f"--rule={wish.rule}")
        text, errors = folder / "text", folder / "errors"
        if wish.text:
            text.write_text(wish.text, "utf-8")
            words += ["--file", str(text)]
        with errors.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hub", *words),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=file,
                limit=LINE_LIMIT,
            )
        with contextlib.suppress(ProcessLookupError):
            # Not before exec: what runs there runs beside the threads of the store.
            os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        try:
            async for line in cast("asyncio.StreamReader", process.stdout):
                yield line
            if await process.wait():
                said = errors.read_text("utf-8", "replace").replace(str(text), "text").strip()
                raise InvalidRequestError(said or "the history cannot be read")
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
