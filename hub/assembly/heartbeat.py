"""The outgoing heartbeat: somebody elsewhere rings when it stops (docs/adr/0016).

A beat is sent only after a commit that was made for it, so what it says is that the intake's loop
turns and the disk takes what it writes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from urllib.parse import urlsplit

import httpx2
import msgspec
import structlog

from hub.clock import Clock
from hub.config.outward import HeartbeatSettings
from hub.errors import HubError, StoreError
from hub.model.instant import to_rfc3339
from hub.outbound import GuardedTransport
from hub.ports import Desk, Document
from hub.settings import Settings
from hub.store.books import SqliteBooks
from hub.store.seals.chain import Head

log = structlog.get_logger(__name__)

ENDS = 10.0
"""Seconds that the proving commit, and then the request, may each take."""


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent; `failing` says why the store takes less than all, `head` is the audit chain's.

    `alive` tells that the commit made for it went through; else number and head are those of the
    last beat.
    """

    site: str
    version: str
    at: str
    seq: int
    head: str
    alive: bool = True
    failing: str = ""


class Heart:
    """Beats for one receiver; says "gone" and "back" once each."""

    def __init__(
        self,
        settings: HeartbeatSettings,
        client: httpx2.AsyncClient,
        prove: Callable[[], Awaitable[Beat]],
    ) -> None:
        self._settings = settings
        self._client = client
        self._prove = prove
        self._name = urlsplit(settings.url).hostname or ""
        self._gone = False

    async def run(self) -> None:
        """Beat until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._beat(await self._prove())
            due = max(due + self._settings.period, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _beat(self, beat: Beat) -> None:
        url = self._settings.fail_url if beat.failing else self._settings.url
        if url is None and beat.alive:
            url = self._settings.url
        # Silence is what rings: a beat of a store that takes nothing would count as life.
        if url is None:
            return
        why = ""
        try:
            async with asyncio.timeout(ENDS):
                why = await self._send(url, beat)
        except (HubError, httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            why = str(error) or type(error).__name__
        self._note(why)

    async def _send(self, url: str, beat: Beat) -> str:
        body = msgspec.json.encode(beat) if self._settings.method == "POST" else None
        headers = {"content-type": "application/json"} if body else {}
        request = self._client.build_request(
            self._settings.method, url, content=body, headers=headers
        )
        answer = await self._client.send(request, stream=True)
        # What it says beside its status is of no interest, however long it is.
        await answer.aclose()
        return "" if answer.is_success else f"it answers {answer.status_code}"

    def _note(self, why: str) -> None:
        if why and not self._gone:
            log.warning(
                "the heartbeat does not get through; somebody may be rung", to=self._name, why=why
            )
        if self._gone and not why:
            log.info("the heartbeat gets through again", to=self._name)
        self._gone = bool(why)


class Pulse:
    """Makes the commit that proves the hub alive; one at a time, however many receivers.

    `shortage` says why the store takes less than all while it takes this; empty where it does not.
    """

    def __init__(
        self, site: str, desk: Desk, books: SqliteBooks, clock: Clock, shortage: Callable[[], str]
    ) -> None:
        self._site = site
        self._desk = desk
        self._books = books
        self._clock = clock
        self._shortage = shortage
        self._writing: asyncio.Task[None] | None = None
        self._last = Head()

    async def prove(self) -> Beat:
        """Return a beat; not `alive` where the store has not taken a commit in time."""
        dead = ""
        try:
            async with asyncio.timeout(ENDS):
                await self._commit()
                self._last = await self._books.head()
        except TimeoutError:
            dead = f"the store has not taken anything for {ENDS:.0f} s"
        except StoreError as error:
            dead = str(error)
        return Beat(
            site=self._site,
            version=version("lingdang"),
            at=to_rfc3339(self._clock.now()) or "",
            seq=self._last.seq,
            head=str(self._last),
            alive=not dead,
            failing=dead or self._shortage(),
        )

    async def _commit(self) -> None:
        """Wait for the commit under way, or make one: they must not pile up behind a dead disk."""
        if self._writing is None or self._writing.done():
            now = self._clock.now()
            paper = Document(collection="heartbeat", key="last", body=b"%f" % now, at=now)
            self._writing = asyncio.create_task(self._desk.write([paper]), name="heartbeat-commit")
        await asyncio.shield(self._writing)

    async def stop(self) -> None:
        """Leave no task behind."""
        if self._writing is not None:
            self._writing.cancel()
            with contextlib.suppress(asyncio.CancelledError, StoreError):
                await self._writing


async def keep_beating(
    settings: Settings, desk: Desk, books: SqliteBooks, clock: Clock, shortage: Callable[[], str]
) -> None:
    """Beat for all receivers until cancelled; without any there is nothing to do."""
    if not settings.heartbeat:
        return
    pulse = Pulse(settings.community.id, desk, books, clock, shortage)
    # A proxy of the environment, or a redirect, would be a way around what was looked at.
    client = httpx2.AsyncClient(
        transport=GuardedTransport(settings.outbound.allow), trust_env=False
    )
    try:
        async with client, asyncio.TaskGroup() as group:
            for each in settings.heartbeat:
                group.create_task(Heart(each, client, pulse.prove).run(), name="heartbeat")
    finally:
        await pulse.stop()
