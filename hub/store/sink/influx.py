"""Ties the sink to a hub: around its committer, and as a task beside its other readers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing

from hub.clock import Clock
from hub.model.device import Device
from hub.ports import Committer, Desk
from hub.settings import InfluxSettings
from hub.store.sink.outbox import Outbox
from hub.store.sink.scope import is_public
from hub.store.sink.shelf import read_standing
from hub.store.sqlite import SqliteStore


async def copying(
    settings: InfluxSettings | None, store: SqliteStore, devices: Sequence[Device]
) -> Committer:
    """Return the store's committer; with [influx] it also writes what is owed to that store."""
    if settings is None:
        return store.committer
    standing = await asyncio.to_thread(read_standing, store.path)
    public = frozenset(device.uid for device in devices if is_public(device))
    return Outbox(store.committer, public, standing)


async def follow(
    settings: InfluxSettings | None,
    store: SqliteStore,
    devices: Sequence[Device],
    desk: Desk,
    clock: Clock,
) -> None:
    """Bring readings to the time-series store until cancelled; without [influx] there is none."""
    if settings is None:
        return
    # The client's library takes 0.7 s and 30 MB, which a hub without such a store does not pay.
    from hub.store.sink.line import LineWriter  # noqa: PLC0415
    from hub.store.sink.receiver import InfluxReceiver  # noqa: PLC0415
    from hub.store.sink.sink import Sink  # noqa: PLC0415

    standing = await asyncio.to_thread(read_standing, store.path)
    with closing(InfluxReceiver(settings)) as receiver:
        await Sink(
            store.path,
            cursor=standing.cursor,
            writer=LineWriter({device.uid: device for device in devices}),
            receiver=receiver,
            desk=desk,
        ).run(clock)
