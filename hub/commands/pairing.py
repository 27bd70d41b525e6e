"""`lingdang pairing`: the window in which newcomers are adopted, opened and closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from hub.assembly.loading import read_data_settings
from hub.commands.site_loader import open_loader
from hub.ports.site import PairingWish

Echo = Callable[[str], None]


def open_pairing(config: Path, wish: PairingWish, echo: Echo) -> None:
    """Open a window; prints its id."""

    async def run() -> None:
        async with open_loader(read_data_settings(config)) as loader:
            echo(await loader.pair(wish))

    asyncio.run(run())


def close_pairing(config: Path, pairing: str) -> None:
    """Close a window before its end."""

    async def run() -> None:
        async with open_loader(read_data_settings(config)) as loader:
            await loader.close(pairing)

    asyncio.run(run())
