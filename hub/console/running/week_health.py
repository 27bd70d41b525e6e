"""What the hub has noticed of itself in a week, for the manager's page."""

from __future__ import annotations

from hub.access.web_ports import WebPorts
from hub.console.frame.page import Visit
from hub.console.frame.span import span
from hub.model.device import LinkState
from hub.model.journal import Entry
from hub.services.figures.week import cuts, starts

PAGE = 500
LOST, FOUND = "link.down", ("link.up", "link.gap")


async def tell_health(visit: Visit, start: float, end: float) -> tuple[tuple[str, str], ...]:
    """Return (page, sentence): what the hub could not hear, and what waits for somebody."""
    ports, words = visit.ports, visit.words
    entries = await _entries(ports, start, end)
    lost = cuts(entries, end)
    silent = sum(1 for each in ports.live.links() if each is LinkState.SILENT)
    newcomers = await ports.books.newcomers(limit=PAGE) if not visit.who.scope else []
    said = [
        words("week.cut", link=each.link, n=each.times, span=span(each.seconds, words))
        for each in lost
    ]
    rows = [("", each) for each in said or [words("week.no_cut")]]
    if begun := starts(entries):
        rows.append(("", words("week.starts", n=begun)))
    if ports.shortage():
        rows.append(("", words("week.short")))
    rows.append(("/site", words("week.silent", n=silent)))
    if newcomers:
        rows.append(("/newcomers", words("week.newcomers", n=len(newcomers))))
    return tuple(rows)


async def _entries(ports: WebPorts, start: float, end: float) -> list[Entry]:
    """Read what the journal says of connections in a span; finds its beginning by halving."""
    low, high = 0, ports.pulse.last_seq()
    while low < high:
        middle = (low + high) // 2
        found = await ports.books.journal(after=middle, limit=1)
        if found and found[0].at < start:
            low = middle + 1
        else:
            high = middle
    entries: list[Entry] = []
    while page := await ports.books.journal(after=low, limit=PAGE, types=(LOST, *FOUND)):
        low = page[-1].seq
        entries += [each for each in page if start <= each.at <= end]
        if page[-1].at > end:
            break
    return entries
