"""The hub's own message on a session: it proves that what the broker has for the hub arrives."""

from __future__ import annotations

import asyncio
import secrets

from hub.errors import LinkError

PROOF_LIMIT = 5.0
"""Real seconds without a proof that was asked for, and without anything else, after which a
connection is dead."""
UNREAD = 1.0
"""Seconds between two looks after which nobody has read meanwhile: that was no silence."""


class Canary:
    """The hub's own message that must come back.

    It proves that the subscription is real, and marks the end of what had waited.
    """

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.payload = secrets.token_hex(8).encode()
        self.back = False
        self.asked: float | None = None
        """The instant at which a proof was asked for that is not back yet."""
        self._quiet_since = self._looked_at = 0.0
        self._question = self.payload
        self._questions = 0

    def ask(self, at: float) -> bytes:
        """Return the payload of a question that is put at `at`."""
        self.asked = at
        self._questions += 1
        self._question = b"%s-%d" % (self.payload, self._questions)
        self._quiet_since = 0.0
        return self._question

    def answer(self, payload: bytes) -> float | None:
        """Return when the question was put that this payload answers; None for any other."""
        if payload != self._question:
            return None
        asked, self.asked = self.asked, None
        return asked

    def check(self, *, busy: bool, limit: float) -> None:
        """Raise LinkError when nothing else was under way for `limit` seconds and it is missing."""
        now = asyncio.get_running_loop().time()
        unread = now - self._looked_at > UNREAD
        self._looked_at = now
        if busy or unread or not self._quiet_since:
            self._quiet_since = now
        if self.asked is not None and now - self._quiet_since > PROOF_LIMIT:
            raise LinkError(
                f"the hub's own message on {self.topic} has not come back for {PROOF_LIMIT:g} s: "
                "the connection to the broker is dead; check the network between them"
            )
        if not self.back and now - self._quiet_since > limit:
            raise LinkError(
                f"the hub's own message on {self.topic} has not come back for {limit:g} s; the "
                "subscription has no effect: check the broker's access list for the hub"
            )
