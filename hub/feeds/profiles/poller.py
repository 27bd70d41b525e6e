"""Fetches a platform's steps and work, window by window; nothing that it says is lost.

Windows overlap, so a record comes several times and is taken once. What cannot be taken is kept,
told, and tried again with every pass: a code that the profile learns later is then understood.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

import msgspec
import structlog

from hub.clock import Clock
from hub.courier.answer import DELIVERED, Answer, later
from hub.courier.health import Health, note
from hub.errors import ConflictError, InvalidRequestError, NotFoundError, StoreError
from hub.feeds.profiles.composing import Draft
from hub.feeds.profiles.filling import fill_fields, read_instant, write_instant
from hub.feeds.profiles.receiver import Line, Receiver, converse
from hub.feeds.profiles.stepper import Stepper
from hub.feeds.profiles.stepping import Told, read_record
from hub.feeds.profiles.wire import find, find_list, plain
from hub.model.profile import POLL, Poll, Profile
from hub.ports import Books, Desk, Document

log = structlog.get_logger(__name__)

Entry = tuple[str, str, str, dict[str, Any]]

POLLS = "profile_poll"
"""The collection of how far each receiver is read, by its name."""
DAY = 86_400.0
DIGITS = 10
MOST_PAGES, MOST_ODD = 1000, 500
"""Pages of one window, and records that wait for a person: with more nothing is read on."""


class Odd(msgspec.Struct, frozen=True, kw_only=True):
    """A record that could not be taken, and why."""

    told: Told
    why: str
    since: float


class Reading(msgspec.Struct, kw_only=True):
    """How far a platform is read: all up to `until`, an instant of theirs.

    `seen` are the records of the last window.
    """

    until: float
    seen: set[str] = set()
    odd: dict[str, Odd] = {}
    taken: int = 0


class Poller:
    """Polls one receiver."""

    def __init__(
        self, receiver: Receiver, line: Line, stepper: Stepper, books: Books, desk: Desk
    ) -> None:
        self.receiver = receiver
        self.health = Health()
        self.reading = Reading(until=0.0)
        self._line = line
        self._stepper = stepper
        self._books = books
        self._desk = desk
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Read how far it has come; the first window is the day before."""
        body = await self._books.document(POLLS, self.receiver.name)
        if body is None:
            self.reading = Reading(until=self._clock.now() - DAY)
        else:
            self.reading = msgspec.json.decode(body, type=Reading)

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            now, before = self._clock.now(), self.health
            answer = await self._pass_safely()
            self.health = note(before, answer, self._clock.now(), chance=0.5)
            _log_change(self.receiver.name, before, self.health)
            pause = max(self._poll.period, self.health.shut_until - now)
            await self._clock.sleep(pause)

    async def _pass_safely(self) -> Answer:
        try:
            return await self.pass_once()
        except Exception:  # one platform's fault must end neither the others nor the hub
            name = self.receiver.name
            log.exception("a poll failed by a fault of its own; report this", receiver=name)
            return later("it failed by a fault of the hub's own; the log has the trace")

    async def pass_once(self) -> Answer:
        """Fetch one window, at most a day long, and take what is in it, the oldest first.

        What waits for a person is tried again before anything else.
        """
        try:
            await self._take_all([], self.reading.until, self.reading.seen)
            if len(self.reading.odd) >= MOST_ODD:
                return later(f"{MOST_ODD} records wait for a person; nothing is read on before")
            now, overlap = self._clock.now(), self._poll.overlap
            last = self.reading.until + DAY
            records = await self._fetch(self.reading.until - overlap, min(now + overlap, last))
            if isinstance(records, Answer):
                return records
            # By their own instants and not by our clock: theirs may be behind.
            newest = max((_instant(self.receiver.profile, each) for each in records), default=0.0)
            until = last if last < now else min(newest, now)
            await self._take_all(records, until, {each.id for each in records})
        except StoreError as error:
            return later(f"the hub's disk takes nothing: {error}")
        return DELIVERED

    async def discard(self, records: Collection[str], actor: str) -> int:
        """Give up records that wait for a person; return how many there were."""
        async with self._turn:
            gone = {key: odd for key, odd in self.reading.odd.items() if key in records}
            odd = {key: each for key, each in self.reading.odd.items() if key not in gone}
            after = msgspec.structs.replace(self.reading, odd=odd)
            name = self.receiver.name
            told = [
                ("receiver.discarded", name, actor, describe_odd(name, each))
                for each in gone.values()
            ]
            await self._keep(after, told)
        return len(gone)

    async def _fetch(self, start: float, end: float) -> list[Told] | Answer:
        """Return what a window has, in the order of their instants; an Answer is a failure.

        A page may be shorter than was asked for, so that alone is no end.
        """
        profile, found, count = self.receiver.profile, dict[str, Told](), 0
        for page in range(1, MOST_PAGES + 1):
            judged = await converse(
                self.receiver, self._line, poll_draft(self.receiver, start, end, page)
            )
            if not judged.is_good:
                return judged.answer
            rows = find_list(judged.data, profile.envelope.list)
            told = {(each := read_record(profile, row)).id: each for row in rows}
            count += len(rows)
            is_news = not told.keys() <= found.keys()
            found |= told
            if not is_news or count >= _total(profile, judged.data):
                return sorted(found.values(), key=partial(_instant, profile))
        return later(f"one window has over {MOST_PAGES} pages")

    async def _take_all(self, records: Sequence[Told], until: float, seen: set[str]) -> None:
        """Take what waits, or what is new of these; note how far that is read."""
        async with self._turn:
            reading, name = self.reading, self.receiver.name
            waiting = {key: each.told for key, each in reading.odd.items()}
            new = {each.id: each for each in records if each.id not in reading.seen}
            kept: dict[str, Odd] = dict(reading.odd) if new else {}
            for key, told in (new or waiting).items():
                if why := await self._take(told):
                    since = reading.odd[key].since if key in waiting else self._clock.now()
                    kept[key] = Odd(told=told, why=why, since=since)
            fresh = [each for key, each in kept.items() if key not in waiting]
            after = Reading(
                until=max(until, reading.until),
                seen=seen,
                odd=kept,
                taken=reading.taken + len(new) - len(fresh),
            )
            if after != reading:
                told_of = [
                    ("receiver.odd", name, "hub", describe_odd(name, each)) for each in fresh
                ]
                await self._keep(after, told_of)

    async def _take(self, told: Told) -> str:
        """Take one record; return why it could not be."""
        try:
            await self._stepper.take(told)
        except (InvalidRequestError, NotFoundError, ConflictError) as error:
            return str(error)
        return ""

    async def _keep(self, after: Reading, entries: Sequence[Entry]) -> None:
        now, name = self._clock.now(), self.receiver.name
        body = msgspec.json.encode(after)
        await self._desk.write(
            [Document(collection=POLLS, key=name, body=body, at=now)], list(entries)
        )
        self.reading = after
        for kind, _, _, facts in entries:
            log.warning(
                "a record of a platform waits for a person, or was given up",
                entry=kind,
                receiver=name,
                code=facts["code"],
                why=facts["why"],
            )

    @property
    def _clock(self) -> Clock:
        return self._line.clock

    @property
    def _poll(self) -> Poll:
        poll = self.receiver.profile.poll
        assert poll is not None  # noqa: S101 - pollers are made for profiles that poll
        return poll


