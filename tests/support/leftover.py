"""What a store keeps of messages that could not be taken, opened with the keys beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub.ports import QuarantineRow
from hub.store.books import SqliteBooks
from hub.store.readers import Readers
from hub.store.seals.day_key import open_day_keys

ALL = 10_000


async def read_leftovers(store: Path) -> tuple[list[QuarantineRow], list[dict[str, Any]]]:
    """Return quarantine and newcomers of a database, beside a hub that runs or not."""
    readers = Readers(store)
    try:
        books = SqliteBooks(readers, open_day_keys(store))
        return await books.quarantine(limit=ALL), await books.newcomers(limit=ALL)
    finally:
        await readers.close()
