"""Opens an image where it lies, in memory: SQLite recovers it as it would from a disk (apsw)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from tests.chaos.power_cut.disk import Image, Truncate, Write, apply
from tests.chaos.power_cut.recorder import Connection, FileName, title_of


class Memory(apsw.VFS):
    """Files of one image at a time."""

    title = "image"

    def __init__(self) -> None:
        self.files: dict[str, MemoryFile] = {}
        super().__init__(self.title, "")

    def xOpen(self, name: FileName, flags: list[int]) -> MemoryFile:  # noqa: N802 - SQLite's word
        flags[1] = flags[0]
        return self.files.setdefault(title_of(name), MemoryFile(bytearray()))

    def xAccess(self, name: str, flags: int) -> bool:  # noqa: N802
        return title_of(name) in self.files

    def xDelete(self, name: str, sync_folder: bool) -> None:  # noqa: N802
        del self.files[title_of(name)]

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        return name

    @contextmanager
    def opened(self, image: Image) -> Iterator[Connection]:
        """Open the database of an image for as long as the block runs; the image stays as it is."""
        self.files = {name: MemoryFile(content) for name, content in image.items()}
        connection = Connection("/hub.db", vfs=self.title)
        try:
            # Alone, SQLite keeps the index of the log on its heap: no shared memory is needed.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            yield connection
        finally:
            connection.close()


class MemoryFile:
    """A file without locks: nobody else is there. It takes a copy before it is written."""

    def __init__(self, content: bytearray) -> None:
        self._content = content
        self._copied = False

    def _own(self) -> bytearray:
        if not self._copied:
            self._content, self._copied = bytearray(self._content), True
        return self._content

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        return bytes(self._content[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        apply(self._own(), Write(0, offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        apply(self._own(), Truncate(0, size))

    def xFileSize(self) -> int:  # noqa: N802
        return len(self._content)

    def xSync(self, flags: int) -> None:  # noqa: N802
        pass

    def xLock(self, level: int) -> None:  # noqa: N802
        pass

    def xUnlock(self, level: int) -> None:  # noqa: N802
        pass

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xFileControl(self, operation: int, pointer: int) -> bool:  # noqa: N802
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return 4096

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xClose(self) -> None:  # noqa: N802
        pass
