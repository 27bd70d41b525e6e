"""How often strangers may ask: by address, by label, and all together. In memory, and bounded."""

from __future__ import annotations

import ipaddress
from collections import Counter, OrderedDict, deque

import msgspec
from fastapi import Request

from hub.clock import Clock
from hub.errors import TooManyRequestsError

REMEMBERED = 8192
"""Subjects remembered; beyond it the one that asked longest ago is forgotten."""
ALL = "all"
IPV6_HOME = 64
"""Bits of an IPv6 address that one home has: the rest it may change as it likes."""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """So many of one subject within so many seconds."""

    count: int
    seconds: float


class Allowance:
    """Counts what was asked in each of several ways, and refuses what is too much."""

    def __init__(
        self, clock: Clock, limits: dict[str, Limit], remembered: int = REMEMBERED
    ) -> None:
        self._clock = clock
        self._limits = limits
        self._remembered = remembered
        self.refused: Counter[str] = Counter()
        """How often each way was refused."""
        self._asked: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def take(self, way: str, subject: str = ALL) -> None:
        """Count one, or raise TooManyRequestsError where there have been too many."""
        self.check(way, subject)
        limit, name = self._limits[way], (way, subject)
        asked = self._asked.setdefault(name, deque(maxlen=limit.count))
        asked.append(self._clock.now())
        self._asked.move_to_end(name)
        while len(self._asked) > self._remembered:
            self._asked.popitem(last=False)

    def check(self, way: str, subject: str = ALL) -> None:
        """Raise TooManyRequestsError where there have been too many; count nothing."""
        limit, asked = self._limits[way], self._asked.get((way, subject))
        if asked is None or len(asked) < limit.count:
            return
        wait = asked[0] + limit.seconds - self._clock.now()
        if wait > 0:
            self.refused[way] += 1
            raise TooManyRequestsError(
                f"次数太多，请 {max(1, round(wait / 60))} 分钟后再试，急事请打电话。 "
                f"Too many from here; try again in {wait:.0f} s, or call.",
                retry_after=wait,
            )


def address_of(request: Request) -> str:
    """Return whose address asks; of IPv6 the part that a home shares."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if address.version == 4:  # noqa: PLR2004 - IPv4
        return host
    return str(ipaddress.ip_network((address, IPV6_HOME), strict=False).network_address)
