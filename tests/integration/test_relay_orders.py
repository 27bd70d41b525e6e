"""A person opens a gate behind a relay box: from the API to the relay, and back by the arm."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from simulators.relay import LIFT, ON
from tests.support.broker import running_broker
from tests.support.hub_process import HubProcess, running_hub
from tests.support.site import PLACE, Plot, write_site
from tests.support.story import last_seq, read_journal, until
from tests.support.yard import Yard

pytestmark = pytest.mark.integration
GATE, MODEL = "gate-east", "relay-barrier-box-limits"
FINAL = {"executed", "failed", "refused", "expired", "unknown"}


class Site:
    """A hub with one gate behind a relay box of its own."""

    def __init__(self, hub: HubProcess, yard: Yard) -> None:
        self.hub, self.yard = hub, yard

    async def can_be_opened(self) -> None:
        """Wait until the gate is seen."""
        await until(self._points, lambda points: "arm.position" in points)

    async def _points(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.hub.get(f"/api/v1/devices/{GATE}"))["points"]
        return found

    async def give(self, do: str = "open") -> str:
        """Give an order as a guard; returns its number."""
        command = await self.hub.post(
            "/api/v1/commands", "guard", device=GATE, do=do, reason="visitor"
        )
        assert command["state"] == "authorised"
        return str(command["id"])

    def when_on(self, number: signal.Signals) -> None:
        """Send the hub a signal in the instant in which the next relay closes."""

        def strike() -> None:
            self.yard.barrier.when_closed = lambda: None
            os.kill(self.hub.pid, number)

        self.yard.barrier.when_closed = strike

    async def ends(self, command: str) -> dict[str, Any]:
        """Return an order once it is final."""

        async def ask() -> dict[str, Any]:
            found: dict[str, Any] = await self.hub.get(f"/api/v1/commands/{command}")
            return found

        return await until(ask, lambda found: found["state"] in FINAL)

    async def told(self, kind: str, after: int) -> list[dict[str, Any]]:
        """Return the journal's entries of a type, once there is one."""

        async def ask() -> list[dict[str, Any]]:
            return [each for each in await read_journal(self.hub, after) if each["type"] == kind]

        return await until(ask, bool)


@contextlib.asynccontextmanager
async def site(folder: Path, broker: Path, framing: str) -> AsyncIterator[Site]:
    yard = Yard(framing)
    async with running_broker(broker, folder / "broker") as mqtt, yard.listening():
        more = (
            f'[[modbus]]\nname = "bus-1"\nhost = "127.0.0.1"\nport = {yard.port}\n'
            f'framing = "{framing}"\nperiod = 1\ntimeout = 5\n'
        )
        config = write_site(folder / "hub", Plot(devices={}, more=more), mqtt_port=mqtt.port)
        with (config.parent / "devices.csv").open("a", encoding="utf-8") as sheet:
            sheet.write(f"{GATE},1,bus-1,barrier_gate,{MODEL},{PLACE},{GATE},,,,in_service\n")
        async with running_hub(config) as hub:
            found = Site(hub, yard)
            await found.can_be_opened()
            yield found


async def test_an_order_moves_the_arm_once_and_is_told_as_what_it_became(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    async with site(tmp_path, require_server("mosquitto"), "rtu_over_tcp") as gate:
        for do, position in (("open", "open"), ("close", "closed")):
            done = await gate.ends(await gate.give(do))
            assert done["state"] == "executed", done["history"]
            steps = [step["state"] for step in done["history"]]
            assert steps == ["requested", "authorised", "sent", "received", "executed"]
            assert (await gate._points())["arm.position"]["value"] == position
        await gate.yard.is_off()
        assert gate.yard.moves == ["open", "close"]

        after = await last_seq(gate.hub)
        gate.when_on(signal.SIGSTOP)
        command = await gate.give()
        await gate.yard.until(lambda: gate.yard.barrier.coils[LIFT])
        await asyncio.sleep(3.0)  # longer than a pulse and what is worth telling
        os.kill(gate.hub.pid, signal.SIGCONT)
        await gate.yard.is_off()
        assert (await gate.ends(command))["state"] in {"executed", "unknown"}
        (freed,) = await gate.told("relay.released", after)
        assert "may have stood on for" in freed["data"]["why"]

        await gate.ends(await gate.give("close"))
        await gate.yard.is_off()
        gate.when_on(signal.SIGKILL)
        command, moves = await gate.give(), len(gate.yard.moves)
        await gate.yard.until(lambda: gate.yard.barrier.coils[LIFT])
        await gate.hub.wait()
        assert gate.yard.barrier.coils[LIFT], "nobody has let it go yet"
        await gate.hub.start()
        await gate.yard.is_off()
        freed, *more = await gate.told("relay.released", int(freed["seq"]))
        assert (freed["subject"], more) == (GATE, [])
        assert freed["data"]["why"] == "relay 0 stood on and was let go"
        ended = await gate.ends(command)
        assert (ended["state"], len(gate.yard.moves)) == ("unknown", moves + 1)
        assert gate.yard.count(ON) == len(gate.yard.moves) == 5
        assert gate.yard.barrier.together == 0


async def test_a_gate_whose_gateway_is_away_takes_no_order_and_none_waits_for_it(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    async with site(tmp_path, require_server("mosquitto"), "tcp") as gate:
        after = await last_seq(gate.hub)
        yard = gate.yard
        yard.server.close()
        await yard.box.hang_up()
        await gate.told("link.down", after)
        ended = await gate.ends(await gate.give())
        assert ended["state"] == "failed"
        assert "bus-1 is not there" in ended["history"][-1]["why"]
        async with yard.listening():
            await gate.told("link.up", after)
            done = await gate.ends(await gate.give())
            assert done["state"] == "executed", done["history"]
            await yard.is_off()
        assert yard.moves == ["open"]
