"""One lasting MQTT session: what it receives is acknowledged when it is in the store.

The broker keeps the session under a fixed client id, so what arrives while the hub is down waits
there. Acknowledgements go out in order of arrival and never to another connection than the one
that delivered, because packet ids start again with each.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence

from device_drivers.links.mqtt_ack_book import AckBook
from device_drivers.links.mqtt_canary import Canary
from device_drivers.links.mqtt_connection import Connection
from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_ear import Terms
from device_drivers.links.mqtt_settings import AnySession, Session
from hub.clock import Clock
from hub.errors import LinkError
from hub.ports import Envelope, Inbox, LinkWatch

WAITS_FOR_FIRST = 60.0
"""Real seconds that a session waits for another's backlog before it connects all the same."""


class MqttLink:
    """One session as a Link.

    `carries` is the link's name in envelopes and in the devices' books; `name` that of the
    session, such as `mqtt-state`. `after` returns when another session, whose backlog has to be
    read first, has caught up: measurements of now would put a device's old states out of order.
    """

    def __init__(
        self,
        session: AnySession,
        dialler: Dialler,
        *,
        inbox: Inbox,
        watch: LinkWatch,
        clock: Clock,
        carries: str = "mqtt",
        after: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.name = f"{carries}-{session.value}"
        self._carries = carries
        self._session = session
        self._dialler = dialler
        self._settings = dialler.settings
        self._inbox = inbox
        self._watch = watch
        self._clock = clock
        self._book = AckBook()
        self._canary = Canary(dialler.settings.canary_topic(session))
        self._connection: Connection | None = None
        self._after = after
        self._delivered = asyncio.Event()
        self._question = 0
        """Packet id of the last question."""

    async def run(self) -> None:
        """Serve one connection until it is lost (LinkError) or the task is cancelled."""
        await self._wait_for_first()
        terms = Terms(
            client_id=self._settings.client_id(self._session),
            lasting=True,
            window=self._settings.window,
        )
        self._book = AckBook()
        self._canary = Canary(self._settings.canary_topic(self._session))
        self._connection = connection = self._dialler.connect(terms, self)
        try:
            answer = await self._dialler.open(connection)
            self._watch.link_up(self.name, resumed=answer.session_present)
            await self._subscribe(connection)
            await self._serve(connection)
        finally:
            self._delivered.clear()
            self._connection = None
            await connection.close(politely=True)

    async def caught_up(self) -> None:
        """Return once this session has delivered what had waited, as a message of now proves.

        A connection that is half open looks sound for as long as two keepalives.
        """
        if self._connection is not None and self._delivered.is_set():
            self._delivered.clear()
            self._connection.publish(self._canary.topic, self._canary.payload)
        await self._delivered.wait()

    def prove(self) -> None:
        """Have a message of the hub's own come back; without an answer the connection is dead."""
        connection, canary = self._connection, self._canary
        if connection is not None and canary.back and canary.asked is None:
            connection.forget(self._question)
            self._question = connection.publish(canary.topic, canary.ask(self._clock.now()))

    def read_again(self) -> None:
        """Ask for the states that the broker keeps; a session without any has nothing to ask."""
        stateless = self._session in {Session.TELEMETRY, Session.REPLY}
        if self._connection is not None and not stateless:
            self._connection.subscribe_again(self._settings.filters(self._session))

    def acknowledge(self, envelopes: Sequence[Envelope]) -> None:
        """Acknowledge in order of arrival; what another connection delivered is ignored."""
        self._acknowledge(envelope.token for envelope in envelopes)

    def receive(self, topic: str, payload: bytes, packet_id: int, *, retained: bool) -> bool:
        """Hand a message to the inbox; False when that is full."""
        token = self._book.arrive(packet_id) if packet_id else None
        if topic == self._canary.topic:
            self._take_canary(payload, token)
            return not self._inbox.is_full()
        self._inbox.offer(
            Envelope(
                link=self._carries,
                address=topic,
                payload=payload,
                received=self._clock.now(),
                retained=retained,
                token=token,
            )
        )
        return not self._inbox.is_full()

    async def room(self) -> None:
        """Return when the inbox has room."""
        await self._inbox.has_room()

    async def _wait_for_first(self) -> None:
        if self._after is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAITS_FOR_FIRST):
                await self._after()

    async def _subscribe(self, connection: Connection) -> None:
        filters = self._settings.filters(self._session)
        granted = await connection.subscribe(filters)
        if any(code != 1 for code in granted.codes):
            raise LinkError(
                f"the broker at {self._settings.broker} granted {granted.words} for "
                f"{', '.join(filters)} instead of QoS 1; check its access list for the hub"
            )

    async def _serve(self, connection: Connection) -> None:
        canary = self._canary
        packet_id = connection.publish(canary.topic, canary.payload)
        received = -1
        while True:
            await connection.turn()
            answer = connection.published(packet_id)
            if answer is not None and answer.codes[0]:
                raise LinkError(
                    f"the broker at {self._settings.broker} answered {answer.words} to the hub's "
                    f"own message on {canary.topic}; check its access list for the hub"
                )
            canary.check(
                busy=bool(len(self._book)) or received != connection.received,
                limit=self._settings.canary_limit,
            )
            received = connection.received

    def _take_canary(self, payload: bytes, token: int | None) -> None:
        """Acknowledge a canary, this connection's or an old one, in its turn."""
        self._acknowledge([token])
        if (asked := self._canary.answer(payload)) is not None:
            self._watch.link_heard(self.name, asked)
        if payload != self._canary.payload:
            return
        self._delivered.set()
        if not self._canary.back:
            self._canary.back = True
            self._watch.link_caught_up(self.name)

    def _acknowledge(self, tokens: Iterable[object]) -> None:
        ready = self._book.commit(tokens)
        if ready and self._connection is not None:
            self._connection.acknowledge(ready)
