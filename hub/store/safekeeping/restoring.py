"""Restore: a proven copy takes the database's place, and the old one is kept beside it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from hub.clock import Clock
from hub.errors import ConflictError, StoreError
from hub.store.lock import exclusive
from hub.store.migration import Secrets
from hub.store.ownership import left_to_owner
from hub.store.safekeeping.copying import Tell, sync_folder
from hub.store.safekeeping.proof import Proof, prove
from hub.store.safekeeping.trace import note_restore
from hub.store.seals.day_key import DayKeys, open_day_keys
from hub.store.seals.key_file import open_ring
from hub.store.seals.seal import KeyRing


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """A restore that is done; `aside` is the old database, None where there was none."""

    proof: Proof
    aside: Path | None


async def verify(source: Path, *, clock: Clock, tell: Tell, ring: KeyRing) -> Proof:
    """Prove a backup in a scratch folder of the system's (TMPDIR), which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="lingdang-verify-") as folder:
        copy, secrets = Path(folder) / "copy.db", Secrets(ring, DayKeys(None, {}))
        return await prove(source, copy, clock=clock, tell=tell, secrets=secrets)


async def restore(source: Path, path: Path, *, clock: Clock, tell: Tell, actor: str) -> Restored:
    """Prove `source` and put the proven copy in the place of the database at `path`.

    Its journal tells that `actor` did so.
    Raises StoreError, with nothing changed, when a hub runs on it or the backup is not sound.
    """
    _refuse_itself(source, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with left_to_owner(path), exclusive(path), _scratch(path) as folder:
        copy = folder / path.name
        ring = open_ring(path)
        secrets = Secrets(ring, open_day_keys(path))
        proof = await prove(source, copy, clock=clock, tell=tell, secrets=secrets)
        note_restore(copy, source, path, ring=ring, actor=actor, now=clock.now())
        return Restored(proof=proof, aside=_swap(copy, path))


def _refuse_itself(source: Path, path: Path) -> None:
    if path.exists() and source.exists() and source.samefile(path):
        raise ConflictError(
            f"{source} is the database itself; name a backup",
            zh=f"{source} 就是当前数据库，请指定一份备份。",
        )


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """Make a folder on the database's own disk; what a killed restore has left goes first."""
    folder = path.with_name(path.name + ".restoring")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _swap(copy: Path, path: Path) -> Path | None:
    """Put `copy` in the place of `path`, and tell where the old one is.

    The old write-ahead log goes first: beside the new file SQLite would play it into that.
    """
    left = _beside(copy, "-wal")
    if left.exists() and left.stat().st_size:
        raise StoreError(
            f"{copy} could not be closed; nothing was changed: look at the disk, and try again",
            zh="恢复的数据没有写完，原数据没有改动，请检查磁盘后再试。",
        )
    aside = _aside(path) if path.exists() else None
    if aside:
        aside.hardlink_to(path)
        wal = _beside(path, "-wal")
        if wal.exists():
            wal.rename(_beside(aside, "-wal"))
    for end in ("-wal", "-shm"):
        _beside(path, end).unlink(missing_ok=True)
    copy.replace(path)
    sync_folder(path.parent)
    return aside


def _aside(path: Path) -> Path:
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    return path.with_name(f"{path.stem}-replaced-{moment}{path.suffix}")


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)
