"""Carries the feed's items to a platform by its profile: created once, then updated.

Their number is the cross reference. It is stored in the receiver's case before anything else is
sent; where it was lost on the way, it is asked for again, or the platform says that it has the
incident already. So a create that is repeated after a time-out makes no second case.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import structlog

from hub.courier.answer import DELIVERED, Answer, later, refused
from hub.errors import ConflictError, HubError, NotFoundError, StoreError
from hub.feeds.case import read_case
from hub.feeds.profiles.composing import Draft
from hub.feeds.profiles.facts import Item, collect_facts, open_item
from hub.feeds.profiles.filling import UnfitError, fill_fields
from hub.feeds.profiles.receiver import Line, Receiver, converse
from hub.feeds.profiles.verdict import Judged
from hub.feeds.profiles.wire import find, plain
from hub.model.case import CaseAction, CaseStep
from hub.model.instant import from_rfc3339
from hub.model.place import Place
from hub.model.profile import CREATE, QUERY, UPDATE
from hub.model.whistle import Source
from hub.ports import Books, Desk, FeedRow

log = structlog.get_logger(__name__)

LONGEST_NUMBER = 100
ENDED = frozenset({"voided", "merged"})
"""What has these as its first item was nobody's work for the platform: it never gets there."""

Personal = Callable[[str], Awaitable[Mapping[str, Any]]]
"""Looks up what a profile lists of the people of a ticket."""


class Sources(NamedTuple):
    """Where a carrier looks things up, and where it writes numbers."""

    community: str
    books: Books
    desk: Desk
    places: Callable[[], Mapping[str, Place]]
    personal: Personal


class ProfileCarrier:
    """Implements `hub.feeds.push.courier.Courier` for one receiver."""

    def __init__(self, receiver: Receiver, line: Line, sources: Sources) -> None:
        self._receiver = receiver
        self._line = line
        self._sources = sources

    def wants(self, row: FeedRow) -> bool:
        """Tell whether an item is news to them: no step of theirs, no drill, no work of theirs.

        What is handed down is a ticket a moment before it is filed under somebody's number: told
        then, it would be a second case at who has handed it down.
        """
        item, profile = open_item(row.body), self._receiver.profile
        is_drill = bool(item.data["test"]) and profile.head.test == "skip"
        is_filed = any(case["number"] for case in item.data["cases"])
        is_unfiled_work = item.data["source"] == Source.GRID and not is_filed
        return item.receiver != self._receiver.name and not is_drill and not is_unfiled_work

    async def hand(self, row: FeedRow) -> Answer:
        """Create the incident there if it has no number of theirs, then tell what has happened."""
        try:
            return await self._carry(open_item(row.body))
        except UnfitError as error:
            return refused(str(error), theirs=True)
        except StoreError as error:
            return later(f"the number could not be stored: {error}")

    async def _carry(self, item: Item) -> Answer:
        profile, facts = self._receiver.profile, await self.gather(item)
        if "case.number" not in facts:
            if item.word in ENDED:
                return DELIVERED
            if (answer := await self._create(item, facts)) is not DELIVERED:
                return answer
            facts = await self.gather(item)
        is_told = profile.update is not None and item.word in profile.actions.out
        if not is_told or item.word == "opened":
            return DELIVERED
        return (await self._ask(UPDATE, facts)).answer

    async def gather(self, item: Item) -> dict[str, Any]:
        """Return all that the profile may take of an item, people only where it lists them."""
        sources, receiver = self._sources, self._receiver
        incident = str(item.data["number"])
        case = await read_case(sources.books, receiver.name, incident)
        facts = collect_facts(
            receiver.profile,
            item,
            case,
            community=sources.community,
            places=sources.places(),
        )
        if listed := receiver.profile.personal.fields:
            known = await sources.personal(incident)
            facts |= {name: known[name] for name in listed if known.get(name)}
        return facts

    async def _create(self, item: Item, facts: Mapping[str, Any]) -> Answer:
        """Have the incident be there, once; its number is in the store when this is a yes."""
        create, query = self._receiver.profile.create, self._receiver.profile.query
        assert create is not None  # noqa: S101 - lanes are made for profiles that push
        number = ""
        if query is not None:
            found = await self._ask(QUERY, facts, query.absent)
            if not found.is_good:
                return found.answer
            number = "" if found.code in query.absent else read_number(found, query.number)
        if not number:
            made = await self._ask(CREATE, facts, create.duplicate)
            if not made.is_good:
                return made.answer
            number = read_number(made, create.number)
            if not number and made.code in create.duplicate:
                why = f"they have it already ({made.code}), and do not say under which number"
                return refused(why, theirs=True)
        if not number:
            return later(f"they said yes, and there is no number in {create.number!r}")
        await self._note(item, number)
        return DELIVERED

    async def _ask(self, use: str, facts: Mapping[str, Any], also: tuple[str, ...] = ()) -> Judged:
        return await converse(
            self._receiver, self._line, draft_request(self._receiver, use, facts), also
        )

    async def _note(self, item: Item, number: str) -> None:
        """Store their number in the case; where they file on acceptance, the case is filed."""
        create, name = self._receiver.profile.create, self._receiver.name
        incident = str(item.data["number"])
        steps = [
            CaseStep(
                do=CaseAction.COMMENT,
                receiver=name,
                at=self._line.clock.now(),
                number=number,
                text=f"对方编号 {number} / registered as {number}",
            )
        ]
        if create is not None and create.accepted == "file":
            # Not at our instant: it is their steps that must not look older than this one.
            opened = from_rfc3339(str(item.data["opened_at"]))
            steps.append(CaseStep(do=CaseAction.FILE, receiver=name, at=opened, number=number))
        for step in steps:
            try:
                await self._sources.desk.act_on_incident(incident, step)
            except (ConflictError, NotFoundError) as error:
                facts = {"receiver": self._receiver.name, "incident": incident}
                log.info("a case is further than its number", why=str(error), **facts)


def draft_request(receiver: Receiver, use: str, facts: Mapping[str, Any]) -> Draft:
    """Return what a create, update or query asks; raises UnfitError where it cannot be written."""
    profile = receiver.profile
    section = {CREATE: profile.create, UPDATE: profile.update, QUERY: profile.query}[use]
    if section is None:
        raise HubError(f"the profile {profile.head.id} has no [{use}]")
    fields = fill_fields(profile, profile.fields_of(use), facts)
    return Draft(section.method, receiver.url.rstrip("/") + section.path, fields)


def read_number(judged: Judged, path: str) -> str:
    """Return their number out of an answer; empty where it is none that could be kept."""
    found = find(judged.data, path)
    if found is None or isinstance(found, dict | list | bool):
        return ""
    text = plain(found).strip()
    return text if len(text) <= LONGEST_NUMBER and text.isprintable() else ""
