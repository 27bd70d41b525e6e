"""What every channel is: it takes a message for an address, and says what became of it.

Most are a conversation over HTTP, written as a generator: it yields a request, is sent the reply,
and returns the answer. So a channel's file is a table and a translation, and knows no connection.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Protocol

import msgspec

from hub.bells.message import Message
from hub.bells.receipt import News, Receipt
from hub.courier.answer import (
    DELIVERED,
    Answer,
    Reply,
    Request,
    Verdict,
    judge_status,
    later,
    refused,
)


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where to: what the kind asks of a contact, who is called out in a group, their language."""

    to: str = ""
    mention: str = ""
    language: str = ""


Conversation = Generator[Request, Reply, Answer]
Enquiry = Generator[Request, Reply, News]
Speak = Callable[[Message, Address, float], Conversation]
"""A channel over HTTP: (message, address, now) → what is said."""
Ask = Callable[[Receipt, Address], Enquiry]
"""How a vendor is asked what became of a message that it took for an address."""
Hear = Callable[[object], Sequence[News]]
"""What a vendor has pushed, as JSON → what it says; ValueError where it is not the vendor's."""


class Channel(Protocol):
    """Sends a message; every failure is an answer."""

    async def send(self, message: Message, address: Address) -> Answer:
        """Send it, and return once its outcome is known."""
        ...


class Witness(Protocol):
    """A channel that can be asked what became of a message; every failure is no news."""

    async def ask(self, receipt: Receipt, address: Address) -> News:
        """Ask, and return what is known by now."""
        ...


def receipted(answer: Answer, receipt: object) -> Answer:
    """Return a delivery with the vendor's id of it."""
    if answer.verdict is not Verdict.DELIVERED or not isinstance(receipt, str):
        return answer
    return msgspec.structs.replace(answer, receipt=receipt)


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """What a vendor's code means: `again` after so many seconds, or never (None)."""

    why: str
    again: float | None = None
    theirs: bool = False


def judge_code(
    reply: Reply, code: object, said: object, codes: Mapping[object, Code], *, good: object = 0
) -> Answer:
    """Say what a vendor's answer inside HTTP 200 means; a code that nobody knows is for later.

    Without a code it is no answer of the vendor's: a captive portal's page, or half of one.
    """
    bad = judge_status(reply)
    code = code if isinstance(code, str | int) else None
    if bad is not None and code not in codes:
        return bad
    if code is None:
        return later("its answer is not the vendor's; something on the way answers instead")
    if code == good:
        return DELIVERED
    known = codes.get(code, Code(why=str(said)[:200], again=60.0))
    why = f"{code}: {known.why}"
    if known.again is None:
        return refused(why, theirs=known.theirs)
    return later(why, max(known.again, reply.retry_after))
