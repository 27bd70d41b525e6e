"""Who may call what, in words that the tables of calls use, and what a person may see of it."""

from __future__ import annotations

from hub.access.web_ports import WebPorts
from hub.errors import NotFoundError
from hub.model.access import Identity, Role
from hub.model.command import Command
from hub.model.discretion import SEES, may_see_ticket, secret_tickets
from hub.model.journal import Entry
from hub.model.ticket import Ticket
from hub.ports import DeviceView, EventRow

STAFF = frozenset({Role.GUARD, Role.CREW, Role.MANAGER, Role.GRID_WORKER, Role.ADMINISTRATOR})
"""Who works with devices and alarms."""
TICKET_READERS = STAFF | {Role.DEPARTMENT}
ONLOOKERS = TICKET_READERS | {Role.BUILDING_HEAD}
"""Who reads tickets and what rings for themselves, and no more."""
TICKET_HANDS = TICKET_READERS
"""Who may try a step; which are whose is the table of `hub/services/tickets/transition.py`."""
COMMANDERS = frozenset({Role.GUARD, Role.MANAGER, Role.ADMINISTRATOR})
LEADERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})

DISCREET_EVENTS = frozenset({"duress"})
"""Events whose being seen on a screen endangers whoever gave them."""
PERSONAL = ("person.", "key.", "contact.")
"""Journal types about the hub's own users."""


def may_see_entry(who: Identity, entry: Entry) -> bool:
    """Tell whether a journal entry is theirs to see."""
    if entry.data.get("discreet") and who.role not in SEES:
        return False
    if entry.type.startswith(PERSONAL) and who.role is not Role.ADMINISTRATOR:
        return False
    return who.may_see(entry.place)


def may_see_event(who: Identity, event: EventRow) -> bool:
    """Tell whether an event of a device that they see is theirs to see."""
    return who.role in LEADERS or event.name not in DISCREET_EVENTS


def visible_device(ports: WebPorts, who: Identity, device_id: str) -> DeviceView:
    """Return a device, or raise NotFoundError: a foreign one is as if it were not there."""
    view = ports.live.device(device_id)
    if view is None or not who.may_see(view.device.place):
        raise NotFoundError(f"没有设备 {device_id}。 There is no device {device_id!r}.")
    return view


async def visible_ticket(ports: WebPorts, who: Identity, number: str) -> Ticket:
    """Return a ticket, or raise NotFoundError."""
    ticket = await ports.books.ticket(number)
    secret = secret_tickets(ports.live.open_alarms())
    if ticket is None or not may_see_ticket(who, ticket, secret):
        raise NotFoundError(f"没有工单 {number}。 There is no ticket {number!r}.")
    return ticket


async def visible_command(ports: WebPorts, who: Identity, command_id: str) -> Command:
    """Return an order to a device that this person may see, or raise NotFoundError."""
    command = await ports.books.command(command_id)
    view = ports.live.device(command.device) if command else None
    place = view.device.place if view else ""
    if command is None or not who.may_see(place):
        raise NotFoundError(f"没有指令 {command_id}。 There is no command {command_id!r}.")
    return command
