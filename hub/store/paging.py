"""Pages of history whose cursor is an instant."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from hub.ports import HistoryPage, ReadingRow


def cut_page(
    found: Sequence[ReadingRow], limit: int, at_instant: Callable[[float], list[ReadingRow]]
) -> HistoryPage:
    """Make a page of `found`, which holds one row more than `limit` where there are more.

    The cut lies between two instants, so that the next page can begin with an instant and lose
    nothing; a single instant that does not fit is read whole, by `at_instant`.
    """
    if len(found) <= limit:
        return HistoryPage(rows=list(found), next=None)
    edge = found[-1].at
    rows = [row for row in found if row.at < edge]
    if rows:
        return HistoryPage(rows=rows, next=edge)
    rows = at_instant(edge)
    return HistoryPage(rows=rows, next=math.nextafter(edge, math.inf))
