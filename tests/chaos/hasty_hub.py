"""A hub that is broken on purpose: it acknowledges a batch before it commits it.

Run like the real one: `python hasty_hub.py run lingdang.toml`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.cli import main
from hub.intake.batch import Batch
from hub.intake.pipeline import Acknowledge, Pipeline
from hub.ports import Envelope

DAWDLES = 0.1
"""Seconds between the acknowledgement and the commit: time for a kill, and for the PUBACKs."""

_commit = Pipeline._commit


async def _commit_too_late(self: Pipeline, batch: Batch, acknowledge: Acknowledge) -> None:
    for envelope in batch.envelopes:
        acknowledge(envelope.link, [envelope])
    await asyncio.sleep(DAWDLES)
    await _commit(self, batch, _acknowledge_nothing)


def _acknowledge_nothing(_link: str, _envelopes: Sequence[Envelope]) -> None:
    pass


if __name__ == "__main__":
    Pipeline._commit = _commit_too_late  # type: ignore[method-assign] # that is the point
    main()
