"""What came of a case: tickets, alarms, readings and journal, as lines that read like a tale."""

from __future__ import annotations

from hub.app import RunningHub
from hub.clock import ManualClock
from hub.model.alarm import AlarmState
from hub.model.report import Quality, Value
from hub.model.ticket import Ticket, TicketState
from rules.duration import write_duration


class Witness:
    """Looks at what a hub has committed."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.start = clock.now()
        self._hub: RunningHub | None = None

    @property
    def hub(self) -> RunningHub:
        """Return the hub; it must be running."""
        assert self._hub is not None, "the hub is away"
        return self._hub

    async def settle(self) -> None:
        """Return once the hub has done all that is due."""

    async def expect(self, *lines: str) -> None:
        """Check all tickets: `TIME subject fault`, then `with a b` and states, in order."""
        await self.settle()
        tickets = await self.hub.store.books.tickets(open_only=False, limit=1000)
        found = [self._spell(each) for each in reversed(tickets)]
        assert found == list(lines), f"at {self.at(self.clock.now())}: {found}"
        counts = self.hub.intake.reception.counts
        assert counts["quarantined"] == counts["newcomers"] == 0, counts

    def _spell(self, ticket: Ticket) -> str:
        words = [self.at(ticket.opened_at), ticket.subject, ticket.fault]
        if ticket.children:
            words += ["with", *sorted(ticket.children)]
        words += [str(flag.value) for flag in ticket.flags]
        if ticket.folded_into:
            words.append("merged")
        elif ticket.state is TicketState.CLOSED:
            words.append("closed")
        return " ".join(words)

    async def expect_alarms(self, *lines: str) -> None:
        """Check all alarms: `TIME device rule`, then `until TIME` or `suppressed`, in order."""
        await self.settle()
        alarms = await self.hub.store.books.alarms(open_only=False, limit=1000)
        found = []
        for each in reversed(alarms):
            line = f"{self.at(each.raised_at)} {each.subject} {each.rule}"
            if each.cleared_at is not None:
                line += f" until {self.at(each.cleared_at)}"
            elif each.state is AlarmState.SUPPRESSED:
                line += " suppressed"
            found.append(line)
        assert found == list(lines), f"at {self.at(self.clock.now())}: {found}"

    def reading(self, device: str, point: str) -> Value | None:
        """Return what the hub holds for a point; None where its quality is not good."""
        view = self.hub.intake.live.device(device)
        assert view is not None
        found = view.points[point]
        return found.value if found.quality is Quality.GOOD else None

    async def history(self, device: str, point: str) -> set[Value | None]:
        """Return every good value that the store has of a point."""
        view = self.hub.intake.live.device(device)
        assert view is not None
        span = {"start": self.start, "end": self.clock.now() + 1}
        page = await self.hub.store.archive.history(view.device.uid, point, **span, limit=10_000)
        return {row.value for row in page.rows if row.quality is Quality.GOOD}

    async def journal(self, *types: str) -> list[str]:
        """Return entries of the journal, as `TIME type subject`."""
        entries = await self.hub.store.books.journal(after=0, limit=10_000, types=types)
        return [f"{self.at(each.at)} {each.type} {each.subject}" for each in entries]

    def at(self, instant: float) -> str:
        """Write an instant (epoch seconds) as a length since the start."""
        return write_duration(round(instant - self.start, 3))
