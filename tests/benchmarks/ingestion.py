"""The phases of the ingestion benchmark: what is run, and what is read off while it runs."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tests.benchmarks.bare_client import BROKER_LINES, BURST, Beside
from tests.benchmarks.generator import Generator, Span, Stream
from tests.benchmarks.ingestion_site import DEVICES, write_bench_site
from tests.benchmarks.report import quantile
from tests.benchmarks.witness import Audit, Usage, Witness
from tests.support.broker import running_broker
from tests.support.hub_process import HUB, HubProcess, running_hub

LEAN_HUB = (sys.executable, str(Path(__file__).with_name("lean_hub.py")))
STEADY_SECONDS, PACED_SECONDS = 20.0, 10.0
PACES = (0.1, 0.5, 0.9)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario: which rules and messages, how many bursts, whether paced runs follow.

    `client` is the library of the hub's MQTT links.
    """

    name: str
    lean: bool
    body: str
    bursts: int
    paced: bool = False
    client: str = "paho"


class Burst(msgspec.Struct, frozen=True, kw_only=True):
    """One burst: just before, the broker's ceiling, the client alone, the least hub; its cost."""

    ceiling: float
    alone: float
    least: float
    rate: float
    cpu_us: float
    batch: float

    @property
    def ratio(self) -> float:
        """The hub's rate over the ceiling."""
        return self.rate / self.ceiling

    @property
    def of_least(self) -> float:
        """The hub's rate over that of the least hub, which decodes, commits and does no more."""
        return self.rate / self.least

    @property
    def of_client(self) -> float:
        """The hub's rate over that of its MQTT client, which acknowledges and does no more."""
        return self.rate / self.alone


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """One paced run; latencies in milliseconds, from a message that was due to its ticket.

    `alone_us` and `least_us` are what the MQTT client alone and the least hub cost at that rate.
    """

    share: float
    offered: float
    p50: float
    p99: float
    tickets: int
    cpu_us: float
    alone_us: float
    least_us: float
    batch: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario has shown; rates in messages a second, memory in MB."""

    plan: Plan
    bursts: list[Burst]
    sustained: float
    paces: list[Pace]
    memory: float
    messages: int
    audit: Audit


Measure = Callable[[float], Awaitable[tuple[float, float]]]
"""Runs something beside the hub at a rate: messages a second, CPU a message in microseconds."""


class Course:
    """Runs the phases of one scenario, one after the other, on one hub."""

    def __init__(
        self,
        plan: Plan,
        hub: HubProcess,
        own: Generator,
        idle: Generator,
        *,
        alone: Measure,
        least: Measure,
    ) -> None:
        self._plan = plan
        self._witness = Witness(hub)
        self._load = own
        self._ceiling_load = idle
        self._alone = alone
        self._least = least
        self.sent = 0

    async def run(self) -> Outcome:
        """Warm up, measure, and audit."""
        await self._publish(DEVICES, 0.0)
        await self._settle()
        bursts = [await self._burst() for _ in range(self._plan.bursts)]
        top = statistics.median(burst.rate for burst in bursts)
        sustained = await self._sustain(top)
        paces = [await self._pace(share, sustained) for share in PACES if self._plan.paced]
        return Outcome(
            plan=self._plan,
            bursts=bursts,
            sustained=sustained,
            paces=paces,
            memory=self._witness.memory(),
            messages=self.sent,
            audit=await asyncio.to_thread(self._witness.audit, self.sent, DEVICES),
        )

    async def _burst(self) -> Burst:
        """Publish at full speed, and wait for the last message to be stored."""
        ceiling = await self._ceiling_load.measure_ceiling(Stream(messages=BURST))
        alone, _ = await self._alone(0.0)
        least, _ = await self._least(0.0)
        before = await self._witness.usage()
        publishing = asyncio.create_task(self._publish(BURST, 0.0))
        await asyncio.sleep(0)
        end = await self._witness.until_stored(self.sent)
        span = await publishing
        cost = _cost(before, await self._witness.usage())
        rate = BURST / (end - span.start)
        return Burst(ceiling=ceiling.rate, alone=alone, least=least, rate=rate, **cost)

    async def _sustain(self, rate: float) -> float:
        """Offer the best rate for a while, and return what is stored while it is offered."""
        before = self._witness.count_stored()
        span = await self._publish(int(rate * STEADY_SECONDS), rate)
        stored = self._witness.count_stored() - before
        await self._settle()
        return stored / (span.end - span.start)

    async def _pace(self, share: float, top: float) -> Pace:
        """Offer a share of the maximum and time the tickets."""
        rate = share * top
        _, alone_us = await self._alone(rate)
        _, least_us = await self._least(rate)
        before = await self._witness.usage()
        async with self._witness.timing() as latencies:
            await self._publish(int(rate * PACED_SECONDS), rate)
            await self._settle()
        cost = _cost(before, await self._witness.usage())
        milliseconds = [1000 * each for each in latencies]
        return Pace(
            share=share,
            offered=rate,
            p50=quantile(milliseconds, 0.5),
            p99=quantile(milliseconds, 0.99),
            tickets=len(milliseconds),
            alone_us=alone_us,
            least_us=least_us,
            **cost,
        )

    async def _publish(self, messages: int, rate: float) -> Span:
        first, self.sent = self.sent, self.sent + messages
        body = self._plan.body
        return await self._load.publish(
            Stream(messages=messages, first=first, rate=rate, body=body, devices=DEVICES)
        )

    async def _settle(self) -> None:
        await self._witness.until_stored(self.sent)


async def run_plans(
    folder: Path, mosquitto: Path, load: Path, plans: Sequence[Plan]
) -> list[Outcome]:
    """Run the scenarios one after the other, each with a broker and a hub of its own."""
    outcomes = []
    for number, plan in enumerate(plans):
        outcomes.append(await _run_plan(folder / str(number), mosquitto, load, plan))
    return outcomes


async def _run_plan(folder: Path, mosquitto: Path, load: Path, plan: Plan) -> Outcome:
    """Run one; the ceiling is measured at a second broker, so that no message of it stays here."""
    async with (
        running_broker(mosquitto, folder / "broker", BROKER_LINES) as broker,
        running_broker(mosquitto, folder / "ceiling", BROKER_LINES) as idle,
    ):
        config = write_bench_site(
            folder / "hub", mqtt_port=broker.port, lean=plan.lean, client=plan.client
        )
        async with running_hub(config, LEAN_HUB if plan.lean else HUB) as hub:
            beside = Beside(mosquitto=mosquitto, load=load, client=plan.client)
            turns = itertools.count()
            return await Course(
                plan,
                hub,
                Generator(load, broker.port),
                Generator(load, idle.port),
                alone=lambda rate: beside.alone(folder / f"beside-{next(turns)}", rate),
                least=lambda rate: beside.least(folder / f"beside-{next(turns)}", rate),
            ).run()


def _cost(before: Usage, after: Usage) -> dict[str, Any]:
    messages = after.messages - before.messages
    batches = max(1, after.batches - before.batches)
    return {
        "cpu_us": 1e6 * (after.cpu - before.cpu) / messages,
        "batch": messages / batches,
    }
