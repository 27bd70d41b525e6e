"""A disk whose fsync fails under load: the hub ends at once, and what it acknowledged is there."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.drill import Script, Stage, drill
from tests.chaos.plan import Plan
from tests.support.hub_process import HUB
from tests.support.patience import PATIENCE

pytestmark = [pytest.mark.chaos, pytest.mark.integration]

SEED = 1_011
SECONDS = 14.0
RATE = 200
SOURCE = Path(__file__).with_name("bad_disk.c")
ENDS = PATIENCE
"""Seconds within which the hub has to end; it looks at its disk with each commit."""


def build(compiler: Path, folder: Path) -> Path:
    """Compile the library that lets syncs fail."""
    library = folder / "bad_disk.so"
    options = ("-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl")
    subprocess.run([str(compiler), *options], check=True)
    return library


async def test_a_sync_that_fails_ends_the_hub_and_loses_nothing_acknowledged(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    sign, library = tmp_path / "fsync.fails", build(require_server("gcc"), tmp_path)
    program = ("env", f"LD_PRELOAD={library}", f"FSYNC_FAILS={sign}", *HUB)

    async def fail_twice(stage: Stage) -> str:
        for _ in range(2):
            await asyncio.sleep(3.0)
            sign.touch()
            async with asyncio.timeout(ENDS):
                code = await stage.hub.wait()
            assert code == 1
            assert "SQLITE_IOERR" in stage.hub.log
            assert "the hub cannot go on" in stage.hub.log
            await asyncio.to_thread(os.unlink, sign)
            await stage.hub.start()
        return "2 x fsync failed"

    plan = Plan(SEED, SECONDS, rate=RATE)
    script = Script(trouble=fail_twice, program=program)
    outcome = await drill(tmp_path, require_server("mosquitto"), plan, script)
    assert outcome.faults == []
