"""Which messages of a connection may be acknowledged: in order of arrival, and never another's."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

_GENERATIONS = itertools.count(1)
_ID_BITS = 16
_ID = (1 << _ID_BITS) - 1


class AckBook:
    """The messages of one connection that wait for their acknowledgement, in order of arrival.

    A token is which connection of the whole process delivered a message, and its packet id there.
    """

    def __init__(self) -> None:
        self.generation = next(_GENERATIONS)
        self._waiting: dict[int, bool] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def arrive(self, packet_id: int) -> int:
        """Note a message and return its token."""
        self._waiting[packet_id] = False
        return self.generation << _ID_BITS | packet_id

    def commit(self, tokens: Iterable[object]) -> list[int]:
        """Return the packet ids that may be acknowledged now: those with nothing open before.

        Tokens of other connections are ignored.
        """
        waiting, generation = self._waiting, self.generation
        for token in tokens:
            if isinstance(token, int) and token >> _ID_BITS == generation:
                packet_id = token & _ID
                if packet_id in waiting:
                    waiting[packet_id] = True
        ready = list(itertools.takewhile(self._waiting.__getitem__, self._waiting))
        for packet_id in ready:
            del self._waiting[packet_id]
        return ready
