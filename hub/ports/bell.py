"""What people see and do of the bells: how each is, who is being rung, a test, and addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from hub.model.access import Identity


class BellCard(msgspec.Struct, frozen=True, kw_only=True):
    """How a bell is: `state` is unused, works or fails, `since` and `why` say since when and why.

    `waiting` rings are to go over it, `held` of them because it may send no faster; instants are
    epoch seconds.
    """

    id: str
    kind: str
    outside: bool
    state: str
    since: float | None = None
    why: str = ""
    sent_at: float | None = None
    sent: int = 0
    waiting: int = 0
    held: int = 0


class ChannelNews(msgspec.Struct, frozen=True, kw_only=True):
    """How far one channel of a ring has come.

    `outcome`: sent (taken, and nobody says more), awaited (a receipt may come), delivered (the
    phone has it), answered, missed, lost (never will), refused (it took none). `why` are the
    vendor's words or ours, `key` is what was pressed; `at` is an instant, None where unknown.
    """

    channel: str
    outcome: str
    at: float | None = None
    why: str = ""
    key: str = ""


class RingCard(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is being rung, or whom nobody has reached (`given_up`).

    `page` is where to look where `ticket` is no ticket's number (`hub.model.ring`).
    """

    ticket: str
    person: str
    concern: str
    severity: str
    title: dict[str, str]
    place: str
    at: float
    channel: str
    reached: tuple[str, ...] = ()
    given_up: bool = False
    page: str = ""
    news: tuple[ChannelNews, ...] = ()


class BellProof(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a test: the text that was sent, and what the vendor answered."""

    bell: str
    person: str
    text: str
    verdict: str
    why: str = ""


class ContactCard(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of one person or group."""

    person: str
    addresses: dict[str, str]


class BellOffice(Protocol):
    """Where bells are looked at and tried; each call is in the store when it returns."""

    def bells(self) -> Sequence[BellCard]:
        """Return every bell, the console first."""
        ...

    def rings(self, who: Identity) -> Sequence[RingCard]:
        """Return who is being rung: to leaders all that they may see, to others their own."""
        ...

    async def test(self, bell: str, person: str, who: Identity) -> BellProof:
        """Send a test over one bell, to who asks where nobody is named; NotFoundError."""
        ...

    async def receive(self, bell: str, word: str, pushed: object) -> Mapping[str, object]:
        """Take a vendor's push about messages, and return what it is answered.

        Raises NotFoundError where `word` is not the bell's secret, InvalidRequestError otherwise.
        """
        ...

    async def contact(self, person: str, who: Identity) -> ContactCard:
        """Return somebody's addresses; the journal learns who looks before anything is shown."""
        ...

    async def change_contact(
        self, person: str, addresses: Mapping[str, str], who: Identity
    ) -> ContactCard:
        """Write addresses; an empty one is taken out."""
        ...
