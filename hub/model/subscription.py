"""A subscription: where the feed's items are pushed to, and how far that has come."""

from __future__ import annotations

import msgspec

SUBSCRIPTIONS, PROGRESS, DEAD = "subscription", "push", "push_dead"
"""Collections of the documents: by id, by id, and by `Dead.key`."""


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A receiver's wish: items of these `types` (all where empty), at or below `place`, to `url`.

    `secret` signs what is sent (`whsec_…`); `after` is the journal number behind which it began,
    `scope` the place that the key saw which made it: it never grows beyond that.
    """

    id: str
    receiver: str
    url: str
    secret: str
    types: tuple[str, ...] = ()
    place: str = ""
    scope: str = ""
    after: int = 0
    made_at: float = 0.0


class Dead(msgspec.Struct, frozen=True, kw_only=True):
    """An item that was not taken in all its tries; it can be replayed."""

    subscription: str
    seq: int
    incident: str
    at: float
    tries: int
    why: str

    @property
    def key(self) -> str:
        """Return the key of its document."""
        return f"{self.subscription}/{self.seq}"
