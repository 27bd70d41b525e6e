"""`lingdang roll`: who of the books was heard, who never was, and who speaks unlisted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from hub.access.local import local_user
from hub.api.shape_of_site import RollCall, Unlisted
from hub.assembly.loading import read_data_settings
from hub.assembly.remote_office import ask, hub_client
from hub.errors import ConflictError


def show_roll(config: Path, echo: Callable[[str], None]) -> int:
    """Ask the hub that runs; 0 when everybody was heard and nobody is unlisted."""
    roll = asyncio.run(_ask(config))
    for line in _tell(roll):
        echo(line)
    return 1 if roll.absent or roll.strangers else 0


async def _ask(config: Path) -> RollCall:
    client = hub_client(read_data_settings(config).store.path.parent, local_user())
    if client is None:
        raise ConflictError(
            f"the hub of {config} does not run; start it: lingdang run {config}",
            zh="系统没有运行，请先启动。",
        )
    async with client:
        return await ask(client, "GET", "site/roll", RollCall)


def _tell(roll: RollCall) -> Iterator[str]:
    yield f"有消息的设备 heard: {roll.heard}"
    yield f"从没来过消息的设备 never heard: {len(roll.absent)}"
    for each in roll.absent:
        yield f"  {each.id}  {each.name}  {each.place}  {each.link}/{each.address}"
    yield f"有消息但不在台账里 heard but unlisted: {len(roll.strangers)}"
    for stranger in roll.strangers:
        yield f"  {stranger.link}/{stranger.address}  {stranger.count}×"
        yield from (f"      {line}" for line in _guess(stranger))


def _guess(each: Unlisted) -> Iterator[str]:
    if each.near:
        yield f"地址像 {each.near}，是不是写错了？ Its address is like that of {each.near}: a slip?"
    if each.reason:
        what = each.model or ", ".join(each.kinds)
        yield f"像 {what}：{each.reason['zh']}"
        yield f"like {what}: {each.reason['en']}"
