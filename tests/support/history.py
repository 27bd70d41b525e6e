"""What a store holds of what devices said, read through its own replay beside a running hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hub.model.report import Report
from hub.store.readings.replay import replay_file

FOR_EVER = 1e11
"""Epoch seconds that no message of a test reaches."""


def read_history(store: Path) -> Iterator[Report]:
    """Yield every stored report in event time; what a driver called it by topic may be lost."""
    return replay_file(store, start=0.0, end=FOR_EVER, uids=None)
