"""A request to somebody outside, the reply, and what that means for what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

MOST_WAIT = 86_400.0
"""Seconds; a vendor that asks for more is asked again tomorrow."""


class Verdict(StrEnum):
    """What became of a message."""

    DELIVERED = "delivered"
    LATER = "later"
    REFUSED = "refused"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict, and why it is not good; `wait` is what the vendor asks for, in seconds.

    `theirs`: it is the person's address that is wrong, and not the channel. `receipt` is the
    vendor's own id of a message of which it will tell more.
    """

    verdict: Verdict
    why: str = ""
    wait: float = 0.0
    theirs: bool = False
    receipt: str = ""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request."""

    url: str
    body: bytes = b""
    headers: Mapping[str, str] = {}
    method: str = "POST"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Its reply: `data` is the JSON object in it, empty where there is none; `body` as it came."""

    status: int
    data: dict[str, Any] = {}
    body: bytes = b""
    retry_after: float = 0.0
    location: str = ""
    """Where it wants to send us, without the query."""


DELIVERED = Answer(verdict=Verdict.DELIVERED)


def later(why: str, wait: float = 0.0) -> Answer:
    """Say that it may go through another time."""
    return Answer(verdict=Verdict.LATER, why=why, wait=min(wait, MOST_WAIT))


def refused(why: str, *, theirs: bool = False) -> Answer:
    """Say that it will never go through like this."""
    return Answer(verdict=Verdict.REFUSED, why=why, theirs=theirs)


_BUSY = frozenset({408, 423, 425, 429})


def judge_status(reply: Reply) -> Answer | None:
    """Say what a status other than 2xx means; None for a good one.

    A redirect is not followed: it would be a way around what was looked at.
    """
    why = f"HTTP {reply.status}"
    if reply.status // 100 == 2:  # noqa: PLR2004 - the class of statuses
        return None
    if reply.status // 100 == 3:  # noqa: PLR2004 - the class of statuses
        where = reply.location or "elsewhere"
        return later(f"{why}: it wants to send us to {where}, and is not followed", 60.0)
    if reply.status in _BUSY or reply.status >= 500:  # noqa: PLR2004 - the class of statuses
        return later(why, reply.retry_after)
    return refused(why)
