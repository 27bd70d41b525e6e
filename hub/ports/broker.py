"""What the hub's own broker says of itself, and who listens."""

from __future__ import annotations

from typing import Protocol

import msgspec


class BrokerFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the broker: seconds since its start, messages dropped since then, and held.

    Dropped for whomever: the broker does not say whose queue was full.
    """

    uptime: float
    dropped: int
    stored: int = 0


class BrokerListener(Protocol):
    """Whom the link to the broker's figures tells what it has read."""

    def broker_told(self, figures: BrokerFigures) -> None:
        """Take a look at the broker; they come as often as the broker publishes them."""
        ...

    def broker_is_mute(self, why: str) -> None:
        """Take note that the broker tells nothing; said once."""
        ...
