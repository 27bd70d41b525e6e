"""Pages of history whose cursor is an instant."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hub.ports import HistoryPage, ReadingRow


def cut_page(rows: Sequence[ReadingRow], limit: int) -> HistoryPage:
    """Make a page of `rows`, which are in order and hold every reading of their last instant.

    The cut lies between two instants, so that the next page can begin with an instant and lose
    nothing; a single instant that does not fit is given whole.
    """
    if len(rows) <= limit:
        return HistoryPage(rows=list(rows), next=None)
    edge = rows[limit].at
    before = [row for row in rows[:limit] if row.at < edge]
    if before:
        return HistoryPage(rows=before, next=edge)
    whole = [row for row in rows if row.at == edge]
    return HistoryPage(rows=whole, next=math.nextafter(edge, math.inf))
