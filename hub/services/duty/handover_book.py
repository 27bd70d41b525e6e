"""The hand-overs of the site: each a document with its sheet, and the two who signed it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from hub.clock import Clock
from hub.errors import ConflictError, ForbiddenError, InvalidRequestError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.handover import HANDOVERS, HandOver, HandOverState, Sheet
from hub.ports import Books, Document
from hub.services.duty.handover import what_is_new
from hub.services.duty.sheet_writer import SheetWriter

LONGEST_TEXT = 1000
KEPT_FOR = 400 * 86_400.0
"""Seconds after which the oldest sheets are deleted when a new one is signed."""
LEADS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})

Store = Callable[
    [Sequence[Document], Sequence[tuple[str, str, str, dict[str, Any]]]], Awaitable[None]
]
"""Stores documents with journal entries in one commit."""


class HandOverBook:
    """Implements `hub.ports.handover.HandOverOffice`; one change at a time.

    In memory are only the last of each part: the others are read when they are asked for.
    """

    def __init__(
        self,
        documents: Mapping[str, bytes],
        *,
        writer: SheetWriter,
        books: Books,
        write: Store,
        clock: Clock,
    ) -> None:
        self._last: dict[str, HandOver] = {}
        self._first_number = self._next_number = 1
        found = [msgspec.json.decode(body, type=HandOver) for body in documents.values()]
        for each in sorted(found, key=lambda each: _number(each.id)):
            if each.state is not HandOverState.WITHDRAWN:
                self._last[each.place] = each
        if found:
            numbers = [_number(each.id) for each in found]
            self._first_number, self._next_number = min(numbers), max(numbers) + 1
        self._writer = writer
        self._books = books
        self._write = write
        self._clock = clock
        self._turn = asyncio.Lock()

    async def draft(self, who: Identity) -> Sheet:
        """Return how things stand now, since this part's last hand-over."""
        last = self._last.get(who.scope)
        if last is None:
            return await self._writer.write_first(who)
        return await self._writer.write(who, last.sheet.at, last.sheet.seq)

    async def since(self, given: HandOver, who: Identity) -> Sheet:
        """Return what has changed since a sheet was signed by its first guard."""
        part = msgspec.structs.replace(who, scope=given.place)
        now = await self._writer.write(part, given.sheet.at, given.sheet.seq)
        return what_is_new(given.sheet, now)

    def waiting(self, who: Identity) -> HandOver | None:
        """Return the sheet that waits for its second signature, None where none does."""
        last = self._last.get(who.scope)
        return last if last and last.state is HandOverState.GIVEN else None

    async def newest(self, who: Identity, limit: int) -> Sequence[HandOver]:
        """Return the newest ones, newest first."""
        numbers = range(self._next_number - 1, self._first_number - 1, -1)
        found: list[HandOver] = []
        for number in numbers:
            each = await self._read(f"h{number}")
            if each is not None and who.may_see(each.place):
                found.append(each)
            if len(found) == limit:
                break
        return found

    async def find(self, handover: str, who: Identity) -> HandOver:
        """Return one, or raise NotFoundError: a foreign one is as if it were not there."""
        found = await self._read(handover)
        if found is None or not who.may_see(found.place):
            raise NotFoundError(
                f"there is no hand-over {handover!r}; see /handovers", zh=f"没有交接单 {handover}。"
            )
        return found

    async def give(self, notes: str, who: Identity) -> HandOver:
        """Sign a sheet of now as the guard who leaves; ConflictError while another one waits."""
        text = _check_signature(notes, "notes", who)
        async with self._turn:
            if other := self.waiting(who):
                raise ConflictError(
                    f"{other.id} of {other.given_by} waits for a signature; sign or withdraw it",
                    zh=f"{other.given_by} 的交接单还在等接班人签字，请先签字或撤回。",
                )
            sheet = await self.draft(who)
            made = HandOver(
                id=f"h{self._next_number}",
                place=who.scope,
                sheet=sheet,
                given_by=who.name,
                given_at=sheet.at,
                notes=text,
            )
            old = await self._outdated(sheet.at - KEPT_FOR)
            await self._store(made, "handover.given", who, {"open": len(sheet.open)}, old)
            self._next_number += 1
            self._first_number += len(old)
        return made

    async def take(self, handover: str, remark: str, who: Identity) -> HandOver:
        """Sign as the guard who comes; with what has changed since the first signature."""
        text = _check_signature(remark, "remark", who)
        async with self._turn:
            before = await self._waiting(handover, who)
            if before.given_by == who.name:
                raise ConflictError(
                    f"{who.name} has signed {handover} already; another person takes it over",
                    zh="交班人不能自己接班，请接班人签字。",
                )
            later = await self.since(before, who)
            after = msgspec.structs.replace(
                before,
                state=HandOverState.TAKEN,
                taken_by=who.name,
                taken_at=self._clock.now(),
                remark=text,
                later=later,
            )
            said = {"given_by": before.given_by, "later": len(later.open) + len(later.openings)}
            await self._store(after, "handover.taken", who, said)
        return after

    async def withdraw(self, handover: str, who: Identity) -> HandOver:
        """Take back a sheet that nobody has taken; ForbiddenError where it is another guard's."""
        async with self._turn:
            before = await self._waiting(handover, who)
            if who.name != before.given_by and who.role not in LEADS:
                raise ForbiddenError(
                    f"{handover} is for {before.given_by} or a leader to withdraw",
                    zh=f"只有 {before.given_by} 或经理能撤回。",
                )
            after = msgspec.structs.replace(
                before, state=HandOverState.WITHDRAWN, ended_by=who.name
            )
            await self._store(after, "handover.withdrawn", who, {"given_by": before.given_by})
            self._last.pop(before.place, None)
            if earlier := await self._last_taken(before.place):
                self._last[before.place] = earlier
        return after

    async def _waiting(self, handover: str, who: Identity) -> HandOver:
        found = await self.find(handover, who)
        if found.state is not HandOverState.GIVEN:
            raise ConflictError(
                f"{handover} is {found.state} already", zh="这张交接单已经签过或撤回。"
            )
        return found

    async def _last_taken(self, place: str) -> HandOver | None:
        for number in range(self._next_number - 1, self._first_number - 1, -1):
            each = await self._read(f"h{number}")
            if each and each.place == place and each.state is HandOverState.TAKEN:
                return each
        return None

    async def _read(self, handover: str) -> HandOver | None:
        body = await self._books.document(HANDOVERS, handover)
        return msgspec.json.decode(body, type=HandOver) if body else None

    async def _outdated(self, before: float) -> list[Document]:
        """Return what deletes the oldest sheets, in their order, as far as they are too old."""
        gone: list[Document] = []
        for number in range(self._first_number, self._next_number - 1):
            each = await self._read(f"h{number}")
            if each is not None and each.given_at >= before:
                break
            gone.append(Document(collection=HANDOVERS, key=f"h{number}", body=None, at=before))
        return gone

    async def _store(
        self,
        made: HandOver,
        entry: str,
        who: Identity,
        said: dict[str, Any],
        more: Sequence[Document] = (),
    ) -> None:
        body, now = msgspec.json.encode(made), self._clock.now()
        paper = Document(collection=HANDOVERS, key=made.id, body=body, at=now)
        data = {**said, "place": made.place, "digest": made.digest}
        await self._write([paper, *more], [(entry, made.id, who.name, data)])
        self._last[made.place] = made


def _number(handover: str) -> int:
    return int(handover.removeprefix("h"))


def _check_signature(text: str, field: str, who: Identity) -> str:
    if who.machine:
        raise ForbiddenError("a program signs no hand-over; a person does", zh="交接单要由人签字。")
    said = text.strip()
    if len(said) <= LONGEST_TEXT:
        return said
    raise InvalidRequestError(
        f"{field}: up to {LONGEST_TEXT} characters",
        problems={field: f"up to {LONGEST_TEXT} characters"},
        zh=f"最多 {LONGEST_TEXT} 个字。",
    )
