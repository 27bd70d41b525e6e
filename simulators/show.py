"""The show: three programs, started in order, started again when they die, stopped in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec

from hub.errors import HubError, LinkError
from simulators import demo_files
from simulators.broker import broker_command, wait_for_broker
from simulators.demo_files import Choices
from simulators.demo_screen import Screen
from simulators.process import Child
from simulators.remote import Remote
from simulators.script import Faults

BROKER, SIMULATOR, HUB = "broker", "simulator", "hub"
UP_WITHIN = 30.0
"""Seconds within which a program must say that it is up."""
LOOK = 0.05
"""Seconds between two looks at a file that a program writes."""
BREATH, LONGEST_BREATH = 0.3, 4.0
"""Seconds before a dead program is started again, and after many attempts in vain."""
BROKER_DOWN = 2.0
"""Seconds for which a broker that is restarted on purpose stays away."""
RESTART_BROKER = "restart-broker"
"""What the simulator writes on its output to ask for a new broker."""


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """What the show is made of; `copies` are further places for the ready file."""

    data: Path
    choices: Choices
    faults: Faults
    hub: tuple[str, ...]
    broker: str
    copies: tuple[Path, ...] = ()


class Show:
    """Broker, simulator and hub; `ready` is the content of the ready file once all are up."""

    def __init__(self, cast: Cast, screen: Screen) -> None:
        self._cast = cast
        self._screen = screen
        self._children = _children(cast)
        self._pauses: dict[str, float] = {}
        self._asking: asyncio.Task[None] | None = None
        self.ready: dict[str, Any] = {}
        self.control = f"http://{demo_files.HOST}:{cast.choices.ports['control']}"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start everything and keep it running; leaving stops it, the hub first.

        Raises LinkError with the last words of a program that does not come up.
        """
        async with contextlib.AsyncExitStack() as stack:
            for name in (BROKER, SIMULATOR, HUB):
                stack.push_async_callback(self._children[name].stop)
            await self._start(BROKER)
            stack.push_async_callback(self._stop_hearing)
            both = (self._start(SIMULATOR), self._start(HUB))
            for failure in await asyncio.gather(*both, return_exceptions=True):
                if failure is not None:
                    raise failure
            await self._begin()
            self._write_ready()
            keepers = [asyncio.create_task(self._keep(name), name=name) for name in self._children]
            stack.push_async_callback(_end, keepers)
            yield

    async def _start(self, name: str) -> None:
        child = self._children[name]
        mark = self._cast.data / f"{name}.ready"
        mark.unlink(missing_ok=True)
        output = await child.start(talks=name == SIMULATOR)
        if output is not None:
            self._asking = asyncio.create_task(self._hear(output), name="simulator asks")
        if name == BROKER:
            await wait_for_broker(self._cast.choices.broker)
        else:
            await _appearance(mark, child)

    async def _keep(self, name: str) -> None:
        """Start a program again whenever it dies, until cancelled; later each time it fails to."""
        child, failures = self._children[name], 0
        while True:
            code = await child.wait()
            if name not in self._pauses:
                self._screen.say(f"the {name} has ended ({code}); it is started again")
            pause = min(LONGEST_BREATH, BREATH * 2**failures)
            await asyncio.sleep(self._pauses.pop(name, pause))
            try:
                await self._start(name)
                if name == SIMULATOR:
                    await self._begin()
                self._write_ready()
                failures = 0
            except HubError as error:
                self._screen.say(str(error))
                failures += 1

    async def _begin(self) -> None:
        """Let the devices connect, now that the hub listens, and the script begin."""
        async with Remote(self.control) as remote:
            await remote.begin_script()

    async def _hear(self, output: asyncio.StreamReader) -> None:
        async for line in output:
            if line.decode().strip() == RESTART_BROKER:
                self._pauses[BROKER] = BROKER_DOWN
                self._screen.say("the broker is restarted")
                await self._children[BROKER].stop()

    async def _stop_hearing(self) -> None:
        if self._asking is not None:
            await _end([self._asking])

    def _write_ready(self) -> None:
        """Tell scripts where everything is, by rename, once more after each restart.

        Raises LinkError while the hub is away; its own return writes the file.
        """
        data, broker = self._cast.data, self._cast.choices.broker
        try:
            hub = json.loads((data / demo_files.HUB_READY).read_text("utf-8"))
        except FileNotFoundError:
            words = self._children[HUB].last_words()
            raise LinkError(f"the hub is not up; the last that it said:\n{words}") from None
        self.ready = {
            "url": hub["url"],
            "mqtt": msgspec.to_builtins(broker),
            "data": str(data),
            "control": self.control,
            "pids": {name: child.pid for name, child in self._children.items()},
            **demo_files.read_access(data),
        }
        content = json.dumps(self.ready, ensure_ascii=False, indent=2).encode()
        for path in (data / demo_files.READY, *self._cast.copies):
            demo_files.write_secret(path, content)


def _children(cast: Cast) -> dict[str, Child]:
    config = str(cast.data / demo_files.CONFIG)
    simulator = [
        *(sys.executable, "-m", "simulators", config, "--runner"),
        *("--seed", str(cast.choices.seed), "--faults", cast.faults.value),
        *("--control-port", str(cast.choices.ports["control"])),
        *("--ready-file", str(cast.data / demo_files.SIMULATOR_READY)),
    ]
    broker = broker_command(cast.data / BROKER, cast.choices.broker, wanted=cast.broker)
    commands = {HUB: [*cast.hub, config], BROKER: broker, SIMULATOR: simulator}
    return {name: Child(name, command, cast.data) for name, command in commands.items()}


async def _appearance(mark: Path, child: Child) -> None:
    """Return once a program has written its mark."""
    waited = 0.0
    while not mark.exists():  # noqa: ASYNC240  (a look at a name blocks nobody)
        if not child.pid or waited > UP_WITHIN:
            what = "is not up" if child.pid else "has ended"
            raise LinkError(
                f"the {child.name} {what} after {waited:.0f} s; it said:\n{child.last_words()}"
            )
        await asyncio.sleep(LOOK)
        waited += LOOK


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
