"""The door that plate cameras post to; the answer comes once the record is in the store.

A camera that gets none keeps its record and sends it again, so nothing is lost while the store
takes nothing. Plates are hashed here, with a key that lives a day and is written nowhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
from collections import deque
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import msgspec

from device_drivers.codecs.vzenith import (
    Record,
    cut_pictures,
    is_passage,
    may_lift,
    read_record,
    reply_to,
    write_record,
)
from device_drivers.links.http_door import Call, HttpDoor, Reply
from hub.clock import Clock
from hub.errors import LinkError, ProtocolError
from hub.model.instant import day_number
from hub.ports import Envelope, Inbox, LinkWatch

STORE_SECONDS = 4.0
"""How long a camera waits for the store at most; it gives up after five."""
COMET_SECONDS = 5.0
"""How long a heartbeat is kept waiting that comes right after another: a camera that polls
(comet) asks again as soon as it is answered."""
REPLAY_SECONDS = 0.25
"""Between two records that a camera had kept: of a flood the hub would take the newest alone."""
MOST_CAMERAS = 4096
HASH_LENGTH = 16
LAST_VEHICLES, ENOUGH_VEHICLES = 50, 10


class PushSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One door: where cameras post, whose addresses may, and whether a plate lifts the barrier."""

    name: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...] = ()
    opens: bool = False


class PlateMask:
    """Makes a keyed hash of a plate; the same car has the same one for a day, and then another."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._day = -1
        self._key = b""

    def hide(self, plate: str) -> str:
        """Return the hash."""
        today = day_number(self._clock.now())
        if today != self._day:
            self._day, self._key = today, secrets.token_bytes(32)
        return hmac.new(self._key, plate.encode(), hashlib.sha256).hexdigest()[:HASH_LENGTH]


class Tally:
    """Counts of how many of the last vehicles the plate was read, for each camera.

    One that is blind or was knocked out of line goes on beating, and sends `_无_` for each car.
    """

    def __init__(self) -> None:
        self._read: dict[str, deque[bool]] = {}

    def count(self, record: Record) -> int | None:
        """Take a record, and return the percentage; None while too few have come by."""
        if not is_passage(record):
            return None
        if len(self._read) >= MOST_CAMERAS:
            self._read.clear()
        seen = self._read.setdefault(record.serial, deque(maxlen=LAST_VEHICLES))
        seen.append(bool(record.plate))
        return round(100 * sum(seen) / len(seen)) if len(seen) >= ENOUGH_VEHICLES else None


class PushLink:
    """Implements `hub.ports.Link` for one door."""

    def __init__(
        self, settings: PushSettings, *, inbox: Inbox, watch: LinkWatch, clock: Clock
    ) -> None:
        self.name = settings.name
        self.port = settings.port
        self._settings = settings
        self._networks: list[IPv4Network | IPv6Network] = [
            ip_network(each) for each in settings.addresses
        ]
        self._inbox = inbox
        self._watch = watch
        self._clock = clock
        self._mask = PlateMask(clock)
        self._tally = Tally()
        self._beats: dict[str, float] = {}

    async def run(self) -> None:
        """Serve until the task is cancelled; LinkError where the port cannot be had."""
        host, port = self._settings.host, self._settings.port
        try:
            async with HttpDoor(self.answer).serving(host, port) as self.port:
                self._watch.link_up(self.name, resumed=True)
                self._watch.link_caught_up(self.name)
                await asyncio.Event().wait()
        except OSError as error:
            why = os.strerror(error.errno or 0)
            raise LinkError(
                f"{self.name}: cannot listen on {host} port {port}: {why}; "
                "stop the program that uses the port, or choose another"
            ) from error

    def acknowledge(self, envelopes: Sequence[Envelope]) -> None:
        """Let those be answered whose records are in the store."""
        for envelope in envelopes:
            stored = envelope.token
            if isinstance(stored, asyncio.Future) and not stored.done():
                stored.set_result(None)

    def prove(self) -> None:
        """Nothing to do: a camera beats, or is found silent."""

    def read_again(self) -> None:
        """Nothing to do: what was not answered is sent again."""

    async def answer(self, call: Call) -> Reply:
        """Take what a camera posts, and tell it what to do."""
        refusal = self._refuse(call)
        if refusal:
            return Reply(refusal)
        try:
            record = read_record(call.body, self._mask.hide)
        except ProtocolError:
            # It is kept for a person to look at, and not wanted again.
            record, payload = Record("", 0), cut_pictures(call.body)
        else:
            lifts = self._settings.opens and may_lift(record, self._clock.now())
            record = record._replace(lifts=lifts, rate=self._tally.count(record))
            payload = write_record(record)
            await self._slow_down(record, beats=not call.body.lstrip().startswith(b"{"))
        is_stored = await self._store(record.serial, payload)
        return Reply(200, reply_to(record)) if is_stored else Reply(503)

    def _refuse(self, call: Call) -> int:
        """Return the status for what is not for this door; 0 where it is."""
        if not self._may_call(call.peer):
            return 403
        if call.path != self._settings.path:
            return 404
        if call.method != "POST":
            return 405
        return 503 if self._inbox.is_full() else 0

    async def _store(self, address: str, payload: bytes) -> bool:
        """Pass it on, and tell whether it came into the store in time."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._inbox.offer(
            Envelope(
                link=self.name,
                address=address,
                payload=payload,
                received=self._clock.now(),
                token=stored,
            )
        )
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await stored
        except TimeoutError:
            return False
        return True

    async def _slow_down(self, record: Record, *, beats: bool) -> None:
        """Let a camera wait that would come again at once: it polls, or tells what it had kept."""
        if record.is_offline:
            await asyncio.sleep(REPLAY_SECONDS)
        if not beats:
            return
        loop = asyncio.get_running_loop()
        before = self._beats.get(record.serial)
        if before is not None and loop.time() - before < COMET_SECONDS / 2:
            await asyncio.sleep(COMET_SECONDS)
        if len(self._beats) >= MOST_CAMERAS:
            self._beats.clear()
        self._beats[record.serial] = loop.time()

    def _may_call(self, peer: str) -> bool:
        if not self._networks:
            return True
        address = ip_address(peer)
        return any(address in network for network in self._networks)
