"""Probes cameras by RTSP, several at a time, each on a connection of its own.

A password that is refused is not tried again before the hub starts anew: cameras lock an account
after five. From then on all cameras of that host are asked for OPTIONS alone, which needs none.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Literal

import msgspec
import structlog

from device_drivers.codecs.digest import Login
from device_drivers.codecs.rtsp import (
    OK,
    UNANSWERED,
    UNAUTHORIZED,
    Answer,
    Finding,
    Place,
    find_video,
    write_finding,
)
from device_drivers.links.breaker import Breaker
from device_drivers.links.patience import Patience
from device_drivers.links.polling import IsPolled, NoAnswerError, PollingLink, always
from device_drivers.links.rtsp_call import RtspCall
from hub.clock import Clock
from hub.errors import ProtocolError
from hub.model.device import DeviceUid
from hub.ports import Inbox, LinkWatch

AT_ONCE = 16
PLAY_SECONDS = 5.0
TELL_EVERY = 600.0
"""Seconds after which the same is told again; between them a probe is a sign of life."""
ENOUGH_FRAMES = 25
_spread = random.uniform  # noqa: S311 - spreads probes, and guards nothing
_NO_ANSWER = (OSError, EOFError, ProtocolError)
"""What a camera that is gone, slow or mad brings; a time-out is an OSError."""
log = structlog.get_logger(__name__)


class RtspSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Cameras of one login; times in seconds, `depth` how far a probe goes."""

    name: str
    login: Login
    period: float = 60.0
    timeout: float = 5.0
    depth: Literal["options", "describe", "play"] = "describe"
    play_period: float = 1800.0


class Camera:
    """One camera: where it is, and what its last pictures said."""

    def __init__(self, uid: DeviceUid, address: str, place: Place, timeout: float) -> None:
        self.uid = uid
        self.address = address
        self.place = place
        self.breaker = Breaker()
        self.patience = Patience(timeout)
        self.plays: bool | None = None
        self.told: Finding | None = None
        """What was passed on last; None once it was silent, since nothing is known of it then."""
        self.tell_due = 0.0
        self.play_due = 0.0


class RtspLink(PollingLink[Camera]):
    """Implements `hub.ports.Link` for the cameras of one table."""

    def __init__(
        self,
        settings: RtspSettings,
        cameras: Sequence[Camera],
        *,
        inbox: Inbox,
        watch: LinkWatch,
        clock: Clock,
        is_polled: IsPolled = always,
    ) -> None:
        super().__init__(
            settings.name,
            settings.period,
            cameras,
            RtspReader(settings, clock),
            inbox=inbox,
            watch=watch,
            clock=clock,
            is_polled=is_polled,
        )
        self._room = asyncio.Semaphore(AT_ONCE)

    async def _ask_all(self, devices: Sequence[Camera]) -> None:
        """Ask several at a time: a hundred that are gone must not hide one that is there."""
        if self._inbox.is_full():
            await self._inbox.has_room()
        now = self._clock.now()
        due = [camera for camera in devices if camera.breaker.may_ask(now)]
        async with asyncio.TaskGroup() as group:
            for camera in due:
                group.create_task(self._ask_one(camera), name=f"probe of {camera.address}")

    async def _ask_one(self, camera: Camera) -> None:
        async with self._room:
            await self._poll(camera)


