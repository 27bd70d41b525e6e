"""A receiver that the configuration names: its profile, its address, what it was given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec

from hub.clock import Clock
from hub.courier.answer import Answer, Reply, Request
from hub.feeds.profiles.composing import Credentials, Draft, Moment, compose
from hub.feeds.profiles.verdict import Judged, judge
from hub.model.access import Identity, Role
from hub.model.profile import Profile

MACHINE = "key:"


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """One platform: `place` is the part of the community that it sees, `addresses` are CIDR."""

    name: str
    profile: Profile
    url: str = ""
    keys: Credentials = Credentials()
    place: str = ""
    addresses: tuple[str, ...] = ()

    def identity(self) -> Identity:
        """Return whom it stands for: the receiver of its name, as a key of the role grid would."""
        return Identity(name=MACHINE + self.name, role=Role.GRID, scope=self.place, machine=True)


class Line(NamedTuple):
    """How requests get out: `ask` raises what asking raises, `attempt` makes answers of that."""

    clock: Clock
    ask: Callable[[Request], Awaitable[Reply]]
    attempt: Callable[[Callable[[], Awaitable[Answer]]], Awaitable[Answer]]
    nonce: Callable[[], str]


async def converse(
    receiver: Receiver, line: Line, draft: Draft, also: tuple[str, ...] = ()
) -> Judged:
    """Sign a request, send it, and judge its answer; every failure is an answer."""
    judged: list[Judged] = []

    async def speak() -> Answer:
        moment = Moment(line.clock.now(), line.nonce())
        made = compose(receiver.profile, draft, receiver.keys, moment)
        judged.append(judge(receiver.profile, await line.ask(made.request), also))
        return judged[-1].answer

    answer = await line.attempt(speak)
    return judged[-1] if judged and judged[-1].answer is answer else Judged(answer)
