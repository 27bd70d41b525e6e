"""A hub that is broken on purpose: its feed looks how far the journal is only behind its read.

What is committed between the two lies behind the cursor that is given. Run like the real one:
`python eager_hub.py run lingdang.toml`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.access.web_ports import WebPorts
from hub.cli import main
from hub.feeds import grid
from hub.model.access import Identity
from hub.ports import FeedRow

DAWDLES = 0.02
"""Seconds between the read and the look: time for a commit."""


async def _read_on_too_eagerly(
    ports: WebPorts, who: Identity, after: int, limit: int
) -> tuple[list[FeedRow], int]:
    rows = await ports.books.feed(after=after, limit=limit, scope=who.scope)
    await asyncio.sleep(DAWDLES)
    if len(rows) == limit:
        return rows, rows[-1].seq
    return rows, max(after, ports.pulse.last_seq())


if __name__ == "__main__":
    grid._read_on = _read_on_too_eagerly
    main()
