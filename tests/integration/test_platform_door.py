"""The reference receiver's door over sockets: each of its faults is what its name says."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from hub.clock import SystemClock
from hub.courier.signature import signed_headers
from simulators.platform import door as door_module
from simulators.platform.door import Door
from simulators.platform.mischief import DOOR, Mischief
from tests.support.vendor import WEBHOOK_SECRET

pytestmark = pytest.mark.integration

BODY = b'{"id":"t-1"}'


@contextlib.asynccontextmanager
async def standing(mischief: Mischief) -> AsyncIterator[tuple[Door, list[dict[str, Any]]]]:
    """Have a door stand open, and tell what it has taken."""
    taken: list[dict[str, Any]] = []

    def take(item: dict[str, Any]) -> bool:
        taken.append(item)
        return True

    door = Door(lambda: WEBHOOK_SECRET, take, mischief, SystemClock())
    async with door.open():
        yield door, taken


async def knock(door: Door, body: bytes = BODY, **more: str) -> str:
    """Push an item once; the status, or what became of the connection."""
    headers = signed_headers(WEBHOOK_SECRET, "t-1", SystemClock().now(), body) | more
    url = f"http://127.0.0.1:{door.port}/in"
    async with httpx2.AsyncClient(trust_env=False, timeout=1.0) as client:
        try:
            answer = await client.post(url, content=body, headers=headers)
        except httpx2.TransportError as error:
            return type(error).__name__
    return f"{answer.status_code} {answer.headers.get('location', '')}".strip()


async def test_each_fault_of_the_door_is_what_its_name_says() -> None:
    mischief = Mischief()
    async with standing(mischief) as (door, taken):
        elsewhere = f"http://127.0.0.1:{door.port}/elsewhere"
        due = {
            "down": "RemoteProtocolError",
            "error": "500",
            "moved": f"301 {elsewhere}",
            "garbage": "RemoteProtocolError",
            "slow": "ReadTimeout",
        }
        assert set(due) == {name.value for name in DOOR}
        for name, what in due.items():
            mischief.begin(name, 1)
            assert await knock(door) == what
        assert taken == [], "what goes wrong keeps nothing"
        assert await knock(door) == "204"
    assert [item["id"] for item in taken] == ["t-1"]


async def test_a_slow_door_answers_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "SLOW", 0.05)
    mischief = Mischief()
    mischief.begin("slow")
    async with standing(mischief) as (door, taken):
        assert await knock(door) == "204"
    assert len(taken) == 1, "what it says that it has, it has"


async def test_what_is_too_long_or_forged_is_refused_over_the_wire() -> None:
    async with standing(Mischief()) as (door, taken):
        assert await knock(door, **{"webhook-id": "t-2"}) == "401"
        assert await knock(door, b"x" * ((1 << 20) + 1)) in {"413", "WriteError"}
        assert await knock(door) == "204"
    assert len(taken) == 1
