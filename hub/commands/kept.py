"""What a database holds, as the command line tells it: for how long, and since when."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from hub.assembly.loading import World
from hub.model.instant import to_rfc3339
from hub.ports import Holding
from hub.store.deletion.holding import read_holdings
from hub.store.deletion.retention import plan_retention
from hub.store.failure import explain
from hub.store.readers import open_reader

REPLAYED = ("readings", "device_events", "access_events", "vehicle_events")
"""Kinds of data that a back-test sees."""


def look_at_holdings(world: World) -> list[Holding]:
    """Read what the database of a site holds, beside a hub that runs or not.

    Raises StoreError where it cannot be read.
    """
    path = world.settings.store.path
    retention = plan_retention(world.settings.store, world.site.devices, world.models)
    try:
        with closing(open_reader(path)) as connection:
            return read_holdings(connection, retention)
    except sqlite3.Error as error:
        raise explain(error, str(path)) from error


def say_holding(each: Holding) -> str:
    """Say of one kind how long it is kept, the oldest, and what was deleted last."""
    kept = "kept for ever" if each.keep_days is None else f"kept {each.keep_days} days"
    oldest = f"oldest {to_rfc3339(each.oldest)}" if each.oldest is not None else "none there"
    if each.deleted_at is None:
        return f"{each.kind}: {kept}, {oldest}, nothing deleted"
    last = to_rfc3339(each.deleted_at)
    return f"{each.kind}: {kept}, {oldest}, {each.deleted} deleted, last {last}"


def say_gaps(holdings: list[Holding], start: float) -> Iterator[str]:
    """Say which data of a back-test from `start` on (epoch seconds) are not there from then on."""
    for each in holdings:
        since = each.complete_since
        if each.kind in REPLAYED and since is not None and since > start:
            yield f"{each.kind} are there from {to_rfc3339(since)} on; rules see none before"
