"""A disk that forgets: what may be left after a power cut of files that were written and synced.

Taken as given: a sync keeps its word; a sector of 512 bytes is written whole or not at all, and
bytes beside those that were written stay as they were. Until its sync, each sector of each write
may be there or not, alone: that covers every order in which they can reach the disk, since one
that is overtaken by an older one is as good as dropped. So may each name made or deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

SECTOR = 512

Image = dict[str, bytearray]
"""Name → content: what the next start finds."""


class Write(NamedTuple):
    """Bytes for a file; `inode` stays with it while names come and go."""

    inode: int
    offset: int
    data: bytes


class Truncate(NamedTuple):
    """A file cut to a size."""

    inode: int
    size: int


class Sync(NamedTuple):
    """What is written so far of a file is safe; or, with `inode` None, all names are."""

    inode: int | None


class Name(NamedTuple):
    """A name made; or deleted, with `inode` None, and with `folder` safely so."""

    name: str
    inode: int | None
    folder: bool = False


Step = Write | Truncate | Sync | Name
Change = Write | Truncate


class File:
    """The content that is safe, and what came since."""

    def __init__(self, content: bytes | bytearray = b"") -> None:
        self.safe = bytearray(content)
        self.since: list[Change] = []

    def sync(self) -> None:
        """Make everything safe."""
        for change in self.since:
            apply(self.safe, change)
        self.since = []


class Disk:
    """Replays steps; at any moment it can be cut off."""

    def __init__(self, image: Image) -> None:
        self.files = {inode: File(content) for inode, content in enumerate(image.values())}
        self.names = {name: inode for inode, name in enumerate(image)}
        self.since: list[Name] = []

    def take(self, step: Step) -> None:
        """Do one step."""
        match step:
            case Name():
                self._take_name(step)
            case Sync(None):
                self._sync_names()
            case Sync(inode):
                self.files[inode].sync()
            case _:
                self.files[step.inode].since.append(step)

    def cut(self, chance: Random) -> Image:
        """Return one of the images that a cut may leave now."""
        fate = chance.choice(FATES)
        names = dict(self.names)
        for change in fate(self.since, chance):
            rename(names, change)
        return {
            name: self._leave(self.files[inode], fate, chance)
            for name, inode in names.items()
            if inode is not None
        }

    def _leave(self, file: File, fate: Fate, chance: Random) -> bytearray:
        content = bytearray(file.safe)
        for change in fate(file.since, chance):
            apply(content, change)
        if fate is sectors_over_noise:
            _add_noise(content, file, chance)
        return content

    def _take_name(self, step: Name) -> None:
        if step.inode is not None:
            self.files.setdefault(step.inode, File())
        self.since.append(step)
        if step.folder:
            self._sync_names()

    def _sync_names(self) -> None:
        for change in self.since:
            rename(self.names, change)
        self.since = []


def write_image(folder: Path, image: Image) -> None:
    """Put an image on a real disk, into a new folder."""
    folder.mkdir()
    for name, content in image.items():
        (folder / name).write_bytes(content)


def rename(names: dict[str, int], change: Name) -> None:
    """Make or delete a name."""
    if change.inode is None:
        names.pop(change.name, None)
    else:
        names[change.name] = change.inode


def apply(content: bytearray, change: Change) -> None:
    """Write or truncate; a hole before what is written reads as zeros."""
    match change:
        case Truncate(_, size):
            del content[size:]
        case Write(_, offset, data):
            if offset > len(content):
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(data)] = data


def to_sectors(write: Write) -> Iterator[Write]:
    """Yield a write sector by sector."""
    at, end = write.offset, write.offset + len(write.data)
    while at < end:
        edge = min(end, (at // SECTOR + 1) * SECTOR)
        yield Write(write.inode, at, write.data[at - write.offset : edge - write.offset])
        at = edge


Fate = Callable[[list, Random], Iterable]
"""Which of the changes since the sync reach the disk."""


def nothing(_changes: list, _chance: Random) -> Iterable:
    return ()


def everything(changes: list, _chance: Random) -> Iterable:
    return changes


def the_first(changes: list, chance: Random) -> Iterable:
    return changes[: chance.randint(0, len(changes))]


def some(changes: list, chance: Random) -> Iterable:
    share = chance.random()
    return [change for change in changes if chance.random() < share]


def all_but_one(changes: list, chance: Random) -> Iterable:
    gone = chance.randrange(len(changes)) if changes else 0
    return [*changes[:gone], *changes[gone + 1 :]]


def sectors(changes: list, chance: Random) -> Iterator:
    share = chance.random()
    for change in changes:
        parts = to_sectors(change) if isinstance(change, Write) else (change,)
        yield from (part for part in parts if chance.random() < share)


def sectors_over_noise(changes: list, chance: Random) -> Iterator:
    """As `sectors`; where a file has grown and nothing was written, lies what lay there before."""
    return sectors(changes, chance)


FATES: tuple[Fate, ...] = (
    nothing,
    everything,
    the_first,
    some,
    all_but_one,
    sectors,
    sectors,
    sectors_over_noise,
)


def _add_noise(content: bytearray, file: File, chance: Random) -> None:
    for start in range(-(-len(file.safe) // SECTOR) * SECTOR, len(content), SECTOR):
        if not any(content[start : start + SECTOR]):
            size = min(SECTOR, len(content) - start)
            content[start : start + size] = chance.randbytes(size)
