"""Has a workbook read in a process of its own: what kills a reader does not kill the hub."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

import msgspec
import structlog

from hub.services.sheets.fault import Faults
from hub.services.sheets.package import LARGEST
from hub.services.sheets.reading import Reading

log = structlog.get_logger(__name__)

NICE = 10
PATIENCE = 90.0
"""Real seconds for one file; the process has used up its own limit before."""


async def read_in_process(data: bytes, file: str) -> Reading:
    """Read a workbook; whatever is wrong with it, also that it kills its reader, is a problem."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub.services.sheets.reading", file),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=lambda: os.nice(NICE),
    )
    try:
        async with asyncio.timeout(PATIENCE):
            answer, said = await process.communicate(data)
    except TimeoutError:
        return _refused(file)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if process.returncode:
        words = said.decode("utf-8", "replace").strip()[-500:]
        log.warning("a workbook has ended its reader", code=process.returncode, said=words)
        return _refused(file)
    return msgspec.json.decode(answer, type=Reading)


def _refused(file: str) -> Reading:
    faults = Faults(file)
    faults.add("large", {"megabytes": LARGEST >> 20})
    return Reading(problems=faults.problems)
