"""Newcomers that somebody has put aside for a week: nobody asks daily about a neighbour's."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hub.model.access import Identity
from hub.ports import Document

IGNORED = "newcomer_ignored"
"""The collection of the documents."""
WEEK = 7 * 86_400.0

Entry = tuple[str, str, str, dict[str, object]]
Sender = tuple[str, str]
"""Link and address."""


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """Who has put which newcomer aside, and until when; instants in epoch seconds."""

    link: str
    address: str
    until: float
    actor: str


def ignored_now(documents: Mapping[str, bytes], now: float) -> dict[Sender, Ignored]:
    """Return who is put aside as of now."""
    found = (msgspec.json.decode(body, type=Ignored) for body in documents.values())
    return {(each.link, each.address): each for each in found if each.until > now}


def ignore(sender: Sender, who: Identity, now: float) -> tuple[Document, Entry]:
    """Put a newcomer aside for a week: what is to be stored, and what the journal says."""
    link, address = sender
    aside = Ignored(link=link, address=address, until=now + WEEK, actor=who.name)
    said: dict[str, object] = {"link": link, "address": address, "until": aside.until}
    body = msgspec.json.encode(aside)
    paper = Document(collection=IGNORED, key=_key(sender), body=body, at=now)
    return paper, ("newcomer.ignored", address, who.name, said)


def ask_again(sender: Sender, who: Identity, now: float) -> tuple[Document, Entry]:
    """Take a newcomer back that was put aside."""
    link, address = sender
    said: dict[str, object] = {"link": link, "address": address}
    paper = Document(collection=IGNORED, key=_key(sender), body=None, at=now)
    return paper, ("newcomer.noticed", address, who.name, said)


def _key(sender: Sender) -> str:
    return msgspec.json.encode(sender).decode()
