"""The office of a hub that runs, asked over HTTP by a command on its own machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx2
import msgspec

from hub.access.card import CodeCard, KeyCard, PersonCard, TokenCard
from hub.access.key_cabinet import NewKey
from hub.access.local import LOCAL_FILE, local_token
from hub.access.people import NewPerson, PersonChange
from hub.assembly.notify import READY_FILE
from hub.errors import ForbiddenError, HubError, LinkError

T = TypeVar("T")
PATIENCE = 30.0
"""Seconds that an answer may take."""
UNKNOWN, ERRORS = 401, 400
NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})


def hub_client(folder: Path, user: str) -> httpx2.AsyncClient | None:
    """Return a client for the hub whose data lies in `folder`, or None when it left no door.

    Raises ForbiddenError when the system's user may not read the door's token.
    """
    try:
        ready = msgspec.json.decode((folder / READY_FILE).read_bytes())
        process, _, secret = (folder / LOCAL_FILE).read_text("ascii").partition(" ")
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise ForbiddenError(
            f"{error.filename} is for the hub's own user; run this as that user or as root"
        ) from error
    if process != str(ready["pid"]):
        # A hub that starts has not said yet where it listens; whoever is there now is another.
        return None
    return httpx2.AsyncClient(
        base_url=ready["url"],
        headers={"authorization": f"Bearer {local_token(secret, user)}"},
        trust_env=False,
        timeout=PATIENCE,
    )


class RemoteOffice:
    """Implements `hub.access.office.Office` by calls of the API."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def answers(self) -> bool:
        """Tell whether the hub lives that left the door: a killed one leaves a stale token."""
        return await lives(self._client)

    async def people(self) -> list[PersonCard]:
        """List everybody."""
        return (await self._ask("GET", "people", _List[PersonCard])).items

    async def add(self, new: NewPerson) -> CodeCard:
        """Add somebody; HubError with the hub's sentence when it refuses."""
        return await self._ask("POST", "people", CodeCard, new)

    async def reset(self, name: str) -> CodeCard:
        """Give somebody a new one-time code."""
        return await self._ask("POST", f"people/{quote(name, safe='')}/reset", CodeCard)

    async def change(self, name: str, change: PersonChange) -> PersonCard:
        """Give somebody another role, place or phone."""
        path = f"people/{quote(name, safe='')}/change"
        return await self._ask("POST", path, PersonCard, change)

    async def disable(self, name: str) -> PersonCard:
        """Shut somebody out."""
        return await self._ask("POST", f"people/{quote(name, safe='')}/disable", PersonCard)

    async def keys(self) -> list[KeyCard]:
        """List every key."""
        return (await self._ask("GET", "keys", _List[KeyCard])).items

    async def give(self, new: NewKey) -> TokenCard:
        """Make a key."""
        return await self._ask("POST", "keys", TokenCard, new)

    async def rotate(self, key_id: str, overlap: str) -> TokenCard:
        """Make a key in another's place."""
        path = f"keys/{quote(key_id, safe='')}/rotate"
        return await self._ask("POST", path, TokenCard, {"overlap": overlap})

    async def revoke(self, key_id: str) -> KeyCard:
        """Make a key worthless."""
        return await self._ask("POST", f"keys/{quote(key_id, safe='')}/revoke", KeyCard)

    async def _ask(self, method: str, path: str, kind: type[T], body: object = None) -> T:
        return await ask(self._client, method, path, kind, body=body)


async def lives(client: httpx2.AsyncClient) -> bool:
    """Tell whether a hub answers that knows the door's token."""
    try:
        answer = await client.get("/api/v1/people")
    except httpx2.ConnectError:
        return False
    return answer.status_code != UNKNOWN


async def ask(
    client: httpx2.AsyncClient,
    method: str,
    path: str,
    kind: type[T],
    *,
    body: object = None,
    params: Mapping[str, str] = NO_PARAMETERS,
) -> T:
    """Make a call of the API; HubError with the hub's sentence when it refuses.

    A `body` of bytes goes as it is, another one as JSON.
    """
    content = (
        body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
    )
    try:
        answer = await client.request(method, f"/api/v1/{path}", content=content, params=params)
    except httpx2.HTTPError as error:
        raise LinkError(
            f"the hub went away before it answered ({error}); look with 'list' what was done"
        ) from error
    if answer.status_code >= ERRORS:
        raise HubError(_sentence(answer))
    return msgspec.json.decode(answer.content, type=kind)


class _List(msgspec.Struct, Generic[T]):
    items: list[T]


def _sentence(answer: httpx2.Response) -> str:
    try:
        problem: Any = msgspec.json.decode(answer.content)
        return str(problem["detail"])
    except (msgspec.DecodeError, LookupError, TypeError):
        return f"the hub answered {answer.status_code}; look at its log"
