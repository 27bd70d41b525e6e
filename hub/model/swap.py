"""A swap: other hardware under the same device, and what its counters showed before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from hub.model.device import DeviceUid

SWAPS = "device_swap"
"""The collection of swaps, by uid and number."""


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    """One swap at `at` (epoch seconds).

    `closing` are the last readings of the old hardware's counters, `opening` the first ones of
    the new one's, by point; a counter without an opening reading begins with what is read first.
    """

    uid: DeviceUid
    number: int
    at: float
    actor: str
    closing: Mapping[str, float] = {}
    opening: Mapping[str, float] = {}

    @property
    def key(self) -> str:
        """Its key in the collection."""
        return f"{self.uid}/{self.number:04}"


def read_swaps(documents: Mapping[str, bytes]) -> dict[str, list[Swap]]:
    """Read the stored swaps: those of each device by its uid, the oldest first."""
    found: dict[str, list[Swap]] = {}
    for _, body in sorted(documents.items()):
        swap = msgspec.json.decode(body, type=Swap)
        found.setdefault(swap.uid, []).append(swap)
    return found


def next_number(swaps: Iterable[Swap]) -> int:
    """Return the number of a device's next swap."""
    return max((swap.number for swap in swaps), default=0) + 1
