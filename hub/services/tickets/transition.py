"""What the table of steps allows this person on this ticket now, and why it allows no more."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from hub.model.detour import Extension, Ruling
from hub.model.ticket import Ticket, TicketAction
from hub.services.tickets.step_table import GRID, LEADERS, TRANSITIONS, Check, Transition, Who

__all__ = [
    "TRANSITIONS",
    "Transition",
    "Who",
    "asked_extension",
    "may_reopen",
    "possible_steps",
    "same_person",
    "why_not",
]

REOPEN_WITHIN = 7 * 86400.0
"""Seconds after closing in which people may reopen a ticket."""
EXTENSIONS = 2
"""How often an opening can be extended: decided once by the community, once by the street."""
REPORTED = frozenset({"resident", "hotline"})
"""Sources whose reporter is called back before the ticket is closed."""

Both = dict[str, str]


def possible_steps(
    ticket: Ticket, role: str, *, actor: str = "", now: float | None = None
) -> tuple[str, ...]:
    """Return the steps that `role` can take now, in the order of a ticket's life.

    With `actor` also those that only some people may take are sorted out, and with `now` those
    that come too late.
    """
    return tuple(
        action.value
        for action in TicketAction
        if (row := TRANSITIONS.get((ticket.state, action)))
        and role in row.roles
        and not why_not(ticket, row, actor=actor, role=role, now=now)
    )


def why_not(
    ticket: Ticket, row: Transition, *, actor: str, role: str, now: float | None = None
) -> Both:
    """Return why this person may not take the step, in both languages; empty when they may."""
    for check in row.only:
        holds, words = CHECKS[check]
        if not holds(ticket, now):
            return words
    return _PERSONS[row.who](ticket, actor, role) if actor else {}


def asked_extension(ticket: Ticket) -> Extension | None:
    """Return the extension that waits for its decision."""
    last = ticket.extensions[-1] if ticket.extensions else None
    return last if last and last.ruling is Ruling.ASKED else None


def may_reopen(ticket: Ticket, now: float | None) -> bool:
    """Tell whether people may still reopen a closed ticket; without an instant they may."""
    return now is None or (ticket.closed_at is not None and now <= ticket.closed_at + REOPEN_WITHIN)


def is_reported(ticket: Ticket) -> bool:
    """Tell whether a person has reported it, or something that was folded into it."""
    return ticket.reported or ticket.source in REPORTED


def same_person(left: str, right: str) -> bool:
    """Tell whether two logins are one person; a key `key:li` of Li is Li, and so is `LI`."""
    return bool(left) and bool(right) and _plain(left) == _plain(right)


def _plain(login: str) -> str:
    name = login.rpartition(":")[2]
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _is_in_time(ticket: Ticket, now: float | None) -> bool:
    return now is None or (ticket.finish_by is not None and now < ticket.finish_by)


CHECKS: dict[Check, tuple[Callable[[Ticket, float | None], bool], Both]] = {
    Check.RUNNING: (
        lambda ticket, _: ticket.waiting is None and ticket.shelf is None,
        {
            "zh": "工单已挂起或挂账，请先恢复",
            "en": "it waits or is shelved; resume or unshelve it first",
        },
    ),
    Check.WAITING: (
        lambda ticket, _: ticket.waiting is not None,
        {"zh": "工单没有挂起", "en": "it does not wait"},
    ),
    Check.NOT_WAITING: (
        lambda ticket, _: ticket.waiting is None,
        {"zh": "工单已挂起，请先恢复", "en": "it waits; resume it first"},
    ),
    Check.SHELVED: (
        lambda ticket, _: ticket.shelf is not None,
        {"zh": "工单没有挂账", "en": "it is not shelved"},
    ),
    Check.IN_TIME: (
        _is_in_time,
        {
            "zh": "时限已过，延期要在时限之前申请",
            "en": "its limit has passed; an extension is asked for before",
        },
    ),
    Check.EXTENSION_LEFT: (
        lambda ticket, _: len(ticket.extensions) < EXTENSIONS,
        {
            "zh": "已申请过两次延期，不能再申请",
            "en": "it was asked for twice already, and there is no third time",
        },
    ),
    Check.EXTENSION_ASKED: (
        lambda ticket, _: asked_extension(ticket) is not None,
        {"zh": "没有待批的延期", "en": "no extension waits for a decision"},
    ),
    Check.NOTHING_ASKED: (
        lambda ticket, _: asked_extension(ticket) is None,
        {"zh": "上一次延期还没有批", "en": "the last extension is not decided yet"},
    ),
    Check.REPORTED: (
        lambda ticket, _: is_reported(ticket),
        {"zh": "不是居民报的，无需回访", "en": "nobody has reported it, so nobody is called back"},
    ),
    Check.CALLED_BACK: (
        lambda ticket, _: ticket.call_back is not None or not is_reported(ticket),
        {"zh": "还没有回访报修人", "en": "whoever reported it was not called back yet"},
    ),
    Check.RECENT: (
        may_reopen,
        {
            "zh": "办结已超过 7 天，请另开一单",
            "en": "it was closed over 7 days ago; open a new one",
        },
    ),
}
"""How each check is seen, and what is said where it does not hold."""


def _not_the_holder(ticket: Ticket, actor: str, role: str) -> Both:
    if role in LEADERS or same_person(actor, ticket.holder):
        return {}
    return {
        "zh": f"只有{ticket.holder or '负责人'}或经理能做",
        "en": f"only {ticket.holder or 'its holder'} or a manager can do that",
    }


def _had_a_hand_in(ticket: Ticket, actor: str, _role: str) -> Both:
    hands = (ticket.completed_by, ticket.holder, *ticket.workers)
    if not any(same_person(actor, hand) for hand in hands):
        return {}
    return {
        "zh": f"活是 {actor} 干的，要由别人来做",
        "en": f"{actor} did the work; another person has to check it",
    }


def _is_not_above(ticket: Ticket, actor: str, _role: str) -> Both:
    asked = asked_extension(ticket)
    if not any(
        same_person(actor, each) for each in (ticket.holder, asked and asked.asked_by) if each
    ):
        return {}
    return {
        "zh": "申请人和负责人不能批自己的延期",
        "en": "who asked for it or holds the ticket does not decide it; another leader does",
    }


def _is_no_witness(ticket: Ticket, actor: str, role: str) -> Both:
    if role in LEADERS | GRID or same_person(actor, ticket.verified_by):
        return {}
    return {
        "zh": "只有报修人（凭编号和查询码）、核查的人、网格员或经理能重办",
        "en": "only its reporter (by number and query code), who verified it, the grid or a manager"
        " can reopen it",
    }


_PERSONS: dict[Who, Callable[[Ticket, str, str], Both]] = {
    Who.ANYBODY: lambda _ticket, _actor, _role: {},
    Who.HOLDER: _not_the_holder,
    Who.ANOTHER: _had_a_hand_in,
    Who.ABOVE: _is_not_above,
    Who.WITNESS: _is_no_witness,
}
"""Whom a row means → why this person is not one of them."""
