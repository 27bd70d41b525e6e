"""The console's own cursor in the journal: what is new, what was told last, who has got what."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence

from hub.access.web_ports import WebPorts
from hub.console.story import is_told
from hub.model.alarm import Alarm
from hub.model.journal import Entry

LOOK_BACK = 300
"""Journal entries read at the first look."""
KEPT, KEPT_SECRET = 60, 500
PAGE = 500
RECEIVED = "收到"
"""The comment that a guard's button leaves on a ticket."""
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
        if is_told(entry):
            self.recent.append(entry)
        if entry.type == "ticket.commented" and entry.data.get("text") == RECEIVED:
            self.received[entry.subject] = entry.actor
        elif entry.type in RINGS_AGAIN:
            self.received.pop(entry.subject, None)
