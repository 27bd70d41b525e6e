"""What people see and do of photos."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from hub.model.photo import Moment, Photo, Picture
from hub.model.ticket import Ticket

Read = Callable[[], Awaitable[bytes]]
"""Reads what was sent, from wherever it waits."""


class Pictured(Protocol):
    """What has photos: a ticket, or a project."""

    @property
    def number(self) -> str:
        """Return under what its photos are kept."""
        ...

    @property
    def place(self) -> str:
        """Return where it is."""
        ...

    @property
    def discreet(self) -> bool:
        """Tell whether it is only for leaders to see."""
        ...


class PhotoOffice(Protocol):
    """Where photos of tickets are kept; each call is in the store when it returns."""

    async def develop(self, read: Read) -> Picture:
        """Return a photo drawn anew; it is read when its turn has come, one at a time.

        Raises InvalidRequestError for what is no photo, TooManyRequestsError where too many come
        at once.
        """
        ...

    async def add(
        self,
        ticket: Pictured,
        picture: Picture,
        *,
        moment: Moment,
        actor: str,
        done_at: float | None = None,
    ) -> Photo:
        """Keep a photo of a ticket or project; the same one twice is one.

        `done_at` is when it was taken, where it is sent later than that.

        Raises ConflictError where there is no more room for one, StoreFullError where the disk is
        nearly full.
        """
        ...

    def photos(self, ticket: str) -> Sequence[Photo]:
        """Return a ticket's photos, oldest first."""
        ...

    async def read(self, photo: Photo) -> bytes | None:
        """Return the JPEG; None where it is not kept any more."""
        ...

    async def move(self, photo: Photo, ticket: Ticket, actor: str) -> Photo:
        """Give a photo to another ticket; ConflictError where that has no more room for one."""
        ...

    async def remove(self, photo: Photo, actor: str) -> None:
        """Delete a photo before its time."""
        ...
