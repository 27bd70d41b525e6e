"""An event stream over HTTP that never ends: one request to one host, and what it brings.

Every part shows that the host is alive, and with it the channels and doors behind it: of those
nobody else says so. A host that brings nothing whole for a while is lost, whatever trickles in.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from math import inf

import httpx2

from device_drivers.codecs.multipart import Part, PartReader, boundary_of
from device_drivers.links.episode import Episodes
from device_drivers.links.stream_call import StreamSettings, fetch, open_stream
from device_drivers.links.stream_tongue import Notice, Tongue
from hub.clock import Clock
from hub.errors import LinkError, ProtocolError
from hub.ports import Envelope, Inbox, LinkWatch

BEAT_EVERY = 10.0
"""Seconds between two signs of life that are passed on: old firmware beats three times a second."""
MOST_STRANGE = 20
"""Parts in a row that cannot be read before the host is given up."""


class StreamLink:
    """Implements `hub.ports.Link` for one host; `addresses` are those of its devices now."""

    def __init__(
        self,
        settings: StreamSettings,
        tongue: Tongue,
        addresses: Callable[[], Sequence[str]],
        *,
        inbox: Inbox,
        watch: LinkWatch,
        clock: Clock,
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._tongue = tongue
        self._addresses = addresses
        self._inbox = inbox
        self._watch = watch
        self._clock = clock
        self._episodes = Episodes(tongue.quiet)
        self._calm_at: float | None = None
        """When to tell once that nothing lasts; infinite once that is done."""
        self._is_known = False
        self._beat_at = -inf
        self._told = set[str]()
        """Addresses of which this stream has said that they are there."""
        self._strange = 0

    async def run(self) -> None:
        """Listen until the stream ends (LinkError) or the task is cancelled."""
        try:
            async with open_stream(self._settings, self._tongue.path) as stream:
                parts = PartReader(boundary_of(stream.headers.get("content-type", "")))
                now, self._strange = self._clock.now(), 0
                self._told.clear()
                self._episodes.resume(now)
                self._calm_at = self._calm_at or now + self._tongue.quiet
                self._watch.link_up(self.name, resumed=True)
                self._watch.link_caught_up(self.name)
                await self._ask()
                async with self._ticking():
                    await self._listen(stream, parts)
        except (httpx2.HTTPError, ProtocolError, TimeoutError, OSError) as error:
            raise LinkError(f"{self.name}: {self._settings.host}: {_why(error)}") from error
        raise LinkError(f"{self.name}: {self._settings.host} has ended its stream")

    def acknowledge(self, envelopes: Sequence[Envelope]) -> None:
        """Nothing to do: a stream is not acknowledged."""

    def prove(self) -> None:
        """Nothing to do: a host beats, or is found silent."""

    def read_again(self) -> None:
        """Nothing to do: what lasts is said again by itself."""

    async def _listen(self, stream: httpx2.Response, parts: PartReader) -> None:
        loop, silence = asyncio.get_running_loop(), self._settings.silence
        async with asyncio.timeout(silence) as limit:
            async for chunk in stream.aiter_raw():
                if self._take_all(parts.feed(chunk)):
                    limit.reschedule(loop.time() + silence)
                if self._inbox.is_full():
                    limit.reschedule(None)
                    await self._inbox.has_room()
                    limit.reschedule(loop.time() + silence)

    def _take_all(self, parts: Iterable[Part]) -> bool:
        """Pass parts on; True where one of them could be read, or was a picture."""
        read = [self._take(part) for part in parts]
        if any(read):
            self._strange = 0
        self._strange += read.count(False)
        if self._strange > MOST_STRANGE:
            raise ProtocolError("it brings nothing that can be read")
        return any(read)

    def _take(self, part: Part) -> bool:
        """Pass a part on, and whatever it shows; False for one that cannot be read."""
        if not part.body:
            return True
        now = self._clock.now()
        try:
            notices = self._tongue.read(part)
        except ProtocolError:
            self._offer("", part.body)
            return False
        for notice in notices:
            self._beat(notice, now)
            if not notice.is_heartbeat:
                self._note(notice, now)
                self._offer(notice.address, notice.payload)
        return True

    async def _ask(self) -> None:
        """Learn what lasts; that it does not is told once after a start, or where it did."""
        for kind, path in self._tongue.questions.items():
            with contextlib.suppress(httpx2.HTTPError, ProtocolError, TimeoutError):
                # A host that does not answer that is listened to all the same.
                self._learn(kind, await fetch(self._settings, path))
        self._is_known = True

    def _learn(self, kind: str, text: str) -> None:
        now = self._clock.now()
        for notice in self._tongue.standing(kind, text, self._addresses()):
            is_news = not self._is_known or self._episodes.lasts(notice.address)
            self._note(notice, now)
            if is_news or not notice.is_over:
                self._offer(notice.address, notice.payload)

    def _note(self, notice: Notice, now: float) -> None:
        if notice.lasting and notice.is_over:
            self._episodes.end(notice.address, notice.lasting)
        elif notice.lasting:
            self._episodes.note(notice.address, notice.lasting, notice.payload, now)

    def _beat(self, notice: Notice, now: float) -> None:
        """Let each device of the host be heard, now and then.

        That it is there is told once a stream: a point stays known while its device is heard, and
        a thousand cameras would fill the history with it.
        """
        if now - self._beat_at < BEAT_EVERY:
            return
        self._beat_at = now
        said = notice.payload if notice.is_heartbeat else self._tongue.heartbeat
        alive = self._tongue.alive(said)
        for address in self._addresses():
            self._offer(address, alive if address in self._told else said)
            self._told.add(address)

    @contextlib.asynccontextmanager
    async def _ticking(self) -> AsyncIterator[None]:
        ticker = asyncio.create_task(self._tick(), name=f"episodes of {self.name}")
        try:
            yield
        finally:
            ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticker

    async def _tick(self) -> None:
        """Tell what is over, and once after a start that nothing lasts."""
        while True:
            await self._clock.sleep(1.0)
            now = self._clock.now()
            for ended in self._episodes.take_ended(now):
                self._offer(ended.address, self._tongue.over(ended.payload, ended.after))
            if self._calm_at is not None and now >= self._calm_at:
                self._calm_at = inf
                self._calm()

    def _calm(self) -> None:
        for address in self._addresses():
            if not self._episodes.lasts(address):
                for payload in self._tongue.calm(address):
                    self._offer(address, payload)

    def _offer(self, address: str, payload: bytes) -> None:
        self._inbox.offer(
            Envelope(link=self.name, address=address, payload=payload, received=self._clock.now())
        )


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError | httpx2.TimeoutException):
        return "it brings nothing whole any more; check its power, network and event settings"
    if isinstance(error, httpx2.ConnectError):
        return f"it cannot be reached ({error}); check its address, power and network"
    return str(error) or f"the connection broke ({type(error).__name__})"
