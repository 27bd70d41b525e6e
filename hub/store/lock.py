"""The lock file: a store belongs to one hub at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.errors import StoreError


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold `path`.lock while the block runs; StoreError when another process holds it.

    The kernel lets go of it with the process, however that ends; the file itself may stay.
    """
    file = path.with_name(path.name + ".lock")
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(handle, path)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int, path: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(handle, 20, 0).decode(errors="replace").strip() or "unknown"
        raise StoreError(
            f"{path} is in use by another hub (process {owner}); stop that one first, or give this"
            " one a data folder of its own",
            zh=f"{path} 正由另一个系统进程（{owner}）使用，请先停掉它。",
        ) from None
