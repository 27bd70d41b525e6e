"""Has photos drawn anew in a process of its own: what kills a decoder does not kill the hub."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

import structlog

from hub.errors import InvalidRequestError
from hub.model.photo import Picture
from hub.services.reports.picture import (
    LARGEST_FILE,
    LARGEST_PICTURE,
    Fault,
    RefusedPictureError,
    sniff,
)

log = structlog.get_logger(__name__)

NICE = 10
PATIENCE = 30.0
"""Real seconds for one photo; on a slow machine the process has used up its own limit before."""

_WHY = {
    Fault.UNKNOWN: (
        "照片要 JPEG、PNG 或 WebP 格式，请换一张",
        "send a JPEG, PNG or WebP photo; this file is none",
    ),
    Fault.HEAVY: (
        f"照片超过 {LARGEST_FILE >> 20} MB，请换小一点的",
        f"the photo is over {LARGEST_FILE >> 20} MB; send a smaller one",
    ),
    Fault.LARGE: (
        f"照片超过 {LARGEST_PICTURE // 10**6} 百万像素，请用普通清晰度再拍一张",
        f"the photo has over {LARGEST_PICTURE // 10**6} megapixels; take it at normal size",
    ),
    Fault.BROKEN: ("照片打不开，请重新拍一张", "the photo cannot be opened; take it again"),
}


async def develop(data: bytes) -> Picture:
    """Return the photo drawn anew; InvalidRequestError says why not."""
    try:
        sniff(data)
    except RefusedPictureError as error:
        raise refuse(error.fault) from error
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub.services.reports.picture"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=lambda: os.nice(NICE),
    )
    try:
        async with asyncio.timeout(PATIENCE):
            drawn, said = await process.communicate(data)
    except TimeoutError as error:
        raise refuse(Fault.LARGE) from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return _read(process.returncode, drawn, said.decode("utf-8", "replace").strip())


def refuse(fault: Fault) -> InvalidRequestError:
    """Return what a refused photo's sender is told."""
    zh, en = _WHY[fault]
    return InvalidRequestError(f"{en}.", problems={"photo": en}, zh=f"{zh}。")


def _read(code: int | None, drawn: bytes, said: str) -> Picture:
    if code == 0:
        sides, _, body = drawn.partition(b"\n")
        width, height = map(int, sides.split())
        return Picture(body=body, width=width, height=height)
    if said in set(Fault):
        raise refuse(Fault(said))
    log.warning("a photo has ended the process that should draw it", code=code, said=said[-500:])
    raise refuse(Fault.BROKEN)
