"""Records what SQLite does to its files: a layer of its own over the real file system (apsw)."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

import apsw

from hub.store.connections import Connections
from tests.chaos.power_cut.disk import Image, Name, Step, Sync, Truncate, Write, write_image

LOGS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL
_WRITING = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
_KEPT = apsw.SQLITE_OPEN_MAIN_DB | LOGS
_LOGGED, _PLAIN = slice(18, 20), b"\1\1"
"""Where the header of a database says that it has a log, and what it says else."""
FileName = str | apsw.URIFilename | None
"""A database's comes with the parameters of its URI; None is a file for a while."""
_NUMBERS = itertools.count()


def title_of(name: FileName) -> str:
    """Return the last part of a name."""
    return Path(name.filename() if isinstance(name, apsw.URIFilename) else str(name)).name


class Cursor(apsw.Cursor):
    """What the store asks of a cursor of Python's own module."""

    @property
    def lastrowid(self) -> int:
        return self.connection.last_insert_rowid()

    @property
    def rowcount(self) -> int:
        return self.connection.changes()


class Connection(apsw.Connection):
    """What the store asks of a connection of Python's own module."""

    def __init__(self, path: str, vfs: str, flags: int = _WRITING) -> None:
        super().__init__(path, vfs=vfs, flags=flags)
        self.cursor_factory = Cursor

    @property
    def total_changes(self) -> int:
        return super().total_changes()

    def backup(self, target: sqlite3.Connection, **options: object) -> None:
        """Copy into a database of Python's own module, as the copy before a migration is."""
        content = bytearray(self.serialize("main"))
        content[_LOGGED] = _PLAIN
        with closing(sqlite3.connect(":memory:")) as copy:
            copy.deserialize(content)
            copy.backup(target, **options)


class Recorder(apsw.VFS):
    """Passes everything on but the syncs, which it believes; `steps` is what was done."""

    def __init__(self, folder: Path, image: Image) -> None:
        self.title = f"recorder-{next(_NUMBERS)}"
        self.steps: list[Step] = []
        self.inodes = {name: inode for inode, name in enumerate(image)}
        self.free = itertools.count(len(image))
        write_image(folder, image)
        super().__init__(self.title, "")

    def xOpen(self, name: FileName, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's word
        if not flags[0] & _KEPT:
            return apsw.VFSFile("", name, flags)
        title = title_of(name)
        if title not in self.inodes:
            self.inodes[title] = next(self.free)
            self.steps.append(Name(title, self.inodes[title]))
        return RecordedFile(self, name, flags)

    def xDelete(self, name: str, sync_folder: bool) -> None:  # noqa: N802
        super().xDelete(name, sync_folder)
        title = Path(name).name
        if self.inodes.pop(title, None) is not None:
            self.steps.append(Name(title, None, folder=bool(sync_folder)))

    def connections(self) -> Connections:
        """Return what puts this layer under a store."""
        return Connections(self._connect_writer, self._connect_reader)

    def _connect_writer(self, path: Path, busy_timeout: float) -> Connection:
        connection = Connection(str(path), vfs=self.title)
        connection.set_busy_timeout(int(busy_timeout * 1000))
        return connection

    def _connect_reader(self, path: Path) -> Connection:
        return Connection(str(path), vfs=self.title, flags=apsw.SQLITE_OPEN_READONLY)


class RecordedFile(apsw.VFSFile):
    """A file of the real file system; shared memory stays SQLite's own."""

    def __init__(self, recorder: Recorder, name: FileName, flags: list[int]) -> None:
        self._steps = recorder.steps
        self._inode = recorder.inodes[title_of(name)]
        # SQLite on unix syncs the folder with the first sync of a log that it may have made.
        self._new = bool(flags[0] & LOGS and flags[0] & apsw.SQLITE_OPEN_CREATE)
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        self._steps.append(Write(self._inode, offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        super().xTruncate(size)
        self._steps.append(Truncate(self._inode, size))

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._steps.append(Sync(self._inode))
        if self._new:
            self._steps.append(Sync(None))
        self._new = False
