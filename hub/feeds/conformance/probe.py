"""Asks from outside, by HTTP alone: with the key that is tried, with none, or with a false one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2
import msgspec

from hub.feeds.conformance.law import BrokenError

PATIENCE = 60.0
"""Seconds that one answer may take; the feed itself waits up to 30."""
PROBLEM = "application/problem+json"
Json = dict[str, Any]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; `data` is its JSON object, empty where it has none."""

    status: int
    type: str
    text: str
    data: Json
    location: str = ""

    def __str__(self) -> str:
        """Write it short, as evidence."""
        return f"HTTP {self.status} {self.text[:200]!r}"

    @property
    def is_refused(self) -> bool:
        """Tell whether it is a refusal of the asker: 4xx, and no fault of the other side."""
        return 400 <= self.status < 500  # noqa: PLR2004 - the class of statuses


class Probe:
    """A client with the key that is tried; `asked` counts its requests."""

    def __init__(self, client: httpx2.AsyncClient, key: str) -> None:
        self.asked = 0
        self._client = client
        self._key = key

    async def get(self, path: str, /, key: str | None = None, **query: float | str) -> Told:
        """GET a path of `/grid/v1`; `key` in the place of the own one, empty for none."""
        params = {name: str(value) for name, value in query.items() if value != ""}
        return await self._ask("GET", path, key=key, params=params)

    async def post(
        self, path: str, body: object, *, once: str = "", key: str | None = None
    ) -> Told:
        """POST JSON; `once` is the Idempotency-Key."""
        headers = {"idempotency-key": once} if once else {}
        content = msgspec.json.encode(body)
        return await self._ask("POST", path, key=key, content=content, headers=headers)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        key: str | None,
        params: Mapping[str, str] = {},
        content: bytes | None = None,
        headers: Mapping[str, str] = {},
    ) -> Told:
        self.asked += 1
        key = self._key if key is None else key
        own = {"authorization": f"Bearer {key}"} if key else {}
        if content is not None:
            own["content-type"] = "application/json"
        try:
            answer = await self._client.request(
                method,
                f"/grid/v1/{path}",
                params=dict(params),
                content=content,
                headers={**headers, **own},
                timeout=PATIENCE,
            )
        except httpx2.TransportError as error:
            raise BrokenError(f"{method} {path}: no answer: {error!r}") from error
        return Told(
            status=answer.status_code,
            type=answer.headers.get("content-type", "").partition(";")[0],
            text=answer.text,
            data=_object(answer.content),
            location=answer.headers.get("location", ""),
        )


def _object(body: bytes) -> Json:
    try:
        found: Json = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found
