"""Keeps links running: the one place that tries again, and that says "gone" and "back".

Each is said once: to the log, and to whoever watches. Waiting times are drawn between nothing and
a limit that doubles, so that a thousand hubs do not return to a broker in the same second.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

import structlog

from hub.clock import Clock
from hub.errors import CredentialsError, LinkError, TakenOverError
from hub.model.device import DeviceUid
from hub.ports import Link, LinkWatch

FIRST_LIMIT = 0.5
LAST_LIMIT = 30.0
HEALTHY_AFTER = 60.0
"""A connection that stood this long counts as sound: the waiting times start again."""
STANDBY = 300.0
"""Seconds that a hub stands by once another has taken over its session."""
REFUSED = 3600.0
"""Seconds between two tries of a password that is refused: five in half an hour lock an account."""

_draw = random.random  # noqa: S311 - spreads waiting times, and guards nothing
log = structlog.get_logger(__name__)


class Supervisor:
    """Runs links for ever, and is the LinkWatch that they are given.

    It passes everything on to `watch`, but "down" only once per loss, whoever says it first.
    `chance` returns a number from 0 to 1.
    """

    def __init__(
        self, *, watch: LinkWatch, clock: Clock, chance: Callable[[], float] = _draw
    ) -> None:
        self._watch = watch
        self._clock = clock
        self._chance = chance
        self._up_since: dict[str, float] = {}
        self._gone: set[str] = set()

    async def run(self, links: Sequence[Link]) -> None:
        """Keep the links running until cancelled."""
        async with asyncio.TaskGroup() as group:
            for link in links:
                group.create_task(self._keep(link), name=f"link {link.name}")

    def link_up(self, link: str, *, resumed: bool) -> None:
        """Note that a connection stands."""
        self._up_since[link] = self._clock.now()
        if link in self._gone:
            self._gone.discard(link)
            log.info("link back", link=link, resumed=resumed)
        self._watch.link_up(link, resumed=resumed)

    def link_down(self, link: str, why: str) -> None:
        """Note that a connection is lost, or cannot be made."""
        self._up_since.pop(link, None)
        if link not in self._gone:
            self._gone.add(link)
            log.warning("link gone", link=link, why=why)
            self._watch.link_down(link, why)

    def link_caught_up(self, link: str) -> None:
        """Pass on that what had waited has been delivered."""
        self._watch.link_caught_up(link)

    def link_heard(self, link: str, at: float) -> None:
        """Pass on until when everything was heard."""
        self._watch.link_heard(link, at)

    def slave_missed(self, uid: DeviceUid) -> None:
        """Pass on."""
        self._watch.slave_missed(uid)

    def slave_silent(self, uid: DeviceUid, why: str) -> None:
        """Pass on that a polled device does not answer."""
        self._watch.slave_silent(uid, why)

    def relay_told(self, uid: DeviceUid, why: str, *, stands: bool) -> None:
        """Pass on what became of a relay that stood on."""
        self._watch.relay_told(uid, why, stands=stands)

    async def _keep(self, link: Link) -> None:
        failures = 0
        while True:
            error = await self._run_once(link)
            if self._was_healthy(link.name):
                failures = 0
            self.link_down(link.name, str(error))
            await self._clock.sleep(self._pause(error, failures))
            failures += 1

    async def _run_once(self, link: Link) -> Exception:
        try:
            await link.run()
        except LinkError as error:
            return error
        except Exception as error:
            # A fault in one link's code must not end the others; the log keeps where it was.
            log.exception("link failed by a fault of its own; report this", link=link.name)
            return error
        return LinkError(f"{link.name}: the connection ended")

    def _was_healthy(self, name: str) -> bool:
        since = self._up_since.get(name)
        return since is not None and self._clock.now() - since >= HEALTHY_AFTER

    def _pause(self, error: Exception, failures: int) -> float:
        if isinstance(error, TakenOverError):
            return STANDBY
        if isinstance(error, CredentialsError):
            return REFUSED
        # The exponent is bounded, since a link may fail for years.
        return self._chance() * min(LAST_LIMIT, FIRST_LIMIT * 2.0 ** min(failures, 10))
