"""A ticket's life in people's hands: opened by a decision, then moved on one step at a time.

Pure: a ticket and a wish go in, the next ticket and its journal drafts come out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from hub.errors import ConflictError, ForbiddenError, InvalidRequestError
from hub.model.alarm import Decision, TicketSpec
from hub.model.device import Device
from hub.model.journal import Draft
from hub.model.spelling import suggest
from hub.model.ticket import (
    ClosingCode,
    Ticket,
    TicketAction,
    TicketFlag,
    TicketState,
    TicketStep,
)
from hub.services.deadline import renew_limits
from hub.services.difference import find_changes, spell_out
from hub.services.transition import (
    TRANSITIONS,
    Transition,
    may_reopen,
    possible_steps,
    why_not,
)

__all__ = ["describe_opening", "open_ticket", "possible_steps", "record", "reopen", "step"]


def open_ticket(
    decision: Decision,
    *,
    alarm_id: str,
    device: Device | None,
    place: str,
    subject_id: str,
    number: str,
    now: float,
    test: bool,
) -> Ticket:
    """Open a ticket for an alarm; `device` is None where the subject is a place."""
    spec = decision.ticket or TicketSpec()
    ticket = Ticket(
        number=number,
        state=TicketState.NEW,
        subject=subject_id,
        uid=device.uid if device else decision.subject,
        place=device.place if device else place,
        rule=decision.rule,
        fault=decision.fault,
        title=decision.name,
        severity=decision.severity,
        urgency=spec.urgency,
        class_=spec.class_,
        trade=spec.trade,
        report=spec.report,
        opened_at=now,
        alarms=(alarm_id,),
        children=decision.children,
        evidence=decision.evidence,
        test=test,
    )
    return renew_limits(ticket)


def describe_opening(ticket: Ticket, now: float) -> Draft:
    """Write the draft of a ticket's opening: the whole ticket."""
    return Draft(
        at=now,
        type="ticket.opened",
        subject=ticket.number,
        actor=f"rule:{ticket.rule}",
        place=ticket.place,
        data=spell_out(ticket),
    )


def step(
    ticket: Ticket, wish: TicketStep, *, healthy: bool, now: float
) -> tuple[Ticket, list[Draft]]:
    """Take one step, or say why not.

    Raises ConflictError with the possible steps (wrong state or person), ForbiddenError (wrong
    role) or InvalidRequestError (a field is missing or wrong). `healthy` says that the device has
    been good for its release time; without it completion needs a reason.
    """
    row = _find_row(ticket, wish, now)
    _check_fields(wish, row)
    if wish.do is TicketAction.COMPLETE and not healthy and not wish.reason.strip():
        raise _conflict(ticket, wish, NOT_HEALTHY, now)
    after = _after(ticket, wish, now)
    after = msgspec.structs.replace(after, state=row.to or ticket.state)
    words = {name: word for name in _WORDS if (word := getattr(wish, name))}
    return record(ticket, after, entry=row.entry, actor=wish.actor, at=now, **words)


def record(
    before: Ticket, after: Ticket, *, entry: str, actor: str, at: float, **words: object
) -> tuple[Ticket, list[Draft]]:
    """Raise the revision and write the draft: what changed, the revision, and further `words`."""
    after = msgspec.structs.replace(after, revision=before.revision + 1)
    draft = Draft(
        at=at,
        type=entry,
        subject=after.number,
        actor=actor,
        place=after.place,
        data={"state": after.state.value, **find_changes(before, after), **words},
    )
    return after, [draft]


def reopen(ticket: Ticket, now: float) -> Ticket:
    """Return a closed ticket to work: nobody's yet, nothing of its old end left, limits anew."""
    again = ticket.folded_into == ""
    flags = set(ticket.flags) - {TicketFlag.RECOVERED}
    if again:
        flags.add(TicketFlag.REOPENED)
    return renew_limits(
        msgspec.structs.replace(
            ticket,
            state=TicketState.DISPATCHED,
            flags=tuple(sorted(flags)),
            reopened=ticket.reopened + again,
            reopened_at=now,
            overdue=(),
            folded_into="",
            **_NO_END,
        )
    )


