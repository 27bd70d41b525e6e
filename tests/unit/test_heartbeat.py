"""Who hears what of a hub that lives, lives on its reserve, or can store nothing."""

from __future__ import annotations

from typing import Any

import httpx2
import msgspec
import pytest

from hub.assembly.heartbeat import Beat, Heart, Pulse
from hub.clock import ManualClock
from hub.config.outward import HeartbeatSettings
from hub.errors import StoreError
from hub.store.seals.chain import Head

LIFE, FAIL = "https://bell/life", "https://bell/fail"
SHORT = "the disk is full: measurements wait"


class Store:
    """A desk and its books: takes what is written, or refuses it."""

    def __init__(self, *, takes: bool) -> None:
        self._takes = takes

    async def write(self, _papers: object) -> None:
        if not self._takes:
            raise StoreError("the disk is full")

    async def head(self) -> Head:
        return Head()


async def hear(*, takes: bool, shortage: str, fail_url: str | None) -> list[tuple[str, Beat]]:
    """Return what a receiver hears of the first beat, and where."""
    heard: list[tuple[str, Beat]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        heard.append((str(request.url), msgspec.json.decode(request.content, type=Beat)))
        return httpx2.Response(200)

    store: Any = Store(takes=takes)
    pulse = Pulse("gs", store, store, ManualClock(), lambda: shortage)
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    settings = HeartbeatSettings(url=LIFE, fail_url=fail_url)
    async with client:
        await beat_once(Heart(settings, client, pulse.prove))
    await pulse.stop()
    return heard


async def beat_once(heart: Heart) -> None:
    await heart._beat(await heart._prove())


@pytest.mark.parametrize(
    ("takes", "shortage", "fail_url", "expected"),
    [
        (True, "", FAIL, [(LIFE, True, "")]),
        (True, SHORT, FAIL, [(FAIL, True, SHORT)]),
        (True, SHORT, None, [(LIFE, True, SHORT)]),
        (False, SHORT, FAIL, [(FAIL, False, "the disk is full")]),
        (False, SHORT, None, []),
    ],
)
async def test_a_hub_on_its_reserve_is_alive_and_failing(
    shortage: str, fail_url: str | None, expected: list[tuple[str, bool, str]], *, takes: bool
) -> None:
    heard = await hear(takes=takes, shortage=shortage, fail_url=fail_url)
    assert [(url, beat.alive, beat.failing) for url, beat in heard] == expected
