"""Addresses of people and groups: documents, never in the journal and never in the log."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from hub.access.record import PEOPLE, Person
from hub.access.word import read_phone
from hub.bells.channel import Address
from hub.clock import Clock
from hub.errors import InvalidRequestError, NotFoundError
from hub.model.access import Identity
from hub.model.bell import ADDRESSES, GROUP, LANGUAGE, LANGUAGES, BellKind
from hub.ports import Books, Desk, Document

CONTACTS = "contact"
"""The collection of the documents; the key is a login, or group:NAME."""
_FORMS = {
    "email": re.compile(r"[^\s@<>,;:\"\\]{1,64}@[A-Za-z0-9.-]{1,190}"),
    "wecom": re.compile(r"[A-Za-z0-9_.@-]{1,64}"),
    "dingtalk": re.compile(r"[A-Za-z0-9_.@-]{1,64}"),
    "feishu": re.compile(r"[A-Za-z0-9_.@-]{1,64}"),
    LANGUAGE: re.compile("|".join(LANGUAGES)),
}
_KINDS = (*ADDRESSES, LANGUAGE)
_EXAMPLES = {
    "email": "wang@example.cn",
    "wecom": "WangWei",
    "dingtalk": "0123456",
    "feishu": "ou_…",
    LANGUAGE: "en",
}
_GROUP = re.compile(r"group:[\w.-]{1,64}")


class Contacts:
    """Reads and changes addresses."""

    def __init__(self, books: Books, desk: Desk, clock: Clock) -> None:
        self._books = books
        self._desk = desk
        self._clock = clock

    async def of(self, person: str) -> dict[str, str]:
        """Return the addresses that stand here; empty where nobody wrote any."""
        body = await self._books.document(CONTACTS, person)
        return msgspec.json.decode(body, type=dict[str, str]) if body else {}

    async def look(self, person: str, who: Identity) -> dict[str, str]:
        """Return the addresses for somebody to look at; that stands in the journal by then."""
        await self._desk.write([], [("contact.read", person, who.name, {})])
        return await self.of(person)

    async def find(self, person: str, kind: BellKind) -> Address | str:
        """Return where a kind of bell reaches somebody, or why it does not."""
        known = await self.of(person)
        mention, language = known.get(kind.mentions, ""), known.get(LANGUAGE, "")
        if not kind.address:
            return Address(mention=mention, language=language)
        record = await self._person(person)
        if record and record.disabled:
            return f"{person} is disabled"
        to = known.get(kind.address) or _own(record, kind.address)
        if not to:
            return f"{person} has no {kind.address}; lingdang bells contact"
        to = re.sub(r"[ -]", "", to) if kind.address == "phone" else to
        return Address(to=to, language=language)

    async def change(self, person: str, wish: Mapping[str, str], who: Identity) -> dict[str, str]:
        """Write addresses; an empty one is taken out. The journal learns of whom and which kinds.

        Raises NotFoundError for a stranger and InvalidRequestError for what is no address.
        """
        if not await self._is_known(person):
            raise NotFoundError(
                f"there is nobody called {person!r}; see lingdang user list, or write group:NAME",
                zh=f"没有 {person}。",
            )
        good = {kind: _read(kind, text.strip()) for kind, text in wish.items()}
        left = {**await self.of(person), **good}
        kept = {kind: text for kind, text in sorted(left.items()) if text}
        body = msgspec.json.encode(kept) if kept else None
        paper = Document(collection=CONTACTS, key=person, body=body, at=self._clock.now())
        told = ("contact.changed", person, who.name, {"kinds": sorted(good)})
        await self._desk.write([paper], [told])
        return kept

    async def _person(self, name: str) -> Person | None:
        body = await self._books.document(PEOPLE, name)
        return msgspec.json.decode(body, type=Person) if body else None

    async def _is_known(self, person: str) -> bool:
        if person.startswith(GROUP):
            return _GROUP.fullmatch(person) is not None
        return await self._person(person) is not None


def _own(record: Person | None, kind: str) -> str:
    return record.phone if record and kind == "phone" else ""


def _read(kind: str, text: str) -> str:
    if kind not in _KINDS:
        raise InvalidRequestError(
            f"{kind!r} is no kind of address; one of: {', '.join(_KINDS)}",
            problems={kind: "unknown"},
            zh=f"没有 {kind} 这种联系方式，可用：{'、'.join(_KINDS)}。",
        )
    if kind == "phone":
        return read_phone(text)
    if text and not _FORMS[kind].fullmatch(text):
        raise InvalidRequestError(
            f"{kind}: this is no such address; write one like {_EXAMPLES[kind]}.",
            problems={kind: "not an address"},
            zh=f"{kind} 格式不对，应类似 {_EXAMPLES[kind]}。",
        )
    return text
