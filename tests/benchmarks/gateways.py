"""A process of its own with 32 serial servers and 1,000 slaves; `kill` on stdin silences 5 %.

Prints its ports as JSON. Each answer takes 10 ms, as on a line of 9,600 baud with short questions.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

from tests.support.modbus_faults import Fault, FaultyGateway

GATEWAYS, SLAVES = 32, 1_000
LATENCY = 0.01


def units_of(gateway: int) -> list[int]:
    """Return the unit ids on a gateway, from 1 on."""
    return list(range(1, len(range(gateway, SLAVES, GATEWAYS)) + 1))


def dies(gateway: int, unit: int) -> bool:
    """Tell whether a slave is one of those that die: one or two on each gateway, 50 in all."""
    return unit == 7 or (unit == 19 and gateway < 50 - GATEWAYS)


async def serve() -> None:
    """Serve until stdin ends."""
    gateways = [FaultyGateway("rtu_over_tcp") for _ in range(GATEWAYS)]
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        ports = [await stack.enter_async_context(g.listening(LATENCY)) for g in gateways]
        print(json.dumps(ports), flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            for number, gateway in enumerate(gateways):
                dead = [unit for unit in units_of(number) if dies(number, unit)]
                gateway.faults.update(dict.fromkeys(dead, Fault.SILENCE))
            print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
