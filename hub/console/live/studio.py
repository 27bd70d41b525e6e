"""The studio: keeps the lookout and the channels, and makes the scene of each live page."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from hub.access.web_ports import WebPorts
from hub.console.devices.command_sheet import CommandSheet, OpeningSheet
from hub.console.devices.device_sheet import DeviceSheet
from hub.console.frame.language import Language, words_of
from hub.console.live.channel import Channel, Channels, Pace, Paced, Parts, Scene
from hub.console.live.lookout import Lookout, Outlook
from hub.console.live.wall import WallScene
from hub.console.tickets.ticket_list import paint_list
from hub.console.tickets.ticket_sheet import TicketSheet
from hub.model.access import Identity
from hub.services.permission import MAY_COMMAND


class Studio:
    """One per hub; everything in it can be made again from the ports."""

    def __init__(self, ports: WebPorts) -> None:
        self._ports = ports
        self._lookout = Lookout(ports)
        self._channels = Channels()
        self._looking = asyncio.Lock()
        self._pace = Pace(ports.pulse.last_seq)
        self._outlook: Outlook | None = None
        self.seal = secrets.token_hex(4)

    async def look(self, *, fresh: bool = False) -> Outlook:
        """Return how the community stands; looks again when it is time, or asked for fresh."""
        async with self._looking:
            if self._pace.is_due(fresh=fresh) or self._outlook is None:
                self._outlook = await self._lookout.refresh()
            return self._outlook

    def wall(self, who: Identity, language: Language) -> Channel:
        """Return the wall's channel: one for each language, part, and right to open."""
        opens = who.role in MAY_COMMAND

        def make() -> Scene:
            return WallScene(self.look, self._ports.live, words_of(language), who)

        return self._channels.find(("wall", language, who.scope, opens), make)

    def tickets(self, who: Identity, language: Language) -> Channel:
        """Return the channel of one person's list of tickets."""

        async def paint() -> Parts:
            return await paint_list(self._ports, who, words_of(language))

        return self._channels.find(("tickets", language, who), lambda: self._paced(paint))

    def ticket(self, number: str, who: Identity, language: Language) -> Channel:
        """Return the channel of one ticket as one person sees it."""
        key = ("ticket", number, language, who)
        sheet = TicketSheet(self._ports, number, who, words_of(language))
        return self._channels.find(key, lambda: self._paced(sheet.paint))

    def device(self, device_id: str, who: Identity, language: Language) -> Channel:
        """Return the channel of one device as one person sees it."""
        key = ("device", device_id, language, who)
        sheet = DeviceSheet(self._ports, device_id, who, words_of(language))
        return self._channels.find(key, lambda: self._paced(sheet.paint))

    def opening(self, device_id: str, who: Identity, language: Language) -> Channel:
        """Return the channel of the question whether to open a device."""
        sheet = OpeningSheet(self._ports, device_id, who, words_of(language))
        key = ("opening", device_id, language, who)
        return self._channels.find(key, lambda: self._paced(sheet.paint))

    def command(self, command_id: str, who: Identity, language: Language) -> Channel:
        """Return the channel of what became of an order."""
        sheet = CommandSheet(self._ports, command_id, who, words_of(language))
        key = ("command", command_id, language, who)
        return self._channels.find(key, lambda: self._paced(sheet.paint))

    def _paced(self, paint: Callable[[], Awaitable[Parts]]) -> Scene:
        return Paced(paint, Pace(self._ports.pulse.last_seq))
