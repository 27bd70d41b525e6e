"""What a hub has decided so far, in a form that two moments can be compared by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from tests.support.hub_process import HubProcess
from tests.support.patience import PATIENCE

T = TypeVar("T")


async def until(
    ask: Callable[[], Awaitable[T]], wanted: Callable[[T], object], within: float = PATIENCE
) -> T:
    """Ask another process until its answer is the wanted one, and return that."""
    answer = await ask()
    try:
        async with asyncio.timeout(within):
            while not wanted(answer):
                await asyncio.sleep(0.05)
                answer = await ask()
    except TimeoutError:
        raise AssertionError(f"after {within:g} s it is still {answer!r:.2000}") from None
    return answer


async def read_tickets(hub: HubProcess) -> list[dict[str, Any]]:
    """Return every ticket as it stands, oldest first."""
    page = await hub.get("/api/v1/tickets", limit=1000)
    return sorted(page["items"], key=lambda ticket: str(ticket["number"]))


async def read_journal(hub: HubProcess, after: int = 0) -> list[dict[str, Any]]:
    """Return the journal behind a number."""
    found: list[dict[str, Any]] = []
    while True:
        page = await hub.get("/api/v1/journal", after=after, limit=1000)
        if not page["items"]:
            return found
        found += page["items"]
        after = page["items"][-1]["seq"]


async def read_decisions(hub: HubProcess) -> list[str]:
    """Return what was decided about alarms and tickets, in order, as `type subject`."""
    return [
        f"{entry['type']} {entry['subject']}"
        for entry in await read_journal(hub)
        if entry["type"].startswith(("alarm.", "ticket."))
    ]


async def has_decided(hub: HubProcess, decision: str) -> None:
    """Wait until the journal has a decision, as `type subject`."""
    await until(lambda: read_decisions(hub), lambda decisions: decision in decisions)


async def has_ticket(hub: HubProcess, subject: str) -> dict[str, Any]:
    """Return the ticket of a device once it is there."""

    async def ask() -> list[dict[str, Any]]:
        return [each for each in await read_tickets(hub) if each["subject"] == subject]

    return (await until(ask, bool))[0]


async def has_caught_up(hub: HubProcess, after: int = 0) -> None:
    """Wait until the uplink has delivered what had waited, behind a journal number.

    A hub that is up may not have subscribed yet: what is said until then is lost, or retained.
    """

    async def ask() -> list[str]:
        return [entry["type"] for entry in await read_journal(hub, after)]

    await until(ask, lambda types: "link.caught_up" in types)


async def last_seq(hub: HubProcess) -> int:
    """Return the number of the newest journal entry."""
    journal = await read_journal(hub)
    return int(journal[-1]["seq"]) if journal else 0


async def hears(hub: HubProcess, device: str, point: str, value: object) -> None:
    """Wait until a point has a value in the committed state."""

    async def ask() -> object:
        points = (await hub.get(f"/api/v1/devices/{device}"))["points"]
        return points.get(point, {}).get("value")

    await until(ask, lambda found: found == value)


async def listening(hub: HubProcess) -> set[str]:
    """Return the links whose sessions hear all that is said from now on."""
    journal = await read_journal(hub)
    ready = {each["subject"] for each in journal if each["type"] == "link.caught_up"}
    return {subject.removesuffix("-all") for subject in ready}
