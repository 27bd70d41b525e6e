"""What answers about tickets look like, for the OpenAPI document; `wire_ticket` writes them."""

from __future__ import annotations

from hub.api.shape import Both, Evidence, Moment, Shape
from hub.model.alarm import Class, Severity, Urgency
from hub.model.detour import Ruling, Rung
from hub.model.ticket import TicketAction, TicketFlag, TicketState


class Wait(Shape):
    """For whom a ticket waits, and why; its clock stands still."""

    since: Moment
    body: str
    reason: str


class Shelf(Shape):
    """Why a ticket is put off, who has approved it, and when it is looked at again."""

    since: Moment
    approved_by: Rung
    approver: str
    condition: str
    measure: str
    review_at: Moment


class Extension(Shape):
    """An extension of the limit to finish; `rung` is who decides it."""

    rung: Rung
    asked_by: str
    asked_at: Moment
    until: Moment
    reason: str
    ruling: Ruling
    decided_by: str
    decided_at: Moment | None
    street: str


class CallBack(Shape):
    """What the reporter has said when called back."""

    by: str
    at: Moment
    satisfied: bool
    text: str


class Ticket(Shape, rename={"class_": "class"}):
    """A ticket; `first_finish_by` is the limit as it is without its granted extensions.

    `planned` is the day (`2026-12-05`) of planned work, empty where none was set.

    `sign_by` and `handle_by` are the limits of 12345; `folded` were folded into it; `split_off`
    were made of parts of it, and name it `split_from`.
    """

    number: str
    state: TicketState
    flags: list[TicketFlag]
    title: Both
    source: str
    subject: str
    place: str
    rule: str
    fault: str
    severity: Severity
    urgency: Urgency
    planned: str
    class_: Class
    class_raises: int
    trade: str
    holder: str
    team: str
    opened_at: Moment
    take_by: Moment | None
    arrive_by: Moment | None
    finish_by: Moment | None
    first_finish_by: Moment | None
    sign_by: Moment | None
    handle_by: Moment | None
    closed_at: Moment | None
    overdue: list[str]
    acknowledged_by: str
    acknowledged_at: Moment | None
    waiting: Wait | None
    shelf: Shelf | None
    extensions: list[Extension]
    call_back: CallBack | None
    closing_code: str
    closing_note: str
    approver: str
    parts: list[str]
    minutes: int | None
    children: list[str]
    folded_into: str
    folded: list[str]
    split_from: str
    split_off: list[str]
    evidence: list[Evidence]
    revision: int
    reopened: int
    test: bool


class Asset(Shape):
    """What the books say; the emergency card stands on tickets about danger to life alone."""

    number: str
    vendor: str
    vendor_phone: str
    warranty_until: str
    in_warranty: bool | None
    emergency_card: str


class TicketWithSteps(Ticket):
    """A ticket with the steps that the asker can take now, and the device's asset card."""

    asset: Asset
    possible: list[TicketAction]


class Shelved(Shape):
    """What may be published of a shelved ticket: no names of people."""

    number: str
    place: str
    title: Both
    approved_by: Rung
    condition: str
    measure: str
    since: Moment
    review_at: Moment
