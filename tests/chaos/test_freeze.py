"""A hub that stands still for longer than its keepalive, as on a machine that hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.drill import KEEPALIVE, LONG, Script, Stage, drill
from tests.chaos.plan import Plan

pytestmark = [pytest.mark.chaos, pytest.mark.integration]

SEED = 30
FROZEN = 30.0 if LONG else 1.5 * KEEPALIVE + 2.0
"""Seconds; the broker gives a client up after one and a half keepalives, or a little later."""
AFTER = 2.5


async def freeze(stage: Stage) -> str:
    """SIGSTOP in the middle of the load, and SIGCONT once the broker has given the hub up."""
    await asyncio.sleep(AFTER)
    await stage.hub.freeze(FROZEN)
    return f"SIGSTOP of the hub for {FROZEN:g} s"


async def test_a_hub_that_stood_still_loses_no_message_and_doubles_nothing(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    plan = Plan(SEED, AFTER + FROZEN + 0.5, rate=250)
    outcome = await drill(tmp_path, require_server("mosquitto"), plan, Script(trouble=freeze))
    assert outcome.faults == []
    ends = [data["subject"] for _, kind, data in outcome.stored.journal if kind == "link.down"]
    assert "mqtt-state" in ends, "the broker has not given the hub up: this was too short"
