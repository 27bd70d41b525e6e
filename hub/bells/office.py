"""The office of the bells: how each is, who is being rung, tests and addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hmac import compare_digest
from uuid import uuid4

from hub.bells import course
from hub.bells.belfry import Belfry
from hub.bells.channel import Address
from hub.bells.contact import Contacts
from hub.bells.delivery import Delivery
from hub.bells.kinds import PUSHED
from hub.bells.lane import Lane
from hub.bells.message import Message
from hub.bells.outbox import Outbox
from hub.bells.receipt_book import ReceiptBook
from hub.bells.wording import WORDINGS
from hub.courier.answer import refused
from hub.errors import InvalidRequestError, NotFoundError
from hub.model.access import Identity
from hub.model.alarm import Severity
from hub.model.discretion import SEES
from hub.model.ring import Ring
from hub.model.spelling import suggest
from hub.ports import BellCard, BellProof, ChannelNews, ContactCard, RingCard

LEADERS = SEES


class Bells:
    """Implements `hub.ports.BellOffice`."""

    def __init__(
        self, belfry: Belfry, outbox: Outbox, contacts: Contacts, book: ReceiptBook
    ) -> None:
        self._belfry = belfry
        self._book = book
        self._outbox = outbox
        self._contacts = contacts

    def bells(self) -> Sequence[BellCard]:
        """Return every bell in the order of the settings, the console first."""
        return [self._card(lane) for lane in self._belfry.lanes.values()]

    def rings(self, who: Identity) -> Sequence[RingCard]:
        """Return who is being rung: to leaders all that they may see, to others their own."""
        return [
            ring_card(ring, delivery)
            for ring, delivery in self._belfry.waiting()
            if who.may_see(ring.place)
            and (who.role in LEADERS or (ring.person == who.name and not ring.discreet))
        ]

    async def test(self, bell: str, person: str, who: Identity) -> BellProof:
        """Send a test over one bell, at once, whatever its hours."""
        lane = self._belfry.lanes.get(bell)
        if lane is None:
            raise NotFoundError(
                f"there is no bell {bell!r}; {suggest(bell, self._belfry.lanes)}",
                zh=f"没有名为 {bell} 的铃。",
            )
        asked = person or who.name
        address = await self._contacts.find(asked, lane.bell.facts)
        message = _test_message(self._language(address, lane))
        if isinstance(address, Address):
            answer = await lane.send(message, address)
            told = {"person": asked, "verdict": answer.verdict, "why": answer.why}
            await self._outbox.write([lane.paper()], [("bell.tested", bell, who.name, told)])
        else:
            answer = refused(address, theirs=True)
        return BellProof(
            bell=bell,
            person=asked,
            text=message.text,
            verdict=answer.verdict,
            why=answer.why,
        )

    def _language(self, address: Address | str, lane: Lane) -> str:
        own = address.language if isinstance(address, Address) else ""
        site = lane.language
        return site if lane.bell.facts.has_template else own or site

    async def receive(self, bell: str, word: str, pushed: object) -> Mapping[str, object]:
        """Take a vendor's push, and return what it is answered; it is stored by then.

        Raises NotFoundError where the secret word is not the bell's, and InvalidRequestError for
        what is no push of its vendor.
        """
        lane = self._belfry.lanes.get(bell)
        secret = lane.bell.callback if lane else ""
        way = PUSHED.get(lane.bell.kind) if lane else None
        if way is None or not secret or not compare_digest(secret.encode(), word.encode()):
            raise NotFoundError("there is no such address", zh="没有这个地址。")
        try:
            said = way.hear(pushed)
        except ValueError as error:
            raise InvalidRequestError(f"it is no receipt: {error}", zh="不是回执。") from error
        if await self._book.take(bell, said):
            self._belfry.wake()
        return way.taken

    async def contact(self, person: str, who: Identity) -> ContactCard:
        """Return somebody's addresses; the journal learns who looks before anything is shown."""
        return ContactCard(person=person, addresses=await self._contacts.look(person, who))

    async def change_contact(
        self, person: str, addresses: Mapping[str, str], who: Identity
    ) -> ContactCard:
        """Write addresses; raises what `Contacts.change` does."""
        kept = await self._contacts.change(person, addresses, who)
        return ContactCard(person=person, addresses=kept)

    def _card(self, lane: Lane) -> BellCard:
        health, bell = lane.health, lane.bell
        used = "fails" if health.failing else "works"
        return BellCard(
            id=bell.id,
            kind=bell.kind,
            outside=bell.facts.outside,
            state="unused" if health.since is None else used,
            since=health.since,
            why=health.why,
            sent_at=health.sent_at,
            sent=health.sent,
            waiting=len(self._outbox.calling(bell.id)),
            held=lane.pace.held,
        )


def _test_message(language: str) -> Message:
    words = WORDINGS[language]
    return Message(
        id=f"bell-{uuid4().hex}",
        ticket="TEST-0000",
        severity=Severity.WARNING,
        title=words.drill + words.test,
        lines=words.test_lines,
        what=words.test,
        where=words.nowhere,
        until=words.nothing_to_do,
        language=language,
        test=True,
    )


def ring_card(ring: Ring, delivery: Delivery) -> RingCard:
    """Say of a ring who, for what, and how far each of its channels has come."""
    return RingCard(
        ticket=ring.ticket,
        page=ring.page,
        person=ring.person,
        concern=ring.concern.value,
        severity=ring.severity.value,
        title=ring.title,
        place=ring.place,
        at=ring.at,
        channel=course.channel_of(ring, delivery),
        reached=delivery.reached,
        given_up=delivery.given_up,
        news=tuple(_news(ring, delivery)),
    )


def _news(ring: Ring, delivery: Delivery) -> Iterator[ChannelNews]:
    """Say of each channel that was tried what is known: what its vendor has said counts first."""
    for channel in dict.fromkeys(ring.channels):
        receipt = delivery.receipts.get(channel)
        if receipt is not None:
            yield ChannelNews(
                channel=channel,
                outcome=receipt.outcome.value,
                at=receipt.at or receipt.sent,
                why=receipt.why,
                key=receipt.key,
            )
        elif channel in delivery.reached:
            yield ChannelNews(channel=channel, outcome="sent")
        elif channel in delivery.refused:
            why = delivery.refused[channel]
            yield ChannelNews(channel=channel, outcome="refused", why=why)
