"""The hub without the shipped rules, so that a site's own are the only ones: see `one_per_point`.

Run like the real one: `python lean_hub.py run lingdang.toml`.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.assembly import loading
from hub.cli import main

if __name__ == "__main__":
    loading.shipped_rules = dict
    main()
