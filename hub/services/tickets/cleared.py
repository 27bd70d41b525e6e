"""Alarms of a ticket that have cleared: they are at no desk any more, and the store has them."""

from __future__ import annotations

from hub.model.alarm import Alarm, AlarmState
from hub.ports import Books


async def find_cleared(books: Books, name: str) -> Alarm | None:
    """Return a cleared alarm by its id; None for any other, and for what is no id."""
    found = await books.alarm(name) if name else None
    return found if found and found.state is AlarmState.CLEARED else None
