"""What people see and do of maintenance windows and notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from hub.model.access import Identity
from hub.model.window import Window, WindowKind


class WindowWish(msgspec.Struct, frozen=True, kw_only=True):
    """A window to be opened; `start` None is now, `text` is told to staff and residents."""

    kind: WindowKind
    text: dict[str, str]
    end: float
    start: float | None = None
    device: str = ""
    place: str = ""
    kinds: tuple[str, ...] = ()


class WindowOffice(Protocol):
    """Where windows are opened, seen and ended; each call is in the store when it returns."""

    def windows(self, who: Identity, *, over: bool = False) -> Sequence[Window]:
        """Return the windows in force or to come, with `over` all, soonest first.

        They lie in this person's part of the community, or cover it.
        """
        ...

    async def open(self, wish: WindowWish, who: Identity) -> Window:
        """Open one; raises InvalidRequestError for what does not fit, NotFoundError for where."""
        ...

    async def end(self, window: str, who: Identity) -> Window:
        """End one now.

        Raises NotFoundError, ForbiddenError where it reaches beyond this person's part, or
        ConflictError where it is over.
        """
        ...
