"""Tells who started the hub that it is up and alive: a ready file, and systemd's datagrams."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from hub.intake.pipeline import Pipeline

READY_FILE = "hub.ready"
BEAT_SECONDS = 10.0
PATIENCE = 60.0
"""Seconds that systemd waits for the next word of a start, at least."""


def announce(folder: Path, url: str, *, mqtt: str, pages: str = "") -> None:
    """Write `hub.ready` beside the store, by rename, and tell systemd.

    `url` is where this machine asks, `pages` where people do (the same when left out). `mqtt` names
    the library with which the links have started; empty where there is no broker.
    """
    path = folder / READY_FILE
    scratch = path.with_suffix(".new")
    told = {"url": url, "pages": pages or url, "pid": os.getpid(), "mqtt": mqtt}
    scratch.write_bytes(msgspec.json.encode(told))
    scratch.replace(path)
    notify_systemd(f"READY=1\nSTATUS=serving {pages or url}")


@contextlib.asynccontextmanager
async def more_time() -> AsyncIterator[None]:
    """Ask systemd for patience while the block runs: an upgrade may write gigabytes anew."""
    asking = asyncio.create_task(_ask_for_time(), name="more-time")
    try:
        yield
    finally:
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking


async def _ask_for_time() -> None:
    while True:
        notify_systemd(f"EXTEND_TIMEOUT_USEC={int(PATIENCE * 1e6)}")
        await asyncio.sleep(BEAT_SECONDS)


def withdraw(folder: Path, *, again: bool = False) -> None:
    """Take the ready file away; `again` where the same process is about to start anew."""
    (folder / READY_FILE).unlink(missing_ok=True)
    now = int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6)
    notify_systemd(f"RELOADING=1\nMONOTONIC_USEC={now}" if again else "STOPPING=1")


async def beat(pipeline: Pipeline) -> None:
    """Feed systemd's watchdog while the intake's loop turns; a loop that stands feeds nothing."""
    seen = -1
    while True:
        if pipeline.batches != seen or pipeline.failing:
            notify_systemd("WATCHDOG=1")
        seen = pipeline.batches
        await asyncio.sleep(BEAT_SECONDS)


def notify_systemd(message: str) -> None:
    """Send one datagram to systemd; without systemd nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
        datagram.connect(address)
        datagram.send(message.encode())
