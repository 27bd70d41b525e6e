"""A disk that can really be full: a small tmpfs, where the test may mount one."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a file system of `size` while the block runs, or skip the test.

    Who is not root runs the tests by `unshare -rm`, in a mount namespace of their own.
    """
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root only; run the tests by unshare -rm")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
