"""`lingdang demo`: a whole community on this machine, and faults in it on command."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from hub.errors import ConfigError, LinkError, NotFoundError, Problem
from simulators import demo_files
from simulators.demo_screen import CLEAR, KEYS, QUIT, Screen, can_read_keys, keys, obey_key
from simulators.process import allow_many_sockets
from simulators.remote import Remote
from simulators.script import Faults
from simulators.show import Cast, Show

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What `lingdang demo` was asked for; `data` None is a folder that goes with the demo."""

    ready_file: Path | None = None
    port: int = 8800
    devices: int = 300
    seed: int = 1
    speed: float = 1.0
    data: Path | None = None
    faults: str = Faults.SCRIPT.value
    keyboard: bool = True
    outbound_loopback: bool = False
    broker: str = ""
    """`mosquitto` or `iotcore`; what is there when left out."""
    hub: tuple[str, ...] = (sys.executable, "-m", "hub", "run")
    """The hub's command, without the configuration."""


async def run_demo(options: DemoOptions) -> int:
    """Run until Ctrl-C, SIGTERM or the key `q`; return 0.

    Raises HubError with a sentence when something does not come up.
    """
    allow_many_sockets()
    screen, stop = Screen(), asyncio.Event()
    with _signals(stop), _folder(options.data) as data, _announced(options.ready_file, data):
        playing = asyncio.create_task(_play(options, data, screen, stop), name="demo")
        stopped = asyncio.create_task(stop.wait(), name="demo stops")
        await asyncio.wait((playing, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        playing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing
    return 0


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """Let the signals that end programs set `stop`, until the context is left."""
    loop = asyncio.get_running_loop()
    for number in ENDING:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in ENDING:
            loop.remove_signal_handler(number)


async def demo_fault(data: Path, name: str, device: str = "", *, clear: bool = False) -> list[str]:
    """Cause a fault in the demo that runs on `data`, or end it; say what that did, line by line.

    Raises NotFoundError when no demo runs there, or no such fault is going on.
    """
    try:
        control = json.loads((data / demo_files.READY).read_text("utf-8"))["control"]
    except FileNotFoundError:
        raise NotFoundError(
            f"no demo runs on {data}; start one: lingdang demo --data {data}"
        ) from None
    async with Remote(control) as remote:
        if not clear:
            return [_begun(await remote.begin(name, device))]
        ended = await remote.clear(name, device)
    if not ended:
        raise NotFoundError(f"no {name} {device} is going on".replace("  ", " "))
    return [f"{fault['device']}: {fault['name']} is over" for fault in ended]


def _begun(fault: dict[str, Any]) -> str:
    if not fault["device"]:
        return f"{fault['name']}: it passes by itself"
    return f"{fault['device']} in {fault['place']}: {fault['name']} goes on until --clear"


async def _play(options: DemoOptions, data: Path, screen: Screen, stop: asyncio.Event) -> None:
    """Keep the show running until cancelled."""
    show = Show(_cast(options, data, screen), screen)
    keyboard = options.keyboard and can_read_keys()
    async with show.running(), Remote(show.control) as remote, asyncio.TaskGroup() as pressed:

        def press(key: str) -> None:
            if key == QUIT:
                stop.set()
            elif key in {CLEAR, *KEYS}:
                pressed.create_task(obey_key(key, remote, screen))

        screen.welcome(show.ready, keyboard=keyboard)
        with keys(press) if keyboard else contextlib.nullcontext():
            await asyncio.Event().wait()


def _cast(options: DemoOptions, data: Path, screen: Screen) -> Cast:
    """Prepare the data folder: what an existing one has decided stays as it is."""
    faults = _faults(options.faults)
    choices = demo_files.open_folder(
        data, devices=options.devices, seed=options.seed, speed=options.speed
    )
    asked = (options.devices, options.seed, options.speed)
    kept = (choices.devices, choices.seed, choices.speed)
    if asked != kept:
        screen.say(
            f"{data} keeps its own community: {choices.devices} devices,"
            f" seed {choices.seed}, speed {choices.speed:g}"
        )
    port = _web_port(options.port)
    demo_files.write_config(
        data, choices, web_port=port, outbound_loopback=options.outbound_loopback
    )
    return Cast(
        data=data,
        choices=choices,
        faults=faults,
        hub=options.hub,
        broker=options.broker,
        copies=(options.ready_file.absolute(),) if options.ready_file else (),
    )


@contextlib.contextmanager
def _announced(ready_file: Path | None, data: Path) -> Iterator[None]:
    """Let ready files tell of this demo only: none of an earlier one, none when it is over."""
    marks = [data / demo_files.READY, *([ready_file.absolute()] if ready_file else [])]
    for mark in marks:
        if not mark.parent.is_dir():
            raise _unusable(mark.parent, "--ready-file", "there is no such folder")
        mark.unlink(missing_ok=True)
    try:
        yield
    finally:
        for mark in marks:
            mark.unlink(missing_ok=True)


def _unusable(folder: Path, option: str, why: str) -> ConfigError:
    hint = f"name another with {option}"
    return ConfigError(Problem(file=str(folder), message=why, hint=hint))


def _web_port(wanted: int) -> int:
    if not wanted:
        return demo_files.free_port()
    if not demo_files.is_free(wanted):
        raise LinkError(f"port {wanted} is taken; choose another with --port, or any with --port 0")
    return wanted


def _faults(word: str) -> Faults:
    try:
        return Faults(word)
    except ValueError:
        message = f"{word!r} is not one of {', '.join(Faults)}"
        raise ConfigError(Problem(file="--faults", message=message)) from None


@contextlib.contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """Hold the data folder for this demo alone; without a name it goes when the demo goes."""
    if data is None:
        with tempfile.TemporaryDirectory(prefix="lingdang-demo-") as folder:
            yield Path(folder)
        return
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock_file = (data / "demo.lock").open("w")
    except OSError as error:
        raise _unusable(data, "--data", f"it cannot be used: {error.strerror}") from None
    with lock_file as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LinkError(f"another demo runs on {data}") from None
        yield data.resolve()
