"""A ring: one person to be told about one ticket, until acknowledged, channel after channel.

A round of an inspection that was missed is told by a ring, too.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hub.model.alarm import Severity

RINGS = "ring"
"""The collection of the documents: rings that are not yet done with, key = `Ring.id`."""


class Concern(StrEnum):
    """How a person stands to a ticket: has to act, or only to know (知会)."""

    RESPONSIBLE = "responsible"
    INFORMED = "informed"


class Ring(msgspec.Struct, frozen=True, kw_only=True):
    """Decided by an escalation in the commit of its reason; carried out by the bells.

    `id` is made of ticket, opening, rung and person, so that nobody is rung twice for one rung.
    `person` is a login, or `group:NAME` for a channel that many read. `channels` are tried in this
    order: the next one `wait` seconds after the last, unless the ticket was acknowledged, taken or
    ended, or at once where one fails for good; `informed` people are told once, by the first that
    works. Nothing is sent before `not_before` (quiet hours), an instant like `at`. What is
    `discreet` goes over no channel that many read. With `page` (a path of the console) it is about
    something that is no ticket, and `ticket` is that thing's id.
    """

    id: str
    ticket: str
    rung: int
    person: str
    concern: Concern
    channels: tuple[str, ...]
    wait: float
    at: float
    not_before: float
    severity: Severity
    place: str
    title: dict[str, str]
    reason: dict[str, str]
    critical: bool = False
    discreet: bool = False
    test: bool = False
    page: str = ""
