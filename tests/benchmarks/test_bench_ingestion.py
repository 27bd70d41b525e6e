"""Durable ingestion: QoS 1 → decode → rules → commit → acknowledge, against the broker's ceiling.

Publisher, mosquitto and the real hub run on this machine; 10,000 gates and doors, one building
for each hundred, send states of 200 bytes in the hub's own dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.benchmarks.generator import compile_load
from tests.benchmarks.ingestion import Outcome, Pace, Plan, run_plans
from tests.benchmarks.ingestion_site import POINTS
from tests.benchmarks.report import Row, name_broker, print_table, spread, write_results

pytestmark = [pytest.mark.bench, pytest.mark.integration, pytest.mark.timeout(900)]

LIBRARY = "whole rule library, 5 points a message"
PLANS = (
    Plan(
        name="one rule per point, 5 points a message", lean=True, body="full", bursts=5, paced=True
    ),
    Plan(name="one rule per point, 1 point a message", lean=True, body="one", bursts=3),
    Plan(name=LIBRARY, lean=False, body="full", bursts=3),
)
CLIENTS = ("paho", "fast")
"""Both run, one behind the other; `make bench ARGS="-k fast"` runs one."""
LEAST_GOAL = {"full": "≥ 0.25"}
P99_GOAL = {0.1: "≤ 100 ms", 0.5: "≤ 50 ms", 0.9: "≤ 1,000 ms"}
"""Goals are those of docs/adr/0066."""
HALF = 0.5


@pytest.mark.parametrize("client", CLIENTS)
async def test_durable_ingestion(
    tmp_path: Path, require_server: Callable[[str], Path], client: str
) -> None:
    mosquitto = require_server("mosquitto")
    plans = [msgspec.structs.replace(plan, client=client) for plan in PLANS]
    outcomes = await run_plans(tmp_path, mosquitto, compile_load(tmp_path), plans)
    for outcome in outcomes:
        print_table(f"{outcome.plan.name}: {client}", list(make_rows(outcome)))
    broker = name_broker(mosquitto)
    path = write_results(
        f"ingestion-{client}", {"broker": broker, "runs": msgspec.to_builtins(outcomes)}
    )
    print(f"\n  written to {path}")
    for outcome in outcomes:
        assert outcome.audit.lost == outcome.audit.doubled == 0
        assert outcome.audit.tickets_doubled == 0


def make_rows(outcome: Outcome) -> Iterator[Row]:
    bursts = outcome.bursts
    rates = [burst.rate for burst in bursts]
    points = POINTS[outcome.plan.body]
    yield Row("burst, messages/s", spread(rates))
    yield Row("burst, readings/s", spread([rate * points for rate in rates]))
    yield Row("broker's ceiling, C subscriber", spread([burst.ceiling for burst in bursts]))
    yield Row("ratio", spread([burst.ratio for burst in bursts], 2))
    goal = LEAST_GOAL.get(outcome.plan.body, "")
    yield Row("of the least hub", spread([burst.of_least for burst in bursts], 2), goal)
    yield Row("least hub, of the ceiling", spread([b.least / b.ceiling for b in bursts], 2))
    yield Row("of the client alone", spread([burst.of_client for burst in bursts], 2))
    yield Row("sustained for 20 s, messages/s", f"{outcome.sustained:,.0f}")
    yield Row("messages a commit", spread([burst.batch for burst in bursts]))
    yield Row("CPU a message, µs", spread([burst.cpu_us for burst in bursts], 1))
    for pace in outcome.paces:
        yield from _pace_rows(pace)
    yield Row("memory, MB", f"{outcome.memory:.0f}", "≤ 280")
    audit = outcome.audit
    found = f"{audit.lost} lost, {audit.doubled} doubled of {outcome.messages:,}"
    yield Row("acknowledged messages", found, "0, 0")
    if outcome.plan.lean:
        lost = f"{audit.tickets_missing} missing, {audit.tickets_doubled} doubled"
        yield Row("tickets", f"{lost} of {audit.tickets:,}", "0, 0")


def _pace_rows(pace: Pace) -> Iterator[Row]:
    name = f"{pace.share:.0%} ({pace.offered:,.0f}/s)"
    found = f"{pace.p50:.1f} / {pace.p99:.1f} ms of {pace.tickets} tickets"
    yield Row(f"{name}: publish → ticket p50 / p99", found, P99_GOAL[pace.share])
    goal = "≤ 5 least hubs" if pace.share == HALF else ""
    beside = f"least hub {pace.least_us:.1f}, client alone {pace.alone_us:.1f}"
    cpu = f"{pace.cpu_us:.1f}; {pace.batch:.0f} a commit; {beside}"
    yield Row(f"{name}: CPU a message, µs", cpu, goal)
