"""What a ticket goes through beside its way: waiting, shelving, extensions, and the call-back."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Rung(StrEnum):
    """Who approves or decides above the crew: 社区 first, then 街道."""

    COMMUNITY = "community"
    STREET = "street"


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """A time that has ended in which the ticket's clock stood still."""

    since: float
    until: float


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """挂起: the ticket waits since then for a named body, for that reason."""

    since: float
    body: str
    reason: str


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """挂账: put off since then; `approver` names who at the community or street has approved it.

    `condition` says what has to come first, `measure` what serves until then.
    """

    since: float
    approved_by: Rung
    approver: str
    condition: str
    measure: str
    review_at: float


class Ruling(StrEnum):
    """What became of an extension; one that is only asked for moves nothing."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


class Extension(msgspec.Struct, frozen=True, kw_only=True):
    """延期: asked for until an instant, decided by the community, a second one by the street.

    `street` names who at the street has decided; `decided_by` is the login of who typed it in.
    """

    rung: Rung
    asked_by: str
    asked_at: float
    until: float
    reason: str
    ruling: Ruling = Ruling.ASKED
    decided_by: str = ""
    decided_at: float | None = None
    street: str = ""


class CallBack(msgspec.Struct, frozen=True, kw_only=True):
    """回访: who has asked the reporter, when, and whether they are satisfied."""

    by: str
    at: float
    satisfied: bool
    text: str = ""
