"""Messages in whose handling the hub has died: the second time is once too often.

The hand notes each message before anything looks at it. A start that finds one there counts a
death of that message, in the store, before it lets any link in; what has killed the hub twice is
quarantined when it is delivered again, whatever else it would have done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec
import structlog

from hub.intake.batch import Batch
from hub.intake.router import quarantine, to_bytes
from hub.ports import Document, Envelope, Hand, QuarantineRow

SUSPECTS = "suspect"
"""The collection in which deaths are counted."""
DEATHS = 2
KEPT = 7 * 86_400.0
"""Seconds after its last death in which a message counts as one that kills."""

log = structlog.get_logger(__name__)


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A message, the deaths that the hub died of it, and the instant at which the last was seen.

    It is known by the digest under which it is stored: what it says is nobody's business.
    """

    address: str
    deaths: int
    at: float


class Suspects:
    """Knows what has killed the hub; one that is handled without harm is cleared of it."""

    def __init__(self, hand: Hand, papers: Mapping[str, bytes]) -> None:
        decode = msgspec.json.Decoder(Suspect).decode
        self._known = {digest: decode(paper) for digest, paper in papers.items()}
        self._hand = hand
        self._harmless: list[str] = []

    def note_death(self, batch: Batch) -> None:
        """Count the death that ended the last run, and forget those of long ago."""
        old = batch.now - KEPT
        self._forget([digest for digest, each in self._known.items() if each.at < old], batch)
        if self._hand.left is None:
            return
        address, payload = self._hand.left
        digest = digest_of(address, payload)
        before = self._known.get(digest)
        deaths = before.deaths + 1 if before else 1
        suspect = Suspect(address=address, deaths=deaths, at=batch.now)
        self._known[digest] = suspect
        body = msgspec.json.encode(suspect)
        batch.changes.documents.append(
            Document(collection=SUSPECTS, key=digest, body=body, at=batch.now)
        )
        log.warning("the hub died with a message in hand", address=address, deaths=deaths)

    def examine(self, envelope: Envelope) -> QuarantineRow | None:
        """Take a message in hand; one that has killed too often is not to be looked at."""
        payload = envelope.payload
        if payload.__class__ is not bytes:
            payload = to_bytes(payload)
        self._hand.take(envelope.address, payload)
        if not self._known:
            return None
        digest = digest_of(envelope.address, payload)
        suspect = self._known.get(digest)
        if suspect is None:
            return None
        if suspect.deaths >= DEATHS:
            return quarantine(envelope, f"the hub died of it {suspect.deaths} times; report this")
        self._harmless.append(digest)
        return None

    def rest(self, batch: Batch) -> None:
        """Lay the last message down: whoever was handled up to here did no harm."""
        self._hand.rest()
        if self._harmless:
            self._forget(self._harmless, batch)
            self._harmless = []

    def _forget(self, digests: Iterable[str], batch: Batch) -> None:
        for digest in digests:
            self._known.pop(digest, None)
            batch.changes.documents.append(Document(collection=SUSPECTS, key=digest, body=None))


def digest_of(address: str, payload: bytes) -> str:
    """Return the digest under which a message is counted."""
    return blake2b(address.encode() + b"\n" + payload, digest_size=16).hexdigest()
