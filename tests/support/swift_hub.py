"""The real hub, but it puts history in order every second, and tells of deletions as often.

A hub sorts its log once a minute and tells of what it deleted once an hour; a test would
wait for most of its time. Run like the real one.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.assembly import deletion
from hub.cli import main
from hub.store.readings import upkeep

if __name__ == "__main__":
    upkeep.LOOK, upkeep.SORT_EVERY = 0.2, 1.0
    deletion.EVERY, deletion.AGAIN = 1.0, 0.2
    main()
