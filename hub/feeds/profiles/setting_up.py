"""Puts the receivers of the configuration together; `hub.app` runs the result."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from functools import partial
from typing import Any

import httpx2
import structlog

from hub.access.allowance import Allowance
from hub.access.web_ports import WebPorts
from hub.clock import Clock
from hub.courier.post import ask, attempt
from hub.feeds.profiles.carrier import ProfileCarrier, Sources
from hub.feeds.profiles.checking import speaks
from hub.feeds.profiles.desk import PullDesk
from hub.feeds.profiles.personal import PeopleDesk
from hub.feeds.profiles.poller import Poller, describe_odd
from hub.feeds.profiles.pull import LIMITS, may_see
from hub.feeds.profiles.receiver import Line, Receiver
from hub.feeds.profiles.stepper import Stepper
from hub.feeds.push.lane import PushLane
from hub.feeds.push.office import PushOffice
from hub.feeds.push.setting_up import PushHouse, open_pushes
from hub.model.access import Identity
from hub.model.instant import to_rfc3339
from hub.model.profile import Profile
from hub.model.subscription import Subscription
from hub.ports.receiver import Outlet

log = structlog.get_logger(__name__)

BIGGEST = 4 * 1024 * 1024
"""Bytes of an answer that are read: a page of theirs may have a thousand records."""
PAGES = "page"


class ReceiverHouse:
    """Everybody that the feed goes to: subscriptions, and the receivers of the configuration."""

    def __init__(self, pushes: PushHouse, clock: Clock) -> None:
        self.allowance = Allowance(clock, LIMITS)
        self.desks: dict[str, PullDesk] = {}
        self.pollers: dict[str, Poller] = {}
        self.receivers: Sequence[Receiver] = ()
        self._pushes = pushes

    @property
    def office(self) -> PushOffice:
        """Return the office of subscriptions."""
        return self._pushes.office

    async def run(self) -> None:
        """Push and poll until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pushes.run(), name="pushes")
            for name, poller in self.pollers.items():
                group.create_task(poller.run(), name=f"poll-{name}")

    def outlets(self, who: Identity) -> Sequence[Outlet]:
        """Say of subscriptions and receivers alike where they go, and how that goes."""
        seq = self.office.last_seq()
        lanes = [_outlet_of_lane(each, seq) for each in self.office.subscriptions(who)]
        found = [each for each in self.receivers if may_see(who, each.name)]
        return lanes + [_outlet_of_receiver(each, self.pollers.get(each.name)) for each in found]

    def describe(self, who: Identity) -> Sequence[dict[str, Any]]:
        """Say how those receivers go that somebody may see."""
        return [
            _describe(each, self.pollers.get(each.name))
            for each in self.receivers
            if may_see(who, each.name)
        ]


async def open_receivers(
    receivers: Sequence[Receiver], ports: WebPorts, allow: Sequence[str]
) -> ReceiverHouse:
    """Open subscriptions and receivers on what is stored; `allow` are networks (CIDR)."""
    pushes = await open_pushes(ports, allow)
    house, line = ReceiverHouse(pushes, ports.clock), make_line(ports, pushes.client)
    house.receivers = receivers
    for receiver in receivers:
        profile, name = receiver.profile, receiver.name
        if profile.codes.rows and profile.codes.sample:
            log.warning("the codes are samples, and no city's", receiver=name)
        carrier = ProfileCarrier(receiver, line, make_sources(ports, profile))
        if profile.create is not None:
            await house.office.stand(_wish(receiver, ports), carrier, receiver.identity())
        if profile.pull is not None and profile.pull.style == PAGES:
            house.desks[name] = PullDesk(receiver, ports, carrier)
        if profile.poll is not None:
            stepper = Stepper(receiver, ports)
            house.pollers[name] = Poller(receiver, line, stepper, ports.books, ports.desk)
            await house.pollers[name].open()
    return house


def make_line(ports: WebPorts, client: httpx2.AsyncClient) -> Line:
    """Return how requests get out: guarded, bounded in time and size."""
    return Line(
        clock=ports.clock,
        ask=partial(ask, client, ports.clock, most=BIGGEST),
        attempt=attempt,
        nonce=partial(secrets.token_hex, 8),
    )


def make_sources(ports: WebPorts, profile: Profile) -> Sources:
    """Return where carriers look things up."""
    return Sources(
        community=ports.community.id,
        books=ports.books,
        desk=ports.desk,
        places=ports.live.places,
        personal=PeopleDesk(profile, ports.whistle, ports.photos).look_up,
    )


def _wish(receiver: Receiver, ports: WebPorts) -> Subscription:
    """Return the lane's wish: everything in its place, from what comes next on."""
    return Subscription(
        id=f"profile-{receiver.name}",
        receiver=receiver.name,
        url=receiver.url,
        secret="",
        place=receiver.place,
        after=ports.pulse.last_seq(),
        made_at=ports.clock.now(),
    )


def _outlet_of_lane(lane: PushLane, seq: int) -> Outlet:
    progress, health = lane.progress, lane.health
    state = "fails" if health.failing else ("works" if progress.sent else "unused")
    return Outlet(
        id=lane.wish.id,
        receiver=lane.wish.receiver,
        url=lane.wish.url,
        state=state if lane.has_key else "no_key",
        why=health.why,
        since=health.since,
        sent=progress.sent,
        sent_at=progress.sent_at,
        waiting=len(progress.stuck),
        behind=max(0, seq - progress.cursor),
    )


def _outlet_of_receiver(receiver: Receiver, poller: Poller | None) -> Outlet:
    told = _describe(receiver, poller)
    return Outlet(
        id=receiver.name,
        receiver=receiver.name,
        url=receiver.url,
        profile=f"{told['profile']} {told['version']}",
        state={"-": "unused"}.get(told["state"], told["state"]),
        why=told["why"],
        odd=len(told["odd"]),
        sample_codes=told["sample_codes"],
    )


def _describe(receiver: Receiver, poller: Poller | None) -> dict[str, Any]:
    profile, health = receiver.profile, poller.health if poller else None
    state = "-" if health is None or health.since is None else "works"
    odd = poller.reading.odd.values() if poller else ()
    return {
        "receiver": receiver.name,
        "profile": profile.head.id,
        "version": profile.head.version,
        "speaks": speaks(profile),
        "tried": profile.head.tried,
        "sample_codes": bool(profile.codes.rows) and profile.codes.sample,
        "personal": profile.personal.fields,
        "state": "fails" if health and health.failing else state,
        "why": health.why if health else "",
        "read_until": to_rfc3339(poller.reading.until) if poller else None,
        "odd": [describe_odd(receiver.name, each) for each in odd],
    }
