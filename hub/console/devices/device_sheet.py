"""The page of one device: its points with ages, why there is an alarm or none, its last events."""

from __future__ import annotations

from hub.access.web_ports import WebPorts
from hub.console.devices.command_sheet import may_open
from hub.console.devices.device_why import paint_why
from hub.console.frame.language import Words
from hub.console.frame.naming import device_name, place_name
from hub.console.frame.page import LEADERS
from hub.console.frame.span import DAY, HOUR, day_and_time
from hub.console.frame.sparkline import draw
from hub.console.frame.template import paint
from hub.console.live.cell import burdened
from hub.console.live.channel import Parts
from hub.console.live.job import jobs, ticket_standing
from hub.console.live.reading import is_household, point_name, point_rows
from hub.console.live.standing import Sighting, Standing, sight, worst
from hub.console.tickets.ticket_list import visible_tickets
from hub.errors import NotFoundError
from hub.model.access import Identity
from hub.model.discretion import answers_for
from hub.model.report import Quality
from hub.ports import DeviceView, EventRow
from hub.services.permission import may_hold

TOP, POINTS, WHY, EVENTS = "device-top", "device-points", "device-why", "device-events"
EVENT_WINDOWS = (HOUR, DAY, 7 * DAY)
"""Spans that are searched for events, shortest first: a busy gate fills an hour."""
EVENTS_READ, EVENTS_SHOWN = 2000, 20
DISCREET_EVENTS = frozenset({"duress"})
SAMPLES = 2000
ROWS = ("place", "model", "address", "lane", "upstream", "power")


class DeviceSheet:
    """Paints one device for one person."""

    def __init__(self, ports: WebPorts, device_id: str, who: Identity, words: Words) -> None:
        self._ports = ports
        self._device_id = device_id
        self._who = who
        self._words = words

    async def paint(self) -> Parts:
        """Return the page's parts; NotFoundError where there is no device to see."""
        view = self.view()
        return {
            TOP: self._top(view),
            POINTS: self._points(view),
            WHY: self._why(view),
            EVENTS: await self._events(view),
        }

    def view(self) -> DeviceView:
        """Return the device, or raise NotFoundError: a foreign one is as if it were not there."""
        view = self._ports.live.device(self._device_id)
        if view is None or not self._who.may_see(view.device.place):
            raise NotFoundError(
                f"没有设备 {self._device_id}。 There is no device {self._device_id!r}."
            )
        return view

    async def curve(self, point: str) -> str:
        """Draw the last 24 hours of a numeric point as SVG; empty where there is nothing."""
        view, now = self.view(), self._ports.clock.now()
        if is_household(view.device) or point not in view.points:
            return ""
        page = await self._ports.archive.history(
            view.device.uid, point, start=now - DAY, end=now + 1, limit=SAMPLES
        )
        samples = [
            (row.at, float(row.value))
            for row in page.rows
            if row.quality is Quality.GOOD
            and isinstance(row.value, int | float)
            and not isinstance(row.value, bool)
        ]
        return draw(samples, title=point_name(view.device.kind, point, self._words))

    def _top(self, view: DeviceView) -> str:
        device, live, words = view.device, self._ports.live, self._words
        now = self._ports.clock.now()
        seen, values = sight(view, now), {"place": place_name(device.place, live.places())}
        tickets = [t for t in visible_tickets(live, self._who) if t.subject == device.id]
        return paint(
            "part_device.html",
            words,
            view=view,
            name=device_name(device),
            word=seen.word,
            standing=self._standing(seen),
            facts=[
                (words(f"device.{name}"), text, name in {"upstream", "power"})
                for name in ROWS
                if (text := values.get(name) or str(getattr(device, name)))
            ],
            tickets=[(ticket, ticket_standing(ticket, seen)) for ticket in tickets],
            now=now,
            opens=may_open(self._who, device),
            holds=may_hold(self._who, device),
        )

    def _standing(self, seen: Sighting) -> Standing:
        """Return the shape that the wall gives the device, its tickets and alarms included."""
        live, device_id = self._ports.live, seen.device.id
        tickets = [ticket for ticket in live.open_tickets() if ticket.subject == device_id]
        alarms = [alarm for alarm in live.open_alarms() if alarm.subject == device_id]
        waiting = jobs(tickets, alarms, {device_id: seen})
        return burdened(seen, {device_id: worst([job.standing for job in waiting])})

    def _points(self, view: DeviceView) -> str:
        rows = point_rows(view, self._ports.clock.now(), self._words)
        household = is_household(view.device)
        return paint("part_points.html", self._words, rows=rows, household=household)

    def _why(self, view: DeviceView) -> str:
        answers = answers_for(self._who, self._ports.live.why(view.device.id))
        return paint_why(answers, self._words, leads=self._who.role in LEADERS)

    async def _events(self, view: DeviceView) -> str:
        hidden = frozenset() if self._who.role in LEADERS else DISCREET_EVENTS
        lines = [
            (day_and_time(row.at), self._words.name("event", row.name))
            for row in await self._newest(view.device.uid)
            if row.name not in hidden
        ]
        return paint("part_events.html", self._words, lines=lines)

    async def _newest(self, uid: str) -> list[EventRow]:
        now, rows = self._ports.clock.now(), list[EventRow]()
        for window in EVENT_WINDOWS:
            rows = await self._ports.archive.events(
                uid, start=now - window, end=now + 1, limit=EVENTS_READ
            )
            if len(rows) >= EVENTS_SHOWN:
                break
        return rows[: -EVENTS_SHOWN - 1 : -1]
