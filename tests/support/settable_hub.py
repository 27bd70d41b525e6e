"""The hub on a machine whose clock can be set: the file CLOCK_OFF says how many seconds it is off.

Run like the real one: `python settable_hub.py run lingdang.toml`.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.cli import main

if __name__ == "__main__":
    right = time.time
    off = Path(os.environ["CLOCK_OFF"])
    time.time = lambda: right() + float(off.read_text())
    main()
