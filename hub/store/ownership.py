"""Whose files lie in the data folder: the hub's, also where root has made them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def left_to_owner(path: Path) -> Iterator[None]:
    """Give what root makes beside the store to the folder's owner, or the hub cannot open it.

    Nobody else may read what is made.
    """
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
        if os.geteuid() == 0 and path.parent.is_dir():
            owner = path.parent.stat()
            for file in path.parent.glob(f"{path.name}*"):
                os.chown(file, owner.st_uid, owner.st_gid)
