"""`lingdang device`: another id, or other hardware, for a device of the books."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from hub.assembly.loading import read_data_settings
from hub.commands.site_loader import Loader, open_loader, soon
from hub.errors import ConfigError, Problem
from hub.ports.site import HardwareSwap, Renaming

Echo = Callable[[str], None]


def rename_device(config: Path, device_id: str, new: str, why: str, echo: Echo) -> None:
    """Give a device another id."""
    renaming = Renaming(id=new, again=device_id, why=why)
    _change(config, lambda loader: loader.rename(device_id, renaming), echo)


def swap_hardware(config: Path, device_id: str, swap: HardwareSwap, echo: Echo) -> None:
    """Note other hardware of a device."""
    _change(config, lambda loader: loader.swap(device_id, swap), echo)


def read_readings(words: Iterable[str]) -> dict[str, float]:
    """Read `energy.import=5123.4`; ConfigError where one is none."""
    found = {}
    for word in words:
        point, _, value = word.partition("=")
        try:
            found[point] = float(value)
        except ValueError:
            problem = Problem(
                file=word, message="this is no reading", hint="write energy.import=5123.4"
            )
            raise ConfigError(problem) from None
    return found


def _change(config: Path, change: Callable[[Loader], Awaitable[int]], echo: Echo) -> None:
    async def run() -> None:
        async with open_loader(read_data_settings(config)) as loader:
            number = await change(loader)
            echo(f"已改（第 {number} 次导入）。 Done, as load {number}. {soon(loader)}")
            echo("撤销： To take it back: lingdang import --undo")

    asyncio.run(run())
