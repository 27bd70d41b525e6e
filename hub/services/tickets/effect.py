"""What a step makes of a ticket beside its state: a table of pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from hub.model.alarm import Alarm, Urgency
from hub.model.detour import CallBack, Extension, Ruling, Rung, Shelf, Wait
from hub.model.ticket import (
    ClosingCode,
    Ticket,
    TicketAction,
    TicketFlag,
    TicketStep,
)
from hub.services.tickets.afresh import NOT_COMPLETED, end_pause, reopen
from hub.services.tickets.deadline import ALWAYS, Timing, renew_limits, time_to_finish
from hub.services.tickets.transition import asked_extension

TeamOf = Callable[[str], str]


def nobodys(_login: str) -> str:
    """Say that somebody is of no team."""
    return ""


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a ticket that is taken apart, or in both languages why that cannot be.

    `left` is what stays of it, `opened` the new ticket, `alarms` what becomes of those of both.
    """

    left: Ticket | None = None
    opened: Ticket | None = None
    alarms: tuple[Alarm, ...] = ()
    why_not: Mapping[str, str] = {}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A wish that may be granted: with its `extra` as read, the instant, and how limits run.

    `split` is what taking the ticket apart comes to, where that is the wish; `team_of` tells the
    team of a person as of now.
    """

    wish: TicketStep
    extra: Mapping[str, Any]
    now: float
    timing: Timing = ALWAYS
    split: Split = Split()
    team_of: TeamOf = nobodys


def after_step(ticket: Ticket, asked: Asked) -> Ticket:
    """Return what the step makes of the ticket; its state is the table's business."""
    effect = _EFFECTS.get(asked.wish.do)
    return effect(ticket, asked) if effect else ticket


def _go_on(ticket: Ticket, asked: Asked) -> Ticket:
    return renew_limits(end_pause(ticket, asked.now), asked.timing)


def _flagged(ticket: Ticket, flag: TicketFlag) -> tuple[TicketFlag, ...]:
    return tuple(sorted({*ticket.flags, flag}))


def _hand_to(ticket: Ticket, login: str, asked: Asked) -> Ticket:
    return replace(ticket, holder=login, team=asked.team_of(login))


def _suspend(ticket: Ticket, asked: Asked) -> Ticket:
    wish = asked.wish
    return replace(
        ticket,
        waiting=Wait(since=asked.now, body=wish.to.strip(), reason=wish.reason.strip()),
        flags=_flagged(ticket, TicketFlag.SUSPENDED),
    )


def _shelve(ticket: Ticket, asked: Asked) -> Ticket:
    """Shelve it, or give a shelved one a new review; it stands still since the first time."""
    extra = dict(asked.extra)
    shelf = Shelf(
        since=ticket.shelf.since if ticket.shelf else asked.now,
        review_at=extra.pop("review"),
        **extra,
    )
    return replace(
        ticket,
        shelf=shelf,
        flags=_flagged(ticket, TicketFlag.SHELVED),
        overdue=tuple(name for name in ticket.overdue if name != "review"),
    )


def _extend(ticket: Ticket, asked: Asked) -> Ticket:
    extension = Extension(
        rung=Rung.STREET if ticket.extensions else Rung.COMMUNITY,
        asked_by=asked.wish.actor,
        asked_at=asked.now,
        until=asked.extra["until"],
        reason=asked.wish.reason.strip(),
    )
    return replace(ticket, extensions=(*ticket.extensions, extension))


def _decide(ruling: Ruling) -> Callable[[Ticket, Asked], Ticket]:
    def decide(ticket: Ticket, asked: Asked) -> Ticket:
        extension = asked_extension(ticket)
        if extension is None:
            return ticket
        decided = replace(
            extension,
            ruling=ruling,
            decided_by=asked.wish.actor,
            decided_at=asked.now,
            street=asked.extra.get("street", ""),
        )
        after = replace(ticket, extensions=(*ticket.extensions[:-1], decided))
        return renew_limits(after, asked.timing) if ruling is Ruling.GRANTED else after

    return decide


