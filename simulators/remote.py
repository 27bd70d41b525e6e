"""The demo's hand on the simulator: faults by HTTP, as keys and the command line ask for them."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import httpx2

from hub.errors import InvalidRequestError, LinkError, NotFoundError

PATIENCE, BEGINNING = 5.0, 60.0
"""Seconds that an answer may take; ten thousand devices take a while to connect."""


class Remote:
    """Talks to the simulator's control address; raises LinkError when nobody answers."""

    def __init__(self, control: str) -> None:
        self._control = control
        self._client = httpx2.AsyncClient(base_url=control, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def begin(self, name: str, device: str = "") -> dict[str, Any]:
        """Cause a fault; raises InvalidRequestError with the nearest good word."""
        body = {"name": name} | ({"device": device} if device else {})
        fault: dict[str, Any] = await self._ask("POST", "/faults", body)
        return fault

    async def clear(self, name: str = "", device: str = "") -> list[dict[str, Any]]:
        """End the faults of that name and device, or all; return those that were ended."""
        active: list[dict[str, Any]] = await self._ask("GET", "/faults")
        chosen = [
            fault
            for fault in active
            if name in ("", fault["name"]) and device in ("", fault["device"])
        ]
        for fault in chosen:
            await self._ask("DELETE", f"/faults/{fault['id']}")
        return chosen

    async def begin_script(self) -> None:
        """Let the community live, and then the faults of the chosen script come."""
        await self._ask("POST", "/script", patience=BEGINNING)

    async def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        patience: float = PATIENCE,
    ) -> Any:  # noqa: ANN401
        try:
            answer = await self._client.request(method, path, json=body, timeout=patience)
        except httpx2.TransportError as error:
            raise LinkError(
                f"the simulator at {self._control} does not answer; is the demo running?"
            ) from error
        if answer.status_code == httpx2.codes.NOT_FOUND:
            raise NotFoundError(answer.json()["detail"])
        if answer.is_error:
            raise InvalidRequestError(str(answer.json()["detail"]))
        return answer.json() if answer.content else None
