"""Photos of tickets: how many, how much, and for how long; each is a sealed document."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from hub.clock import Clock
from hub.errors import ConflictError, StoreFullError, TooManyRequestsError
from hub.model.photo import Moment, Photo, Picture
from hub.model.ticket import Ticket
from hub.model.whistle import PERSONAL
from hub.ports import Books, Desk, Document
from hub.ports.photo import Pictured, Read

PHOTOS = "photo"
"""The collection of what is known of photos."""
WAITING = 32
"""Photos that may wait for their turn to be drawn; none is in memory before."""
RESERVE = 256 * 1024 * 1024
"""Bytes of the disk that photos leave alone: readings and tickets need them more."""
MEGABYTE = 1_000_000

Develop = Callable[[bytes], Awaitable[Picture]]


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """What photos may take: of one ticket, in all (bytes), and what the disk has free now."""

    each: int
    total: int
    free: Callable[[], int]


class PhotoBook:
    """Implements `hub.ports.PhotoOffice`; draws one photo at a time."""

    def __init__(
        self,
        documents: Mapping[str, bytes],
        *,
        develop: Develop,
        room: Room,
        books: Books,
        desk: Desk,
        clock: Clock,
    ) -> None:
        self._by_ticket: dict[str, list[Photo]] = {}
        for body in documents.values():
            self._note(msgspec.json.decode(body, type=Photo))
        self._draw = develop
        self._room = room
        self._books = books
        self._desk = desk
        self._clock = clock
        self._turn, self._writing = asyncio.Lock(), asyncio.Lock()
        self._waiting = 0

    async def develop(self, read: Read) -> Picture:
        """Return a photo drawn anew, when its turn has come."""
        if self._waiting >= WAITING:
            raise TooManyRequestsError(
                "照片太多，请一分钟后再传。 Many photos come at once; send it in a minute.",
                retry_after=60,
            )
        self._waiting += 1
        try:
            async with self._turn:
                return await self._draw(await read())
        finally:
            self._waiting -= 1

    async def add(
        self,
        ticket: Pictured,
        picture: Picture,
        *,
        moment: Moment,
        actor: str,
        done_at: float | None = None,
    ) -> Photo:
        """Keep a photo of a ticket; the same one twice is one."""
        async with self._writing:
            photo = _describe(ticket, picture, moment, actor, self._clock.now())
            photo = msgspec.structs.replace(photo, done_at=done_at)
            same = (each for each in self.photos(ticket.number) if each.id == photo.id)
            if known := next(same, None):
                return known
            self._check_room(ticket.number)
            told: dict[str, object] = {
                "photo": photo.id,
                "moment": moment.value,
                "size": photo.size,
            }
            told |= {"discreet": True} if ticket.discreet else {}
            told |= {} if done_at is None else {"done_at": done_at}
            entry = ("photo.added", ticket.number, actor, {**told, "place": photo.place})
            await self._desk.write(_papers(photo, picture.body), [entry])
            self._note(photo)
        return photo

    def photos(self, ticket: str) -> Sequence[Photo]:
        """Return a ticket's photos, oldest first."""
        return tuple(self._by_ticket.get(ticket, ()))

    async def read(self, photo: Photo) -> bytes | None:
        """Return the JPEG; None where it is not kept any more."""
        return await self._books.document(PERSONAL, photo.personal_key)

    async def remove(self, photo: Photo, actor: str) -> None:
        """Delete a photo before its time."""
        data = {"photo": photo.id, "place": photo.place}
        await self._desk.write(_papers(photo, None), [("photo.removed", photo.ticket, actor, data)])
        self.drop([photo])

    async def move(self, photo: Photo, ticket: Ticket, actor: str) -> Photo:
        """Give a photo to another ticket; the picture itself stays where it is kept."""
        async with self._writing:
            self._check_room(ticket.number, more=0)
            moved = msgspec.structs.replace(photo, ticket=ticket.number, place=ticket.place)
            paper = Document(
                collection=PHOTOS, key=photo.id, body=msgspec.json.encode(moved), at=photo.at
            )
            told: dict[str, object] = {"photo": photo.id, "from": photo.ticket}
            told |= {"place": ticket.place, **({"discreet": True} if ticket.discreet else {})}
            await self._desk.write([paper], [("photo.moved", ticket.number, actor, told)])
            self.drop([photo])
            self._note(moved)
        return moved

    def older(self, before: float) -> Sequence[Photo]:
        """Return the photos that were taken before an instant."""
        return [each for some in self._by_ticket.values() for each in some if each.at < before]

    def drop(self, photos: Sequence[Photo]) -> None:
        """Forget photos whose documents are deleted."""
        for photo in photos:
            left = [each for each in self.photos(photo.ticket) if each.id != photo.id]
            self._by_ticket[photo.ticket] = left
            if not left:
                del self._by_ticket[photo.ticket]

    def _check_room(self, ticket: str, *, more: int = 1) -> None:
        """Raise where there is no room for one more of a ticket, `more` of them in all."""
        if len(self.photos(ticket)) >= self._room.each:
            raise ConflictError(
                f"ticket {ticket} has {self._room.each} photos already; remove one first",
                zh=f"工单 {ticket} 已有 {self._room.each} 张照片，请先删一张。",
            )
        if not more:
            return
        taken = sum(each.size for some in self._by_ticket.values() for each in some)
        if taken >= self._room.total:
            raise ConflictError(
                f"photos have all of their {self._room.total // MEGABYTE} MB; an administrator can"
                " raise [whistle] photo_megabytes",
                zh="照片空间已满，请管理员调大 [whistle] photo_megabytes。",
            )
        if self._room.free() < RESERVE:
            raise StoreFullError(
                "the disk is nearly full, and keeps no more photos; free some space",
                zh="磁盘快满了，照片存不下，请清理磁盘。",
            )

    def _note(self, photo: Photo) -> None:
        self._by_ticket.setdefault(photo.ticket, []).append(photo)


def _describe(ticket: Pictured, picture: Picture, moment: Moment, actor: str, now: float) -> Photo:
    digest = hashlib.sha256(ticket.number.encode() + picture.body).hexdigest()
    return Photo(
        id=digest[:24],
        ticket=ticket.number,
        place=ticket.place,
        moment=moment,
        actor=actor,
        at=now,
        size=len(picture.body),
        width=picture.width,
        height=picture.height,
    )


def _papers(photo: Photo, body: bytes | None) -> list[Document]:
    known = None if body is None else msgspec.json.encode(photo)
    return [
        Document(collection=PHOTOS, key=photo.id, body=known, at=photo.at),
        Document(
            collection=PERSONAL,
            key=photo.personal_key,
            body=body,
            at=photo.at,
            personal_at=photo.at,
        ),
    ]
