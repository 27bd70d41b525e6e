"""The page of one ticket: where, what, since when, what it says now, and what can be done."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hub.access.web_ports import WebPorts
from hub.console.frame.language import Words
from hub.console.frame.naming import place_name
from hub.console.frame.span import clock_face, day_and_time
from hub.console.frame.story import actor_name, step_line
from hub.console.frame.template import paint
from hub.console.live.channel import Parts
from hub.console.live.job import ticket_standing
from hub.console.live.reading import PointRow, point_name, point_rows, subject_name, value_text
from hub.console.live.standing import sight
from hub.console.tickets.detour import detour_rows, notes
from hub.console.tickets.limit import limits
from hub.console.tickets.part_choice import part_choices
from hub.console.tickets.related import related_rows
from hub.console.tickets.step_form import FALSE_ALARM, Typed, make_act
from hub.console.tickets.ticket_history import TicketHistory
from hub.errors import NotFoundError
from hub.model.access import Identity, Role
from hub.model.alarm import Evidence, Severity
from hub.model.asset import AssetCard, read_card
from hub.model.discretion import may_see_ticket, secret_tickets
from hub.model.ticket import Ticket, TicketFlag
from hub.ports import DeviceView

TOP, NOW, ACTS, HISTORY = "ticket-top", "ticket-now", "ticket-acts", "ticket-history"
POINTS_SHOWN = 10
EVIDENCE_SHOWN = 6
MAIN_STEPS = ("resume", "take", "arrive", "complete", "verify", "call_back", "close", "reopen")
"""Steps that can be the one big button, in the order of a ticket's life."""


class TicketSheet:
    """Paints one ticket for one person."""

    def __init__(self, ports: WebPorts, number: str, who: Identity, words: Words) -> None:
        self._ports = ports
        self._number = number
        self._who = who
        self._words = words
        self._history = TicketHistory(ports.books, number)

    async def paint(self, typed: Typed | None = None) -> Parts:
        """Return the page's parts; NotFoundError where there is none to see."""
        ticket = await visible_ticket(self._ports, self._who, self._number)
        entries = await self._history.read(ticket, self._ports.pulse.last_seq())
        lines = [
            (
                day_and_time(entry.at),
                actor_name(entry.actor, self._words),
                step_line(entry, self._words),
            )
            for entry in entries
            if entry.type != "ticket.updated"
        ]
        return {
            TOP: self._top(ticket),
            NOW: self._now(ticket),
            HISTORY: paint("part_history.html", self._words, lines=lines),
            ACTS: await self._acts(ticket, typed or Typed()),
        }

    def _top(self, ticket: Ticket) -> str:
        ports, words = self._ports, self._words
        now, view = ports.clock.now(), ports.live.device(ticket.subject)
        grave = ticket.severity is Severity.CRITICAL
        device = view.device if view else None
        card = read_card(device, ports.live.places(), ticket.place, now=now, grave=grave)
        return paint(
            "part_ticket.html",
            words,
            ticket=ticket,
            standing=ticket_standing(ticket, sight(view, now) if view else None),
            where=subject_name(ticket.subject, ports.live),
            place=place_name(ticket.place, ports.live.places()),
            limits=limits(ticket, now),
            outlook=ports.escalation.outlook(ticket),
            evidence=evidence_lines(ticket, view, words),
            children=[subject_name(child, ports.live) for child in ticket.children],
            card=asset_rows(card, words),
            phone=card.vendor_phone,
            emergency=card.emergency_card,
            notes=notes(ticket, words),
            detours=detour_rows(ticket, words),
            related=related_rows(ticket, ports, self._who, words),
            may_look=self._who.role is not Role.BUILDING_HEAD,
            now=now,
        )

    def _now(self, ticket: Ticket) -> str:
        view, words = self._ports.live.device(ticket.subject), self._words
        return paint(
            "part_now.html",
            words,
            rows=self._rows(ticket, view),
            view=view,
            now=self._ports.clock.now(),
            subject=ticket.subject,
        )

    def _rows(self, ticket: Ticket, view: DeviceView | None) -> list[PointRow]:
        if view is None:
            return []
        first = [each.point for each in ticket.evidence]
        rows = point_rows(view, self._ports.clock.now(), self._words, first)
        return rows[:POINTS_SHOWN]

    async def _acts(self, ticket: Ticket, typed: Typed) -> str:
        possible = list(self._ports.possible_steps(ticket, self._who))
        may_split = "split" in possible
        may_arrive, may_complete = "arrive" in possible, "complete" in possible
        parts = await part_choices(self._ports, ticket, self._words) if may_split else {}
        if may_split and not parts:
            possible.remove("split")
        main = next((step for step in MAIN_STEPS if step in possible), "")
        if "complete" in possible:
            possible.append(FALSE_ALARM)
        return paint(
            "part_acts.html",
            self._words,
            main=make_act(main, ticket, typed) if main else None,
            others=[make_act(step, ticket, typed, parts) for step in possible if step != main],
            unhealthy=TicketFlag.RECOVERED not in ticket.flags,
            unfold=_unfolds(possible, typed.do, main),
            mine=ticket.holder == self._who.name,
            can_arrive=may_arrive,
            may_comment="comment" in possible,
            comment=make_act("comment", ticket, Typed()),
            complete=make_act("complete", ticket, Typed()) if may_arrive or may_complete else None,
        )


def _unfolds(possible: Collection[str], refused: str, main: str) -> bool:
    """Tell whether the other steps lie open: one was refused, or somebody waits for a decision."""
    return "grant" in possible or refused not in {"", main}


async def visible_ticket(ports: WebPorts, who: Identity, number: str) -> Ticket:
    """Return a ticket, or raise NotFoundError where this person may not see one."""
    ticket = await ports.books.ticket(number)
    secret = secret_tickets(ports.live.open_alarms())
    if ticket is None or not may_see_ticket(who, ticket, secret):
        raise NotFoundError(f"没有工单 {number}。 There is no ticket {number!r}.")
    return ticket


def evidence_lines(ticket: Ticket, view: DeviceView | None, words: Words) -> list[str]:
    """Write the readings that caused a ticket: time, point, value."""
    lines = []
    for each in ticket.evidence[:EVIDENCE_SHOWN]:
        kind = view.device.kind if view else None
        name = point_name(kind, each.point, words) if kind else each.point
        lines.append(f"{clock_face(each.at)} {name} {_value(each, view, words)}".strip())
    return lines


def asset_rows(card: AssetCard, words: Words) -> Sequence[tuple[str, str]]:
    """Write what the books know that a repairer needs: number, vendor, phone, warranty."""
    told = (("number", card.number), ("vendor", card.vendor), ("phone", card.vendor_phone))
    rows = [(words(f"ticket.{key}"), value) for key, value in told if value]
    if card.warranty_until:
        key = "ticket.warranty_in" if card.in_warranty else "ticket.warranty_out"
        rows.append((words("ticket.asset"), words(key, day=card.warranty_until)))
    return rows


def _value(each: Evidence, view: DeviceView | None, words: Words) -> str:
    if each.point.startswith("event:"):
        return ""
    point = view.points.get(each.point) if view else None
    return value_text(each.point, each.value, point.unit if point else "", words)
