"""`python -m simulators CONFIG`: play the devices of a hub's configuration until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

from hub.clock import SystemClock
from simulators.community import Community
from simulators.control import Control, build_control, control_server, listen
from simulators.mishap import Mishaps
from simulators.plan import Plan, read_plan
from simulators.process import allow_many_sockets
from simulators.script import Faults, play
from simulators.stage import Stage

RESTART_BROKER = "restart-broker"
"""The line on standard output that asks the demo's runner for a new broker."""


def main() -> None:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(prog="python -m simulators", description=__doc__)
    parser.add_argument("config", type=Path, help="the hub's lingdang.toml")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=Faults, choices=list(Faults), default=Faults.NONE)
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--ready-file", type=Path, help="written once we are up")
    parser.add_argument(
        "--runner",
        action="store_true",
        help="a runner reads our output, and lets the devices begin by POST /script",
    )
    options = parser.parse_args()
    allow_many_sockets()
    asyncio.run(_play(read_plan(options.config), options))


async def _play(plan: Plan, options: argparse.Namespace) -> None:
    clock = SystemClock(speed=plan.speed, origin=plan.clock_origin)
    community = Community(plan.devices, now=clock.now(), seed=options.seed)
    chance = Random(options.seed)
    mishaps = Mishaps(community, chance, _ask_runner if options.runner else None)
    stage = Stage(plan, community, clock)
    script = _once(lambda: play(options.faults, mishaps, community.agenda, chance))

    async def begin() -> None:
        await stage.begin()
        stage.tick()
        script()

    app = build_control(Control(community, mishaps, stage.tick, begin))
    with listen(options.control_port) as door:
        async with stage.open():
            server = asyncio.create_task(control_server(app).serve(sockets=[door]))
            if not options.runner:
                await begin()
            if options.ready_file:
                _write_ready(options.ready_file, door.getsockname()[1])
            await _told_to_stop()
            server.cancel()
            await asyncio.gather(server, return_exceptions=True)


def _ask_runner() -> None:
    sys.stdout.write(f"{RESTART_BROKER}\n")
    sys.stdout.flush()


def _once(action: Callable[[], None]) -> Callable[[], None]:
    left = [action]
    return lambda: left.pop()() if left else None


def _write_ready(path: Path, port: int) -> None:
    """Write where we are, by rename, so that nobody reads half of it."""
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps({"control": f"http://127.0.0.1:{port}", "pid": os.getpid()}))
    draft.replace(path)


async def _told_to_stop() -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