_NO_END: dict[str, Any] = {
    "closed_at": None,
    "holder": "",
    "completed_by": "",
    "verified_by": "",
    "closing_code": "",
    "closing_note": "",
}
NOT_HEALTHY = {
    "zh": "设备还没有恢复正常，请等一等，或写明原因",
    "en": "the device is not healthy yet; wait, or give a reason",
}
TOO_LATE = {
    "zh": "办结已超过 7 天，请另开一单",
    "en": "it was closed over 7 days ago; open a new one",
}
_WORDS = ("reason", "text", "to", "code")


def _find_row(ticket: Ticket, wish: TicketStep, now: float) -> Transition:
    row = TRANSITIONS.get((ticket.state, wish.do))
    if row is None:
        here = {"zh": f"它现在是 {ticket.state}", "en": f"it is {ticket.state}"}
        raise _conflict(ticket, wish, here, now)
    if wish.role not in row.roles:
        raise ForbiddenError(
            f"ticket {ticket.number}: a {wish.role or 'visitor'} cannot {wish.do} it;"
            f" {', '.join(sorted(row.roles))} can",
            zh=f"工单 {ticket.number}：你的角色不能做这一步（{wish.do}）。",
        )
    obstacle = why_not(ticket, row, actor=wish.actor, role=wish.role)
    if obstacle:
        raise _conflict(ticket, wish, obstacle, now)
    if wish.do is TicketAction.REOPEN and not may_reopen(ticket, now):
        raise _conflict(ticket, wish, TOO_LATE, now)
    return row


def _conflict(ticket: Ticket, wish: TicketStep, why: dict[str, str], now: float) -> ConflictError:
    possible = possible_steps(ticket, wish.role, actor=wish.actor, now=now)
    return ConflictError(
        f"ticket {ticket.number}: {wish.do} is not possible: {why['en']};"
        f" possible: {', '.join(possible) or 'nothing'}",
        possible=possible,
        zh=f"工单 {ticket.number}：现在不能做这一步（{wish.do}）：{why['zh']}。",
    )


def _check_fields(wish: TicketStep, row: Transition) -> None:
    problems = {
        name: f"{wish.do} needs it" for name in row.needs if not getattr(wish, name).strip()
    }
    if wish.do is TicketAction.COMPLETE:
        problems |= _code_problems(wish)
    if problems:
        listed = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        raise InvalidRequestError(
            f"{wish.do} is not complete: {listed}",
            problems=problems,
            zh=f"这一步（{wish.do}）还缺内容，或写得不对：{'、'.join(problems)}。",
        )


def _code_problems(wish: TicketStep) -> dict[str, str]:
    codes = [code.value for code in ClosingCode]
    if wish.code and wish.code not in codes:
        return {"code": f"there is no closing code {wish.code!r}; {suggest(wish.code, codes)}"}
    if wish.code == ClosingCode.WONT_FIX and not wish.reason.strip():
        return {"reason": "say why it is not repaired"}
    return {}


def _after(ticket: Ticket, wish: TicketStep, now: float) -> Ticket:
    if wish.do is TicketAction.REOPEN:
        return reopen(ticket, now)
    effect = _EFFECTS.get(wish.do)
    return msgspec.structs.replace(ticket, **effect(wish, now)) if effect else ticket


_EFFECTS: dict[TicketAction, Callable[[TicketStep, float], dict[str, Any]]] = {
    TicketAction.DISPATCH: lambda wish, _now: {"holder": wish.to},
    TicketAction.TAKE: lambda wish, _now: {"holder": wish.actor},
    TicketAction.RETURN: lambda _wish, _now: {"holder": ""},
    TicketAction.TRANSFER: lambda wish, _now: {"holder": wish.to},
    TicketAction.COMPLETE: lambda wish, _now: {
        "completed_by": wish.actor,
        "closing_code": wish.code or ClosingCode.REPAIRED.value,
        "closing_note": wish.reason or wish.text,
    },
    TicketAction.VERIFY: lambda wish, _now: {"verified_by": wish.actor},
    TicketAction.REJECT: lambda _wish, _now: {
        "completed_by": "",
        "closing_code": "",
        "closing_note": "",
    },
    TicketAction.CLOSE: lambda _wish, now: {"closed_at": now},
    TicketAction.VOID: lambda wish, now: {"closed_at": now, "closing_note": wish.reason},
}
"""Action → what it changes besides the state."""