def describe_odd(receiver: str, odd: Odd) -> dict[str, Any]:
    """Write a record that could not be taken: what names it, and why; no words of people."""
    told = odd.told
    return {
        "receiver": receiver,
        "record": told.id,
        "incident": told.incident,
        "number": told.number,
        "code": told.code,
        "why": odd.why,
    }


def poll_draft(receiver: Receiver, start: float, end: float, page: int) -> Draft:
    """Return what is asked for one page of a window."""
    profile, poll = receiver.profile, receiver.profile.poll or Poll()
    fields = fill_fields(profile, profile.fields_of(POLL), {})
    fields |= {
        poll.start: write_instant(profile.time, start),
        poll.end: write_instant(profile.time, end),
        poll.page: page,
        poll.size: poll.page_size,
    }
    return Draft(poll.method, receiver.url.rstrip("/") + poll.path, fields)


def _total(profile: Profile, data: object) -> float:
    """Return how many records a window has; without end where the platform does not say."""
    total = find(data, profile.envelope.total) if profile.envelope.total else None
    text = plain(total) if isinstance(total, int | str) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < DIGITS else math.inf


def _instant(profile: Profile, told: Told) -> float:
    """Return a record's instant for its order; what is none comes first, and is told."""
    try:
        return read_instant(profile.time, told.at)
    except (ValueError, OverflowError):
        return 0.0


def _log_change(receiver: str, before: Health, after: Health) -> None:
    """Say once that a platform cannot be read, and once that it can again."""
    if after.failing and not before.failing:
        log.warning("a platform cannot be read", receiver=receiver, why=after.why)
    if before.failing and not after.failing:
        log.info("a platform can be read again", receiver=receiver)
