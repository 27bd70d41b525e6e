"""The real hub, but for one waiting time: a link that fails often is tried again within a second.

A hub waits up to 30 s after many failures in a row, so that a thousand do not storm a broker; a
test that cuts it twenty times in as many seconds would wait most of its time. Run like
the real one.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.cli import main
from hub.services import supervisor

PAUSE = 0.5
"""Seconds between two attempts, at most."""

if __name__ == "__main__":
    supervisor.LAST_LIMIT = PAUSE
    main()
