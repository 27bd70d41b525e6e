"""The windows of the site: who may open which, and which of them explain an alarm now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import msgspec

from hub.clock import Clock
from hub.errors import ConflictError, ForbiddenError, InvalidRequestError, NotFoundError
from hub.model.access import Identity
from hub.model.device import Device, Kind
from hub.model.place import Place, contains
from hub.model.spelling import suggest
from hub.model.window import Window, WindowKind
from hub.ports import Document, WindowWish

WINDOWS = "window"
"""The collection of the documents."""
LONGEST = 90 * 86_400.0
"""Seconds; who needs more takes the device out of service."""
LONGEST_TEXT = 500
LANGUAGES = {"zh", "en"}
NO_NAMES: Mapping[str, str] = MappingProxyType({})

Entry = tuple[str, str, str, dict[str, Any]]
Put = Callable[[Sequence[Window], Sequence[Document], Sequence[Entry]], Awaitable[None]]
"""Has windows count, with documents and journal entries, in one commit."""


class WindowBook:
    """Implements `hub.ports.WindowOffice`; one change at a time, so that none undoes another."""

    def __init__(
        self,
        documents: Mapping[str, bytes],
        *,
        devices: Collection[Device],
        places: Mapping[str, Place],
        put: Put,
        clock: Clock,
        old_names: Mapping[str, str] = NO_NAMES,
    ) -> None:
        self._windows = read_windows(documents, old_names)
        self._devices = {device.id: device for device in devices}
        self._places = places
        self._put = put
        self._clock = clock
        self._turn = asyncio.Lock()

    def windows(self, who: Identity, *, over: bool = False) -> Sequence[Window]:
        """Return those that concern this person, soonest first."""
        now = self._clock.now()
        seen = (each for each in self._windows.values() if self._concerns(each, who))
        open_ones = (each for each in seen if over or now < (each.ended_at or each.end))
        return sorted(open_ones, key=lambda each: (each.start, each.id))

    async def open(self, wish: WindowWish, who: Identity) -> Window:
        """Open one, from now or from a day to come."""
        now = self._clock.now()
        start = now if wish.start is None else wish.start
        self._check(wish, start, now)
        window = Window(
            id=f"w-{uuid4().hex[:12]}",
            kind=wish.kind,
            text=wish.text,
            start=start,
            end=wish.end,
            device=wish.device,
            place=wish.place,
            kinds=wish.kinds,
            actor=who.name,
        )
        self._check_place(window, who)
        async with self._turn:
            await self._store(window, "opened", who)
        return window

    async def end(self, window: str, who: Identity) -> Window:
        """End one now."""
        async with self._turn:
            found, now = self._find(window, who), self._clock.now()
            if now >= (found.ended_at or found.end):
                raise ConflictError(
                    f"window {window} is over already", zh="这条检修或公告已经结束。"
                )
            ended = msgspec.structs.replace(found, ended_at=now, ended_by=who.name)
            await self._store(ended, "ended", who)
        return ended

    def _find(self, window: str, who: Identity) -> Window:
        found = self._windows.get(window)
        if found is None or not self._concerns(found, who):
            raise NotFoundError(f"there is no window {window!r}", zh=f"没有检修或公告 {window}。")
        place = self._place_of(found)
        if not who.may_see(place):
            raise ForbiddenError(
                f"window {window} counts for {place}, {who.name} sees {who.scope} only;"
                f" ask who answers for {place} to end it",
                zh="这条检修或公告超出你负责的范围，请联系上级结束。",
            )
        return found

    def _concerns(self, window: Window, who: Identity) -> bool:
        """Tell whether a window lies in this person's part, or covers it."""
        place = self._place_of(window)
        return who.may_see(place) or (not window.device and contains(place, who.scope))

    async def _store(self, window: Window, what: str, who: Identity) -> None:
        body = msgspec.json.encode(window)
        document = Document(collection=WINDOWS, key=window.id, body=body, at=self._clock.now())
        data = {
            **msgspec.to_builtins(window),
            "place": self._place_of(window),
        }
        subject = window.device or window.place
        entry = ("window.opened" if what == "opened" else "window.ended", subject, who.name, data)
        windows = {**self._windows, window.id: window}
        await self._put(tuple(windows.values()), [document], [entry])
        self._windows = windows

    def _place_of(self, window: Window) -> str:
        device = self._devices.get(window.device)
        return device.place if device else window.place

    def _check_place(self, window: Window, who: Identity) -> None:
        known: Collection[str] = self._devices if window.device else self._places
        name = window.device or window.place
        if name not in known or not who.may_see(self._place_of(window)):
            raise NotFoundError(
                f"there is no device or place {name!r}; {suggest(name, known)}",
                zh=f"没有设备或位置 {name}。",
            )

    def _check(self, wish: WindowWish, start: float, now: float) -> None:
        faults = {
            "text": set(wish.text) != LANGUAGES or not all(_is_text(t) for t in wish.text.values()),
            "end": not start < wish.end <= start + LONGEST or wish.end <= now,
            "start": start > now + LONGEST,
            "place": bool(wish.device) == bool(wish.place),
            "kinds": not set(wish.kinds) <= set(Kind),
        }
        said = {
            "text": f"zh and en, each up to {LONGEST_TEXT} characters",
            "end": "after its start and after now, at most 90 days long",
            "start": "at most 90 days ahead",
            "place": "name a device or a place, not both",
            "kinds": f"one of {', '.join(Kind)}",
        }
        wrong = {field: said[field] for field, is_wrong in faults.items() if is_wrong}
        if wrong:
            told = "; ".join(f"{field}: {text}" for field, text in wrong.items())
            raise InvalidRequestError(f"The window does not fit: {told}.", problems=wrong)


def read_windows(
    documents: Mapping[str, bytes], old_names: Mapping[str, str] = NO_NAMES
) -> dict[str, Window]:
    """Read the stored windows by id; `old_names` maps ids that devices had to those of now."""
    found = [msgspec.json.decode(body, type=Window) for body in documents.values()]
    return {
        window.id: msgspec.structs.replace(
            window, device=old_names.get(window.device, window.device)
        )
        for window in found
    }


def in_force(
    windows: Sequence[Window], kind: WindowKind, now: float, *, place: str, device: Device | None
) -> list[Window]:
    """Return the windows of a kind that count now for a device, or for a place without one."""
    return [
        window
        for window in windows
        if window.kind is kind and window.counts(now) and _is_meant(window, place, device)
    ]


def _is_meant(window: Window, place: str, device: Device | None) -> bool:
    if window.device:
        return device is not None and device.id == window.device
    kinds_fit = not window.kinds or (device is not None and device.kind in window.kinds)
    return kinds_fit and contains(window.place, place)


def _is_text(text: str) -> bool:
    return bool(text.strip()) and len(text) <= LONGEST_TEXT
