"""A ticket made of its journal entries alone: what the journal leaves out, a fold does not have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from hub.model.journal import Draft, Entry
from hub.model.ticket import Ticket

NAMES = frozenset(field.encode_name for field in msgspec.structs.fields(Ticket))


def fold(entries: Iterable[Draft | Entry]) -> Ticket:
    """Lay the entries of one ticket over each other, the opening first."""
    spelled: dict[str, Any] = {}
    for entry in entries:
        data = msgspec.json.decode(msgspec.json.encode(entry.data))
        spelled |= {name: value for name, value in data.items() if name in NAMES}
    return msgspec.convert(spelled, Ticket)
