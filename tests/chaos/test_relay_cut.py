"""Cuts between hub and relay box while orders are on their way: each moves the arm at most once."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from random import Random

import pytest

from hub.errors import CommandRefusedError, LinkError
from hub.services.supervisor import Supervisor
from tests.chaos.proxy import Cut, proxied
from tests.support.polling import Recorder
from tests.support.yard import Yard, order

pytestmark = [pytest.mark.chaos, pytest.mark.integration]

SEED = 20_261_130
ROUNDS = 400 if os.environ.get("CHAOS_LONG") else 2
"""How often every kind of cut strikes."""
LATENCY = 0.08
"""Seconds that each question takes the box, so that cuts come at each of them."""
WITHIN = 0.4
"""Seconds after an order in which the cut comes: before it, in its pulse, and behind it."""


class Listener(Recorder):
    """Bears it that the link is lost."""

    def link_down(self, link: str, why: str) -> None:
        return


async def give(yard: Yard, told: Counter[str], do: str) -> None:
    """Give one order, and count what was said of it."""
    command = order(do)
    yard.given.append(command)
    try:
        told[str(await yard.give(command))] += 1
    except CommandRefusedError:
        told["refused"] += 1
    except LinkError:
        told["unknown"] += 1


@pytest.mark.parametrize("framing", ["tcp", "rtu_over_tcp"])
async def test_a_cut_never_moves_the_arm_twice_or_late_and_leaves_no_relay_on(framing: str) -> None:
    chance, told, listener = Random(SEED), Counter[str](), Listener()
    yard = Yard(framing, period=0.2, timeout=0.5)
    yard.recorder, yard.box.latency = listener, LATENCY
    supervisor = Supervisor(watch=listener, clock=yard.clock, chance=lambda: 0.1)
    async with yard.listening(), proxied(yard.port, chance) as proxy:
        box, yard.port = yard.port, proxy.port
        running = asyncio.create_task(supervisor.run([yard.link()]))
        for _ in range(ROUNDS):
            for cut in chance.sample(list(Cut), k=len(Cut)):
                polls = len(listener.envelopes)
                await listener.until(lambda seen=polls: len(listener.envelopes) > seen)
                giving = asyncio.create_task(give(yard, told, chance.choice(("open", "close"))))
                await asyncio.sleep(chance.uniform(0.0, WITHIN))
                await proxy.strike(cut)
                await giving
        await yard.is_off()
        polls = len(listener.envelopes)
        await listener.until(lambda: len(listener.envelopes) > polls + 2)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        cuts, yard.port = dict(proxy.cuts), box
    sys.stdout.write(f"\nseed {SEED}: {len(yard.given)} orders, {dict(told)}; cuts {cuts}\n")
    yard.check(*yard.given)
    assert not any(yard.barrier.coils)
    assert told["received"], "some came through"
