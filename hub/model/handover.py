"""交接班: what one guard hands over to the next, as it stood, signed by both."""

from __future__ import annotations

import hashlib
from enum import StrEnum

import msgspec

HANDOVERS = "handover"
"""The collection of the documents; the key is `HandOver.id`."""


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """An open or shelved ticket, or an alarm without one (no `number`), as it stood.

    `title` is in both languages; `where` is what people called the place that day. `measure` and
    `review_at` say what serves until then, of a shelved one.
    """

    number: str = ""
    title: dict[str, str]
    where: str
    since: float
    urgent: bool = False
    state: str = ""
    holder: str = ""
    children: int = 0
    recovered: bool = False
    measure: str = ""
    review_at: float | None = None


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A gate or door that was opened by hand: from a screen, or (no `actor`) at the gate itself.

    `state` is how the order ended; `do` and `reason` are those of the order.
    """

    at: float
    where: str
    do: str = ""
    actor: str = ""
    reason: str = ""
    state: str = ""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """A maintenance window or notice in force: alarms from there are held back until `end`."""

    kind: str
    text: dict[str, str]
    where: str
    end: float


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """How things stood at `at`; openings are those after `since`. `seq` is the journal's last."""

    since: float
    at: float
    seq: int
    open: tuple[Matter, ...] = ()
    openings: tuple[Opening, ...] = ()
    shelved: tuple[Matter, ...] = ()
    expected: tuple[Expected, ...] = ()
    more_openings: bool = False
    """There were more at the gates than are listed."""


class HandOverState(StrEnum):
    """待接班 given · 已交接 taken · 已撤回 withdrawn."""

    GIVEN = "given"
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """One hand-over of a part of the community; `place` is whose it is, empty for all of it.

    `later` is what has changed between the two signatures: it opened or was opened meanwhile.
    """

    id: str
    place: str
    sheet: Sheet
    given_by: str
    given_at: float
    notes: str = ""
    state: HandOverState = HandOverState.GIVEN
    taken_by: str = ""
    taken_at: float | None = None
    remark: str = ""
    later: Sheet | None = None
    ended_by: str = ""

    @property
    def digest(self) -> str:
        """The SHA-256 of what the first guard signed, as 64 hex digits; the journal keeps it."""
        signed = (self.id, self.place, self.sheet, self.given_by, self.given_at, self.notes)
        return hashlib.sha256(msgspec.json.encode(signed)).hexdigest()
