"""`python -m simulators.platform HUB --seat city=KEY`: play a city's platform until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path

from hub.clock import SystemClock
from simulators.control import control_server, listen
from simulators.platform.account import Accountant
from simulators.platform.city import City
from simulators.platform.control import Control, build_control
from simulators.platform.door import Door
from simulators.platform.ledger import Ledger
from simulators.platform.play import Habits
from simulators.platform.seat import Seat


def main() -> None:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(prog="python -m simulators.platform", description=__doc__)
    parser.add_argument("hub", help="http://127.0.0.1:8800")
    parser.add_argument(
        "--seat",
        action="append",
        required=True,
        metavar="NAME=KEY",
        help="a key by its name at the hub; the first is the city's, the others are departments'",
    )
    parser.add_argument("--data", type=Path, help="the folder of its books; else in memory")
    parser.add_argument("--push", action="store_true", help="subscribe, instead of pulling")
    parser.add_argument("--auto", action="store_true", help="take every step by itself")
    parser.add_argument(
        "--by-hand", default="", help="steps left to a person: feed_back,city:close"
    )
    parser.add_argument("--refuses", default="", help="faults that it does not file, with commas")
    parser.add_argument(
        "--extension", type=float, default=0.0, help="seconds a department asks for"
    )
    parser.add_argument("--port", type=int, default=0, help="of its control; 0 picks a free one")
    parser.add_argument("--hook-port", type=int, default=0)
    parser.add_argument("--ready-file", type=Path, help="written once we are up")
    options = parser.parse_args()
    asyncio.run(_play(options, [seat.partition("=") for seat in options.seat]))


async def _play(options: argparse.Namespace, names: list[tuple[str, str, str]]) -> None:
    stop = _stop_by_signal()
    clock, ledger = SystemClock(), Ledger(options.data)
    seats = [Seat(options.hub, name, key) for name, _, key in names]
    city = City(seats, ledger, clock, _habits(options, seats))
    accountant = Accountant(seats[0], ledger, clock)
    door = Door(ledger.secret, city.take, city.mischief, clock)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(ledger.close)
        for seat in seats:
            stack.push_async_callback(seat.close)
        await stack.enter_async_context(door.open(options.hook_port))
        hook = f"http://127.0.0.1:{door.port}/in"
        wire = stack.enter_context(listen(options.port))
        server = control_server(build_control(Control(city, door, accountant, hook)))
        works = [server.serve(sockets=[wire]), city.work(), accountant.compare_daily()]
        works += [city.read_anew() if options.push else city.follow()]
        tasks = [asyncio.create_task(work) for work in works]
        if options.push:
            await city.subscribe(hook)
        _tell(options, f"http://127.0.0.1:{wire.getsockname()[1]}", hook)
        await _told_to_stop(stop, tasks)


def _habits(options: argparse.Namespace, seats: list[Seat]) -> Habits:
    return Habits(
        auto=options.auto,
        department=seats[1].name if len(seats) > 1 else "",
        refuses=tuple(filter(None, options.refuses.split(","))),
        by_hand=frozenset(filter(None, options.by_hand.split(","))),
        extension=options.extension,
    )


def _tell(options: argparse.Namespace, control: str, hook: str) -> None:
    ready = json.dumps({"control": control, "hook": hook, "pid": os.getpid()})
    if options.ready_file is None:
        print(ready, flush=True)  # noqa: T201 - for whoever started it by hand
        return
    draft = options.ready_file.with_suffix(".part")
    draft.write_text(ready)
    draft.replace(options.ready_file)


def _stop_by_signal() -> asyncio.Event:
    """Return what SIGINT and SIGTERM set from now on."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _told_to_stop(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Wait to be stopped, or for a task that fails, and end them all."""
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait((*tasks, stopped), return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, stopped):
        task.cancel()
    await asyncio.gather(*tasks, stopped, return_exceptions=True)
    for task in done - {stopped}:
        task.result()


if __name__ == "__main__":
    main()
