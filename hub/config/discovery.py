"""Settings of Home Assistant's discovery: whether the hub's devices are announced there."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class HomeAssistantSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where devices are announced; `announce` false takes back what was announced before.

    `user` is who reads it at the broker, for the access list that `broker-config` writes.
    """

    announce: bool = True
    prefix: Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$")] = (
        "homeassistant"
    )
    user: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "homeassistant"
