"""A seat: one key at the hub, as its receiver; it alone tries again."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any

import httpx2

from hub.errors import HubError, InvalidRequestError, LinkError

PAUSE, TRIES = 0.5, 240
"""Seconds between two tries of a step, and how many there are."""
PATIENCE = 60.0
GONE = 410
_AGAIN = frozenset({409, 429})
"""What may be another matter in a moment: the first request may still be under way."""
_STRAIN = 500

Json = dict[str, Any]


class RefusedError(HubError):
    """The hub does not take a request, and would not take it again."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(f"{status}: {problem.get('detail') or problem}")
        self.status = status
        self.problem = problem


class Seat:
    """Speaks to the hub with one key; `name` is the name that the key has there."""

    def __init__(self, hub: str, name: str, key: str) -> None:
        self.name = name
        self._client = httpx2.AsyncClient(
            base_url=hub,
            headers={"authorization": f"Bearer {key}"},
            trust_env=False,
            timeout=PATIENCE,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def read_page(self, cursor: str, limit: int, wait: float) -> Json:
        """Read one page of the feed; RefusedError, with 410 and `oldest` where there is a gap."""
        query = {"limit": str(limit), "wait": str(wait)} | ({"after": cursor} if cursor else {})
        return await self._once("GET", "/grid/v1/feed", params=query)

    async def act(self, incident: str, step: Json, *, key: str = "") -> Json:
        """Say a step until it is answered, with one Idempotency-Key."""
        path = f"/grid/v1/incidents/{incident}/actions"
        return await self._patiently("POST", path, body=step, key=key)

    async def hand_down(self, work: Json) -> Json:
        """Hand work down, until it is answered."""
        return await self._patiently("POST", "/grid/v1/incidents", body=work)

    async def subscribe(self, url: str, after: str) -> Json:
        """Have the feed pushed to `url`, from a cursor on where one is given."""
        body = {"url": url} | ({"after": after} if after else {})
        return await self._patiently("POST", "/grid/v1/subscriptions", body=body)

    async def account_of(self, day: str) -> Json:
        """Read the hub's account of a day, with its lines."""
        query = {"day": day, "lines": "true"}
        return await self._patiently("GET", "/grid/v1/reconciliation", params=query)

    async def _patiently(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] = {},
        body: Json | None = None,
        key: str = "",
    ) -> Json:
        headers = {"idempotency-key": key or uuid.uuid4().hex} if body is not None else {}
        for _ in range(TRIES):
            try:
                return await self._once(method, path, params=params, body=body, headers=headers)
            except LinkError:
                await asyncio.sleep(PAUSE)
        raise LinkError(f"{path}: the hub has not answered {TRIES} times")

    async def _once(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] = {},
        body: Json | None = None,
        headers: Mapping[str, str] = {},
    ) -> Json:
        try:
            answer = await self._client.request(
                method, path, params=dict(params), json=body, headers=dict(headers)
            )
        except httpx2.TransportError as error:
            raise LinkError(f"{path}: {str(error) or type(error).__name__}") from error
        found = _object(answer)
        may_be_under_way = answer.status_code in _AGAIN and "possible" not in found
        if answer.status_code >= _STRAIN or may_be_under_way:
            raise LinkError(f"{path}: HTTP {answer.status_code}")
        if not answer.is_success:
            raise RefusedError(answer.status_code, found)
        return found


def wrong(field: str, why: str) -> InvalidRequestError:
    """Return the error for a field of what a person has asked the platform for."""
    return InvalidRequestError(f"{field}: {why}.", problems={field: why})


def _object(answer: httpx2.Response) -> Json:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