def _classify(ticket: Ticket, asked: Asked) -> Ticket:
    """Set class, urgency and day; what gives more time to finish counts as a raise."""
    urgency = asked.extra.get("urgency", ticket.urgency)
    day = asked.extra.get("planned", ticket.planned)
    after = replace(
        ticket,
        class_=asked.extra.get("class", ticket.class_),
        urgency=urgency,
        planned=day if urgency is Urgency.PLANNED else "",
        classified_by=asked.wish.actor,
    )
    raised = time_to_finish(after) > time_to_finish(ticket)
    return renew_limits(replace(after, class_raises=after.class_raises + raised), asked.timing)


def _arrive(ticket: Ticket, asked: Asked) -> Ticket:
    return replace(ticket, workers=_with_hands(ticket, asked.wish.actor))


def _complete(ticket: Ticket, asked: Asked) -> Ticket:
    wish = asked.wish
    return replace(
        ticket,
        completed_by=wish.actor,
        workers=_with_hands(ticket, wish.actor),
        closing_code=wish.code or ClosingCode.REPAIRED.value,
        closing_note=wish.reason or wish.text,
        parts=asked.extra.get("parts", ()),
        minutes=asked.extra.get("minutes"),
    )


def _with_hands(ticket: Ticket, actor: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*ticket.workers, ticket.holder, actor)))


def _reject(ticket: Ticket, _asked: Asked) -> Ticket:
    return replace(ticket, **NOT_COMPLETED)


def _call_back(ticket: Ticket, asked: Asked) -> Ticket:
    call = CallBack(
        by=asked.wish.actor,
        at=asked.now,
        satisfied=asked.extra["satisfied"],
        text=asked.wish.text.strip(),
    )
    return replace(ticket, call_back=call)


def _void(ticket: Ticket, asked: Asked) -> Ticket:
    return replace(
        end_pause(ticket, asked.now),
        closed_at=asked.now,
        closing_note=asked.wish.reason,
        approver=asked.extra["approver"],
    )


def _merge(ticket: Ticket, asked: Asked) -> Ticket:
    folded = end_pause(ticket, asked.now)
    return replace(folded, folded_into=asked.wish.to.strip(), closed_at=asked.now)


def _acknowledge(ticket: Ticket, asked: Asked) -> Ticket:
    return replace(ticket, acknowledged_by=asked.wish.actor, acknowledged_at=asked.now)


_EFFECTS: dict[TicketAction, Callable[[Ticket, Asked], Ticket]] = {
    TicketAction.ACKNOWLEDGE: _acknowledge,
    TicketAction.DISPATCH: lambda ticket, asked: _hand_to(ticket, asked.wish.to, asked),
    TicketAction.TAKE: lambda ticket, asked: _hand_to(ticket, asked.wish.actor, asked),
    TicketAction.RETURN: lambda ticket, _: replace(ticket, holder="", team=""),
    TicketAction.TRANSFER: lambda ticket, asked: _hand_to(ticket, asked.wish.to, asked),
    TicketAction.ARRIVE: _arrive,
    TicketAction.COMPLETE: _complete,
    TicketAction.VERIFY: lambda ticket, asked: replace(ticket, verified_by=asked.wish.actor),
    TicketAction.REJECT: _reject,
    TicketAction.CALL_BACK: _call_back,
    TicketAction.CLOSE: lambda ticket, asked: replace(ticket, closed_at=asked.now),
    TicketAction.REOPEN: lambda ticket, asked: reopen(ticket, asked.now, asked.timing),
    TicketAction.SUSPEND: _suspend,
    TicketAction.RESUME: _go_on,
    TicketAction.EXTEND: _extend,
    TicketAction.GRANT: _decide(Ruling.GRANTED),
    TicketAction.REFUSE: _decide(Ruling.REFUSED),
    TicketAction.SHELVE: _shelve,
    TicketAction.UNSHELVE: _go_on,
    TicketAction.CLASSIFY: _classify,
    TicketAction.MERGE: _merge,
    TicketAction.SPLIT: lambda ticket, asked: asked.split.left or ticket,
    TicketAction.VOID: _void,
}
"""Action → what it makes of the ticket besides the state."""
