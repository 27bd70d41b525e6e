"""`lingdang backup` and `lingdang restore`: what they say to the person who runs them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hub.access.local import local_identity, local_user
from hub.assembly.loading import read_data_settings
from hub.clock import SystemClock
from hub.commands.audit import say_verdict
from hub.errors import StoreError
from hub.settings import Settings
from hub.store.peek import last_number
from hub.store.safekeeping.backup import back_up
from hub.store.safekeeping.copying import MEGABYTE, Tell
from hub.store.safekeeping.proof import Proof
from hub.store.safekeeping.restoring import Restored, restore, verify
from hub.store.seals.key_file import look_for_ring

Echo = Callable[[str], None]

_NEXT = (
    "接下来：启动系统（systemctl start lingdang），再看 lingdang status。",
    "next: start the hub (systemctl start lingdang), then look at lingdang status.",
    "备份之后停用的人员和密钥又有效了，请再停用一次；游标比备份新的区平台收到 410，须从头读起。",
    "people and keys shut out since the backup are let in again: shut them out once more.",
    "a grid platform whose cursor is newer than the backup gets 410 and begins anew.",
)


def keep_backup(config: Path, target: Path, *, echo: Echo, tell: Tell) -> None:
    """Copy the hub's database to `target`, or into the folder `target` under a name with the time.

    The hub may run. Raises HubError, with `target` as it was, where that could not be done.
    """
    path = read_data_settings(config).store.path
    file = target / _dated(path) if target.is_dir() else target
    began = time.monotonic()
    made = back_up(path, file, tell=tell)
    took, size = time.monotonic() - began, made.size / MEGABYTE
    echo(f"已备份 backed up: {made.path}")
    echo(
        f"{size:.1f} MB，用时 {took:.1f} 秒，流水到 {made.seq} 号。"
        f" {size:.1f} MB in {took:.1f} s, journal up to {made.seq}."
    )
    if made.head:
        echo(f"审计链头，请另存 head of the audit chain, keep it elsewhere: {made.head}")


def prove_backup(source: Path, config: Path, *, echo: Echo, tell: Tell) -> None:
    """Prove a backup on a copy, say what it holds and what it lacks; nothing else is touched."""
    settings = read_data_settings(config)
    ring = look_for_ring(settings.store.path)
    proof = asyncio.run(verify(source, clock=_clock(settings), tell=tell, ring=ring))
    for line in (*_say_proof(source, proof), *_say_lack(settings.store.path, proof)):
        echo(line)


def put_back(source: Path, config: Path, *, echo: Echo, tell: Tell) -> None:
    """Prove a backup and put it in the place of the hub's database, which is kept beside it."""
    settings = read_data_settings(config)
    path, who = settings.store.path, local_identity(local_user()).name
    restored = asyncio.run(restore(source, path, clock=_clock(settings), tell=tell, actor=who))
    for line in (*_say_proof(source, restored.proof), *_say_place(path, restored), *_NEXT):
        echo(line)


def _clock(settings: Settings) -> SystemClock:
    return SystemClock(speed=settings.demo.speed, origin=settings.demo.clock_origin)


def _dated(path: Path) -> str:
    return f"{path.stem}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}{path.suffix}"


def _say_proof(source: Path, proof: Proof) -> Iterator[str]:
    yield f"备份完好 the backup is sound: {source}"
    rows = (
        ("大小 size", f"{proof.size / MEGABYTE:.1f} MB"),
        ("数据版本 schema", proof.schema),
        ("流水 journal", f"{proof.first_seq}..{proof.last_seq}，无缺号 without a gap"),
        ("工单 tickets", f"{proof.tickets}，未结 open {proof.open_tickets}"),
        ("告警 alarms", f"{proof.alarms}，未消 open {proof.open_alarms}"),
        ("指令 commands", proof.commands),
        ("设备 devices", proof.devices),
        ("历史消息 messages of history", proof.messages),
    )
    for name, value in rows:
        yield f"  {name}: {value}"
    if proof.audit:
        yield f"  {say_verdict(proof.audit)}"


def _say_lack(path: Path, proof: Proof) -> Iterator[str]:
    """Say how far the data in use is ahead; of data that cannot be read nothing is said."""
    with contextlib.suppress(StoreError):
        lack = last_number(path) - proof.last_seq
        yield f"  比现用数据少 entries of the journal that it lacks: {max(lack, 0)}"


def _say_place(path: Path, restored: Restored) -> Iterator[str]:
    yield f"已恢复 restored: {path}"
    if restored.aside:
        yield f"原来的数据保留在 the data of before is kept as: {restored.aside}"
