"""A ticket's life in people's hands: opened by a decision, then moved on one step at a time.

Pure: a ticket and a wish go in, the next ticket and its journal drafts come out.
"""

from __future__ import annotations

import msgspec

from hub.errors import ConflictError, ForbiddenError
from hub.model.alarm import Decision, TicketSpec
from hub.model.device import Device
from hub.model.journal import Draft
from hub.model.ticket import Ticket, TicketAction, TicketState, TicketStep
from hub.services.difference import find_changes, spell_out
from hub.services.tickets.afresh import reopen
from hub.services.tickets.deadline import ALWAYS, Timing, renew_limits
from hub.services.tickets.effect import Asked, Split, TeamOf, after_step, nobodys
from hub.services.tickets.step_check import check_fields
from hub.services.tickets.step_field import read_extra
from hub.services.tickets.told_time import believe
from hub.services.tickets.transition import TRANSITIONS, Transition, possible_steps, why_not

__all__ = ["describe_opening", "open_ticket", "possible_steps", "record", "reopen", "step"]

NOT_HEALTHY = {
    "zh": "设备还没有恢复正常，请等一等，或写明原因",
    "en": "the device is not healthy yet; wait, or give a reason",
}
_WORDS = ("reason", "text", "to", "code")


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
    timing: Timing = ALWAYS,
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
        tell=decision.tell,
        discreet=decision.discreet,
        opened_at=now,
        alarms=(alarm_id,),
        children=decision.children,
        evidence=decision.evidence,
        test=test,
    )
    return renew_limits(ticket, timing)


def describe_opening(ticket: Ticket, now: float, actor: str = "") -> Draft:
    """Write the draft of a ticket's opening, by its rule where nobody is named: all of it."""
    return Draft(
        at=now,
        type="ticket.opened",
        subject=ticket.number,
        actor=actor or f"rule:{ticket.rule}",
        place=ticket.place,
        data=spell_out(ticket),
    )


def step(
    ticket: Ticket,
    wish: TicketStep,
    *,
    healthy: bool,
    now: float,
    timing: Timing = ALWAYS,
    split: Split | None = None,
    team_of: TeamOf = nobodys,
) -> tuple[Ticket, list[Draft]]:
    """Take one step, or say why not.

    Raises ConflictError with the possible steps (wrong state or person), ForbiddenError (wrong
    role) or InvalidRequestError (a field is missing or wrong). `healthy` says that the device has
    been good for its release time; without it completion needs a reason. `split` is what taking it
    apart would come to, `team_of` tells who is of which team.
    """
    row = _find_row(ticket, wish, now)
    extra, faults = read_extra(wish.do, wish.extra)
    asked = Asked(
        wish=wish, extra=extra, now=now, timing=timing, split=split or Split(), team_of=team_of
    )
    check_fields(ticket, asked, row, faults)
    if wish.do is TicketAction.COMPLETE and not healthy and not wish.reason.strip():
        raise _conflict(ticket, wish, NOT_HEALTHY, now)
    after = msgspec.structs.replace(after_step(ticket, asked), state=row.to or ticket.state)
    words: dict[str, object] = {name: word for name in _WORDS if (word := getattr(wish, name))}
    if told := believe(wish.done_at, since=ticket.opened_at, now=now):
        words["done_at"] = told
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
        data={
            "state": after.state.value,
            **find_changes(before, after),
            **words,
            **({"discreet": True} if after.discreet else {}),
        },
    )
    return after, [draft]


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
    obstacle = why_not(ticket, row, actor=wish.actor, role=wish.role, now=now)
    if obstacle:
        raise _conflict(ticket, wish, obstacle, now)
    return row


def _conflict(ticket: Ticket, wish: TicketStep, why: dict[str, str], now: float) -> ConflictError:
    possible = possible_steps(ticket, wish.role, actor=wish.actor, now=now)
    return ConflictError(
        f"ticket {ticket.number}: {wish.do} is not possible: {why['en']};"
        f" possible: {', '.join(possible) or 'nothing'}",
        possible=possible,
        zh=f"工单 {ticket.number}：现在不能做这一步（{wish.do}）：{why['zh']}。",
    )
