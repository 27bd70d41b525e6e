"""A short, bounded memory of who was recognised, so that not each request asks the store."""

from __future__ import annotations

from collections import OrderedDict

from hub.clock import Clock
from hub.model.access import Identity

BELIEVED_FOR = 5.0
"""Seconds that an answer is believed; a key that is taken elsewhere lives at most that long."""
REMEMBERED = 1024


class Recollection:
    """Digest of a secret → identity; never the secret itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Identity]] = OrderedDict()

    def recall(self, digest: str) -> Identity | None:
        """Return whom the digest stood for a moment ago, or None."""
        since, who = self._known.get(digest, (float("-inf"), None))
        return who if 0 <= self._clock.now() - since < BELIEVED_FOR else None

    def keep(self, digest: str, who: Identity | None) -> Identity | None:
        """Remember an answer and return it; None is not worth remembering."""
        if who is not None:
            self._known[digest] = (self._clock.now(), who)
            self._known.move_to_end(digest)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return who

    def forget(self, digest: str = "") -> None:
        """Forget one digest, or everything."""
        if digest:
            self._known.pop(digest, None)
        else:
            self._known.clear()
