"""Who connects to the database file: SQLite as Python brings it, or what a test puts there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hub.store.readers import open_reader
from hub.store.writer import open_writer


class Connections(NamedTuple):
    """How a store connects; the tests of power cuts put a disk under it that forgets."""

    writer: Callable[[Path, float], sqlite3.Connection] = open_writer
    """By path and seconds to wait for a lock; called in the writer's thread."""
    reader: Callable[[Path], sqlite3.Connection] = open_reader
    """May be used in any thread, by one at a time."""


SQLITE = Connections()
"""Python's own."""
