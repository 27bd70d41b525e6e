"""Throws away what has ended: sessions, remembered answers of POSTs, expired keys."""

from __future__ import annotations

import msgspec

from hub.access.idempotency import ANSWERS, Answer
from hub.access.record import KEYS, SESSIONS, USES, ApiKey, Session
from hub.ports import Books, Desk, Document

KINDS: dict[str, type[Session | ApiKey | Answer]] = {
    SESSIONS: Session,
    KEYS: ApiKey,
    ANSWERS: Answer,
}


async def sweep(books: Books, desk: Desk, *, now: float) -> int:
    """Delete what no longer counts at `now`; return how many documents that were."""
    gone = [
        Document(collection=collection, key=key, body=None, at=now)
        for collection, kind in KINDS.items()
        for key, body in (await books.documents(collection)).items()
        if not msgspec.json.decode(body, type=kind).is_live(now)
    ]
    gone += await _unowned(books, now)
    if gone:
        await desk.write(gone)
    return len(gone)


async def _unowned(books: Books, now: float) -> list[Document]:
    """Return what deletes the uses of keys that are no more."""
    owners = await books.documents(KEYS)
    return [
        Document(collection=USES, key=key, body=None, at=now)
        for key in await books.documents(USES)
        if key not in owners
    ]
