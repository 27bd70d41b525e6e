"""A ticket: a repair job with limits, and the table of its steps."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from hub.model.alarm import Class, Evidence, ReportWhen, Severity, Urgency
from hub.model.detour import CallBack, Extension, Pause, Shelf, Wait


class TicketState(StrEnum):
    """The states of a ticket.

    待派单 new · 待接单 dispatched · 已接单 taken · 已到场 arrived · 已完工 completed ·
    已核查 verified · 已办结 closed · 作废 voided.
    """

    NEW = "new"
    DISPATCHED = "dispatched"
    TAKEN = "taken"
    ARRIVED = "arrived"
    COMPLETED = "completed"
    VERIFIED = "verified"
    CLOSED = "closed"
    VOIDED = "voided"


class TicketFlag(StrEnum):
    """`recovered`: the alarm has cleared by itself, a person still looks.

    `suspended` (挂起) waits for somebody, `shelved` (挂账) is put off until a review.
    """

    RECOVERED = "recovered"
    SUSPENDED = "suspended"
    SHELVED = "shelved"
    REOPENED = "reopened"


class TicketAction(StrEnum):
    """What a person can do to a ticket; the wire's `do`."""

    ACKNOWLEDGE = "acknowledge"
    DISPATCH = "dispatch"
    TAKE = "take"
    ARRIVE = "arrive"
    COMPLETE = "complete"
    VERIFY = "verify"
    REJECT = "reject"
    CALL_BACK = "call_back"
    CLOSE = "close"
    REOPEN = "reopen"
    TRANSFER = "transfer"
    RETURN = "return"
    SUSPEND = "suspend"
    RESUME = "resume"
    EXTEND = "extend"
    GRANT = "grant"
    REFUSE = "refuse"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    CLASSIFY = "classify"
    MERGE = "merge"
    SPLIT = "split"
    COMMENT = "comment"
    VOID = "void"


class ClosingCode(StrEnum):
    """What it was in the end; the false-alarm share of a rule comes from it."""

    REPAIRED = "repaired"
    REPLACED = "replaced"
    RESET = "reset"
    NO_FAULT_FOUND = "no_fault_found"
    FALSE_ALARM = "false_alarm"
    EXTERNAL = "external"
    WONT_FIX = "wont_fix"


class Ticket(msgspec.Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """One ticket; limits are instants, None where the urgency sets none."""

    number: str
    state: TicketState
    flags: tuple[TicketFlag, ...] = ()
    source: str = "device"
    subject: str
    uid: str
    place: str
    rule: str
    fault: str
    title: dict[str, str]
    severity: Severity
    urgency: Urgency
    class_: Class
    trade: str = ""
    report: ReportWhen = ReportWhen.AT_ONCE
    opened_at: float
    take_by: float | None = None
    arrive_by: float | None = None
    finish_by: float | None = None
    sign_by: float | None = None
    handle_by: float | None = None
    """Until when 12345 wants its case signed for and handled, the earliest of several: nothing of
    the ticket's own moves them."""
    planned: str = ""
    """The day (`2026-12-05`) on which planned work is to be done, where somebody has set one."""
    reopened_at: float | None = None
    """Limits run from here, where it is set, and from `opened_at` otherwise."""
    overdue: tuple[str, ...] = ()
    """Limits that have passed and were told: take, arrive, finish, sign, handle, and a shelved
    one's review."""
    first_finish_by: float | None = None
    """The limit to finish as it is without extensions, where one was granted."""
    pauses: tuple[Pause, ...] = ()
    waiting: Wait | None = None
    shelf: Shelf | None = None
    extensions: tuple[Extension, ...] = ()
    acknowledged_by: str = ""
    acknowledged_at: float | None = None
    classified_by: str = ""
    """Who has set class and urgency by hand: rules leave them alone from then on."""
    class_raises: int = 0
    closed_at: float | None = None
    holder: str = ""
    team: str = ""
    """The roster (班组) of who holds it, as of the instant at which they got it."""
    workers: tuple[str, ...] = ()
    """Everybody who was there or completed it, whoever holds it now: none of them verifies."""
    completed_by: str = ""
    verified_by: str = ""
    call_back: CallBack | None = None
    tell: tuple[str, ...] = ()
    """Roles that its rule wants to be told, beside whoever has to act."""
    discreet: bool = False
    """It is only for leaders to see (`hub.model.discretion`)."""
    reported: bool = False
    """A person's report was folded into it, so that somebody has to be called back."""
    closing_code: str = ""
    closing_note: str = ""
    approver: str = ""
    """Who has approved that it was voided."""
    parts: tuple[str, ...] = ()
    minutes: int | None = None
    """Working time of the repair."""
    alarms: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    folded_into: str = ""
    folded: tuple[str, ...] = ()
    """Tickets that people have folded into it."""
    split_from: str = ""
    split_off: tuple[str, ...] = ()
    """Tickets that people have made of parts of it; each names this one as `split_from`."""
    evidence: tuple[Evidence, ...] = ()
    revision: int = 1
    reopened: int = 0
    test: bool = False


def plain_fault(fault: str) -> str:
    """Return a fault without what keeps its ticket apart from others of it: a number, a rule."""
    return fault.partition("/")[0]


class TicketStep(msgspec.Struct, frozen=True, kw_only=True):
    """A person's wish: what to do to which ticket, with the fields that the step needs.

    `done_at` is when they did it, where they say so later than that.
    """

    do: TicketAction
    actor: str
    role: str
    at: float
    reason: str = ""
    code: str = ""
    to: str = ""
    text: str = ""
    extra: dict[str, Any] = {}
    done_at: float | None = None
