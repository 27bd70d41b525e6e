"""A hub that is broken on purpose: its timers come without a proof that all was heard.

Run like the real one.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.cli import main
from hub.intake.hearing import Hearing


def _believe(_self: Hearing, now: float, _due: float | None) -> float:
    return now


if __name__ == "__main__":
    Hearing.until = _believe  # type: ignore[method-assign] # that is the point
    main()
