"""A hub that is broken on purpose: it takes every message for a new one. Run like the real one."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.cli import main
from hub.intake.identity import IdentityBook, Seen
from hub.model.report import Report


def _believe(_self: IdentityBook, _report: Report, *, skipped: bool = False) -> Seen:
    return Seen.NEW


if __name__ == "__main__":
    IdentityBook.take = _believe  # type: ignore[method-assign] # that is the point
    main()
