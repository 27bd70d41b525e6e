"""The console's own cursor in the journal: what is new, what was told last, who has got what."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence

import msgspec

from hub.access.web_ports import WebPorts
from hub.console.frame.story import is_told
from hub.model.alarm import Alarm
from hub.model.journal import Entry

LOOK_BACK = 300
"""Journal entries read at the first look."""
KEPT, KEPT_SECRET = 60, 500
PAGE = 500
RINGS_AGAIN = frozenset({"ticket.reopened", "ticket.overdue", "ticket.escalated"})


class Chronicle:
    """Reads on in the journal; `received` maps a ticket to the person who has got it.

    `secret` has the newest discreet alarms and their tickets: they are told on no wall.
    """

    def __init__(self, ports: WebPorts) -> None:
        self._ports = ports
        self._seq = max(0, ports.pulse.last_seq() - LOOK_BACK)
        self.recent: deque[Entry] = deque(maxlen=KEPT)
        self.received: dict[str, str] = {}
        self.secret: deque[str] = deque(maxlen=KEPT_SECRET)
        self._cut: set[str] = set()

    async def read_on(self) -> list[Entry]:
        """Return the entries that are new since the last call, and note them."""
        entries: list[Entry] = []
        while self._seq < self._ports.pulse.last_seq():
            page = await self._ports.books.journal(after=self._seq, limit=PAGE)
            if not page:
                break
            self._seq = page[-1].seq
            entries += page
        for entry in entries:
            self._note(entry)
        whole = [await self._whole(entry) for entry in self.recent]
        self.recent = deque(whole, maxlen=KEPT)
        return entries

    def keep_secret(self, alarms: Sequence[Alarm]) -> None:
        """Remember which alarms and tickets are discreet."""
        for alarm in alarms:
            if alarm.discreet:
                self._hide(alarm.id, alarm.ticket)

    def told(self) -> tuple[Entry, ...]:
        """Return the newest entries that may be told, oldest first."""
        return tuple(
            entry
            for entry in self.recent
            if entry.subject not in self.secret and entry.data.get("id") not in self.secret
        )

    def forget(self, open_numbers: Collection[str]) -> None:
        """Forget who has got tickets that are no longer open."""
        self.received = {n: who for n, who in self.received.items() if n in open_numbers}

    def _hide(self, *names: str) -> None:
        self.secret.extend(name for name in names if name and name not in self.secret)

    def _note(self, entry: Entry) -> None:
        if entry.data.get("discreet"):
            self._hide(str(entry.data.get("id", "")), str(entry.data.get("ticket", "")))
        if is_told(entry) and (not entry.type.startswith("link.") or self._turns(entry)):
            self.recent.append(entry)
        if entry.type == "ticket.acknowledged":
            self.received[entry.subject] = entry.actor
        elif entry.type in RINGS_AGAIN:
            self.received.pop(entry.subject, None)

    def _turns(self, entry: Entry) -> bool:
        """Tell whether the first connection has gone, or the last one has come back."""
        before = bool(self._cut)
        if entry.type == "link.down":
            self._cut.add(entry.subject)
        else:
            self._cut.discard(entry.subject)
        return before != bool(self._cut)

    async def _whole(self, entry: Entry) -> Entry:
        """Add what the ticket is about: most of its entries carry only what has changed."""
        if not entry.type.startswith("ticket.") or "title" in entry.data:
            return entry
        ticket = await self._ports.books.ticket(entry.subject)
        about = {"subject": ticket.subject, "title": ticket.title} if ticket else {"title": {}}
        return msgspec.structs.replace(entry, data=about | entry.data)
