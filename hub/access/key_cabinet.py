"""The keys of machines: given, rotated with overlap, taken; when each was last used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from hub.access import keys
from hub.access.record import KEYS, USES, ApiKey, KeyUse
from hub.access.term import read_term
from hub.access.word import read_name
from hub.clock import Clock
from hub.errors import ConflictError, NotFoundError
from hub.model.access import Identity, Role
from hub.ports import Books, Desk, Document

HOUR, DAY = 3600.0, 86400.0
LIFE = 90 * DAY
"""Of what is rotated for a key of old that had no end."""
LONGEST_LIFE = 1100 * DAY
LONGEST_OVERLAP = 90 * DAY


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that is asked for; `place` limits what it sees, `expires` is a time such as `90d`."""

    name: str
    role: Role
    place: str = ""
    expires: str = "90d"


class KeyCabinet:
    """Changes keys one at a time; `changed` is called after each."""

    def __init__(self, books: Books, desk: Desk, clock: Clock, changed: Callable[[], None]) -> None:
        self._books = books
        self._desk = desk
        self._clock = clock
        self._changed = changed
        self._turn = asyncio.Lock()
        self._used: dict[str, float] = {}

    async def all(self) -> list[tuple[ApiKey, float | None]]:
        """Return every key with the instant at which it was last used, newest first."""
        uses = await self._books.documents(USES)
        noted = {key: msgspec.json.decode(body, type=KeyUse).at for key, body in uses.items()}
        noted |= self._used
        kept = [
            msgspec.json.decode(body, type=ApiKey)
            for body in (await self._books.documents(KEYS)).values()
        ]
        kept.sort(key=lambda record: (-record.created_at, record.name))
        return [(record, noted.get(keys.id_of(record))) for record in kept]

    async def by_token(self, token: str) -> Identity | None:
        """Return whom a key stands for, or None; remember that it was used."""
        lookup, now = keys.lookup_of(token), self._clock.now()
        who = keys.check_key(await self._books.document(KEYS, lookup), token, now)
        if who is not None:
            self._used[lookup] = now
        return who

    async def give(self, new: NewKey, who: Identity) -> tuple[ApiKey, str]:
        """Make a key; return its record and the token, which is kept nowhere."""
        token = keys.new_token()
        record = keys.key_record(
            token,
            name=read_name(new.name),
            role=new.role,
            now=self._clock.now(),
            scope=new.place,
            lasts=read_term(new.expires, "expires", least=HOUR, most=LONGEST_LIFE),
        )
        await self._write([record], [_entry("key.given", record, who)])
        return record, token

    async def rotate(self, key_id: str, overlap: str, who: Identity) -> tuple[ApiKey, str]:
        """Make a key like another, which ends after `overlap`; the new one lasts as long as it did.

        Raises NotFoundError for an unknown key and ConflictError for one that has ended or was
        rotated before.
        """
        grace = read_term(overlap, "overlap", least=0, most=LONGEST_OVERLAP)
        async with self._turn:
            now, old = self._clock.now(), await self._known(key_id)
            _check_rotation(old, now)
            ends = min(now + grace, old.expires_at or now + grace)
            token = keys.new_token()
            record = keys.key_record(
                token, name=old.name, role=old.role, now=now, scope=old.scope, lasts=_life(old)
            )
            ending = msgspec.structs.replace(old, expires_at=ends, replaced_by=keys.id_of(record))
            entries = [
                _entry("key.given", record, who, instead_of=key_id),
                _entry("key.rotated", old, who, ends_at=ends),
            ]
            await self._write([record, ending], entries)
        return record, token

    async def revoke(self, key_id: str, who: Identity) -> ApiKey:
        """Make a key worthless at once."""
        async with self._turn:
            old = await self._known(key_id)
            gone = [
                Document(collection=name, key=key_id, body=None, at=self._clock.now())
                for name in (KEYS, USES)
            ]
            await self._desk.write(gone, [_entry("key.taken", old, who)])
        self._used.pop(key_id, None)
        self._changed()
        return old

    async def note_uses(self) -> None:
        """Store when keys were last used; called now and then, as no request waits for it."""
        used, self._used = self._used, {}
        papers = [
            Document(collection=USES, key=key, body=msgspec.json.encode(KeyUse(at=at)), at=at)
            for key, at in used.items()
        ]
        if papers:
            await self._desk.write(papers)

    async def _known(self, key_id: str) -> ApiKey:
        body = await self._books.document(KEYS, key_id)
        if body is None:
            raise NotFoundError(
                f"there is no key {key_id!r}; see lingdang key list", zh=f"没有密钥 {key_id}。"
            )
        return msgspec.json.decode(body, type=ApiKey)

    async def _write(self, records: list[ApiKey], entries: list[keys.KeyEntry]) -> None:
        await self._desk.write([keys.key_document(record) for record in records], entries)
        self._changed()


def _check_rotation(old: ApiKey, now: float) -> None:
    if old.replaced_by:
        raise ConflictError(
            f"this key was rotated before; rotate {old.replaced_by}",
            zh=f"密钥已轮换，请轮换 {old.replaced_by}。",
        )
    if not old.is_live(now):
        raise ConflictError("this key has expired; give a new one", zh="密钥已过期。")


def _life(record: ApiKey) -> float:
    if record.expires_at is None:
        return LIFE
    return record.expires_at - record.created_at


def _entry(kind: str, record: ApiKey, who: Identity, **more: str | float | None) -> keys.KeyEntry:
    data = {"name": record.name, "role": record.role, "scope": record.scope, "hint": record.hint}
    return kind, keys.id_of(record), who.name, data | more