class RtspReader:
    """How a camera is asked; there is no common way to them that could be lost."""

    def __init__(self, settings: RtspSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._known = set[str]()
        """Hosts that have let us in."""
        self._refusing = set[str]()
        self._turns: dict[str, asyncio.Lock] = {}

    async def open(self) -> None:
        """Do nothing: each camera has a connection of its own."""

    def close(self) -> None:
        """Do nothing."""

    async def read(self, camera: Camera) -> bytes:
        """Return what was found, or raise NoAnswerError."""
        call = RtspCall(camera.place, self._settings.login)
        try:
            first = await self._reach(call, camera)
            found, track = await self._describe(call, camera, first.status)
            if track and self._clock.now() >= camera.play_due:
                await self._play(call, camera, track)
        finally:
            call.close()
        return write_finding(self._note(camera, msgspec.structs.replace(found, plays=camera.plays)))

    def _note(self, camera: Camera, found: Finding) -> Finding:
        """Return it as something that was told already, where that is so."""
        now = self._clock.now()
        if found == camera.told and now < camera.tell_due:
            return msgspec.structs.replace(found, again=True)
        camera.told, camera.tell_due = found, now + TELL_EVERY
        return found

    async def _reach(self, call: RtspCall, camera: Camera) -> Answer:
        """Return the answer to OPTIONS: any shows that the camera is there."""
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(camera.patience.seconds):
                await call.open()
                first = await call.ask("OPTIONS")
        except _NO_ANSWER as error:
            camera.patience.missed()
            camera.told = None
            why = str(error) or "no answer in time"
            raise NoAnswerError(
                f"{camera.place.host} port {camera.place.port} does not answer RTSP: {why}"
            ) from error
        camera.patience.answered(asyncio.get_running_loop().time() - began)
        return first

    async def _describe(self, call: RtspCall, camera: Camera, options: int) -> tuple[Finding, str]:
        """Return what was found so far, and which track to play, if any."""
        if self._settings.depth == "options":
            return Finding(options=options), ""
        try:
            found = await self._sign_in(call, camera)
        except _NO_ANSWER:
            return Finding(options=options, describe=UNANSWERED), ""
        base = found.fields.get("content-base", camera.place.uri)
        track = find_video(found.body, base) if found.status == OK else ""
        finding = Finding(options=options, describe=found.status, video=bool(track))
        return finding, track if self._settings.depth == "play" else ""

    async def _sign_in(self, call: RtspCall, camera: Camera) -> Answer:
        """Ask for the description; of a host that was never signed in to one camera at a time.

        A recorder with 32 channels would lock the account when all of them try a wrong password.
        """
        host = camera.place.host
        is_known = host in self._known
        turn = nullcontext() if is_known else self._turns.setdefault(host, asyncio.Lock())
        async with turn:
            if host in self._refusing:
                return Answer(UNAUTHORIZED, {})
            async with asyncio.timeout(self._settings.timeout):
                found = await call.ask("DESCRIBE", fields={"Accept": "application/sdp"})
            if found.status == UNAUTHORIZED:
                self._refusing.add(host)
                why = "it refuses name or password; correct it and restart the hub"
                log.warning(why, link=self._settings.name, host=host, camera=camera.address)
            else:
                self._known.add(host)
        return found

    async def _play(self, call: RtspCall, camera: Camera, track: str) -> None:
        """Have pictures sent for some seconds; a recorder without room for us says nothing."""
        try:
            camera.plays = await self._watch(call, track)
        except _NO_ANSWER:
            camera.plays = False
        again = self._settings.play_period * _spread(0.8, 1.2)
        # One that sends nothing is looked at again in each round, so that its return is seen.
        camera.play_due = 0.0 if camera.plays is False else self._clock.now() + again

    async def _watch(self, call: RtspCall, track: str) -> bool | None:
        timeout, way = self._settings.timeout, "RTP/AVP/TCP;unicast;interleaved=0-1"
        async with asyncio.timeout(timeout):
            found = await call.ask("SETUP", track, {"Transport": way})
            if found.status != OK:
                return None
            session = {"Session": found.fields.get("session", "").partition(";")[0]}
            found = await call.ask("PLAY", fields={**session, "Range": "npt=0.000-"})
            if found.status != OK:
                return None
        plays = await self._count(call)
        with contextlib.suppress(*_NO_ANSWER):
            async with asyncio.timeout(timeout):
                await call.ask("TEARDOWN", fields=session)
        return plays

    async def _count(self, call: RtspCall) -> bool:
        try:
            async with asyncio.timeout(PLAY_SECONDS):
                await call.count_frames(ENOUGH_FRAMES)
        except TimeoutError:
            return call.frames >= ENOUGH_FRAMES
        return True
